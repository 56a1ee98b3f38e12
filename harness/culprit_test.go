package harness

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// faulty fails at Close, as a plugin does that hangs there.
type faulty struct{ *points }

func (faulty) Close() error {
	return &protocol.Fault{Plugin: "culprit", Call: "Close", Err: errors.New("killed")}
}

// Wherever a problem's plugin fails, only its own runs do: those of another problem are all there.
// One failure is forgiven, and a run whose numbers are complete is kept.
func TestFailingProblemFailsAlone(t *testing.T) {
	fault := &protocol.Fault{Plugin: "culprit", Call: "Spec", Err: errors.New("the process ended")}
	for _, c := range []struct {
		name       string
		spec, open func(call int64) bool // whether the call of the problem with spread 2 fails
		badClose   bool
		runs       int // of that problem
		impossible bool
	}{
		{name: "never", runs: 10},
		{name: "Spec", spec: func(int64) bool { return true }, impossible: true},
		{name: "Spec once", spec: func(call int64) bool { return call == 1 }, runs: 10},
		{name: "New", open: func(int64) bool { return true }, impossible: true},
		{name: "New once", open: func(call int64) bool { return call == 1 }, runs: 10},
		{name: "New after the start", open: func(call int64) bool { return call > 1 }},
		{name: "New now and then", open: func(call int64) bool { return call%3 == 0 }, runs: 10},
		{name: "Close", badClose: true, runs: 10},
	} {
		var specs, opens atomic.Int64
		d := pointsDef(20, &callLog{})
		spec, open := d.Spec, d.New64
		d.Spec = func(s protocol.Setting) (protocol.ProblemSpec, error) {
			if s["spread"] == 2 && c.spec != nil && c.spec(specs.Add(1)) {
				return protocol.ProblemSpec{}, fault
			}
			return spec(s)
		}
		d.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
			if s["spread"] == 2 && c.open != nil && c.open(opens.Add(1)) {
				return nil, fault
			}
			p, err := open(s)
			if s["spread"] == 2 && c.badClose {
				return faulty{p.(*points)}, err
			}
			return p, err
		}
		plan := testPlan()
		plan.Problems = append(plan.Problems, protocol.ProblemEntry{
			Problem: "points", Name: "culprit", With: protocol.Setting{"spread": 2}, Budget: 400,
		})
		plan.Optimizers = plan.Optimizers[2:3] // whose step size is fixed
		campaign, err := NewCampaign(plan, definitions{d, []protocol.OptimizerDef{scriptedDef(nil, nil)}})
		if err != nil {
			t.Errorf("%s: the plan ends: %v", c.name, err)
			continue
		}
		cells, err := campaign.Execute(context.Background(), Options{Store: newMemoryStore(), Parallel: 1})
		if err != nil {
			t.Errorf("%s: the plan ends: %v", c.name, err)
			continue
		}
		if healthy := cells[0]; len(healthy.Runs) != 10 || len(healthy.Failed) > 0 || healthy.Impossible != "" {
			t.Errorf("%s: the other problem has %d runs and %v failed, want 10 and none", c.name, len(healthy.Runs), healthy.Failed)
		}
		culprit := cells[1]
		if len(culprit.Runs) != c.runs || (culprit.Impossible != "") != c.impossible {
			t.Errorf("%s: it has %d runs, impossible: %q; want %d and %t", c.name, len(culprit.Runs), culprit.Impossible, c.runs, c.impossible)
		}
		if c.impossible && !strings.Contains(culprit.Impossible, "culprit") {
			t.Errorf("%s: %q does not name the culprit", c.name, culprit.Impossible)
		}
		if c.runs == 0 && !c.impossible && len(culprit.Failed) == 0 {
			t.Errorf("%s: no failed run is listed", c.name)
		}
		for _, r := range culprit.Failed {
			if !strings.Contains(r, "culprit") {
				t.Errorf("%s: a failed run has the reason %q", c.name, r)
			}
		}
	}
}

// If nothing is left, the plan ends with the fault.
func TestFailingProblemAlone(t *testing.T) {
	d := pointsDef(20, &callLog{})
	d.New64 = func(protocol.Setting) (protocol.Problem[float64], error) {
		return nil, &protocol.Fault{Plugin: "culprit", Call: "New", Err: errors.New("the process ended")}
	}
	campaign, err := NewCampaign(testPlan(), definitions{d, []protocol.OptimizerDef{scriptedDef(nil, nil)}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = campaign.Execute(context.Background(), Options{Store: newMemoryStore(), Parallel: 1})
	if err == nil || !strings.Contains(err.Error(), "culprit") {
		t.Errorf("got %v, want the fault", err)
	}
}

// otherProcess makes runs with another process's description of the problem.
type otherProcess struct {
	problem   protocol.ProblemDef
	optimizer protocol.OptimizerDef
}

func (e otherProcess) Make(ctx context.Context, run results.Run, _ *Checkpoints) (*results.Record, error) {
	return Run(ctx, e.problem, e.optimizer, run, nil)
}

// A problem that describes itself otherwise in another process is named, and nothing of it counts.
func TestChangedSpec(t *testing.T) {
	for want, change := range map[string]func(*protocol.ProblemSpec){
		"": func(*protocol.ProblemSpec) {},
		"plugin shifty (points): Spec: it is not what it was for the plan: test is 8, was 7": func(s *protocol.ProblemSpec) { s.Test = 8 },
		"constants is {\"optimum\":1}, was absent":                                           func(s *protocol.ProblemSpec) { s.Constants = map[string]float64{"optimum": 1} },
	} {
		d, o := pointsDef(20, &callLog{}), scriptedDef(nil, nil)
		d.Origin.Plugin, o.Hyperparameters = "shifty", nil
		plan := testPlan()
		plan.Optimizers = []protocol.OptimizerEntry{{Optimizer: o.Name}}
		campaign, err := NewCampaign(plan, definitions{d, []protocol.OptimizerDef{o}})
		if err != nil {
			t.Fatal(err)
		}
		spec := d.Spec
		d.Spec = func(at protocol.Setting) (protocol.ProblemSpec, error) {
			s, err := spec(at)
			change(&s)
			return s, err
		}
		cells, err := campaign.Execute(context.Background(), Options{Store: newMemoryStore(), Parallel: 1, Maker: otherProcess{d, o}})
		if err != nil {
			t.Fatal(err)
		}
		failed := cells[0].Failed
		if runs := len(cells[0].Runs); want == "" && (runs != 10 || len(failed) > 0) || want != "" && (runs > 0 || len(failed) == 0) {
			t.Errorf("%q: %d runs, failed are %q", want, runs, failed)
		}
		for _, f := range failed {
			if !strings.HasPrefix(f, "seed ") || !strings.Contains(f, want) {
				t.Errorf("the reason is %q, want a seed and %q", f, want)
			}
		}
	}
}

// What an optimizer asks for is no claim on memory.
func TestHugeBatches(t *testing.T) {
	for want, q := range map[string]protocol.Request{
		"a batch of 16777217 examples, want at most 16777216":  {BatchSize: maxBatch + 1},
		"all 1099511627776 training examples at once, want at": {Draw: protocol.All},
	} {
		p := pointsDef(20, &callLog{})
		spec := p.Spec
		p.Spec = func(s protocol.Setting) (protocol.ProblemSpec, error) {
			d, err := spec(s)
			d.Train = 1 << 40
			return d, err
		}
		o := scriptedDef(func(t int) protocol.Request {
			if t < 2 {
				return protocol.Request{BatchSize: 4}
			}
			return q
		}, nil)
		record, err := Run(context.Background(), p, o, runOf(p, o, 1, 1<<42), nil)
		if err == nil || !strings.Contains(err.Error(), want) || record.End.Steps != 3 {
			t.Errorf("got %v, want an error with %s in the third step", err, want)
		}
	}
}
