package optimizers

import "noisebench/protocol"

var mcFisherNGD = protocol.OptimizerDef{
	Name:    "mc-fisher-ngd",
	Version: "1",
	Doc: `natural gradient descent with the Fisher matrix of sampled labels

	x ← x − α (F̂ + λI)⁻¹ ∇f`,
	Source: "Balles 2021, Eq. 7.24: one label for each example in every step, drawn from the " +
		"predictive distribution of the model; F̂ is an unbiased estimate of the Fisher matrix. Damped " +
		"as in Eq. D.31.",
	Hyperparameters: dampedParameters(1e-4),
	FullBatch:       true,
	Needs:           protocol.Gradient | protocol.SampledFisher,
	Saves:           true,
	New32:           newMCFisherNGD[float32],
	New64:           newMCFisherNGD[float64],
}

func newMCFisherNGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return newDamped(start, "F̂", func(m *protocol.Measurement[T]) []T { return m.SampledFisher })
}
