package protocoltest

import (
	"math"

	"noisebench/protocol"
)

// matrices lists the matrices of a measurement that has them.
func matrices[T protocol.Float](m *protocol.Measurement[T]) (list []protocol.Slice[T]) {
	for _, v := range m.Slices() {
		if v.Of&protocol.Matrices != 0 && m.Have.Has(v.Of) {
			list = append(list, v)
		}
	}
	return list
}

// checkMatrices compares the matrices of a batch with those of its single examples.
func (s *problemSuite[T]) checkMatrices(f *findings, a protocol.Problem[T], at place[T]) {
	m := s.measure(f, a, at, s.spec.Measures, runSeed)
	alone := s.singles(f, a, at)
	if m == nil || alone == nil {
		return
	}
	d := s.spec.Dim
	for _, v := range matrices(m) {
		s.checkSymmetric(f, v.Of, *v.At)
	}
	// All but the covariance are means over the examples (R1).
	own := s.spec.Measures & protocol.Matrices &^ protocol.Covariance
	var each []*protocol.Measurement[T]
	for i := range at.examples {
		one := s.measure(f, a, at.single(i), own|protocol.Gradient, runSeed)
		if one == nil {
			return
		}
		each = append(each, one)
	}
	n := float64(len(each))
	for k, v := range m.Slices() {
		if !own.Has(v.Of) || v.Of&protocol.Matrices == 0 {
			continue
		}
		mean, size := make([]float64, d*d), make([]float64, d*d)
		for _, one := range each {
			for i, e := range *one.Slices()[k].At {
				mean[i] += float64(e) / n
				size[i] += math.Abs(float64(e)) / n
			}
		}
		s.compareMatrix(f, v.Of, "the mean over its examples", at, *v.At, mean, size)
	}
	if own.Has(protocol.EmpiricalFisher) {
		s.checkOuter(f, alone, each)
	}
	if m.Have.Has(protocol.Covariance) {
		want, size := covariance(alone, d)
		s.compareMatrix(f, protocol.Covariance, "1/(m−1) Σ (∇fᵢ − g)(∇fᵢ − g)ᵀ", at, m.Covariance,
			want, size)
		for j := range m.Variance {
			got, want := float64(m.Covariance[j*d+j]), float64(m.Variance[j])
			if !(math.Abs(got-want) <= roundings*epsilon[T]()*size[j*d+j]) {
				f.addf("covariance[%d][%d] of %v is %g, want the variance there, %g%s", j, j, at,
					got, want, ratio(got, want))
				break
			}
		}
	}
}

// checkSymmetric detects asymmetric elements, and negative ones on the diagonal of sums of squares.
func (s *problemSuite[T]) checkSymmetric(f *findings, q protocol.Quantity, a []T) {
	d := s.spec.Dim
	for i := range d {
		for j := range i {
			if bits(a[i*d+j]) != bits(a[j*d+i]) {
				f.addf("%v[%d][%d] is %g, and [%d][%d] is %g: want a symmetric matrix, to the bit",
					q, i, j, a[i*d+j], j, i,
					a[j*d+i])
				return
			}
		}
		if q != protocol.Hessian && q != protocol.GaussNewton && a[i*d+i] < 0 {
			f.addf("%v[%d][%d] is %g, want no negative number", q, i, i, a[i*d+i])
			return
		}
	}
}

// compareMatrix compares a matrix with the expected one. The tolerance of an element is some
// roundings of size, the sum of the absolute summands, and of the geometric mean of the sizes on
// the diagonal, which bounds its factors.
func (s *problemSuite[T]) compareMatrix(
	f *findings, q protocol.Quantity, what string, at place[T], got []T, want, size []float64,
) {
	d := s.spec.Dim
	for k, w := range want {
		i, j := k/d, k%d
		allowed := roundings * epsilon[T]() * (size[k] + math.Sqrt(size[i*d+i]*size[j*d+j]))
		if g := float64(got[k]); !(math.Abs(g-w) <= allowed) {
			f.addf("%v[%d][%d] of %v is %g, want %s, %g%s", q, i, j, at, g, what, w, ratio(g, w))
			return
		}
	}
}

// covariance returns the covariance of the examples' gradients, and the mean absolute products as
// the scale of its rounding errors.
func covariance(alone []single, d int) (a, size []float64) {
	n := float64(len(alone))
	mean := make([]float64, d)
	for _, e := range alone {
		for j, g := range e.gradient {
			mean[j] += g / n
		}
	}
	a, size = make([]float64, d*d), make([]float64, d*d)
	for _, e := range alone {
		for i := range d {
			for j := range d {
				a[i*d+j] += (e.gradient[i] - mean[i]) * (e.gradient[j] - mean[j]) / (n - 1)
				size[i*d+j] += math.Abs(e.gradient[i]*e.gradient[j]) / (n - 1)
			}
		}
	}
	return a, size
}

// checkOuter checks that the empirical Fisher of each single example is (∇fᵢ − r)(∇fᵢ − r)ᵀ with a
// common r, the regulariser's gradient. r is unknown; the factor of one example, with either sign,
// gives a candidate, most precisely that of the smallest gradient.
func (s *problemSuite[T]) checkOuter(f *findings, alone []single, each []*protocol.Measurement[T]) {
	d := s.spec.Dim
	base := 0
	for n := range each {
		if rms(each[n].EmpiricalFisher) < rms(each[base].EmpiricalFisher) {
			base = n
		}
	}
	first, k := each[base].EmpiricalFisher, 0
	for j := range d {
		if first[j*d+j] > first[k*d+k] {
			k = j
		}
	}
	fits := func(sign float64) bool {
		r := make([]float64, d)
		for j := range r {
			r[j] = alone[base].gradient[j]
			if top := float64(first[k*d+k]); top > 0 {
				r[j] -= sign * float64(first[k*d+j]) / math.Sqrt(top)
			}
		}
		for n, one := range each {
			v, size := make([]float64, d), make([]float64, d)
			most := 0.0
			for j, g := range alone[n].gradient {
				v[j], size[j] = g-r[j], math.Abs(g)+math.Abs(r[j])+math.Abs(g-r[j])
				most = max(most, size[j])
			}
			for at, got := range one.EmpiricalFisher {
				i, j := at/d, at%d
				allowed := roundings*epsilon[T]()*(size[i]+0.1*most)*(size[j]+0.1*most) + underflow[T]()
				if !(math.Abs(float64(got)-v[i]*v[j]) <= allowed) {
					return false
				}
			}
		}
		return true
	}
	if !fits(1) && !fits(-1) {
		f.addf("empirical-fisher of single examples is not ∇fᵢ ∇fᵢᵀ with the gradient that is " +
			"measured, less a regulariser's")
	}
}

// underflow returns the tolerated error of a product of small factors.
func underflow[T protocol.Float]() float64 {
	if protocol.DTypeOf[T]() == protocol.Float32 {
		return 0x1p-126
	}
	return 0x1p-1022
}

// checkHessian compares the Hessian with central differences of the gradient along random
// directions. Two distances give an estimate of the differences' error.
func (s *problemSuite[T]) checkHessian(f *findings, a protocol.Problem[T], at place[T]) {
	if !s.spec.Measures.Has(protocol.Hessian) {
		return
	}
	m := s.measure(f, a, at, protocol.Hessian, runSeed)
	if m == nil {
		return
	}
	d := s.spec.Dim
	for range 5 {
		v := make([]float64, d)
		for j := range v {
			v[j] = s.random.NormFloat64() * (rms(at.x) + math.Abs(float64(at.x[j])))
		}
		// difference returns (g(x+hv) − g(x−hv))/2h, and the rounding error of its elements.
		difference := func(h float64) (slope []float64, err float64, ok bool) {
			l := line[T]{x: at.x, v: v}
			up := s.measure(f, a, place[T]{l.at(h), at.examples, at.position}, protocol.Gradient,
				runSeed)
			down := s.measure(f, a, place[T]{l.at(-h), at.examples, at.position},
				protocol.Gradient, runSeed)
			if up == nil || down == nil {
				return nil, 0, false
			}
			slope = make([]float64, d)
			for j := range slope {
				slope[j] = (float64(up.Gradient[j]) - float64(down.Gradient[j])) / (2 * h)
			}
			return slope, (rms(up.Gradient) + rms(down.Gradient)) * 30 * epsilon[T]() / h, true
		}
		h := math.Cbrt(epsilon[T]())
		coarse, _, ok1 := difference(2 * h)
		fine, rounding, ok2 := difference(h)
		if !ok1 || !ok2 {
			return
		}
		size := 0.0 // of H|v|, for the rounding of x ± hv
		for i := range d {
			row := 0.0
			for j, vj := range v {
				row += math.Abs(float64(m.Hessian[i*d+j]) * vj)
			}
			size = max(size, row)
		}
		for i := range d {
			got := 0.0
			for j, vj := range v {
				got += float64(m.Hessian[i*d+j]) * vj
			}
			allowed := 2*math.Abs(fine[i]-coarse[i]) + rounding + 10*epsilon[T]()/h*size
			if !(math.Abs(got-fine[i]) <= allowed) {
				f.addf("element %d of the Hessian times a direction is %g, want the gradient's "+
					"rate of change, %g ± %.1g%s", i,
					got, fine[i], allowed, ratio(got, fine[i]))
				return
			}
		}
	}
}

// checkSampled checks that the mean of an example's sampled Fisher matrix over positions in the
// stream is the Fisher matrix. It applies to points at which no label is almost certain.
func (s *problemSuite[T]) checkSampled(f *findings, a protocol.Problem[T], at place[T]) {
	const both = protocol.Fisher | protocol.SampledFisher
	if !s.spec.Measures.Has(both) {
		return
	}
	d := s.spec.Dim
	places := 400
	if d > allCoordinates {
		places = 100
	}
	sum, square := make([]float64, d*d), make([]float64, d*d)
	var fisher []T
	for range places {
		m := s.measure(f, a, at, both, runSeed)
		if m == nil {
			return
		}
		for i, v := range m.SampledFisher {
			sum[i] += float64(v)
			square[i] += float64(v) * float64(v)
		}
		fisher = m.Fisher
		at.position++
	}
	n := float64(places)
	for i, want := range fisher {
		mean := sum[i] / n
		deviation := math.Sqrt(max(0, square[i]/n-mean*mean) / n)
		if !(math.Abs(mean-float64(want)) <= 8*deviation+roundings*epsilon[T]()*math.Sqrt(square[i]/n)) {
			f.addf("the mean of sampled-fisher[%d][%d] at %d places is %g ± %.1g, want fisher "+
				"there, %g", i/d, i%d, places, mean,
				deviation, want)
			return
		}
	}
}

// checkOracle compares the oracle with all training examples, or with many examples of endless
// data.
func (s *problemSuite[T]) checkOracle(f *findings, a protocol.Problem[T], x []T) {
	one := s.measure(f, a, s.batch(x, 3), protocol.Oracle, runSeed)
	two := s.measure(f, a, s.batch(x, 2), protocol.Oracle, runSeed)
	if one == nil || two == nil {
		return
	}
	for _, pair := range [][2][]T{
		{one.TrueGradient, two.TrueGradient},
		{one.TrueVariance, two.TrueVariance},
	} {
		if j := differ(pair[0], pair[1]); j >= 0 {
			f.addf("element %d of the oracle is %g on one batch and %g on another at the same x, "+
				"want the same bits", j,
				pair[0][j], pair[1][j])
			return
		}
	}
	want := protocol.Gradient | protocol.Variance
	if !s.spec.Measures.Has(want) {
		f.addf("the problem offers an oracle and does not offer %v: it could not be checked", want)
		return
	}
	if s.spec.Train > 0 {
		// a single example is repeated, for a variance
		all := place[T]{x, make([]int, max(2, s.spec.Train)), 0}
		for i := range all.examples {
			all.examples[i] = i % s.spec.Train
		}
		m := s.measure(f, a, all, want, runSeed)
		if m == nil {
			return
		}
		most := rms(m.Gradient)
		n := float64(len(all.examples))
		for j := range m.Gradient {
			g, v := float64(m.Gradient[j]), float64(m.Variance[j])*(n-1)/n
			tolerance := roundings * epsilon[T]()
			got := float64(one.TrueGradient[j])
			if !(math.Abs(got-g) <= tolerance*(math.Abs(g)+math.Sqrt(v)+most)) {
				f.addf("the oracle's gradient[%d] is %g, want that of all training examples, %g%s",
					j, got, g, ratio(got, g))
				return
			}
			if got := float64(one.TrueVariance[j]); !(math.Abs(got-v) <= tolerance*(v+g*g)) {
				f.addf("the oracle's variance[%d] is %g, want (1/N) Σ (∇fᵢ − ∇f)² over all "+
					"training examples, %g%s", j, got, v,
					ratio(got, v))
				return
			}
		}
		return
	}
	s.checkEndlessOracle(f, a, x, one)
}

// checkEndlessOracle compares the oracle with the means of gradient and variance over independent
// batches of endless data.
func (s *problemSuite[T]) checkEndlessOracle(
	f *findings, a protocol.Problem[T], x []T, oracle *protocol.Measurement[T],
) {
	const batches, size = 40, 50
	d := s.spec.Dim
	sums, squares := make([]float64, 2*d), make([]float64, 2*d) // of gradient, then variance
	for k := range batches {
		at := place[T]{x, make([]int, size), int64(k * size)}
		for i := range at.examples {
			at.examples[i] = k*size + i
		}
		m := s.measure(f, a, at, protocol.Gradient|protocol.Variance, runSeed)
		if m == nil {
			return
		}
		for j := range d {
			g, v := float64(m.Gradient[j]), float64(m.Variance[j])
			sums[j] += g
			squares[j] += g * g
			sums[d+j] += v
			squares[d+j] += v * v
		}
	}
	for j := range sums {
		want, what := float64(0), "gradient"
		if j < d {
			want = float64(oracle.TrueGradient[j])
		} else {
			want, what = float64(oracle.TrueVariance[j-d]), "variance"
		}
		mean := sums[j] / batches
		deviation := math.Sqrt(max(0, squares[j]/batches-mean*mean) / (batches - 1))
		if !(math.Abs(mean-want) <= 7*deviation+roundings*epsilon[T]()*math.Abs(want)) {
			f.addf("the oracle's %s[%d] is %g, want that of endless data, %g ± %.1g by %d "+
				"examples", what, j%d, want, mean,
				deviation, batches*size)
			return
		}
	}
}
