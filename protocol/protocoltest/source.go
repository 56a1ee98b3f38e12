package protocoltest

import (
	"math"

	"noisebench/protocol"
)

// source is what the optimizers under test are run on: the mean over N examples of fᵢ(x) = 10 + ½ Σⱼ aⱼ(xⱼ−1)² + nᵢ·x
// with curvatures 0 < aⱼ ≤ 1 and Gaussian noise nᵢ. The loss is positive where the optimizers go.
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

// measure measures at x, summing in float64. Example numbers beyond N start over.
func (s *source[T]) measure(x []T, examples []int, want protocol.Quantity, m *protocol.Measurement[T]) {
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
}

// The ways in which a session alters what the source measures, to see what an optimizer makes of it.

// vanish makes gradient and variance zero.
func vanish[T protocol.Float](_ int, m *protocol.Measurement[T]) {
	clear(m.Gradient)
	clear(m.Variance)
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
	for j := range m.Gradient {
		m.Gradient[j] = T(j%3-1) / 4
	}
}

// spoil makes one element of the gradient NaN from the fourth measurement on.
func spoil[T protocol.Float](t int, m *protocol.Measurement[T]) {
	if t >= 3 && len(m.Gradient) > 0 {
		m.Gradient[len(m.Gradient)/2] = T(math.NaN())
	}
}

// lose makes everything NaN from the fourth measurement on.
func lose[T protocol.Float](t int, m *protocol.Measurement[T]) {
	if t < 3 {
		return
	}
	m.Loss, m.VarianceNorm = math.NaN(), math.NaN()
	for j := range m.Gradient {
		m.Gradient[j] = T(math.NaN())
	}
	for j := range m.Variance {
		m.Variance[j] = T(math.NaN())
	}
}
