package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var lion = protocol.OptimizerDef{
	Name:    "lion",
	Version: "1",
	Doc: `sign of a mix of momentum and gradient (EvoLved Sign Momentum)

	c ← β1 m + (1−β1) g
	x ← x − α (sign(c) + λ x)
	m ← β2 m + (1−β2) g    from 0, without bias correction`,
	Source: "Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023, Alg. 2; β " +
		"and λ are the defaults of google/automl. Weights alone decay, by role, where its code decays " +
		"all.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(1e-4),
		protocol.Fraction("beta1", "weight β1 of the momentum in the step", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the momentum", 0.99),
	}, weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newLion[float32],
	New64: newLion[float64],
}

type lionState[T protocol.Float] struct {
	α, β1, β2 float64
	decay     weightDecay[T]
	m         []T // momentum
	c         [simd.Block]T
}

func newLion[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &lionState[T]{
		α:  start.Setting[protocol.StepSize],
		β1: start.Setting["beta1"], β2: start.Setting["beta2"],
		decay: newWeightDecay[T](start),
		m:     make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *lionState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2 := o.α*batch.StepScale, T(o.β1), T(o.β2)
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, c := x[i:j], batch.Gradient[i:j], o.m[i:j], o.c[:j-i]
		copy(c, m)
		simd.Average(c, β1, g)
		simd.Sign(c, c)
		simd.Axpy(x, T(-α), c)
		simd.Average(m, β2, g)
	}
	return protocol.Request{}, nil
}

func (o *lionState[T]) State() []any { return []any{&o.m} }
