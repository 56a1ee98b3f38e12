package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// weightDecay is decoupled weight decay: what pulls x towards 0 beside the gradient. By convention biases and the scales
// of normalizations do not decay, which is told by the roles of the problem's blocks; decay_all = 1 lets them decay, too.
// A block without a role decays, and so does all of x where the problem names no blocks.
type weightDecay[T protocol.Float] struct {
	λ      float64
	all    bool
	ranges [][2]int // of x that decay, from one number to before the other; none if λ is 0
}

// weightDecayParameters declares λ, with its default, and decay_all. doc says what λ is multiplied by.
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

// of is λ where the block decays, else 0.
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

// blocksOf returns the problem's blocks, or one that is all of x where it names none.
func blocksOf(start protocol.Start) []protocol.Block {
	if len(start.Blocks) == 0 {
		return []protocol.Block{{Len: start.Dim}}
	}
	return start.Blocks
}
