package reproduce

import (
	"math"
	"testing"
)

func TestBetter(t *testing.T) {
	for _, c := range []struct {
		what   string
		x, y   []float64
		higher bool
		want   Verdict
		p      float64
	}{
		// Five pairs on one side: of the 2⁵ sign patterns one has so large a sum, 1/32 ≤ 0.05.
		{"five of five", []float64{1, 2, 3, 4, 5}, []float64{0, 1, 1, 2, 2}, true, Confirmed, 1. / 32},
		{"four of four", []float64{1, 2, 3, 4}, []float64{0, 1, 1, 2}, true, Inconclusive, 1. / 16},
		{"the other way", []float64{0, 1, 1, 2, 2}, []float64{1, 2, 3, 4, 5}, true, Contradicted, 1. / 32},
		{"lower is better", []float64{0, 1, 1, 2, 2}, []float64{1, 2, 3, 4, 5}, false, Confirmed, 1. / 32},
		{"no difference", []float64{1, 1, 1, 1, 1}, []float64{1, 1, 1, 1, 1}, true, Inconclusive, 0.5},
		// −1 + 2 + 3 = 4; the sums of ±1 ±2 ±3 are 6, 4, 2, 0, 0, −2, −4 and −6, two of them 4 or more.
		{"three, mixed", []float64{-1, 2, 3}, []float64{0, 0, 0}, true, Inconclusive, 2. / 8},
		{"nothing", nil, nil, true, Inconclusive, math.NaN()},
	} {
		f := better("S-00", "", "", c.x, c.y, c.higher)
		if f.Verdict != c.want || len(c.x) > 0 && math.Abs(f.P-c.p) > 1e-15 {
			t.Errorf("%s: %s with p = %v, want %s with %v", c.what, f.Verdict, f.P, c.want, c.p)
		}
	}
}

func TestSame(t *testing.T) {
	y := make([]float64, 10)
	// Differences 0.1 ± 0.05: the 90 % interval is 0.1 ± 1.833·0.0527/√10 = 0.1 ± 0.0306.
	x := []float64{.05, .15, .05, .15, .05, .15, .05, .15, .05, .15}
	for _, c := range []struct {
		δ    float64
		want Verdict
	}{{0.14, Confirmed}, {0.12, Inconclusive}, {0.08, Inconclusive}, {0.06, Contradicted}} {
		if f := same("", "", "", x, y, c.δ); f.Verdict != c.want {
			t.Errorf("within ±%g: %s for [%g, %g], want %s", c.δ, f.Verdict, f.Low, f.High, c.want)
		}
	}
}
