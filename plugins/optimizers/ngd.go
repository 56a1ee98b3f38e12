package optimizers

import "noisebench/protocol"

var ngd = protocol.OptimizerDef{
	Name:    "ngd",
	Version: "1",
	Doc: `natural gradient descent with the exact Fisher matrix F

	x ← x − α (F + λI)⁻¹ ∇f`,
	Source: "Amari, Neural Computation 10 (1998); Balles 2021, Eq. D.31, with averages over the " +
		"examples in F and ∇f.",
	Hyperparameters: dampedParameters(1e-8),
	FullBatch:       true,
	Needs:           protocol.Gradient | protocol.Fisher,
	Saves:           true,
	New32:           newNGD[float32],
	New64:           newNGD[float64],
}

func newNGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return newDamped(start, "F", func(m *protocol.Measurement[T]) []T { return m.Fisher })
}
