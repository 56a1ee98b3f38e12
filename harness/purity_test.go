package harness

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// skewed is a points that breaks R2 by what its functions do after each call.
type skewed struct {
	*points
	init     func(x []float64)
	measured func(x []float64, m *protocol.Measurement[float64])
	judged   func(x []float64, e *protocol.Evaluation)
}

func (b skewed) Init(x []float64, seed uint64) error {
	err := b.points.Init(x, seed)
	if b.init != nil {
		b.init(x)
	}
	return err
}

func (b skewed) Measure(x []float64, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	err := b.points.Measure(x, batch, want, m)
	if b.measured != nil {
		b.measured(x, m)
	}
	return err
}

func (b skewed) Evaluate(x []float64, part protocol.Part) (protocol.Evaluation, error) {
	e, err := b.points.Evaluate(x, part)
	if b.judged != nil {
		b.judged(x, &e)
	}
	return e, err
}

// wayward is a scripted that breaks R2.
type wayward struct {
	*scripted
	stepped  func(x []float64, q *protocol.Request)
	reported func(x []float64)
	estimate func(out []float64)
	x        []float64
}

func (w *wayward) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	q, err := w.scripted.Step(x, m)
	if w.stepped != nil {
		w.stepped(x, &q)
	}
	w.x = x
	return q, err
}

func (w *wayward) Report([]float64) {
	if w.reported != nil {
		w.reported(w.x)
	}
}

func (w *wayward) Estimate(x, out []float64) {
	copy(out, x)
	if w.estimate != nil {
		w.estimate(out)
	}
}

// strangers returns definitions that an outside plugin and another one serve, with the given flaws.
func strangers(problem func(points) skewed, optimizer func(scripted) *wayward) (protocol.ProblemDef, protocol.OptimizerDef, *callLog) {
	calls := &callLog{}
	p, o := pointsDef(20, calls), scriptedDef(nil, nil)
	p.Origin.Plugin, o.Origin.Plugin = "strange-problem", "strange-optimizer"
	if problem != nil {
		open := p.New64
		p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
			q, err := open(s)
			return problem(*q.(*points)), err
		}
	}
	if optimizer != nil {
		open := o.New64
		o.Averages, o.ChoosesBatchSize, o.Reports = true, true, []string{"nothing"}
		o.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			q, request, err := open(s)
			return optimizer(*q.(*scripted)), request, err
		}
	}
	return p, o, calls
}

type impureCase struct {
	name      string
	problem   func(points) skewed
	optimizer func(scripted) *wayward
	want      string // in the fault
}

// impureCases are impurities that show at once.
func impureCases() []impureCase {
	var starts, global float64
	instances, sizes := 0.0, 2
	return []impureCase{
		{"random gradients", func(p points) skewed {
			return skewed{points: &p, measured: func(_ []float64, m *protocol.Measurement[float64]) { m.Gradient[1] += 1e-9 * rand.Float64() }}
		}, nil, "strange-problem (points): Measure: a second call at the same point on the same batch gives another gradient"},
		{"gradients that count calls", func(p points) skewed {
			calls := 0.0
			return skewed{points: &p, measured: func(_ []float64, m *protocol.Measurement[float64]) {
				calls++
				m.Gradient[0] *= 1 + calls/100
			}}
		}, nil, "strange-problem (points): Measure: a second call at the same point on the same batch gives another gradient"},
		{"random losses", func(p points) skewed {
			return skewed{points: &p, measured: func(_ []float64, m *protocol.Measurement[float64]) { m.Loss += rand.Float64() }}
		}, nil, "strange-problem (points): Measure: a second call at the same point on the same batch gives loss "},
		{"gradients that differ between instances", func(p points) skewed {
			instances++
			own := instances
			return skewed{points: &p, measured: func(_ []float64, m *protocol.Measurement[float64]) { m.Gradient[0] += own / 100 }}
		}, nil, "strange-problem (points): Measure: two instances measure different values"},
		{"random starts", func(p points) skewed {
			return skewed{points: &p, init: func(x []float64) { starts++; x[0] += starts / 100 }}
		}, nil, "strange-problem (points): Init: two calls with the same seed give different starting points"},
		{"random evaluations", func(p points) skewed {
			return skewed{points: &p, judged: func(_ []float64, e *protocol.Evaluation) { e.Metric += rand.Float64() }}
		}, nil, "strange-problem (points): Evaluate: a second call at the same point gives loss "},
		{"Measure moves x", func(p points) skewed {
			return skewed{points: &p, measured: func(x []float64, _ *protocol.Measurement[float64]) { x[1] /= 2 }}
		}, nil, "strange-problem (points): Measure: it changes x"},
		{"Evaluate moves x", func(p points) skewed {
			return skewed{points: &p, judged: func(x []float64, _ *protocol.Evaluation) { x[1] /= 2 }}
		}, nil, "strange-problem (points): Evaluate: x[1] changed from -3 to -1.5"},

		{"random steps", nil, func(o scripted) *wayward {
			return &wayward{scripted: &o, stepped: func(x []float64, _ *protocol.Request) { x[0] += 1e-9 * rand.Float64() }}
		}, "strange-optimizer (scripted): Step: step 0 of two runs with the same measurements"},
		{"state that runs share", nil, func(o scripted) *wayward {
			return &wayward{scripted: &o, stepped: func(x []float64, _ *protocol.Request) { global++; x[0] += global / 1e3 }}
		}, "strange-optimizer (scripted): Step: step 0 of two runs with the same measurements"},
		{"requests that differ between instances", nil, func(o scripted) *wayward {
			sizes++
			size := sizes
			return &wayward{scripted: &o, stepped: func(_ []float64, q *protocol.Request) { q.BatchSize = size }}
		}, "strange-optimizer (scripted): Step: two runs with the same measurements differ in the request for measurement 1"},
		{"random estimates", nil, func(o scripted) *wayward {
			return &wayward{scripted: &o, estimate: func(out []float64) { out[0] += rand.Float64() }}
		}, "strange-optimizer (scripted): Estimate: the estimates of two runs"},
		{"Report moves x", nil, func(o scripted) *wayward {
			return &wayward{scripted: &o, reported: func(x []float64) { x[0] += 0.5 }}
		}, "strange-optimizer (scripted): Step: x[0] changed from "},
	}
}

// Whatever is not pure is refused before its first run, by name, and nothing of it is ranked.
func TestImpurePluginsAreRefused(t *testing.T) {
	for _, c := range impureCases() {
		p, o, _ := strangers(c.problem, c.optimizer)
		campaign, err := NewCampaign(plainPlan(), definitions{p, []protocol.OptimizerDef{o}})
		if err != nil {
			t.Fatal(err)
		}
		store := newMemoryStore()
		cells, err := campaign.Execute(context.Background(), Options{Store: store, Parallel: 2})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(cells[0].Runs) > 0 || len(cells[0].Failed) == 0 {
			t.Errorf("%s: %d runs are results and %d failed, want none and all", c.name, len(cells[0].Runs), len(cells[0].Failed))
		}
		for _, reason := range cells[0].Failed {
			if !strings.Contains(reason, c.want) {
				t.Errorf("%s: reason is %q, want it to contain %q", c.name, reason, c.want)
			}
		}
		for _, r := range store.records {
			if r.End.Seen != 0 || len(r.Points) > 0 {
				t.Errorf("%s: the record of a refused run has %d examples seen", c.name, r.End.Seen)
			}
		}
	}
}

// plainPlan has one optimizer with its defaults and three seeds.
func plainPlan() protocol.Plan {
	plan := testPlan()
	plan.Optimizers = plan.Optimizers[2:3]
	plan.Replicates = 3
	return plan
}

// late returns a function that is true from a call on.
func late(after int) func() bool {
	calls := 0
	return func() bool { calls++; return calls > after }
}

// What becomes impure later shows in the run, at one of the steps that its stream chooses.
func TestRunFindsImpurity(t *testing.T) {
	for _, c := range []impureCase{
		{"late random gradients", func(p points) skewed {
			now := late(100)
			return skewed{points: &p, measured: func(_ []float64, m *protocol.Measurement[float64]) {
				if now() {
					m.Gradient[0] += 1e-9 * rand.Float64()
				}
			}}
		}, nil, "strange-problem (points): Measure: a second call"},
		{"late random evaluations", func(p points) skewed {
			now := late(100)
			return skewed{points: &p, judged: func(_ []float64, e *protocol.Evaluation) {
				if now() {
					e.Loss += 1e-9 * rand.Float64()
				}
			}}
		}, nil, "strange-problem (points): Evaluate: a second call"},
		{"Measure moves x late", func(p points) skewed {
			now := late(100)
			return skewed{points: &p, measured: func(x []float64, _ *protocol.Measurement[float64]) {
				if now() {
					x[0] += 1e-9
				}
			}}
		}, nil, "strange-problem (points): Measure: it changes x"},
		{"Report moves x late", nil, func(o scripted) *wayward {
			now := late(100)
			return &wayward{scripted: &o, reported: func(x []float64) {
				if now() {
					x[0] += 1e-9
				}
			}}
		}, "strange-optimizer (scripted): Step: x[0] changed from "},
		{"an optimizer moves x while the problem measures", func(p points) skewed {
			return skewed{points: &p, measured: func([]float64, *protocol.Measurement[float64]) {
				if w := restless.Load(); w != nil {
					w.x[0] += 1e-9
				}
			}}
		}, func(o scripted) *wayward {
			w := &wayward{scripted: &o}
			w.stepped = func([]float64, *protocol.Request) { restless.Store(w) }
			return w
		}, "strange-optimizer (scripted): Step: x[0] changed from "},
	} {
		p, o, _ := strangers(c.problem, c.optimizer)
		run := runOf(p, o, 1, 4*4000)
		run.Evaluations = 2000
		record, err := Run(context.Background(), p, o, run, nil)
		var fault *protocol.Fault
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a fault with %q", c.name, err, c.want)
			continue
		}
		if record.End.Status != results.Failed {
			t.Errorf("%s: the record's status is %s", c.name, record.End.Status)
		}
	}
	restless.Store(nil)
}

// restless is an optimizer that moves x while the problem measures.
var restless atomic.Pointer[wayward]

// Checking purity changes no record, is not charged, and costs few measurements.
func TestPureStrangersAreLeftAlone(t *testing.T) {
	run := func(outside bool) (*results.Record, *callLog) {
		p, o, calls := strangers(nil, nil)
		if !outside {
			p.Origin, o.Origin = protocol.Origin{}, protocol.Origin{}
		}
		r := runOf(p, o, 1, 4*5000)
		r.Evaluations = 1000
		record, err := Run(context.Background(), p, o, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		return record, calls
	}
	plain, fewer := run(false)
	looked, more := run(true)
	if !reflect.DeepEqual(plain.End, looked.End) || !reflect.DeepEqual(plain.Points, looked.Points) || !reflect.DeepEqual(plain.Trace, looked.Trace) {
		t.Errorf("the records differ: %+v and %+v", plain.End, looked.End)
	}
	for what, n := range map[string][2]int{
		"measurements": {len(fewer.measured), len(more.measured)}, "evaluations": {len(fewer.evaluatedAt), len(more.evaluatedAt)},
	} {
		if extra := n[1] - n[0]; extra <= 0 || extra > n[0]/100 {
			t.Errorf("%d %s are repeated, of %d, want a few, less than 1 %%", extra, what, n[0])
		}
	}
}

// A pure pair has one probe, before the first of its runs: two instances of its optimizer.
func TestOneProbe(t *testing.T) {
	count := func(plugin string) (opened int64, runs int) {
		p, o, _ := strangers(nil, nil)
		p.Origin.Plugin, o.Origin.Plugin = plugin, plugin
		var opens atomic.Int64
		open := o.New64
		o.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			opens.Add(1)
			return open(s)
		}
		campaign, err := NewCampaign(plainPlan(), definitions{p, []protocol.OptimizerDef{o}})
		if err != nil {
			t.Fatal(err)
		}
		cells, err := campaign.Execute(context.Background(), Options{Store: newMemoryStore(), Parallel: 2})
		if err != nil {
			t.Fatal(err)
		}
		return opens.Load(), len(cells[0].Runs)
	}
	for plugin, probes := range map[string]int64{protocol.BuiltIn: 0, "stranger": 2} {
		if opened, runs := count(plugin); runs != 3 || opened != 3+probes {
			t.Errorf("plugin %s: %d runs and %d optimizers opened, want 3 and %d", plugin, runs, opened, 3+probes)
		}
	}
}

// An impure definition is found once: it is not tried again, whether the probe finds it or a run.
func TestImpureOnce(t *testing.T) {
	for name, late := range map[string]float64{"at once": 0, "after a while": 50} {
		opened, calls := 0, 0.0
		p, o, _ := strangers(func(p points) skewed {
			opened++
			return skewed{points: &p, measured: func(_ []float64, m *protocol.Measurement[float64]) {
				if calls++; calls > late {
					m.Gradient[1] += 1e-9 * calls
				}
			}}
		}, nil)
		plan := plainPlan()
		plan.Replicates, plan.Problems[0].Budget = 1, 4*5000
		campaign, err := NewCampaign(plan, definitions{p, []protocol.OptimizerDef{o}})
		if err != nil {
			t.Fatal(err)
		}
		cells, err := campaign.Execute(context.Background(), Options{Store: newMemoryStore(), Parallel: 1})
		if err != nil {
			t.Fatal(err)
		}
		want := 2 // to see that it opens, and for the probe
		if late > 0 {
			want = 4 // the probe's second run, and the run
		}
		if opened != want || len(cells[0].Failed) != 1 {
			t.Errorf("%s: the problem was opened %d times, want %d; failed runs: %q", name, opened, want, cells[0].Failed)
		}
	}
}
