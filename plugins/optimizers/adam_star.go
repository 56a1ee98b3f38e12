package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adamStar = protocol.OptimizerDef{
	Name:    "adam-star",
	Version: "1",
	Doc: `Adam*: the sign of the momentum with variance adaptation

	m, v ← averages of g and g² with decay rate β and bias correction
	s ← (v − m²) / (1 − ρ(β,t))    estimate of the variance of g
	γ ← √(m² / (m² + ρ(β,t) s))
	x ← x − α γ sign(m)`,
	Source: "Balles 2021, Alg. 5; ρ is Eq. 5.15. Unlike Adam it has one decay rate, no ε, and " +
		"estimates the variance of m. s = 0 at t = 0, where ρ = 1. v − m² is never below 0, sign(0) = " +
		"0. At β = 0 it is sign-sgd.",
	Hyperparameters: stepSizeAndDecay(0.001),
	Needs:           protocol.Gradient,
	Saves:           true,
	Reports:         []string{"mean_gamma"},
	New32:           newAdamStar[float32],
	New64:           newAdamStar[float64],
}

type adamStarState[T protocol.Float] struct {
	α, β float64
	t    int
	m, v []T // averages of g and g², bias-corrected
	meanGamma
	m2, ρs, γ, sign [simd.Block]T
}

func (o *adamStarState[T]) State() []any { return []any{&o.t, &o.m, &o.v, &o.meanGamma} }

func newAdamStar[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	o := &adamStarState[T]{α: start.Setting[protocol.StepSize], β: start.Setting["beta"]}
	o.m, o.v = make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *adamStarState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	ρ := rho(o.β, o.t)
	α, β, c := T(o.α*batch.StepScale), T(decay(o.β, o.t)), T(ρ*unbias(ρ))
	o.t++
	sum := 0.0
	for i, j := range blocks(len(x)) {
		x, g, m, v := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j]
		m2, ρs, γ, sign := o.m2[:j-i], o.ρs[:j-i], o.γ[:j-i], o.sign[:j-i]
		simd.Average(m, β, g)
		simd.AverageSquare(v, β, g)
		simd.Mul(m2, m, m)
		simd.Sub(ρs, v, m2)
		simd.AtLeast(ρs, 0, ρs)
		simd.Scale(ρs, c, ρs) // ρ (v − m²) / (1 − ρ)
		simd.Add(γ, m2, ρs)
		simd.Over(γ, m2, γ)
		simd.Sqrt(γ, γ) // √(m² / (m² + ρ s))
		sum += float64(simd.Sum(γ))
		simd.Sign(sign, m)
		simd.Mul(γ, γ, sign)
		simd.Axpy(x, -α, γ)
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}
