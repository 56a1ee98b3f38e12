package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var svag = protocol.OptimizerDef{
	Name:    "svag",
	Version: "1",
	Doc: `SGD with variance adaptation: stochastic variance-adapted gradient

	m, v ← averages of g and g² with decay rate β and bias correction
	s ← (v − m²) / (1 − ρ(β,t))    estimate of the variance of g
	γ ← m² / (m² + s)
	x ← x − α γ g`,
	Source: "Balles 2021, Alg. 4; ρ is Eq. 5.15. s = 0 at t = 0, where ρ = 1, so that the first " +
		"step is plain. v − m² is never below 0. At β = 0 it is sgd.",
	Hyperparameters: stepSizeAndDecay(0.1),
	Needs:           protocol.Gradient,
	Saves:           true,
	Reports:         []string{"mean_gamma"},
	New32:           newSVAG[float32],
	New64:           newSVAG[float64],
}

type svagState[T protocol.Float] struct {
	α, β float64
	t    int
	m, v []T // averages of g and g², bias-corrected
	meanGamma
	m2, s, γ [simd.Block]T
}

func (o *svagState[T]) State() []any { return []any{&o.t, &o.m, &o.v, &o.meanGamma} }

func newSVAG[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	o := &svagState[T]{α: start.Setting[protocol.StepSize], β: start.Setting["beta"]}
	o.m, o.v = make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *svagState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β, c := T(o.α*batch.StepScale), T(decay(o.β, o.t)), T(unbias(rho(o.β, o.t)))
	o.t++
	sum := 0.0
	for i, j := range blocks(len(x)) {
		x, g, m, v := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j]
		m2, s, γ := o.m2[:j-i], o.s[:j-i], o.γ[:j-i]
		simd.Average(m, β, g)
		simd.AverageSquare(v, β, g)
		simd.Mul(m2, m, m)
		simd.Sub(s, v, m2)
		simd.AtLeast(s, 0, s)
		simd.Scale(s, c, s) // (v − m²) / (1 − ρ)
		simd.Add(γ, m2, s)
		simd.Over(γ, m2, γ) // m² / (m² + s)
		sum += float64(simd.Sum(γ))
		simd.Mul(γ, γ, g)
		simd.Axpy(x, -α, γ)
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}
