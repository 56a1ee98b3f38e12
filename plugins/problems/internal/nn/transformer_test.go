package nn

import (
	"math"
	"slices"
	"testing"

	"noisebench/protocol"
)

// transformer has every layer of one, on sequences of 8 words out of 4.
func transformer() []Layer {
	for _, n := range networks {
		if n.name == "transformer" {
			return n.layers
		}
	}
	panic("there is no transformer")
}

// The output of a causal network at a position depends on the positions up to it, and on none after
// it, to the bit.
func TestCausal(t *testing.T) {
	f := newFixture(Sequence(8, 1), 1, transformer())
	before := f.outputs(nil)
	c := f.net.loss.in.shape.Channels
	for changed := range 8 {
		word := f.inputs[0][changed]
		f.inputs[0][changed] = float32(int(word+1) % 4)
		after := f.outputs(nil)
		f.inputs[0][changed] = word
		for p := range 8 {
			if same := slices.Equal(after[p*c:][:c], before[p*c:][:c]); same != (p < changed) {
				t.Errorf("word %d changes: the output at %d is the same: %t", changed, p, same)
			}
		}
	}
}

// A transformer's step allocates nothing but what the first one did.
func TestTransformerAllocations(t *testing.T) {
	f := newFixture(Sequence(8, 1), 3, transformer())
	f.net.SetThreads(1)
	m := f.room()
	batch, load := protocol.Batch{Examples: make([]int, 3)}, Loader(f.load)
	want := f.net.Measures() &^ protocol.SampledGradient
	if n := testing.AllocsPerRun(10, func() { f.net.Measure(f.x, batch, want, load, m) }); n != 0 {
		t.Errorf("%v allocations a step, want none", n)
	}
}

// A transformer at a point that is not finite has a loss that is not finite.
func TestTransformerDiverged(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		f := newFixture(Sequence(8, 1), 3, transformer())
		for _, b := range f.net.Blocks() {
			x := slices.Clone(f.x)
			f.x[b.Offset+b.Len-1] = float32(bad)
			word := b.Name == "embedding1/weights" // which may be in no sequence
			if m := f.measure(f.net.Measures()); protocol.Finite(m.Loss) && !word {
				t.Errorf("at %v in %s, loss is %v, want none that is finite", bad, b.Name, m.Loss)
			}
			f.x = x
		}
	}
}
