package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"noisebench/protocol"
	"noisebench/results"
)

func testPlan() protocol.Plan {
	return protocol.Plan{
		Name:     "test",
		Problems: []protocol.ProblemEntry{{Problem: "points", Budget: 400}},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "scripted"},
			{Optimizer: "scripted", Name: "small-batch", BatchSize: 2},
			{Optimizer: "scripted", Name: "fixed", Set: protocol.Setting{"step_size": 0.05}},
			{Optimizer: "scripted", Name: "grid", Sweep: map[string][]float64{"step_size": {0.01, 0.1}}},
		},
	}
}

func testCampaign(t *testing.T, plan protocol.Plan, optimizers ...protocol.OptimizerDef) *Campaign {
	t.Helper()
	if optimizers == nil {
		optimizers = []protocol.OptimizerDef{scriptedDef(nil, nil)}
	}
	c, err := NewCampaign(plan, definitions{pointsDef(20, &callLog{}), optimizers})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustExecute(t *testing.T, c *Campaign, store Store, parallel int) []results.Cell {
	t.Helper()
	cells, err := c.Execute(context.Background(), Options{Store: store, Parallel: parallel})
	if err != nil {
		t.Fatal(err)
	}
	return cells
}

func TestCampaignRunsThePlan(t *testing.T) {
	store := newMemoryStore()
	c := testCampaign(t, testPlan())
	var last Progress
	cells, err := c.Execute(context.Background(), Options{Store: store, Parallel: 2, Progress: func(p Progress) { last = p }})
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range cells {
		if cell.Missing != 0 || len(cell.Failed) != 0 || len(cell.Runs) != 10 {
			t.Errorf("%s: %d runs, %d missing, failed %v; want 10 runs and nothing else", cell.Optimizer, len(cell.Runs), cell.Missing, cell.Failed)
		}
		tuned := cell.Optimizer != "fixed"
		if (len(cell.Tuned) > 0) != tuned || (len(cell.Tuning) > 0) != tuned || (len(cell.OneShot) > 0) != tuned {
			t.Errorf("%s: tuned %v by %d runs, one-shot %d", cell.Optimizer, cell.Tuned, len(cell.Tuning), len(cell.OneShot))
		}
		for _, r := range cell.Tuning { // R6
			if r.Run.Seed < 1000 || r.Run.Seed > 1003 {
				t.Errorf("%s: tuned on seed %d", cell.Optimizer, r.Run.Seed)
			}
		}
		for i, r := range cell.Runs {
			if r.Run.Seed != uint64(i) || !maps.Equal(r.Run.Optimizer.Setting, cell.Setting) {
				t.Errorf("%s: replicate %d has seed %d and setting %v", cell.Optimizer, i, r.Run.Seed, r.Run.Optimizer.Setting)
			}
		}
	}
	if got := cells[1].Runs[0].Run.BatchSize; got != 2 {
		t.Errorf("the entry's batch size became %d, want 2", got)
	}
	if last.Left != 0 || last.Done != len(store.commits) {
		t.Errorf("the last progress is %d done, %d left; want %d and 0", last.Done, last.Left, len(store.commits))
	}
	// The same plan again finds everything done.
	before := len(store.commits)
	again := mustExecute(t, c, store, 2)
	if len(store.commits) != before {
		t.Errorf("%d runs were made again", len(store.commits)-before)
	}
	if d := cmp.Diff(stripped(cells), stripped(again)); d != "" {
		t.Error(d)
	}
}

// stripped returns the cells without the parts that are not reproducible.
func stripped(cells []results.Cell) []results.Cell {
	cells = slices.Clone(cells)
	for i := range cells {
		for _, list := range []*[]*results.Record{&cells[i].Runs, &cells[i].OneShot, &cells[i].Tuning} {
			*list = slices.Clone(*list)
			for j, r := range *list {
				clone := *r
				clone.Host, clone.Trace = results.Host{}, nil
				(*list)[j] = &clone
			}
		}
	}
	return cells
}

// R2, R8: neither the number of runs side by side nor an interruption after any number of runs
// changes a record.
func TestCampaignIsReproducible(t *testing.T) {
	want := newMemoryStore()
	cells := mustExecute(t, testCampaign(t, testPlan()), want, 1)

	side := newMemoryStore()
	if d := cmp.Diff(stripped(cells), stripped(mustExecute(t, testCampaign(t, testPlan()), side, 8))); d != "" {
		t.Errorf("8 runs side by side differ from 1:\n%s", d)
	}

	for _, stop := range []int{1, 7, 20, 45} {
		store := newMemoryStore()
		ctx, cancel := context.WithCancel(context.Background())
		_, err := testCampaign(t, testPlan()).Execute(ctx, Options{Store: store, Parallel: 3, Progress: func(p Progress) {
			if p.Done >= stop {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped execution returned %v, want %v", err, context.Canceled)
		}
		first := slices.Clone(store.commits)
		// memoryStore refuses a run made twice
		got := mustExecute(t, testCampaign(t, testPlan()), store, 3)
		if d := cmp.Diff(stripped(cells), stripped(got)); d != "" {
			t.Errorf("stopped after %d runs and continued, the cells differ:\n%s", len(first), d)
		}
	}
}

// Tables can be derived from any subset of the records, without running anything.
func TestCellsOfAnUnfinishedPlan(t *testing.T) {
	store := newMemoryStore()
	c := testCampaign(t, testPlan())
	mustExecute(t, c, store, 2)
	for keep := 0; keep <= len(store.commits); keep += 5 {
		kept := store.commits[:keep]
		cells, due := c.Cells(func(id string) *results.Record {
			if slices.Contains(kept, id) {
				return store.records[id]
			}
			return nil
		})
		missing := 0
		for i, cell := range cells {
			missing += cell.Missing
			if cell.Missing < len(due[i]) {
				t.Errorf("%d runs kept: %s misses %d runs, but %d are due", keep, cell.Optimizer, cell.Missing, len(due[i]))
			}
			for _, task := range due[i] {
				if slices.Contains(kept, task.Run.ID()) {
					t.Errorf("%d runs kept: a finished run is due again", keep)
				}
			}
		}
		if (missing == 0) != (keep == len(store.commits)) {
			t.Errorf("%d of %d runs kept: %d missing", keep, len(store.commits), missing)
		}
	}
}

// A run that fails once is made again; one that fails twice is reported, and the campaign goes on
// without it.
func TestCampaignSurvivesFaults(t *testing.T) {
	var opened atomic.Int64
	flaky := scriptedDef(nil, nil)
	flaky.Name = "flaky"
	open := flaky.New64
	flaky.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		if opened.Add(1)%2 == 1 {
			return nil, protocol.Request{}, errors.New("try again")
		}
		return open(s)
	}
	unlucky := scriptedDef(nil, nil)
	unlucky.Name = "unlucky"
	unlucky.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		if s.Seed == 4 {
			return nil, protocol.Request{}, errors.New("I hate four")
		}
		return open(s)
	}
	broken := scriptedDef(nil, nil)
	broken.Name = "broken"
	broken.New64 = func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		return nil, protocol.Request{}, errors.New("never")
	}
	plan := testPlan()
	plan.Optimizers = []protocol.OptimizerEntry{{Optimizer: "flaky"}, {Optimizer: "unlucky"}, {Optimizer: "broken"}}
	store := newMemoryStore()
	cells := mustExecute(t, testCampaign(t, plan, flaky, unlucky, broken), store, 1)
	if c := cells[0]; c.Missing != 0 || len(c.Failed) != 0 || len(c.Runs) != 10 {
		t.Errorf("flaky: %d runs, %d missing, failed %v", len(c.Runs), c.Missing, c.Failed)
	}
	if c := cells[1]; len(c.Runs) != 9 || len(c.OneShot) != 9 || len(c.Failed) == 0 || !strings.Contains(c.Failed[0], "I hate four") {
		t.Errorf("unlucky: %d and %d runs, failed %v; want 9 and 9, and the reason", len(c.Runs), len(c.OneShot), c.Failed)
	}
	if c := cells[2]; c.Setting != nil || c.Missing == 0 || len(c.Failed) == 0 || len(c.Failed) > 4 {
		t.Errorf("broken: %+v; want no setting and few attempts", c)
	}
}

// A store that is full ends the campaign, without losing what is in it.
func TestCampaignEndsWithTheStore(t *testing.T) {
	store := newMemoryStore()
	store.full = 5
	_, err := testCampaign(t, testPlan()).Execute(context.Background(), Options{Store: store, Parallel: 3})
	if err == nil || !strings.Contains(err.Error(), "no space left") || len(store.commits) != 5 {
		t.Errorf("error %v after %d commits, want \"no space left\" after 5", err, len(store.commits))
	}
}

// A problem whose spec names a dtype that it cannot be opened as is refused before anything runs.
func TestNewCampaignRefusesProblemWithoutConstructor(t *testing.T) {
	p := pointsDef(20, &callLog{})
	p.New64 = nil
	_, err := NewCampaign(testPlan(), definitions{p, []protocol.OptimizerDef{scriptedDef(nil, nil)}})
	if want := "its specification names float64, but the definition has no constructor for it"; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want it to contain %q", err, want)
	}
}

// lateStore lacks every run until it is asked a second time: as if another harness had made it
// meanwhile.
type lateStore struct {
	*memoryStore
	asked *sync.Map // IDs
}

func (s lateStore) Lookup(id string) (*results.Record, bool, error) {
	if _, again := s.asked.LoadOrStore(id, true); !again {
		return nil, false, nil
	}
	return s.memoryStore.Lookup(id)
}

// R8: a run that another harness on the same store has finished is not made again, which
// memoryStore would refuse.
func TestCampaignTakesWhatOthersMade(t *testing.T) {
	store := newMemoryStore()
	want := mustExecute(t, testCampaign(t, testPlan()), store, 1)
	var last Progress
	got, err := testCampaign(t, testPlan()).Execute(t.Context(), Options{
		Store: lateStore{store, new(sync.Map)}, Parallel: 1, Progress: func(p Progress) { last = p },
	})
	if err != nil {
		t.Fatal(err)
	}
	if last.Found != len(store.commits) || last.Done != last.Found {
		t.Errorf("%d runs of %d were found, want all %d", last.Found, last.Done, len(store.commits))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the cells differ (-made +found):\n%s", diff)
	}
}

// The tie step reruns settings that are equal for practical purposes under further tuning seeds.
func TestTieStep(t *testing.T) {
	plan := testPlan().WithDefaults()
	c := testCampaign(t, plan).cells[0]
	value := map[float64]map[uint64]float64{ // by step size and seed; start is 100
		0.1: {1000: 10.0, 1001: 14, 1002: 14, 1003: 14},
		0.3: {1000: 10.5, 1001: 12, 1002: 12, 1003: 12},
		// within 1 % of 100 − 10, the third of the tied
		0.06: {1000: 10.6, 1001: 11, 1002: 11, 1003: 16},
		// within too, but only three settings are rerun
		0.03: {1000: 10.7, 1001: 1, 1002: 1, 1003: 1},
		0.6:  {1000: 50}, 1: {1000: 60}, 3: {1000: 99}, 6: {1000: 99.5}, 10: {1000: 200}, 0.01: {1000: 60}, 0.001: {1000: 90}, 0.006: {1000: 80}, 0.003: {1000: 80},
	}
	var asked []string
	records := map[string]*results.Record{}
	find := func(id string) *results.Record { return records[id] }
	for α, seeds := range value {
		for seed, v := range seeds {
			run := c.run(protocol.Setting{protocol.StepSize: α}, seed)
			point := func(v float64) results.Point {
				value := results.Value{Loss: protocol.Number(v), Metric: protocol.Number(v)}
				return results.Point{Train: value, Validation: &value, Test: &value}
			}
			records[run.ID()] = &results.Record{
				Run: run, Spec: c.spec, Points: []results.Point{point(100), point(v)}, End: results.End{Status: results.OK},
			}
		}
	}
	cell, due := c.state(find)
	for _, task := range due {
		if task.Purpose == ForSweep || task.Purpose == ForTie {
			asked = append(asked, fmt.Sprint(task.Run.Optimizer.Setting, task.Run.Seed))
		}
	}
	if len(asked) > 0 {
		t.Fatalf("the world lacks the runs %v", asked)
	}
	if got := cell.Setting[protocol.StepSize]; got != 0.3 {
		t.Errorf("the tie step chose %v, want 0.3: its mean over the further seeds is best", got)
	}
	if tuning := len(cell.Tuning); tuning < 6+9 {
		t.Errorf("the cell books %d tuning runs, want the sweep's and the tie step's 9", tuning)
	}
}

func TestNewCampaignRefuses(t *testing.T) {
	chooser := scriptedDef(nil, nil)
	chooser.Name, chooser.ChoosesBatchSize = "chooser", true
	for _, test := range []struct {
		name string
		bend func(*protocol.Plan)
		want string
	}{
		{"no name", func(p *protocol.Plan) { p.Name = "" }, "has no name"},
		{"unknown problem", func(p *protocol.Plan) { p.Problems[0].Problem = "pointz" }, `did you mean points?`},
		{"unknown optimizer", func(p *protocol.Plan) { p.Optimizers[0].Optimizer = "scriptet" }, `did you mean scripted?`},
		{"unknown parameter", func(p *protocol.Plan) { p.Problems[0].With = protocol.Setting{"spred": 1} }, "did you mean spread?"},
		{"unknown hyperparameter", func(p *protocol.Plan) { p.Optimizers[0].Set = protocol.Setting{"step_sise": 1} }, "did you mean step_size?"},
		{"out of range", func(p *protocol.Plan) { p.Optimizers[0].Set = protocol.Setting{"step_size": -1} }, "want a value in (0, +Inf)"},
		{"batch size of a chooser", func(p *protocol.Plan) {
			p.Optimizers[0] = protocol.OptimizerEntry{Optimizer: "chooser", BatchSize: 8}
		}, "leave batch_size out"},
		{"tiny budget", func(p *protocol.Plan) { p.Problems[0].Budget = 3 }, "want at least one for each of the 25 evaluations"},
	} {
		plan := testPlan()
		test.bend(&plan)
		_, err := NewCampaign(plan, definitions{pointsDef(20, &callLog{}), []protocol.OptimizerDef{scriptedDef(nil, nil), chooser}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %v, want it to contain %q", test.name, err, test.want)
		}
	}
}
