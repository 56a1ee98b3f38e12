package optimizers

import (
	"errors"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var gd = protocol.OptimizerDef{
	Name:    "gd",
	Version: "1",
	Doc: `gradient descent: every step uses all training examples

	x ← x − α ∇f`,
	Source: "Cauchy, Comptes rendus 25 (1847); Balles 2021, Eq. 2.39. It diverges for α ≥ 2/L, L " +
		"the smoothness of a quadratic.",
	Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
	FullBatch:       true,
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newGD[float32],
	New64:           newGD[float64],
}

type gdState[T protocol.Float] struct{ α float64 }

func (*gdState[T]) State() []any { return nil }

func newGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	first, err := all(start)
	return &gdState[T]{α: start.Setting[protocol.StepSize]}, first, err
}

func (o *gdState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	simd.Axpy(x, T(-o.α*batch.StepScale), batch.Gradient)
	return protocol.Request{Draw: protocol.All}, nil
}

// all is the request for all training examples.
func all(start protocol.Start) (protocol.Request, error) {
	if start.Train == 0 {
		return protocol.Request{}, errors.New("it uses all training examples in every step, and the " +
			"problem's data are endless")
	}
	return protocol.Request{Draw: protocol.All}, nil
}
