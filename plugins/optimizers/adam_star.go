package optimizers

import "noisebench/protocol"

var adamStar = protocol.OptimizerDef{
	Name:    "adam-star",
	Version: "1",
	Doc: `Adam*: the sign of the momentum with variance adaptation

	m, v ← averages of g and g² with decay rate β and bias correction
	s ← (v − m²) / (1 − ρ(β,t))    estimate of the variance of g
	γ ← √(m² / (m² + ρ(β,t) s))
	x ← x − α γ sign(m)`,
	Source: "Balles 2021, Alg. 5; ρ is Eq. 5.15. Unlike Adam it has one decay rate, no ε, and estimates the " +
		"variance of m. s = 0 at t = 0, where ρ = 1. v − m² is never below 0, sign(0) = 0. At β = 0 it is " +
		"sign-sgd.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.001),
		protocol.Fraction("beta", "decay rate β of the averages", 0.9),
	},
	Needs:   protocol.Gradient,
	Reports: []string{"mean_gamma"},
	New32:   newAdamStar[float32],
	New64:   newAdamStar[float64],
}

type adamStarState[T protocol.Float] struct {
	α, β float64
	t    int
	m, v []T // averages of g and g², bias-corrected
	meanGamma
}

func newAdamStar[T protocol.Float](start protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	o := &adamStarState[T]{α: start.Setting[protocol.StepSize], β: start.Setting["beta"]}
	o.m, o.v = make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *adamStarState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	ρ64 := rho(o.β, o.t)
	α, β, ρ, c := T(o.α*batch.StepScale), T(decay(o.β, o.t)), T(ρ64), T(unbias(ρ64))
	o.t++
	sum := 0.0
	for i, g := range batch.Gradient {
		m := g + β*(o.m[i]-g)
		v := g*g + β*(o.v[i]-g*g)
		m2 := T(m * m) // converted, so that no platform fuses it into v−m²
		s := c * atLeast0(v-m2)
		γ := sqrt(over(m2, m2+ρ*s))
		x[i] -= α * γ * sign(m)
		o.m[i], o.v[i] = m, v
		sum += float64(γ)
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}
