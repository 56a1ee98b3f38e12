package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var rmsProp = protocol.OptimizerDef{
	Name:    "rmsprop",
	Version: "1",
	Doc: `SGD divided by the root of an average of squared gradients

	v ← β v + (1−β) g²
	x ← x − α g / (√v + ε)`,
	Source: "Tieleman & Hinton, Coursera lecture 6e (2012), with their β = 0.9. ε is outside the " +
		"root, as in PyTorch; TensorFlow 1 has it inside and starts v at 1. v starts at 0 without bias " +
		"correction, as in PyTorch, so that the first steps are longer by up to 1/√(1−β). No momentum, " +
		"not centred.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.001),
		protocol.Fraction("beta", "decay rate β of the average", 0.9),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
	},
	Needs: protocol.Gradient,
	Saves: true,
	New32: newRMSProp[float32],
	New64: newRMSProp[float64],
}

type rmsPropState[T protocol.Float] struct {
	α, β, ε float64
	v       []T // average of g²
	u       [simd.Block]T
}

func (o *rmsPropState[T]) State() []any { return []any{&o.v} }

func newRMSProp[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &rmsPropState[T]{
		α: start.Setting[protocol.StepSize],
		β: start.Setting["beta"],
		ε: start.Setting["epsilon"],
		v: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *rmsPropState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β, ε := T(o.α*batch.StepScale), T(o.β), T(o.ε)
	for i, j := range blocks(len(x)) {
		x, g, v, u := x[i:j], batch.Gradient[i:j], o.v[i:j], o.u[:j-i]
		simd.AverageSquare(v, β, g)
		simd.Sqrt(u, v)
		simd.Shift(u, ε, u)
		simd.Over(u, g, u) // g / (√v + ε)
		simd.Axpy(x, -α, u)
	}
	return protocol.Request{}, nil
}
