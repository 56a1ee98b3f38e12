package optimizers

import "noisebench/protocol"

var adamW = protocol.OptimizerDef{
	Name:    "adamw",
	Version: "2",
	Doc: `Adam with decoupled weight decay

	m, v ← averages of g and g² as in Adam
	x ← x − η (α m / (√v + ε) + λ x)    η: factor of the schedule`,
	Source: "Loshchilov & Hutter, ICLR 2019, Alg. 2. As printed there the schedule scales the decay " +
		"and α does not; PyTorch multiplies by both, and its λ = 0.01 at α = 0.001 is 1e-5 here, the " +
		"default. Biases and scales do not decay, as has become the convention; in Alg. 2 and in " +
		"PyTorch all coordinates do.",
	Hyperparameters: append(adam.Hyperparameters[:4:4],
		weightDecayParameters(1e-5, "weight decay λ of one step, not multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdamW[float32],
	New64: newAdamW[float64],
}

type adamWState[T protocol.Float] struct {
	adam  protocol.Optimizer[T]
	decay weightDecay[T]
}

func (o *adamWState[T]) State() []any { return []any{o.adam} }

func newAdamW[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	adam, request, err := newAdam[T](start)
	return &adamWState[T]{adam, newWeightDecay[T](start)}, request, err
}

func (o *adamWState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	o.decay.add(x, -batch.StepScale, x) // before Adam's step, which depends on x only through g
	return o.adam.Step(x, batch)
}
