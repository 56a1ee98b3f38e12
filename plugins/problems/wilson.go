package problems

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// wilson is least squares, fᵢ(θ) = ½ (xᵢᵀθ − yᵢ)², on data that mislead adaptive methods.
type wilson struct {
	train, test wilsonPart
}

type wilsonPart struct {
	x [][]float64
	y []float64 // labels, +1 or −1
}

func wilsonDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "wilson-least-squares",
		Version: "1",
		Doc: `least squares on data that mislead sign methods, without any noise
fᵢ(θ) = ½ (xᵢᵀθ − yᵢ)² with labels yᵢ = ±1, the positive in the majority. An example has the features (yᵢ, 1, 1), and
ones in features of its own: 1 if it is positive, 5 if it is negative. From θ = 0, where runs start, methods whose steps
follow the signs of the gradient fit all training examples by a multiple of sign(Xᵀy), and gradient descent by another
interpolation. The test part has one example of either class, (y, 1, 1) with no feature of its own: sign methods call both
positive. The metric is the accuracy. The method is meant to see full batches: the batch size is the number of examples.`,
		Source: "Wilson et al., NIPS 2017, Sec. 3; Balles 2021, Eq. 5.20 and Lemmas 5.3 and 5.4 (as " +
			"means with ½; features that are 0 in all training examples are left out)",
		Parameters: []protocol.Hyperparameter{
			protocol.Count("positive", "number n₊ of positive examples", 6, 2),
			protocol.Count("negative", "number n₋ of negative examples, less than n₊", 4, 1),
		},
		Spec: wilsonSpec,
		New64: func(s protocol.Setting) (protocol.Problem[float64], error) {
			spec, err := wilsonSpec(s)
			if err != nil {
				return nil, err
			}
			return openSum(spec, newWilson(s)), nil
		},
	}
}

// wilsonMost is the largest number of examples: Spec has the eigenvalues of a matrix of so many
// rows to find.
const wilsonMost = 500

func wilsonSpec(s protocol.Setting) (protocol.ProblemSpec, error) {
	plus, minus := s["positive"], s["negative"]
	if plus <= minus {
		return protocol.ProblemSpec{}, fmt.Errorf("positive is %g and negative is %g, want more "+
			"positive examples", plus, minus)
	}
	if plus+minus > wilsonMost {
		return protocol.ProblemSpec{}, fmt.Errorf("positive and negative are %g and %g, want %d "+
			"examples at most",
			plus, minus, wilsonMost)
	}
	f := newWilson(s)
	n := len(f.train.y)
	gram := mat.NewSymDense(n, nil) // XXᵀ/N has the eigenvalues of the Hessian XᵀX/N but for zeros
	for i, x := range f.train.x {
		for j := range i + 1 {
			gram.SetSym(i, j, floats.Dot(x, f.train.x[j])/float64(n))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(gram, false) {
		panic("problems: the eigenvalues of wilson-least-squares did not converge")
	}
	return protocol.ProblemSpec{
		Dim:       len(f.train.x[0]),
		DType:     protocol.Float64,
		Train:     n,
		Test:      2,
		Measures:  everything | protocol.Oracle | protocol.SampledGradient,
		Metric:    protocol.Metric{Name: "accuracy", HigherBetter: true},
		BatchSize: n,
		Budget:    2000 * int64(n),
		Constants: map[string]float64{
			"optimum":          0,
			"smoothness":       eigen.Values(nil)[n-1],
			"strong_convexity": 0, // more parameters than examples
			// ‖Xs‖²/N for signs s. Those of an example's own features can all go with the rest of
			// the example. The rest, y s₁ + s₂ + s₃, is ±3 for one class and ±1 for the other, or
			// ±1 for both.
			"smoothness_linf": max((3+1)*(3+1)*plus+(1+5)*(1+5)*minus, (1+1)*(1+1)*plus+(3+5)*(3+5)*minus) /
				(plus + minus),
			"smoothness_l1": 1, // of the first three features
		},
	}, nil
}

func newWilson(s protocol.Setting) *wilson {
	plus, minus := int(s["positive"]), int(s["negative"])
	dim := 3 + plus + 5*minus
	point := func(y float64) []float64 {
		x := make([]float64, dim)
		x[0], x[1], x[2] = y, 1, 1
		return x
	}
	f := &wilson{test: wilsonPart{x: [][]float64{point(1), point(-1)}, y: []float64{1, -1}}}
	own := 3
	for i := range plus + minus {
		y, features := 1.0, 1
		if i >= plus {
			y, features = -1, 5
		}
		x := point(y)
		for range features {
			x[own] = 1
			own++
		}
		f.train.x, f.train.y = append(f.train.x, x), append(f.train.y, y)
	}
	return f
}

func (f *wilson) start(x []float64, _ uint64) { clear(x) }

func (f *wilson) shared(_, g []float64) float64 {
	clear(g)
	return 0
}

func (f *wilson) example(θ []float64, batch protocol.Batch, i int, g []float64) float64 {
	x, y := f.train.x[batch.Examples[i]], f.train.y[batch.Examples[i]]
	r := floats.Dot(x, θ) - y
	floats.ScaleTo(g, r, x)
	return r * r / 2
}

func (f *wilson) sampled(θ []float64, batch protocol.Batch, i int, random *rand.Rand, g []float64) {
	x := f.train.x[batch.Examples[i]]
	floats.ScaleTo(g, gaussian.draw(floats.Dot(x, θ), random), x)
}

func (f *wilson) evaluate(θ []float64, part protocol.Part) protocol.Evaluation {
	p := &f.train
	if part == protocol.TestPart {
		p = &f.test
	}
	loss, right := 0.0, 0
	for i, x := range p.x {
		predicted := floats.Dot(x, θ)
		r := predicted - p.y[i]
		loss += r * r / 2
		if predicted*p.y[i] > 0 {
			right++
		}
	}
	n := float64(len(p.y))
	return protocol.Evaluation{Loss: loss / n, Metric: float64(right) / n}
}
