package linalg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"noisebench/protocol"
)

// Products of matrices of all shapes, transposed or not, agree with the definition.
func TestProducts(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testProducts[float32](t, 1e-6) })
	t.Run("float64", func(t *testing.T) { testProducts[float64](t, 1e-14) })
}

func testProducts[T protocol.Float](t *testing.T, tolerance float64) {
	random := rand.New(rand.NewPCG(1, 2))
	var w Multiplier[T]
	for _, shape := range [][3]int{
		{1, 1, 1}, {6, 1, 16}, {5, 7, 15}, {7, 3, 17}, {12, 40, 32}, {13, 256, 129}, {6, 257, 128}, {31, 600, 300}, {800, 70, 140},
	} {
		m, k, n := shape[0], shape[1], shape[2]
		for transposed := range 4 {
			a, b := filled[T](random, m, k, transposed&1 != 0), filled[T](random, k, n, transposed&2 != 0)
			dst := New[T](m, n)
			w.Multiply(dst, a, b)
			compare(t, fmt.Sprintf("product %v, %d", shape, transposed), dst, a, b, tolerance*float64(k+4))
			gram := New[T](k, k)
			w.Gram(gram, a)
			compare(t, fmt.Sprintf("gram %v, %d", shape, transposed), gram, a.T(), a, tolerance*float64(m+4))
			for i := range k {
				for j := range i {
					if gram.Data[i*k+j] != gram.Data[j*k+i] {
						t.Fatalf("gram %v is not symmetric at (%d, %d)", shape, i, j)
					}
				}
			}
			for _, threads := range []int{1, 2, 5} {
				again, other, square := Multiplier[T]{newPool(threads)}, New[T](m, n), New[T](k, k)
				again.Multiply(other, a, b)
				again.Gram(square, a)
				if !slices.Equal(other.Data, dst.Data) || !slices.Equal(square.Data, gram.Data) {
					t.Errorf("product %v has other bits on %d threads", shape, threads)
				}
			}
		}
	}
}

func TestCopy(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][2]int{{1, 5}, {5, 1}, {16, 17}, {33, 40}} {
		a := filled[float32](random, shape[0], shape[1], true)
		b := New[float32](shape[0], shape[1])
		Copy(b, a)
		for i := range a.Rows {
			for j := range a.Cols {
				if at(b, i, j) != at(a, i, j) {
					t.Fatalf("%v: element (%d, %d) is %v, want %v", shape, i, j, at(b, i, j), at(a, i, j))
				}
			}
		}
	}
}

func filled[T protocol.Float](random *rand.Rand, rows, cols int, transposed bool) Matrix[T] {
	m := Matrix[T]{Rows: rows, Cols: cols, Transposed: transposed, Data: make([]T, rows*cols)}
	for i := range m.Data {
		m.Data[i] = T(random.NormFloat64())
	}
	return m
}

func at[T protocol.Float](m Matrix[T], i, j int) T {
	if m.Transposed {
		return m.Data[j*m.Rows+i]
	}
	return m.Data[i*m.Cols+j]
}

func compare[T protocol.Float](t *testing.T, what string, got, a, b Matrix[T], tolerance float64) {
	t.Helper()
	for i := range got.Rows {
		for j := range got.Cols {
			want := 0.0
			for k := range a.Cols {
				want += float64(at(a, i, k)) * float64(at(b, k, j))
			}
			if !(math.Abs(float64(at(got, i, j))-want) <= tolerance) {
				t.Fatalf("%s: element (%d, %d) is %v, want %v", what, i, j, at(got, i, j), want)
			}
		}
	}
}

// BenchmarkMultiply reports the speed of products as in a step of Muon on 3136 × 1024 weights.
func BenchmarkMultiply(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	x, s, y := filled[float32](random, 3136, 1024, false), New[float32](1024, 1024), New[float32](3136, 1024)
	var w Multiplier[float32]
	b.Run("gram", func(b *testing.B) {
		for b.Loop() {
			w.Gram(s, x)
		}
		b.ReportMetric(float64(b.N)*3136*1024*1024/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
	b.Run("product", func(b *testing.B) {
		for b.Loop() {
			w.Multiply(y, x, s)
		}
		b.ReportMetric(float64(b.N)*2*3136*1024*1024/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	})
}

func TestThreads(t *testing.T) {
	t.Cleanup(func() { SetThreads(0) })
	for _, c := range []struct{ set, want int }{
		{3, 3}, {0, runtime.GOMAXPROCS(0)}, {1, 1}, {-2, runtime.GOMAXPROCS(0)},
	} {
		if SetThreads(c.set); Threads() != c.want {
			t.Errorf("%d threads after SetThreads(%d), want %d", Threads(), c.set, c.want)
		}
	}
}
