package optimizers

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
)

// The first steps of methods that start without history are those of plain SGD, exactly.
func TestT13FirstStep(t *testing.T) {
	t.Run("float64", testT13FirstStep[float64])
	t.Run("float32", testT13FirstStep[float32])
}

func testT13FirstStep[T protocol.Float](t *testing.T) {
	for _, name := range []string{"m-sgd", "svag", "m-svag", "heavy-ball"} {
		for _, m := range measurements[T](100, 10) {
			setting := protocol.Setting{protocol.StepSize: 0.25}
			o, _ := open[T](t, name, setting, 100)
			plain, _ := open[T](t, "sgd", setting, 100)
			x, want := ones[T](100), ones[T](100)
			step(t, o, x, m)
			step(t, plain, want, m)
			if !slices.Equal(x, want) {
				t.Errorf("the first step of %s is not that of sgd", name)
			}
		}
	}
}

// Without noise there is no variance: v = m², and γ stays 1.
func TestT13ConstantGradient(t *testing.T) {
	t.Run("float64", testT13ConstantGradient[float64])
	t.Run("float32", testT13ConstantGradient[float32])
}

func testT13ConstantGradient[T protocol.Float](t *testing.T) {
	m := measurements[T](50, 1)[0]
	for i := range m.Variance {
		m.Variance[i] = 0
	}
	for _, name := range []string{"svag", "m-svag", "m-svag-mb", "adam-star"} {
		for _, β := range []float64{0, 0.5, 0.9, 0.9999999} {
			o, _ := open[T](t, name, protocol.Setting{"beta": β}, 50)
			x := make([]T, 50)
			for i := range 1000 {
				step(t, o, x, m)
				if γ := report(o, 1)[0]; γ != 1 {
					t.Fatalf("%s, β = %v: mean γ is %v at step %d, want 1", name, β, γ, i)
				}
			}
		}
	}
}

// Adam's direction is sign(m) (1 + (v−m²)/m²)^(−1/2) (Balles 2021, Eq. 5.5), with m and v as plain
// weighted sums.
func TestT12AdamIdentity(t *testing.T) {
	const β1, β2 = 0.9, 0.99
	o, _ := open[float64](t, "adam", protocol.Setting{protocol.StepSize: 1, "beta1": β1, "beta2": β2, "epsilon": 0}, 4)
	steps := measurements[float64](4, 40)
	for now, m := range steps {
		m.StepScale = 1
		x := make([]float64, 4)
		step(t, o, x, m)
		for i := range x {
			var m, v, mTotal, vTotal float64
			for s := range now + 1 {
				g := steps[s].Gradient[i]
				c1, c2 := math.Pow(β1, float64(now-s)), math.Pow(β2, float64(now-s))
				m, mTotal = m+c1*g, mTotal+c1
				v, vTotal = v+c2*g*g, vTotal+c2
			}
			m, v = m/mTotal, v/vTotal
			want := -math.Copysign(1, m) / math.Sqrt(1+(v-m*m)/(m*m))
			near(t, fmt.Sprintf("step %d, element %d", now, i), x[i:i+1], []float64{want}, 1e-12)
		}
	}
}

// descendWilson runs an optimizer on Wilson's data from 0 with full batches. after is called with
// each iterate.
func descendWilson(t *testing.T, name string, setting protocol.Setting, steps int, after func(i int, θ []float64)) (
	train, test protocol.Evaluation,
) {
	t.Helper()
	p, spec := openProblem(t, "wilson-least-squares", nil)
	o, _ := open[float64](t, name, setting, spec.Dim)
	θ := make([]float64, spec.Dim)
	for i := range steps {
		step(t, o, θ, measureOn(t, p, spec, θ))
		after(i, θ)
	}
	train, err := p.Evaluate(θ, protocol.TrainPart)
	if err != nil {
		t.Fatal(err)
	}
	test, err = p.Evaluate(θ, protocol.TestPart)
	if err != nil {
		t.Fatal(err)
	}
	return train, test
}

// offSpan is the greatest difference of θ from a multiple of sign(Xᵀy), which is −sign(∇f(0)), and
// that multiple.
func offSpan(t *testing.T, θ []float64) (distance, multiple float64) {
	t.Helper()
	p, spec := openProblem(t, "wilson-least-squares", nil)
	signs := measureOn(t, p, spec, make([]float64, spec.Dim)).Gradient
	for j := range signs {
		signs[j] = math.Copysign(1, -signs[j]) // none is 0
	}
	multiple = dot(signs, θ) / float64(len(θ))
	for j := range θ {
		distance = max(distance, math.Abs(θ[j]-multiple*signs[j]))
	}
	return distance, multiple
}

// Lemma 5.3: what these methods reach is a multiple of sign(Xᵀy). Adam and AdaGrad settle at 1/4,
// where the loss is 0, and sign descent goes to and fro about it. New examples look alike to it:
// only one class is called right.
func TestT15SignMethodsStayInWilsonsSpan(t *testing.T) {
	for _, row := range []struct {
		name    string
		setting protocol.Setting
		steps   int
		off     float64 // distance from the span
		settles float64 // this near to 1/4 at the end
	}{
		{"sign-sgd", protocol.Setting{protocol.StepSize: 0.003}, 2000, 1e-14, 0.003},
		// 1/L∞
		{"norm-scaled-sign-sgd", protocol.Setting{protocol.StepSize: 1. / 28}, 2000, 1e-14, 1e-12},
		{"m-sign-sgd", protocol.Setting{protocol.StepSize: 0.003}, 2000, 1e-14, 0.04},
		{"adagrad", protocol.Setting{protocol.StepSize: 0.1, "epsilon": 0}, 2000, 1e-14, 1e-12},
		// Once v has fallen to rounding errors rmsprop divides one by another.
		{"rmsprop", protocol.Setting{protocol.StepSize: 0.003, "epsilon": 0}, 90, 1e-14, 0.02},
		{"adam", protocol.Setting{protocol.StepSize: 0.003, "epsilon": 0}, 2000, 1e-14, 1e-3},
		// ε = 1e-8 leads off, but not far
		{"adam", protocol.Setting{protocol.StepSize: 0.003}, 2000, 1e-6, 1e-3},
	} {
		var θ []float64
		farthest := 0.0
		_, test := descendWilson(t, row.name, row.setting, row.steps, func(i int, at []float64) {
			if i < 50 || i%50 == 0 {
				distance, _ := offSpan(t, at)
				farthest = max(farthest, distance)
			}
			θ = slices.Clone(at)
		})
		if farthest > row.off {
			t.Errorf("%s at %v leaves the span of sign(Xᵀy) by %g", row.name, row.setting, farthest)
		}
		if _, multiple := offSpan(t, θ); math.Abs(multiple-0.25) > row.settles {
			t.Errorf("%s ends at %g sign(Xᵀy), want 1/4 up to %g", row.name, multiple, row.settles)
		}
		if test.Metric != 0.5 {
			t.Errorf("%s calls %g of the new examples right, want one of two", row.name, test.Metric)
		}
	}
}

// Lemma 5.4: gradient descent and M-SVAG leave the span at once, with the same first step, and find
// another solution.
func TestT15GradientMethodsLeaveWilsonsSpan(t *testing.T) {
	for _, name := range []string{"sgd", "m-svag", "normalized-sgd"} {
		var first []float64
		setting := protocol.Setting{protocol.StepSize: 0.3}
		if name == "normalized-sgd" {
			setting["normalization"] = 0
		}
		train, test := descendWilson(t, name, setting, 3000, func(i int, θ []float64) {
			if i == 0 {
				first = slices.Clone(θ)
			}
		})
		// θ₁ = α Xᵀy / n, and Xᵀy begins with 10, 2, 2.
		near(t, name+" after one step", first[:3], []float64{0.3, 0.06, 0.06}, 1e-15)
		if distance, _ := offSpan(t, first); distance < 0.1 {
			t.Errorf("%s is %g from the span of sign(Xᵀy) after one step", name, distance)
		}
		if train.Loss > 1e-30 || train.Metric != 1 || test.Metric != 1 {
			t.Errorf("%s ends at training loss %g and calls %g of the new examples right", name, train.Loss, test.Metric)
		}
	}
}

// noise is a measurement with a given gradient, loss and variance norm.
func noise(g, loss, norm float64) *protocol.Measurement[float64] {
	return &protocol.Measurement[float64]{
		BatchSize: 16, Loss: loss, Gradient: []float64{g}, VarianceNorm: norm, StepScale: 1,
	}
}

// At constant ‖s‖₁ and f CABS asks for α‖s‖₁/f from the first step on (both averages start at 0),
// scaled by the schedule, with half rounded to even and clipped.
func TestT08CABSConstant(t *testing.T) {
	for _, row := range []struct {
		norm, f, scale float64
		want           int
	}{
		{60, 1.7, 1, 18},      // 17.6
		{60, 1.7, 0.5, 9},     // 8.8
		{41, 1, 1, 20},        // 20.5
		{43, 1, 1, 22},        // 21.5
		{60, 1e-300, 1, 64},   // 3e301
		{60, 5e-324, 1, 64},   // more than any float64
		{0, 1, 1, 4},          // no noise
		{1e-300, 1e300, 1, 4}, // underflow
	} {
		o, first := open[float64](t, "cabs", protocol.Setting{
			protocol.StepSize: 0.5, "min_batch_size": 4, "max_batch_size": 64,
		}, 1)
		if first.BatchSize != 4 {
			t.Errorf("the first batch size is %d, want 4", first.BatchSize)
		}
		for i := range 100 {
			m := noise(1, row.f, row.norm)
			m.StepScale = row.scale
			if got := step(t, o, []float64{0}, m).BatchSize; got != row.want {
				t.Fatalf("batch size of %+v is %d after step %d", row, got, i)
			}
		}
	}
}

// If CABS' rule is undefined, the batch size stays and a report is set.
func TestCABSInvalid(t *testing.T) {
	for _, row := range []struct {
		name    string
		f, norm float64
	}{
		{"loss 0", 0, 60},
		{"negative loss", -3, 60},
		{"NaN loss", math.NaN(), 60},
		{"infinite loss", math.Inf(1), 60},
		{"NaN variance", 2, math.NaN()},
		{"infinite variance", 2, math.Inf(1)},
	} {
		o, _ := open[float64](t, "cabs", protocol.Setting{protocol.StepSize: 1, "mu": 0}, 1)
		x := []float64{0}
		if got := step(t, o, x, noise(1, 2, 60)).BatchSize; got != 30 || report(o, 4)[3] != 0 {
			t.Fatalf("batch size is %d with reports %v, want 30 and valid", got, report(o, 4))
		}
		if got := step(t, o, x, noise(1, row.f, row.norm)).BatchSize; got != 30 || report(o, 4)[3] != 1 {
			t.Errorf("%s: batch size is %d with reports %v, want 30 and invalid", row.name, got, report(o, 4))
		}
		if x[0] != -2 {
			t.Errorf("%s: x is %v, want -2: the rule does not touch the step", row.name, x[0])
		}
	}
	// A transient: the average recovers, and so does the rule.
	o, _ := open[float64](t, "cabs", protocol.Setting{protocol.StepSize: 1, "mu": 0}, 1)
	for _, row := range []struct {
		f    float64
		want int
	}{{2, 30}, {-1, 30}, {1.5, 40}} {
		if got := step(t, o, []float64{0}, noise(1, row.f, 60)).BatchSize; got != row.want {
			t.Errorf("loss %v: batch size is %d, want %d", row.f, got, row.want)
		}
	}
}

func TestCompetitorEdges(t *testing.T) {
	for _, row := range []struct {
		name    string
		g, norm float64
		want    int
		invalid float64
	}{
		{"0.8² · 4 into 256", 2, 256, 100, 0},
		{"no gradient", 0, 256, 2048, 0},
		{"no gradient, no noise", 0, 0, 2048, 0},
		{"no noise", 2, 0, 16, 0},
		{"NaN gradient", math.NaN(), 256, 16, 1},
		{"infinite gradient", math.Inf(1), 256, 16, 1},
		{"NaN variance", 2, math.NaN(), 16, 1},
		{"infinite variance", 2, math.Inf(1), 16, 1},
	} {
		o, first := open[float64](t, "competitor", protocol.Setting{"theta": 0.8}, 1)
		got := step(t, o, []float64{0}, noise(row.g, 1, row.norm)).BatchSize
		if first.BatchSize != 16 || got != row.want || report(o, 4)[3] != row.invalid {
			t.Errorf("%s: batch sizes are %d, %d with reports %v, want 16, %d and invalid %v",
				row.name, first.BatchSize, got, report(o, 4), row.want, row.invalid)
		}
	}
}

// E‖g‖² = ‖∇f‖² + trΣ/m, so that the competitor's rule, fed with expected values, is the map m ←
// trΣ / (θ² (‖∇f‖² + trΣ/m)). With η² = trΣ/‖∇f‖² it comes to rest at η² (1−θ²)/θ², which is 0 for
// θ = 1.
func TestT14CompetitorFixedPoint(t *testing.T) {
	const η2 = 400
	for _, row := range []struct{ θ, rests, within float64 }{
		{0.6, η2 * 0.64 / 0.36, 1},
		{0.8, η2 * 0.36 / 0.64, 2},
		{1, 0, 30}, // ever more slowly: m ← m/(1 + m/η²), until rounding holds it
	} {
		o, first := open[float64](t, "competitor", protocol.Setting{"theta": row.θ, "mu": 0, "min_batch_size": 2}, 1)
		m := 2048.
		if first.BatchSize != 2 {
			t.Errorf("the first batch size is %d, want 2", first.BatchSize)
		}
		for range 1000 {
			g2 := 1 + η2/m
			next := step(t, o, []float64{0}, noise(math.Sqrt(g2), 1, η2)).BatchSize
			want := []float64{η2 / (row.θ * row.θ * g2)}
			near(t, fmt.Sprintf("θ = %v, m = %v", row.θ, m), report(o, 4)[:1], want, 1e-14)
			m = float64(next)
		}
		if math.Abs(m-row.rests) > row.within {
			t.Errorf("θ = %v: batch size comes to rest at %v, want %v up to %v", row.θ, m, row.rests, row.within)
		}
	}
}

func TestBatchSizeBoundsInWrongOrder(t *testing.T) {
	for _, name := range []string{"cabs", "competitor"} {
		_, _, err := tryOpen[float32](t, name, protocol.Setting{"min_batch_size": 64, "max_batch_size": 32},
			protocol.Start{Dim: 1})
		if err == nil || err.Error() != "max_batch_size is 32, want at least min_batch_size (64)" {
			t.Errorf("%s with least 64 and greatest 32: error is %v", name, err)
		}
	}
}

// Steepest descent with step sizes in units of 1/L, and on all examples.
func TestSteepestDescentOptions(t *testing.T) {
	constants := map[string]float64{"smoothness": 4, "smoothness_linf": 5, "smoothness_l1": 8, "strong_convexity": 0}
	for _, row := range []struct {
		name string
		want []float64 // after a step from 0 with g = (3, −4), α = 1/L
	}{
		{"normalized-sgd", []float64{-3. / 4, 1}},
		{"norm-scaled-sign-sgd", []float64{-7. / 5, 7. / 5}},
		{"coordinate-sgd", []float64{0, 0.5}},
	} {
		setting := protocol.Setting{protocol.StepSize: 1, "normalization": 0, "relative": 1, "full_batch": 1}
		o, first, err := tryOpen[float64](t, row.name, setting, protocol.Start{Dim: 2, Train: 9, Constants: constants})
		if err != nil {
			t.Fatal(err)
		}
		x := []float64{0, 0}
		next := step(t, o, x, &protocol.Measurement[float64]{Gradient: []float64{3, -4}, StepScale: 1})
		near(t, row.name, x, row.want, 1e-15)
		if all := (protocol.Request{Draw: protocol.All}); first != all || next != all {
			t.Errorf("%s with full_batch requests %+v and %+v", row.name, first, next)
		}
		_, _, err = tryOpen[float64](t, row.name, setting, protocol.Start{Dim: 2, Train: 9})
		if err == nil || !strings.Contains(err.Error(), "declares no smoothness") {
			t.Errorf("%s relative to an unknown constant: error is %v", row.name, err)
		}
		_, _, err = tryOpen[float64](t, row.name, setting, protocol.Start{Dim: 2, Constants: constants})
		if err == nil || !strings.Contains(err.Error(), "endless") {
			t.Errorf("%s on all of endless data: error is %v", row.name, err)
		}
	}
}

// A block with zero gradient does not move, and the others do.
func TestSteepestDescentZeros(t *testing.T) {
	two := []protocol.Block{{Name: "a", Len: 2}, {Name: "b", Offset: 2, Len: 1}}
	for _, c := range []float64{0, 0.5, 1} {
		for _, name := range []string{"normalized-sgd", "norm-scaled-sign-sgd", "coordinate-sgd", "block-normalized-sgd"} {
			o, _ := open[float64](t, name, protocol.Setting{protocol.StepSize: 1, "normalization": c}, 3, two...)
			x := ones[float64](3)
			step(t, o, x, &protocol.Measurement[float64]{Gradient: make([]float64, 3), StepScale: 1})
			near(t, name+" without gradient", x, ones[float64](3), 0)
		}
		o, _ := open[float64](t, "block-normalized-sgd", protocol.Setting{protocol.StepSize: 1, "normalization": c}, 3, two...)
		x := ones[float64](3)
		step(t, o, x, &protocol.Measurement[float64]{Gradient: []float64{0, 0, -3}, StepScale: 1})
		near(t, "block-normalized-sgd without gradient in a block", x, []float64{1, 1, 1 + 3/((1-c)+3*c)}, 1e-15)
	}
	// The first of equal coordinates moves.
	o, _ := open[float32](t, "coordinate-sgd", protocol.Setting{protocol.StepSize: 1}, 3)
	x := ones[float32](3)
	step(t, o, x, &protocol.Measurement[float32]{Gradient: []float32{1, -2, 2}, StepScale: 1})
	near(t, "coordinate-sgd", x, []float64{1, 3, 1}, 0)
}

// A search that reaches 1e-6 of its first step is abandoned; the next one starts at α.
func TestLineSearchGivesUp(t *testing.T) {
	o, _ := open[float64](t, "line-search-sgd", protocol.Setting{protocol.StepSize: 0.5}, 1)
	x := []float64{1}
	look := func(g, loss float64) protocol.Request {
		return step(t, o, x, &protocol.Measurement[float64]{Gradient: []float64{g}, Loss: loss, StepScale: 1})
	}
	trial := protocol.Request{Draw: protocol.Again, Trial: true}
	for round := range 2 {
		request := look(1, 1)
		for k := range 20 { // 2^-20 is below 1e-6
			if want := 1 - 0.5*math.Pow(0.5, float64(k)); x[0] != want || request != trial {
				t.Fatalf("round %d: look %d is at %v with request %+v, want a trial at %v", round, k+1, x, request, want)
			}
			request = look(1, math.NaN())
		}
		if x[0] != 1 || request != (protocol.Request{}) || report(o, 1)[0] != 0 {
			t.Fatalf("round %d: after the search x is %v with request %+v and report %v", round, x, request, report(o, 1))
		}
	}
	// The loss that just suffices is enough: f − cη‖g‖². The next search starts 1.1 times as far
	// out.
	look(2, 1)
	if request := look(0, 1-0.1*0.5*4); x[0] != 0 || request != (protocol.Request{}) || report(o, 1)[0] != 0.5 {
		t.Errorf("after a good look x is %v with request %+v and report %v", x, request, report(o, 1))
	}
	look(2, 1)
	look(2, 1)
	look(2, -1)
	near(t, "accepted step size", report(o, 1), []float64{0.25}, 0)
	look(1, 1)
	near(t, "x", x, []float64{-0.5 - 0.275}, 1e-15)
}

func TestVarianceNeedsTwoExamples(t *testing.T) {
	o, _ := open[float64](t, "m-svag-mb", nil, 1)
	x := []float64{3}
	_, err := o.Step(x, &protocol.Measurement[float64]{
		BatchSize: 1, Gradient: []float64{1}, Variance: []float64{0}, StepScale: 1,
	})
	if err == nil || !strings.Contains(err.Error(), "batch size is 1, want at least 2") || x[0] != 3 {
		t.Errorf("a batch of 1 leads to %v with error %v, want an error and no step", x, err)
	}
}

// If the gradient hardly changes, rounding may make v less than m²; γ must stay in [0, 1].
func TestGammaBounds(t *testing.T) {
	for _, name := range []string{"svag", "m-svag", "adam-star"} {
		for _, β := range []float64{0.01, 0.1, 0.5, 0.9, 0.999} {
			o, _ := open[float32](t, name, protocol.Setting{"beta": β}, 1)
			x := []float32{0}
			for i := range 5000 {
				g := 1 + 1e-5*float32(i)
				step(t, o, x, &protocol.Measurement[float32]{BatchSize: 16, Gradient: []float32{g}, StepScale: 1})
				if γ := report(o, 1)[0]; !(γ >= 0 && γ <= 1) {
					t.Fatalf("%s: β = %v: γ is %v at step %d", name, β, γ, i)
				}
			}
		}
	}
}

// The estimate of asgd is the mean of all iterates, however many, and the point itself before the
// first.
func TestASGDEstimate(t *testing.T) {
	o, _ := open[float32](t, "asgd", protocol.Setting{protocol.StepSize: 0x1p-20}, 1)
	x, out := []float32{1}, []float32{0}
	o.(protocol.Averager[float32]).Estimate(x, out)
	if out[0] != 1 {
		t.Errorf("the estimate is %v before the first step, want 1", out[0])
	}
	const n = 1 << 18 // x falls from 1 to 3/4
	for range n {
		step(t, o, x, &protocol.Measurement[float32]{Gradient: []float32{1}, StepScale: 1})
	}
	o.(protocol.Averager[float32]).Estimate(x, out)
	near(t, "estimate", out, []float64{1 - 0x1p-20*(n+1)/2}, 1e-7)
}

// report returns the first n reports of an optimizer's last step.
func report(o any, n int) []float64 {
	values := make([]float64, n)
	o.(protocol.Reporter).Report(values)
	return values
}

// R = ((2, 1), (1, 2)) and g = (1, 2) have ggᵀ + R = ((3, 3), (3, 6)), which takes (0, 1/3) to g,
// and gᵀg = 5.
func TestMatrixSVAG(t *testing.T) {
	o, _ := open[float64](t, "matrix-svag", protocol.Setting{protocol.StepSize: 0.3, "damping": 0}, 2)
	x := []float64{1, 1}
	step(t, o, x, &protocol.Measurement[float64]{
		BatchSize: 4, Gradient: []float64{1, 2}, Covariance: []float64{8, 4, 4, 8}, StepScale: 1,
	})
	near(t, "x", x, []float64{1, 0.5}, 1e-15)

	m, _ := open[float64](t, "matrix-svag", protocol.Setting{"damping": 0}, 1)
	s, _ := open[float64](t, "svag-mb", nil, 1)
	x, y := []float64{1}, []float64{1}
	for _, at := range measurements[float64](1, 20) {
		at.Covariance = at.Variance
		step(t, m, x, at)
		step(t, s, y, at)
		near(t, "x in one dimension", x, y, 1e-14)
	}

	if _, err := m.Step(x, &protocol.Measurement[float64]{BatchSize: 1, Gradient: x, Covariance: x}); err == nil {
		t.Error("one example has a covariance")
	}
	m, _ = open[float64](t, "matrix-svag", protocol.Setting{"damping": 0}, 2)
	if _, err := m.Step([]float64{0, 0}, &protocol.Measurement[float64]{
		BatchSize: 2, Gradient: []float64{1, 0}, Covariance: make([]float64, 4),
	}); err == nil {
		t.Error("R = 0 is inverted")
	}
}
