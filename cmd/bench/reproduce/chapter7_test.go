package reproduce

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"

	"noisebench/protocol"
)

// second is Σ aaᵀ over rows a.
func second(rows [][]float64) []float64 {
	d := len(rows[0])
	sum := make([]float64, d*d)
	for _, a := range rows {
		for i := range d {
			floats.AddScaled(sum[i*d:(i+1)*d], a[i], a)
		}
	}
	return sum
}

func product(a, x []float64) []float64 {
	y := make([]float64, len(x))
	for i := range y {
		y[i] = floats.Dot(a[i*len(x):(i+1)*len(x)], x)
	}
	return y
}

// undamped solves Ax = g, whatever units the features have; where a feature is there twice, so that
// A is singular, the two share what one has alone.
func TestUndamped(t *testing.T) {
	const d = 6
	random := protocol.Stream(0, protocol.PurposeNoise)
	var rows, doubled [][]float64
	for range 4 * d {
		a := make([]float64, d)
		for j := range a {
			a[j] = random.NormFloat64() * math.Pow(10, float64(2*j-d))
		}
		rows, doubled = append(rows, a), append(doubled, append(slices.Clone(a), a[2]))
	}
	want := []float64{3e6, -2e4, 4e2, 1, -5e-2, 2e-4} // all features matter as much
	g := product(second(rows), want)
	got := undamped(second(rows), g)
	shared := undamped(second(doubled), append(slices.Clone(g), g[2]))
	for j, v := range want {
		if math.Abs(got[j]/v-1) > 1e-9 {
			t.Errorf("element %d is %g, want %g", j, got[j], v)
		}
		if j == 2 {
			v /= 2
		}
		if math.Abs(shared[j]/v-1) > 1e-7 {
			t.Errorf("with one feature twice, element %d is %g, want %g", j, shared[j], v)
		}
	}
	if math.Abs(shared[d]/shared[2]-1) > 1e-7 {
		t.Errorf("the two elements of a feature that is there twice are %g and %g", shared[2], shared[d])
	}
}

// The least cosine between EFGD's and NGD's directions, and the iteration that has it. That of
// BreastCancer is also what QR factorizations of the data give, weighted by the roots of both
// matrices' weights, which have the root of their condition. Damped ones differ: Energy's is -0.276.
func TestCosines(t *testing.T) {
	notShort(t)
	for _, c := range []struct {
		name  string
		γ, λ  float64
		least float64
		at    int
	}{
		{"Boston", 1.25, -8, -0.926, 8},
		{"BreastCancer", -1.125, -10, 0.813, 52},
		{"Wine", -1.375, -6, -0.216, 36},
		{"Energy", 0.875, -3, -0.995, 57},
		{"Yacht", 1.625, -6.5, -0.965, 0},
	} {
		at := protocol.Setting{
			protocol.StepSize: math.Pow(10, c.γ), "damping": math.Pow(10, c.λ),
		}
		d, err := descend(set(c.name), efgd, at, nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		least := slices.Min(d.cosine)
		if at := slices.Index(d.cosine, least); math.Abs(least-c.least) > 0.0006 || at != c.at {
			t.Errorf("%s: the least cosine is %.4f, at iteration %d, want %g at %d", c.name, least,
				at, c.least, c.at)
		}
	}
}

// The least loss that claims about iterations to the optimum are judged by is that of least squares,
// also where NGD has hardly begun.
func TestLeastLoss(t *testing.T) {
	for _, name := range []string{"Boston", "Wine"} {
		at := protocol.Setting{protocol.StepSize: 1e-3, "damping": 1e-10}
		d, err := descend(set(name), ngd, at, nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		w, err := openWhole(set(name).problem, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := w.spec.Constants["optimum"]; math.Abs(d.least/want-1) > 1e-9 || d.losses[2] < 2*want {
			t.Errorf("%s: the least loss is %g, want %g; NGD is at %g", name, d.least, want, d.losses[2])
		}
	}
}
