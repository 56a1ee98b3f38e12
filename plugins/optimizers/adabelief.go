package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adaBelief = protocol.OptimizerDef{
	Name:    "adabelief",
	Version: "1",
	Doc: `Adam with the variance of g about its average in the place of g²

	m ← β1 m + (1−β1) g
	s ← β2 s + (1−β2) (g − m)² + ε    both from 0
	x ← x − α m/(1−β1^(t+1)) / (√(s/(1−β2^(t+1))) + ε) − α λ x`,
	Source: "Zhuang et al., NeurIPS 2020, Alg. 2, and adabelief-pytorch with rectify=False (the " +
		"default there since 0.1.0 rectifies as radam). m is not bias-corrected in g − m, and ε is " +
		"added in every step, so that s is at least ε. ε is 1e-16 as in that code since 0.1.0; the " +
		"paper has 1e-8. λ is decoupled as there, and biases and scales do not decay.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.001),
		protocol.Fraction("beta1", "decay rate β1 of the average of g", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the average of (g−m)²", 0.999),
		protocol.NonNegative("epsilon", "ε, inside and outside the root; at 0, 0/0 is 0", 1e-16),
	}, weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdaBelief[float32],
	New64: newAdaBelief[float64],
}

type adaBeliefState[T protocol.Float] struct {
	α, β1, β2, ε float64
	decay        weightDecay[T]
	t            int
	m, s         []T // averages of g and (g−m)², from 0
	u            [simd.Block]T
}

func newAdaBelief[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &adaBeliefState[T]{α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"]}
	o.decay, o.m, o.s = newWeightDecay[T](start), make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *adaBeliefState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2, ε := o.α*batch.StepScale, T(o.β1), T(o.β2), T(o.ε)
	o.t++
	bias1 := -math.Expm1(float64(o.t) * math.Log(o.β1)) // 1 − β1^(t+1), with the t of the formulas
	bias2 := -math.Expm1(float64(o.t) * math.Log(o.β2))
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, s, u := x[i:j], batch.Gradient[i:j], o.m[i:j], o.s[i:j], o.u[:j-i]
		simd.Average(m, β1, g)
		simd.Sub(u, g, m)
		simd.AverageSquare(s, β2, u)
		simd.Shift(s, ε, s)
		simd.Scale(u, T(1/bias2), s)
		simd.Sqrt(u, u)
		simd.Shift(u, ε, u)
		simd.Over(u, m, u)
		simd.Axpy(x, T(-α/bias1), u)
	}
	return protocol.Request{}, nil
}

func (o *adaBeliefState[T]) State() []any { return []any{&o.t, &o.m, &o.s} }
