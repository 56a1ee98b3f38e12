package optimizers

import (
	"slices"
	"testing"

	"noisebench/protocol"
)

// roles are blocks of one or two elements in all roles.
var roles = []protocol.Block{
	{Name: "embedding", Offset: 0, Len: 2, Role: protocol.Embedding},
	{Name: "weights", Offset: 2, Len: 1, Role: protocol.Weight},
	{Name: "bias", Offset: 3, Len: 2, Role: protocol.Bias},
	{Name: "scale", Offset: 5, Len: 1, Role: protocol.Scale},
	{Name: "unknown", Offset: 6, Len: 1},
	{Name: "output", Offset: 7, Len: 1, Role: protocol.OutputLayer},
}

// Weights of all kinds decay, biases and scales only with decay_all.
func TestWeightDecayGoesByRole(t *testing.T) {
	for _, row := range []struct {
		all    float64
		blocks []protocol.Block
		want   []float64 // of 1 each, at a rate of 1/4
		ranges int
	}{
		{0, roles, []float64{0.75, 0.75, 0.75, 1, 1, 1, 0.75, 0.75}, 2},
		{1, roles, slices.Repeat([]float64{0.75}, 8), 1},
		{0, nil, slices.Repeat([]float64{0.75}, 8), 1},
	} {
		w := newWeightDecay[float64](protocol.Start{
			Setting: protocol.Setting{"weight_decay": 0.5, "decay_all": row.all}, Dim: 8, Blocks: row.blocks,
		})
		x := ones[float64](8)
		w.add(x, -0.5, x)
		if !slices.Equal(x, row.want) || len(w.ranges) != row.ranges {
			t.Errorf("decay_all %v with %d blocks leads to %v in ranges %v, want %v in %d",
				row.all, len(row.blocks), x, w.ranges, row.want, row.ranges)
		}
		for _, b := range row.blocks {
			if got, want := w.of(b) != 0, row.want[b.Offset] != 1; got != want {
				t.Errorf("decay_all %v: block %s decays: %v, want %v", row.all, b.Name, got, want)
			}
		}
	}
}

// With rate 0 nothing changes.
func TestNoWeightDecay(t *testing.T) {
	w := newWeightDecay[float32](protocol.Start{Setting: protocol.Setting{"weight_decay": 0}, Dim: 3, Blocks: roles})
	if w.ranges != nil {
		t.Errorf("at λ = 0 the ranges are %v, want none", w.ranges)
	}
}
