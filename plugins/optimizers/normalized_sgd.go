package optimizers

import "noisebench/protocol"

var normalizedSGD = protocol.OptimizerDef{
	Name:    "normalized-sgd",
	Version: "1",
	Doc: `SGD with steps of a given length

	u ← ‖g‖₂
	x ← x − α/(t+1)^q · g / ((1−c) + c u)    c = 1: length α, c = 0: sgd, between: soft normalisation`,
	Source: "Balles 2021, Eq. C.19 with α_t = 1/√(t+1) (c = 1, decay 0.5) and Eq. C.26, the step " +
		"1/(5L₀ + 4L₁‖g‖) of Zhang et al., ICLR 2020, (α = 1/(5L₀ + 4L₁) at c = 4L₁/(5L₀ + 4L₁)), in " +
		"the norm ℓ₂. At c = 0 and decay 1 it is the method of Robbins & Monro, 1951. A zero gradient " +
		"makes no step.",
	Hyperparameters: steepestParameters(0.1, 1, "smoothness"),
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newNormalizedSGD[float32],
	New64:           newNormalizedSGD[float64],
}

// l2 is the norm ℓ₂. Its dual is itself, its direction g/‖g‖₂.
type l2[T protocol.Float] struct{}

func newNormalizedSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return newSteepest(start, l2[T]{}, "smoothness")
}

func (l2[T]) dual(g []T) float64 { return euclidean(g) }

func (l2[T]) move(x []T, α, r float64, g []T) { add(x, -α/r, g) }
