package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var normScaledSignSGD = protocol.OptimizerDef{
	Name:    "norm-scaled-sign-sgd",
	Version: "1",
	Doc: `steepest descent in ℓ∞: sign descent with steps that scale with ‖g‖₁

	u ← ‖g‖₁
	x ← x − α/(t+1)^q · u sign(g) / ((1−c) + c u)    c = 0: steepest descent, c = 1: sign-sgd`,
	Source: "Balles 2021, Eq. 6.10 on full batches with α = 1/L∞ (full_batch 1; step_size 1 with " +
		"relative 1); Balles, Pedregosa & Le Roux, The geometry of sign gradient descent, 2020. " +
		"Normalised and softly normalised forms are Eqs. C.19, C.21 and C.26, see normalized-sgd. " +
		"sign(0) = 0.",
	Hyperparameters: steepestParameters(0.001, 0, "smoothness_linf"),
	Needs:           protocol.Gradient,
	Saves:           true,
	New32:           newNormScaledSignSGD[float32],
	New64:           newNormScaledSignSGD[float64],
}

// lInf is the norm ℓ∞. Its dual is ℓ₁, its direction sign(g).
type lInf[T protocol.Float] struct {
	u    float64 // ‖g‖₁
	sign [simd.Block]T
}

func newNormScaledSignSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return newSteepest(start, &lInf[T]{}, "smoothness_linf")
}

func (n *lInf[T]) dual(g []T) float64 {
	sum := 0.0
	for _, g := range g {
		sum += math.Abs(float64(g))
	}
	n.u = sum
	return sum
}

func (n *lInf[T]) move(x []T, α, r float64, g []T) {
	length := T(α * (n.u / r))
	for i, j := range blocks(len(x)) {
		sign := n.sign[:j-i]
		simd.Sign(sign, g[i:j])
		simd.Axpy(x[i:j], -length, sign)
	}
}
