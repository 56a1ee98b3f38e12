package problems

import (
	"sync"

	"noisebench/protocol"
)

// planar is a function of two variables made stochastic as DeepOBS does it (two_d_*, Schneider et
// al. 2019): fᵢ(u, v) = f(u, v) + u aᵢ + v bᵢ with 10,000 fixed pairs aᵢ, bᵢ ∼ N(0, 1).
//
// The pairs' means ā, b̄ are not 0, so that the mean of the training examples, f(u, v) + u ā + v
// b̄, is tilted; where f is bounded along a line to infinity, as Beale's is, it has no minimum at
// all. DeepOBS tests on f itself, and here too the metric is f − f*, on both parts. The loss on the
// train part is the tilted mean.
type planar struct {
	f       func(u, v float64) (value, du, dv float64)
	u0, v0  float64 // starting point
	optimum float64 // f*
}

const planarDoc = `
The noise is fᵢ(u, v) = f(u, v) + u aᵢ + v bᵢ with 10,000 fixed pairs aᵢ, bᵢ ∼ N(0, 1), the same as in DeepOBS. The test
part is f itself, and the metric is f − f* on either part. The constant "optimum" is f*.`

// planarDef completes the definition of a planar problem.
func planarDef(def protocol.ProblemDef, f planar) protocol.ProblemDef {
	def.Version = "1"
	def.Doc += planarDoc
	def.Spec = func(protocol.Setting) (protocol.ProblemSpec, error) { return f.spec(), nil }
	def.New64 = func(protocol.Setting) (protocol.Problem[float64], error) {
		return openSum(f.spec(), f), nil
	}
	return def
}

func (f planar) spec() protocol.ProblemSpec {
	return protocol.ProblemSpec{
		Dim:       2,
		DType:     protocol.Float64,
		Train:     planarSize,
		Test:      1,
		Measures:  everything | protocol.Oracle,
		Metric:    protocol.Metric{Name: "suboptimality"},
		BatchSize: 128,
		Budget:    384_000, // 3000 steps
		Constants: map[string]float64{"optimum": f.optimum, "gradient_variance": planarNoise().variance},
	}
}

const planarSize = 10_000

type planarPairs struct {
	a, b         []float64
	meanA, meanB float64
	variance     float64 // (1/N) Σ (aᵢ − ā)² + (bᵢ − b̄)²
}

// planarNoise draws all aᵢ, then all bᵢ, and rounds them to float32 as DeepOBS does.
var planarNoise = sync.OnceValue(func() *planarPairs {
	random := newNumpyRandom(42)
	p := &planarPairs{a: make([]float64, planarSize), b: make([]float64, planarSize)}
	for _, list := range [][]float64{p.a, p.b} {
		for i := range list {
			list[i] = float64(float32(random.normal()))
		}
	}
	for i := range planarSize {
		p.meanA += p.a[i] / planarSize
		p.meanB += p.b[i] / planarSize
	}
	for i := range planarSize {
		da, db := p.a[i]-p.meanA, p.b[i]-p.meanB
		p.variance += (da*da + db*db) / planarSize
	}
	return p
})

func (f planar) start(x []float64, _ uint64) { x[0], x[1] = f.u0, f.v0 }

// shared is f₀ = f.
func (f planar) shared(x, g []float64) float64 {
	value, du, dv := f.f(x[0], x[1])
	g[0], g[1] = du, dv
	return value
}

// example is fᵢ(u, v) = u aᵢ + v bᵢ.
func (f planar) example(x []float64, batch protocol.Batch, i int, g []float64) float64 {
	noise, n := planarNoise(), batch.Examples[i]
	g[0], g[1] = noise.a[n], noise.b[n]
	return x[0]*g[0] + x[1]*g[1]
}

func (f planar) evaluate(x []float64, part protocol.Part) protocol.Evaluation {
	value, _, _ := f.f(x[0], x[1])
	e := protocol.Evaluation{Loss: value, Metric: value - f.optimum}
	if part == protocol.TrainPart {
		e.Loss += x[0]*planarNoise().meanA + x[1]*planarNoise().meanB
	}
	return e
}
