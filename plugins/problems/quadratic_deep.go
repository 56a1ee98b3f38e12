package problems

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// quadraticDeep is DeepOBS' quadratic_deep: fᵢ(θ) = ½ (θ − xᵢ)ᵀ Q (θ − xᵢ) with data xᵢ ∼ N(0, 0.6²
// I) and a Hessian whose spectrum resembles that of deep networks. It is taken apart as
//
//	f₀(θ) = ½ θᵀQθ,   fᵢ(θ) = −θᵀQxᵢ + ½ xᵢᵀQxᵢ
//
// so that the products Qxᵢ, of which the gradient noise consists, are computed once.
type quadraticDeep struct{ *quadraticDeepTables }

const (
	quadraticDeepDim   = 100
	quadraticDeepTrain = 1000
	quadraticDeepTest  = 896 // of 1000: DeepOBS drops the last, incomplete batch of 128
)

func quadraticDeepDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "quadratic-deep",
		Version: "1",
		Doc: `100-dimensional quadratic with a spectrum as deep networks have it, rebuilt number for number
fᵢ(θ) = ½ (θ − xᵢ)ᵀQ(θ − xᵢ) with fixed data xᵢ ∼ N(0, 0.6² I): 1000 examples for training and 896 for testing. 90
eigenvalues of Q lie in (0, 1) and 10 in (30, 60), in randomly rotated directions. Runs start at θ = (1, …, 1), where
the test loss is 353.44677. The train part is all of the training examples. The constant "optimum" is the least value of
the training loss, about ½ 0.6² tr Q: losses do not fall to 0. DeepOBS' published runs used one frozen data order.`,
		Source: "DeepOBS quadratic_deep (Schneider et al. 2019): same data and Hessian, but " +
			"float64 arithmetic",
		Spec: func(protocol.Setting) (protocol.ProblemSpec, error) { return quadraticDeepSpec(), nil },
		New64: func(protocol.Setting) (protocol.Problem[float64], error) {
			return openSum(quadraticDeepSpec(), quadraticDeep{newQuadraticDeepTables()}), nil
		},
	}
}

func quadraticDeepSpec() protocol.ProblemSpec {
	t := newQuadraticDeepTables()
	return protocol.ProblemSpec{
		Dim:       quadraticDeepDim,
		DType:     protocol.Float64,
		Train:     quadraticDeepTrain,
		Test:      quadraticDeepTest,
		Measures:  everything | protocol.Oracle,
		Metric:    protocol.Metric{Name: "loss"},
		BatchSize: 128,
		Budget:    100 * 7 * 128, // 100 epochs of 7 batches
		Constants: map[string]float64{
			"optimum":           t.train.spread,
			"smoothness":        t.largest,
			"strong_convexity":  t.smallest,
			"gradient_variance": t.train.variance,
		},
	}
}

// quadraticDeepTables is what all runs share.
type quadraticDeepTables struct {
	q                 []float64 // Q, 100×100, symmetric
	smallest, largest float64   // its extreme eigenvalues
	train, test       quadraticDeepPart
}

// quadraticDeepPart is one part of the data.
type quadraticDeepPart struct {
	qx       []float64 // Qxᵢ, N×100
	half     []float64 // ½ xᵢᵀQxᵢ
	mean     []float64 // x̄
	spread   float64   // (1/N) Σ ½ (xᵢ − x̄)ᵀQ(xᵢ − x̄)
	variance float64   // (1/N) Σ ‖Q(xᵢ − x̄)‖²
}

var newQuadraticDeepTables = sync.OnceValue(func() *quadraticDeepTables {
	t := &quadraticDeepTables{q: quadraticDeepHessian()}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(quadraticDeepDim, t.q), false) {
		panic("problems: the eigenvalues of quadratic-deep's Hessian did not converge")
	}
	values := eigen.Values(nil) // ascending
	t.smallest, t.largest = values[0], values[quadraticDeepDim-1]
	t.train = t.part(quadraticDeepTrain, 42)
	t.test = t.part(quadraticDeepTest, 43)
	return t
})

// quadraticDeepHessian returns Q = RᵀDR rounded to float32. Eigenvalues D and rotation R come from
// one random stream.
func quadraticDeepHessian() []float64 {
	random := newNumpyRandom(42)
	var d [quadraticDeepDim]float64
	for k := range d {
		if k < 90 {
			d[k] = random.uniform()
		} else {
			d[k] = 30 + 30*random.uniform()
		}
	}
	r := randomRotation(quadraticDeepDim, random)
	q := make([]float64, quadraticDeepDim*quadraticDeepDim)
	for i := range quadraticDeepDim {
		for j := range i + 1 {
			value := 0.0
			for k := range d {
				value += r[k*quadraticDeepDim+i] * d[k] * r[k*quadraticDeepDim+j]
			}
			value = float64(float32(value))
			q[i*quadraticDeepDim+j], q[j*quadraticDeepDim+i] = value, value
		}
	}
	return q
}

// randomRotation draws an n×n orthogonal matrix uniformly: the subgroup algorithm of Diaconis and
// Shahshahani, 1987. It starts with a rotation of the plane and goes from k−1 to k dimensions by a
// reflection that maps e₁ to a random direction v: R ← (I − 2uuᵀ) diag(1, R) with u = (e₁ − v)/‖e₁
// − v‖. (DeepOBS returns −R, which gives the same Q.)
func randomRotation(n int, random *numpyRandom) []float64 {
	sin, cos := math.Sincos(2 * math.Pi * random.uniform())
	r := []float64{cos, sin, -sin, cos}
	for k := 3; k <= n; k++ {
		u := make([]float64, k)
		for i := range u {
			u[i] = random.normal()
		}
		floats.Scale(-1/math.Sqrt(floats.Dot(u, u)), u)
		u[0]++
		floats.Scale(1/math.Sqrt(floats.Dot(u, u)), u)

		next := make([]float64, k*k) // diag(1, R)
		next[0] = 1
		for i := 1; i < k; i++ {
			copy(next[i*k+1:(i+1)*k], r[(i-1)*(k-1):i*(k-1)])
		}
		projection := make([]float64, k) // uᵀ diag(1, R)
		for i, ui := range u {
			floats.AddScaled(projection, ui, next[i*k:(i+1)*k])
		}
		for i, ui := range u {
			floats.AddScaled(next[i*k:(i+1)*k], -2*ui, projection)
		}
		r = next
	}
	return r
}

// part draws the first n examples of the stream with this seed, rounds them to float32 and
// tabulates what depends on them.
func (t *quadraticDeepTables) part(n int, seed uint32) quadraticDeepPart {
	const d = quadraticDeepDim
	random := newNumpyRandom(seed)
	p := quadraticDeepPart{
		qx: make([]float64, n*d), half: make([]float64, n), mean: make([]float64, d),
	}
	x := make([]float64, d)
	for i := range n {
		for j := range x {
			x[j] = float64(float32(0.6 * random.normal()))
			p.mean[j] += x[j] / float64(n)
		}
		t.apply(x, p.qx[i*d:(i+1)*d])
		p.half[i] = floats.Dot(x, p.qx[i*d:(i+1)*d]) / 2
	}
	qMean := make([]float64, d)
	t.apply(p.mean, qMean)
	for i := range n {
		p.spread += p.half[i] / float64(n)
		distance := floats.Distance(p.qx[i*d:(i+1)*d], qMean, 2)
		p.variance += distance * distance / float64(n)
	}
	p.spread -= floats.Dot(p.mean, qMean) / 2
	return p
}

// apply writes Qx to out.
func (t *quadraticDeepTables) apply(x, out []float64) {
	for i := range out {
		out[i] = floats.Dot(t.q[i*quadraticDeepDim:(i+1)*quadraticDeepDim], x)
	}
}

func (f quadraticDeep) start(x []float64, _ uint64) {
	for j := range x {
		x[j] = 1
	}
}

func (f quadraticDeep) shared(x, g []float64) float64 {
	f.apply(x, g)
	return floats.Dot(x, g) / 2
}

func (f quadraticDeep) example(x []float64, batch protocol.Batch, i int, g []float64) float64 {
	n := batch.Examples[i]
	for j, v := range f.train.qx[n*quadraticDeepDim : (n+1)*quadraticDeepDim] {
		g[j] = -v
	}
	return floats.Dot(x, g) + f.train.half[n]
}

// evaluate uses (1/N) Σ ½ (θ − xᵢ)ᵀQ(θ − xᵢ) = ½ (θ − x̄)ᵀQ(θ − x̄) + (1/N) Σ ½ (xᵢ − x̄)ᵀQ(xᵢ −
// x̄).
func (f quadraticDeep) evaluate(x []float64, part protocol.Part) protocol.Evaluation {
	p := &f.train
	if part == protocol.TestPart {
		p = &f.test
	}
	var from, q [quadraticDeepDim]float64
	floats.SubTo(from[:], x, p.mean)
	f.apply(from[:], q[:])
	loss := floats.Dot(from[:], q[:])/2 + p.spread
	return protocol.Evaluation{Loss: loss, Metric: loss}
}
