package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var mSignSGD = protocol.OptimizerDef{
	Name:    "m-sign-sgd",
	Version: "1",
	Doc: `SGD along the sign of an average of gradients

	m ← β m + (1−β) g
	x ← x − α sign(m)`,
	Source: "Balles 2021, Alg. 3 (M-SIGN-SGD, there also M-SSD); Signum of Bernstein et al., ICML " +
		"2018. sign(0) = 0. Bias correction would not change the sign.",
	Hyperparameters: stepSizeAndDecay(0.001),
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newMSignSGD[float32],
	New64:           newMSignSGD[float64],
}

type mSignSGDState[T protocol.Float] struct {
	α, β float64
	m    []T // average of g
	sign [simd.Block]T
}

func (o *mSignSGDState[T]) State() []any { return []any{&o.m} }

func newMSignSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &mSignSGDState[T]{
		α: start.Setting[protocol.StepSize],
		β: start.Setting["beta"],
		m: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *mSignSGDState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β := T(o.α*batch.StepScale), T(o.β)
	for i, j := range blocks(len(x)) {
		x, g, m, sign := x[i:j], batch.Gradient[i:j], o.m[i:j], o.sign[:j-i]
		simd.Average(m, β, g)
		simd.Sign(sign, m)
		simd.Axpy(x, -α, sign)
	}
	return protocol.Request{}, nil
}
