package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adamStarErf = protocol.OptimizerDef{
	Name:    "adam-star-erf",
	Version: "1",
	Doc: `Adam* with the optimal factor of a sign in the place of Adam's

	m, v ← averages of g and g² with decay rate β and bias correction
	s ← (v − m²) / (1 − ρ(β,t))    estimate of the variance of g
	γ ← erf(|m| / √(2 ρ(β,t) s))
	x ← x − α γ sign(m)`,
	Source: "Balles 2021, Alg. 5 with the factor of Lemma 5.2 and Eq. 5.10 for a normal m, to which " +
		"that of adam-star is near (Fig. 5.2). γ = 1 where s = 0, so at t = 0; v − m² is never below " +
		"0, sign(0) = 0. At β = 0 it is sign-sgd.",
	Hyperparameters: stepSizeAndDecay(0.001),
	Needs:           protocol.Gradient,
	Saves:           true,
	Reports:         []string{"mean_gamma"},
	New32:           newAdamStarErf[float32],
	New64:           newAdamStarErf[float64],
}

type adamStarErfState[T protocol.Float] struct {
	α, β float64
	t    int
	m, v []T // averages of g and g², bias-corrected
	meanGamma
}

func (o *adamStarErfState[T]) State() []any { return []any{&o.t, &o.m, &o.v, &o.meanGamma} }

func newAdamStarErf[T protocol.Float](start protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	o := &adamStarErfState[T]{α: start.Setting[protocol.StepSize], β: start.Setting["beta"]}
	o.m, o.v = make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *adamStarErfState[T]) Step(
	x []T, batch *protocol.Measurement[T],
) (protocol.Request, error) {
	α, β, ρ, sum := o.α*batch.StepScale, T(decay(o.β, o.t)), rho(o.β, o.t), 0.0
	c := 2 * ρ * unbias(ρ)
	o.t++
	simd.Average(o.m, β, batch.Gradient)
	simd.AverageSquare(o.v, β, batch.Gradient)
	for j := range x {
		m, v := float64(o.m[j]), float64(o.v[j])
		if m == 0 {
			continue
		}
		γ := math.Erf(m / math.Sqrt(c*max(0, v-m*m))) // with the sign of m; erf(±∞) = ±1
		sum += math.Abs(γ)
		x[j] -= T(α * γ)
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}
