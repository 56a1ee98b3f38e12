// Package linalg multiplies and decomposes matrices of float32 and float64. Products of float32 use
// the tiles of package simd, those of float64 use gonum. Results depend only on the arguments,
// since the order of every sum is fixed.
package linalg

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"noisebench/protocol"
)

// Matrix is a view of a slice as a matrix with contiguous rows.
type Matrix[T protocol.Float] struct {
	Rows, Cols int
	Data       []T
	Transposed bool // Data holds the transpose in row-major order
}

// New returns a matrix of zeros.
func New[T protocol.Float](rows, cols int) Matrix[T] {
	return Matrix[T]{Rows: rows, Cols: cols, Data: make([]T, rows*cols)}
}

// T returns the transpose, a view of the same data.
func (m Matrix[T]) T() Matrix[T] {
	return Matrix[T]{Rows: m.Cols, Cols: m.Rows, Data: m.Data, Transposed: !m.Transposed}
}

// Copy writes src to dst in row-major order.
func Copy[T protocol.Float](dst, src Matrix[T]) {
	if !src.Transposed {
		copy(dst.Data, src.Data)
		return
	}
	const square = 16 // elements, which stay in the cache until their neighbours are copied
	for i := 0; i < dst.Rows; i += square {
		for j := 0; j < dst.Cols; j += square {
			for r := i; r < min(i+square, dst.Rows); r++ {
				for c := j; c < min(j+square, dst.Cols); c++ {
					dst.Data[r*dst.Cols+c] = src.Data[c*dst.Rows+r]
				}
			}
		}
	}
}

// Multiplier holds the threads and the work space of products. The zero value is ready for use.
type Multiplier[T protocol.Float] struct{ pool *pool }

// Multiply writes A·B to dst, which must not be transposed and must not overlap A or B.
func (w *Multiplier[T]) Multiply(dst, a, b Matrix[T]) { w.product(dst, a, b, false) }

// Gram writes AᵀA to dst, which must not be transposed and must not overlap A. The result is
// symmetric to the bit.
func (w *Multiplier[T]) Gram(dst, a Matrix[T]) {
	w.product(dst, a.T(), a, true)
	n := dst.Cols
	const square = 16
	for i := 0; i < n; i += square {
		for j := i; j < n; j += square {
			for r := i; r < min(i+square, n); r++ {
				for c := max(j, r+1); c < min(j+square, n); c++ {
					dst.Data[c*n+r] = dst.Data[r*n+c]
				}
			}
		}
	}
}

// product writes A·B to dst. With upper it may omit elements below the diagonal.
func (w *Multiplier[T]) product(dst, a, b Matrix[T], upper bool) {
	if d, ok := any(dst.Data).([]float32); ok {
		if w.pool == nil {
			w.pool = newPool(Threads())
		}
		w.pool.product(job{d, any(a).(Matrix[float32]), any(b).(Matrix[float32]), upper})
		return
	}
	tA, a64 := general(any(a).(Matrix[float64]))
	tB, b64 := general(any(b).(Matrix[float64]))
	_, c64 := general(any(dst).(Matrix[float64]))
	blas64.Gemm(tA, tB, 1, a64, b64, 0, c64)
}

// general returns a matrix in gonum's form.
func general(m Matrix[float64]) (blas.Transpose, blas64.General) {
	if m.Transposed {
		return blas.Trans, blas64.General{Rows: m.Cols, Cols: m.Rows, Stride: m.Rows, Data: m.Data}
	}
	return blas.NoTrans, blas64.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Cols, Data: m.Data}
}
