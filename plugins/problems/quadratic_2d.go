package problems

import (
	"fmt"
	"math"

	"noisebench/protocol"
)

// quadratic2D is f(x) = ½ xᵀHx in the plane with H = [[a, b], [b, d]] and fᵢ(x) = f(x) + ξᵢᵀx, ξᵢ ∼
// N(0, σ² I).
type quadratic2D struct {
	a, b, d float64
	noise   float64 // σ
	x0      [2]float64
}

func quadratic2DDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "quadratic-2d",
		Version: "1",
		Doc: `quadratic in the plane, to look at trajectories and at the geometry of norms
f(x) = ½ xᵀHx with H = [[a, b], [b, d]], positive semidefinite. Without noise there is one example, f itself, so that
every batch gives the gradient of f. With noise σ examples are endless: fᵢ(x) = f(x) + ξᵢᵀx with ξᵢ ∼ N(0, σ² I). All
runs start at the same point. Evaluation is f itself: loss and suboptimality are the same number.`,
		Source: "Balles 2021, Figs. 1.1 and 2.2 (b = 0, condition numbers 2 and 8) and App. C.2; the " +
			"starting point is ours",
		Parameters: []protocol.Hyperparameter{
			{Name: "a", Doc: "element a of H", Default: 1, Max: math.Inf(1), MinOpen: true, MaxOpen: true},
			{
				Name: "b", Doc: "element b of H, at most √(ad) either way", Min: math.Inf(-1),
				Max: math.Inf(1),
			},
			protocol.NonNegative("d", "element d of H", 8),
			protocol.NonNegative("noise",
				"standard deviation σ of one coordinate of one example's gradient", 0),
			{
				Name: "start_1", Doc: "first coordinate of the starting point", Default: 1, Min: math.Inf(-1),
				Max: math.Inf(1),
			},
			{
				Name: "start_2", Doc: "second coordinate of the starting point", Default: 1, Min: math.Inf(-1),
				Max: math.Inf(1),
			},
		},
		Spec: quadratic2DSpec,
		New64: func(s protocol.Setting) (protocol.Problem[float64], error) {
			spec, err := quadratic2DSpec(s)
			if err != nil {
				return nil, err
			}
			return openSum(spec, &quadratic2D{
				s["a"], s["b"], s["d"], s["noise"], [2]float64{s["start_1"], s["start_2"]},
			}), nil
		},
	}
}

func quadratic2DSpec(s protocol.Setting) (protocol.ProblemSpec, error) {
	a, b, d := s["a"], s["b"], s["d"]
	if b*b > a*d {
		return protocol.ProblemSpec{}, fmt.Errorf("b is %g, want at most √(ad) = %g either way, so "+
			"that H is positive semidefinite",
			b, math.Sqrt(a*d))
	}
	largest := (a+d)/2 + math.Hypot((a-d)/2, b) // Balles 2021, Eq. C.16
	spec := protocol.ProblemSpec{
		Dim:       2,
		DType:     protocol.Float64,
		Measures:  everything | protocol.Oracle,
		Metric:    protocol.Metric{Name: "suboptimality"},
		BatchSize: 1,
		Budget:    100,
		Constants: map[string]float64{
			"optimum":           0,
			"smoothness":        largest,
			"strong_convexity":  (a*d - b*b) / largest, // the product of the eigenvalues is det H
			"smoothness_linf":   a + d + 2*math.Abs(b), // Eq. C.14, for x = (1, sign b)
			"smoothness_sep":    a + d + 2*math.Abs(b),
			"smoothness_l1":     max(a, d),
			"gradient_variance": 2 * s["noise"] * s["noise"],
		},
	}
	if s["noise"] == 0 {
		spec.Train = 1
	}
	return spec, nil
}

func (f *quadratic2D) start(x []float64, _ uint64) { copy(x, f.x0[:]) }

// shared is f₀ = f.
func (f *quadratic2D) shared(x, g []float64) float64 {
	g[0] = f.a*x[0] + f.b*x[1]
	g[1] = f.b*x[0] + f.d*x[1]
	return (g[0]*x[0] + g[1]*x[1]) / 2
}

// example is fᵢ(x) = ξᵢᵀx.
func (f *quadratic2D) example(x []float64, batch protocol.Batch, i int, g []float64) float64 {
	return gaussianTilt(f.noise, x, batch, i, g)
}

// oracle is ∇f and σ²: the examples' gradients are those of f plus ξᵢ.
func (f *quadratic2D) oracle(x, gradient, variance []float64) {
	f.shared(x, gradient)
	variance[0], variance[1] = f.noise*f.noise, f.noise*f.noise
}

func (f *quadratic2D) evaluate(x []float64, _ protocol.Part) protocol.Evaluation {
	var g [2]float64
	value := f.shared(x, g[:])
	return protocol.Evaluation{Loss: value, Metric: value}
}
