package linalg

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// Decomposer decomposes square matrices; symmetric ones are decomposed in float64 for both element
// types. It keeps its work space. The zero value is ready for use. Matrices must be finite, and
// destinations must not be transposed.
type Decomposer[T protocol.Float] struct {
	a, b, c, work           []float64
	values, beside, scalars []float64
	rotations               []simd.Rotation
	order                   []int
	reflector               reflector[T]
}

// Eigenvectors writes the eigenvectors of a symmetric matrix to the columns of q, in descending
// order of the eigenvalues.
func (d *Decomposer[T]) Eigenvectors(q, a Matrix[T]) {
	n := a.Rows
	d.eigen(a)
	for j, row := range d.order {
		for i, v := range d.b[row*n:][:n] {
			q.Data[i*n+j] = T(v)
		}
	}
}

// InverseRoot writes (A + εI)^(−1/p) to dst, for a positive semidefinite A. Eigenvalues below 0,
// which result from rounding, count as 0.
func (d *Decomposer[T]) InverseRoot(dst, a Matrix[T], ε, p float64) {
	n := a.Rows
	d.eigen(a)
	vectors, weighted, product := d.square(&d.b, n), d.square(&d.a, n), d.square(&d.c, n)
	for i, λ := range d.values {
		root := math.Pow(max(λ, 0)+ε, -1/p)
		for j, v := range vectors.Data[i*n:][:n] {
			weighted.Data[i*n+j] = v * root
		}
	}
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, weighted, vectors, 0, product)
	for i, v := range product.Data {
		dst.Data[i] = T(v)
	}
}

func (d *Decomposer[T]) square(data *[]float64, n int) blas64.General {
	*data = room(*data, n*n)
	return blas64.General{Rows: n, Cols: n, Stride: n, Data: *data}
}

// query calls a routine of LAPACK with the work space that it requests.
func (d *Decomposer[T]) query(routine func(work []float64, n int)) {
	var best [1]float64
	routine(best[:], -1)
	n := int(best[0])
	d.work = room(d.work, n)
	routine(d.work, n)
}

// room returns a slice of n elements, which reuses s if that is long enough.
func room(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}
