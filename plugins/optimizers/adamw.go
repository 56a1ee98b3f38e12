package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adamW = protocol.OptimizerDef{
	Name:    "adamw",
	Version: "1",
	Doc: `Adam with decoupled weight decay

	m, v ← averages of g and g² as in Adam
	x ← x − η (α m / (√v + ε) + λ x)    η: factor of the schedule`,
	Source: "Loshchilov & Hutter, ICLR 2019, Alg. 2. As printed there the schedule scales the decay and α does " +
		"not; PyTorch multiplies by both, and its λ = 0.01 at α = 0.001 is 1e-5 here, the default. All " +
		"coordinates decay.",
	Hyperparameters: append(adam.Hyperparameters[:4:4],
		protocol.NonNegative("weight_decay", "weight decay λ of one step, not multiplied by α", 1e-5)),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdamW[float32],
	New64: newAdamW[float64],
}

type adamWState[T protocol.Float] struct {
	adam protocol.Optimizer[T]
	λ    float64
}

func (o *adamWState[T]) State() []any { return []any{o.adam} }

func newAdamW[T protocol.Float](start protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	adam, request, err := newAdam[T](start)
	return &adamWState[T]{adam, start.Setting["weight_decay"]}, request, err
}

func (o *adamWState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	simd.Axpy(x, T(-batch.StepScale*o.λ), x) // before Adam's step, which depends on x through g alone
	return o.adam.Step(x, batch)
}
