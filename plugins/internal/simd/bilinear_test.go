package simd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBilinear: of integers, the maps and the products of their sums give a convolution exactly;
// assembly and portable code give the same bits of any numbers.
func TestBilinear(t *testing.T) {
	random := rand.New(rand.NewPCG(19, 20))
	for taps, b := range Bilinears {
		for _, n := range []int{1, 7, 8, 19} {
			t.Run(fmt.Sprint(taps, "×", n), func(t *testing.T) {
				side, plane := taps+1, n+2
				dx, dy := n+1, side*(n+1)+3
				points := b.Points * b.Points
				image, window, bias := make([]float32, side*dy), make([]float32, taps*taps*n), make([]float32, n)
				for _, v := range [][]float32{image, window, bias} {
					for i := range v {
						v[i] = float32(random.IntN(17) - 8)
					}
				}
				sums := make([]float32, points*plane)
				b.Image(sums, plane, image, dy, dx, n)
				for p := range points {
					for c := range n {
						w := float32(0)
						for tap := range taps * taps {
							w += b.Window(p, tap) * window[tap*n+c]
						}
						sums[p*plane+c] *= w
					}
				}
				got := make([]float32, 4*n)
				b.Out(got, 2*n, n, bias, sums, plane, n)
				for at := range got {
					y, x, c := at/(2*n), at/n%2, at%n
					want := bias[c]
					for tap := range taps * taps {
						want += window[tap*n+c] * image[(y+tap/taps)*dy+(x+tap%taps)*dx+c]
					}
					if got[at] != want {
						t.Errorf("channel %d at (%d, %d) is %v, want %v", c, y, x, got[at], want)
					}
				}

				image, bias = vector(random, len(image)), vector(random, n)
				run := func() []float32 {
					sums, out := make([]float32, points*plane), make([]float32, 4*n)
					b.Image(sums, plane, image, dy, dx, n)
					b.Out(out, 2*n, n, bias, sums, plane, n)
					return append(sums, out...)
				}
				with := run()
				portably(func() {
					if without := run(); !slices.Equal(with, without) {
						t.Errorf("with assembly %v, without %v", with, without)
					}
				})
			})
		}
	}
}
