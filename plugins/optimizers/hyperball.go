package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// hyperball is x ← ‖x‖ (x − α ‖x‖ u/‖u‖) / ‖x − α ‖x‖ u/‖u‖‖: a step of length α relative to ‖x‖,
// followed by a projection to the original sphere. x does not change if u or x is 0.
func hyperball[T protocol.Float](x []T, α float64, u []T) {
	radius, length := euclidean(x), euclidean(u)
	if length == 0 || radius == 0 {
		simd.Axpy(x, 0, u) // propagates NaN
		return
	}
	simd.Axpy(x, T(-α*radius/length), u)
	if now := euclidean(x); now != 0 {
		simd.Scale(x, T(radius/now), x)
	}
}
