package protocoltest

import (
	"fmt"
	"math"
	"slices"

	"noisebench/protocol"
)

// roundings is the tolerated error of a result, in units of epsilon relative to the size of the
// summands. The error of an inner product of n terms is about √n roundings (Higham, 2002, Accuracy
// and Stability of Numerical Algorithms, Sec. 3.1); this allows for n = 10⁶.
const roundings = 1000

// single is a measurement of one example in float64.
type single struct {
	loss     float64
	gradient []float64
}

// singles measures the examples of a place one by one. It returns nil after an error.
func (s *problemSuite[T]) singles(f *findings, a protocol.Problem[T], at place[T]) []single {
	all := make([]single, len(at.examples))
	for i := range all {
		m := s.measure(f, a, at.single(i), protocol.Gradient, runSeed)
		if m == nil {
			return nil
		}
		all[i] = single{m.Loss, make([]float64, len(m.Gradient))}
		for j, g := range m.Gradient {
			all[i].gradient[j] = float64(g)
		}
	}
	return all
}

// checkMeans compares loss and gradient of a batch with the means over its examples.
func (s *problemSuite[T]) checkMeans(f *findings, a protocol.Problem[T], at place[T]) {
	alone := s.singles(f, a, at)
	if alone == nil {
		return
	}
	n := float64(len(alone))
	d := s.spec.Dim
	mean, size := make([]float64, d), make([]float64, d) // of g_ij and |g_ij| over i
	var loss, lossSize float64
	for _, e := range alone {
		loss += e.loss / n
		lossSize += math.Abs(e.loss) / n
		for j, g := range e.gradient {
			mean[j] += g / n
			size[j] += math.Abs(g) / n
		}
	}
	tolerance := roundings * epsilon[T]()
	most := slices.Max(size)
	for _, want := range []protocol.Quantity{0, protocol.Gradient, s.spec.Measures} {
		m := s.measure(f, a, at, want, runSeed)
		if m == nil {
			return
		}
		if !(math.Abs(m.Loss-loss) <= tolerance*lossSize) {
			f.addf("loss of %v is %g, want the mean over its examples, %g%s", at, m.Loss, loss,
				ratio(m.Loss, loss))
		}
		for j, g := range m.Gradient {
			if !(math.Abs(float64(g)-mean[j]) <= tolerance*(size[j]+0.1*most)) {
				f.addf("gradient[%d] of %v is %g, want the mean over its examples, %g%s", j, at, g,
					mean[j],
					ratio(float64(g), mean[j]))
				break
			}
		}
	}
}

// checkScale detects sums instead of means if the examples of a batch may depend on each other, so
// that their mean is not known: loss and gradient of a batch must not exceed those of its examples
// by more than a factor of 3.
func (s *problemSuite[T]) checkScale(f *findings, a protocol.Problem[T], at place[T]) {
	var loss, length float64 // the largest of single examples
	for i := range at.examples {
		m := s.measure(f, a, at.single(i), protocol.Gradient, runSeed)
		if m == nil {
			return
		}
		loss = max(loss, math.Abs(m.Loss))
		length = max(length, rms(m.Gradient))
	}
	m := s.measure(f, a, at, protocol.Gradient, runSeed)
	if m == nil {
		return
	}
	if got := rms(m.Gradient); !(math.Abs(m.Loss) <= 3*loss && got <= 3*length) {
		f.addf("loss and mean square of the gradient of %v are %g and %g, those of single "+
			"examples at most %g and %g; want "+
			"means, not sums", at, m.Loss, got*got, loss, length*length)
	}
}

// ratio returns a text with the ratio of got to want, which often indicates the mistake.
func ratio(got, want float64) string { return fmt.Sprintf(" (%.6g times as much)", got/want) }

// checkVariance compares the variance of a batch with s = 1/(m−1) Σ (∇fᵢ − g)² over its examples
// (Balles 2021, Eq. 3.30). A regulariser cancels in the differences.
func (s *problemSuite[T]) checkVariance(f *findings, a protocol.Problem[T], at place[T]) {
	alone := s.singles(f, a, at)
	if alone == nil {
		return
	}
	n := float64(len(alone))
	d := s.spec.Dim
	variance, square := make([]float64, d), make([]float64, d) // s, and the mean of g_ij² over i
	var norm, squares float64
	for j := range d {
		mean := 0.0
		for _, e := range alone {
			mean += e.gradient[j] / n
			square[j] += e.gradient[j] * e.gradient[j] / n
		}
		for _, e := range alone {
			variance[j] += (e.gradient[j] - mean) * (e.gradient[j] - mean) / (n - 1)
		}
		norm += variance[j]
		squares += square[j]
	}
	// An error δ in each g_ij gives an error of about 2δ√s + δ² in s; that of E g² − (E g)² is some
	// roundings of E g².
	tolerance := roundings * epsilon[T]()
	delta := 0.1 * tolerance * math.Sqrt(slices.Max(square))
	checkNorm := func(what string, got float64) {
		if !(math.Abs(got-norm) <= tolerance*squares+2*delta*math.Sqrt(float64(d)*norm)+
			float64(d)*delta*delta) {
			f.addf("%s of %v is %g, want ‖s‖₁ = %g%s", what, at, got, norm, ratio(got, norm))
		}
	}
	for _, want := range []protocol.Quantity{
		protocol.VarianceNorm, protocol.VarianceNorm | protocol.Gradient,
		protocol.Variance | protocol.Gradient,
		s.spec.Measures,
	} {
		if !s.spec.Measures.Has(want) {
			continue
		}
		m := s.measure(f, a, at, want, runSeed)
		if m == nil {
			return
		}
		if m.Have.Has(protocol.VarianceNorm) {
			checkNorm("variance norm", m.VarianceNorm)
		}
		if !want.Has(protocol.Variance) {
			continue
		}
		sum, wrong := 0.0, -1
		for j, v := range m.Variance {
			sum += math.Abs(float64(v))
			allowed := tolerance*square[j] + 2*delta*math.Sqrt(variance[j]) + delta*delta
			if wrong < 0 && (v < 0 || !(math.Abs(float64(v)-variance[j]) <= allowed)) {
				wrong = j
			}
		}
		if wrong >= 0 {
			v := float64(m.Variance[wrong])
			f.addf("variance[%d] of %v is %g, want %g%s", wrong, at, v, variance[wrong],
				ratio(v, variance[wrong]))
			continue
		}
		checkNorm("sum of the variance's elements", sum)
	}
}
