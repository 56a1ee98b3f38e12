package protocoltest

import (
	"fmt"
	"sync"

	"noisebench/protocol"
)

// same returns an error if two measurements of the same place differ in any bit.
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

// checkRepeatable repeats the measurements in another order, with other calls in between, and on
// another instance.
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

// checkSideBySide measures on two instances concurrently.
func (s *problemSuite[T]) checkSideBySide(f *findings, a, b protocol.Problem[T], places []place[T],
	reference []*protocol.Measurement[T],
) {
	var runs sync.WaitGroup
	for _, problem := range []protocol.Problem[T]{a, b} {
		runs.Go(func() {
			for range 3 {
				for i := range places {
					s.again(f, problem, places[i], reference[i],
						"with two instances at the same time")
				}
			}
		})
	}
	runs.Wait()
}

// checkSeed detects endless problems whose noise is the same in all runs.
func (s *problemSuite[T]) checkSeed(f *findings, a protocol.Problem[T], x []T) {
	at := s.batch(x, 2)
	one := s.measure(f, a, at.single(0), protocol.Gradient, runSeed)
	two := s.measure(f, a, at.single(1), protocol.Gradient, runSeed)
	other := s.measure(f, a, at.single(0), protocol.Gradient, runSeed+1)
	if one == nil || two == nil || other == nil {
		return
	}
	if same(two, one) != nil && same(other, one) == nil {
		f.addf("endless examples %d and %d differ, but example %d is the same under two seeds",
			at.examples[0],
			at.examples[1], at.examples[0])
	}
}
