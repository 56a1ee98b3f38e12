package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var mars = protocol.OptimizerDef{
	Name:    "mars",
	Version: "1",
	Doc: `AdamW on gradients whose variance the last gradient reduces (MARS-AdamW)

	c ← g + γ β1/(1−β1) (g − g')          g': g of the last step, 0 at first
	c_B ← c_B / max(1, ‖c_B‖₂)            in every block B
	m, v ← averages of c and c² as in Adam
	x ← x − α m / (√v + ε) − α λ x`,
	Source: "Yuan et al., arXiv:2411.10438 (2024), ICML 2025, Alg. 2 with approximate gradients: g' " +
		"was measured on the last batch, and costs nothing more. As in AGI-Arena/MARS with " +
		"optimize_1d=True, g' is 0 at first and each block is clipped alone (Alg. 2 clips x as a " +
		"whole; here a problem without blocks is one). Biases and scales do not decay.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.003),
		protocol.Fraction("beta1", "decay rate β1 of the average of c", 0.95),
		protocol.Fraction("beta2", "decay rate β2 of the average of c²", 0.99),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
		protocol.NonNegative("gamma", "strength γ of the correction", 0.025),
		protocol.NonNegative("clip", "greatest norm of a block of c; 0: any", 1),
	}, weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newMARS[float32],
	New64: newMARS[float64],
}

type marsState[T protocol.Float] struct {
	α, β1, β2, ε, k float64 // k = γ β1/(1−β1)
	clip            float64
	blocks          []protocol.Block
	decay           weightDecay[T]
	t               int
	m, v, last      []T // averages of c and c², bias-corrected, and g of the last step
	c               []T
	u               [simd.Block]T
}

func newMARS[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s, n := start.Setting, start.Dim
	o := &marsState[T]{
		α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"], clip: s["clip"],
	}
	o.k, o.blocks, o.decay = s["gamma"]*o.β1/(1-o.β1), blocksOf(start), newWeightDecay[T](start)
	o.m, o.v, o.last, o.c = make([]T, n), make([]T, n), make([]T, n), make([]T, n)
	return o, protocol.Request{}, nil
}

func (o *marsState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2, ε := o.α*batch.StepScale, T(decay(o.β1, o.t)), T(decay(o.β2, o.t)), T(o.ε)
	o.t++
	simd.Sub(o.c, batch.Gradient, o.last)
	simd.Scale(o.c, T(o.k), o.c)
	simd.Add(o.c, o.c, batch.Gradient)
	copy(o.last, batch.Gradient)
	for _, b := range o.blocks {
		c := o.c[b.Offset : b.Offset+b.Len]
		if norm := euclidean(c); o.clip > 0 && norm > o.clip {
			simd.Scale(c, T(o.clip/norm), c)
		}
	}
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, c, m, v, u := x[i:j], o.c[i:j], o.m[i:j], o.v[i:j], o.u[:j-i]
		simd.Average(m, β1, c)
		simd.AverageSquare(v, β2, c)
		simd.Sqrt(u, v)
		simd.Shift(u, ε, u)
		simd.Over(u, m, u)
		simd.Axpy(x, T(-α), u)
	}
	return protocol.Request{}, nil
}

func (o *marsState[T]) State() []any { return []any{&o.t, &o.m, &o.v, &o.last} }
