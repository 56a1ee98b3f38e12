package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adamax = protocol.OptimizerDef{
	Name:    "adamax",
	Version: "1",
	Doc: `Adam with the maximum norm of past gradients in the place of the ℓ₂ norm

	m ← average of g with decay rate β1 and bias correction
	v ← max(β2 v, |g| + ε)
	x ← x − α m / v − α λ x`,
	Source: "Kingma & Ba, ICLR 2015, Alg. 2, with the ε of PyTorch (Alg. 2 has none). λ is " +
		"decoupled as in adamw, and biases and scales do not decay.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.002),
		protocol.Fraction("beta1", "decay rate β1 of the average of g", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the maximum of |g|", 0.999),
		protocol.NonNegative("epsilon", "ε, added to |g|; at 0, 0/0 is 0", 1e-8),
	}, weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdamax[float32],
	New64: newAdamax[float64],
}

type adamaxState[T protocol.Float] struct {
	α, β1, β2, ε float64
	decay        weightDecay[T]
	t            int
	m, v         []T // average of g, bias-corrected, and decaying maximum of |g|
	u            [simd.Block]T
}

func newAdamax[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &adamaxState[T]{α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"]}
	o.decay, o.m, o.v = newWeightDecay[T](start), make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *adamaxState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2, ε := o.α*batch.StepScale, T(decay(o.β1, o.t)), T(o.β2), T(o.ε)
	o.t++
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, v, u := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j], o.u[:j-i]
		simd.Average(m, β1, g)
		for k, g := range g {
			v[k] = max(β2*v[k], T(math.Abs(float64(g)))+ε)
		}
		simd.Over(u, m, v)
		simd.Axpy(x, T(-α), u)
	}
	return protocol.Request{}, nil
}

func (o *adamaxState[T]) State() []any { return []any{&o.t, &o.m, &o.v} }
