package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/blas/blas64"
)

// TestRotate: assembly and portable code give the same bits, and those of BLAS up to rounding, with
// and without columns and rows that are left over.
func TestRotate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 5, 31, 32, 33, 64, 100, 131} {
		const rows, last = 9, 7
		matrix := make([]float64, rows*n)
		for i := range matrix {
			matrix[i] = random.NormFloat64()
		}
		rotations := make([]Rotation, 5)
		for i := range rotations {
			rotations[i].S, rotations[i].C = math.Sincos(7 * random.Float64())
		}
		got, portable, want := slices.Clone(matrix), slices.Clone(matrix), slices.Clone(matrix)
		Rotate(got, n, last, rotations)
		portably(func() { Rotate(portable, n, last, rotations) })
		if !slices.Equal(got, portable) {
			t.Errorf("with %d columns, assembly and portable code differ", n)
		}
		for k, r := range rotations {
			row := func(i int) blas64.Vector { return blas64.Vector{N: n, Inc: 1, Data: want[i*n:][:n]} }
			blas64.Rot(row(last-1-k), row(last-k), r.C, -r.S)
		}
		for i, v := range got {
			if math.Abs(v-want[i]) > 1e-14 {
				t.Fatalf("with %d columns, element %d is %v, want %v", n, i, v, want[i])
			}
		}
		Rotate(got, n, last, nil)
		if !slices.Equal(got, portable) {
			t.Errorf("no rotations change a matrix of %d columns", n)
		}
	}
}
