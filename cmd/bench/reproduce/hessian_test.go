package reproduce

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
	"noisebench/results"
)

// near reports an error if a value is not within a tolerance, relative to what it should be.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
		t.Errorf("%s is %.12g, want %.12g within %.1g of it", what, got, want, tolerance)
	}
}

// compared compares what is estimated of a Hessian with the matrix itself: the eigenvalues and the
// share of the diagonal, all columns taken, within a relative tolerance; the mean eigenvalue by its
// standard error.
func compared(t *testing.T, what string, h *hessian, all *mat.SymDense, tolerance float64) {
	t.Helper()
	d := all.SymmetricDim()
	var e mat.EigenSym
	if !e.Factorize(all, false) {
		t.Fatal("the eigenvalues do not converge")
	}
	values := e.Values(nil)
	diagonal, sum := 0.0, 0.0
	for i := range d {
		diagonal += math.Abs(all.At(i, i))
		for j := range d {
			sum += math.Abs(all.At(i, j))
		}
	}
	least, greatest, err := h.extremes(1, d)
	if err != nil {
		t.Fatal(err)
	}
	near(t, what+": λmax", greatest, values[d-1], tolerance)
	if !(least >= values[0]-tolerance*values[d-1]) {
		t.Errorf("%s: the least eigenvalue is %g, below %g", what, least, values[0])
	}
	share, within, err := h.diagonalShare(1, d)
	if err != nil || within != 0 {
		t.Errorf("%s: ρ of all columns is known to %g, error %v", what, within, err)
	}
	near(t, what+": ρ", share, diagonal/sum, tolerance)
	// The errors of many samples are as large as they are said to be, where a sample is not tiny.
	square := 0.0
	const samples = 100
	for seed := range uint64(samples) {
		some, within, err := h.diagonalShare(seed, (d+1)/2)
		if err != nil {
			t.Fatal(err)
		}
		square += math.Pow((some-share)/within, 2) / samples
	}
	if d >= 30 && !(0.5 < square && square < 2) {
		t.Errorf("%s: the squared errors of ρ are %g of the variance", what, square)
	}
	mean, within, err := h.mean(1, 400)
	if err != nil {
		t.Fatal(err)
	}
	want := mat.Trace(all) / float64(d)
	if !(math.Abs(mean-want) <= 4*within+tolerance*values[d-1]) {
		t.Errorf("%s: λ̄ is %g ± %g, want %g", what, mean, within, want)
	}
	// The variance of vᵀHv over signs is 2 Σ_{i≠j} Hᵢⱼ².
	square = 0
	for i := range d {
		for j := range d {
			if i != j {
				square += 2 * all.At(i, j) * all.At(i, j)
			}
		}
	}
	near(t, what+": standard error of λ̄", within, math.Sqrt(square/400)/float64(d), 0.3)
}

// Of a quadratic all is exact, whether eigenvalues are negative or not.
func TestHessianOfQuadratic(t *testing.T) {
	random := protocol.Stream(2, protocol.PurposeNoise)
	for _, d := range []int{2, 5, 30} {
		for _, lift := range []float64{0, 20} {
			a := mat.NewSymDense(d, nil)
			for i := range d {
				for j := range i + 1 {
					a.SetSym(i, j, random.NormFloat64())
				}
				a.SetSym(i, i, a.At(i, i)+lift)
			}
			x := make([]float64, d)
			for j := range x {
				x[j] = 10 * random.NormFloat64()
			}
			h := newHessian(x, func(x []float64) ([]float64, error) {
				g := make([]float64, d)
				mat.NewVecDense(d, g).MulVec(a, mat.NewVecDense(d, x))
				return g, nil
			})
			compared(t, "random quadratic", h, a, 1e-7)
		}
	}
}

// Of a diagonal matrix ρ is 1 and λ̄ has no error; of equal elements ρ is 1/d; columns are a sample.
func TestHessianOfSpecialMatrices(t *testing.T) {
	const d = 8
	diagonal := newHessian(make([]float64, d), func(x []float64) ([]float64, error) {
		g := slices.Clone(x)
		for j := range g {
			g[j] *= float64(j + 1)
		}
		return g, nil
	})
	ones := newHessian(make([]float64, d), func(x []float64) ([]float64, error) {
		return slices.Repeat([]float64{floats.Sum(x)}, d), nil
	})
	for _, columns := range []int{1, 3, d} {
		for what, c := range map[string]struct {
			h    *hessian
			want float64
		}{"diagonal": {diagonal, 1}, "ones": {ones, 1. / d}} {
			share, within, err := c.h.diagonalShare(3, columns)
			if err != nil || within > 1e-12 {
				t.Errorf("%s: ρ is known to %g, error %v", what, within, err)
			}
			near(t, what, share, c.want, 1e-10)
		}
	}
	mean, within, err := diagonal.mean(1, 5)
	if err != nil || !(within < 1e-12) {
		t.Errorf("λ̄ of a diagonal matrix is known to %g, error %v", within, err)
	}
	near(t, "λ̄", mean, 4.5, 1e-10)
	if _, greatest, err := ones.extremes(1, d); err != nil || math.Abs(greatest-d) > 1e-9 {
		t.Errorf("λmax of ones is %g, want %d; error %v", greatest, d, err)
	}
	if _, _, err := diagonal.extremes(1, 2); err == nil {
		t.Error("two products are enough for eight eigenvalues")
	}
}

// perceptron is a tiny one with a hidden layer of tanh, the squared loss and four examples.
type perceptron struct{ inputs, hidden int }

func (p perceptron) dim() int { return p.hidden * (p.inputs + 2) }

// loss is that of the network, and its gradient by the chain rule.
func (p perceptron) loss(x []float64) (loss float64, g []float64) {
	g = make([]float64, len(x))
	for n := range 4 {
		in := make([]float64, p.inputs)
		for i := range in {
			in[i] = math.Sin(float64(1 + 3*n + 5*i))
		}
		out, hidden := 0.0, make([]float64, p.hidden)
		for k := range hidden {
			w := x[k*(p.inputs+2) : (k+1)*(p.inputs+2)]
			hidden[k] = math.Tanh(floats.Dot(w[:p.inputs], in) + w[p.inputs])
			out += w[p.inputs+1] * hidden[k]
		}
		r := out - math.Cos(float64(n))
		loss += r * r / 8
		for k, v := range hidden {
			at := k * (p.inputs + 2)
			slope := r / 4 * x[at+p.inputs+1] * (1 - v*v)
			floats.AddScaled(g[at:at+p.inputs], slope, in)
			g[at+p.inputs] += slope
			g[at+p.inputs+1] += r / 4 * v
		}
	}
	return loss, g
}

// The Hessian of a network, by second differences of its loss, agrees with what products tell.
func TestHessianOfPerceptron(t *testing.T) {
	p := perceptron{inputs: 3, hidden: 4}
	d := p.dim()
	x := make([]float64, d)
	for j := range x {
		x[j] = math.Cos(float64(2 * j))
	}
	all := mat.NewSymDense(d, nil)
	const by = 1e-4
	moved := func(i int, u float64, j int, v float64) float64 {
		at := slices.Clone(x)
		at[i] += u
		at[j] += v
		loss, _ := p.loss(at)
		return loss
	}
	for i := range d {
		for j := range i + 1 {
			all.SetSym(i, j, (moved(i, by, j, by)-moved(i, by, j, -by)-moved(i, -by, j, by)+moved(i, -by, j, -by))/(4*by*by))
		}
	}
	h := newHessian(x, func(x []float64) ([]float64, error) {
		_, g := p.loss(x)
		return g, nil
	})
	compared(t, "perceptron", h, all, 1e-4)
}

func TestDensity(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want float64
	}{{[]float64{1, -1, 1, 1}, 1}, {[]float64{0, 0, -3, 0}, 0.25}, {[]float64{3, 4}, 49. / 50}} {
		near(t, "density", density(c.v), c.want, 1e-15)
	}
}

// run66 is a plan with a run of SGD on a problem, as the item has it.
func run66(problem string, with protocol.Setting, budget int64) *Done {
	return &Done{
		Plan: protocol.Plan{
			Problems:   []protocol.ProblemEntry{{Problem: problem, Name: problem}},
			Optimizers: []protocol.OptimizerEntry{{Optimizer: "sgd", Name: "sgd"}},
		},
		Cells: []results.Cell{{Problem: problem, Optimizer: "sgd", Runs: []*results.Record{{Run: results.Run{
			Problem:   results.ProblemID{Name: problem, Parameters: with},
			Optimizer: results.OptimizerID{Name: "sgd", Setting: protocol.Setting{protocol.StepSize: 0.01}},
			Seed:      1, BatchSize: 1, Budget: budget,
		}}}}},
	}
}

// On a quadratic whose Hessian and noise are known all of the table is; the picture is drawn.
func TestGeometryOfQuadratic(t *testing.T) {
	const d, κ, σ = 10, 100, 0.5
	def, err := problemNamed("noise-geometry")
	if err != nil {
		t.Fatal(err)
	}
	with, err := protocol.Resolve(def.Parameters, protocol.Setting{"dim": d, "condition": κ, "noise": σ})
	if err != nil {
		t.Fatal(err)
	}
	done := run66("noise-geometry", with, 150)
	all, err := geometries66(done, "noise-geometry", "sgd", 1000)
	if err != nil {
		t.Fatal(err)
	}
	λ := geometric(1, 1./κ, d)
	for k, want := range []int{0, 10, 100, 150} {
		g := all[k]
		if g.steps != want {
			t.Errorf("mark %d is after %d steps, want %d", k, g.steps, want)
		}
		near(t, "λmax", g.greatest, 1, 1e-9)
		near(t, "λmin", g.least, 1./κ, 0.1) // it is found last
		near(t, "λ̄", g.mean, floats.Sum(λ)/d, 1e-9)
		near(t, "ρ", g.diagonal, 1, 1e-8)
		near(t, "density of the noise", g.noise, 1, 1e-2)
		near(t, "advantage", g.advantage(), g.gradient*1*1/(floats.Sum(λ)/d), 1e-7)
	}
	out, err := draw66(&Input{Size: Full, Done: []Done{*done}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Pictures) != 1 || len(out.Tables) != 1 || len(out.Tables[0].Rows) != 4 {
		t.Errorf("%d pictures, tables %v", len(out.Pictures), out.Tables)
	}
	done.Cells[0].Runs[0].Run.Budget = 50
	if _, err := geometries66(done, "noise-geometry", "sgd", 1000); err == nil {
		t.Error("a run that ends before a mark is no error")
	}
}

// Of a network in float32, whose run is made again, points at marks are those of all points, and the
// gradient is that of the loss.
func TestPathOfNetwork(t *testing.T) {
	def, err := problemNamed("digits-mlp")
	if err != nil {
		t.Fatal(err)
	}
	with, err := protocol.Resolve(def.Parameters, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := path{
		problem: def.Name, with: with, optimizer: "sgd", set: protocol.Setting{protocol.StepSize: 0.1},
		seed: 1, batch: 4, budget: 48,
	}
	all, _, err := p.follow()
	if err != nil {
		t.Fatal(err)
	}
	p.at = []int{3, 7}
	some, _, err := p.follow()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 13 || len(some) != 4 {
		t.Fatalf("%d points and %d at marks, want 13 and 4", len(all), len(some))
	}
	for k, at := range []int{0, 3, 7, 12} {
		if !slices.Equal(some[k], all[at]) {
			t.Errorf("the point at mark %d is not that after %d steps", k, at)
		}
	}
	f, err := openObjective(def.Name, with, 50)
	if err != nil {
		t.Fatal(err)
	}
	x := all[12]
	_, g, s, err := f.measure(x, f.noise())
	if err != nil || s == nil {
		t.Fatalf("variance %v, error %v", s, err)
	}
	// The slope of the loss along the gradient is ‖∇f‖².
	const by = 1e-2
	up, down := make([]float64, len(x)), make([]float64, len(x))
	high, _, _, _ := f.measure(floats.AddScaledTo(up, x, by, g), 0)
	low, _, _, _ := f.measure(floats.AddScaledTo(down, x, -by, g), 0)
	near(t, "slope along the gradient", (high-low)/(2*by), floats.Dot(g, g), 1e-2)
}
