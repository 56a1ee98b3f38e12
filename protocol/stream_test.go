package protocol_test

import (
	"math/rand/v2"
	"testing"

	"noisebench/protocol"
)

// Do NOT change these numbers: all records depend on them.
func TestStreamPinned(t *testing.T) {
	for _, c := range []struct {
		seed    uint64
		purpose string
		keys    []uint64
		want    [3]uint64
	}{
		{0, "init", nil, [3]uint64{0xd4b533d3b125ba12, 0xebc774ea45b57cd7, 0x4d0d844d3c2cedfa}},
		{1, "order", []uint64{0}, [3]uint64{0xebd9e47479b880af, 0x0e675f83f21dea72, 0x89dc465cad2f6bc6}},
		{1, "order", []uint64{1}, [3]uint64{0x0fa423ba0428f792, 0xcdc3e1725bc3983b, 0xef32bce883bd061c}},
		{42, "noise", []uint64{7, 9}, [3]uint64{0xdb9309d94f05dd4b, 0xe8abe0c0395704f4, 0xff6297c2b2e5794d}},
		{1<<64 - 1, "optimizer", nil, [3]uint64{0x2b4340b10acedc62, 0x739cfcda5821785a, 0x699d2fc4b3953b24}},
	} {
		r := protocol.Stream(c.seed, c.purpose, c.keys...)
		for i, want := range c.want {
			if got := r.Uint64(); got != want {
				t.Errorf("number %d of Stream(%d, %q, %v) is %#x, want %#x", i, c.seed, c.purpose, c.keys, got, want)
			}
		}
	}
	for got, want := range map[string]string{
		protocol.PurposeInit: "init", protocol.PurposeOrder: "order", protocol.PurposeNoise: "noise",
		protocol.PurposeSplit: "split", protocol.PurposeOwn: "optimizer",
	} {
		if got != want {
			t.Errorf("a purpose is %q, want %q", got, want)
		}
	}
}

// TestStreamsDiffer uses arguments that coincide if they are concatenated without separation.
func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]int{}
	for i, r := range []*rand.Rand{
		protocol.Stream(1, "a"), protocol.Stream(2, "a"), protocol.Stream(1, "b"), protocol.Stream(1, "a", 0),
		protocol.Stream(1, "a", 0, 0), protocol.Stream(1, "a", 1), protocol.Stream(1, "a", 0, 1),
		protocol.Stream(1, "a", 1, 0),
		protocol.Stream(1, ""), protocol.Stream(1, "a\x00\x00\x00\x00\x00\x00\x00\x00"), protocol.Stream(256, "a"),
	} {
		first := r.Uint64()
		if j, ok := seen[first]; ok {
			t.Errorf("streams %d and %d are the same", i, j)
		}
		seen[first] = i
	}
}
