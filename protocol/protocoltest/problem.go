package protocoltest

import (
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"

	"noisebench/protocol"
)

// ProblemChecks opens the problem that def defines at params (completed by defaults) and checks it against the
// contract. Missing data are a finding like any other error of New32 and New64.
func ProblemChecks(def protocol.ProblemDef, params protocol.Setting) []Check {
	s := &suite{}
	s.check("definition", "ProblemDef", func(f *findings) {
		checkTexts(f, def.Name, def.Version, def.Doc, def.Source)
		checkDeclared(f, def.Parameters)
		if def.New32 == nil && def.New64 == nil {
			f.addf("New32 and New64 are nil, want the one of the problem's dtype")
		}
	})
	var setting protocol.Setting
	var spec protocol.ProblemSpec
	if !s.check("spec", "ProblemSpec", func(f *findings) { setting, spec = checkSpec(f, def, params) }) {
		return s.checks
	}
	if spec.DType == protocol.Float32 {
		checkProblem(s, setting, spec, def.New32)
	} else {
		checkProblem(s, setting, spec, def.New64)
	}
	return s.checks
}

// checkSpec returns the complete setting and the specification of the problem there.
func checkSpec(f *findings, def protocol.ProblemDef, params protocol.Setting) (protocol.Setting, protocol.ProblemSpec) {
	setting, err := protocol.Resolve(def.Parameters, params)
	if err != nil {
		f.add(err)
		return nil, protocol.ProblemSpec{}
	}
	if def.Spec == nil {
		f.addf("Spec is nil")
		return nil, protocol.ProblemSpec{}
	}
	var specs [2]protocol.ProblemSpec
	for i := range specs {
		given := maps.Clone(setting)
		err := attempt("Spec", func() (err error) {
			specs[i], err = def.Spec(given)
			return err
		})
		if err != nil {
			f.add(err)
			return nil, protocol.ProblemSpec{}
		}
		if !maps.Equal(given, setting) {
			f.addf("Spec changed the setting that it was given from %q to %q", setting, given)
		}
	}
	spec := specs[0]
	if err := spec.Check(); err != nil {
		f.add(err)
	}
	if !reflect.DeepEqual(specs[0], specs[1]) {
		f.addf("two calls of Spec at the same parameters differ: %+v and %+v", specs[0], specs[1])
	}
	for name, v := range spec.Constants {
		if !protocol.Finite(v) {
			f.addf("constant %s is %g, want a finite number; leave out what is not known", name, v)
		}
	}
	if spec.Metric.Name == "loss" && spec.Metric.HigherBetter {
		f.addf("the metric is the loss and higher is better, want lower better")
	}
	return setting, spec
}

// place is where a measurement is made: a batch at a point.
type place[T protocol.Float] struct {
	x        []T
	examples []int
	position int64
}

// single is the place of the i-th example alone: its number and its position in the stream stay what they are.
func (p place[T]) single(i int) place[T] {
	return place[T]{p.x, p.examples[i : i+1], p.position + int64(i)}
}

func (p place[T]) String() string {
	if len(p.examples) > 8 {
		return fmt.Sprintf("a batch of %d examples", len(p.examples))
	}
	return fmt.Sprintf("the batch %v", p.examples)
}

// runSeed is the seed of all measurements but those that ask for another.
const runSeed = 7

type problemSuite[T protocol.Float] struct {
	*suite
	setting protocol.Setting
	spec    protocol.ProblemSpec
	new     func(protocol.Setting) (protocol.Problem[T], error)
	random  *rand.Rand // the suite's choices: always the same
	opened  []protocol.Problem[T]
	// What shows beside the result of a call, whichever check made it.
	inputs, outputs, bounds, possible findings

	start map[protocol.Part]float64 // losses at the starting point
}

func checkProblem[T protocol.Float](s *suite, setting protocol.Setting, spec protocol.ProblemSpec,
	open func(protocol.Setting) (protocol.Problem[T], error),
) {
	p := &problemSuite[T]{suite: s, setting: setting, spec: spec, new: open, random: protocol.Stream(1, "protocoltest")}
	p.run()
	if len(p.opened) == 0 {
		return
	}
	s.list("inputs-unchanged", "Problem", &p.inputs)
	s.list("outputs-complete", "Problem.Measure", &p.outputs)
	s.list("within-bounds", "Measurement", &p.bounds)
	s.list("possible", "R7", &p.possible)
	s.check("close", "Problem", func(f *findings) {
		for _, problem := range p.opened {
			if c, ok := problem.(io.Closer); ok {
				if err := attempt("Close", c.Close); err != nil {
					f.add(err)
				}
			}
		}
	})
}

// run makes the checks in order, until one fails on which the others rest.
func (s *problemSuite[T]) run() {
	var a, b protocol.Problem[T]
	if !s.check("open", "ProblemDef", func(f *findings) { a, b = s.open(f), s.open(f) }) {
		return
	}
	var start []T
	if !s.check("start", "Problem.Init", func(f *findings) { start = s.checkStart(f, a, b) }) {
		return
	}
	s.start = map[protocol.Part]float64{}
	for _, part := range []protocol.Part{protocol.TrainPart, protocol.ValidationPart, protocol.TestPart} {
		if part == protocol.ValidationPart && s.spec.Validation == 0 || part == protocol.TestPart && s.spec.Test == 0 {
			continue
		}
		var found findings // which the check of evaluations will find again
		if e, ok := s.evaluate(&found, a, start, part); ok {
			s.start[part] = e.Loss
		}
	}
	near := [2][]T{s.perturb(start, 0.1), s.perturb(start, 0.1)}
	places := []place[T]{s.batch(start, 8), s.batch(near[0], 3), s.batch(near[1], 8), s.batch(near[0], 2)}
	var reference []*protocol.Measurement[T]
	if !s.check("finite", "Problem.Measure", func(f *findings) { reference = s.checkFinite(f, a, places) }) {
		return
	}
	if !s.check("repeatable", "R2", func(f *findings) { s.checkRepeatable(f, a, b, places, reference) }) {
		return
	}
	s.check("side-by-side", "R2", func(f *findings) { s.checkSideBySide(f, a, b, places, reference) })
	if s.spec.Train == 0 {
		s.check("seed", "R5", func(f *findings) { s.checkSeed(f, a, near[0]) })
	}
	m := min(s.spec.BatchSize, 64) + 1
	s.check("means", "R1", func(f *findings) {
		for _, at := range []place[T]{s.batch(near[0], 2), s.batch(near[1], 8), s.batch(near[0], m)} {
			if s.spec.Measures&(protocol.VarianceNorm|protocol.Variance) == 0 {
				s.checkScale(f, a, at)
			} else {
				s.checkMeans(f, a, at)
			}
		}
	})
	s.check("gradient", "R1", func(f *findings) {
		for _, x := range near {
			s.checkGradient(f, a, s.batch(x, 5))
		}
	})
	if s.spec.Measures&(protocol.VarianceNorm|protocol.Variance) != 0 {
		s.check("variance", "R1", func(f *findings) {
			for _, at := range []place[T]{
				s.batch(near[0], 2), s.batch(near[1], 8), s.batch(near[0], m), s.repeated(near[1], 4),
			} {
				s.checkVariance(f, a, at)
			}
		})
	}
	if s.spec.Measures&protocol.Matrices != 0 {
		s.check("matrices", "Quantity", func(f *findings) {
			for _, at := range []place[T]{s.batch(near[0], 2), s.batch(near[1], 8), s.repeated(near[1], 3)} {
				s.checkMatrices(f, a, at)
			}
			s.checkHessian(f, a, s.batch(near[0], 5))
			s.checkSampled(f, a, s.batch(start, 1))
		})
	}
	if s.spec.Measures.Has(protocol.SampledGradient) {
		s.check("sampled-gradient", "Quantity", func(f *findings) {
			s.checkSampledBatch(f, a, s.batch(near[0], 5))
			s.checkSampledMean(f, a, s.batch(start, 2))
		})
	}
	if s.spec.Measures.Has(protocol.Oracle) {
		s.check("oracle", "Oracle", func(f *findings) {
			s.checkOracle(f, a, start)
			s.checkOracle(f, a, near[0])
		})
	}
	s.check("overflow", "R7", func(f *findings) { s.checkOverflow(f, a, start) })
	s.check("evaluate", "R4", func(f *findings) { s.checkEvaluate(f, a, b, start, near[0]) })
}

// open opens an instance, or returns nil and says why.
func (s *problemSuite[T]) open(f *findings) protocol.Problem[T] {
	if s.new == nil {
		f.addf("the spec's dtype is %s and the function that opens such a problem is nil", protocol.DTypeOf[T]())
		return nil
	}
	var problem protocol.Problem[T]
	given := maps.Clone(s.setting)
	err := attempt("New", func() (err error) {
		problem, err = s.new(given)
		return err
	})
	switch {
	case err != nil:
		f.add(err)
		return nil
	case problem == nil:
		f.addf("New returned neither a problem nor an error")
		return nil
	case !maps.Equal(given, s.setting):
		f.addf("New changed the setting that it was given from %q to %q", s.setting, given)
	}
	s.opened = append(s.opened, problem)
	return problem
}

// perturb returns a point at some relative distance from x, which lies at no special place such as a kink.
func (s *problemSuite[T]) perturb(x []T, distance float64) []T {
	size := rms(x)
	if size == 0 {
		size = 1
	}
	y := slices.Clone(x)
	for i, v := range x {
		y[i] += T(distance * (math.Abs(float64(v)) + size) * s.random.NormFloat64())
	}
	return y
}

func rms[T protocol.Float](x []T) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(x)))
}

// batch returns a place at x with m examples: any of a finite training part, consecutive ones of endless data.
func (s *problemSuite[T]) batch(x []T, m int) place[T] {
	p := place[T]{x, make([]int, m), s.random.Int64N(1000)}
	for i := range p.examples {
		if s.spec.Train > 0 {
			p.examples[i] = s.random.IntN(s.spec.Train)
		} else {
			p.examples[i] = int(p.position) + i
		}
	}
	return p
}

// repeated returns a place at x where one example occurs m times, which endless data do not have: there it is a batch.
func (s *problemSuite[T]) repeated(x []T, m int) place[T] {
	p := s.batch(x, m)
	if s.spec.Train > 0 {
		for i := range p.examples {
			p.examples[i] = p.examples[0]
		}
	}
	return p
}

// init calls Init and checks what it writes.
func (s *problemSuite[T]) init(f *findings, problem protocol.Problem[T], seed uint64) []T {
	x := buffer[T](s.spec.Dim)
	if err := attempt("Init", func() error { return problem.Init(x, seed) }); err != nil {
		f.add(err)
	}
	if n := unwritten(x); n > 0 {
		f.addf("Init left %d of %d coordinates unwritten", n, len(x))
	}
	if overrun(x) {
		s.bounds.addf("Init wrote behind the end of the point's %d coordinates", len(x))
	}
	return x
}

func (s *problemSuite[T]) checkStart(f *findings, a, b protocol.Problem[T]) []T {
	start := s.init(f, a, 1)
	if !finite(start) {
		f.addf("the starting point for seed 1 has a coordinate that is not finite")
	}
	other := s.init(f, a, 2)
	for _, problem := range []protocol.Problem[T]{a, b} {
		for i, want := range [][]T{start, other} {
			seed := uint64(i + 1)
			if j := differ(s.init(f, problem, seed), want); j >= 0 {
				f.addf("two calls of Init with seed %d differ in coordinate %d, want the same bits", seed, j)
			}
		}
	}
	return start
}

// measure calls Measure with copies of its arguments, and checks everything about the call that needs no other call.
// It returns nil after an error, which goes to f.
func (s *problemSuite[T]) measure(f *findings, problem protocol.Problem[T], at place[T], want protocol.Quantity,
	seed uint64,
) *protocol.Measurement[T] {
	x := guarded(at.x)
	const behind = math.MinInt32
	examples := make([]int, len(at.examples)+guard)
	for i := range examples {
		examples[i] = behind
	}
	copy(examples, at.examples)
	batch := protocol.Batch{Examples: examples[:len(at.examples)], Seed: seed, Position: at.position}

	nan := float64(sentinel[float64]())
	m := &protocol.Measurement[T]{Loss: nan, VarianceNorm: nan, Step: 3, Seen: 1 << 40, StepScale: 0.375}
	for _, v := range m.Slices() {
		if want.Has(v.Of) {
			*v.At = buffer[T](v.Of.Elements(s.spec.Dim))
		}
	}
	given := *m
	if err := attempt("Measure", func() error { return problem.Measure(x, batch, want, m) }); err != nil {
		f.addf("%v on %v: %w", want, at, err)
		return nil
	}

	if i := differ(x, at.x); i >= 0 {
		s.inputs.addf("Measure changed coordinate %d of the point from %g to %g", i, at.x[i], x[i])
	}
	if !slices.Equal(batch.Examples, at.examples) {
		s.inputs.addf("Measure changed the batch from %v to %v", at.examples, batch.Examples)
	}
	if m.Step != 3 || m.Seen != 1<<40 || m.StepScale != 0.375 {
		s.inputs.addf("Measure changed Step, Seen or StepScale, which are the harness's")
	}
	if overrun(x) || slices.ContainsFunc(examples[len(at.examples):], func(e int) bool { return e != behind }) {
		s.bounds.addf("Measure wrote behind the end of the point or the batch")
	}
	provided := given.Slices()
	for i, v := range m.Slices() {
		s.checkVector(m.Have, want, v.Of, v.At, *provided[i].At)
	}
	if !m.Have.Has(want) {
		s.outputs.addf("Have is %v where %v was asked for", m.Have, want)
	}
	if m.Have.Has(protocol.VarianceNorm) && bits(m.VarianceNorm) == bits(nan) {
		s.outputs.addf("Have is %v, but VarianceNorm was not written", m.Have)
	}
	if err := m.Check(); err != nil {
		s.possible.addf("on %v: %w", at, err)
	}
	if name, v := m.NotFinite(); name != "" {
		s.blame(protocol.TrainPart, at.x, m.Loss, fmt.Sprintf("%s of %v", name, at), v)
	}
	if bits(m.Loss) == bits(nan) {
		s.outputs.addf("Loss was not written where %v was asked for", want)
	}
	if m.BatchSize != len(at.examples) {
		s.outputs.addf("BatchSize is %d after measuring %d examples", m.BatchSize, len(at.examples))
	}
	return m
}

// blame notes a value that is not finite where the loss on a part is and an optimizer cannot have caused it (R7).
func (s *problemSuite[T]) blame(part protocol.Part, x []T, loss float64, what string, v float64) {
	start, known := s.start[part]
	if known && protocol.Finite(loss) && !protocol.Caused(x, true, loss, start) {
		s.possible.addf("%s is %g at a loss of %g, which is not above that at the start, %g; want a finite number", what, v, loss, start)
	}
}

// checkVector checks one of the slices of a measurement, given the buffer that was provided for it, or nil.
// It puts the buffer back if the problem replaced it.
func (s *problemSuite[T]) checkVector(have, want, q protocol.Quantity, got *[]T, provided []T) {
	switch {
	case len(*got) != len(provided):
		s.bounds.addf("%v has %d elements after Measure, want %d", q, len(*got), len(provided))
	case len(provided) > 0 && &(*got)[0] != &provided[0]:
		s.bounds.addf("Measure replaced the slice for the %v, want it to write to the caller's", q)
	case provided == nil && have.Has(q):
		s.outputs.addf("Have is %v where %v was asked for: there is no slice for the %v", have, want, q)
	case provided != nil && overrun(provided):
		s.bounds.addf("Measure wrote behind the end of the %v's %d elements", q, len(provided))
	case provided != nil && unwritten(provided) > 0:
		s.outputs.addf("%d of %d elements of the %v were not written, or computed from what the caller's slice held",
			unwritten(provided), len(provided), q)
	}
	*got = provided
}

func (s *problemSuite[T]) checkFinite(f *findings, a protocol.Problem[T], places []place[T],
) []*protocol.Measurement[T] {
	var all []*protocol.Measurement[T]
	for _, at := range places {
		m := s.measure(f, a, at, s.spec.Measures, runSeed)
		if m == nil {
			return nil
		}
		switch {
		case !protocol.Finite(m.Loss):
			f.addf("loss at or near the starting point is %g on %v", m.Loss, at)
		case !finite(m.Gradient):
			f.addf("gradient at or near the starting point has an element that is not finite on %v", at)
		case m.Have.Has(protocol.VarianceNorm) && !protocol.Finite(m.VarianceNorm) || !finite(m.Variance):
			f.addf("variance at or near the starting point is not finite on %v", at)
		}
		for _, v := range m.Slices() {
			if v.Of&(protocol.Matrices|protocol.Oracle|protocol.SampledGradient) != 0 && !finite(*v.At) {
				f.addf("%v at or near the starting point has an element that is not finite on %v", v.Of, at)
			}
		}
		all = append(all, m)
	}
	return all
}

// same returns an error if two measurements of the same place differ in a bit.
func same[T protocol.Float](got, want *protocol.Measurement[T]) error {
	if bits(got.Loss) != bits(want.Loss) {
		return fmt.Errorf("loss is %g and was %g", got.Loss, want.Loss)
	}
	was := want.Slices()
	for i, v := range got.Slices() {
		if j := differ(*v.At, *was[i].At); j >= 0 {
			return fmt.Errorf("%v[%d] is %g and was %g", v.Of, j, (*v.At)[j], (*was[i].At)[j])
		}
	}
	if want.Have.Has(protocol.VarianceNorm) && bits(got.VarianceNorm) != bits(want.VarianceNorm) {
		return fmt.Errorf("variance norm is %g and was %g", got.VarianceNorm, want.VarianceNorm)
	}
	return nil
}

func (s *problemSuite[T]) again(f *findings, problem protocol.Problem[T], at place[T],
	want *protocol.Measurement[T], circumstance string,
) {
	if m := s.measure(f, problem, at, s.spec.Measures, runSeed); m != nil {
		if err := same(m, want); err != nil {
			f.addf("%s: %w; want the same bits on %v", circumstance, err, at)
		}
	}
}

// checkRepeatable measures the places again: in another order, with other calls in between, and on another instance.
func (s *problemSuite[T]) checkRepeatable(f *findings, a, b protocol.Problem[T], places []place[T],
	reference []*protocol.Measurement[T],
) {
	for i := range places {
		s.again(f, a, places[i], reference[i], "measured a second time")
	}
	for i := len(places) - 1; i >= 0; i-- {
		s.again(f, b, places[i], reference[i], "on another instance, in another order")
		s.again(f, a, places[i], reference[i], "with two instances in turn")
		s.init(f, b, uint64(i))
		s.measure(f, b, s.batch(places[i].x, 5), protocol.Gradient, runSeed+1)
		s.measure(f, a, s.batch(places[i].x, 1), 0, runSeed)
		s.again(f, b, places[i], reference[i], "after calls with other arguments")
	}
}

// checkSideBySide measures on two instances at once.
func (s *problemSuite[T]) checkSideBySide(f *findings, a, b protocol.Problem[T], places []place[T],
	reference []*protocol.Measurement[T],
) {
	var runs sync.WaitGroup
	for _, problem := range []protocol.Problem[T]{a, b} {
		runs.Go(func() {
			for range 3 {
				for i := range places {
					s.again(f, problem, places[i], reference[i], "with two instances at the same time")
				}
			}
		})
	}
	runs.Wait()
}

// checkSeed finds an endless problem whose noise is the same in all runs.
func (s *problemSuite[T]) checkSeed(f *findings, a protocol.Problem[T], x []T) {
	at := s.batch(x, 2)
	one := s.measure(f, a, at.single(0), protocol.Gradient, runSeed)
	two := s.measure(f, a, at.single(1), protocol.Gradient, runSeed)
	other := s.measure(f, a, at.single(0), protocol.Gradient, runSeed+1)
	if one == nil || two == nil || other == nil {
		return
	}
	if same(two, one) != nil && same(other, one) == nil {
		f.addf("endless examples %d and %d differ, but example %d is the same under two seeds", at.examples[0],
			at.examples[1], at.examples[0])
	}
}

// roundings is how many times its epsilon the result of a calculation may be off, relative to the size of what was
// summed up. An inner product of n terms is off by about √n roundings (Higham, 2002, Accuracy and Stability of
// Numerical Algorithms, Sec. 3.1); this allows n = 10⁶ of them.
const roundings = 1000

// single is a measurement of one example in float64.
type single struct {
	loss     float64
	gradient []float64
}

// singles measures the examples of a place one by one, or returns nil.
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
			f.addf("loss of %v is %g, want the mean over its examples, %g%s", at, m.Loss, loss, ratio(m.Loss, loss))
		}
		for j, g := range m.Gradient {
			if !(math.Abs(float64(g)-mean[j]) <= tolerance*(size[j]+0.1*most)) {
				f.addf("gradient[%d] of %v is %g, want the mean over its examples, %g%s", j, at, g, mean[j],
					ratio(float64(g), mean[j]))
				break
			}
		}
	}
}

// checkScale finds a sum in the place of a mean where the examples of a batch may depend on each other, so that their mean
// is not known: loss and gradient of a batch should not be larger than those of its examples, let alone by a factor of 3.
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
		f.addf("loss and mean square of the gradient of %v are %g and %g, those of single examples at most %g and %g; want "+
			"means, not sums", at, m.Loss, got*got, loss, length*length)
	}
}

// ratio writes by how much got is not want, which often tells what is wrong.
func ratio(got, want float64) string { return fmt.Sprintf(" (%.6g times as much)", got/want) }

// checkVariance compares the variance of a batch with s = 1/(m−1) Σ (∇fᵢ − g)² over its examples (Balles 2021,
// Eq. 3.30). A regulariser cancels in the differences.
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
	// Each g_ij may be off by δ, hence s by about 2δ√s + δ²; and E g² − (E g)² is off by roundings of E g².
	tolerance := roundings * epsilon[T]()
	delta := 0.1 * tolerance * math.Sqrt(slices.Max(square))
	checkNorm := func(what string, got float64) {
		if !(math.Abs(got-norm) <= tolerance*squares+2*delta*math.Sqrt(float64(d)*norm)+float64(d)*delta*delta) {
			f.addf("%s of %v is %g, want ‖s‖₁ = %g%s", what, at, got, norm, ratio(got, norm))
		}
	}
	for _, want := range []protocol.Quantity{
		protocol.VarianceNorm, protocol.VarianceNorm | protocol.Gradient, protocol.Variance | protocol.Gradient,
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
			f.addf("variance[%d] of %v is %g, want %g%s", wrong, at, v, variance[wrong], ratio(v, variance[wrong]))
			continue
		}
		checkNorm("sum of the variance's elements", sum)
	}
}

// allCoordinates is the dimension up to which each coordinate is checked alone, manyCoordinates the one from which on
// fewer lines are.
const (
	allCoordinates  = 128
	manyCoordinates = 10_000
)

// checkGradient compares the gradient with the loss along lines: those of single coordinates, and those of the
// gradient itself, restricted to the blocks and to a partition of the coordinates into random groups.
func (s *problemSuite[T]) checkGradient(f *findings, a protocol.Problem[T], at place[T]) {
	m := s.measure(f, a, at, protocol.Gradient, runSeed)
	if m == nil {
		return
	}
	panels := 20
	if s.spec.Dim > manyCoordinates {
		panels = 10
	}
	all := make([]int, s.spec.Dim)
	for i := range all {
		all[i] = i
	}
	var noise float64
	whole, err := s.line(a, at, m.Gradient, all)
	if err == nil {
		noise, err = whole.noise()
	}
	if err != nil {
		f.add(err)
		return
	}
	resolved, wrong := false, 0
	for _, group := range s.groups(m.Gradient) {
		var c comparison
		line, err := s.line(a, at, m.Gradient, group.coordinates)
		if err == nil {
			c, err = line.compare(noise, panels)
		}
		if err != nil {
			f.add(err)
			return
		}
		resolved = resolved || c.resolved()
		if !c.wrong() {
			continue
		}
		// An error estimate may fail now and then; a wrong gradient is wrong at the points around, too.
		confirmed := true
		for range 2 {
			near := place[T]{s.perturb(at.x, 0.01), at.examples, at.position}
			if line, err = s.line(a, near, m.Gradient, group.coordinates); err == nil {
				c, err = line.compare(noise, 2*panels)
			}
			confirmed = confirmed && err == nil && c.wrong()
		}
		if confirmed {
			f.addf("the integral of the gradient along %s is %g, want the difference of the loss, %g ± %.1g%s", group.name,
				c.claimed, c.actual, c.err, ratio(c.claimed, c.actual))
			if wrong++; wrong == mostFindings {
				return
			}
		}
	}
	if !resolved {
		f.addf("errors of 0.1 %% in the gradient would not show along any line tried: the gradient could not be checked")
	}
}

// line returns the line through a place along the direction g restricted to some coordinates. Its half length is half
// the size of x there, or less.
func (s *problemSuite[T]) line(a protocol.Problem[T], at place[T], g []T, coordinates []int) (*line[T], error) {
	measure := func(x []T, want protocol.Quantity) (*protocol.Measurement[T], error) {
		var found findings
		if m := s.measure(&found, a, place[T]{x, at.examples, at.position}, want, runSeed); m != nil {
			return m, nil
		}
		return nil, found.errs[0]
	}
	l := &line[T]{x: at.x, v: make([]float64, len(at.x))}
	l.loss = func(x []T) (float64, error) {
		m, err := measure(x, 0)
		if err != nil {
			return 0, err
		}
		return m.Loss, nil
	}
	l.gradient = func(x []T) ([]T, error) {
		m, err := measure(x, protocol.Gradient)
		if err != nil {
			return nil, err
		}
		return m.Gradient, nil
	}
	var length, size float64
	for _, i := range coordinates {
		length = math.Hypot(length, float64(g[i]))
		size = math.Hypot(size, float64(at.x[i]))
	}
	half := 0.5 * max(size, rms(at.x)*math.Sqrt(float64(len(coordinates))))
	for _, i := range coordinates {
		if length > 0 {
			l.v[i] = half * float64(g[i]) / length
		} else {
			l.v[i] = half / math.Sqrt(float64(len(coordinates)))
		}
	}
	return l, l.shorten()
}

// group is a set of coordinates.
type group struct {
	name        string
	coordinates []int
}

// groups chooses the coordinates that are checked, alone or together.
func (s *problemSuite[T]) groups(g []T) []group {
	d := len(g)
	var groups []group
	alone := func(i int) { groups = append(groups, group{fmt.Sprintf("coordinate %d", i), []int{i}}) }
	if d <= allCoordinates {
		for i := range d {
			alone(i)
		}
		return groups
	}
	parts, few := 32, 32
	if d > manyCoordinates {
		parts, few = 8, 8
	}
	order := s.random.Perm(d)
	for i := range parts {
		groups = append(groups, group{fmt.Sprintf("%d random coordinates", d/parts), order[i*d/parts : (i+1)*d/parts]})
	}
	for _, b := range s.spec.Blocks {
		block := group{"block " + b.Name, make([]int, b.Len)}
		for i := range block.coordinates {
			block.coordinates[i] = b.Offset + i
		}
		groups = append(groups, block)
		alone(slices.MaxFunc(block.coordinates, func(i, j int) int { return byMagnitude(g, i, j) }))
	}
	for _, i := range order[:few] {
		alone(i)
	}
	slices.SortFunc(order, func(i, j int) int { return byMagnitude(g, j, i) })
	for _, i := range order[:few] {
		alone(i)
	}
	return groups
}

func byMagnitude[T protocol.Float](g []T, i, j int) int {
	a, b := math.Abs(float64(g[i])), math.Abs(float64(g[j]))
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return i - j
}

// checkOverflow measures and evaluates where the loss overflows and where it is undefined: neither is an error, and a
// NaN must not be lost.
func (s *problemSuite[T]) checkOverflow(f *findings, a protocol.Problem[T], start []T) {
	far, lost := slices.Clone(start), slices.Clone(start)
	for i := range far {
		far[i] = T([]float64{1e30, -1e30}[i%2])
		lost[i] = T(math.NaN())
	}
	s.measure(f, a, s.batch(far, 3), s.spec.Measures, runSeed)
	if m := s.measure(f, a, s.batch(lost, 3), s.spec.Measures, runSeed); m != nil && protocol.Finite(m.Loss) {
		f.addf("loss at a point of NaN is %g: divergence goes unnoticed", m.Loss)
	}
	s.evaluate(f, a, far, protocol.TrainPart)
}

func (s *problemSuite[T]) evaluate(f *findings, problem protocol.Problem[T], at []T, part protocol.Part,
) (e protocol.Evaluation, ok bool) {
	x := guarded(at)
	err := attempt(fmt.Sprintf("Evaluate on the %s part", part), func() (err error) {
		e, err = problem.Evaluate(x, part)
		return err
	})
	if err != nil {
		f.add(err)
	}
	if i := differ(x, at); i >= 0 {
		s.inputs.addf("Evaluate changed coordinate %d of the point from %g to %g", i, at[i], x[i])
	}
	if overrun(x) {
		s.bounds.addf("Evaluate wrote behind the end of the point")
	}
	if err != nil {
		return e, false
	}
	if err := e.Check(s.spec.Metric); err != nil {
		s.possible.addf("on the %s part, %w", part, err)
	}
	if !protocol.Finite(e.Metric) {
		s.blame(part, at, e.Loss, fmt.Sprintf("the %s on the %s part", s.spec.Metric.Name, part), e.Metric)
	}
	return e, err == nil
}

// checkAbsent evaluates on a part that does not exist, on an instance of its own: an error may end a plugin's run.
func (s *problemSuite[T]) checkAbsent(f *findings, x []T, part protocol.Part) {
	problem := s.open(f)
	if problem == nil {
		return
	}
	s.opened = s.opened[:len(s.opened)-1]
	var refusal findings
	if _, ok := s.evaluate(&refusal, problem, x, part); ok {
		f.addf("Evaluate accepts the part %q, which the spec does not have; want an error", part)
	}
	if c, ok := problem.(io.Closer); ok {
		// Close may return the error of Evaluate once more.
		_ = attempt("Close", c.Close)
	}
}

func (s *problemSuite[T]) checkEvaluate(f *findings, a, b protocol.Problem[T], start, near []T) {
	for _, part := range []struct {
		name   protocol.Part
		absent bool
	}{
		{protocol.TrainPart, false},
		{protocol.ValidationPart, s.spec.Validation == 0},
		{protocol.TestPart, s.spec.Test == 0},
		{"no-such-part", true},
	} {
		if part.absent {
			s.checkAbsent(f, start, part.name)
			continue
		}
		first, ok1 := s.evaluate(f, a, near, part.name)
		s.measure(f, b, s.batch(start, 2), protocol.Gradient, runSeed)
		second, ok2 := s.evaluate(f, b, near, part.name)
		if !ok1 || !ok2 {
			continue
		}
		switch {
		case first != second:
			f.addf("two evaluations on the %s part differ: %+v and %+v, want the same bits", part.name, first, second)
		case !protocol.Finite(first.Loss) || !protocol.Finite(first.Metric):
			f.addf("evaluation on the %s part near the starting point is %+v, want finite numbers", part.name, first)
		case s.spec.Metric.Name == "loss" && bits(first.Loss) != bits(first.Metric):
			f.addf("the metric is the loss, but on the %s part they are %g and %g", part.name, first.Metric, first.Loss)
		}
		optimum, known := s.spec.Constants["optimum"]
		if known && part.name == protocol.TrainPart &&
			first.Loss < optimum-roundings*epsilon[T]()*(math.Abs(optimum)+math.Abs(first.Loss)) {
			f.addf("loss on the training part is %g, less than the declared optimum %g", first.Loss, optimum)
		}
	}
}
