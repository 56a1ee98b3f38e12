package linalg

import (
	"math"
	"math/rand/v2"
	"testing"

	"noisebench/protocol"
)

// symmetric returns random matrices of several ranks: B Bᵀ for an n × rank matrix B, and one with
// equal eigenvalues.
func symmetric[T protocol.Float](n, rank int) Matrix[T] {
	random := rand.New(rand.NewPCG(uint64(n), uint64(rank)))
	a := New[T](n, n)
	if rank == 0 {
		for i := range n {
			a.Data[i*n+i] = 3
		}
		return a
	}
	var w Multiplier[T]
	w.Gram(a, filled[T](random, rank, n, false))
	return a
}

var sizes = [][2]int{{1, 1}, {2, 2}, {3, 1}, {7, 3}, {8, 0}, {20, 40}, {65, 64}, {130, 20}}

// Eigenvectors are orthonormal, diagonalize the matrix, and are in descending order of eigenvalues.
func TestEigenvectors(t *testing.T) {
	t.Run("float64", func(t *testing.T) { testEigenvectors[float64](t, 1e-13) })
	t.Run("float32", func(t *testing.T) { testEigenvectors[float32](t, 1e-5) })
}

func testEigenvectors[T protocol.Float](t *testing.T, tolerance float64) {
	var d Decomposer[T]
	var w Multiplier[T]
	for _, size := range sizes {
		n := size[0]
		a, q := symmetric[T](n, size[1]), New[T](n, n)
		d.Eigenvectors(q, a)
		orthonormal(t, q, tolerance)
		image, diagonal := New[T](n, n), New[T](n, n)
		w.Multiply(image, a, q)
		w.Multiply(diagonal, q.T(), image)
		greatest := float64(diagonal.Data[0])
		for i := range n {
			for j := range n {
				if v := float64(diagonal.Data[i*n+j]); i != j && !(math.Abs(v) <= tolerance*greatest*float64(n)) {
					t.Fatalf("%v: QᵀAQ has %v at (%d, %d)", size, v, i, j)
				}
			}
			if i > 0 && float64(diagonal.Data[i*n+i]-diagonal.Data[(i-1)*n+i-1]) > tolerance*greatest*float64(n) {
				t.Fatalf("%v: eigenvalue %d is above the one before", size, i)
			}
		}
	}
}

// For every order of the columns, the first columns of Q span the same space as those of a, at any
// scale.
func TestOrthonormal(t *testing.T) {
	t.Run("float64", func(t *testing.T) { testOrthonormal[float64](t, 1e-13, 1e-200) })
	t.Run("float32", func(t *testing.T) { testOrthonormal[float32](t, 1e-5, 1e-30) })
}

func testOrthonormal[T protocol.Float](t *testing.T, tolerance, tiny float64) {
	var d Decomposer[T]
	var w Multiplier[T]
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 9, 32, 33, 70, 200} {
		for _, scale := range []float64{1, tiny, 1 / tiny} {
			a, q := filled[T](random, n, n, false), New[T](n, n)
			order := random.Perm(n)
			for i := range a.Data {
				a.Data[i] *= T(scale)
			}
			d.Orthonormal(q, a, order)
			orthonormal(t, q, tolerance)
			for i := range a.Data {
				a.Data[i] /= T(scale)
			}
			triangle := New[T](n, n)
			w.Multiply(triangle, q.T(), a)
			for j, from := range order {
				for i := j + 1; i < n; i++ {
					if v := float64(triangle.Data[i*n+from]); !(math.Abs(v) <= 50*tolerance) {
						t.Fatalf("n = %d, scale %v: row %d of Q has a part %v in column %d of A", n, scale, i, v, from)
					}
				}
			}
		}
	}
}

// Q is orthonormal even if columns are linearly dependent or 0.
func TestOrthonormalOfLowRank(t *testing.T) {
	var d Decomposer[float32]
	for _, rank := range []int{0, 1, 40} {
		a, q := New[float32](100, 100), New[float32](100, 100)
		if rank > 0 {
			a = symmetric[float32](100, rank)
		}
		d.Orthonormal(q, a, rand.New(rand.NewPCG(1, 2)).Perm(100))
		orthonormal(t, q, 1e-5)
	}
}

// The inverse root to the power p, times A + εI, is the identity.
func TestInverseRoot(t *testing.T) {
	var d Decomposer[float64]
	var w Multiplier[float64]
	for _, size := range sizes {
		n := size[0]
		const ε = 0.25
		a, root := symmetric[float64](n, size[1]), New[float64](n, n)
		for _, p := range []int{1, 2, 4} {
			d.InverseRoot(root, a, ε, float64(p))
			product, next := New[float64](n, n), New[float64](n, n)
			for i := range n {
				for j := range n {
					product.Data[i*n+j] = a.Data[i*n+j]
				}
				product.Data[i*n+i] += ε
			}
			for range p {
				w.Multiply(next, product, root)
				product, next = next, product
			}
			for i := range n {
				for j := range n {
					want := 0.0
					if i == j {
						want = 1
					}
					if !(math.Abs(product.Data[i*n+j]-want) <= 1e-9) {
						t.Fatalf("%v: root of order %d: (%d, %d) is %v, want %v", size, p, i, j, product.Data[i*n+j], want)
					}
				}
			}
		}
	}
}

func orthonormal[T protocol.Float](t *testing.T, q Matrix[T], tolerance float64) {
	t.Helper()
	n := q.Cols
	var w Multiplier[T]
	gram := New[T](n, n)
	w.Gram(gram, q)
	for i := range n {
		for j := range n {
			want := 0.0
			if i == j {
				want = 1
			}
			if !(math.Abs(float64(gram.Data[i*n+j])-want) <= tolerance) {
				t.Fatalf("n = %d: columns %d and %d have the product %v, want %v", n, i, j, gram.Data[i*n+j], want)
			}
		}
	}
}

// BenchmarkDecompositions times them for a side of 1024.
func BenchmarkDecompositions(b *testing.B) {
	var d Decomposer[float32]
	a, q := symmetric[float32](1024, 2048), New[float32](1024, 1024)
	order := make([]int, 1024)
	for i := range order {
		order[i] = i
	}
	b.Run("eigenvectors", func(b *testing.B) {
		for b.Loop() {
			d.Eigenvectors(q, a)
		}
	})
	b.Run("orthonormal", func(b *testing.B) {
		for b.Loop() {
			d.Orthonormal(q, a, order)
		}
	})
}
