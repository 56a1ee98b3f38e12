package optimizers

import "noisebench/protocol"

var stochasticEFGD = protocol.OptimizerDef{
	Name:    "stochastic-efgd",
	Version: "1",
	Doc: `efgd with the empirical Fisher matrix and the gradient of a batch

	x ← x − α (F̃ + λI)⁻¹ g`,
	Source: "Balles 2021, Sec. 7.6, which compares its direction with that of adaptation to the " +
		"variance. F̃ is the mean of gᵢgᵢᵀ over the examples of the batch, and has at most their number " +
		"as its rank. On all examples it is efgd.",
	Hyperparameters: dampedParameters(1e-8),
	Needs:           protocol.Gradient | protocol.EmpiricalFisher,
	Saves:           true,
	New32:           newStochasticEFGD[float32],
	New64:           newStochasticEFGD[float64],
}

func newStochasticEFGD[T protocol.Float](start protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	matrix := func(m *protocol.Measurement[T]) []T { return m.EmpiricalFisher }
	return newDampedOnBatches(start, "F̃", matrix), protocol.Request{}, nil
}
