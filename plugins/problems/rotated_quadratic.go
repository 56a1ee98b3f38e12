package problems

import (
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// rotatedQuadratic is f(x) = ½ xᵀHx with H = R^φ Λ (R^φ)ᵀ and Λ = diag(1, …, 1, λ). Only the last
// column r of R^φ matters: H = I + (λ−1) rrᵀ.
type rotatedQuadratic struct {
	λ float64
	r []float64
}

func rotatedQuadraticDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "rotated-quadratic",
		Version: "1",
		Doc: `quadratic with one large eigenvalue, turned away from the axes by degrees
f(x) = ½ xᵀHx with H = R^φ Λ (R^φ)ᵀ, Λ = diag(1, …, 1, λ) and a random rotation R, of which the parameter rotation names
one. The power φ goes from the identity (0: H is diagonal) to R (1). It has one example, f itself, so that every batch
gives the gradient of f. Runs start at x ∼ N(0, I). The metric is ‖x‖², the squared distance from the optimum 0.`,
		Source: "Balles 2021, Sec. 6.4 and Fig. 6.3 (100 steps; dimension and number of " +
			"rotations are ours)",
		Parameters: []protocol.Hyperparameter{
			{Name: "dim", Doc: "dimension d", Default: 10, Min: 1, Max: 200, Integer: true},
			{
				Name: "lambda_max", Doc: "largest eigenvalue λ", Default: 10, Min: 1, Max: math.Inf(1),
				MaxOpen: true,
			},
			{Name: "phi", Doc: "power φ of the rotation", Default: 0.1, Max: 1},
			protocol.Count("rotation", "number of the rotation R", 0, 0),
		},
		Spec: func(s protocol.Setting) (protocol.ProblemSpec, error) {
			return newRotatedQuadratic(s).spec(), nil
		},
		New64: func(s protocol.Setting) (protocol.Problem[float64], error) {
			f := newRotatedQuadratic(s)
			return openSum(f.spec(), f), nil
		},
	}
}

func newRotatedQuadratic(s protocol.Setting) *rotatedQuadratic {
	dim := int(s["dim"])
	power := rotationPower(haarRotation(dim, uint64(s["rotation"])), s["phi"])
	return &rotatedQuadratic{s["lambda_max"], mat.Col(nil, dim-1, power)}
}

// spec has the exact constants. With sᵀHs = d + (λ−1)(sᵀr)² the greatest sᵀHs of all vectors s of
// signs is that of s = sign(r). L_sep is no larger: by duality it is the greatest tr(HX) of all X ≽
// 0 with ones on the diagonal, whose elements are 1 at most, so that rᵀXr ≤ ‖r‖₁².
func (f *rotatedQuadratic) spec() protocol.ProblemSpec {
	dim := len(f.r)
	sum := floats.Norm(f.r, 1)
	lInf := float64(dim) + (f.λ-1)*sum*sum
	largest := floats.Norm(f.r, math.Inf(1))
	smallest := 1.0
	if dim == 1 {
		smallest = f.λ
	}
	return protocol.ProblemSpec{
		Dim:       dim,
		DType:     protocol.Float64,
		Train:     1,
		Measures:  everything | protocol.Oracle,
		Metric:    protocol.Metric{Name: "squared-distance"},
		BatchSize: 1,
		Budget:    100,
		Constants: map[string]float64{
			"optimum":           0,
			"smoothness":        f.λ,
			"strong_convexity":  smallest,
			"smoothness_linf":   lInf,
			"smoothness_sep":    lInf,
			"smoothness_l1":     1 + (f.λ-1)*largest*largest,
			"gradient_variance": 0,
		},
	}
}

// haarRotation draws a matrix from SO(n) uniformly, the same for the same number: the orthogonal
// factor of a Gaussian matrix, with the signs that make R's diagonal positive (Mezzadri, Notices of
// the AMS 54, 2007), and one column negated where the determinant is −1.
func haarRotation(n int, number uint64) *mat.Dense {
	random := protocol.Stream(number, "rotation")
	gauss := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			gauss.Set(i, j, random.NormFloat64())
		}
	}
	var qr mat.QR
	qr.Factorize(gauss)
	var q, r mat.Dense
	qr.QTo(&q)
	qr.RTo(&r)
	turn := func(j int) {
		for i := range n {
			q.Set(i, j, -q.At(i, j))
		}
	}
	for j := range n {
		if r.At(j, j) < 0 {
			turn(j)
		}
	}
	if mat.Det(&q) < 0 {
		turn(n - 1)
	}
	return &q
}

// rotationPower returns R^φ = U D^φ U* on the principal branch, where R = U D U* has its
// eigenvalues e^{iω} in D. They come in conjugate pairs, and R^φ is real.
func rotationPower(r *mat.Dense, φ float64) *mat.Dense {
	var eigen mat.Eigen
	if !eigen.Factorize(r, mat.EigenRight) {
		panic("problems: the eigenvalues of a rotation did not converge")
	}
	values := eigen.Values(nil)
	var u mat.CDense
	eigen.VectorsTo(&u)
	n := len(values)
	power := mat.NewDense(n, n, nil)
	for k, value := range values {
		d := cmplx.Rect(1, φ*cmplx.Phase(value))
		for i := range n {
			for j := range n {
				power.Set(i, j, power.At(i, j)+real(u.At(i, k)*d*cmplx.Conj(u.At(j, k))))
			}
		}
	}
	return power
}

func (f *rotatedQuadratic) start(x []float64, seed uint64) {
	random := protocol.Stream(seed, protocol.PurposeInit)
	for j := range x {
		x[j] = random.NormFloat64()
	}
}

// shared is f₀ = f.
func (f *rotatedQuadratic) shared(x, g []float64) float64 {
	floats.AddScaledTo(g, x, (f.λ-1)*floats.Dot(f.r, x), f.r)
	return floats.Dot(g, x) / 2
}

// example is 0: f has one example, f₀.
func (f *rotatedQuadratic) example(_ []float64, _ protocol.Batch, _ int, g []float64) float64 {
	clear(g)
	return 0
}

func (f *rotatedQuadratic) evaluate(x []float64, _ protocol.Part) protocol.Evaluation {
	along, square := floats.Dot(f.r, x), floats.Dot(x, x)
	return protocol.Evaluation{Loss: (square + (f.λ-1)*along*along) / 2, Metric: square}
}
