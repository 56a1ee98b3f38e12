package optimizers

import "noisebench/protocol"

var efgd = protocol.OptimizerDef{
	Name:    "efgd",
	Version: "1",
	Doc: `descent with the empirical Fisher F̃ in the place of the Fisher matrix

	x ← x − α (F̃ + λI)⁻¹ ∇f`,
	Source: "Balles 2021, Eq. D.32 and Sec. 7.4, with averages over the examples in F̃ and ∇f; " +
		"Kunstner, Hennig & Balles, NeurIPS 2019. F̃ is no approximation of F: it is here to be " +
		"compared with ngd.",
	Hyperparameters: dampedParameters(1e-8),
	FullBatch:       true,
	Needs:           protocol.Gradient | protocol.EmpiricalFisher,
	Saves:           true,
	New32:           newEFGD[float32],
	New64:           newEFGD[float64],
}

func newEFGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return newDamped(start, "F̃", func(m *protocol.Measurement[T]) []T { return m.EmpiricalFisher })
}
