package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var mSVAG = protocol.OptimizerDef{
	Name:    "m-svag",
	Version: "1",
	Doc: `momentum with variance adaptation: momentum stochastic variance-adapted gradient

	m, v ← averages of g and g² with decay rate β and bias correction
	s ← (v − m²) / (1 − ρ(β,t))    estimate of the variance of g
	γ ← m² / (m² + ρ(β,t) s)
	x ← x − α γ m`,
	Source: "Balles & Hennig, ICML 2018; Balles 2021, Alg. 2; ρ is Eq. 5.15. No ε. s = 0 at t = 0, " +
		"where ρ = 1, so that the first step is plain (the authors' code caps ρ at 0.9999 instead). v " +
		"− m² is never below 0. At β = 0 it is sgd.",
	Hyperparameters: stepSizeAndDecay(0.1),
	Needs:           protocol.Gradient,
	Saves:           true,
	Reports:         []string{"mean_gamma"},
	New32:           newMSVAG[float32],
	New64:           newMSVAG[float64],
}

type mSVAGState[T protocol.Float] struct {
	α, β float64
	t    int
	m, v []T // averages of g and g², bias-corrected
	meanGamma
	m2, ρs, γ [simd.Block]T
}

func (o *mSVAGState[T]) State() []any { return []any{&o.t, &o.m, &o.v, &o.meanGamma} }

func newMSVAG[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	o := &mSVAGState[T]{α: start.Setting[protocol.StepSize], β: start.Setting["beta"]}
	o.m, o.v = make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *mSVAGState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	ρ := rho(o.β, o.t)
	α, β, c := T(o.α*batch.StepScale), T(decay(o.β, o.t)), T(ρ*unbias(ρ))
	o.t++
	sum := 0.0
	for i, j := range blocks(len(x)) {
		x, g, m, v := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j]
		m2, ρs, γ := o.m2[:j-i], o.ρs[:j-i], o.γ[:j-i]
		simd.Average(m, β, g)
		simd.AverageSquare(v, β, g)
		simd.Mul(m2, m, m)
		simd.Sub(ρs, v, m2)
		simd.AtLeast(ρs, 0, ρs)
		simd.Scale(ρs, c, ρs) // ρ (v − m²) / (1 − ρ)
		simd.Add(γ, m2, ρs)
		simd.Over(γ, m2, γ) // m² / (m² + ρ s)
		sum += float64(simd.Sum(γ))
		simd.Mul(γ, γ, m)
		simd.Axpy(x, -α, γ)
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}
