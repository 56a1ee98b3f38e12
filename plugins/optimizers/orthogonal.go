package optimizers

import (
	"noisebench/plugins/internal/linalg"
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// newtonSchulz orthogonalizes matrices approximately: U S Vᵀ becomes about U Vᵀ. It holds the work
// space for the largest matrix.
type newtonSchulz[T protocol.Float] struct {
	product    linalg.Multiplier[T]
	x, y, a, b []T
}

func newNewtonSchulz[T protocol.Float](matrices []matrix) newtonSchulz[T] {
	most, side := 0, 0
	for _, b := range matrices {
		most, side = max(most, b.Len), max(side, min(b.rows, b.cols))
	}
	return newtonSchulz[T]{
		x: make([]T, most), y: make([]T, most), a: make([]T, side*side), b: make([]T, side*side),
	}
}

// orthogonalize replaces u, a matrix in row-major order, by its quintic Newton–Schulz iterate:
//
//	X ← u / (‖u‖_F + 1e-7), and X ← X (a I + b XᵀX + c (XᵀX)²) five times
//
// It works on the transpose if that is taller, so that XᵀX is as small as possible.
func (o *newtonSchulz[T]) orthogonalize(u linalg.Matrix[T]) {
	const a, b, c = 3.4445, -4.7750, 2.0315
	simd.Scale(u.Data, T(1/(euclidean(u.Data)+1e-7)), u.Data)
	tall := u
	if u.Rows < u.Cols {
		tall = u.T()
	}
	m, n := tall.Rows, tall.Cols
	x := linalg.Matrix[T]{Rows: m, Cols: n, Data: o.x[:m*n]}
	y := linalg.Matrix[T]{Rows: m, Cols: n, Data: o.y[:m*n]}
	gram := linalg.Matrix[T]{Rows: n, Cols: n, Data: o.a[:n*n]}
	factor := linalg.Matrix[T]{Rows: n, Cols: n, Data: o.b[:n*n]}
	linalg.Copy(x, tall)
	for range 5 {
		o.product.Gram(gram, x)
		o.product.Gram(factor, gram) // its square, since it is symmetric
		simd.Scale(factor.Data, c, factor.Data)
		simd.Axpy(factor.Data, b, gram.Data)
		for i := range n {
			factor.Data[i*n+i] += a
		}
		o.product.Multiply(y, x, factor)
		x, y = y, x
	}
	if tall.Transposed {
		x = x.T()
	}
	linalg.Copy(u, x)
}
