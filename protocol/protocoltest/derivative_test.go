package protocoltest

import (
	"math"
	"testing"
)

// polynomial is f(x) = xᵏ on the line from −1 to 1 + shift, whose gradient is claimed to be
// claim·k·xᵏ⁻¹.
func polynomial(k int, shift, claim float64) *line[float64] {
	return &line[float64]{
		x: []float64{shift / 2}, v: []float64{1 + shift/2},
		loss: func(x []float64) (float64, error) { return math.Pow(x[0], float64(k)), nil },
		gradient: func(x []float64) ([]float64, error) {
			return []float64{claim * float64(k) * math.Pow(x[0], float64(k-1))}, nil
		},
	}
}

// TestKronrod: the rule of 7 points is exact up to degree 11, and no further.
func TestKronrod(t *testing.T) {
	for k := 1; k <= 13; k++ {
		p, err := polynomial(k, 0.5, 1).integrate(-1, 1, []float64{1.25})
		if err != nil {
			t.Fatal(err)
		}
		if exact := math.Abs(p.gap) < 1e-12; exact != (k <= 12) {
			t.Errorf("the integral of a polynomial of degree %d is off by %g", k-1, p.gap)
		}
	}
}

// TestCompareKink integrates across a kink near the end, where no node sees it at first.
func TestCompareKink(t *testing.T) {
	for _, claim := range []float64{1, 1.001} {
		l := &line[float64]{
			x: []float64{0}, v: []float64{1},
			loss: func(x []float64) (float64, error) { return x[0] + 3*max(0, x[0]-0.97), nil },
			gradient: func(x []float64) ([]float64, error) {
				if x[0] > 0.97 {
					return []float64{4 * claim}, nil
				}
				return []float64{claim}, nil
			},
		}
		c, err := l.compare(1e-16, 30)
		if err != nil {
			t.Fatal(err)
		}
		if c.wrong() != (claim != 1) || !c.resolved() {
			t.Errorf("gradient times %g: claimed %g, actual %g ± %g", claim, c.claimed, c.actual, c.err)
		}
	}
}

// TestNoise estimates the error of a loss that is rounded to multiples of 1e-6, of standard
// deviation 1e-6/√12.
func TestNoise(t *testing.T) {
	l := polynomial(3, 0.5, 1)
	exact := l.loss
	l.loss = func(x []float64) (float64, error) {
		f, err := exact(x)
		return math.Round(f*1e6) / 1e6, err
	}
	l.v[0] = 1000 // so that the points fall on different multiples
	got, err := l.noise()
	if err != nil {
		t.Fatal(err)
	}
	if want := 1e-6 / math.Sqrt(12); got < want/3 || got > want*3 {
		t.Errorf("noise is %g, want about %g", got, want)
	}
}
