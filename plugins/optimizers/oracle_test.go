package optimizers

import (
	"math"
	"math/rand/v2"
	"testing"

	"noisebench/protocol"
)

// noisy is a measurement whose oracle has ‖∇f‖² = 1 and Σ σ² = η².
func noisy(η2 float64, m int) *protocol.Measurement[float64] {
	return &protocol.Measurement[float64]{
		BatchSize: m, Gradient: []float64{0.6, 0.8}, TrueGradient: []float64{0.8, 0.6},
		TrueVariance: []float64{η2 / 4, 3 * η2 / 4}, StepScale: 1,
	}
}

// Prop. 4.1: the oracle's γ makes G greatest, G/m is 1/(m + η²) there, and a batch of one example
// is best per example. η² = 3 and m = 2 give γ = 0.4 and G/m = 0.2.
func TestOracleStepSize(t *testing.T) {
	for _, η2 := range []float64{0, 0.1, 1, 3, 50} {
		before := math.Inf(1)
		for _, m := range []int{1, 2, 3, 10, 1000} {
			o, _ := open[float64](t, "oracle-step-sgd", protocol.Setting{"step_size": 1}, 2)
			x := []float64{0, 0}
			step(t, o, x, noisy(η2, m))
			γ := report(o, 1)[0]
			if η2 == 3 && m == 2 {
				near(t, "γ", []float64{γ}, []float64{0.4}, 1e-15)
				near(t, "G/m", []float64{guaranteed(γ, 2, η2) / 2}, []float64{0.2}, 1e-15)
			}
			near(t, "x", x, []float64{-γ * 0.6, -γ * 0.8}, 1e-15)
			best := guaranteed(γ, float64(m), η2)
			near(t, "G/m", []float64{best / float64(m)}, []float64{1 / (float64(m) + η2)}, 1e-14)
			for k := range 2001 {
				other := float64(k) / 1000
				if G := guaranteed(other, float64(m), η2); G > best+1e-15 || G > 1+1e-15 {
					t.Errorf("η² = %g, m = %d: G is %g at γ = %g and %g at %g, want it greatest there and at most 1", η2, m, G,
						other, best, γ)
				}
			}
			if best/float64(m) >= before {
				t.Errorf("η² = %g: a batch of %d examples decreases f more per example than a smaller one", η2, m)
			}
			before = best / float64(m)

			// The same γ makes γg the best estimate of ∇f: E‖γg − ∇f‖² = (1−γ)² ‖∇f‖² + γ² tr Σ/m
			// (Eq. 4.6).
			error := func(γ float64) float64 { return (1-γ)*(1-γ) + γ*γ*η2/float64(m) }
			if e := error(γ); e > error(γ-1e-4) || e > error(γ+1e-4) {
				t.Errorf("η² = %g, m = %d: γ = %g does not make the error least", η2, m, γ)
			}
		}
	}
}

// Prop. 4.2: the oracle's batch size makes G/m greatest, where it is (2−γ)²/(4η²). γ = ½ and η² = 3
// give m = 2 and 0.1875; for γ = 1 it is 2η², which is what cabs aims at.
func TestOracleBatchSize(t *testing.T) {
	for _, γ := range []float64{0.1, 0.5, 1, 1.5, 1.9} {
		for _, η2 := range []float64{3, 20, 100} {
			// The test's problem has L = ½.
			o, first := open[float64](t, "oracle-batch-sgd", protocol.Setting{"step_size": 2 * γ, "max_batch_size": 1e6}, 2)
			if first.BatchSize != 32 {
				t.Errorf("the first batch size is %d, want the plan's, 32", first.BatchSize)
			}
			request := step(t, o, []float64{0, 0}, noisy(η2, 7))
			rule := report(o, 1)[0]
			if γ == 0.5 && η2 == 3 {
				near(t, "m", []float64{rule, float64(request.BatchSize)}, []float64{2, 2}, 1e-15)
			}
			if γ == 1 {
				near(t, "m", []float64{rule}, []float64{2 * η2}, 1e-14)
			}
			best := guaranteed(γ, rule, η2) / rule
			near(t, "G/m", []float64{best}, []float64{(2 - γ) * (2 - γ) / (4 * η2)}, 1e-13)
			for m := 1.0; m < 5000; m++ {
				if G := guaranteed(γ, m, η2) / m; G > best*(1+1e-12) {
					t.Fatalf("γ = %g, η² = %g: G/m is %g at m = %g and %g at %g", γ, η2, G, m, best, rule)
				}
			}
			if want := max(1, int(math.RoundToEven(rule))); request.BatchSize != want {
				t.Errorf("batch size %d for %g, want %d", request.BatchSize, rule, want)
			}
		}
	}
	for _, c := range []struct {
		name  string
		alter func(m *protocol.Measurement[float64])
		step  float64
		want  int
	}{
		{"no signal", func(m *protocol.Measurement[float64]) { clear(m.TrueGradient) }, 1, 99},
		{"step sizes from 2/L on", func(*protocol.Measurement[float64]) {}, 4, 99},
		{"no noise", func(m *protocol.Measurement[float64]) { clear(m.TrueVariance) }, 1, 1},
	} {
		o, _ := open[float64](t, "oracle-batch-sgd", protocol.Setting{"step_size": c.step, "max_batch_size": 99}, 2)
		m := noisy(3, 7)
		c.alter(m)
		if request := step(t, o, []float64{0, 0}, m); request.BatchSize != c.want {
			t.Errorf("%s: batch size %d, want %d", c.name, request.BatchSize, c.want)
		}
	}
}

// Lemma 5.1, Fig. 5.3: ∇f = (2, 1) and σ = (1, 1.5) give γ = (0.8, 4/13).
func TestIdealSVAGFactors(t *testing.T) {
	o, _ := open[float64](t, "ideal-svag", protocol.Setting{"step_size": 1}, 2)
	x := []float64{0, 0}
	step(t, o, x, &protocol.Measurement[float64]{
		BatchSize: 1, Gradient: []float64{1, 1}, TrueGradient: []float64{2, 1}, TrueVariance: []float64{1, 2.25}, StepScale: 1,
	})
	near(t, "x", x, []float64{-0.8, -4.0 / 13}, 1e-15)
}

// Thm. 5.1 on f = ½ h x² with α = 1/h: E f(x') = (1 − γ) f(x) exactly (Eq. B.12 with equality),
// here with noise ±σ; and E f falls like 1/t: t E f ≤ 1/c (Eq. B.22) with γ ≥ c f for all f up to
// the first.
func TestIdealSVAGDecrease(t *testing.T) {
	const h, σ, start = 2.5, 3.0, 4.0
	f := func(x float64) float64 { return h * x * x / 2 }
	o, _ := open[float64](t, "ideal-svag", protocol.Setting{"step_size": 1 / h}, 1)
	advance := func(x, noise float64) float64 {
		y := []float64{x}
		step(t, o, y, &protocol.Measurement[float64]{
			BatchSize: 1, Gradient: []float64{h*x + noise}, TrueGradient: []float64{h * x}, TrueVariance: []float64{σ * σ},
			StepScale: 1,
		})
		return y[0]
	}
	for _, x := range []float64{4, 1, -0.3, 0.01} {
		mean := (f(advance(x, σ)) + f(advance(x, -σ))) / 2
		near(t, "E f", []float64{mean}, []float64{(1 - report(o, 1)[0]) * f(x)}, 1e-13)
	}

	const runs, steps = 400, 300
	random := rand.New(rand.NewPCG(5, 6))
	total := make([]float64, steps+1)
	for range runs {
		x := start
		for k := range steps {
			x = advance(x, σ*random.NormFloat64())
			total[k+1] += f(x) / runs
		}
	}
	c := 2 * h / (2*h*f(start) + σ*σ)
	for k, mean := range total {
		if float64(k)*mean > 1.1/c { // a tenth for the 400 runs
			t.Fatalf("t E f is %g at t = %d, want at most %g", float64(k)*mean, k, 1/c)
		}
	}
}

// Eq. 4.17: a gradient estimate that is off by less than ‖∇f‖ is a direction of ascent.
func TestDescentCriterion(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 1000 {
		var off, length, inner float64
		ratio := random.Float64() // θ < 1
		var e, g [4]float64
		for j := range e {
			e[j], g[j] = random.NormFloat64(), random.NormFloat64()
			off += e[j] * e[j]
			length += g[j] * g[j]
		}
		for j := range e {
			inner += g[j] * (g[j] + e[j]*ratio*math.Sqrt(length/off))
		}
		if inner <= 0 {
			t.Fatalf("an estimate within %g ‖∇f‖ of ∇f has the inner product %g with it", ratio, inner)
		}
	}
}

// Eq. 2.53: Newton's method finds the optimum of a quadratic in one step, whatever its condition.
func TestNewtonOnQuadratic(t *testing.T) {
	h := []float64{1e6, 3, 3, 1e-2}
	x, optimum := []float64{5, -7}, []float64{1, 2}
	g := make([]float64, 2)
	for i := range g {
		for j := range x {
			g[i] += h[i*2+j] * (x[j] - optimum[j])
		}
	}
	o, _ := open[float64](t, "newton", protocol.Setting{"step_size": 1, "damping": 0}, 2)
	step(t, o, x, &protocol.Measurement[float64]{Gradient: g, Hessian: h, StepScale: 1})
	near(t, "x", x, optimum, 1e-8)
}

// A singular system is an error that says what to do; one that is not positive definite is solved
// all the same.
func TestDampedSystems(t *testing.T) {
	for _, c := range []struct {
		matrix []float64
		λ      float64
		want   []float64 // direction for g = (1, 0); nil: an error
	}{
		{[]float64{1, 1, 1, 1}, 0, nil},
		{[]float64{0, 0, 0, 0}, 0, nil},
		{[]float64{0, 0, 0, 0}, 0.5, []float64{2, 0}},
		{[]float64{0, 1, 1, 0}, 0, []float64{0, 1}},
		{[]float64{-2, 0, 0, 4}, 0, []float64{-0.5, 0}},
		{[]float64{1, 1, 1, 1 + 1e-14}, 0, []float64{1e14, -1e14}}, // badly conditioned is no error
	} {
		o, _ := open[float64](t, "newton", protocol.Setting{"step_size": 1, "damping": c.λ}, 2)
		x := []float64{0, 0}
		_, err := o.Step(x, &protocol.Measurement[float64]{Gradient: []float64{1, 0}, Hessian: c.matrix, StepScale: 1})
		if c.want == nil {
			if err == nil || err.Error() != "H + λI is singular at λ = 0; choose a greater damping" {
				t.Errorf("%v: error is %v, want one that says that it is singular", c.matrix, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", c.matrix, err)
		}
		near(t, "direction", []float64{-x[0], -x[1]}, c.want, 1e-2)
	}
}
