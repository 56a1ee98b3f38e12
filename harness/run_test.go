package harness

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"noisebench/protocol"
	"noisebench/results"
)

func mustRun(t *testing.T, p protocol.ProblemDef, o protocol.OptimizerDef, run results.Run) *results.Record {
	t.Helper()
	r, err := Run(context.Background(), p, o, run, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// R3: every example is charged, a second look too, and the last batch shrinks to what is left.
func TestRunChargesEveryExample(t *testing.T) {
	ask := func(t int) protocol.Request {
		switch t {
		case -1:
			return protocol.Request{BatchSize: 6}
		case 0:
			return protocol.Request{Draw: protocol.Again} // 6 more
		case 1:
			return protocol.Request{Draw: protocol.All} // 10
		case 2:
			return protocol.Request{BatchSize: 16}
		}
		return protocol.Request{} // keeps 16
	}
	calls := &callLog{}
	var seen []protocol.Measurement[float64]
	p, o := pointsDef(10, calls), scriptedDef(ask, &seen)
	r := mustRun(t, p, o, runOf(p, o, 0, 50))

	var sizes []int
	for _, b := range calls.measured {
		sizes = append(sizes, len(b))
	}
	if want := []int{6, 6, 10, 16, 12}; !slices.Equal(sizes, want) {
		t.Errorf("batch sizes are %v, want %v", sizes, want)
	}
	if !slices.Equal(calls.measured[0], calls.measured[1]) {
		t.Errorf("Again measured %v after %v", calls.measured[1], calls.measured[0])
	}
	var charged []int64
	for _, m := range seen {
		charged = append(charged, m.Seen)
	}
	if want := []int64{6, 12, 22, 38, 50}; !slices.Equal(charged, want) {
		t.Errorf("examples seen are %v, want %v", charged, want)
	}
	want := results.End{Status: results.OK, Steps: 5, Seen: 50, Gradients: 50, MinBatch: 6, MaxBatch: 16}
	if d := cmp.Diff(want, r.End); d != "" {
		t.Error(d)
	}
	if calls.closed != 1 {
		t.Errorf("the problem was closed %d times, want once", calls.closed)
	}
}

// Matrices are charged like other quantities; an oracle is free, and the record marks it. The
// position of a batch of all examples is the number of examples charged.
func TestRunCountsCurvatureAndOracle(t *testing.T) {
	calls := &callLog{}
	p := pointsDef(10, calls)
	spec, _ := p.Spec(nil)
	spec.Measures |= protocol.Hessian | protocol.Oracle
	p.Spec = func(protocol.Setting) (protocol.ProblemSpec, error) { return spec, nil }
	requests := []protocol.Request{
		{Want: protocol.Gradient},
		{Draw: protocol.All, Want: protocol.Gradient | protocol.Hessian},
		{Draw: protocol.Again, Want: protocol.Hessian},
		{Draw: protocol.All, Want: protocol.Gradient},
	}
	ask := func(t int) protocol.Request { return requests[min(t+1, len(requests)-1)] }
	var seen []protocol.Measurement[float64]
	o := scriptedDef(ask, &seen)
	o.Needs = protocol.Gradient | protocol.Hessian
	r := mustRun(t, p, o, runOf(p, o, 1, 40))
	want := results.End{Status: results.OK, Steps: 4, Seen: 34, Unused: 6, Gradients: 24, Curvatures: 20, MinBatch: 4, MaxBatch: 10}
	if r.End != want {
		t.Errorf("end is %+v, want %+v", r.End, want)
	}
	if got := []int64{0, 4, 4, 24}; !slices.Equal(calls.positions, got) {
		t.Errorf("positions are %v, want %v", calls.positions, got)
	}
	if h := seen[1].Hessian; len(h) != 4 || h[0] != curvature[0] || h[3] != curvature[1] || h[1] != 0 {
		t.Errorf("Hessian is %v, want the diagonal matrix of %v", h, curvature)
	}

	o.Needs = protocol.Gradient | protocol.Oracle
	requests = []protocol.Request{{}}
	if r := mustRun(t, p, o, runOf(p, o, 1, 40)); !r.End.Oracle || r.End.Seen != 40 || r.End.Curvatures != 0 {
		t.Errorf("end is %+v, want 40 examples and an oracle", r.End)
	}
}

// R3: a remainder smaller than the least measurable batch stays unused and is recorded.
func TestRunLeavesUnmeasurableRemainder(t *testing.T) {
	p, o := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
	o.Needs = protocol.Gradient | protocol.Variance
	r := mustRun(t, p, o, runOf(p, o, 0, 9)) // 4 + 4 + 1
	if r.End.Seen != 8 || r.End.Unused != 1 || r.End.Variances != 8 {
		t.Errorf("seen %d, unused %d, with variance %d; want 8, 1 and 8", r.End.Seen, r.End.Unused, r.End.Variances)
	}
	if last := r.Points[len(r.Points)-1]; last.Mark != 9 || last.Seen != 8 {
		t.Errorf("the last point is at mark %d after %d examples, want 9 and 8", last.Mark, last.Seen)
	}
}

// R4: evaluation at zero and at the first step boundary at or past each mark; marks that one batch
// jumps over share a point.
func TestRunEvaluatesOnSchedule(t *testing.T) {
	for _, test := range []struct {
		batch       int
		marks, seen []int64
	}{
		{4, []int64{0, 20, 40, 60, 80, 100}, []int64{0, 20, 40, 60, 80, 100}},
		{6, []int64{0, 20, 40, 60, 80, 100}, []int64{0, 24, 42, 60, 84, 100}},
		{45, []int64{0, 40, 80, 100}, []int64{0, 45, 90, 100}},
	} {
		p, o := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
		run := runOf(p, o, 0, 100)
		run.BatchSize = test.batch
		r := mustRun(t, p, o, run)
		var marks, seen []int64
		for _, point := range r.Points {
			marks = append(marks, point.Mark)
			seen = append(seen, point.Seen)
		}
		if !slices.Equal(marks, test.marks) || !slices.Equal(seen, test.seen) {
			t.Errorf("batch size %d: marks %v after %v examples, want %v after %v", test.batch, marks, seen, test.marks, test.seen)
		}
	}
}

// R4: a trial point is never evaluated, not at a mark and not at the end.
func TestRunNeverEvaluatesTrialPoints(t *testing.T) {
	trial := func(t int) bool { return t%3 != 2 } // steps 0 and 1 lead to trial points
	ask := func(t int) protocol.Request { return protocol.Request{Trial: t >= 0 && trial(t)} }
	calls := &callLog{}
	p, o := pointsDef(10, calls), scriptedDef(ask, nil)
	r := mustRun(t, p, o, runOf(p, o, 0, 100)) // 25 steps; the last, 24, leads to a trial point
	for _, point := range r.Points[1 : len(r.Points)-1] {
		if trial(point.Step - 1) {
			t.Errorf("the point after step %d was evaluated, but is a trial point", point.Step-1)
		}
	}
	// The last iterate that was no trial point is the one after step 23.
	replay := []float64{5, -3}
	for _, batch := range calls.measured[:24] {
		for j := range replay {
			var gradient float64
			for _, i := range batch {
				gradient += curvature[j] * (replay[j] - centre(i, j))
			}
			replay[j] -= 0.1 * (gradient / float64(len(batch)))
		}
	}
	if last := calls.evaluatedAt[len(calls.evaluatedAt)-1]; last != replay[0] {
		t.Errorf("the run ended with a verdict on x₀ = %v, want the iterate before the trial, %v", last, replay[0])
	}

	o.Trials = false
	if _, err := Run(context.Background(), p, o, runOf(p, o, 0, 100), nil); err == nil || !strings.Contains(err.Error(), "Trials") {
		t.Errorf("an undeclared trial point gives error %v, want one that names Trials", err)
	}
}

// R5: at equal seed and batch size every optimizer sees the same batches, and the examples in any
// batch size are the same stream cut differently.
func TestDataOrderDependsOnSeedAlone(t *testing.T) {
	stream := func(size int, seed uint64, mode protocol.Order) []int {
		o := newOrder(10, seed, mode)
		var all []int
		for len(all) < 60 {
			all, _ = o.next(size, all)
		}
		return all[:60]
	}
	if a, b := stream(4, 1, protocol.Reshuffled), stream(7, 1, protocol.Reshuffled); !slices.Equal(a, b) {
		t.Errorf("batch sizes 4 and 7 see different examples:\n%v\n%v", a, b)
	}
	if a, b := stream(4, 1, protocol.Reshuffled), stream(4, 2, protocol.Reshuffled); slices.Equal(a, b) {
		t.Error("seeds 1 and 2 see the same examples")
	}
	a := stream(4, 1, protocol.Reshuffled)
	for epoch := range 6 {
		one := slices.Clone(a[10*epoch : 10*epoch+10])
		if epoch > 0 && slices.Equal(one, a[:10]) {
			t.Errorf("epoch %d has the order of epoch 0", epoch)
		}
		slices.Sort(one)
		if !slices.Equal(one, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("epoch %d sees %v, want every example once", epoch, one)
		}
	}
	frozen := stream(4, 1, protocol.Frozen)
	for i, e := range frozen {
		if want := a[i%8]; e != want { // 10 examples hold two whole batches of 4
			t.Fatalf("frozen order: place %d is example %d, want %d", i, e, want)
		}
	}
	endless, position := newOrder(0, 1, protocol.Reshuffled).next(3, nil)
	if !slices.Equal(endless, []int{0, 1, 2}) || position != 0 {
		t.Errorf("endless data give %v at %d, want 0, 1, 2 at 0", endless, position)
	}
}

// The order of the first epochs is part of every published number: a change makes old records
// unreproducible.
func TestDataOrderIsPinned(t *testing.T) {
	got, _ := newOrder(10, 42, protocol.Reshuffled).next(20, nil)
	want := []int{3, 0, 9, 8, 5, 1, 6, 7, 4, 2, 8, 3, 7, 1, 4, 9, 6, 0, 2, 5}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("do not change the wanted order; find out what changed the stream:\n%s", d)
	}
}

// The loss at a trial point, however large, does not end the run; the same loss elsewhere does.
func TestTrialsMayHaveAnyLoss(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), 1e9} {
		for _, trial := range []bool{true, false} {
			p := pointsDef(10, &callLog{})
			newPoints := p.New64
			p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
				problem, err := newPoints(s)
				problem.(*points).loss = func(call int, loss float64) float64 {
					if call == 3 {
						return bad
					}
					return loss
				}
				return problem, err
			}
			o := scriptedDef(func(t int) protocol.Request { return protocol.Request{Trial: trial && t == 2} }, nil)
			want := results.OK
			if !trial {
				want = results.Diverged
			}
			if r := mustRun(t, p, o, runOf(p, o, 0, 100)); r.End.Status != want {
				t.Errorf("loss %v with trial %v ended %v, want %v", bad, trial, r.End.Status, want)
			}
		}
	}
}

// R7: a run whose loss is not finite, or beyond 100 times the initial, ends as diverged.
func TestRunDiverges(t *testing.T) {
	for name, at := range map[string]func(call int, loss float64) float64{
		"NaN":       func(call int, loss float64) float64 { return pick(call == 3, math.NaN(), loss) },
		"infinity":  func(call int, loss float64) float64 { return pick(call == 3, math.Inf(1), loss) },
		"-infinity": func(call int, loss float64) float64 { return pick(call == 3, math.Inf(-1), loss) },
		"large":     func(call int, loss float64) float64 { return pick(call == 3, 1e6, loss) },
	} {
		p, o := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
		open := p.New64
		p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
			q, err := open(s)
			q.(*points).loss = at
			return q, err
		}
		r := mustRun(t, p, o, runOf(p, o, 0, 100))
		if r.End.Status != results.Diverged || r.End.Steps != 4 || r.End.Seen != 16 || r.End.Unused != 84 {
			t.Errorf("%s in the fourth measurement: ended %+v, want diverged after 4 steps", name, r.End)
		}
	}
	p, o := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
	run := runOf(p, o, 0, 100)
	run.Optimizer.Setting = protocol.Setting{protocol.StepSize: 1} // beyond 2/L = 0.2
	if r := mustRun(t, p, o, run); r.End.Status != results.Diverged {
		t.Errorf("step size 1 ended %v, want diverged", r.End.Status)
	}
}

func pick[V any](c bool, a, b V) V {
	if c {
		return a
	}
	return b
}

// A broken plugin gives a Fault that names it and the call, and a failed record.
func TestRunBlamesTheCulprit(t *testing.T) {
	short := func(p *protocol.ProblemDef, change func(*protocol.Measurement[float64])) {
		open := p.New64
		p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
			q, err := open(s)
			return &liar{q, change}, err
		}
	}
	for _, test := range []struct {
		name string
		bend func(*protocol.ProblemDef, *protocol.OptimizerDef)
		want string
	}{
		{"problem error", func(p *protocol.ProblemDef, _ *protocol.OptimizerDef) {
			open := p.New64
			p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
				q, err := open(s)
				q.(*points).fail = func(call int) error { return pick(call == 2, errors.New("disk on fire"), nil) }
				return q, err
			}
		}, "(points): Measure: disk on fire"},
		{"quantity missing", func(p *protocol.ProblemDef, _ *protocol.OptimizerDef) {
			short(p, func(m *protocol.Measurement[float64]) { m.Have = 0 })
		}, "(points): Measure: it measured loss, want gradient"},
		{"wrong batch size", func(p *protocol.ProblemDef, _ *protocol.OptimizerDef) {
			short(p, func(m *protocol.Measurement[float64]) { m.BatchSize = 3 })
		}, "(points): Measure: it measured a batch of 3 examples, want 4"},
		{"wrong length", func(p *protocol.ProblemDef, _ *protocol.OptimizerDef) {
			short(p, func(m *protocol.Measurement[float64]) { m.Gradient = m.Gradient[:1] })
		}, "(points): Measure: it replaced the measurement's vectors"},
		{"other memory", func(p *protocol.ProblemDef, _ *protocol.OptimizerDef) {
			short(p, func(m *protocol.Measurement[float64]) { m.Gradient = slices.Clone(m.Gradient) })
		}, "(points): Measure: it replaced the measurement's vectors"},
		{"no metric", func(p *protocol.ProblemDef, _ *protocol.OptimizerDef) {
			open := p.New64
			p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
				q, err := open(s)
				return metricless{q}, err
			}
		}, "(points): Evaluate: loss and metric at the starting point are"},
		{"optimizer error", func(_ *protocol.ProblemDef, o *protocol.OptimizerDef) {
			*o = scriptedDef(func(t int) protocol.Request { return protocol.Request{BatchSize: pick(t == 1, -99, 0)} }, nil)
		}, "(scripted): Step: scripted fault"},
		{"negative batch", func(_ *protocol.ProblemDef, o *protocol.OptimizerDef) {
			*o = scriptedDef(func(t int) protocol.Request { return protocol.Request{BatchSize: pick(t == 1, -2, 0)} }, nil)
		}, "(scripted): Step: it asks for a batch of -2 examples"},
		{"variance of one", func(_ *protocol.ProblemDef, o *protocol.OptimizerDef) {
			*o = scriptedDef(func(int) protocol.Request { return protocol.Request{BatchSize: 1} }, nil)
			o.Needs = protocol.Gradient | protocol.Variance
		}, "(scripted): Step: it asks for gradient+variance of 1 example"},
		{"undeclared need", func(_ *protocol.ProblemDef, o *protocol.OptimizerDef) {
			*o = scriptedDef(func(int) protocol.Request { return protocol.Request{Want: protocol.Gradient | protocol.Variance} }, nil)
		}, "(scripted): Step: it asks for variance, but its definition declares only gradient as needed"},
		{"undeclared batch size", func(_ *protocol.ProblemDef, o *protocol.OptimizerDef) {
			*o = scriptedDef(func(t int) protocol.Request { return protocol.Request{BatchSize: pick(t == 1, 8, 0)} }, nil)
		}, "(scripted): Step: it asks for a batch of 8 examples in place of 4"},
		{"again at first", func(_ *protocol.ProblemDef, o *protocol.OptimizerDef) {
			*o = scriptedDef(func(int) protocol.Request { return protocol.Request{Draw: protocol.Again} }, nil)
		}, "(scripted): Step: it asks for the last batch again"},
		{"problem panics", func(p *protocol.ProblemDef, _ *protocol.OptimizerDef) {
			open := p.New64
			p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
				q, err := open(s)
				q.(*points).fail = func(call int) error { return []error{nil, nil}[call] }
				return q, err
			}
		}, "(points, scripted): panic in noisebench/harness.TestRunBlamesTheCulprit."},
		{"optimizer panics", func(_ *protocol.ProblemDef, o *protocol.OptimizerDef) {
			*o = scriptedDef(func(t int) protocol.Request {
				if t == 1 {
					panic("out of paper")
				}
				return protocol.Request{}
			}, nil)
		}, "(points, scripted): panic in noisebench/harness.TestRunBlamesTheCulprit."},
		{"unknown draw", func(_ *protocol.ProblemDef, o *protocol.OptimizerDef) {
			*o = scriptedDef(func(int) protocol.Request { return protocol.Request{Draw: 9} }, nil)
		}, "(scripted): Step: it asks for draw 9"},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := &callLog{}
			p, o := pointsDef(10, calls), scriptedDef(nil, nil)
			test.bend(&p, &o)
			r, err := Run(context.Background(), p, o, runOf(p, o, 0, 100), nil)
			var fault *protocol.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("error is %v, want a Fault", err)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %q, want it to contain %q", err, test.want)
			}
			if strings.HasSuffix(test.name, "panics") {
				if _, line, _ := strings.Cut(err.Error(), "(run_test.go:"); line == "" || !strings.Contains(line, ": ") || calls.closed != 1 {
					t.Errorf("error is %q and the problem was closed %d times, want the line, and once", err, calls.closed)
				}
			}
			if r == nil || r.End.Status != results.Failed || !strings.Contains(r.End.Reason, test.want) {
				t.Errorf("record is %+v, want a failed one with the reason", r)
			}
		})
	}
}

// liar changes the measurements of a problem.
type liar struct {
	protocol.Problem[float64]
	change func(*protocol.Measurement[float64])
}

func (l *liar) Measure(x []float64, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	err := l.Problem.Measure(x, b, want, m)
	l.change(m)
	return err
}

// metricless has no metric on the test part.
type metricless struct{ protocol.Problem[float64] }

func (m metricless) Evaluate(x []float64, part protocol.Part) (protocol.Evaluation, error) {
	e, err := m.Problem.Evaluate(x, part)
	if part == protocol.TestPart {
		e.Metric = math.NaN()
	}
	return e, err
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := pointsDef(10, &callLog{})
	o := scriptedDef(func(t int) protocol.Request {
		if t == 3 {
			cancel()
		}
		return protocol.Request{}
	}, nil)
	if r, err := Run(ctx, p, o, runOf(p, o, 0, 100), nil); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("run returned %v, %v; want no record and %v", r, err, context.Canceled)
	}
}

// A drop of the schedule takes effect at the step that begins at or past its fraction of the
// budget.
func TestRunAppliesSchedule(t *testing.T) {
	var seen []protocol.Measurement[float64]
	p, o := pointsDef(10, &callLog{}), scriptedDef(nil, &seen)
	run := runOf(p, o, 0, 40)
	run.Schedule = protocol.Schedule{Drops: []protocol.Drop{{At: 0.3, Factor: 0.5}, {At: 0.6, Factor: 0.1}}}
	mustRun(t, p, o, run)
	var scales []float64
	for _, m := range seen {
		scales = append(scales, m.StepScale)
	}
	if want := []float64{1, 1, 1, .5, .5, .5, .05, .05, .05, .05}; !slices.Equal(scales, want) {
		t.Errorf("step scales are %v, want %v", scales, want)
	}
}

// Warm-up counts the batch of the step in, whatever its size and whether it was seen before; decay
// does not.
func TestRunAppliesWarmup(t *testing.T) {
	var seen []protocol.Measurement[float64]
	p, o := pointsDef(100, &callLog{}), scriptedDef(func(t int) protocol.Request {
		return []protocol.Request{{BatchSize: 10}, {BatchSize: 20}, {Draw: protocol.Again}, {BatchSize: 40}, {BatchSize: 10}}[min(t+1, 4)]
	}, &seen)
	run := runOf(p, o, 0, 200)
	run.Schedule = protocol.Schedule{Warmup: 0.4, Decay: protocol.Linear, Start: 0.5, Final: 0.5}
	mustRun(t, p, o, run)
	var scales []float64
	for _, m := range seen {
		scales = append(scales, m.StepScale)
	}
	// Charged before the steps: 0, 10, 30, 50, 90, 100, …, 190.
	want := []float64{10. / 80, 30. / 80, 50. / 80, 1, 1}
	for k := range 10 {
		want = append(want, 1-0.5*float64(k)/10)
	}
	if !slices.Equal(scales, want) {
		t.Errorf("step scales are %v, want %v", scales, want)
	}
}

// Clipping multiplies each example's gradient by c: first moments by c, second ones by c², and what
// is no gradient of these examples by nothing.
func TestClip(t *testing.T) {
	measurement := func() *protocol.Measurement[float64] {
		m := &protocol.Measurement[float64]{Loss: 7, VarianceNorm: 50, Have: protocol.VarianceNorm}
		for _, s := range m.Slices() {
			*s.At = []float64{3, 4}
			m.Have |= s.Of
		}
		return m
	}
	m := measurement()
	clip(m, 1) // of norm 5: c = 0.2
	for _, s := range m.Slices() {
		factor := map[protocol.Quantity]float64{
			protocol.Gradient: 0.2, protocol.Variance: 0.04, protocol.Covariance: 0.04, protocol.EmpiricalFisher: 0.04,
		}[s.Of]
		if factor == 0 {
			factor = 1
		}
		for j, v := range *s.At {
			if want := factor * []float64{3, 4}[j]; math.Abs(v-want) > 1e-15 {
				t.Errorf("element %d of the %v is %v, want %v", j, s.Of, v, want)
			}
		}
	}
	if math.Abs(m.VarianceNorm-2) > 1e-15 || m.Loss != 7 {
		t.Errorf("‖s‖₁ is %v and the loss %v, want 2 and 7", m.VarianceNorm, m.Loss)
	}
	m = measurement()
	clip(m, 5)
	if d := cmp.Diff(measurement(), m); d != "" {
		t.Errorf("a gradient of the greatest norm is changed:\n%s", d)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		m = measurement()
		m.Gradient[1] = bad
		clip(m, 1)
		if m.Gradient[0] != 3 || m.Variance[0] != 3 {
			t.Errorf("a gradient with %v is scaled to %v", bad, m.Gradient)
		}
	}
	m = measurement()
	m.Have = protocol.Gradient
	clip(m, 1)
	if m.Variance[0] != 3 {
		t.Error("what was not measured is scaled")
	}
}

// In a run the optimizer sees the clipped gradient, and loss, charges and diagnostics are as
// without.
func TestRunClips(t *testing.T) {
	const limit = 2
	calls := &callLog{}
	p := pointsDef(10, calls)
	var norms, variances []float64
	o := scriptedDef(nil, nil)
	o.Needs = protocol.VarianceNorm // the norm of g decides, even if the optimizer does not want g
	o.New64 = func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		return stepper(func(x []float64, m *protocol.Measurement[float64]) {
			if m.Have != protocol.VarianceNorm {
				t.Errorf("the optimizer is told of %v", m.Have)
			}
			norms, variances = append(norms, math.Hypot(m.Gradient[0], m.Gradient[1])), append(variances, m.VarianceNorm)
			x[0] -= 0.5
		}), protocol.Request{}, nil
	}
	run := runOf(p, o, 0, 100)
	run.Clip, run.Diagnostics = limit, true
	r := mustRun(t, p, o, run)
	clipped := 0
	for step := range norms {
		norm, variance := float64(r.Trace.Diagnostics["gradient_norm"][step]), float64(r.Trace.Diagnostics["variance_norm"][step])
		c := min(1, limit/norm)
		if c < 1 {
			clipped++
		}
		if math.Abs(norms[step]-c*norm) > 1e-12 || math.Abs(variances[step]-c*c*variance) > 1e-9*variance {
			t.Errorf("step %d: ‖g‖ = %v and ‖s‖₁ = %v of %v and %v, want them times c = %v and c²", step, norms[step], variances[step], norm, variance, c)
		}
	}
	if clipped == 0 {
		t.Errorf("none of %d steps was clipped", len(norms))
	}
	if r.End.Gradients != 0 || r.End.Variances != 100 || r.End.Seen != 100 {
		t.Errorf("clipping is charged: %+v", r.End)
	}
}

// stepper is an optimizer that consists of its method Step.
type stepper func(x []float64, m *protocol.Measurement[float64])

func (s stepper) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	s(x, m)
	return protocol.Request{}, nil
}

// averager is SGD that reports the mean of its iterates as its estimate, and one number per step.
type averager struct {
	scripted
	sum   []float64
	steps float64
}

func (o *averager) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	q, err := o.scripted.Step(x, m)
	for j := range x {
		o.sum[j] += x[j]
	}
	o.steps++
	return q, err
}

func (o *averager) Estimate(x, out []float64) {
	for j := range out {
		out[j] = x[j]
		if o.steps > 0 {
			out[j] = o.sum[j] / o.steps
		}
	}
}

func (o *averager) Report(values []float64) { values[0] = o.steps }

// Evaluation judges an averager's estimate, and reports are traced.
func TestRunJudgesTheEstimate(t *testing.T) {
	calls := &callLog{}
	p, o := pointsDef(10, calls), scriptedDef(nil, nil)
	var it *averager
	o.Averages, o.Trials, o.Reports = true, false, []string{"steps"}
	o.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		it = &averager{scripted{s.Setting[protocol.StepSize], func(int) protocol.Request { return protocol.Request{} }, nil}, make([]float64, 2), 0}
		return it, protocol.Request{}, nil
	}
	run := runOf(p, o, 0, 400)
	run.Trace = 30
	r := mustRun(t, p, o, run)
	if got, want := calls.evaluatedAt[len(calls.evaluatedAt)-1], it.sum[0]/100; got != want {
		t.Errorf("the last verdict is on x₀ = %v, want the mean of the iterates, %v", got, want)
	}
	if r.Trace.Stride != 4 || len(r.Trace.Seen) != 25 || r.Trace.Seen[1] != 20 || r.Trace.Reports["steps"][2] != 9 {
		t.Errorf("trace is %+v, want every fourth of 100 steps", r.Trace)
	}
}

// An estimate that fails before the first step is the optimizer's fault, not that of the problem
// that is to judge it.
func TestEstimateBeforeTheFirstStep(t *testing.T) {
	for name, o := range map[string]protocol.Optimizer[float64]{
		"not finite": estimator{func(_, out []float64) { out[0], out[1] = 1, math.NaN() }, nil},
		"fault":      estimator{func(x, out []float64) { copy(out, x) }, errors.New("scripted fault")},
	} {
		p, def := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
		def.Averages, def.Trials = true, false
		def.New64 = func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return o, protocol.Request{}, nil
		}
		r, err := Run(context.Background(), p, def, runOf(p, def, 0, 100), nil)
		var f *protocol.Fault
		if !errors.As(err, &f) || f.Call != "Estimate" || !strings.Contains(f.Plugin, "scripted") || r.End.Status != results.Failed {
			t.Errorf("%s: error is %v, want a fault of the optimizer's Estimate", name, err)
		}
	}
	// Later it is a diverged run, as with any other optimizer.
	p, def := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
	def.Averages, def.Trials = true, false
	def.New64 = func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		calls := 0
		return estimator{func(x, out []float64) {
			if copy(out, x); calls > 0 {
				out[0] = math.NaN()
			}
			calls++
		}, nil}, protocol.Request{}, nil
	}
	if r := mustRun(t, p, def, runOf(p, def, 0, 100)); r.End.Status != results.Diverged {
		t.Errorf("status is %s, want diverged", r.End.Status)
	}
}

// estimator stays where it is and estimates by a function.
type estimator struct {
	estimate func(x, out []float64)
	fault    error
}

func (estimator) Step([]float64, *protocol.Measurement[float64]) (protocol.Request, error) {
	return protocol.Request{}, nil
}

func (e estimator) Estimate(x, out []float64) { e.estimate(x, out) }

func (e estimator) Fault() error { return e.fault }

// A sampled gradient is charged as a gradient is; both of one batch at once count once. There is
// room for it only where it is needed.
func TestRunChargesSampledGradients(t *testing.T) {
	const both = protocol.Gradient | protocol.SampledGradient
	for _, c := range []struct {
		needs     protocol.Quantity
		want      func(t int) protocol.Quantity
		gradients int64
	}{
		{both, func(int) protocol.Quantity { return both }, 100},
		{both, func(int) protocol.Quantity { return protocol.SampledGradient }, 100},
		{both, func(t int) protocol.Quantity {
			return []protocol.Quantity{both, protocol.Gradient, protocol.SampledGradient}[(t+1)%3]
		}, 100},
		{both | protocol.VarianceNorm, func(int) protocol.Quantity { return protocol.VarianceNorm }, 0},
		{protocol.Gradient, func(int) protocol.Quantity { return protocol.Gradient }, 100},
	} {
		p := pointsDef(10, &callLog{})
		spec := p.Spec
		p.Spec = func(s protocol.Setting) (protocol.ProblemSpec, error) {
			described, err := spec(s)
			described.Measures |= protocol.SampledGradient
			return described, err
		}
		var seen []protocol.Measurement[float64]
		o := scriptedDef(func(t int) protocol.Request { return protocol.Request{Want: c.want(t)} }, &seen)
		o.Needs = c.needs
		r := mustRun(t, p, o, runOf(p, o, 0, 100))
		if r.End.Seen != 100 || r.End.Gradients != c.gradients || len(seen) != 25 {
			t.Errorf("needs %v: %d examples and %d gradients in %d steps, want 100 and %d in 25", c.needs, r.End.Seen, r.End.Gradients,
				len(seen), c.gradients)
		}
		for step, m := range seen {
			switch want := c.want(step - 1); {
			case m.Have != want:
				t.Errorf("step %d has %v, want %v", step, m.Have, want)
			case want.Has(protocol.SampledGradient) && (len(m.SampledGradient) != 2 || m.SampledGradient[0] == 0):
				t.Errorf("step %d has the sampled gradient %v, want two elements", step, m.SampledGradient)
			case (m.SampledGradient != nil) != c.needs.Has(protocol.SampledGradient):
				t.Errorf("step %d has room for %d elements of the sampled gradient where %v is needed", step, len(m.SampledGradient), c.needs)
			}
		}
	}
}

// Vectors from outside memory give the same record.
func TestRunInForeignMemory(t *testing.T) {
	p, o := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
	want := mustRun(t, p, o, runOf(p, o, 3, 100))
	freed := 0
	got, err := Run(context.Background(), p, o, runOf(p, o, 3, 100), func(n int) ([]byte, func()) {
		return make([]byte, n), func() { freed++ }
	})
	if err != nil {
		t.Fatal(err)
	}
	want.Host, got.Host = results.Host{}, results.Host{}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if freed != 1 {
		t.Errorf("memory was freed %d times, want once", freed)
	}
}

func TestFits(t *testing.T) {
	p, o := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
	spec, _ := p.Spec(nil)
	spec.Measures = protocol.Gradient
	o.Needs = protocol.Gradient | protocol.VarianceNorm
	if err := Fits(&spec, &o); err == nil || !strings.Contains(err.Error(), "needs variance-norm") {
		t.Errorf("error is %v, want one that names the missing quantity", err)
	}
	o.Needs = protocol.Gradient | protocol.Fisher | protocol.Oracle
	if err := Fits(&spec, &o); err == nil || !strings.Contains(err.Error(), "needs fisher+oracle, which the problem does not measure") {
		t.Errorf("error is %v, want one that names the missing quantities", err)
	}
	spec.Measures, spec.DType = o.Needs, protocol.Float32
	if err := Fits(&spec, &o); err == nil || !strings.Contains(err.Error(), "no float32 version") {
		t.Errorf("error is %v, want one that names the missing element type", err)
	}
	spec.DType, spec.Train, o.FullBatch = protocol.Float64, 0, true
	if err := Fits(&spec, &o); err == nil || !strings.Contains(err.Error(), "data are endless") {
		t.Errorf("error is %v, want one that says that data are endless", err)
	}
}

// Diagnostics are taken from the batch by definition, cost nothing, and change neither the run nor
// what the optimizer is told.
func TestRunDiagnoses(t *testing.T) {
	calls := &callLog{}
	var seen []protocol.Measurement[float64]
	p, o := pointsDef(10, calls), scriptedDef(nil, &seen)
	plain := mustRun(t, p, o, runOf(p, o, 0, 100))
	run := runOf(p, o, 0, 100)
	run.Diagnostics = true
	// no change of the step size
	run.Schedule = protocol.Schedule{Drops: []protocol.Drop{{At: 0.5, Factor: 1}}}
	calls.measured, seen = nil, nil
	r := mustRun(t, p, o, run)
	if d := cmp.Diff(plain.Points, r.Points); d != "" {
		t.Errorf("diagnostics change the run:\n%s", d)
	}
	if d := cmp.Diff(plain.Trace.Loss, r.Trace.Loss); d != "" || r.End.Seen != plain.End.Seen || r.End.Variances != 0 {
		t.Errorf("diagnostics were charged, or change the trace: %+v\n%s", r.End, d)
	}
	x := []float64{5, -3}
	for step, batch := range calls.measured {
		if seen[step].Have != protocol.Gradient {
			t.Fatalf("step %d: the optimizer was told of %v", step, seen[step].Have)
		}
		m := float64(len(batch))
		var squares, norm float64
		mean := make([]float64, 2)
		for j := range x {
			for _, i := range batch {
				mean[j] += curvature[j] * (x[j] - centre(i, j)) / m
			}
			squares += mean[j] * mean[j]
			for _, i := range batch {
				g := curvature[j] * (x[j] - centre(i, j))
				norm += (g - mean[j]) * (g - mean[j]) / (m - 1)
			}
		}
		for name, want := range map[string]float64{
			"gradient_norm": math.Sqrt(squares), "variance_norm": norm, "noise_to_signal": norm / squares,
			"cabs_batch_size": 0.1 * norm / meanLoss(x, batch),
		} {
			if got := float64(r.Trace.Diagnostics[name][step]); math.Abs(got-want) > 1e-9*math.Abs(want) {
				t.Errorf("step %d: %s is %v, want %v", step, name, got, want)
			}
		}
		for j := range x {
			x[j] -= 0.1 * mean[j]
		}
	}
	// A batch of one example has no variance.
	run.BatchSize = 1
	if r := mustRun(t, p, o, run); !math.IsNaN(float64(r.Trace.Diagnostics["variance_norm"][0])) {
		t.Error("a batch of one example has a variance")
	}
}
