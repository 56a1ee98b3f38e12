package protocoltest

import (
	"fmt"
	"io"
	"math"
	"slices"

	"noisebench/protocol"
)

// checkOverflow measures and evaluates where the loss overflows and where it is undefined: neither
// is an error, and a NaN must be propagated.
func (s *problemSuite[T]) checkOverflow(f *findings, a protocol.Problem[T], start []T) {
	far, lost := slices.Clone(start), slices.Clone(start)
	for i := range far {
		far[i] = T([]float64{1e30, -1e30}[i%2])
		lost[i] = T(math.NaN())
	}
	s.measure(f, a, s.batch(far, 3), s.spec.Measures, runSeed)
	if m := s.measure(f, a, s.batch(lost, 3), s.spec.Measures, runSeed); m != nil &&
		protocol.Finite(m.Loss) {
		f.addf("loss at a point of NaN is %g: divergence goes unnoticed", m.Loss)
	}
	s.evaluate(f, a, far, protocol.TrainPart)
}

func (s *problemSuite[T]) evaluate(
	f *findings, problem protocol.Problem[T], at []T, part protocol.Part,
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
		s.blame(part, at, e.Loss, fmt.Sprintf("the %s on the %s part", s.spec.Metric.Name, part),
			e.Metric)
	}
	return e, err == nil
}

// checkAbsent evaluates on a part that does not exist, on a separate instance, since an error may
// end a plugin's run.
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
		// Close may return the error of Evaluate again.
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
			f.addf("two evaluations on the %s part differ: %+v and %+v, want the same bits",
				part.name, first, second)
		case !protocol.Finite(first.Loss) || !protocol.Finite(first.Metric):
			f.addf("evaluation on the %s part near the starting point is %+v, want finite numbers",
				part.name, first)
		case s.spec.Metric.Name == "loss" && bits(first.Loss) != bits(first.Metric):
			f.addf("the metric is the loss, but on the %s part they are %g and %g", part.name,
				first.Metric, first.Loss)
		}
		optimum, known := s.spec.Constants["optimum"]
		if known && part.name == protocol.TrainPart &&
			first.Loss < optimum-roundings*epsilon[T]()*(math.Abs(optimum)+math.Abs(first.Loss)) {
			f.addf("loss on the training part is %g, less than the declared optimum %g",
				first.Loss, optimum)
		}
	}
}
