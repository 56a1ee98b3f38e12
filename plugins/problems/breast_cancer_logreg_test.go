package problems

import (
	"math"
	"testing"

	"noisebench/protocol"
)

func TestBreastCancerStandardised(t *testing.T) {
	tables, err := loadBreastCancer()
	if err != nil {
		t.Fatal(err)
	}
	a := tables.train.a
	for j := range breastCancerDim - 1 {
		mean, square := 0.0, 0.0
		for _, row := range a {
			mean += row[j] / breastCancerTrain
			square += row[j] * row[j] / breastCancerTrain
		}
		near(t, "mean of a feature", mean, 0, 1e-13)
		near(t, "mean square of a feature", square, 1, 1e-12)
	}
	for _, part := range []breastCancerPart{tables.train, tables.validation, tables.test} {
		benign := 0.0
		for n, row := range part.a {
			near(t, "input of the bias", row[breastCancerDim-1], 1, 0)
			benign += (part.t[n] + 1) / 2
		}
		share := benign / float64(len(part.a)) // 357 of 569 in all
		near(t, "share of benign tumours", share, 357./569, 4*math.Sqrt(0.234/float64(len(part.a))))
	}
	if n := len(tables.train.a) + len(tables.validation.a) + len(tables.test.a); n != 569 {
		t.Errorf("the parts have %d tumours, want 569", n)
	}
}

// The smoothness L is the largest eigenvalue of the Hessian at 0, here found by power iteration
// with differences of gradients; λ bounds the curvature from below.
func TestBreastCancerConstants(t *testing.T) {
	const l2 = 0.01
	p, spec := open(t, breastCancerDef(), protocol.Setting{"l2": l2})
	all := protocol.Batch{}
	for n := range spec.Train {
		all.Examples = append(all.Examples, n)
	}
	gradient := func(x []float64) []float64 { return measure(t, p, spec, x, all, protocol.Gradient).Gradient }
	const h = 1e-4
	v, back := randomPoint(p, spec, 1), make([]float64, spec.Dim)
	curvature := 0.0
	for range 100 {
		scale := h / norm(v)
		for j := range v {
			v[j] *= scale
			back[j] = -v[j]
		}
		forth, back := gradient(v), gradient(back)
		for j := range v {
			v[j] = (forth[j] - back[j]) / (2 * h)
		}
		curvature = norm(v)
	}
	near(t, "largest curvature at 0", curvature, spec.Constants["smoothness"], 1e-6*curvature)

	// Strong convexity: (∇f(x) − ∇f(y))ᵀ(x − y) ≥ λ ‖x − y‖², far out with hardly any room.
	x, y := randomPoint(p, spec, 2), randomPoint(p, spec, 3)
	for _, factor := range []float64{1, 1e3} {
		inner, square := 0.0, 0.0
		for j := range x {
			x[j] *= factor
			y[j] *= factor
		}
		gx, gy := gradient(x), gradient(y)
		for j := range x {
			inner += (gx[j] - gy[j]) * (x[j] - y[j])
			square += (x[j] - y[j]) * (x[j] - y[j])
		}
		if modulus := inner / square; modulus < spec.Constants["strong_convexity"] {
			t.Errorf("curvature between two points is %g, want at least %g", modulus, l2)
		}
	}
}

func TestLogistic(t *testing.T) {
	for margin, want := range map[float64]float64{
		0: math.Ln2, 800: 0, -800: 800, 40: 4.248354255291588995e-18, -40: 40, math.Inf(-1): math.Inf(1),
	} {
		if got := logistic(margin); got != want && !(math.Abs(got-want) <= 2e-16*want) {
			t.Errorf("logistic(%g) is %g, want %g", margin, got, want)
		}
	}
	if !math.IsNaN(logistic(math.NaN())) {
		t.Error("logistic(NaN) is not NaN")
	}
}

// The weights decide: with the intercept alone all tumours are called benign, or all malignant at
// 0.
func TestBreastCancerAccuracy(t *testing.T) {
	p, spec := open(t, breastCancerDef(), nil)
	x := make([]float64, spec.Dim)
	malignant := evaluate(t, p, x, protocol.TestPart).Metric
	x[spec.Dim-1] = 1
	benign := evaluate(t, p, x, protocol.TestPart).Metric
	near(t, "sum of the shares", malignant+benign, 1, 1e-15)
	if benign < 0.5 {
		t.Errorf("%g of the test part are benign, want the majority", benign)
	}
	x[spec.Dim-1] = math.NaN()
	near(t, "accuracy at NaN", evaluate(t, p, x, protocol.TestPart).Metric, 0, 0)
}
