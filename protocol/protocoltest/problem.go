package protocoltest

import (
	"io"
	"maps"
	"math/rand/v2"
	"reflect"

	"noisebench/protocol"
)

// ProblemChecks opens the problem that def defines at params (completed by defaults) and checks it
// against the contract. Missing data are a finding, as are all errors of New32 and New64.
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
	if !s.check("spec", "ProblemSpec", func(f *findings) {
		setting, spec = checkSpec(f, def, params)
	}) {
		return s.checks
	}
	if spec.DType == protocol.Float32 {
		checkProblem(s, setting, spec, def.New32)
	} else {
		checkProblem(s, setting, spec, def.New64)
	}
	return s.checks
}

// checkSpec returns the complete setting and the specification of the problem at it.
func checkSpec(
	f *findings, def protocol.ProblemDef, params protocol.Setting,
) (protocol.Setting, protocol.ProblemSpec) {
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

// runSeed is the seed of all measurements, unless stated otherwise.
const runSeed = 7

type problemSuite[T protocol.Float] struct {
	*suite
	setting protocol.Setting
	spec    protocol.ProblemSpec
	new     func(protocol.Setting) (protocol.Problem[T], error)
	random  *rand.Rand // deterministic source of the suite's choices
	opened  []protocol.Problem[T]
	// Findings about calls of all checks, other than their results.
	inputs, outputs, bounds, possible findings

	start map[protocol.Part]float64 // losses at the starting point
}

func checkProblem[T protocol.Float](s *suite, setting protocol.Setting, spec protocol.ProblemSpec,
	open func(protocol.Setting) (protocol.Problem[T], error),
) {
	p := &problemSuite[T]{
		suite: s, setting: setting, spec: spec, new: open,
		random: protocol.Stream(1, "protocoltest"),
	}
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

// run makes the checks in order, until one fails on which the others depend.
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
	for _, part := range []protocol.Part{
		protocol.TrainPart, protocol.ValidationPart,
		protocol.TestPart,
	} {
		if part == protocol.ValidationPart && s.spec.Validation == 0 ||
			part == protocol.TestPart && s.spec.Test == 0 {
			continue
		}
		var found findings // discarded, since checkEvaluate finds them again
		if e, ok := s.evaluate(&found, a, start, part); ok {
			s.start[part] = e.Loss
		}
	}
	near := [2][]T{s.perturb(start, 0.1), s.perturb(start, 0.1)}
	places := []place[T]{
		s.batch(start, 8), s.batch(near[0], 3), s.batch(near[1], 8),
		s.batch(near[0], 2),
	}
	var reference []*protocol.Measurement[T]
	if !s.check("finite", "Problem.Measure", func(f *findings) {
		reference = s.checkFinite(f, a, places)
	}) {
		return
	}
	if !s.check("repeatable", "R2", func(f *findings) {
		s.checkRepeatable(f, a, b, places, reference)
	}) {
		return
	}
	s.check("side-by-side", "R2", func(f *findings) { s.checkSideBySide(f, a, b, places, reference) })
	if s.spec.Train == 0 {
		s.check("seed", "R5", func(f *findings) { s.checkSeed(f, a, near[0]) })
	}
	m := min(s.spec.BatchSize, 64) + 1
	s.check("means", "R1", func(f *findings) {
		for _, at := range []place[T]{
			s.batch(near[0], 2), s.batch(near[1], 8),
			s.batch(near[0], m),
		} {
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
				s.batch(near[0], 2), s.batch(near[1], 8), s.batch(near[0], m),
				s.repeated(near[1], 4),
			} {
				s.checkVariance(f, a, at)
			}
		})
	}
	if s.spec.Measures&protocol.Matrices != 0 {
		s.check("matrices", "Quantity", func(f *findings) {
			for _, at := range []place[T]{
				s.batch(near[0], 2), s.batch(near[1], 8),
				s.repeated(near[1], 3),
			} {
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

// open opens an instance. After an error, which it adds to f, it returns nil.
func (s *problemSuite[T]) open(f *findings) protocol.Problem[T] {
	if s.new == nil {
		f.addf("the spec's dtype is %s and the function that opens such a problem is nil",
			protocol.DTypeOf[T]())
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

// init calls Init and checks its result.
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
				f.addf("two calls of Init with seed %d differ in coordinate %d, want the same "+
					"bits", seed, j)
			}
		}
	}
	return start
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
			f.addf("gradient at or near the starting point has an element that is not finite on "+
				"%v", at)
		case m.Have.Has(protocol.VarianceNorm) && !protocol.Finite(m.VarianceNorm) ||
			!finite(m.Variance):
			f.addf("variance at or near the starting point is not finite on %v", at)
		}
		for _, v := range m.Slices() {
			if v.Of&(protocol.Matrices|protocol.Oracle|protocol.SampledGradient) != 0 &&
				!finite(*v.At) {
				f.addf("%v at or near the starting point has an element that is not finite on %v",
					v.Of, at)
			}
		}
		all = append(all, m)
	}
	return all
}
