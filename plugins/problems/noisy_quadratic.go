package problems

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"noisebench/protocol"
)

// noisyQuadratic is f(x) = ½ Σ hⱼ xⱼ² with fᵢ(x) = f(x) + ξᵢᵀx, ξᵢ ∼ N(0, σ² I): the model on which
// the theory of SGD is exact, since the gradient variance is σ² in every coordinate, whatever x.
type noisyQuadratic struct {
	h        []float64 // eigenvalues
	noise    float64   // σ
	distance float64   // ‖x₀ − x*‖
}

func noisyQuadraticDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "noisy-quadratic",
		Version: "1",
		Doc: `convex quadratic with Gaussian gradient noise, everything known exactly
f(x) = ½ Σ hⱼ xⱼ² with eigenvalues spaced evenly in the logarithm from L down to L/κ, and fᵢ(x) = f(x) + ξᵢᵀx with
ξᵢ ∼ N(0, σ² I). Examples are endless; number i of seed s is always the same ξᵢ. Runs start at a random point at a given
distance from the optimum 0. Evaluation is f itself: loss and suboptimality are the same number. Without noise (σ = 0) it
has one example, f itself, so that every batch gives the gradient of f.`,
		Source: "Balles 2021, Eq. 4.21 (condition 1); Zhang et al. 2019, with noise covariance σ² I",
		Parameters: []protocol.Hyperparameter{
			{Name: "dim", Doc: "dimension d", Default: 100, Min: 1, Max: 1e6, Integer: true},
			{
				Name: "smoothness", Doc: "largest eigenvalue L",
				Default: 1, Max: math.Inf(1), MinOpen: true, MaxOpen: true,
			},
			{
				Name: "condition", Doc: "condition number κ; 1: isotropic",
				Default: 100, Min: 1, Max: math.Inf(1), MaxOpen: true,
			},
			protocol.NonNegative("noise",
				"standard deviation σ of one coordinate of one example's gradient", 0.1),
			protocol.NonNegative("distance", "distance of the starting point from the optimum", 10),
		},
		Spec: func(s protocol.Setting) (protocol.ProblemSpec, error) {
			return noisyQuadraticSpec(s), nil
		},
		New64: func(s protocol.Setting) (protocol.Problem[float64], error) {
			f := &noisyQuadratic{noisyQuadraticEigenvalues(s), s["noise"], s["distance"]}
			return openSum(noisyQuadraticSpec(s), f), nil
		},
	}
}

func noisyQuadraticSpec(s protocol.Setting) protocol.ProblemSpec {
	h := noisyQuadraticEigenvalues(s)
	spec := protocol.ProblemSpec{
		Dim:       len(h),
		DType:     protocol.Float64,
		Measures:  everything | protocol.Oracle,
		Metric:    protocol.Metric{Name: "suboptimality"},
		BatchSize: 8,
		Budget:    16_000,
		Constants: map[string]float64{
			"optimum":           0,
			"smoothness":        h[0],
			"strong_convexity":  h[len(h)-1],
			"smoothness_linf":   floats.Sum(h),
			"smoothness_sep":    floats.Sum(h),
			"smoothness_l1":     h[0],
			"gradient_variance": float64(len(h)) * s["noise"] * s["noise"],
		},
	}
	if s["noise"] == 0 {
		spec.Train, spec.BatchSize, spec.Budget = 1, 1, 2000
	}
	return spec
}

// noisyQuadraticEigenvalues returns hⱼ = L κ^(−j/(d−1)) for j = 0, …, d−1.
func noisyQuadraticEigenvalues(s protocol.Setting) []float64 {
	h := make([]float64, int(s["dim"]))
	for j := range h {
		h[j] = s["smoothness"]
		if j > 0 {
			h[j] *= math.Pow(s["condition"], -float64(j)/float64(len(h)-1))
		}
	}
	return h
}

// start draws a direction uniformly.
func (f *noisyQuadratic) start(x []float64, seed uint64) {
	random := protocol.Stream(seed, protocol.PurposeInit)
	square := 0.0
	for j := range x {
		x[j] = random.NormFloat64()
		square += x[j] * x[j]
	}
	scale := f.distance / math.Sqrt(square)
	for j := range x {
		x[j] *= scale
	}
}

// shared is f₀ = f.
func (f *noisyQuadratic) shared(x, g []float64) float64 {
	value := 0.0
	for j, h := range f.h {
		g[j] = h * x[j]
		value += g[j] * x[j] / 2
	}
	return value
}

// example is fᵢ(x) = ξᵢᵀx.
func (f *noisyQuadratic) example(x []float64, batch protocol.Batch, i int, g []float64) float64 {
	return gaussianTilt(f.noise, x, batch, i, g)
}

// gaussianTilt returns ξᵀx and writes ξ ∼ N(0, σ² I) to g, for the i-th example of the batch: its
// number and the seed determine ξ. At σ = 0 it does without random numbers.
func gaussianTilt(σ float64, x []float64, batch protocol.Batch, i int, g []float64) float64 {
	if σ == 0 {
		clear(g)
		return 0
	}
	random := protocol.Stream(batch.Seed, protocol.PurposeNoise, uint64(batch.Examples[i]))
	value := 0.0
	for j := range g {
		g[j] = σ * random.NormFloat64()
		value += g[j] * x[j]
	}
	return value
}

// oracle is ∇f and σ²: the endless examples' gradients are those of f plus ξᵢ.
func (f *noisyQuadratic) oracle(x, gradient, variance []float64) {
	f.shared(x, gradient)
	for j := range variance {
		variance[j] = f.noise * f.noise
	}
}

func (f *noisyQuadratic) evaluate(x []float64, _ protocol.Part) protocol.Evaluation {
	value := 0.0
	for j, h := range f.h {
		value += h * x[j] * x[j] / 2
	}
	return protocol.Evaluation{Loss: value, Metric: value}
}
