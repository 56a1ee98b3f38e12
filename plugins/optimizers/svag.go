package optimizers

import "noisebench/protocol"

var svag = protocol.OptimizerDef{
	Name:    "svag",
	Version: "1",
	Doc: `SGD with variance adaptation: stochastic variance-adapted gradient

	m, v ← averages of g and g² with decay rate β and bias correction
	s ← (v − m²) / (1 − ρ(β,t))    estimate of the variance of g
	γ ← m² / (m² + s)
	x ← x − α γ g`,
	Source: "Balles 2021, Alg. 4; ρ is Eq. 5.15. s = 0 at t = 0, where ρ = 1, so that the first step is plain. v " +
		"− m² is never below 0. At β = 0 it is sgd.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.1),
		protocol.Fraction("beta", "decay rate β of the averages", 0.9),
	},
	Needs:   protocol.Gradient,
	Reports: []string{"mean_gamma"},
	New32:   newSVAG[float32],
	New64:   newSVAG[float64],
}

type svagState[T protocol.Float] struct {
	α, β float64
	t    int
	m, v []T // averages of g and g², bias-corrected
	meanGamma
}

func newSVAG[T protocol.Float](start protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return &svagState[T]{
		α: start.Setting[protocol.StepSize],
		β: start.Setting["beta"],
		m: make([]T, start.Dim), v: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *svagState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β, c := T(o.α*batch.StepScale), T(decay(o.β, o.t)), T(unbias(rho(o.β, o.t)))
	o.t++
	x, ms, vs := x[:len(batch.Gradient)], o.m[:len(batch.Gradient)], o.v[:len(batch.Gradient)]
	sum := 0.0
	for i, g := range batch.Gradient {
		m := g + β*(ms[i]-g)
		v := g*g + β*(vs[i]-g*g)
		m2 := T(m * m) // converted, so that no platform fuses it into v−m²
		s := c * atLeast0(v-m2)
		γ := over(m2, m2+s)
		x[i] -= α * γ * g
		ms[i], vs[i] = m, v
		sum += float64(γ)
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}
