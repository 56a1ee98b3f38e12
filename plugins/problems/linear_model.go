package problems

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// linearModel is a generalised linear model with one output zᵢ = aᵢᵀx and the loss fᵢ(x) = ℓ(zᵢ,
// yᵢ) = −log p(yᵢ|zᵢ) + const. With rᵢ = ∂ℓ/∂z and wᵢ = ∂²ℓ/∂z²,
//
//	∇fᵢ = rᵢ aᵢ,   F = G = H = (1/m) Σ wᵢ aᵢaᵢᵀ,   F̃ = (1/m) Σ rᵢ² aᵢaᵢᵀ
//
// since z is linear in x and is the natural parameter of p (Balles 2021, Prop. 7.1, Eqs. D.10 and
// D.17; averages here). Columns are kept one after the other, so that all sums over examples are
// inner products of long vectors.
type linearModel struct {
	*design
	family
	begin []float64 // where runs start; nil: at 0
	all   []int     // numbers of the training examples

	// The state of a batch, see prepare.
	columns [][]float64
	z, r, w []float64

	picked, deviation [][]float64 // columns of their own
	targets           []float64
	spare             []float64
}

// design is the data of a linear model: N examples of d features.
type design struct {
	columns   [][]float64        // d columns of N elements
	bias      bool               // the last column is ones
	y         []float64          // N targets
	constants map[string]float64 // see protocol.ProblemSpec
}

// newDesign takes rows of features and then the target. A bias is a column of ones behind the
// features.
func newDesign(f family, rows [][]float64, bias bool) *design {
	d := len(rows[0]) - 1
	t := &design{columns: make([][]float64, d), bias: bias}
	for _, row := range rows {
		for j := range t.columns {
			t.columns[j] = append(t.columns[j], row[j])
		}
		t.y = append(t.y, row[d])
	}
	if bias {
		t.columns = append(t.columns, slices.Repeat([]float64{1}, len(rows)))
	}
	d = len(t.columns)
	second := mat.NewSymDense(d, nil)
	for j, a := range t.columns {
		for k, b := range t.columns[:j+1] {
			second.SetSym(j, k, floats.Dot(a, b)/float64(len(rows)))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(second, false) {
		panic("problems: the eigenvalues of a design did not converge")
	}
	values := eigen.Values(nil) // they ascend
	t.constants = map[string]float64{"smoothness": f.steepest * values[d-1]}
	if f.quadratic {
		t.constants["strong_convexity"] = max(0, values[0])
		t.constants["optimum"] = t.leastSquares()
	}
	return t
}

// leastSquares returns the least ½ (1/N) Σ (aᵢᵀx − yᵢ)², by a QR factorization of the design, or by
// its singular value decomposition if its columns are linearly dependent.
func (t *design) leastSquares() float64 {
	n, d := len(t.y), len(t.columns)
	a := mat.NewDense(n, d, nil)
	for j, column := range t.columns {
		a.SetCol(j, column)
	}
	residual := mat.NewVecDense(n, slices.Clone(t.y))
	var x mat.VecDense
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		panic("problems: the singular values of a design did not converge")
	}
	if rank := svd.Rank(float64(n) * 0x1p-52); rank < d {
		svd.SolveVecTo(&x, residual, rank)
	} else {
		var qr mat.QR
		qr.Factorize(a)
		// The error is a warning about the condition; the residual is accurate all the same.
		if err := qr.SolveVecTo(&x, false, residual); err != nil && !errors.As(err, new(mat.Condition)) {
			panic("problems: least squares: " + err.Error())
		}
	}
	var fit mat.VecDense
	fit.MulVec(a, &x)
	residual.SubVec(residual, &fit)
	return mat.Dot(residual, residual) / 2 / float64(n)
}

// family is a distribution p(y|z) with natural parameter z.
type family struct {
	// point returns ℓ, ∂ℓ/∂z and ∂²ℓ/∂z².
	point func(z, y float64) (loss, slope, curvature float64)
	// draw returns ∂ℓ/∂z for a ỹ drawn from p(·|z), and likely for the most likely ỹ.
	draw      func(z float64, random *rand.Rand) float64
	likely    func(z float64) float64
	steepest  float64 // the greatest ∂²ℓ/∂z²
	quadratic bool    // ∂²ℓ/∂z² is that everywhere
	doc       string  // ℓ, as a formula
}

// gaussian is p = N(z, 1): ℓ = ½ (z − y)².
var gaussian = family{
	point: func(z, y float64) (loss, slope, curvature float64) {
		return (z - y) * (z - y) / 2, z - y, 1
	},
	draw: func(_ float64, random *rand.Rand) float64 { return -random.NormFloat64() },

	likely:   func(float64) float64 { return 0 }, // of ỹ = z
	steepest: 1, quadratic: true, doc: "½ (z − y)² with z = aᵀx",
}

// bernoulli has p(1) = σ(z) = 1/(1 + exp(−z)) and targets 0 and 1: ℓ = log(1 + exp(∓z)). Small
// slopes and curvatures keep their relative accuracy.
var bernoulli = family{
	point: func(z, y float64) (loss, slope, curvature float64) {
		t := 2*y - 1
		e := math.Exp(-math.Abs(z))
		return logistic(t * z), -t / (1 + math.Exp(t*z)), e / ((1 + e) * (1 + e))
	},
	draw: func(z float64, random *rand.Rand) float64 {
		if random.Float64() < 1/(1+math.Exp(-z)) {
			return -1 / (1 + math.Exp(z))
		}
		return 1 / (1 + math.Exp(-z))
	},
	likely: func(z float64) float64 {
		if z >= 0 {
			return -1 / (1 + math.Exp(z))
		}
		return 1 / (1 + math.Exp(-z))
	},
	steepest: 0.25, doc: "log(1 + exp(−tz)) with z = aᵀx and t = ±1",
}

// clipped is bernoulli with σ(z) clipped to [least, 1 − least] wherever it occurs. Loss, slope and
// curvature do not fit together where it is clipped.
func clipped(least float64) family {
	f := bernoulli
	σ := func(z float64) float64 { return min(max(1/(1+math.Exp(-z)), least), 1-least) }
	f.point = func(z, y float64) (loss, slope, curvature float64) {
		p := σ(z)
		return -y*math.Log(p) - (1-y)*math.Log1p(-p), p - y, p * (1 - p)
	}
	f.draw = func(z float64, random *rand.Rand) float64 {
		p := σ(z)
		if random.Float64() < p {
			return p - 1
		}
		return p
	}
	f.likely = func(z float64) float64 {
		p := σ(z)
		if p >= 0.5 {
			return p - 1
		}
		return p
	}
	return f
}

// labelled is f with the most likely labels in the place of drawn ones, if a setting says so.
func (f family) labelled(s protocol.Setting) family {
	if s[likelyLabels] == 1 {
		f.draw = func(z float64, _ *rand.Rand) float64 { return f.likely(z) }
	}
	return f
}

const likelyLabels = "likely_labels"

// likelyParameter declares a parameter of models with matrices.
func likelyParameter() protocol.Hyperparameter {
	return protocol.Hyperparameter{
		Name: likelyLabels,
		Doc: "1: sampled Fisher matrix and gradient are those of the most likely labels in place " +
			"of drawn ones, which biases them (Balles 2021, at Eq. 7.24)",
		Max: 1, Integer: true, Later: true,
	}
}

// linearMeasures is what linear models offer.
const linearMeasures = everything | protocol.Matrices | protocol.Oracle | protocol.SampledGradient

// linearSpec describes a linear model. Its batch size is the number of examples, since chapter 7 of
// Balles 2021 has no smaller ones, and its budget 100 steps.
func linearSpec(t *design, files []protocol.DataFile) protocol.ProblemSpec {
	n := len(t.y)
	return protocol.ProblemSpec{
		Dim:       len(t.columns),
		DType:     protocol.Float64,
		Train:     n,
		Measures:  linearMeasures,
		Metric:    protocol.Metric{Name: "loss"},
		BatchSize: n,
		Budget:    100 * int64(n),
		Blocks:    linearBlocks(len(t.columns), t.bias),
		Data:      files,
		Constants: t.constants,
	}
}

// linearBlocks are the blocks of a model with one output and d parameters, the last of which may be
// a bias.
func linearBlocks(d int, bias bool) []protocol.Block {
	if !bias {
		return []protocol.Block{{Name: "weights", Len: d, Role: protocol.OutputLayer}}
	}
	return []protocol.Block{
		{Name: "weights", Len: d - 1, Role: protocol.OutputLayer},
		{Name: "bias", Offset: d - 1, Len: 1, Role: protocol.Bias},
	}
}

// openLinear opens a linear model for one run.
func openLinear(spec protocol.ProblemSpec, t *design, f family, begin []float64) *opened[float64] {
	m := &linearModel{design: t, family: f, begin: begin, all: ascending(spec.Train)}
	m.picked, m.deviation = make([][]float64, spec.Dim), make([][]float64, spec.Dim)
	return &opened[float64]{spec, m}
}

func (f *linearModel) start(x []float64, _ uint64) {
	clear(x)
	copy(x, f.begin)
}

func (f *linearModel) measure(x []float64, batch protocol.Batch, want protocol.Quantity,
	m *protocol.Measurement[float64],
) {
	if want.Has(protocol.Oracle) {
		f.prepare(x, f.all)
		f.mean(m.TrueGradient)
		f.deviate()
		for j, v := range f.deviation {
			m.TrueVariance[j] = floats.Dot(v, v) / float64(len(f.all))
		}
	}
	size := float64(len(batch.Examples))
	m.Loss = f.prepare(x, batch.Examples)
	if want.Has(protocol.Gradient) {
		f.mean(m.Gradient)
	}
	if want&(protocol.VarianceNorm|protocol.Variance|protocol.Covariance) != 0 {
		f.deviate()
		m.VarianceNorm = 0
		for j, v := range f.deviation {
			s := floats.Dot(v, v) / (size - 1) // Balles 2021, Eq. 3.30
			m.VarianceNorm += s
			if want.Has(protocol.Variance) {
				m.Variance[j] = s
			}
		}
	}
	if want.Has(protocol.Covariance) {
		for j, a := range f.deviation {
			for k, b := range f.deviation[:j+1] {
				v := floats.Dot(a, b) / (size - 1)
				m.Covariance[j*len(x)+k], m.Covariance[k*len(x)+j] = v, v
			}
		}
	}
	curvature(want, m, f.product)
	if want.Has(protocol.EmpiricalFisher) {
		for i, r := range f.r {
			f.w[i] = r * r
		}
		f.product(m.EmpiricalFisher)
	}
	if want&(protocol.SampledFisher|protocol.SampledGradient) == 0 {
		return
	}
	for i, z := range f.z {
		f.r[i] = f.draw(z,
			protocol.Stream(batch.Seed, protocol.PurposeLabel, uint64(batch.Position)+uint64(i)))
		f.w[i] = f.r[i] * f.r[i]
	}
	if want.Has(protocol.SampledFisher) {
		f.product(m.SampledFisher)
	}
	if want.Has(protocol.SampledGradient) {
		f.mean(m.SampledGradient)
	}
}

// prepare finds the columns of a batch, its outputs z, slopes r and weights w, and returns its
// loss.
func (f *linearModel) prepare(x []float64, examples []int) float64 {
	y := f.pick(examples)
	size := len(examples)
	f.z, f.r, f.w = resize(f.z, size), resize(f.r, size), resize(f.w, size)
	clear(f.z)
	for j, a := range f.columns {
		floats.AddScaled(f.z, x[j], a)
	}
	sum := 0.0
	for i, z := range f.z {
		loss, slope, curvature := f.point(z, y[i])
		sum += loss
		f.r[i], f.w[i] = slope, curvature
	}
	return sum / float64(size)
}

// pick makes columns those of the examples, and returns their targets. All examples in order are
// there already.
func (f *linearModel) pick(examples []int) []float64 {
	if slices.Equal(examples, f.all) {
		f.columns = f.design.columns
		return f.y
	}
	f.columns, f.targets = f.picked, resize(f.targets, len(examples))
	for j, all := range f.design.columns {
		f.picked[j] = resize(f.picked[j], len(examples))
		for i, n := range examples {
			f.picked[j][i] = all[n]
		}
	}
	for i, n := range examples {
		f.targets[i] = f.y[n]
	}
	return f.targets
}

// mean writes (1/m) Σ rᵢ aᵢ.
func (f *linearModel) mean(g []float64) {
	for j, a := range f.columns {
		g[j] = floats.Dot(f.r, a) / float64(len(f.r))
	}
}

// deviate writes rᵢ aᵢ − mean to deviation. The first example is taken off first, so that equal
// examples leave 0.
func (f *linearModel) deviate() {
	size := len(f.r)
	for j, a := range f.columns {
		v := resize(f.deviation[j], size)
		floats.MulTo(v, f.r, a)
		floats.AddConst(-v[0], v)
		floats.AddConst(-floats.Sum(v)/float64(size), v)
		f.deviation[j] = v
	}
}

// product writes (1/m) Σ wᵢ aᵢaᵢᵀ.
func (f *linearModel) product(dst []float64) {
	size := len(f.w)
	d := len(f.columns)
	f.spare = resize(f.spare, size)
	for j, a := range f.columns {
		floats.MulTo(f.spare, f.w, a)
		for k, b := range f.columns[:j+1] {
			v := floats.Dot(f.spare, b) / float64(size)
			dst[j*d+k], dst[k*d+j] = v, v
		}
	}
}

// resize returns v with n elements; what they hold is undefined.
func resize(v []float64, n int) []float64 { return slices.Grow(v[:0], n)[:n] }

func (f *linearModel) evaluate(x []float64, _ protocol.Part) protocol.Evaluation {
	loss := f.prepare(x, f.all)
	return protocol.Evaluation{Loss: loss, Metric: loss}
}
