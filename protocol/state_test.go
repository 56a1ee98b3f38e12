package protocol_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"noisebench/protocol"
)

type part struct{ v []float32 }

func (p *part) State() []any { return []any{&p.v} }

type mean float64

// memory has one field of each kind that State may list.
type memory struct {
	on      bool
	t       int
	seen    int64
	key     uint64
	single  float32
	double  float64
	named   mean
	phase   string
	m       []float32
	v       []float64
	flags   []bool
	order   []int
	words   []string
	last    [3]float64
	history [][]float64
	lazy    []float64
	inner   part
	outer   *part
	parts   []*part
}

func newMemory(d int) *memory {
	return &memory{
		m: make([]float32, d), v: make([]float64, d), flags: make([]bool, d), order: make([]int, d), words: make([]string, 2),
		history: [][]float64{make([]float64, d), nil}, inner: part{make([]float32, 2)}, outer: &part{make([]float32, d)},
		parts: []*part{{make([]float32, 1)}, {nil}},
	}
}

func (m *memory) State() []any {
	return []any{
		&m.on, &m.t, &m.seen, &m.key, &m.single, &m.double, &m.named, &m.phase, &m.m, &m.v, &m.flags, &m.order, &m.words, &m.last,
		&m.history, &m.lazy, &m.inner, m.outer, &m.parts,
	}
}

func filled() *memory {
	m := newMemory(3)
	m.on, m.t, m.seen, m.key, m.phase = true, -7, math.MinInt64, math.MaxUint64, "warm-up λ"
	m.single, m.double, m.named = math.Float32frombits(0x7f812345), math.Float64frombits(0x7ff0000012345678), mean(math.Inf(-1))
	copy(m.m, []float32{1, math.Float32frombits(0xffabcdef), math.Float32frombits(1)})
	copy(m.v, []float64{math.Copysign(0, -1), math.Float64frombits(0xfff7000000000001), math.MaxFloat64})
	m.flags[1], m.order[2], m.words[1], m.last[0] = true, -1, "x", 0.1
	m.history[0][1], m.history[1], m.lazy = 2.5, []float64{}, []float64{4, 5}
	m.inner.v[0], m.outer.v[2], m.parts[0].v[0], m.parts[1].v = 6, 7, 8, []float32{9}
	return m
}

// bitsOf formats a memory with all its bits.
func bitsOf(m *memory) string {
	text := fmt.Sprintf("%v %v %v %v %x %x %x %q %v %v %q %x %v %v %v", m.on, m.t, m.seen, m.key, math.Float32bits(m.single),
		math.Float64bits(m.double), math.Float64bits(float64(m.named)), m.phase, m.flags, m.order, m.words, m.last[:], m.history,
		m.lazy, []part{m.inner, *m.outer, *m.parts[0], *m.parts[1]})
	for i := range m.m {
		text += fmt.Sprintf(" %x %x", math.Float32bits(m.m[i]), math.Float64bits(m.v[i]))
	}
	return text
}

func TestStateReturnsBitForBit(t *testing.T) {
	want := filled()
	data, err := protocol.SaveState(want)
	if err != nil {
		t.Fatal(err)
	}
	got := newMemory(3)
	m := got.m
	if err := protocol.RestoreState(got, data); err != nil {
		t.Fatal(err)
	}
	if bitsOf(got) != bitsOf(want) {
		t.Errorf("restored\n%s\nwant\n%s", bitsOf(got), bitsOf(want))
	}
	if &m[0] != &got.m[0] {
		t.Error("a slice of the constructor was replaced, want it filled")
	}
	if got.history[1] == nil {
		t.Error("an empty slice came back as nil")
	}
	again, err := protocol.SaveState(got)
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("the restored state is saved as other bytes (%v)", err)
	}
	// A slice that was nil when it was saved becomes nil again.
	data, _ = protocol.SaveState(newMemory(3))
	if err := protocol.RestoreState(got, data); err != nil || got.lazy != nil || got.history[1] != nil {
		t.Errorf("restored to %v and %v with error %v, want nil slices", got.lazy, got.history[1], err)
	}
	if !reflect.DeepEqual(got, newMemory(3)) {
		t.Errorf("restored %+v, want the state at the start", got)
	}
}

// Every proper prefix of a state is refused, and so is an additional byte.
func TestStateCutShort(t *testing.T) {
	data, err := protocol.SaveState(filled())
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if protocol.RestoreState(newMemory(3), data[:n]) == nil {
			t.Fatalf("the first %d of %d bytes were accepted", n, len(data))
		}
	}
	if protocol.RestoreState(newMemory(3), append(bytes.Clone(data), 0)) == nil {
		t.Error("a byte too many was accepted")
	}
	// For all inputs there is no panic, and no allocation beyond the size of the input.
	for i := range data {
		wild := bytes.Clone(data)
		wild[i] ^= 0xff
		_ = protocol.RestoreState(newMemory(3), wild)
	}
}

// holder is a Stateful of any entries.
type holder struct{ entries []any }

func (h *holder) State() []any { return h.entries }

func hold(entries ...any) *holder { return &holder{entries} }

func TestForeignStateIsRefused(t *testing.T) {
	save := func(o any) []byte {
		data, err := protocol.SaveState(o)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, c := range []struct {
		into  any
		data  []byte
		parts []string
	}{
		{newMemory(4), save(newMemory(3)), []string{"entry 8 of *protocol_test.memory", "[]float32", "3 elements", "want 4"}},
		{&part{}, save(newMemory(3)), []string{"*protocol_test.memory", "want that of a *protocol_test.part"}},
		{hold(new(int)), save(hold(new(int), new(int))), []string{"has 2", "want 1"}},
		{hold(new(int)), save(hold(new(float64))), []string{"float64 where a signed integer"}},
		{hold(new(float64)), save(hold(new(float32))), []string{"float32 where a float64"}},
		{hold(&[]float64{1}), save(hold(&[]float32{1})), []string{"float32 where a float64"}},
		{hold(&[2]int{}), save(hold(&[3]int{})), []string{"3 elements, want 2"}},
		{hold(new(string)), save(hold(&[]int{})), []string{"list where a string"}},
		{hold(new(int)), []byte("PK\x03\x04 an archive"), []string{"no saved state", "PK", "SaveState"}},
		{hold(new(int)), nil, []string{"no saved state"}},
	} {
		err := protocol.RestoreState(c.into, c.data)
		if err == nil {
			t.Errorf("%T took foreign data, want an error with %q", c.into, c.parts)
			continue
		}
		for _, p := range c.parts {
			if !strings.Contains(err.Error(), p) {
				t.Errorf("error is %q, want it to contain %q", err, p)
			}
		}
	}
}

func TestStateThatCannotBeSaved(t *testing.T) {
	for _, o := range []*holder{
		hold(map[string]int{}), hold(&map[string]int{}), hold(3), hold(nil), hold((*int)(nil)), hold(&struct{ x int }{}), hold((*part)(nil)),
		hold(new(chan int)), hold(&[]func(){nil}),
	} {
		if data, err := protocol.SaveState(o); err == nil {
			t.Errorf("%#v was saved as %q, want an error", o.entries[0], data)
		}
	}
	if _, err := protocol.SaveState(struct{}{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error is %v, want one that is ErrUnsupported", err)
	}
	if err := protocol.RestoreState(struct{}{}, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error is %v, want one that is ErrUnsupported", err)
	}
}

// remote has its own format of state.
type remote struct{ data []byte }

func (r *remote) SaveState() ([]byte, error) { return r.data, nil }

func (r *remote) RestoreState(data []byte) error {
	r.data = data
	return nil
}

func TestSaverSpeaksForItself(t *testing.T) {
	data, err := protocol.SaveState(&remote{[]byte("as I like")})
	if err != nil || string(data) != "as I like" {
		t.Errorf("saved %q with error %v", data, err)
	}
	var r remote
	if err := protocol.RestoreState(&r, data); err != nil || string(r.data) != "as I like" {
		t.Errorf("restored %q with error %v", r.data, err)
	}
}
