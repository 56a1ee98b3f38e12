package optimizers

import (
	"math"

	"noisebench/protocol"
)

var coordinateSGD = protocol.OptimizerDef{
	Name:    "coordinate-sgd",
	Version: "1",
	Doc: `steepest descent in ℓ₁: along the coordinate of the largest derivative

	i ← the coordinate of the largest |gᵢ|, the first of equals
	u ← |gᵢ|
	x ← x − α/(t+1)^q · gᵢ eᵢ / ((1−c) + c u)    eᵢ: unit vector`,
	Source: "Gauss–Southwell rule; Balles 2021, Table 6.1 and Eq. C.2, whose printed form loses the " +
		"sign of gᵢ. On full batches (full_batch 1) with α = 1/L₁, L₁ = maxᵢ Hᵢᵢ on a convex " +
		"quadratic. Normalised and softly normalised forms are Eqs. C.19, C.21 and C.26, see " +
		"normalized-sgd.",
	Hyperparameters: steepestParameters(0.1, 0, "smoothness_l1"),
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newCoordinateSGD[float32],
	New64:           newCoordinateSGD[float64],
}

// l1 is the norm ℓ₁. Its dual is ℓ∞, its direction the signed unit vector of the largest |gᵢ|.
type l1[T protocol.Float] struct{ i int }

func newCoordinateSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return newSteepest(start, &l1[T]{}, "smoothness_l1")
}

func (n *l1[T]) dual(g []T) float64 {
	u, at := 0.0, 0
	for i, g := range g {
		if a := math.Abs(float64(g)); !(a <= u) { // NaN counts as the largest
			u, at = a, i
			if math.IsNaN(a) {
				break
			}
		}
	}
	n.i = at
	return u
}

func (n *l1[T]) move(x []T, α, r float64, g []T) { add(x[n.i:n.i+1], -α/r, g[n.i:n.i+1]) }
