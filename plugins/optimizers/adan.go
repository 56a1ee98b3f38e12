package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adan = protocol.OptimizerDef{
	Name:    "adan",
	Version: "1",
	Doc: `Adam with Nesterov momentum from differences of gradients

	m ← average of g                  with decay rate β1 and bias correction
	δ ← average of g − g'             with decay rate β2 and bias correction    g': g of the last step
	v ← average of (g + β2 (g − g'))² with decay rate β3 and bias correction
	x ← x − α (m + β2 δ) / (√v + ε)
	x ← x / (1 + αλ)`,
	Source: "Xie et al., arXiv:2208.06677 (2022), IEEE TPAMI 2024, Alg. 1, with β as sail-sg/Adan " +
		"counts them: 1 − β of the paper. The first difference is 0. Bias correction is that code's; " +
		"Alg. 1 starts from first gradients instead. Biases and scales do not decay. No restarts, no " +
		"clipping of g.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.001),
		protocol.Fraction("beta1", "decay rate β1 of the average of g", 0.98),
		protocol.Fraction("beta2", "decay rate β2 of the average of differences, and their weight", 0.92),
		protocol.Fraction("beta3", "decay rate β3 of the average of squares", 0.99),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
	}, weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdan[float32],
	New64: newAdan[float64],
}

type adanState[T protocol.Float] struct {
	α, β1, β2, β3, ε float64
	decay            weightDecay[T]
	t                int
	m, δ, v, last    []T // averages, bias-corrected, and g of the last step
	u, d             [simd.Block]T
}

func newAdan[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s, n := start.Setting, start.Dim
	o := &adanState[T]{
		α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], β3: s["beta3"], ε: s["epsilon"],
	}
	o.decay, o.m, o.δ, o.v, o.last = newWeightDecay[T](start), make([]T, n), make([]T, n),
		make([]T, n), make([]T, n)
	return o, protocol.Request{}, nil
}

func (o *adanState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β, ε := o.α*batch.StepScale, T(o.β2), T(o.ε)
	β1, β2, β3 := T(decay(o.β1, o.t)), T(decay(o.β2, o.t)), T(decay(o.β3, o.t))
	if o.t == 0 {
		copy(o.last, batch.Gradient)
	}
	o.t++
	for i, j := range blocks(len(x)) {
		x, g, m, δ, v, last := x[i:j], batch.Gradient[i:j], o.m[i:j], o.δ[i:j], o.v[i:j], o.last[i:j]
		u, d := o.u[:j-i], o.d[:j-i]
		simd.Sub(d, g, last)
		copy(last, g)
		simd.Average(m, β1, g)
		simd.Average(δ, β2, d)
		copy(u, g)
		simd.Axpy(u, β, d)
		simd.AverageSquare(v, β3, u)
		simd.Sqrt(u, v)
		simd.Shift(u, ε, u)
		copy(d, m)
		simd.Axpy(d, β, δ)
		simd.Over(u, d, u) // (m + β2 δ) / (√v + ε)
		simd.Axpy(x, T(-α), u)
	}
	o.decay.add(x, -α/(1+α*o.decay.λ), x)
	return protocol.Request{}, nil
}

func (o *adanState[T]) State() []any { return []any{&o.t, &o.m, &o.δ, &o.v, &o.last} }
