package protocoltest

import (
	"math"

	"noisebench/protocol"
)

// source is the problem for optimizers under test: the mean over N examples of fᵢ(x) = 10 + ½ Σⱼ
// aⱼ(xⱼ−1)² + nᵢ·x with curvatures 0 < aⱼ ≤ 1 and Gaussian noise nᵢ. The loss is positive along the
// trajectories. Up to constants it is the squared loss of the model zⱼ = √aⱼ xⱼ, so that Fisher,
// Gauss-Newton and Hessian are diag(a).
type source[T protocol.Float] struct {
	curvature []float64   // d
	noise     [][]float64 // N vectors of d
}

func newSource[T protocol.Float](d, n int) *source[T] {
	s := &source[T]{make([]float64, d), make([][]float64, n)}
	for j := range s.curvature {
		s.curvature[j] = 1 / float64(1+j%5)
	}
	r := protocol.Stream(1, "protocoltest source")
	for i := range s.noise {
		s.noise[i] = make([]float64, d)
		for j := range s.noise[i] {
			s.noise[i][j] = 0.3 * r.NormFloat64()
		}
	}
	return s
}

// start writes a starting point whose coordinates are neither 0 nor the optimum.
func (s *source[T]) start(x []T) {
	for j := range x {
		x[j] = T(2 + float64(j%7)/8)
	}
}

// measure measures at x, with sums in float64. Example numbers are taken modulo N.
func (s *source[T]) measure(
	x []T, examples []int, want protocol.Quantity, m *protocol.Measurement[T],
) {
	n := float64(len(examples))
	m.Have, m.BatchSize, m.Loss = want, len(examples), 10
	norm := 0.0
	for j, xj := range x {
		mean, square := 0.0, 0.0
		for _, e := range examples {
			mean += s.noise[e%len(s.noise)][j] / n
		}
		for _, e := range examples {
			square += (s.noise[e%len(s.noise)][j] - mean) * (s.noise[e%len(s.noise)][j] - mean)
		}
		away := float64(xj) - 1
		m.Loss += s.curvature[j]*away*away/2 + mean*float64(xj)
		if want.Has(protocol.Gradient) {
			m.Gradient[j] = T(s.curvature[j]*away + mean)
		}
		if want.Has(protocol.Variance) {
			m.Variance[j] = T(square / (n - 1))
		}
		norm += square / (n - 1)
	}
	if want.Has(protocol.VarianceNorm) {
		m.VarianceNorm = norm
	}
	s.matrices(x, examples, m)
	if want.Has(protocol.Oracle) {
		n := float64(len(s.noise))
		for j, xj := range x {
			mean, square := 0.0, 0.0
			for _, noise := range s.noise {
				mean += noise[j] / n
			}
			for _, noise := range s.noise {
				square += (noise[j] - mean) * (noise[j] - mean) / n
			}
			m.TrueGradient[j], m.TrueVariance[j] = T(s.curvature[j]*(float64(xj)-1)+mean), T(square)
		}
	}
}

// matrices fills in the matrices for which m has room, and the sampled gradient.
func (s *source[T]) matrices(x []T, examples []int, m *protocol.Measurement[T]) {
	d, n := len(x), float64(len(examples))
	for _, a := range [][]T{m.Fisher, m.GaussNewton, m.Hessian} {
		if a != nil {
			clear(a)
			for j, aj := range s.curvature {
				a[j*d+j] = T(aj)
			}
		}
	}
	// products writes factor Σ vᵢvᵢᵀ to a, where v returns an element of the i-th vector.
	products := func(a []T, factor float64, v func(noise []float64, j int) float64) {
		for at := range a {
			sum := 0.0
			for _, e := range examples {
				noise := s.noise[e%len(s.noise)]
				sum += v(noise, at/d) * v(noise, at%d)
			}
			a[at] = T(factor * sum)
		}
	}
	products(m.EmpiricalFisher, 1/n, func(noise []float64, j int) float64 {
		return s.curvature[j]*(float64(x[j])-1) + noise[j]
	})
	// ∇ log p(ỹ|z) = √a ε with ε ~ N(0, 1), for which the noise of the data serves.
	products(m.SampledFisher, 1/n, func(noise []float64, j int) float64 {
		return math.Sqrt(s.curvature[j]) * noise[j] / 0.3
	})
	for j := range m.SampledGradient {
		sum := 0.0
		for _, e := range examples {
			sum += math.Sqrt(s.curvature[j]) * s.noise[e%len(s.noise)][j] / 0.3
		}
		m.SampledGradient[j] = T(sum / n)
	}
	if m.Covariance != nil {
		mean := make([]float64, d)
		for _, e := range examples {
			for j := range mean {
				mean[j] += s.noise[e%len(s.noise)][j] / n
			}
		}
		products(m.Covariance, 1/(n-1), func(noise []float64, j int) float64 {
			return noise[j] - mean[j]
		})
	}
}

// Changes of the source's measurements, to test the response of an optimizer.

// vanish makes gradient and variance zero, and the matrices computed from them.
func vanish[T protocol.Float](_ int, m *protocol.Measurement[T]) {
	for _, v := range [][]T{
		m.Gradient, m.Variance, m.EmpiricalFisher, m.Covariance, m.TrueGradient, m.TrueVariance,
		m.SampledGradient,
	} {
		clear(v)
	}
	m.VarianceNorm = 0
}

// solve makes gradient, variance and loss zero.
func solve[T protocol.Float](_ int, m *protocol.Measurement[T]) {
	vanish(0, m)
	m.Loss = 0
}

// sink makes the loss negative.
func sink[T protocol.Float](_ int, m *protocol.Measurement[T]) { m.Loss = -1 }

// steady makes all gradients the same, without variance.
func steady[T protocol.Float](_ int, m *protocol.Measurement[T]) {
	vanish(0, m)
	g := func(j int) T { return T(j%3-1) / 4 }
	for _, v := range [][]T{m.Gradient, m.TrueGradient} {
		for j := range v {
			v[j] = g(j)
		}
	}
	if d := len(m.Gradient); d > 0 {
		for at := range m.EmpiricalFisher {
			m.EmpiricalFisher[at] = g(at/d) * g(at%d)
		}
	}
}

// spoil makes one element of the gradient NaN from the fourth measurement on.
func spoil[T protocol.Float](t int, m *protocol.Measurement[T]) {
	if t < 3 {
		return
	}
	for _, g := range [][]T{m.Gradient, m.TrueGradient} {
		if len(g) > 0 {
			g[len(g)/2] = T(math.NaN())
		}
	}
}

// lose makes everything NaN from the fourth measurement on.
func lose[T protocol.Float](t int, m *protocol.Measurement[T]) {
	if t < 3 {
		return
	}
	m.Loss, m.VarianceNorm = math.NaN(), math.NaN()
	for _, v := range m.Slices() {
		for j := range *v.At {
			(*v.At)[j] = T(math.NaN())
		}
	}
}
