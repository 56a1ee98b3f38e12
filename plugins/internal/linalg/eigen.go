package linalg

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack/gonum"

	"noisebench/plugins/internal/simd"
)

// eigen computes the eigenvalues of a symmetric matrix in d.values and its eigenvectors in the rows
// of d.b; d.order lists their indices in descending order of the eigenvalues.
//
// It reduces the matrix to tridiagonal form by LAPACK and continues by implicit QL, which rotates
// contiguous rows. gonum's Dsteqr rotates columns and takes several times as long.
func (d *Decomposer[T]) eigen(a Matrix[T]) {
	n := a.Rows
	m := d.square(&d.a, n)
	for i, v := range a.Data {
		m.Data[i] = float64(v)
	}
	d.values, d.beside, d.scalars = room(d.values, n), room(d.beside, n), room(d.scalars, n)
	var lapack gonum.Implementation
	d.query(func(work []float64, size int) {
		lapack.Dsytrd(blas.Upper, n, m.Data, n, d.values, d.beside, d.scalars, work, size)
	})
	d.query(func(work []float64, size int) {
		lapack.Dorgtr(blas.Upper, n, m.Data, n, d.scalars, work, size)
	})
	vectors := d.square(&d.b, n)
	Copy(Matrix[float64]{Rows: n, Cols: n, Data: vectors.Data},
		Matrix[float64]{Rows: n, Cols: n, Data: m.Data, Transposed: true})
	d.rotations = slices.Grow(d.rotations[:0], n)
	for l := range n {
		for sweeps := 0; d.sweep(l, vectors.Data); sweeps++ {
			if sweeps == 100 {
				panic("linalg: the eigenvalues of a symmetric matrix do not converge; is it " +
					"finite?")
			}
		}
	}
	d.order = d.order[:0]
	for i := range n {
		d.order = append(d.order, i)
	}
	slices.SortStableFunc(d.order, func(i, j int) int { return cmp.Compare(d.values[j], d.values[i]) })
}

// sweep makes one step of implicit QL with Wilkinson's shift (EISPACK's imtql2), from the first
// negligible off-diagonal element back to l. It reports whether a step was necessary.
func (d *Decomposer[T]) sweep(l int, vectors []float64) bool {
	v, e, n := d.values, d.beside, len(d.values)
	m := l
	for m < n-1 {
		if size := math.Abs(v[m]) + math.Abs(v[m+1]); math.Abs(e[m]) <= 0x1p-53*size {
			break
		}
		m++
	}
	if m == l {
		return false
	}
	g := (v[l+1] - v[l]) / (2 * e[l])
	g = v[m] - v[l] + e[l]/(g+math.Copysign(math.Hypot(g, 1), g))
	d.rotations = d.rotations[:0]
	s, c, p := 1.0, 1.0, 0.0
	for i := m - 1; ; i-- {
		if i < l {
			v[l] -= p
			e[l], e[m] = g, 0
			break
		}
		f, b := s*e[i], c*e[i]
		r := math.Hypot(f, g)
		e[i+1] = r
		if r == 0 {
			v[i+1] -= p
			e[m] = 0
			break
		}
		s, c = f/r, g/r
		g = v[i+1] - p
		r = (v[i]-g)*s + 2*c*b
		p = s * r
		v[i+1] = g + p
		g = c*r - b
		d.rotations = append(d.rotations, simd.Rotation{C: c, S: s})
	}
	simd.Rotate(vectors, n, m, d.rotations)
	return true
}
