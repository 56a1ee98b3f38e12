package optimizers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// geometry is one of the norms of Table 6.1 with its dual, written down a second time.
type geometry struct {
	name       string // of the optimizer that descends in it
	norm, dual func(v []float64) float64
}

// threeBlocks cover 8 coordinates.
var threeBlocks = []protocol.Block{{Name: "a", Len: 3}, {Name: "b", Offset: 3, Len: 4}, {Name: "c", Offset: 7, Len: 1}}

func inBlocks(v []float64) (norms []float64) {
	for _, b := range threeBlocks {
		norms = append(norms, l2Norm(v[b.Offset:b.Offset+b.Len]))
	}
	return norms
}

func l2Norm(v []float64) float64 { return math.Sqrt(dot(v, v)) }

func l1Norm(v []float64) (sum float64) {
	for _, u := range v {
		sum += math.Abs(u)
	}
	return sum
}

func maxNorm(v []float64) (most float64) {
	for _, u := range v {
		most = max(most, math.Abs(u))
	}
	return most
}

var geometries = []geometry{
	{"normalized-sgd", l2Norm, l2Norm},
	{"norm-scaled-sign-sgd", maxNorm, l1Norm},
	{"coordinate-sgd", l1Norm, maxNorm},
	{
		"block-normalized-sgd",
		func(v []float64) float64 { return maxNorm(inBlocks(v)) },
		func(v []float64) float64 { return l1Norm(inBlocks(v)) },
	},
}

// open opens steepest descent with the given hyperparameters in 8 dimensions.
func (n geometry) open(t *testing.T, setting protocol.Setting) protocol.Optimizer[float64] {
	o, _ := open[float64](t, n.name, setting, 8, threeBlocks...)
	return o
}

// smooth is a function of 8 variables with minimum 0 at 0, and what theory needs to know of it in
// each norm.
type smooth struct {
	name      string
	f         func(x []float64) (value float64, g []float64)
	start     func(random *rand.Rand) []float64
	L         [4]float64 // smoothness, by norm
	μ         [4]float64 // greatest μ with ‖∇f‖⋆² ≥ 2μ f; 0: not known
	radius    [4]float64 // greatest ‖x‖ of all x with f(x) ≤ 1; 0: not known, or not convex
	quadratic bool
}

const dims = 8

// randomQuadratic draws f(x) = ½ xᵀHx with H = AᵀA/8 and finds its constants, all of them exactly
// but for the smoothness in block norms, which is an upper bound (C-23: sums go over all pairs of
// blocks).
func randomQuadratic(seed uint64, shape float64) smooth {
	h := randomPSD(seed, dims, shape)
	var inverse mat.Dense
	if err := inverse.Inverse(h); err != nil {
		panic(err)
	}
	inv := symmetric(&inverse)
	values, _ := eigen(h)
	s := smooth{name: fmt.Sprintf("quadratic %d", seed), quadratic: true}
	s.f = func(x []float64) (float64, []float64) {
		g := mat.NewVecDense(dims, nil)
		g.MulVec(h, mat.NewVecDense(dims, x))
		return dot(x, g.RawVector().Data) / 2, g.RawVector().Data
	}
	s.start = func(random *rand.Rand) []float64 { return gaussian(random, dims) }
	diagonal := func(m mat.Symmetric) (most float64) {
		for i := range dims {
			most = max(most, m.At(i, i))
		}
		return most
	}
	blockwise := 0.0 // max ‖(H⁻¹)_BB‖₂
	blocks := 0.0    // Σ ‖H_BB'‖₂
	for i := range threeBlocks {
		within, _ := eigen(symmetric(blockOf(inv, i, i)))
		blockwise = max(blockwise, within[len(within)-1])
		for j := range threeBlocks {
			blocks += spectral(blockOf(h, i, j))
		}
	}
	s.L = [4]float64{values[dims-1], mostOverSigns(h), diagonal(h), blocks}
	// f = ½ gᵀH⁻¹g is largest for ‖g‖⋆ = 1 at an extreme point of that ball.
	s.μ = [4]float64{values[0], 1 / diagonal(inv), 1 / mostOverSigns(inv), 1 / blockwise}
	for k, μ := range s.μ {
		s.radius[k] = math.Sqrt(2 / μ) // ‖x‖² ≤ 2f/μ, with equality somewhere, by the same duality
	}
	return s
}

func gaussian(random *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = random.NormFloat64()
	}
	return v
}

// randomPSD draws AᵀA/d, where the rows of A are scaled by k^−shape, so that spectra are flat (0)
// or steep.
func randomPSD(seed uint64, d int, shape float64) *mat.SymDense {
	random := rand.New(rand.NewPCG(seed, 16))
	a := mat.NewDense(d, d, nil)
	for i := range d {
		for j := range d {
			a.Set(i, j, random.NormFloat64()*math.Pow(float64(i+1), -shape))
		}
	}
	var h mat.Dense
	h.Mul(a.T(), a)
	h.Scale(1/float64(d), &h)
	return symmetric(&h)
}

func symmetric(m mat.Matrix) *mat.SymDense {
	d, _ := m.Dims()
	s := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i + 1 {
			s.SetSym(i, j, m.At(i, j))
		}
	}
	return s
}

// eigen returns the eigenvalues in ascending order, and the eigenvectors as columns.
func eigen(h mat.Symmetric) (values []float64, vectors *mat.Dense) {
	var e mat.EigenSym
	if !e.Factorize(h, true) {
		panic("no eigenvalues")
	}
	vectors = &mat.Dense{}
	e.VectorsTo(vectors)
	return e.Values(nil), vectors
}

func spectral(m mat.Matrix) float64 {
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDNone) {
		panic("no singular values")
	}
	return svd.Values(nil)[0]
}

func blockOf(m mat.Matrix, i, j int) *mat.Dense {
	r, c := threeBlocks[i], threeBlocks[j]
	b := mat.NewDense(r.Len, c.Len, nil)
	for k := range r.Len {
		for l := range c.Len {
			b.Set(k, l, m.At(r.Offset+k, c.Offset+l))
		}
	}
	return b
}

// mostOverSigns returns the greatest sᵀHs of all vectors s of signs, by trying them all: L∞ of a
// convex quadratic.
func mostOverSigns(h mat.Symmetric) (most float64) {
	d := h.SymmetricDim()
	for signs := range 1 << (d - 1) { // s and −s are the same
		sum := 0.0
		for i := range d {
			for j := range d {
				sum += h.At(i, j) * float64(1-2*(signs>>i&1)) * float64(1-2*(signs>>j&1))
			}
		}
		most = max(most, sum)
	}
	return most
}

// waves is f(x) = Σ aᵢ (1 − cos xᵢ): smooth, not convex.
func waves() smooth {
	a := []float64{1, 0.2, 3, 0.5, 2, 2, 0.1, 1.5}
	s := smooth{name: "waves"}
	s.f = func(x []float64) (value float64, g []float64) {
		g = make([]float64, dims)
		for i := range x {
			value += a[i] * 2 * math.Pow(math.Sin(x[i]/2), 2)
			g[i] = a[i] * math.Sin(x[i])
		}
		return value, g
	}
	s.start = func(random *rand.Rand) []float64 {
		x := gaussian(random, dims)
		for i := range x {
			x[i] *= 2
		}
		return x
	}
	s.L = [4]float64{3, l1Norm(a), 3, 3 + 2 + 1.5}
	return s
}

func smoothFunctions() []smooth {
	list := []smooth{waves()}
	for seed := range uint64(4) {
		list = append(list, randomQuadratic(seed, float64(seed)/3))
	}
	return list
}

// Lemma 6.2: a step of steepest descent with α = 1/L decreases f by ‖∇f‖⋆²/(2L). From it follow
// Proposition C.2 (Eq. C.11), the least ‖∇f‖⋆² of T steps is at most 2L(f₀−f*)/T, Theorem C.1 (Eq.
// C.12) for convex f, f − f* ≤ 2LR²/(T+4) with the radius R of the level set of f₀, and Proposition
// C.3 (Eq. C.13), f − f* ≤ (1−μ/L)^T (f₀ − f*).
func TestT16SteepestDescent(t *testing.T) {
	for _, s := range smoothFunctions() {
		random := rand.New(rand.NewPCG(1, 16))
		for k, n := range geometries {
			L := s.L[k]
			for range 3 {
				o := n.open(t, protocol.Setting{protocol.StepSize: 1 / L, "normalization": 0})
				x := s.start(random)
				first, _ := s.f(x)
				sum := 0.0
				for now := range 60 {
					f, g := s.f(x)
					if !s.quadratic && f < 1e-4*first {
						break // the minimum may be at another place than 0, and x round off
					}
					what := fmt.Sprintf("%s by %s, step %d: ", s.name, n.name, now)
					if r := s.radius[k]; r > 0 {
						R := r * math.Sqrt(first) // f scales as the square of x
						atMost(t, what+"convex bound", f, 2*L*R*R/float64(now+4))
					}
					if μ := s.μ[k]; μ > 0 {
						atMost(t, what+"Polyak–Łojasiewicz inequality", 2*μ*f, n.dual(g)*n.dual(g))
						atMost(t, what+"linear rate", f, math.Pow(1-μ/L, float64(now))*first)
					}
					sum += n.dual(g) * n.dual(g)
					atMost(t, what+"Σ ‖∇f‖⋆²", sum, 2*L*first) // more than the bound on the least
					before := slices.Clone(x)
					step(t, o, x, &protocol.Measurement[float64]{Gradient: g, StepScale: 1})
					after, _ := s.f(x)
					atMost(t, what+"decrease", after+n.dual(g)*n.dual(g)/(2*L), f)
					// The step itself: of length ‖∇f‖⋆/L, along which the gradient has the slope
					// ‖∇f‖⋆.
					δ := make([]float64, dims)
					for i := range δ {
						δ[i] = (before[i] - x[i]) * L / n.dual(g)
					}
					near(t, what+"length and slope", []float64{n.norm(δ), dot(δ, g) / n.dual(g)}, []float64{1, 1}, 1e-9)
				}
			}
		}
	}
}

// The constants of the functions are right: ∇f changes by L‖x−y‖ at most, and on some quadratic by
// almost as much.
func TestT16Smoothness(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 16))
	for _, s := range smoothFunctions() {
		for k, n := range geometries {
			for range 300 {
				x, y := s.start(random), s.start(random)
				_, gx := s.f(x)
				_, gy := s.f(y)
				for i := range x {
					x[i] -= y[i]
					gx[i] -= gy[i]
				}
				atMost(t, fmt.Sprintf("change of %s' gradient for %s", s.name, n.name), n.dual(gx), s.L[k]*n.norm(x))
			}
		}
	}
}

// Normalised steepest descent with steps α_t/L, α_t = 1/√(t+1) (Eq. C.19): the mean, and so the
// least, of ‖∇f‖⋆ over T steps is at most (L(f₀−f*) + (1 + log T)/2)/√T. Printed is log(T+1) for 1
// + log T (Eqs. C.20 and C.68), which f = θ²/2 contradicts at T = 1 from θ = 1.
func TestT16Normalised(t *testing.T) {
	for _, s := range smoothFunctions() {
		random := rand.New(rand.NewPCG(3, 16))
		for k, n := range geometries {
			for range 3 {
				o := n.open(t, protocol.Setting{protocol.StepSize: 1 / s.L[k], "normalization": 1, "decay": 0.5})
				x := s.start(random)
				first, _ := s.f(x)
				sum := 0.0
				for T := 1; T <= 200; T++ {
					_, g := s.f(x)
					sum += n.dual(g)
					atMost(t, fmt.Sprintf("mean ‖∇f‖⋆ of %s by %s in %d steps", s.name, n.name, T), sum/float64(T),
						(s.L[k]*first+(1+math.Log(float64(T)))/2)/math.Sqrt(float64(T)))
					step(t, o, x, &protocol.Measurement[float64]{Gradient: g, StepScale: 1})
				}
			}
		}
	}
	// f = θ²/2 from 1: ‖∇f₀‖ = 1 is more than the printed bound.
	if printed := 0.5 + math.Log(2)/2; printed >= 1 {
		t.Errorf("the printed bound is %g, want a counter-example", printed)
	}
	atMost(t, "‖∇f‖ for θ²/2", 1, 0.5+(1+math.Log(1))/2)
}

// quartic is Σ xᵢ⁴, whose curvature 12x² is at most L₀ + L₁ 4|x|³ in every coordinate for L₀ =
// 16/L₁², and so in norms.
func quartic(x []float64) (value float64, g []float64) {
	g = make([]float64, dims)
	for i, v := range x {
		value += v * v * v * v
		g[i] = 4 * v * v * v
	}
	return value, g
}

// Lemma C.2 and Theorem C.2, for (L₀,L₁)-smooth f: up to 1/L₁ away ‖∇f‖⋆ is at most 4(L₀/L₁ +
// ‖∇f‖⋆), and f is below the parabola of curvature 5L₀ + 4L₁‖∇f‖⋆. Soft normalisation, steps of
// ‖∇f‖⋆/(5L₀ + 4L₁‖∇f‖⋆) (Eq. C.26), gets ‖∇f‖⋆ below ε in 18 (f₀−f*) max(L₀/ε², L₁²/L₀) steps.
func TestT30SoftNormalisation(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 16))
	for _, L1 := range []float64{0.5, 2, 8} {
		each := 16 / (L1 * L1)
		for k, n := range geometries {
			L0 := [4]float64{each, dims * each, each, float64(len(threeBlocks)) * each}[k]
			what := fmt.Sprintf("L₁ = %g by %s: ", L1, n.name)
			for range 200 {
				x, δ := gaussian(random, dims), gaussian(random, dims)
				length := random.Float64() / (L1 * n.norm(δ))
				y := slices.Clone(x)
				for i := range y {
					δ[i] *= length
					y[i] += δ[i]
				}
				fx, gx := quartic(x)
				fy, gy := quartic(y)
				atMost(t, what+"gradient near by", n.dual(gy), 4*(L0/L1+n.dual(gx)))
				atMost(t, what+"f near by", fy, fx+dot(gx, δ)+(5*L0+4*L1*n.dual(gx))/2*n.norm(δ)*n.norm(δ))
			}
			total := 5*L0 + 4*L1
			setting := protocol.Setting{protocol.StepSize: 1 / total, "normalization": 4 * L1 / total}
			for _, size := range []float64{0.5, 3} {
				o, x := n.open(t, setting), gaussian(random, dims)
				for i := range x {
					x[i] *= size
				}
				first, g := quartic(x)
				ε := 0.05 * n.dual(g)
				bound := 18 * first * max(L0/(ε*ε), L1*L1/L0)
				steps := 0
				for ; n.dual(g) > ε && float64(steps) <= bound; steps++ {
					before, _ := quartic(x)
					u := n.dual(g)
					old := slices.Clone(x)
					step(t, o, x, &protocol.Measurement[float64]{Gradient: g, StepScale: 1})
					var after float64
					after, g = quartic(x)
					atMost(t, what+"decrease", after+u*u/(2*(5*L0+4*L1*u)), before)
					for i := range old {
						old[i] -= x[i]
					}
					near(t, what+"length", []float64{n.norm(old)}, []float64{u / (5*L0 + 4*L1*u)}, 1e-9)
				}
				if float64(steps) > bound {
					t.Errorf("%s‖∇f‖⋆ is above %g after %d steps, want it below in %g", what, ε, steps, bound)
				}
			}
		}
	}
}

// separable returns L_sep, the least Σ lᵢ of all l with H ≼ diag(l), from above and to rounding.
// Its dual is the greatest tr(HX) of X ≽ 0 with ones on the diagonal, which coordinate ascent on X
// = VᵀV finds: each column of V becomes the unit vector of Σ Hᵢⱼ vⱼ. In the end lᵢ = Σ Hᵢⱼ vᵢᵀvⱼ,
// and what diag(l) lacks to be above H is added.
func separable(h *mat.SymDense) (l []float64, sum float64) {
	d := h.SymmetricDim()
	random := rand.New(rand.NewPCG(5, 16))
	v := make([][]float64, d)
	for i := range v {
		v[i] = gaussian(random, d+1)
	}
	l = make([]float64, d)
	for range 20_000 {
		for i := range v {
			u := make([]float64, d+1)
			for j := range v {
				if j != i {
					for k := range u {
						u[k] += h.At(i, j) * v[j][k]
					}
				}
			}
			length := l2Norm(u)
			l[i] = h.At(i, i) + length
			for k := range u {
				if length > 0 {
					v[i][k] = u[k] / length
				}
			}
		}
	}
	difference := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i + 1 {
			difference.SetSym(i, j, -h.At(i, j))
		}
		difference.SetSym(i, i, l[i]-h.At(i, i))
	}
	values, _ := eigen(difference)
	for i := range l {
		l[i] += max(0, -values[0])
		sum += l[i]
	}
	return l, sum
}

// L₂ ≤ L∞ ≤ d L₂ (Eq. 6.22), and what else bounds L∞ (Eq. 6.21, Props. 6.4 to 6.6): from above
// L_sep and Σ|Hᵢⱼ|, which is Σλᵢ/ρ_diag with the share ρ_diag of the diagonal; from below the
// trace, and λ‖v‖₁² of every eigenvector. Of every l with H ≼ diag(l) the greatest element is at
// least λmax. L_sep exceeds L∞ by a factor of π/2 at most (Nesterov 1998).
func TestT17Norms(t *testing.T) {
	strict := 0
	for seed := range uint64(12) {
		for _, d := range []int{2, 3, 6} {
			h := randomPSD(seed, d, float64(seed%4)/2)
			values, vectors := eigen(h)
			L2, LInf := values[d-1], mostOverSigns(h)
			l, LSep := separable(h)
			what := fmt.Sprintf("matrix %d of %d dimensions: ", seed, d)
			all, diagonal, trace := 0.0, 0.0, 0.0
			for i := range d {
				diagonal += math.Abs(h.At(i, i))
				trace += values[i]
				for j := range d {
					all += math.Abs(h.At(i, j))
				}
				v := mat.Col(nil, i, vectors)
				atMost(t, what+"λ ‖v‖₁²", values[i]*l1Norm(v)*l1Norm(v), LInf)
			}
			atMost(t, what+"L₂", L2, LInf)
			atMost(t, what+"L∞", LInf, float64(d)*L2)
			atMost(t, what+"trace", trace, LInf)
			atMost(t, what+"L∞", LInf, LSep*(1+1e-9))
			atMost(t, what+"L_sep", LSep, all*(1+1e-9))
			atMost(t, what+"L_sep", LSep, math.Pi/2*LInf)
			near(t, what+"Σλ/ρ_diag", []float64{trace / (diagonal / all)}, []float64{all}, 1e-10)
			atMost(t, what+"λmax", L2, maxNorm(l)*(1+1e-12))
			if LSep > LInf*(1+1e-6) {
				strict++
			}
			if d == 2 { // Eqs. C.14 and C.16
				a, b, e := h.At(0, 0), h.At(0, 1), h.At(1, 1)
				approx(t, what+"L∞", LInf, a+e+2*math.Abs(b))
				near(t, what+"L_sep", []float64{LSep}, []float64{LInf}, 1e-9)
				approx(t, what+"λmax", L2, (a+e)/2+math.Sqrt((a-e)*(a-e)/4+b*b))
			}
		}
	}
	if strict == 0 {
		t.Error("L_sep is L∞ for every matrix, want some where it is larger")
	}
}

// In blocks: the smoothness in the norm max ‖x_B‖₂ is at most Σ ‖H_BB'‖₂ over all pairs, which is Σ
// ‖H_BB‖₂ divided by the share of the diagonal blocks. (In the printed share the denominator has
// the diagonal blocks only.)
func TestT17Blocks(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 16))
	n := geometries[3]
	for seed := range uint64(5) {
		h := randomPSD(seed, dims, float64(seed)/4)
		all, diagonal := 0.0, 0.0
		for i := range threeBlocks {
			diagonal += spectral(blockOf(h, i, i))
			for j := range threeBlocks {
				all += spectral(blockOf(h, i, j))
			}
		}
		if share := diagonal / all; !(share > 1./float64(len(threeBlocks)) && share < 1) {
			t.Errorf("the share of the diagonal blocks is %g", share)
		}
		for range 200 {
			x, g := gaussian(random, dims), mat.NewVecDense(dims, nil)
			g.MulVec(h, mat.NewVecDense(dims, x))
			atMost(t, "‖Hx‖⋆", n.dual(g.RawVector().Data), all*n.norm(x))
		}
	}
}

// On rotated quadratics (Fig. 6.3): L∞/L₂ = (d−1+λ)/λ at φ = 0; L_sep = L∞ at every φ; the mean of
// ‖θ_T‖² over θ₀ ∼ N(0, I), which is the sum over the unit vectors, is (d−1)(1−1/λ)^2T for gradient
// descent with α = 1/L₂ at every φ, and 0 after one step for λ = 1.
func TestT18RotatedQuadratic(t *testing.T) {
	for _, d := range []int{2, 5, 10} {
		for _, λ := range []float64{1, 2.75, 10, 91} {
			for _, φ := range []float64{0, 0.1, 0.3, 1} {
				p, spec := openProblem(t, "rotated-quadratic", protocol.Setting{
					"dim": float64(d), "lambda_max": λ, "phi": φ, "rotation": 3,
				})
				L2, LInf := spec.Constants["smoothness"], spec.Constants["smoothness_linf"]
				what := fmt.Sprintf("d = %d, λ = %g, φ = %g: ", d, λ, φ)
				if φ == 0 {
					approx(t, what+"L∞/L₂", LInf/L2, (float64(d)-1+λ)/λ)
				}
				if d <= 5 {
					h := mat.NewDense(d, d, nil)
					for j := range d {
						x := make([]float64, d)
						x[j] = 1
						h.SetCol(j, measureOn(t, p, spec, x).Gradient)
					}
					_, LSep := separable(symmetric(h))
					near(t, what+"L_sep", []float64{LSep}, []float64{spec.Constants["smoothness_sep"]}, 1e-9)
					approx(t, what+"L∞", mostOverSigns(symmetric(h)), LInf)
				}
				const T = 7
				var mean [T + 1]float64
				for j := range d {
					o, _ := open[float64](t, "sgd", protocol.Setting{protocol.StepSize: 1 / L2}, d)
					x := make([]float64, d)
					x[j] = 1
					for now := range T + 1 {
						mean[now] += dot(x, x)
						step(t, o, x, measureOn(t, p, spec, x))
					}
				}
				for now, got := range mean {
					want := float64(d-1) * math.Pow(1-1/λ, 2*float64(now))
					if now == 0 {
						// the coordinate that the first step makes 0 is still there
						want = float64(d)
					}
					near(t, fmt.Sprintf("%sE ‖θ‖² at step %d", what, now), []float64{got, 1}, []float64{want, 1}, 1e-12)
				}
			}
		}
	}
}

// Fig. 6.3 at d = 10, λmax/λ̄ = 9.1 (λ = 91) and T = 100: sign descent (Eq. 6.10) ends nearer to
// the optimum than gradient descent where H is diagonal, farther where it is rotated. Medians over
// rotations and starts, far from 0.
func TestT18SignAgainstGradientDescent(t *testing.T) {
	logRatio := func(φ float64) float64 {
		var ratios []float64
		for number := range 6 {
			p, spec := openProblem(t, "rotated-quadratic", protocol.Setting{
				"lambda_max": 91, "phi": φ, "rotation": float64(number),
			})
			for seed := range uint64(5) {
				var end [2]float64
				for k, row := range []struct{ name, constant string }{
					{"normalized-sgd", "smoothness"}, {"norm-scaled-sign-sgd", "smoothness_linf"},
				} {
					o, _, err := tryOpen[float64](t, row.name,
						protocol.Setting{protocol.StepSize: 1, "normalization": 0, "relative": 1, "full_batch": 1},
						protocol.Start{Dim: spec.Dim, Train: spec.Train, Constants: spec.Constants})
					if err != nil {
						t.Fatal(err)
					}
					x := make([]float64, spec.Dim)
					if err := p.Init(x, seed); err != nil {
						t.Fatal(err)
					}
					for range 100 {
						step(t, o, x, measureOn(t, p, spec, x))
					}
					end[k] = dot(x, x)
				}
				ratios = append(ratios, math.Log10(end[0]/end[1]))
			}
		}
		slices.Sort(ratios)
		return ratios[len(ratios)/2]
	}
	if aligned, rotated := logRatio(0), logRatio(1); !(aligned > 1 && rotated < 0) {
		t.Errorf("log₁₀ of the squared distances' ratio is %g at φ = 0 and %g at φ = 1, want above 1 and below 0", aligned, rotated)
	}
}
