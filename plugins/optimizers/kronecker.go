package optimizers

import (
	"cmp"
	"slices"

	"noisebench/plugins/internal/linalg"
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// side is one side of a matrix: an average of G Gᵀ or of Gᵀ G, and the matrices that are regularly
// computed from it. If the side is too long, it is empty (n = 0) and represents the identity.
type side[T protocol.Float] struct {
	n      int
	a, q   linalg.Matrix[T]
	next   linalg.Matrix[T] // room
	order  []int            // of the columns of q
	length []float64        // of these, in a
}

func newSide[T protocol.Float](n int, most float64) side[T] {
	if float64(n) > most {
		return side[T]{}
	}
	return side[T]{
		n: n, a: linalg.New[T](n, n), q: linalg.New[T](n, n), next: linalg.New[T](n, n),
		order: make([]int, n), length: make([]float64, n),
	}
}

// twoSided is the state of soap and shampoo for one matrix: averages as in Adam, and its sides.
type twoSided[T protocol.Float] struct {
	matrix
	m, v        []T     // in the basis for soap
	left, right side[T] // for the stored rows and columns
}

// as returns the part of a work space that the matrix needs, in its shape.
func (b *twoSided[T]) as(room []T) linalg.Matrix[T] {
	return linalg.Matrix[T]{Rows: b.rows, Cols: b.cols, Data: room[:b.Len]}
}

func newTwoSided[T protocol.Float](matrices []matrix, most float64) (list []twoSided[T]) {
	for _, b := range matrices {
		list = append(list, twoSided[T]{
			matrix: b, m: make([]T, b.Len), v: make([]T, b.Len),
			left: newSide[T](b.rows, most), right: newSide[T](b.cols, most),
		})
	}
	return list
}

func statesOf[T protocol.Float](matrices []twoSided[T]) (list []any) {
	for i := range matrices {
		b := &matrices[i]
		list = append(list, &b.m, &b.v, &b.left.a.Data, &b.left.q.Data, &b.right.a.Data, &b.right.q.Data)
	}
	return list
}

// decompose sets q to the eigenvectors of a.
func (s *side[T]) decompose(d *linalg.Decomposer[T]) {
	if s.n > 0 {
		d.Eigenvectors(s.q, s.a)
	}
}

// turn makes one power iteration on the basis, after sorting its columns. It returns the new order.
func (s *side[T]) turn(k *kronecker[T]) []int {
	if s.n == 0 {
		return nil
	}
	k.Multiply(s.next, s.a, s.q)
	for j := range s.n {
		s.order[j], s.length[j] = j, 0
		for i := range s.n {
			s.length[j] += float64(s.q.Data[i*s.n+j]) * float64(s.next.Data[i*s.n+j])
		}
	}
	slices.SortStableFunc(s.order, func(i, j int) int { return cmp.Compare(s.length[j], s.length[i]) })
	k.Orthonormal(s.q, s.next, s.order)
	return s.order
}

// kronecker holds the work space of products with both sides of a matrix.
type kronecker[T protocol.Float] struct {
	linalg.Multiplier[T]
	linalg.Decomposer[T]
	u, w, v []T // work space for the largest matrix
}

func newKronecker[T protocol.Float](matrices []matrix) kronecker[T] {
	most := 0
	for _, b := range matrices {
		most = max(most, b.Len)
	}
	return kronecker[T]{u: make([]T, most), w: make([]T, most), v: make([]T, most)}
}

// average updates the average of one side by GᵀG, with the given weight of the past.
func (k *kronecker[T]) average(s *side[T], g linalg.Matrix[T], β float64) {
	if s.n > 0 {
		k.Gram(s.next, g)
		simd.Average(s.a.Data, T(β), s.next.Data)
	}
}

// between writes A·B·C to dst. An empty A or C is the identity.
func (k *kronecker[T]) between(dst, a, b, c linalg.Matrix[T]) {
	switch {
	case a.Rows == 0 && c.Rows == 0:
		copy(dst.Data, b.Data)
	case a.Rows == 0:
		k.Multiply(dst, b, c)
	case c.Rows == 0:
		k.Multiply(dst, a, b)
	default:
		room := linalg.Matrix[T]{Rows: b.Rows, Cols: b.Cols, Data: k.v[:b.Rows*b.Cols]}
		k.Multiply(room, a, b)
		k.Multiply(dst, room, c)
	}
}
