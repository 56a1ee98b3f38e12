package problems

import (
	"fmt"
	"math"
	"testing"

	"noisebench/protocol"
)

func TestNoisyQuadraticSpectrum(t *testing.T) {
	for _, c := range []struct {
		setting protocol.Setting
		want    []float64
	}{
		{protocol.Setting{"dim": 3, "smoothness": 2, "condition": 100}, []float64{2, 0.2, 0.02}},
		{protocol.Setting{"dim": 2, "smoothness": 0.5, "condition": 1}, []float64{0.5, 0.5}},
		{protocol.Setting{"dim": 1, "condition": 10}, []float64{1}},
	} {
		p, spec := open(t, noisyQuadraticDef(), c.setting)
		x := make([]float64, spec.Dim)
		for j, h := range c.want {
			clear(x)
			x[j] = 3
			value := evaluate(t, p, x, protocol.TrainPart).Loss
			near(t, fmt.Sprintf("f(3e%d) at %v", j+1, c.setting), value, h*9/2, 1e-14)
		}
		near(t, "smoothness", spec.Constants["smoothness"], c.want[0], 0)
		near(t, "strong convexity", spec.Constants["strong_convexity"], c.want[len(c.want)-1], 1e-16)
		if err := p.Init(x, 5); err != nil {
			t.Fatal(err)
		}
		near(t, "distance from the optimum", norm(x), 10, 1e-14)
	}
}

// Measured over many examples, the noise has mean 0 and covariance σ² I, and ‖s‖₁ estimates dσ²,
// all within 5 standard errors. The loss's noise ξᵀx has variance σ²‖x‖²/m.
func TestNoisyQuadraticMoments(t *testing.T) {
	const (
		sigma = 0.3
		dim   = 4
		size  = 50_000
	)
	p, spec := open(t, noisyQuadraticDef(), protocol.Setting{"dim": dim, "noise": sigma})
	near(t, "gradient variance", spec.Constants["gradient_variance"], dim*sigma*sigma, 1e-16)
	x := []float64{1, -2, 3, 0.5}
	batch := protocol.Batch{Seed: 9}
	for i := range size {
		batch.Examples = append(batch.Examples, i)
	}
	exact := evaluate(t, p, x, protocol.TrainPart)
	m := measure(t, p, spec, x, batch, everything)
	near(t, "loss", m.Loss, exact.Loss, 5*sigma*norm(x)/math.Sqrt(size))
	for j, h := range noisyQuadraticEigenvalues(protocol.Setting{"dim": dim, "smoothness": 1, "condition": 100}) {
		near(t, fmt.Sprintf("g[%d]", j), m.Gradient[j], h*x[j], 5*sigma/math.Sqrt(size))
		near(t, fmt.Sprintf("s[%d]", j), m.Variance[j], sigma*sigma, 5*sigma*sigma*math.Sqrt(2./size))
	}
	near(t, "‖s‖₁", m.VarianceNorm, dim*sigma*sigma, 5*sigma*sigma*math.Sqrt(2.*dim/size))

	// Coordinates, and neighbouring examples, are uncorrelated.
	between, after, last := 0.0, 0.0, 0.0
	for n := range size {
		one := protocol.Batch{Seed: 9, Examples: []int{n}}
		g := measure(t, p, spec, make([]float64, dim), one, protocol.Gradient).Gradient
		between += g[0] * g[1] / size
		after += g[0] * last / size
		last = g[3]
	}
	near(t, "covariance of two coordinates", between, 0, 5*sigma*sigma/math.Sqrt(size))
	near(t, "covariance of two examples", after, 0, 5*sigma*sigma/math.Sqrt(size))
}

// SGD with step size α and batch size m on f = h/2 ‖x‖² makes every coordinate of x_t Gaussian,
// with mean (1−αh)^t x₀ and a variance v_t that follows v_{t+1} = (1−αh)² v_t + α²σ²/m. So E ‖x_t‖²
// and its variance 2dv² + 4v‖E x_t‖² are known exactly, and E f tends to αC₀/(2m(2−αh)) with C₀ =
// dσ². (The bound of Balles 2021, Eq. 3.18, equals this only at αh = 1.)
func TestSGDTheoryOnNoisyQuadratic(t *testing.T) {
	const (
		dim, sigma, distance = 1000, 0.5, 20.0
		alpha, h, size       = 0.2, 1.5, 3
	)
	p, spec := open(t, noisyQuadraticDef(), protocol.Setting{
		"dim": dim, "smoothness": h, "condition": 1, "noise": sigma, "distance": distance,
	})
	x := make([]float64, dim)
	if err := p.Init(x, 7); err != nil {
		t.Fatal(err)
	}
	batch := protocol.Batch{Seed: 7, Examples: make([]int, size)}
	bias, v := distance*distance, 0.0 // ‖E x_t‖² and v_t
	for step := range 100 {
		for i := range batch.Examples {
			batch.Examples[i] = step*size + i
		}
		m := measure(t, p, spec, x, batch, protocol.Gradient)
		for j, g := range m.Gradient {
			x[j] -= alpha * g
		}
		bias *= (1 - alpha*h) * (1 - alpha*h)
		v = (1-alpha*h)*(1-alpha*h)*v + alpha*alpha*sigma*sigma/size
		square := 2 * evaluate(t, p, x, protocol.TrainPart).Loss / h
		near(t, fmt.Sprintf("‖x‖² after step %d", step+1), square, bias+dim*v, 5*math.Sqrt(2*dim*v*v+4*v*bias))
	}
	near(t, "stationary E f", h/2*(bias+dim*v), alpha*spec.Constants["gradient_variance"]/(2*size*(2-alpha*h)), 1e-12)
}

// The noise of an example is a function of seed and number for ever. Do not change these numbers.
func TestNoisyQuadraticPinned(t *testing.T) {
	p, spec := open(t, noisyQuadraticDef(), protocol.Setting{"dim": 2, "noise": 1})
	x := make([]float64, 2)
	g := measure(t, p, spec, x, protocol.Batch{Seed: 1, Examples: []int{12345}}, protocol.Gradient).Gradient
	near(t, "first coordinate", g[0], -0.2968607137737086, 1e-15)
	near(t, "second coordinate", g[1], -1.4740736373165193, 1e-15)
	if err := p.Init(x, 1); err != nil {
		t.Fatal(err)
	}
	near(t, "start, first coordinate", x[0], 7.2219911207174681, 1e-14)
	near(t, "start, second coordinate", x[1], -6.9168521924556154, 1e-14)
}
