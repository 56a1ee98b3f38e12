package protocoltest

import (
	"math"

	"noisebench/protocol"
)

// checkSampledBatch compares the sampled gradient of a batch with those of its single examples,
// whose labels depend only on their positions in the stream, and these with their sampled Fisher
// matrices, which have the same labels.
func (s *problemSuite[T]) checkSampledBatch(f *findings, a protocol.Problem[T], at place[T]) {
	together := s.measure(f, a, at, protocol.SampledGradient, runSeed)
	if together == nil {
		return
	}
	if s.spec.Measures&(protocol.VarianceNorm|protocol.Variance) == 0 {
		return // the examples of a batch depend on each other
	}
	d, n := s.spec.Dim, float64(len(at.examples))
	mean, size := make([]float64, d), make([]float64, d)
	loss := 0.0
	for i := range at.examples {
		one := s.measure(f, a, at.single(i),
			protocol.SampledGradient|s.spec.Measures&protocol.SampledFisher, runSeed)
		if one == nil {
			return
		}
		loss += one.Loss / n
		for j, v := range one.SampledGradient {
			mean[j] += float64(v) / n
			size[j] += math.Abs(float64(v)) / n
		}
		if one.SampledFisher != nil && !s.checkSampledProduct(f, one) {
			return
		}
	}
	if !(math.Abs(together.Loss-loss) <= roundings*epsilon[T]()*(math.Abs(loss)+1)) {
		f.addf("loss of %v is %g beside the sampled gradient, want that of the data: %g%s", at,
			together.Loss, loss,
			ratio(together.Loss, loss))
	}
	most := 0.0
	for _, v := range size {
		most = max(most, v)
	}
	for j, want := range mean {
		got := float64(together.SampledGradient[j])
		if !(math.Abs(got-want) <= roundings*epsilon[T]()*(size[j]+most)) {
			f.addf("sampled-gradient[%d] of %v is %g, want the mean over its examples, each with "+
				"the label of its place, %g%s", j, at,
				got, want, ratio(got, want))
			return
		}
	}
}

// checkSampledProduct checks that the sampled Fisher matrix of one example is g gᵀ, where g is its
// sampled gradient.
func (s *problemSuite[T]) checkSampledProduct(f *findings, one *protocol.Measurement[T]) bool {
	d := s.spec.Dim
	most := 0.0
	for _, v := range one.SampledGradient {
		most = max(most, math.Abs(float64(v)))
	}
	for k, got := range one.SampledFisher {
		u, v := float64(one.SampledGradient[k/d]), float64(one.SampledGradient[k%d])
		allowed := roundings*epsilon[T]()*(math.Abs(u)+0.1*most)*(math.Abs(v)+0.1*most) + underflow[T]()
		if !(math.Abs(float64(got)-u*v) <= allowed) {
			f.addf("sampled-fisher[%d][%d] of one example is %g, want the product of its sampled "+
				"gradient's elements, %g: both have the "+
				"same label, and no regulariser", k/d, k%d, got, u*v)
			return false
		}
	}
	return true
}

// checkSampledMean checks that the sampled gradient depends on the position in the stream, and that
// its mean over many positions is 0: E ∇log p(ỹ|z) = 0. It applies to points at which no label is
// almost certain.
func (s *problemSuite[T]) checkSampledMean(f *findings, a protocol.Problem[T], at place[T]) {
	d := s.spec.Dim
	places := 400
	if d > allCoordinates {
		places = 100
	}
	sum, square, most := make([]float64, d), make([]float64, d), 0.0
	var first []T
	same := true
	for range places {
		m := s.measure(f, a, at, protocol.SampledGradient, runSeed)
		if m == nil {
			return
		}
		for j, v := range m.SampledGradient {
			sum[j] += float64(v)
			square[j] += float64(v) * float64(v)
			most = max(most, math.Abs(float64(v)))
		}
		if first == nil {
			first = m.SampledGradient
		}
		same = same && differ(first, m.SampledGradient) < 0
		at.position += int64(len(at.examples))
	}
	if same {
		f.addf("sampled-gradient has the same bits at %d places in the stream: its labels are "+
			"not drawn", places)
		return
	}
	n := float64(places)
	for j := range sum {
		mean := sum[j] / n
		deviation := math.Sqrt(max(0, square[j]/n-mean*mean) / n)
		// The tolerance includes labels of small probability that may not have been drawn.
		rare := 20 / n * most
		if !(math.Abs(mean) <= 8*deviation+rare) {
			f.addf("the mean of sampled-gradient[%d] at %d places is %g ± %.1g, want 0: labels "+
				"are drawn from the model's own prediction",
				j, places, mean, deviation)
			return
		}
	}
}
