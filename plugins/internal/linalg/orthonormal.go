package linalg

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// panel is the number of Householder reflections that are applied together.
const panel = 32

// reflector holds the work space of QR decompositions. It uses contiguous rows where LAPACK uses
// columns.
type reflector[T protocol.Float] struct {
	product Multiplier[T]
	rows    []T // of the transpose of A, then of Q
	v       []T // vectors of the reflections, one per row
	// of each panel, whose product of reflections is I − Vᵀ T V for column vectors (Schreiber & Van
	// Loan 1989)
	t       []T
	y, z, d []T
}

// Orthonormal writes to q the result of the Gram–Schmidt process for the columns of a in the given
// order, up to signs: the factor Q of a QR decomposition by Householder reflections, computed in
// the element type.
func (d *Decomposer[T]) Orthonormal(q, a Matrix[T], order []int) {
	n, r := a.Rows, &d.reflector
	if len(r.rows) < n*n {
		r.rows, r.v, r.d = make([]T, n*n), make([]T, n*n), make([]T, n*n)
		r.t, r.y, r.z = make([]T, n*panel), make([]T, n*panel), make([]T, n*panel)
	}
	greatest := 0.0
	for _, v := range a.Data {
		greatest = max(greatest, math.Abs(float64(v)))
	}
	_, exponent := math.Frexp(greatest)
	scale := math.Ldexp(1, -exponent) // keeps squares of float32 in range
	rows := r.rows[:n*n]
	for j, from := range order {
		for i := range n {
			rows[j*n+i] = T(float64(a.Data[i*n+from]) * scale)
		}
	}
	clear(r.v[:n*n])
	for p := 0; p < n; p += panel {
		k := min(panel, n-p)
		r.reflect(n, p, k)
		r.apply(n, p, k, p+k, false)
	}
	clear(rows)
	for i := range n {
		rows[i*n+i] = 1
	}
	for p := (n - 1) / panel * panel; p >= 0; p -= panel {
		r.apply(n, p, min(panel, n-p), p, true)
	}
	Copy(q, Matrix[T]{Rows: n, Cols: n, Data: rows, Transposed: true})
}

// reflect computes the k reflections that reduce the rows from p on to triangular form, and their
// T.
func (r *reflector[T]) reflect(n, p, k int) {
	t := r.t[p*panel:][:k*k]
	clear(t)
	for i := range k {
		x, v := r.rows[(p+i)*n+p+i:][:n-p-i], r.v[(p+i)*n+p+i:][:n-p-i]
		τ := 0.0
		if norm := math.Sqrt(dot(x, x)); norm > 0 {
			head := float64(x[0])
			β := -math.Copysign(norm, head)
			simd.Scale(v, T(1/(head-β)), x)
			v[0], τ = 1, (β-head)/β
		}
		for j := i + 1; j < k; j++ {
			row := r.rows[(p+j)*n+p+i:][:n-p-i]
			simd.Axpy(row, T(-τ*dot(v, row)), v)
		}
		for j := range i {
			r.z[j] = T(dot(r.v[(p+j)*n+p+i:][:n-p-i], v))
		}
		for j := range i {
			sum := 0.0
			for l := j; l < i; l++ {
				sum += float64(t[j*k+l]) * float64(r.z[l])
			}
			t[j*k+i] = T(-τ * sum)
		}
		t[i*k+i] = T(τ)
	}
}

// apply multiplies the rows from the given one on by the reflections of a panel, or by their
// inverse.
func (r *reflector[T]) apply(n, p, k, from int, inverse bool) {
	m := n - from
	if m == 0 {
		return
	}
	rows := Matrix[T]{Rows: m, Cols: n, Data: r.rows[from*n:][:m*n]}
	v := Matrix[T]{Rows: k, Cols: n, Data: r.v[p*n:][:k*n]}
	y, z := Matrix[T]{Rows: m, Cols: k, Data: r.y[:m*k]}, Matrix[T]{
		Rows: m, Cols: k,
		Data: r.z[:m*k],
	}
	d := Matrix[T]{Rows: m, Cols: n, Data: r.d[:m*n]}
	t := Matrix[T]{Rows: k, Cols: k, Data: r.t[p*panel:][:k*k]}
	if inverse {
		t = t.T()
	}
	r.product.Multiply(y, rows, v.T())
	r.product.Multiply(z, y, t)
	r.product.Multiply(d, z, v)
	simd.Sub(rows.Data, rows.Data, d.Data)
}

func dot[T protocol.Float](x, y []T) float64 {
	if x32, ok := any(x).([]float32); ok {
		return simd.Dot(x32, any(y).([]float32))
	}
	sum := 0.0
	for i, v := range x {
		sum += float64(v) * float64(y[i])
	}
	return sum
}
