package problems

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// noiseGeometry is f(x) = ½ xᵀHx with H = QΛQᵀ and fᵢ(x) = (1 + cζᵢ) f(x) + ξᵢᵀx: the gradient's
// noise has the covariance Σ(x) = σ²C + c²∇f∇fᵀ, C = QSQᵀ being a power of H with tr C = d.
type noiseGeometry struct {
	λ, root  []float64 // eigenvalues of H, and the roots of C's
	q        *mat.Dense
	σ, c     float64
	freedom  int // ν of Student's t; 0: normal
	distance float64

	z, turned []float64 // of one example, in the basis of the eigenvectors and in that of x
}

func noiseGeometryDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "noise-geometry",
		Version: "1",
		Doc: `convex quadratic whose gradient noise has a shape, tails, and a part that grows with the gradient
f(x) = ½ xᵀHx with H = R^φ Λ (R^φ)ᵀ, eigenvalues spaced evenly in the logarithm from 1 down to 1/κ, and a random
rotation R, of which the parameter rotation names one (φ = 0: H is diagonal). fᵢ(x) = (1 + cζᵢ) f(x) + ξᵢᵀx with
ζᵢ ∼ N(0, 1) and ξᵢ of covariance σ²C, C ∝ H^p with tr C = d: isotropic at p = 0, in proportion to H at p = 1. So
tr Σ(x) = C₀ + C₁‖∇f(x)‖² with C₀ = σ²d and C₁ = c². With ν > 2 degrees of freedom ξᵢ has the tails of Student's
multivariate t, and the same covariance. Examples are endless; number i of seed s is always the same ξᵢ and ζᵢ. Runs
start at a random point at a given distance from the optimum 0. Evaluation is f itself.`,
		Source: "ours, for the questions of Balles 2021, Sec. 6.6 and 8.2; C₀ and C₁ as in Assumption " +
			"3.1, R^φ as in Fig. 6.3",
		Parameters: []protocol.Hyperparameter{
			{Name: "dim", Doc: "dimension d", Default: 10, Min: 1, Max: 200, Integer: true},
			{
				Name: "condition", Doc: "condition number κ", Default: 100, Min: 1, Max: math.Inf(1),
				MaxOpen: true,
			},
			protocol.NonNegative("noise",
				"σ, root of the mean variance of one example's gradient at 0", 0.1),
			{Name: "power", Doc: "power p of H that C is in proportion to", Max: 2},
			protocol.NonNegative("relative", "c, noise in proportion to the gradient", 0),
			{
				Name: "freedom", Doc: "degrees of freedom ν of the tails, 3 or more; 0: normal", Max: 100,
				Integer: true,
			},
			{Name: "phi", Doc: "power φ of the rotation", Max: 1},
			protocol.Count("rotation", "number of the rotation R", 0, 0),
			protocol.NonNegative("distance", "distance of the starting point from the optimum", 10),
		},
		Spec: func(s protocol.Setting) (protocol.ProblemSpec, error) {
			f, err := newNoiseGeometry(s)
			if err != nil {
				return protocol.ProblemSpec{}, err
			}
			return f.spec(), nil
		},
		New64: func(s protocol.Setting) (protocol.Problem[float64], error) {
			f, err := newNoiseGeometry(s)
			if err != nil {
				return nil, err
			}
			return openSum(f.spec(), f), nil
		},
	}
}

func newNoiseGeometry(s protocol.Setting) (*noiseGeometry, error) {
	dim := int(s["dim"])
	f := &noiseGeometry{
		λ: make([]float64, dim), root: make([]float64, dim), q: mat.NewDense(dim, dim, nil),
		σ: s["noise"], c: s["relative"], freedom: int(s["freedom"]), distance: s["distance"],
		z: make([]float64, dim), turned: make([]float64, dim),
	}
	if f.freedom == 1 || f.freedom == 2 {
		return nil, fmt.Errorf("freedom is %d, where Student's t has no variance; want 0 or at least 3",
			f.freedom)
	}
	for j := range dim {
		f.λ[j] = math.Pow(s["condition"], -float64(j)/float64(max(1, dim-1)))
		f.root[j] = math.Pow(f.λ[j], s["power"])
		f.q.Set(j, j, 1)
	}
	scale := float64(dim) / floats.Sum(f.root)
	for j, v := range f.root {
		f.root[j] = math.Sqrt(scale * v)
	}
	if φ := s["phi"]; φ != 0 {
		f.q = rotationPower(haarRotation(dim, uint64(s["rotation"])), φ)
	}
	return f, nil
}

func (f *noiseGeometry) spec() protocol.ProblemSpec {
	dim := len(f.λ)
	return protocol.ProblemSpec{
		Dim: dim, DType: protocol.Float64, Measures: everything | protocol.Oracle,
		Metric: protocol.Metric{Name: "suboptimality"}, BatchSize: 8, Budget: 16_000,
		Constants: map[string]float64{
			"optimum": 0, "smoothness": f.λ[0], "strong_convexity": f.λ[dim-1],
		},
	}
}

func (f *noiseGeometry) start(x []float64, seed uint64) {
	(&noisyQuadratic{distance: f.distance}).start(x, seed)
}

// turn writes Qv to out.
func (f *noiseGeometry) turn(out, v []float64) { f.multiply(out, v, blas.NoTrans) }

func (f *noiseGeometry) multiply(out, v []float64, t blas.Transpose) {
	dim := len(v)
	blas64.Gemv(t, 1, f.q.RawMatrix(), blas64.Vector{N: dim, Inc: 1, Data: v}, 0,
		blas64.Vector{N: dim, Inc: 1, Data: out})
}

// shared is f₀ = f.
func (f *noiseGeometry) shared(x, g []float64) float64 {
	f.multiply(f.z, x, blas.Trans)
	for j, λ := range f.λ {
		f.z[j] *= λ
	}
	f.turn(g, f.z)
	return floats.Dot(g, x) / 2
}

// example is fᵢ(x) = cζᵢ f(x) + ξᵢᵀx.
func (f *noiseGeometry) example(x []float64, batch protocol.Batch, i int, g []float64) float64 {
	value := f.shared(x, g)
	random := protocol.Stream(batch.Seed, protocol.PurposeNoise, uint64(batch.Examples[i]))
	ζ := f.c * random.NormFloat64()
	floats.Scale(ζ, g)
	σ := f.σ
	if f.freedom > 0 {
		χ2 := 0.0
		for range f.freedom {
			n := random.NormFloat64()
			χ2 += n * n
		}
		σ *= math.Sqrt(float64(f.freedom-2) / χ2)
	}
	for j, s := range f.root {
		f.z[j] = σ * s * random.NormFloat64()
	}
	f.turn(f.turned, f.z)
	floats.Add(g, f.turned)
	return ζ*value + floats.Dot(f.turned, x)
}

// oracle is ∇f and the diagonal of Σ.
func (f *noiseGeometry) oracle(x, gradient, variance []float64) {
	f.shared(x, gradient)
	for i := range variance {
		variance[i] = f.c * f.c * gradient[i] * gradient[i]
		for j, s := range f.root {
			u := f.σ * s * f.q.At(i, j)
			variance[i] += u * u
		}
	}
}

func (f *noiseGeometry) evaluate(x []float64, _ protocol.Part) protocol.Evaluation {
	value := f.shared(x, f.turned)
	return protocol.Evaluation{Loss: value, Metric: value}
}
