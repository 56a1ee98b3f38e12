package optimizers

import "noisebench/protocol"

var newton = protocol.OptimizerDef{
	Name:    "newton",
	Version: "1",
	Doc: `Newton's method, damped

	x ← x − α (H + λI)⁻¹ ∇f`,
	Source: "Balles 2021, Eq. 2.53 (α = 1, λ = 0). Where f is not convex, steps may go uphill: " +
		"there is no line search.",
	Hyperparameters: dampedParameters(0),
	FullBatch:       true,
	Needs:           protocol.Gradient | protocol.Hessian,
	Saves:           true,
	New32:           newNewton[float32],
	New64:           newNewton[float64],
}

func newNewton[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return newDamped(start, "H", func(m *protocol.Measurement[T]) []T { return m.Hessian })
}
