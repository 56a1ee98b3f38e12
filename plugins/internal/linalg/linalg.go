// Package linalg multiplies matrices in either width. Products of float32 use the tiles of package simd, those of float64
// gonum. A result depends on nothing but the arguments: the order of every sum is fixed.
package linalg

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"noisebench/protocol"
)

// Matrix is a view of numbers as a matrix without gaps between its rows.
type Matrix[T protocol.Float] struct {
	Rows, Cols int
	Data       []T
	Transposed bool // Data holds the transpose, row by row
}

// New returns a matrix of zeros.
func New[T protocol.Float](rows, cols int) Matrix[T] {
	return Matrix[T]{Rows: rows, Cols: cols, Data: make([]T, rows*cols)}
}

// T is the transpose, a view of the same numbers.
func (m Matrix[T]) T() Matrix[T] {
	return Matrix[T]{Rows: m.Cols, Cols: m.Rows, Data: m.Data, Transposed: !m.Transposed}
}

// Copy writes src to dst, row by row.
func Copy[T protocol.Float](dst, src Matrix[T]) {
	if !src.Transposed {
		copy(dst.Data, src.Data)
		return
	}
	const square = 16 // of elements, that stay in the cache until their neighbours are copied
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

// Multiplier has the threads and the room that products need. Its zero value is ready.
type Multiplier[T protocol.Float] struct{ crew *crew }

// Multiply writes A·B to dst, which is not transposed and overlaps neither.
func (w *Multiplier[T]) Multiply(dst, a, b Matrix[T]) { w.product(dst, a, b, false) }

// Gram writes AᵀA to dst, which is not transposed and does not overlap A. It is symmetric to the bit.
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

// product writes A·B to dst; upper: it may leave out what lies below the diagonal.
func (w *Multiplier[T]) product(dst, a, b Matrix[T], upper bool) {
	if d, ok := any(dst.Data).([]float32); ok {
		if w.crew == nil {
			w.crew = newCrew(Threads())
		}
		w.crew.product(job{d, any(a).(Matrix[float32]), any(b).(Matrix[float32]), upper})
		return
	}
	tA, a64 := general(any(a).(Matrix[float64]))
	tB, b64 := general(any(b).(Matrix[float64]))
	_, c64 := general(any(dst).(Matrix[float64]))
	blas64.Gemm(tA, tB, 1, a64, b64, 0, c64)
}

// general is how gonum sees a matrix.
func general(m Matrix[float64]) (blas.Transpose, blas64.General) {
	if m.Transposed {
		return blas.Trans, blas64.General{Rows: m.Cols, Cols: m.Rows, Stride: m.Rows, Data: m.Data}
	}
	return blas.NoTrans, blas64.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Cols, Data: m.Data}
}
