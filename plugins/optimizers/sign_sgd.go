package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var signSGD = protocol.OptimizerDef{
	Name:    "sign-sgd",
	Version: "1",
	Doc: `SGD along the sign of the gradient

	x ← x − α sign(g)`,
	Source: "Bernstein et al., signSGD, ICML 2018; Balles 2021, Eq. 6.2. sign(0) = 0. The step is " +
		"not scaled by a norm of the gradient.",
	Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.001)},
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newSignSGD[float32],
	New64:           newSignSGD[float64],
}

type signSGDState[T protocol.Float] struct {
	α    float64
	sign [simd.Block]T
}

func (*signSGDState[T]) State() []any { return nil }

func newSignSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &signSGDState[T]{α: start.Setting[protocol.StepSize]}, protocol.Request{}, nil
}

func (o *signSGDState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α := T(o.α * batch.StepScale)
	for i, j := range blocks(len(x)) {
		x, g, sign := x[i:j], batch.Gradient[i:j], o.sign[:j-i]
		simd.Sign(sign, g)
		simd.Axpy(x, -α, sign)
	}
	return protocol.Request{}, nil
}
