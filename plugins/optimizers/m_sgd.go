package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var mSGD = protocol.OptimizerDef{
	Name:    "m-sgd",
	Version: "1",
	Doc: `SGD along an average of gradients with bias correction

	m ← average of g with decay rate β
	x ← x − α m`,
	Source: "Balles 2021, Alg. 3 (M-SGD): Adam's momentum without its denominator. At constant α " +
		"and after many steps it is heavy-ball at the step size α (1−β).",
	Hyperparameters: stepSizeAndDecay(0.1),
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newMSGD[float32],
	New64:           newMSGD[float64],
}

type mSGDState[T protocol.Float] struct {
	α, β float64
	t    int
	m    []T // average of g, bias-corrected
}

func (o *mSGDState[T]) State() []any { return []any{&o.t, &o.m} }

func newMSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &mSGDState[T]{
		α: start.Setting[protocol.StepSize],
		β: start.Setting["beta"],
		m: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *mSGDState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β := T(o.α*batch.StepScale), T(decay(o.β, o.t))
	o.t++
	for i, j := range blocks(len(x)) {
		x, g, m := x[i:j], batch.Gradient[i:j], o.m[i:j]
		simd.Average(m, β, g)
		simd.Axpy(x, -α, m)
	}
	return protocol.Request{}, nil
}
