package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// weightDecay is decoupled weight decay. By convention biases and the scales of normalizations,
// which are known by the roles of the problem's blocks, do not decay unless decay_all = 1. Blocks
// without a role decay, as does all of x if the problem declares no blocks.
type weightDecay[T protocol.Float] struct {
	λ      float64
	all    bool
	ranges [][2]int // half-open ranges of x that decay; none if λ is 0
}

// weightDecayParameters declares λ, with its default, and decay_all. doc states the factor of λ.
func weightDecayParameters(λ float64, doc string) []protocol.Hyperparameter {
	return []protocol.Hyperparameter{
		protocol.NonNegative("weight_decay", doc, λ),
		{
			Name: "decay_all", Doc: "1: biases and scales of normalizations decay, too; 0: they do not",
			Max: 1, Integer: true,
		},
	}
}

func newWeightDecay[T protocol.Float](start protocol.Start) weightDecay[T] {
	w := weightDecay[T]{λ: start.Setting["weight_decay"], all: start.Setting["decay_all"] == 1}
	if w.λ == 0 {
		return w
	}
	for _, b := range blocksOf(start) {
		n := len(w.ranges)
		switch {
		case w.of(b) == 0:
		case n > 0 && w.ranges[n-1][1] == b.Offset:
			w.ranges[n-1][1] += b.Len
		default:
			w.ranges = append(w.ranges, [2]int{b.Offset, b.Offset + b.Len})
		}
	}
	return w
}

// of returns λ if the block decays, else 0.
func (w *weightDecay[T]) of(b protocol.Block) float64 {
	if !w.all && (b.Role == protocol.Bias || b.Role == protocol.Scale) {
		return 0
	}
	return w.λ
}

// add adds a λ x to dst where x decays: add(x, −α, x) is x ← (1−αλ) x.
func (w *weightDecay[T]) add(dst []T, a float64, x []T) {
	for _, r := range w.ranges {
		simd.Axpy(dst[r[0]:r[1]], T(a*w.λ), x[r[0]:r[1]])
	}
}

// blocksOf returns the problem's blocks, or a single block for all of x if it declares none.
func blocksOf(start protocol.Start) []protocol.Block {
	if len(start.Blocks) == 0 {
		return []protocol.Block{{Len: start.Dim}}
	}
	return start.Blocks
}
