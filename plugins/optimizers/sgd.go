package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var sgd = protocol.OptimizerDef{
	Name:    "sgd",
	Version: "1",
	Doc: `stochastic gradient descent

	x ← x − α g`,
	Source: "Robbins & Monro, Annals of Mathematical Statistics 22 (1951); Balles " +
		"2021, Eq. 3.7.",
	Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newSGD[float32],
	New64:           newSGD[float64],
}

type sgdState[T protocol.Float] struct{ α float64 }

func (*sgdState[T]) State() []any { return nil }

func newSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &sgdState[T]{α: start.Setting[protocol.StepSize]}, protocol.Request{}, nil
}

func (o *sgdState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	simd.Axpy(x, T(-o.α*batch.StepScale), batch.Gradient)
	return protocol.Request{}, nil
}
