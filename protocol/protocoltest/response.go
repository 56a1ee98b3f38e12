package protocoltest

import (
	"maps"
	"math"
	"slices"

	"noisebench/protocol"
)

// checkFinite detects points that are not finite after finite measurements.
func (s *optimizerSuite[T]) checkFinite(f *findings) {
	for _, c := range []struct {
		name  string
		alter func(int, *protocol.Measurement[T])
	}{
		{"on a quadratic with curvatures up to 1", nil},
		{"where gradient and variance are 0", vanish[T]},
		{"where loss, gradient and variance are 0", solve[T]},
		{"where the loss is negative", sink[T]},
		{"where the gradient is always the same and the variance 0", steady[T]},
	} {
		t := s.play(f, s.startOf(dimension, 1), course[T]{alter: c.alter})
		if t == nil {
			return
		}
		if n := t.lost(); n >= 0 {
			f.addf("x after step %d is %v at %s %s, want finite numbers", n, t.points[n],
				s.setting, c.name)
		}
	}
}

// lost returns the first step after which the point is not finite, or -1.
func (t *trace[T]) lost() int {
	return slices.IndexFunc(t.points, func(x []T) bool { return !finite(x) })
}

// checkNaN measures NaN, which must reach x, since the harness detects divergence by it.
func (s *optimizerSuite[T]) checkNaN(f *findings) {
	begin := s.startOf(dimension, 1)
	begin.Budget = 1 << 20
	swallowed := func(alter func(int, *protocol.Measurement[T])) bool {
		t := s.play(f, begin, course[T]{alter: alter})
		// Another check reports runs that ended early.
		return t != nil && len(t.points) == steps && t.lost() < 0
	}
	if s.def.Needs.Has(protocol.Gradient) && swallowed(spoil[T]) {
		f.addf("x is finite at the end of a run at %s in which an element of the gradient was "+
			"NaN: let NaN through", s.setting)
	}
	if swallowed(lose[T]) {
		f.addf("x is finite at the end of a run at %s in which loss and gradient were NaN: let "+
			"NaN through", s.setting)
	}
}

// checkStepScale checks that half the factor on the step size gives half the step, or the step of
// half the step size if that differs, as for implicit steps.
func (s *optimizerSuite[T]) checkStepScale(f *findings, plain *trace[T]) {
	begin := s.startOf(dimension, 1)
	small := begin
	small.Setting = maps.Clone(begin.Setting)
	small.Setting[protocol.StepSize] /= 2
	scaled := s.play(f, begin, course[T]{scale: func(int) float64 { return 0.5 }})
	smaller := s.play(f, small, course[T]{})
	if scaled == nil || smaller == nil {
		return
	}
	if smaller.same(plain) == nil {
		f.addf("the run at %s is that at %s: the step size is not used", small.Setting,
			begin.Setting)
	}
	first := slices.IndexFunc(plain.points, func(x []T) bool { return differ(x, plain.start) >= 0 })
	if first < 0 {
		f.addf("x did not move in %d steps", len(plain.points))
		return
	}
	first = plain.judged(first)
	if len(scaled.points) <= first || len(smaller.points) <= first {
		f.addf("with half the step size the run ended before step %d, the first that moves x",
			first)
		return
	}
	for j, x := range plain.start {
		full := float64(plain.points[first][j] - x)
		half := float64(scaled.points[first][j] - x)
		other := float64(smaller.points[first][j] - x)
		rounding := 8 * epsilon[T]() * (math.Abs(float64(x)) + math.Abs(full))
		if !(math.Abs(half-full/2) <= rounding || math.Abs(half-other) <= rounding) {
			f.addf("the first step moves x[%d] by %g, and by %g with StepScale 0.5, want half as "+
				"much", j, full, half)
			return
		}
	}
	// The factor may change at any step. A trial that begins there is compared at its end; one that
	// began before may go on as it began.
	late := len(plain.points) / 2
	for late < len(plain.points)-1 &&
		(differ(plain.points[late], plain.points[late-1]) < 0 || plain.requests[late-1].Trial) {
		late++
	}
	if plain.requests[late-1].Trial {
		return // it tries one step for so long that no other begins
	}
	dropped := s.play(f, begin, course[T]{scale: func(t int) float64 {
		if t >= late {
			return 0.5
		}
		return 1
	}})
	end := plain.judged(late)
	if dropped != nil && len(dropped.points) > end &&
		differ(dropped.points[end], plain.points[end]) < 0 {
		f.addf("step %d moves x as far with StepScale 0.5 as with 1", late)
	}
}

// judged returns the first step from step n on that ends at a point which is no trial, or the last
// step of the run.
func (t *trace[T]) judged(n int) int {
	for n < len(t.points)-1 && t.requests[n].Trial {
		n++
	}
	return n
}

// checkPrecisions compares the first steps of a run in float32 and float64, up to the first
// differing request, since batch sizes may be rounded differently.
func checkPrecisions(f *findings, single *trace[float32], double *trace[float64]) {
	same := single.first == double.first
	travelled := 0.0
	for n := 0; same && n < min(5, len(single.points), len(double.points)); n++ {
		for j, x := range double.points[n] {
			travelled = max(travelled, math.Abs(x-double.start[j]))
		}
		for j, x := range double.points[n] {
			got := float64(single.points[n][j])
			if !(math.Abs(got-x) <= 1e-3*travelled+16*epsilon[float32]()*math.Abs(x)) {
				f.addf("x[%d] after step %d is %g in float32 and %g in float64", j, n, got, x)
				return
			}
		}
		same = single.requests[n] == double.requests[n]
	}
}
