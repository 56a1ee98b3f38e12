package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestWelch(t *testing.T) {
	// Student's sleep data taken as two samples: R's t.test(extra ~ group) gives t = -1.8608, df =
	// 17.776, p = .07939 and the interval [-3.3654832, 0.2054832].
	x := []float64{.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2}
	y := []float64{1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	d := Welch(x, y, .95)
	checkNear(t, "difference", d.Mean, -1.58, 1e-12)
	checkNear(t, "low", d.Low, -3.3654832, 1e-7)
	checkNear(t, "high", d.High, .2054832, 1e-7)
	checkNear(t, "p", d.P, .07939414, 1e-8)
	if r := Welch(y, x, .95); r.Mean != -d.Mean || r.P != d.P || r.Low != -d.High {
		t.Errorf("exchanged: %+v, want the mirror image of %+v", r, d)
	}

	for _, c := range []struct {
		name string
		x, y []float64
		want Difference
	}{
		{"one value", []float64{1}, []float64{2, 3}, Difference{-1.5, nan, nan, nan}},
		{"no value", nil, []float64{2, 3}, Difference{nan, nan, nan, nan}},
		{"constants", []float64{1, 1}, []float64{2, 2}, Difference{-1, -1, -1, 0}},
		{"equal constants", []float64{1, 1}, []float64{1, 1}, Difference{0, 0, 0, 1}},
		{"infinity", []float64{1, math.Inf(1)}, []float64{2, 2}, Difference{inf, nan, nan, nan}},
	} {
		got := Welch(c.x, c.y, .95)
		checkNear(t, c.name+": difference", got.Mean, c.want.Mean, 0)
		checkNear(t, c.name+": low", got.Low, c.want.Low, 0)
		checkNear(t, c.name+": high", got.High, c.want.High, 0)
		checkNear(t, c.name+": p", got.P, c.want.P, 0)
	}
}

// Unequal variances and sizes do not raise the error of the first kind, which they would for
// Student's test.
func TestWelchCalibration(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	const trials = 4000
	wrong, outside := 0, 0
	for range trials {
		x, y := make([]float64, 20), make([]float64, 6)
		for i := range x {
			x[i] = random.NormFloat64()
		}
		for i := range y {
			y[i] = 4 * random.NormFloat64()
		}
		d := Welch(x, y, .95)
		if d.P <= .05 {
			wrong++
		}
		if d.Low > 0 || d.High < 0 {
			outside++
		}
	}
	checkNear(t, "share of p ≤ .05 under the null hypothesis", float64(wrong)/trials, .05, .012)
	if wrong != outside {
		t.Errorf("test rejects %d times, interval excludes 0 %d times: want the same", wrong, outside)
	}
}
