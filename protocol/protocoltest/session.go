package protocoltest

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"

	"noisebench/protocol"
)

// course holds the options of a session. The zero value is a plain run.
type course[T protocol.Float] struct {
	scale func(t int) float64                     // of the step size; nil means 1
	alter func(t int, m *protocol.Measurement[T]) // changes the measurements; nil means no change
	// every call gets new slices, and the old ones are overwritten
	scatter bool
	silent  bool // Report and Estimate are not called
	pause   bool // time passes between two steps
	// description of the problem, for findings; empty for the usual one
	on string
}

// trace records one run of an optimizer: the n-th elements belong to the n-th step.
type trace[T protocol.Float] struct {
	start     []T
	first     protocol.Request
	points    [][]T
	requests  []protocol.Request
	reports   [][]float64
	estimates [][]T
}

// session is one run of an optimizer on the source.
type session[T protocol.Float] struct {
	*optimizerSuite[T]
	course[T]
	trace[T]
	source    *source[T]
	begin     protocol.Start
	optimizer protocol.Optimizer[T]
	request   protocol.Request // the next
	size      int              // of the last New batch
	next      int              // position in the stream of examples
	batch     []int            // of the last measurement
	seen      int64
	x         []T
	room      protocol.Measurement[T] // the slices of the last measurement
	old       []T                     // the previous slice of x, if scattered
	over      bool
}

// startOf returns the Start of a run with the given seed on d coordinates.
func (s *optimizerSuite[T]) startOf(d int, seed uint64) protocol.Start {
	return protocol.Start{
		Setting: s.setting, Dim: d, DType: protocol.DTypeOf[T](), BatchSize: 8, Train: 50,
		Budget: 4003, Seed: seed,
		Blocks: blocksOf(d), Constants: map[string]float64{"smoothness": 1},
	}
}

// blocksOf divides d coordinates into a bias and a matrix of weights.
func blocksOf(d int) []protocol.Block {
	list := []protocol.Block{{Name: "first", Len: 1, Role: protocol.Bias}}
	if rest := d - 1; rest > 0 {
		rows := 1 + (rest+1)%2 // two, if that divides it
		list = append(list, protocol.Block{
			Name: "rest", Offset: 1, Len: rest, Shape: []int{rows, rest / rows}, Output: 1,
			Role: protocol.Weight,
		})
	}
	return list
}

// where describes the setting and the problem of the session.
func (r *session[T]) where() string {
	text := "at " + r.begin.Setting.String()
	if r.on != "" {
		text += " on " + r.on
	}
	return text
}

// open opens a run. After an error, which it adds to f, it returns nil.
func (s *optimizerSuite[T]) open(f *findings, begin protocol.Start, c course[T]) *session[T] {
	r := &session[T]{
		optimizerSuite: s, course: c, begin: begin, source: newSource[T](begin.Dim, 50),
		size: begin.BatchSize,
		x:    buffer[T](begin.Dim),
	}
	r.source.start(r.x)
	r.start = slices.Clone(r.x)
	given := begin
	given.Setting = maps.Clone(begin.Setting)
	given.Blocks = slices.Clone(begin.Blocks)
	given.Constants = maps.Clone(begin.Constants)
	err := attempt("New", func() (err error) {
		r.optimizer, r.request, err = s.new(given)
		return err
	})
	switch {
	case err != nil:
		f.addf("%s: %w", r.where(), err)
		return nil
	case r.optimizer == nil:
		f.addf("%s: New returned neither an optimizer nor an error", r.where())
		return nil
	case !maps.Equal(given.Setting, begin.Setting) ||
		!maps.Equal(given.Constants, begin.Constants) ||
		!reflect.DeepEqual(given.Blocks, begin.Blocks):
		f.addf("New changed what it was given: setting, blocks or constants")
	}
	r.first = r.request
	if !r.silent {
		r.estimateStart()
	}
	return r
}

// estimateStart calls Estimate before the first step, as the harness does to evaluate the starting
// point.
func (r *session[T]) estimateStart() {
	averager, ok := r.optimizer.(protocol.Averager[T])
	if !ok || !r.def.Averages {
		return
	}
	out := buffer[T](len(r.x))
	if err := attempt("Estimate before the first step",
		func() error { averager.Estimate(r.x, out); return nil }); err != nil {
		r.observers.addf("%s: %w", r.where(), err)
		return
	}
	if n := unwritten(out); n > 0 {
		r.observers.addf("Estimate before the first step left %d of %d coordinates unwritten", n,
			len(out))
	} else if !finite(out) {
		r.observers.addf("%s: Estimate before the first step is %v, want finite numbers: the "+
			"point itself, say", r.where(), out)
	}
	if i := differ(r.x, r.start); i >= 0 {
		r.moved.addf("x[%d] is %g after Estimate, was %g before", i, r.x[i], r.start[i])
	}
}

// checkRequest returns an error if the next request is invalid.
func (r *session[T]) checkRequest() error {
	q, want := r.request, r.request.Want
	if want == 0 {
		want = r.def.Needs
	}
	size := r.size
	if q.BatchSize != 0 {
		size = q.BatchSize
	}
	switch {
	case q.BatchSize < 0:
		return fmt.Errorf("batch size is %d, want a positive number, or 0 to keep the size",
			q.BatchSize)
	case q.Draw > protocol.All:
		return fmt.Errorf("draw is %d, want new, again or all", q.Draw)
	case q.Draw == protocol.Again && r.batch == nil:
		return fmt.Errorf("draw is again, and nothing was measured before")
	case q.Draw == protocol.All && r.begin.Train == 0:
		return fmt.Errorf("draw is all, and the data are endless; New can refuse such a problem")
	case !q.Want.Valid():
		return fmt.Errorf("want is %v, want known quantities", q.Want)
	case !r.def.Needs.Has(want):
		return fmt.Errorf("want is %v, which is not within the declared needs, %v", want,
			r.def.Needs)
	case q.Draw == protocol.New && size < want.MinBatch():
		return fmt.Errorf("want is %v on a batch of %d, which needs at least %d examples", want,
			size, want.MinBatch())
	case q.Draw == protocol.New && q.BatchSize != 0 && q.BatchSize != r.begin.BatchSize &&
		!r.def.ChoosesBatchSize:
		return fmt.Errorf("batch size is %d where the plan's is %d, and chooses_batch_size is "+
			"not declared", q.BatchSize,
			r.begin.BatchSize)
	case q.Trial && !r.def.Trials:
		return fmt.Errorf("a trial point is marked, and trials is not declared")
	}
	return nil
}

// draw returns the examples of the next batch, or nil if the remaining budget is too small.
func (r *session[T]) draw(want protocol.Quantity) []int {
	var batch []int
	left := int(r.begin.Budget - r.seen)
	switch r.request.Draw {
	case protocol.Again:
		batch = slices.Clone(r.batch)
	case protocol.All:
		for i := range r.begin.Train {
			batch = append(batch, i)
		}
	case protocol.New:
		if r.request.BatchSize > 0 {
			r.size = r.request.BatchSize
		}
		for i := range min(r.size, left) {
			batch = append(batch, r.next+i)
		}
		r.next += len(batch)
	}
	batch = batch[:min(len(batch), left)]
	if len(batch) < want.MinBatch() {
		return nil
	}
	return batch
}

// step makes one step, if the budget allows it. It adds findings about the call to those of the
// suite.
func (r *session[T]) step() {
	if r.over {
		return
	}
	if len(r.points) > 0 {
		r.checkPoint("before the next Step")
	}
	if err := r.checkRequest(); err != nil {
		if len(r.points) == 0 {
			r.asked.addf("%s: first request: %w", r.where(), err)
		} else {
			r.asked.addf("%s: request after step %d: %w", r.where(), len(r.points)-1, err)
		}
		r.over = true
		return
	}
	want := r.request.Want
	if want == 0 {
		want = r.def.Needs
	}
	batch := r.draw(want)
	if batch == nil {
		r.over = true
		return
	}
	r.batch = batch
	r.seen += int64(len(batch))
	m := r.measure(want)
	before := *m
	for _, v := range before.Slices() {
		*v.At = slices.Clone(*v.At)
	}

	err := attempt(fmt.Sprintf("Step %d", m.Step), func() (err error) {
		r.request, err = r.optimizer.Step(r.x, m)
		return err
	})
	if err != nil {
		r.steps.addf("%s: %w", r.where(), err)
		r.over = true
		return
	}
	r.checkUntouched(m, &before)
	r.points = append(r.points, slices.Clone(r.x))
	r.requests = append(r.requests, r.request)
	if !r.silent {
		r.observe()
	}
	if r.pause {
		time.Sleep(time.Millisecond)
		r.checkPoint("some time after Step")
	}
	if r.scatter {
		r.moveSlices()
	}
}

// measure measures the batch at x in the slices that the session keeps, or in new ones.
func (r *session[T]) measure(want protocol.Quantity) *protocol.Measurement[T] {
	room := r.room.Slices()
	m := &protocol.Measurement[T]{Step: len(r.points), Seen: r.seen, StepScale: 1}
	for i, v := range m.Slices() {
		if !want.Has(v.Of) {
			continue
		}
		if *room[i].At == nil || r.scatter {
			*room[i].At = buffer[T](v.Of.Elements(len(r.x)))
		}
		*v.At = *room[i].At
	}
	r.source.measure(r.x, r.batch, want, m)
	if r.alter != nil {
		r.alter(m.Step, m)
	}
	if r.scale != nil {
		m.StepScale = r.scale(m.Step)
	}
	return m
}

// checkUntouched compares a measurement after Step with that before.
func (r *session[T]) checkUntouched(m, before *protocol.Measurement[T]) {
	was := before.Slices()
	for i, v := range m.Slices() {
		got, want := *v.At, *was[i].At
		if len(got) != len(want) {
			r.bounds.addf("Step changed the lengths of the measurement's slices")
			return
		}
		if j := differ(got, want); j >= 0 {
			r.inputs.addf("Step changed %v[%d] from %g to %g", v.Of, j, want[j], got[j])
		}
		if want != nil && overrun(*r.room.Slices()[i].At) {
			r.bounds.addf("Step wrote behind the end of the %v", v.Of)
		}
	}
	if m.Have != before.Have || m.BatchSize != before.BatchSize ||
		bits(m.Loss) != bits(before.Loss) ||
		bits(m.VarianceNorm) != bits(before.VarianceNorm) || m.Step != before.Step ||
		m.Seen != before.Seen ||
		m.StepScale != before.StepScale {
		r.inputs.addf("Step changed a number of the measurement")
	}
	if overrun(r.x) {
		r.bounds.addf("Step wrote behind the end of x")
	}
}

// checkPoint detects a point that changed after the last step.
func (r *session[T]) checkPoint(when string) {
	if i := differ(r.x, r.points[len(r.points)-1]); i >= 0 {
		r.moved.addf("x[%d] is %g %s, was %g when Step returned", i, r.x[i], when,
			r.points[len(r.points)-1][i])
	}
}

// observe calls Report and Estimate, twice each, and records their results.
func (r *session[T]) observe() {
	var reports [2][]float64
	var estimates [2][]T
	for i := range 2 {
		if reporter, ok := r.optimizer.(protocol.Reporter); ok && len(r.def.Reports) > 0 {
			reports[i] = buffer[float64](len(r.def.Reports))
			err := attempt("Report", func() error { reporter.Report(reports[i]); return nil })
			if err != nil {
				r.observers.add(err)
			}
			if n := unwritten(reports[i]); n > 0 {
				r.observers.addf("Report left %d of %d declared values unwritten", n,
					len(reports[i]))
			}
			if overrun(reports[i]) {
				r.observers.addf("Report wrote behind the end of the %d declared values",
					len(reports[i]))
			}
			r.checkPoint("after Report")
		}
		if averager, ok := r.optimizer.(protocol.Averager[T]); ok && r.def.Averages {
			estimates[i] = buffer[T](len(r.x))
			err := attempt("Estimate", func() error { averager.Estimate(r.x, estimates[i]); return nil })
			if err != nil {
				r.observers.add(err)
			}
			if n := unwritten(estimates[i]); n > 0 {
				r.observers.addf("Estimate left %d of %d coordinates unwritten", n,
					len(estimates[i]))
			}
			if overrun(estimates[i]) {
				r.bounds.addf("Estimate wrote behind the end of the point's %d coordinates",
					len(estimates[i]))
			}
			r.checkPoint("after Estimate")
		}
	}
	if differ(reports[0], reports[1]) >= 0 || differ(estimates[0], estimates[1]) >= 0 {
		r.observers.addf("two calls of Report, or of Estimate, after one step differ")
	}
	r.reports = append(r.reports, reports[0])
	r.estimates = append(r.estimates, estimates[0])
}

// moveSlices gives x a new slice and overwrites the slices of the last call.
func (r *session[T]) moveSlices() {
	if r.old != nil && unwritten(r.old) != len(r.old) {
		r.moved.addf("Step wrote to the slice that held x in an earlier call")
	}
	r.old, r.x = r.x, guarded(r.x)
	overwrite(r.old)
	for _, v := range r.room.Slices() {
		overwrite(*v.At)
	}
}

func overwrite[T protocol.Float](b []T) {
	for i := range b {
		b[i] = sentinel[T]()
	}
}

// close ends the run.
func (r *session[T]) close() {
	if c, ok := r.optimizer.(io.Closer); ok {
		if err := attempt("Close", c.Close); err != nil {
			r.steps.add(err)
		}
	}
}

// same returns an error that names the first difference in bits between t and want. Reports and
// estimates are compared if both have them.
func (t *trace[T]) same(want *trace[T]) error {
	if t.first != want.first {
		return fmt.Errorf("first request is %+v and was %+v", t.first, want.first)
	}
	if len(t.points) != len(want.points) {
		return fmt.Errorf("the run has %d steps and had %d", len(t.points), len(want.points))
	}
	for n := range t.points {
		if i := differ(t.points[n], want.points[n]); i >= 0 {
			return fmt.Errorf("x[%d] after step %d is %g and was %g", i, n, t.points[n][i],
				want.points[n][i])
		}
		if t.requests[n] != want.requests[n] {
			return fmt.Errorf("request after step %d is %+v and was %+v", n, t.requests[n],
				want.requests[n])
		}
		if n >= len(t.reports) || n >= len(want.reports) {
			continue
		}
		if differ(t.reports[n], want.reports[n]) >= 0 ||
			differ(t.estimates[n], want.estimates[n]) >= 0 {
			return fmt.Errorf("reports or estimate after step %d are %v and %v, and were %v and "+
				"%v", n, t.reports[n],
				t.estimates[n], want.reports[n], want.estimates[n])
		}
	}
	return nil
}
