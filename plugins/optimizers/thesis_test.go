package optimizers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// The theory of the thesis that can be checked exactly, as tests of the optimizers and problems of
// noisebench. Formulas are checked against enumeration of all batches, quadrature, or a search over
// all sign vectors, and through the optimizers wherever one of them computes what the formula is
// about. Statements printed with a mistake (see errata.go) are tested in the corrected form.
//
//	T01–T03   averages: ρ, the variance of an average, its unbiased estimate        here
//	T04, T26  variance of a batch, noise of least squares, steps that it allows     here, thesis_theory_test.go
//	T05–T08   expected decrease: best factor γ, best batch size, plateau, CABS      here
//	T09–T13   variance adaptation: minimisers, signs, SVAG's rate, Adam's identity  here, exact_test.go
//	T14       fixed point of the competitor's rule                                  exact_test.go
//	T15       Wilson's data                                                         exact_test.go, and in problems
//	T16, T30  steepest descent in four norms, normalised and softly normalised      thesis_geometry_test.go
//	T17, T18  L₂, L∞ and L_sep; rotated quadratics                                  thesis_geometry_test.go, and in problems
//	T25–T29   gradient descent and SGD: rates and bounds                            thesis_theory_test.go
//	T19–T24   curvature matrices, derivatives and variances by their definitions    in problems and protocoltest

// approx checks a number to 1e-12 of the number wanted.
func approx(t *testing.T, what string, got, want float64) {
	t.Helper()
	near(t, what, []float64{got}, []float64{want}, 1e-12)
}

// atMost checks an inequality, up to rounding.
func atMost(t *testing.T, what string, got, bound float64) {
	t.Helper()
	if !(got <= bound+1e-12*math.Abs(bound)) {
		t.Errorf("%s is %.17g, want at most %.17g", what, got, bound)
	}
}

// openProblem opens a built-in problem in float64.
func openProblem(t *testing.T, name string, given protocol.Setting) (
	protocol.Problem[float64], protocol.ProblemSpec,
) {
	t.Helper()
	all := problems.All()
	i := slices.IndexFunc(all, func(def protocol.ProblemDef) bool { return def.Name == name })
	setting, spec, err := all[i].At(given)
	if err != nil {
		t.Fatal(err)
	}
	p, err := all[i].New64(setting)
	if err != nil {
		t.Skip(err)
	}
	return p, spec
}

// measureOn measures at x on the given examples; without any, on all training examples.
func measureOn(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec, x []float64, examples ...int,
) *protocol.Measurement[float64] {
	t.Helper()
	if len(examples) == 0 {
		for i := range spec.Train {
			examples = append(examples, i)
		}
	}
	m := &protocol.Measurement[float64]{
		Gradient: make([]float64, spec.Dim), Variance: make([]float64, spec.Dim), StepScale: 1,
	}
	want := protocol.Gradient
	if len(examples) > 1 {
		want |= protocol.Variance | protocol.VarianceNorm
	}
	if err := p.Measure(x, protocol.Batch{Examples: examples}, want, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// tuples calls f with each of the n^m sequences of m numbers below n: all batches that sampling
// with replacement can draw.
func tuples(n, m int, f func(batch []int)) {
	batch := make([]int, m)
	for {
		f(batch)
		k := 0
		for ; k < m; k++ {
			if batch[k]++; batch[k] < n {
				break
			}
			batch[k] = 0
		}
		if k == m {
			return
		}
	}
}

// weight is c(β,t,s), that of the gradient of step s in the average of step t.
func weight(β float64, t, s int) float64 {
	total := 0.0
	for k := range t + 1 {
		total += math.Pow(β, float64(k))
	}
	return math.Pow(β, float64(t-s)) / total
}

// ρ(β,t) is the sum of the squared weights (Eqs. 5.15 and B.26). It is 1, not 0, for one gradient.
func TestT01Rho(t *testing.T) {
	for _, row := range []struct {
		t    int
		want float64
	}{{0, 1}, {1, 0.501385041551}, {2, 0.335793357934}, {9, 0.108983150820}} {
		if got := rho(0.9, row.t); math.Abs(got-row.want) > 5e-13 { // half a unit of the last digit
			t.Errorf("ρ(0.9, %d) is %.17g, want %.12g", row.t, got, row.want)
		}
	}
	for _, β := range []float64{0, 0.1, 0.5, 0.9, 0.99, 0.999} {
		for now := range 100 {
			sum := 0.0
			for s := range now + 1 {
				sum += weight(β, now, s) * weight(β, now, s)
			}
			approx(t, fmt.Sprintf("ρ(%g, %d)", β, now), rho(β, now), sum)
		}
		approx(t, fmt.Sprintf("ρ(%g, ∞)", β), rho(β, 1<<40), (1-β)/(1+β))
	}
}

// The variance of the average of gradients with variances ŝ is Σ c² ŝ (Eq. B.33) = ρ r, where r
// averages ŝ with β² (Eq. B.34). M-SVAG with variances of the batches has γ = m²/(m² + ρ r).
func TestT02VarianceOfAverage(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 0))
	for _, β := range []float64{0.1, 0.5, 0.9, 0.99} {
		o, _ := open[float64](t, "m-svag-mb", protocol.Setting{"beta": β}, 1)
		var g, ŝ []float64
		for now := range 60 {
			batch := 2 + random.IntN(30)
			s := random.ExpFloat64() * math.Exp(3*random.NormFloat64())
			g, ŝ = append(g, random.NormFloat64()), append(ŝ, s/float64(batch))
			step(t, o, []float64{0}, &protocol.Measurement[float64]{
				BatchSize: batch, Gradient: g[now:], Variance: []float64{s}, StepScale: 1,
			})
			m, variance, r := 0.0, 0.0, 0.0
			for k := range now + 1 {
				m += weight(β, now, k) * g[k]
				variance += weight(β, now, k) * weight(β, now, k) * ŝ[k]
				r += weight(β*β, now, k) * ŝ[k]
			}
			approx(t, fmt.Sprintf("ρ r at β = %g, step %d", β, now), rho(β, now)*r, variance)
			approx(t, fmt.Sprintf("γ at β = %g, step %d", β, now), report(o, 1)[0], m*m/(m*m+variance))
		}
	}
}

// Bessel's correction for weighted averages: the mean of (v−m²)/(1−ρ) over all sequences of
// independent gradients is their variance, exactly. What SVAG computes is read from its γ =
// m²/(m²+s).
func TestT03UnbiasedVariance(t *testing.T) {
	values, odds := []float64{-1, 0.5, 2.25}, []float64{0.5, 0.3, 0.2}
	mean, variance := 0.0, 0.0
	for k, p := range odds {
		mean += p * values[k]
	}
	for k, p := range odds {
		variance += p * (values[k] - mean) * (values[k] - mean)
	}
	// at which no sequence has an average of exactly 0
	for _, β := range []float64{0.3, 0.77, 0.93} {
		for _, length := range []int{2, 3, 6} {
			expected := 0.0
			tuples(3, length, func(sequence []int) {
				o, _ := open[float64](t, "svag", protocol.Setting{"beta": β}, 1)
				m, odd := 0.0, 1.0
				for s, k := range sequence {
					step(t, o, []float64{0}, &protocol.Measurement[float64]{Gradient: []float64{values[k]}, StepScale: 1})
					m += weight(β, length-1, s) * values[k]
					odd *= odds[k]
				}
				s := m * m * (1/report(o, 1)[0] - 1)
				if !(s >= -1e-15) {
					t.Errorf("s is %g after gradients %v", s, sequence)
				}
				expected += odd * s
			})
			approx(t, fmt.Sprintf("E s at β = %g after %d steps", β, length), expected, variance)
		}
	}
}

// The mean of s/m over all batches is the variance of the batch gradient, exactly; the printed Eq.
// B.31 has g²/(m(m−1)) in excess.
func TestT04BatchVariance(t *testing.T) {
	p, spec := openProblem(t, "wilson-least-squares", protocol.Setting{"positive": 2, "negative": 1})
	random := rand.New(rand.NewPCG(4, 0))
	θ := make([]float64, spec.Dim)
	for j := range θ {
		θ[j] = random.NormFloat64()
	}
	full := measureOn(t, p, spec, θ).Gradient
	var gradients [][]float64
	variance := make([]float64, spec.Dim) // (1/N) Σ (∇fᵢ − ∇f)²
	for i := range spec.Train {
		gradients = append(gradients, measureOn(t, p, spec, θ, i).Gradient)
		for j, g := range gradients[i] {
			variance[j] += (g - full[j]) * (g - full[j]) / float64(spec.Train)
		}
	}
	for _, m := range []int{2, 3, 4} {
		size, expected, count := float64(m), make([]float64, spec.Dim), 0.0
		tuples(spec.Train, m, func(batch []int) {
			count++
			at := measureOn(t, p, spec, θ, batch...)
			for j, s := range at.Variance {
				expected[j] += s / size
				squares := 0.0
				for _, i := range batch {
					squares += gradients[i][j] * gradients[i][j]
				}
				g := at.Gradient[j]
				printed := (squares/(size-1) - g*g) / size
				if excess := printed - s/size; math.Abs(excess-g*g/(size*(size-1))) > 1e-13*squares {
					t.Errorf("batch %v: the printed form is %g, s/m is %g and g %g", batch, printed, s/size, g)
				}
			}
		})
		for j := range expected {
			expected[j] /= count
			variance := variance[j] / size
			if math.Abs(expected[j]-variance) > 1e-13 {
				t.Errorf("m = %d: E[s/m] is %.17g in coordinate %d, want %.17g", m, expected[j], j, variance)
			}
		}
	}
}

// isotropic is f(x) = h/2 ‖x‖² with n examples fᵢ(x) = f(x) + ξᵢᵀx, Σ ξᵢ = 0, at one point.
type isotropic struct {
	h  float64
	x  []float64
	ξ  [][]float64
	g2 float64 // ‖∇f‖²
	s2 float64 // tr Σ
}

// newIsotropic draws an instance with the noise-to-signal ratio η² = tr Σ/‖∇f‖².
func newIsotropic(seed uint64, d, n int, η2 float64) *isotropic {
	random := rand.New(rand.NewPCG(seed, 5))
	f := &isotropic{h: 0.5 + random.Float64()}
	for range d {
		f.x = append(f.x, random.NormFloat64())
	}
	f.g2 = f.h * f.h * dot(f.x, f.x)
	mean := make([]float64, d)
	for i := range n {
		f.ξ = append(f.ξ, make([]float64, d))
		for j := range f.ξ[i] {
			f.ξ[i][j] = random.NormFloat64()
			mean[j] += f.ξ[i][j] / float64(n)
		}
	}
	for i := range f.ξ {
		for j := range mean {
			f.ξ[i][j] -= mean[j]
		}
		f.s2 += dot(f.ξ[i], f.ξ[i]) / float64(n)
	}
	scale := math.Sqrt(η2 * f.g2 / f.s2)
	f.s2 = 0
	for i := range f.ξ {
		for j := range f.ξ[i] {
			f.ξ[i][j] *= scale
		}
		f.s2 += dot(f.ξ[i], f.ξ[i]) / float64(n)
	}
	return f
}

// expect averages over all batches of m: the decrease of f by an SGD step of size α, and ‖γg −
// ∇f‖².
func (f *isotropic) expect(t *testing.T, m int, α, γ float64) (decrease, mse float64) {
	t.Helper()
	o, _ := open[float64](t, "sgd", protocol.Setting{protocol.StepSize: α}, len(f.x))
	count := 0.0
	tuples(len(f.ξ), m, func(batch []int) {
		count++
		g, x := make([]float64, len(f.x)), slices.Clone(f.x)
		for j := range g {
			g[j] = f.h * x[j]
			for _, i := range batch {
				g[j] += f.ξ[i][j] / float64(m)
			}
			mse += (γ*g[j] - f.h*x[j]) * (γ*g[j] - f.h*x[j])
		}
		step(t, o, x, &protocol.Measurement[float64]{BatchSize: m, Gradient: g, StepScale: 1})
		decrease += f.h / 2 * (dot(f.x, f.x) - dot(x, x))
	})
	return decrease / count, mse / count
}

// oracle is a measurement on m examples, those with ξ = 0, that tells ∇f and the variance of one
// example's gradient.
func (f *isotropic) oracle(m int) *protocol.Measurement[float64] {
	at := &protocol.Measurement[float64]{BatchSize: m, StepScale: 1, TrueVariance: make([]float64, len(f.x))}
	for j, x := range f.x {
		at.Gradient = append(at.Gradient, f.h*x)
		for _, ξ := range f.ξ {
			at.TrueVariance[j] += ξ[j] * ξ[j] / float64(len(f.ξ))
		}
	}
	at.TrueGradient = at.Gradient
	return at
}

// guaranteed is G(γ,m) = 2γ − γ²(1 + η²/m) (Eq. 4.7).
func guaranteed(γ, m, η2 float64) float64 { return 2*γ - γ*γ*(1+η2/m) }

// Lemma 3.1 is an equality on isotropic quadratics: E f decreases by ‖∇f‖²/(2L) G(γ,m) for α = γ/L.
// The mean squared error of γg (Eq. 4.6) is (1−G)‖∇f‖², least at γ* = 1/(1+η²/m) (Eq. 4.11).
func TestT05Lemma31(t *testing.T) {
	for seed := range uint64(5) {
		for _, η2 := range []float64{0.1, 1, 7} {
			f := newIsotropic(seed, 3, 3, η2)
			for _, m := range []int{1, 2, 4} {
				size := float64(m)
				best := 1 / (1 + η2/size)
				_, least := f.expect(t, m, 1, best)
				for _, γ := range []float64{0.05, 0.4, best, 1, 1.9} {
					decrease, mse := f.expect(t, m, γ/f.h, γ)
					what := fmt.Sprintf("η² = %g, m = %d, γ = %g: ", η2, m, γ)
					approx(t, what+"mean squared error", mse, (1-γ)*(1-γ)*f.g2+γ*γ*f.s2/size)
					near(t, what+"decrease", []float64{decrease, f.g2}, // to the scale of ‖∇f‖²
						[]float64{γ/f.h*f.g2 - γ*γ/(2*f.h)*(f.g2+f.s2/size), f.g2}, 1e-12)
					near(t, what+"1 − G", []float64{mse / f.g2, 1}, []float64{1 - guaranteed(γ, size, η2), 1}, 1e-12)
					atMost(t, what+"least mean squared error", least, mse)
					atMost(t, what+"G", guaranteed(γ, size, η2), 1) // Eq. 4.7
				}
			}
		}
	}
}

// second moments of SGD-like optimizers on h/2 x² with independent noise of variance σ²/m are exact
// without sampling: x ← a x − b ξ has s ← a² s + b² σ²/m. affine reads a and b of one step from the
// optimizer.
type affine struct {
	mean, noise protocol.Optimizer[float64]
}

func newAffine(t *testing.T, name string, setting protocol.Setting) affine {
	mean, _ := open[float64](t, name, setting, 1)
	noise, _ := open[float64](t, name, setting, 1)
	return affine{mean, noise}
}

func (l affine) step(t *testing.T, h float64) (a, b float64) {
	x, y := []float64{1}, []float64{0}
	step(t, l.mean, x, &protocol.Measurement[float64]{Gradient: []float64{h}, StepScale: 1})
	step(t, l.noise, y, &protocol.Measurement[float64]{Gradient: []float64{1}, StepScale: 1})
	return x[0], -y[0]
}

// SGD with constant α on h/2 θ² comes to rest at E f = α C₀/(2m(2−αh)). The bound of Eq. 3.18 is
// equal to that at αh = 1 only. On quadratics with curvatures from μ to L the curve of E f stays
// below that of Eq. 3.17 with −αLC₀/(2mμ) in the last term.
func TestT06Plateau(t *testing.T) {
	for _, row := range []struct{ αh, rest, bound float64 }{ // of E f for h = C₀ = m = 1
		{0.1, 1. / 38, 0.05}, {0.5, 1. / 6, 0.25}, {1, 0.5, 0.5},
	} {
		for _, h := range []float64{0.25, 1, 3} {
			for _, m := range []float64{1, 8} {
				α, C0 := row.αh/h, 2.5
				sgd, s := newAffine(t, "sgd", protocol.Setting{protocol.StepSize: α}), 0.0
				for range 600 {
					a, b := sgd.step(t, h)
					s = a*a*s + b*b*C0/m
				}
				what := fmt.Sprintf("αh = %g, h = %g, m = %g: ", row.αh, h, m)
				approx(t, what+"E f at rest", h/2*s, α*C0/(2*m*(2-α*h)))
				approx(t, what+"E f at rest", h/2*s, row.rest*C0/(m*h))
				atMost(t, what+"E f at rest", h/2*s, α*C0/(2*m)) // μ = L = h
				approx(t, what+"bound", α*C0/(2*m), row.bound*C0/m/h)
			}
		}
	}
	// Two curvatures, noise C₀/2 in each coordinate.
	const L, μ, C0, m = 2, 0.25, 3, 4
	for _, α := range []float64{0.05, 0.2, 1. / L} {
		for _, start := range []float64{0.01, 1, 30} {
			setting := protocol.Setting{protocol.StepSize: α}
			flat, steep := newAffine(t, "sgd", setting), newAffine(t, "sgd", setting)
			s := [2]float64{start, start}
			first := (μ*s[0] + L*s[1]) / 2
			rest := α * L * C0 / (2 * m * μ)
			for now := range 300 {
				atMost(t, fmt.Sprintf("E f at step %d, α = %g", now, α), (μ*s[0]+L*s[1])/2,
					math.Pow(1-α*μ, float64(now))*(first-rest)+rest)
				a, b := flat.step(t, μ)
				s[0] = a*a*s[0] + b*b*C0/2/m
				a, b = steep.step(t, L)
				s[1] = a*a*s[1] + b*b*C0/2/m
			}
		}
	}
}

// Proposition 4.1: with γ* the decrease per example is 1/(m+η²), so that one example is best.
// Proposition 4.2: for given γ it is best at m* = 2γη²/(2−γ) (Eq. 4.13), and (2−γ)²/(4η²) there.
// Decreases are averages over all batches.
func TestT07BestFactorAndBatch(t *testing.T) {
	decrease := func(f *isotropic, γ float64, m int) float64 { // G(γ,m)
		d, _ := f.expect(t, m, γ/f.h, γ)
		return d / (f.g2 / (2 * f.h))
	}
	for _, row := range []struct {
		η2       float64
		m        int
		γ, value float64 // γ*(m), G(γ*,m)/m
	}{{3, 2, 0.4, 0.2}, {3, 1, 0.25, 0.25}, {0.5, 3, 6. / 7, 2. / 7}, {8, 4, 1. / 3, 1. / 12}} {
		f := newIsotropic(7, 2, 3, row.η2)
		size := float64(row.m)
		approx(t, "γ*", 1/(1+row.η2/size), row.γ)
		o, _ := open[float64](t, "oracle-step-sgd", nil, 2)
		step(t, o, slices.Clone(f.x), f.oracle(row.m))
		approx(t, "γ of oracle-step-sgd", report(o, 1)[0], row.γ)
		approx(t, "1/(m+η²)", 1/(size+row.η2), row.value)
		approx(t, "G(γ*,m)/m", decrease(f, row.γ, row.m)/size, row.value)
		if one := decrease(f, 1/(1+row.η2), 1); row.m > 1 && one <= row.value {
			t.Errorf("η² = %g: with γ* one example gives %g and %d give %g each", row.η2, one, row.m, row.value)
		}
	}
	for _, row := range []struct {
		γ, η2, value float64 // G(γ,m*)/m*
		m            int     // m*
	}{{0.5, 3, 0.1875, 2}, {1, 1, 0.25, 2}, {1, 1.5, 1. / 6, 3}, {1, 2, 0.125, 4}, {0.5, 6, 0.09375, 4}} {
		f := newIsotropic(8, 2, 3, row.η2)
		approx(t, "m*", 2*row.γ*row.η2/(2-row.γ), float64(row.m))
		o, _, err := tryOpen[float64](t, "oracle-batch-sgd", protocol.Setting{protocol.StepSize: row.γ / f.h},
			protocol.Start{Dim: 2, Constants: map[string]float64{"smoothness": f.h}})
		if err != nil {
			t.Fatal(err)
		}
		if got := step(t, o, slices.Clone(f.x), f.oracle(1)).BatchSize; got != row.m {
			t.Errorf("oracle-batch-sgd asks for %d examples at γ = %g, η² = %g, want %d", got, row.γ, row.η2, row.m)
		}
		approx(t, "(2−γ)²/(4η²)", (2-row.γ)*(2-row.γ)/(4*row.η2), row.value)
		for m := 1; m <= 7; m++ {
			each := decrease(f, row.γ, m) / float64(m)
			if m == row.m {
				approx(t, "G(γ,m*)/m*", each, row.value)
			} else if each >= row.value {
				t.Errorf("γ = %g, η² = %g: m = %d gives %g per example, m* = %d gives %g", row.γ, row.η2, m, each, row.m, row.value)
			}
		}
	}
}

// On isotropic quadratics with α = 1/h CABS asks for 2η², the best batch size for γ = 1 (Eq. 4.21),
// from the first step on: the biases of both averages cancel. See also TestT08CABSConstant.
func TestT08CABSIsBestBatch(t *testing.T) {
	for seed := range uint64(20) {
		η2 := math.Exp(float64(seed)/5 - 1)
		f := newIsotropic(seed, 4, 3, η2)
		o, _ := open[float64](t, "cabs", protocol.Setting{protocol.StepSize: 1 / f.h, "min_batch_size": 2}, 4)
		for range 30 {
			request := step(t, o, slices.Clone(f.x), &protocol.Measurement[float64]{
				BatchSize: 16, Loss: f.h / 2 * dot(f.x, f.x), Gradient: make([]float64, 4), VarianceNorm: f.s2, StepScale: 1,
			})
			approx(t, "batch size by the rule", report(o, 4)[0], 2*η2)
			if want := max(2, int(math.RoundToEven(2*η2))); request.BatchSize != want {
				t.Errorf("η² = %g: batch size is %d, want %d", η2, request.BatchSize, want)
			}
		}
	}
}

// Lemma 5.1: E ‖γ∘g − ∇f‖² is least at γ = ∇f²/(∇f²+σ²), as in Fig. 5.3. Lemma 5.2: E ‖γ∘sign(g) −
// sign(∇f)‖² is least at γ = 2P − 1, P the probability that a sign is right. Both are parabolas in
// γ, known by their values at 0 and 1 and the mean square of what γ multiplies.
func TestT09Minimisers(t *testing.T) {
	lemma51 := func(p, σ float64) float64 { return p * p / (p*p + σ*σ) }
	for _, row := range []struct{ p, σ, γ float64 }{{2, 1, 0.8}, {1, 1.5, 4. / 13}} {
		approx(t, "γ", lemma51(row.p, row.σ), row.γ)
		o, _ := open[float64](t, "ideal-svag", nil, 1)
		step(t, o, []float64{0}, &protocol.Measurement[float64]{
			BatchSize: 1, Gradient: []float64{7}, TrueGradient: []float64{row.p}, TrueVariance: []float64{row.σ * row.σ},
			StepScale: 1,
		})
		approx(t, "γ of ideal-svag", report(o, 1)[0], row.γ)
	}
	// expected averages over g = p + σ z, where z takes values of mean 0 and variance 1.
	values, odds := []float64{-2, 0.5}, []float64{0.2, 0.8}
	for _, p := range []float64{2, -1, 0.3} {
		for _, σ := range []float64{0, 0.2, 1, 1.5} {
			expected := func(f func(g float64) float64) (sum float64) {
				for k := range values {
					sum += odds[k] * f(p+σ*values[k])
				}
				return sum
			}
			least := func(u func(g float64) float64, target float64) float64 {
				mse := func(γ float64) float64 {
					return expected(func(g float64) float64 { return (γ*u(g) - target) * (γ*u(g) - target) })
				}
				square := expected(func(g float64) float64 { return u(g) * u(g) })
				return (mse(0) - mse(1) + square) / (2 * square)
			}
			sign := func(g float64) float64 { return math.Copysign(1, g) }
			right := expected(func(g float64) float64 {
				if sign(g) == sign(p) {
					return 1
				}
				return 0
			})
			what := fmt.Sprintf("∇f = %g, σ = %g: ", p, σ)
			near(t, what+"γ", []float64{least(func(g float64) float64 { return g }, p), 1},
				[]float64{lemma51(p, σ), 1}, 1e-12)
			near(t, what+"γ of signs", []float64{least(sign, sign(p)), 1}, []float64{2*right - 1, 1}, 1e-12)
		}
	}
}

// For Gaussian g the sign is right with probability ½ (1 + erf(|μ|/(√2 σ))) (Eq. 5.10), here
// against the integral of the density. Adam's factor (1+η²)^(−1/2) is near 2P − 1, to less than 0.1
// (Fig. 5.2), and is larger by √(π/2) far out.
func TestT10SignProbability(t *testing.T) {
	correct := func(η float64) float64 { return (1 + math.Erf(1/(math.Sqrt2*η))) / 2 }
	for _, η := range []float64{0.2, 0.5, 1, 1.9, 5, 40} {
		const pieces = 20_000 // Simpson's rule for ½ + ∫₀^{1/η} φ
		sum, width := 0.0, 1/η/pieces
		for k := range pieces + 1 {
			z := float64(k) * width
			factor := 2. + 2*float64(k%2)
			if k == 0 || k == pieces {
				factor = 1
			}
			sum += factor * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
		}
		approx(t, fmt.Sprintf("P at η = %g", η), 0.5+sum*width/3, correct(η))
	}
	most, at := 0.0, 0.0
	for k := 1; k < 100_000; k++ {
		η := float64(k) / 1000
		if difference := math.Abs(2*correct(η) - 1 - 1/math.Sqrt(1+η*η)); difference > most {
			most, at = difference, η
		}
	}
	if !(most < 0.1 && most > 0.05 && at > 1.8 && at < 2) {
		t.Errorf("the factors differ by %g at η = %g at most, want less than 0.1, near 1.9", most, at)
	}
	const far = 1e4
	near(t, "ratio far out", []float64{(2*correct(far) - 1) * math.Sqrt(1+far*far)}, []float64{math.Sqrt(2 / math.Pi)}, 1e-8)
}

// SVAG with the exact γ = ∇f²/(∇f²+σ²) and α = 1/h on h/2 x²: E f_{t+1} = (1−γ_t) f_t (Eq. B.12
// with equality). With e = E f − f*, e_{t+1} ≤ e_t − c e_t² follows, by convexity, and t e_t ≤ 1/c
// (Eq. B.22), for c = 2h/(2h e₀ + σ²). Expectations are sums over all signs of the noise.
func TestT11IdealSVAG(t *testing.T) {
	for _, h := range []float64{0.5, 2} {
		for _, σ := range []float64{0.3, 2, 10} {
			o, _ := open[float64](t, "ideal-svag", protocol.Setting{protocol.StepSize: 1 / h}, 1)
			f := func(x float64) float64 { return h / 2 * x * x }
			points := []float64{1.5}
			e0 := f(points[0])
			c, before := 2*h/(2*h*e0+σ*σ), e0
			for now := 1; now <= 12; now++ {
				var next []float64
				e := 0.0
				for _, x := range points {
					γ := h * h * x * x / (h*h*x*x + σ*σ)
					pair := 0.0
					for _, noise := range []float64{-σ, σ} {
						y := []float64{x}
						step(t, o, y, &protocol.Measurement[float64]{
							BatchSize: 1, Gradient: []float64{h*x + noise}, StepScale: 1,
							TrueGradient: []float64{h * x}, TrueVariance: []float64{σ * σ},
						})
						next = append(next, y[0])
						pair += f(y[0]) / 2
					}
					near(t, "E f after a step", []float64{pair, f(x)}, []float64{(1 - γ) * f(x), f(x)}, 1e-12)
					e += pair / float64(len(points))
				}
				atMost(t, fmt.Sprintf("e at step %d, h = %g, σ = %g", now, h, σ), e, before-2*h*before*before/(2*h*before+σ*σ))
				atMost(t, fmt.Sprintf("e at step %d, h = %g, σ = %g", now, h, σ), e, before-c*before*before)
				atMost(t, fmt.Sprintf("t e at step %d, h = %g, σ = %g", now, h, σ), float64(now)*e, 1/c)
				points, before = next, e
			}
		}
	}
}

// The family: one method is another at a limit of its hyperparameters. Limits at β = 0 are exact,
// see laws; these are the ones at ε → ∞, where a division by √v + ε is one by ε.
func TestInclusionsAtLargeEpsilon(t *testing.T) {
	const ε, α = 1e13, 0.3
	for _, row := range []struct {
		name, limit    string
		setting, there protocol.Setting
	}{
		{"adam", "m-sgd", protocol.Setting{protocol.StepSize: α * ε, "beta1": 0.9}, protocol.Setting{"beta": 0.9}},
		{"adam", "sgd", protocol.Setting{protocol.StepSize: α * ε, "beta1": 0}, nil},
		{"rmsprop", "sgd", protocol.Setting{protocol.StepSize: α * ε}, nil},
		// ε inside the root
		{"adagrad", "sgd", protocol.Setting{protocol.StepSize: α * math.Sqrt(ε)}, nil},
	} {
		row.setting["epsilon"] = ε
		there := protocol.Setting{protocol.StepSize: α}
		for name, v := range row.there {
			there[name] = v
		}
		a, _ := open[float64](t, row.name, row.setting, 5)
		b, _ := open[float64](t, row.limit, there, 5)
		x, want := ones[float64](5), ones[float64](5)
		for _, m := range measurements[float64](5, 40) {
			step(t, a, x, m)
			step(t, b, want, m)
		}
		near(t, row.name+" as "+row.limit, x, want, 1e-11)
	}
}
