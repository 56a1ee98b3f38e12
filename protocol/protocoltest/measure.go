package protocoltest

import (
	"fmt"
	"math"
	"slices"

	"noisebench/protocol"
)

// place is the place of a measurement: a batch at a point.
type place[T protocol.Float] struct {
	x        []T
	examples []int
	position int64
}

// single returns the place of the i-th example alone, with its number and its position in the
// stream.
func (p place[T]) single(i int) place[T] {
	return place[T]{p.x, p.examples[i : i+1], p.position + int64(i)}
}

func (p place[T]) String() string {
	if len(p.examples) > 8 {
		return fmt.Sprintf("a batch of %d examples", len(p.examples))
	}
	return fmt.Sprintf("the batch %v", p.examples)
}

// perturb returns a point at a relative distance from x in a random direction, so that it is not a
// special point such as a kink.
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

// batch returns a place at x with m examples: random ones of a finite training part, consecutive
// ones of endless data.
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

// repeated returns a place at x where one example occurs m times. For endless data, which have no
// repetitions, it is an ordinary batch.
func (s *problemSuite[T]) repeated(x []T, m int) place[T] {
	p := s.batch(x, m)
	if s.spec.Train > 0 {
		for i := range p.examples {
			p.examples[i] = p.examples[0]
		}
	}
	return p
}

// measure calls Measure with copies of its arguments and checks everything that can be checked in a
// single call. After an error, which it adds to f, it returns nil.
func (s *problemSuite[T]) measure(
	f *findings, problem protocol.Problem[T], at place[T], want protocol.Quantity, seed uint64,
) *protocol.Measurement[T] {
	x := guarded(at.x)
	const behind = math.MinInt32
	examples := make([]int, len(at.examples)+guard)
	for i := range examples {
		examples[i] = behind
	}
	copy(examples, at.examples)
	batch := protocol.Batch{
		Examples: examples[:len(at.examples)], Seed: seed,
		Position: at.position,
	}

	nan := float64(sentinel[float64]())
	m := &protocol.Measurement[T]{
		Loss: nan, VarianceNorm: nan, Step: 3, Seen: 1 << 40,
		StepScale: 0.375,
	}
	for _, v := range m.Slices() {
		if want.Has(v.Of) {
			*v.At = buffer[T](v.Of.Elements(s.spec.Dim))
		}
	}
	given := *m
	if err := attempt("Measure", func() error {
		return problem.Measure(x, batch, want, m)
	}); err != nil {
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
	if overrun(x) || slices.ContainsFunc(examples[len(at.examples):],
		func(e int) bool { return e != behind }) {
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

// blame adds a finding for a value that is not finite at a finite loss on a part, if an optimizer
// cannot have caused it (R7).
func (s *problemSuite[T]) blame(part protocol.Part, x []T, loss float64, what string, v float64) {
	start, known := s.start[part]
	if known && protocol.Finite(loss) && !protocol.Caused(x, true, loss, start) {
		s.possible.addf("%s is %g at a loss of %g, which is not above that at the start, %g; "+
			"want a finite number", what, v, loss, start)
	}
}

// checkVector checks one of the slices of a measurement, for which provided is the given buffer or
// nil. It restores the buffer if the problem replaced it.
func (s *problemSuite[T]) checkVector(have, want, q protocol.Quantity, got *[]T, provided []T) {
	switch {
	case len(*got) != len(provided):
		s.bounds.addf("%v has %d elements after Measure, want %d", q, len(*got), len(provided))
	case len(provided) > 0 && &(*got)[0] != &provided[0]:
		s.bounds.addf("Measure replaced the slice for the %v, want it to write to the caller's", q)
	case provided == nil && have.Has(q):
		s.outputs.addf("Have is %v where %v was asked for: there is no slice for the %v", have,
			want, q)
	case provided != nil && overrun(provided):
		s.bounds.addf("Measure wrote behind the end of the %v's %d elements", q, len(provided))
	case provided != nil && unwritten(provided) > 0:
		s.outputs.addf("%d of %d elements of the %v were not written, or computed from what the "+
			"caller's slice held",
			unwritten(provided), len(provided), q)
	}
	*got = provided
}
