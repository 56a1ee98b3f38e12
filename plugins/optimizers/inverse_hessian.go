package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// inverseHessian is L-BFGS's estimate of the inverse Hessian from the last steps s and the
// resulting differences y of gradients.
type inverseHessian[T protocol.Float] struct {
	s, y    [][]T
	sy      []float64 // sᵀy
	last, n int       // index of the last pair, and number of pairs
	γ       float64   // sᵀy/yᵀy of the last pair
	a       []float64
}

func newInverseHessian[T protocol.Float](pairs, dim int) inverseHessian[T] {
	h := inverseHessian[T]{sy: make([]float64, pairs), a: make([]float64, pairs)}
	for range pairs {
		h.s, h.y = append(h.s, make([]T, dim)), append(h.y, make([]T, dim))
	}
	return h
}

// add stores the pair s = x − x0, y = g − g0 if it has positive curvature, in place of the oldest
// one.
func (h *inverseHessian[T]) add(x, x0, g, g0 []T) {
	k := (h.last + 1) % len(h.sy)
	simd.Sub(h.s[k], x, x0)
	simd.Sub(h.y[k], g, g0)
	sy, yy := dot(h.s[k], h.y[k]), squares(h.y[k])
	if !(sy > 0x1p-52*yy) {
		h.n = min(h.n, len(h.sy)-1) // the oldest one is overwritten
		return
	}
	h.last, h.n, h.sy[k], h.γ = k, min(h.n+1, len(h.sy)), sy, sy/yy
}

// direction writes −H g to d. If that is no descent direction because of rounding, it writes −g and
// discards the pairs.
func (h *inverseHessian[T]) direction(d, g []T) {
	simd.Scale(d, -1, g)
	if h.n == 0 {
		return
	}
	for i := range h.n { // from the last pair
		k := h.place(i)
		h.a[k] = dot(h.s[k], d) / h.sy[k]
		add(d, -h.a[k], h.y[k])
	}
	simd.Scale(d, T(h.γ), d)
	for i := range h.n { // from the oldest pair
		k := h.place(h.n - 1 - i)
		add(d, h.a[k]-dot(h.y[k], d)/h.sy[k], h.s[k])
	}
	if !(dot(d, g) < 0) {
		h.n = 0
		simd.Scale(d, -1, g)
	}
}

// place returns the index of the pair that is i before the last one.
func (h *inverseHessian[T]) place(i int) int { return (h.last - i + len(h.sy)) % len(h.sy) }

func (h *inverseHessian[T]) State() []any {
	state := []any{&h.sy, &h.last, &h.n, &h.γ}
	for k := range h.s {
		state = append(state, &h.s[k], &h.y[k])
	}
	return state
}

// dot returns xᵀy, summed in float64.
func dot[T protocol.Float](x, y []T) float64 {
	sum := 0.0
	for i, x := range x {
		sum += float64(x) * float64(y[i])
	}
	return sum
}
