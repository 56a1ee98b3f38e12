package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var sophiaG = protocol.OptimizerDef{
	Name:    "sophia-g",
	Version: "1",
	Doc: `momentum over the Gauss–Newton diagonal of sampled labels, clipped

	m ← β1 m + (1−β1) g                         from 0, without bias correction
	h ← β2 h + (1−β2) b ĝ²    every k-th step    b: batch size, ĝ: gradient for labels that the model draws
	x ← x − α clip(m / max(ρ h, ε), ±1) − α λ x`,
	Source: "Liu, Li, Hall, Liang & Ma, ICLR 2024, Alg. 3 with the Gauss–Newton–Bartlett estimator " +
		"(Alg. 2). Defaults are those of Liuhong99/Sophia, which calls the paper's γ ρ, has ρ h + ε in " +
		"the place of the maximum, and multiplies by b when it divides, not when it averages. ĝ² is " +
		"measured from the first step on. Biases and scales do not decay.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(1e-4),
		protocol.Fraction("beta1", "decay rate β1 of the average of g", 0.965),
		protocol.Fraction("beta2", "decay rate β2 of the average of b ĝ²", 0.99),
		protocol.NonNegative("rho", "ρ, factor on h: the less, the more is clipped", 0.04),
		protocol.NonNegative("epsilon", "ε, least denominator; at 0, m/0 is 0", 1e-15),
		protocol.Count("interval", "k, steps from one ĝ to the next", 10, 1),
	}, weightDecayParameters(0.1, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient | protocol.SampledGradient,
	Saves: true,
	New32: newSophiaG[float32],
	New64: newSophiaG[float64],
}

type sophiaGState[T protocol.Float] struct {
	α, β1, β2, ρ, ε float64
	k, t            int
	decay           weightDecay[T]
	m, h            []T // averages of g and b ĝ², from 0
	u               [simd.Block]T
}

func newSophiaG[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &sophiaGState[T]{
		α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ρ: s["rho"], ε: s["epsilon"],
	}
	o.k, o.decay = int(s["interval"]), newWeightDecay[T](start)
	o.m, o.h = make([]T, start.Dim), make([]T, start.Dim)
	return o, o.next(), nil
}

// next requests ĝ only in every k-th step.
func (o *sophiaGState[T]) next() protocol.Request {
	if o.t%o.k == 0 {
		return protocol.Request{Want: protocol.Gradient | protocol.SampledGradient}
	}
	return protocol.Request{Want: protocol.Gradient}
}

func (o *sophiaGState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2, b := o.α*batch.StepScale, T(o.β1), T(o.β2), T(batch.BatchSize)
	sampled := o.t%o.k == 0
	o.t++
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, h, u := x[i:j], batch.Gradient[i:j], o.m[i:j], o.h[i:j], o.u[:j-i]
		simd.Average(m, β1, g)
		if sampled {
			simd.Mul(u, batch.SampledGradient[i:j], batch.SampledGradient[i:j])
			simd.Scale(u, b, u)
			simd.Average(h, β2, u)
		}
		simd.Scale(u, T(o.ρ), h)
		simd.AtLeast(u, T(o.ε), u)
		simd.Over(u, m, u) // m / max(ρ h, ε)
		clip(u, 1)
		simd.Axpy(x, T(-α), u)
	}
	return o.next(), nil
}

func (o *sophiaGState[T]) State() []any { return []any{&o.t, &o.m, &o.h} }
