package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var lamb = protocol.OptimizerDef{
	Name:    "lamb",
	Version: "1",
	Doc: `AdamW whose step has a length in proportion to the weights', block by block

	m, v ← averages of g and g² as in Adam
	u ← m / (√v + ε) + λ x
	x ← x − α ‖x_B‖₂/‖u_B‖₂ u    in each block B; the ratio is 1 where either norm is 0`,
	Source: "You et al., Large batch optimization for deep learning, ICLR 2020, Alg. 2 with φ(z) = " +
		"z, bias correction and the ε and λ of its code; copies in use bound φ or lack the correction. " +
		"Biases and scales have a ratio of 1 and no decay, by role, as in that code, unless decay_all " +
		"is 1.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.001),
		protocol.Fraction("beta1", "decay rate β1 of the average of g", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the average of g²", 0.999),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-6),
	}, weightDecayParameters(0.01, "weight decay λ, multiplied by α and the ratio")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newLAMB[float32],
	New64: newLAMB[float64],
}

type lambState[T protocol.Float] struct {
	α, β1, β2, ε float64
	layerwise[T]
	t       int
	m, v, u []T // averages of g and g², bias-corrected; work space for u
}

func newLAMB[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	return &lambState[T]{
		α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"],
		layerwise: newLayerwise[T](start), m: make([]T, start.Dim), v: make([]T, start.Dim),
		u: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *lambState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	β1, β2 := decay(o.β1, o.t), decay(o.β2, o.t)
	o.t++
	for _, b := range o.blocks {
		i, j := b.Offset, b.Offset+b.Len
		x, u := x[i:j], o.u[i:j]
		adamDirection(u, o.m[i:j], o.v[i:j], β1, β2, o.ε, batch.Gradient[i:j])
		simd.Axpy(u, T(o.decay.of(b)), x)
		α := o.α * batch.StepScale
		if o.adapts(b) {
			α *= ratio(euclidean(x), euclidean(u))
		}
		simd.Axpy(x, T(-α), u)
	}
	return protocol.Request{}, nil
}

func (o *lambState[T]) State() []any { return []any{&o.t, &o.m, &o.v} }
