package optimizers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// problemsWithConstants are the built-in problems that declare constants, at settings where all
// training examples give the exact gradient.
var problemsWithConstants = []struct {
	name    string
	setting protocol.Setting
}{
	{"noisy-quadratic", protocol.Setting{"noise": 0, "dim": 20}},
	{"noisy-quadratic", protocol.Setting{"noise": 0, "dim": 3, "condition": 1, "smoothness": 5}},
	{"quadratic-2d", protocol.Setting{"a": 1, "d": 8}},
	{"quadratic-2d", protocol.Setting{"a": 3, "b": 1.5, "d": 1}},
	{"rotated-quadratic", protocol.Setting{"phi": 0.3, "lambda_max": 40}},
	{"wilson-least-squares", nil},
	{"quadratic-deep", nil},
	{"breast-cancer-logreg", nil},
	{"boston-linreg", nil},
	{"yacht-linreg", nil},
	{"energy-linreg", nil},
	{"wine-linreg", nil},
	{"wdbc-logreg", nil},
	{"a1a-logreg", nil},
}

// differences returns ∇f(y) − ∇f(x), y − x and f(y) − f(x) − ∇f(x)ᵀ(y−x).
func differences(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec, x, y []float64) (
	g, d []float64, remainder float64,
) {
	t.Helper()
	at, there := measureOn(t, p, spec, x), measureOn(t, p, spec, y)
	g, d = make([]float64, spec.Dim), make([]float64, spec.Dim)
	for j := range g {
		g[j], d[j] = there.Gradient[j]-at.Gradient[j], y[j]-x[j]
	}
	return g, d, there.Loss - at.Loss - dot(at.Gradient, d)
}

// The constants that problems declare are right: smoothness in each norm (Eqs. 2.24 and 2.25),
// strong convexity (Eqs. 2.31 and 2.33, in the latter the square of the gradient's norm), and the
// optimum.
func TestT25Constants(t *testing.T) {
	for _, row := range problemsWithConstants {
		t.Run(fmt.Sprintf("%s %v", row.name, row.setting), func(t *testing.T) {
			p, spec := openProblem(t, row.name, row.setting)
			c := spec.Constants
			random := rand.New(rand.NewPCG(25, 0))
			start := make([]float64, spec.Dim)
			if err := p.Init(start, 1); err != nil {
				t.Fatal(err)
			}
			for k := range 30 {
				x, y := make([]float64, spec.Dim), make([]float64, spec.Dim)
				for j := range x {
					x[j] = start[j] + random.NormFloat64()
					y[j] = x[j] + math.Exp2(-float64(k%10))*random.NormFloat64()
				}
				g, d, remainder := differences(t, p, spec, x, y)
				f := measureOn(t, p, spec, x)
				rounding := 1e-13 * (math.Abs(f.Loss) + 1)
				atMost(t, "remainder", math.Abs(remainder), c["smoothness"]/2*dot(d, d)+rounding)
				atMost(t, "change of the gradient", l2Norm(g), c["smoothness"]*l2Norm(d))
				if L, ok := c["smoothness_linf"]; ok {
					atMost(t, "change of the gradient, L∞", l1Norm(g), L*maxNorm(d))
				}
				if L, ok := c["smoothness_l1"]; ok {
					atMost(t, "change of the gradient, L₁", maxNorm(g), L*l1Norm(d))
				}
				if μ, ok := c["strong_convexity"]; ok {
					atMost(t, "μ/2 ‖y−x‖²", μ/2*dot(d, d), remainder+rounding)
					if optimum, ok := c["optimum"]; ok {
						atMost(t, "2μ(f−f*)", 2*μ*(f.Loss-optimum), dot(f.Gradient, f.Gradient)+rounding)
						atMost(t, "optimum", optimum, f.Loss+rounding)
						// Lemma B.2, with the bound 2L²/μ of the thesis, and the tighter 2L.
						if μ > 0 {
							atMost(t, "‖∇f‖²", dot(f.Gradient, f.Gradient), 2*c["smoothness"]*(f.Loss-optimum)+rounding)
						}
					}
				}
			}
		})
	}
}

// Theorem 2.4: gradient descent with α < 2/L has Σ‖∇f‖² ≤ (f₀−f*)/(α−Lα²/2) (Eq. 2.45). Theorem
// 2.5: for α = 1/L, f − f* falls by 1−μ/L in each step (Eq. 2.46). At α = 2/L it need not fall,
// beyond it diverges.
func TestT25GradientDescent(t *testing.T) {
	for _, row := range problemsWithConstants {
		p, spec := openProblem(t, row.name, row.setting)
		L, μ := spec.Constants["smoothness"], spec.Constants["strong_convexity"]
		optimum, known := spec.Constants["optimum"]
		for _, αL := range []float64{0.3, 1, 1.9} {
			if !known {
				continue
			}
			o, _ := open[float64](t, "sgd", protocol.Setting{protocol.StepSize: αL / L}, spec.Dim)
			x := make([]float64, spec.Dim)
			if err := p.Init(x, 3); err != nil {
				t.Fatal(err)
			}
			first, sum := measureOn(t, p, spec, x).Loss-optimum, 0.0
			for now := range 100 {
				m := measureOn(t, p, spec, x)
				what := fmt.Sprintf("%s, αL = %g, step %d: ", row.name, αL, now)
				sum += dot(m.Gradient, m.Gradient)
				atMost(t, what+"Σ‖∇f‖²", sum, first/(αL/L-αL*αL/(2*L)))
				if αL == 1 {
					atMost(t, what+"f − f*", m.Loss-optimum, math.Pow(1-μ/L, float64(now))*first+1e-13*(first+math.Abs(optimum)))
				}
				step(t, o, x, m)
			}
		}
	}
	p, spec := openProblem(t, "quadratic-2d", protocol.Setting{"a": 1, "d": 8})
	for _, row := range []struct{ α, factor float64 }{{2. / 8, 1}, {2.5 / 8, 1.5}} {
		o, _ := open[float64](t, "sgd", protocol.Setting{protocol.StepSize: row.α}, 2)
		x := []float64{0, 1}
		for now := range 20 {
			near(t, "steepest coordinate", []float64{math.Abs(x[1])}, []float64{math.Pow(row.factor, float64(now))}, 1e-12)
			step(t, o, x, measureOn(t, p, spec, x))
		}
	}
}

// Figs. 1.1 and 2.2: gradient descent with α = 1/L on the plane contracts the flat coordinate by
// 1−1/κ a step, exactly.
func TestT25Plane(t *testing.T) {
	for _, κ := range []float64{2, 8} {
		p, spec := openProblem(t, "quadratic-2d", protocol.Setting{"a": 1, "d": κ})
		o, _ := open[float64](t, "sgd", protocol.Setting{protocol.StepSize: 1 / spec.Constants["smoothness"]}, 2)
		x := make([]float64, 2)
		if err := p.Init(x, 1); err != nil {
			t.Fatal(err)
		}
		for now := range 10 {
			step(t, o, x, measureOn(t, p, spec, x))
			want := []float64{math.Pow(1-1/κ, float64(now+1)), 0}
			near(t, fmt.Sprintf("x after step %d for κ = %g", now, κ), x, want, 1e-12)
		}
	}
}

// leastSquares is Wilson's data with few examples at a random θ, with everything about the noise.
type leastSquares struct {
	p        protocol.Problem[float64]
	spec     protocol.ProblemSpec
	θ, g     []float64 // ∇f
	f        float64
	examples [][]float64 // ∇fᵢ
	trace    float64     // tr Σ
}

func newLeastSquares(t *testing.T, random *rand.Rand) *leastSquares {
	t.Helper()
	l := &leastSquares{}
	l.p, l.spec = openProblem(t, "wilson-least-squares", protocol.Setting{"positive": 3, "negative": 1})
	l.θ = gaussian(random, l.spec.Dim)
	full := measureOn(t, l.p, l.spec, l.θ)
	l.g, l.f = full.Gradient, full.Loss
	for i := range l.spec.Train {
		l.examples = append(l.examples, measureOn(t, l.p, l.spec, l.θ, i).Gradient)
		for j, g := range l.examples[i] {
			l.trace += (g - l.g[j]) * (g - l.g[j]) / float64(l.spec.Train)
		}
	}
	return l
}

// The covariance of a batch gradient is Σ/m (Eq. 3.5), over all batches. Least squares that can be
// fitted exactly keeps Assumption 3.1 with C₀ = 0: tr Σ ≤ C₁ ‖∇f‖², where 1 + C₁ is the greatest
// (1/N)Σrᵢ²‖xᵢ‖² for ‖Xᵀr‖²/N² = 1, an eigenvalue. With α up to 1/(L(1+C₁/m)) (Eq. 3.16), E f falls
// by α‖∇f‖²/2.
func TestT26LeastSquaresNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(26, 0))
	l := newLeastSquares(t, random)
	N, d := l.spec.Train, l.spec.Dim
	zero := make([]float64, d)
	X := mat.NewDense(N, d, nil) // ∇fᵢ(0) = −yᵢxᵢ, and x₁ = y
	for i := range N {
		row := measureOn(t, l.p, l.spec, zero, i).Gradient
		y := 1.0
		if row[1] > 0 {
			y = -1
		}
		for j, g := range row {
			X.Set(i, j, -y*g)
		}
	}
	// K = XXᵀ/N², D = diag(‖xᵢ‖²)/N: greatest rᵀDr/rᵀKr.
	var K, gram mat.Dense
	gram.Mul(X, X.T())
	K.Scale(1/float64(N*N), &gram)
	values, vectors := eigen(symmetric(&K))
	var root, scaled mat.Dense
	root.Mul(vectors, inverseRoots(values))
	D := mat.NewDiagDense(N, nil)
	for i := range N {
		D.SetDiag(i, gram.At(i, i)/float64(N))
	}
	scaled.Product(root.T(), D, &root)
	ratios, worst := eigen(symmetric(&scaled))
	C1 := ratios[N-1] - 1
	for range 50 {
		l := newLeastSquares(t, random)
		atMost(t, "tr Σ", l.trace, C1*dot(l.g, l.g))
	}
	// The bound is reached where the residuals r are the worst: Xθ = y + r.
	var r, θ mat.VecDense
	r.MulVec(&root, worst.ColView(N-1))
	for i := range N {
		r.SetVec(i, r.AtVec(i)+X.At(i, 0)) // y is the first feature
	}
	if err := θ.SolveVec(X, &r); err != nil {
		t.Fatal(err)
	}
	l = newLeastSquares(t, random)
	l.θ = θ.RawVector().Data
	l.g, l.trace = measureOn(t, l.p, l.spec, l.θ).Gradient, 0
	for i := range N {
		for j, g := range measureOn(t, l.p, l.spec, l.θ, i).Gradient {
			l.trace += (g - l.g[j]) * (g - l.g[j]) / float64(N)
		}
	}
	near(t, "tr Σ at the worst point", []float64{l.trace / dot(l.g, l.g)}, []float64{C1}, 1e-10)

	l = newLeastSquares(t, random)
	L := l.spec.Constants["smoothness"]
	for _, m := range []int{1, 2, 3} {
		for _, part := range []float64{0.1, 1} {
			α := part / (L * (1 + C1/float64(m)))
			o, _ := open[float64](t, "sgd", protocol.Setting{protocol.StepSize: α}, d)
			count, decrease := 0.0, 0.0
			covariance := mat.NewSymDense(d, nil)
			tuples(N, m, func(batch []int) {
				count++
				at := measureOn(t, l.p, l.spec, l.θ, batch...)
				off := mat.NewVecDense(d, nil)
				for j, g := range at.Gradient {
					off.SetVec(j, g-l.g[j])
				}
				covariance.SymRankOne(covariance, 1, off)
				x := append([]float64(nil), l.θ...)
				step(t, o, x, at)
				decrease += l.f - measureOn(t, l.p, l.spec, x).Loss
			})
			atMost(t, fmt.Sprintf("α‖∇f‖²/2 for m = %d", m), α/2*dot(l.g, l.g), decrease/count)
			for i := range d {
				for j := range i + 1 {
					want := 0.0
					for _, g := range l.examples {
						want += (g[i] - l.g[i]) * (g[j] - l.g[j]) / float64(N*m)
					}
					near(t, fmt.Sprintf("covariance %d, %d for m = %d", i, j, m), []float64{covariance.At(i, j) / count, 1},
						[]float64{want, 1}, 1e-12)
				}
			}
		}
	}
}

// inverseRoots returns diag(1/√v).
func inverseRoots(values []float64) *mat.DiagDense {
	d := mat.NewDiagDense(len(values), nil)
	for i, v := range values {
		d.SetDiag(i, 1/math.Sqrt(v))
	}
	return d
}

// Robbins & Monro: with α_t = c/(t+1) (Eq. 3.22) on h/2 x², t E f tends to h c² C₀/(2m(2ch−1)). A
// constant α leads to a plateau, and no lower one; a batch size that grows as f falls does not.
func TestT27RobbinsMonro(t *testing.T) {
	const h, C0, m = 1.5, 2, 4
	for _, ch := range []float64{0.75, 1, 2} {
		c := ch / h
		o := newAffine(t, "normalized-sgd", protocol.Setting{protocol.StepSize: c, "normalization": 0, "decay": 1})
		s, most := 1.0, 0.0
		const steps = 200_000
		for now := range steps {
			a, b := o.step(t, h)
			approx(t, fmt.Sprintf("α at step %d", now), b, c/float64(now+1))
			s = a*a*s + b*b*C0/m
			most = max(most, float64(now+1)*h/2*s)
		}
		limit := h * c * c * C0 / (2 * m * (2*ch - 1))
		near(t, "t E f", []float64{steps * h / 2 * s}, []float64{limit}, 0.01)
		// Where t s_t ≤ K, (t+1) s_{t+1} ≤ K follows for V ≤ K (2q−1 − (1−q)²/t), with q = ch and V
		// = c²C₀/m.
		V := c * c * C0 / m
		atMost(t, "t E f at its largest", most, h/2*max((1-ch)*(1-ch)+V, V/(2*ch-1-(1-ch)*(1-ch))))
	}
	constant, growing := 1.0, 1.0
	sgd := newAffine(t, "sgd", protocol.Setting{protocol.StepSize: 0.5 / h})
	for range 200 {
		a, b := sgd.step(t, h)
		constant = a*a*constant + b*b*C0/m
		growing = a*a*growing + b*b*C0/(m/growing) // m_t ∝ 1/f_t
	}
	near(t, "plateau", []float64{h / 2 * constant}, []float64{0.5 / h * C0 / (2 * m * 1.5)}, 1e-12)
	if growing > 1e-20 {
		t.Errorf("E x² is %g after 200 steps with growing batches, want it to go on falling", growing)
	}
}

// E ‖g‖² = ‖∇f‖² + tr Σ/m (Eq. 4.16, by coordinates), over all batches. ‖g−∇f‖ ≤ θ‖g‖ with θ < 1
// makes −g a direction of descent (Eq. 4.17).
func TestT28Noise(t *testing.T) {
	random := rand.New(rand.NewPCG(28, 0))
	l := newLeastSquares(t, random)
	for _, m := range []int{1, 2, 3} {
		count, squares := 0.0, make([]float64, l.spec.Dim)
		tuples(l.spec.Train, m, func(batch []int) {
			count++
			for j, g := range measureOn(t, l.p, l.spec, l.θ, batch...).Gradient {
				squares[j] += g * g
			}
		})
		for j := range squares {
			variance := 0.0
			for _, g := range l.examples {
				variance += (g[j] - l.g[j]) * (g[j] - l.g[j]) / float64(l.spec.Train)
			}
			near(t, "E g²", []float64{squares[j] / count, 1}, []float64{l.g[j]*l.g[j] + variance/float64(m), 1}, 1e-12)
		}
	}
	kept := 0
	for range 2000 {
		g, δ := gaussian(random, 3), gaussian(random, 3)
		θ := random.Float64()
		scale := random.Float64() * 1.5 * l2Norm(g) / l2Norm(δ)
		f := make([]float64, 3)
		for j := range f {
			δ[j] *= scale
			f[j] = g[j] - δ[j]
		}
		if l2Norm(δ) > θ*l2Norm(g) {
			continue
		}
		kept++
		// 2gᵀ∇f = ‖∇f‖² + ‖g‖² − ‖g−∇f‖²
		atMost(t, "‖∇f‖² + (1−θ²)‖g‖²", dot(f, f)+(1-θ*θ)*dot(g, g), 2*dot(g, f)*(1+1e-12))
	}
	if kept < 200 {
		t.Errorf("the criterion held %d times, want more to look at", kept)
	}
}

// Lemma B.2: 2μ(f−f*) ≤ ‖∇f‖² ≤ (2L²/μ)(f−f*). Eq. B.14: E[f²/(f+a)] ≥ (E f)²/(E f + a), since
// u²/(u+a) is convex. Eq. B.21: e_{t+1} ≤ e_t − c e_t² keeps e_t below 1/(1/e₀ + ct).
func TestT29LemmaB2(t *testing.T) {
	random := rand.New(rand.NewPCG(29, 0))
	for seed := range uint64(10) {
		h := randomPSD(seed, dims, float64(seed)/5)
		values, vectors := eigen(h)
		μ, L := values[0], values[dims-1]
		check := func(x []float64) {
			g := mat.NewVecDense(dims, nil)
			g.MulVec(h, mat.NewVecDense(dims, x))
			f, g2 := mat.Dot(g, mat.NewVecDense(dims, x))/2, mat.Dot(g, g)
			atMost(t, "2μ(f−f*)", 2*μ*f, g2*(1+1e-9))
			atMost(t, "‖∇f‖²", g2, 2*L*f)
			atMost(t, "‖∇f‖²", g2, 2*L*L/μ*f)
		}
		for range 50 {
			check(gaussian(random, dims))
		}
		check(mat.Col(nil, 0, vectors)) // equality on the left
		check(mat.Col(nil, dims-1, vectors))
	}
	for range 200 {
		a, total, mean, left := random.ExpFloat64(), 0.0, 0.0, 0.0
		for range 5 {
			p, f := random.Float64(), math.Exp(3*random.NormFloat64())
			total += p
			mean += p * f
			left += p * f * f / (f + a)
		}
		mean, left = mean/total, left/total
		atMost(t, "(E f)²/(E f + a)", mean*mean/(mean+a), left)
	}
	for _, c := range []float64{0.01, 0.3, 1} {
		e0 := 0.9 / c
		e := e0
		for now := range 1000 {
			atMost(t, fmt.Sprintf("e at step %d", now), e, 1/(1/e0+c*float64(now)))
			// at least c e², and e stays positive
			e -= c * e * e * (1 + random.Float64()*(1/(c*e)-1)/10)
		}
	}
}
