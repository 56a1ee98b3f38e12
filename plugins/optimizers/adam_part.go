package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// adamPart is AdamW on the blocks that a method for matrices does not update.
type adamPart[T protocol.Float] struct {
	β1, β2, ε float64
	blocks    []protocol.Block
	decay     weightDecay[T]
	t         int
	m, v      []T // averages of g and g², bias-corrected, in the order of the blocks
	u         [simd.Block]T
}

func newAdamPart[T protocol.Float](
	start protocol.Start, β1, β2, ε float64, blocks []protocol.Block,
) *adamPart[T] {
	n := 0
	for _, b := range blocks {
		n += b.Len
	}
	return &adamPart[T]{
		β1: β1, β2: β2, ε: ε, blocks: blocks, decay: newWeightDecay[T](start), m: make([]T, n),
		v: make([]T, n),
	}
}

// step makes the step x ← x − α (m / (√v + ε) + λ x).
func (o *adamPart[T]) step(x []T, α float64, g []T) {
	β1, β2 := decay(o.β1, o.t), decay(o.β2, o.t)
	o.t++
	m, v := o.m, o.v
	for _, b := range o.blocks {
		x, g := x[b.Offset:b.Offset+b.Len], g[b.Offset:b.Offset+b.Len]
		αλ := T(α * o.decay.of(b))
		for i, j := range blocks(len(x)) {
			x, u := x[i:j], o.u[:j-i]
			adamDirection(u, m[i:j], v[i:j], β1, β2, o.ε, g[i:j])
			simd.Axpy(x, -αλ, x)
			simd.Axpy(x, T(-α), u)
		}
		m, v = m[len(x):], v[len(x):]
	}
}

func (o *adamPart[T]) State() []any { return []any{&o.t, &o.m, &o.v} }

// adamDirection updates the averages m and v by g, with the weights of the past from [decay], and
// writes m / (√v + ε) to u.
func adamDirection[T protocol.Float](u, m, v []T, β1, β2, ε float64, g []T) {
	for i, j := range blocks(len(u)) {
		u, m, v, g := u[i:j], m[i:j], v[i:j], g[i:j]
		simd.Average(m, T(β1), g)
		simd.AverageSquare(v, T(β2), g)
		simd.Sqrt(u, v)
		simd.Shift(u, T(ε), u)
		simd.Over(u, m, u)
	}
}
