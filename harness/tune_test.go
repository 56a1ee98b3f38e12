package harness

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// The first bᵏ elements of a sequence in base b fall one into each of bᵏ equal parts, whatever the
// permutations.
func TestHaltonFillsEvenly(t *testing.T) {
	for _, base := range []int{2, 3, 5, 7} {
		for seed := range uint64(5) {
			h := newHalton(base, seed, 0)
			for n := base; n <= 1000; n *= base {
				hit := make([]bool, n)
				for i := range n {
					hit[int(h.at(i)*float64(n))] = true
				}
				if slices.Contains(hit, false) {
					t.Errorf("base %d, seed %d: the first %d elements leave a part of %d empty", base, seed, n, n)
				}
			}
		}
	}
}

func TestNextPrime(t *testing.T) {
	var got []int
	for p := 1; len(got) < 10; {
		p = nextPrime(p)
		got = append(got, p)
	}
	if want := []int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}; !slices.Equal(got, want) {
		t.Errorf("primes are %v, want %v", got, want)
	}
}

var tunable = []protocol.Hyperparameter{
	protocol.StepSizeParameter(0.1), protocol.Fraction("beta", "", 0.9), protocol.NonNegative("weight_decay", "", 0),
	protocol.Count("steps", "", 10, 1),
}

// Settings are the same on every machine and in every version, since they are part of a plan's
// identity.
func TestFillIsPinned(t *testing.T) {
	entry := protocol.OptimizerEntry{Tune: map[string][]float64{
		"step_size": {1e-4, 1}, "beta": {0.5, 0.99}, "weight_decay": {1e-5, 0.1}, "steps": {1, 4},
	}}
	s := mustSweep(t, tunable, entry, 5)
	var got []string
	for _, p := range s.points {
		got = append(got, p.String())
	}
	want := []string{
		"beta=0.906 step_size=0.03464 steps=1 weight_decay=0.007182",
		"beta=0.661 step_size=0.001608 steps=2 weight_decay=0.001927",
		"beta=0.7835 step_size=0.7463 steps=3 weight_decay=0.0001387",
		"beta=0.5385 step_size=0.004474 steps=1 weight_decay=0.09979",
		"beta=0.9673 step_size=0.0002077 steps=4 weight_decay=3.72e-05",
	}
	if !slices.Equal(got, want) {
		t.Errorf("settings are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Step sizes and decays are spread evenly by their logarithms, fractions by themselves, and whole
// numbers are rounded; all stay in their ranges, and what is not tuned keeps its value.
func TestFillKeepsScales(t *testing.T) {
	entry := protocol.OptimizerEntry{
		Set:  protocol.Setting{"weight_decay": 0.5},
		Tune: map[string][]float64{"step_size": {1e-4, 1}, "beta": {0.2, 0.6}, "steps": {1, 4}},
	}
	const n = 256
	s := mustSweep(t, tunable, entry, n)
	if len(s.points) != n {
		t.Fatalf("there are %d settings, want %d", len(s.points), n)
	}
	share := func(name string, in func(v float64) bool) float64 {
		k := 0
		for _, p := range s.points {
			if in(p[name]) {
				k++
			}
		}
		return float64(k) / n
	}
	for what, c := range map[string]struct{ got, want float64 }{
		"step sizes below 1e-2":  {share("step_size", func(v float64) bool { return v < 1e-2 }), 0.5},
		"step sizes above 0.1":   {share("step_size", func(v float64) bool { return v > 0.1 }), 0.25},
		"step sizes in range":    {share("step_size", func(v float64) bool { return v >= 1e-4 && v <= 1 }), 1},
		"fractions below 0.3":    {share("beta", func(v float64) bool { return v < 0.3 }), 0.25},
		"fractions in range":     {share("beta", func(v float64) bool { return v >= 0.2 && v <= 0.6 }), 1},
		"whole numbers":          {share("steps", func(v float64) bool { return v == math.Trunc(v) && v >= 1 && v <= 4 }), 1},
		"numbers that are 1":     {share("steps", func(v float64) bool { return v == 1 }), 0.25},
		"numbers that are 4":     {share("steps", func(v float64) bool { return v == 4 }), 0.25},
		"what the plan sets":     {share("weight_decay", func(v float64) bool { return v == 0.5 }), 1},
		"the smaller third of β": {share("beta", func(v float64) bool { return v < 0.2+0.4/3 }), 1. / 3},
	} {
		if math.Abs(c.got-c.want) > 0.03 || c.want == 1 && c.got != 1 {
			t.Errorf("%s: %.3f of the settings, want %.3f", what, c.got, c.want)
		}
	}
	if s.fixed["step_size"] != 0.1 || s.fixed["beta"] != 0.9 {
		t.Errorf("the one-shot setting is %v, want the declared defaults of what is tuned", s.fixed)
	}
	other, err := newSweep(&protocol.OptimizerDef{Hyperparameters: tunable}, entry, &protocol.Tuning{Runs: n, Seed: new(uint64(7))}, false)
	if err != nil || maps.Equal(other.points[0], s.points[0]) {
		t.Errorf("another tuning seed gives the setting %v again, %v", other.points[0], err)
	}
}

// Whole numbers that run out give as many settings as there are, each once.
func TestFillOfFewWholeNumbers(t *testing.T) {
	s := mustSweep(t, tunable, protocol.OptimizerEntry{Tune: map[string][]float64{"steps": {3, 6}}}, 12)
	var got []float64
	for _, p := range s.points {
		got = append(got, p["steps"])
	}
	slices.Sort(got)
	if !slices.Equal(got, []float64{3, 4, 5, 6}) {
		t.Errorf("numbers are %v, want each of 3 to 6 once", got)
	}
}

func TestFillRefuses(t *testing.T) {
	for want, ranges := range map[string]map[string][]float64{
		"did you mean step_size?":                                  {"step_sise": {0.1, 1}},
		"weight_decay starts at 0, which has no logarithm":         {"weight_decay": {0, 0.1}},
		"step_size starts at 0, which has no logarithm":            {"step_size": {0, 0.1}},
		"tune.beta is [0.5, 1]: beta is 1, want a value in [0, 1)": {"beta": {0.5, 1}},
		"steps is 0, want a value in [1, +Inf), whole numbers":     {"steps": {0, 4}},
		"steps is 1.5": {"steps": {1.5, 4}},
	} {
		_, err := newSweep(&protocol.OptimizerDef{Hyperparameters: tunable}, protocol.OptimizerEntry{Tune: ranges}, &protocol.Tuning{Runs: 3}, false)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ranges %v give error %v, want one with %q", ranges, err, want)
		}
	}
}

// A plugin that does not declare the scale of its step size has a logarithmic one all the same.
func TestStepSizeIsLogarithmic(t *testing.T) {
	h := protocol.StepSizeParameter(0.1)
	h.Log = false
	a := axis{h, 1e-4, 1, newHalton(2, 0, 0)}
	below := 0
	for i := range 64 {
		if a.at(i) < 1e-2 {
			below++
		}
	}
	if below != 32 {
		t.Errorf("%d of 64 step sizes in [1e-4, 1] are below 1e-2, want half", below)
	}
}

// A cell with ranges makes the plan's number of tuning runs, keeps the best setting, and warns if
// it is extreme.
func TestCampaignTunesOverRanges(t *testing.T) {
	plan := testPlan()
	plan.Optimizers = []protocol.OptimizerEntry{
		{Optimizer: "scripted", Tune: map[string][]float64{"step_size": {1e-3, 0.19}}},
		{Optimizer: "scripted", Name: "low", Tune: map[string][]float64{"step_size": {1e-6, 1e-4}}},
	}
	plan.Tuning.Runs, plan.Tuning.TieSeeds = 9, -1
	c := testCampaign(t, plan)
	cells := mustExecute(t, c, newMemoryStore(), 2)
	for i, cell := range cells {
		if len(cell.Tuning) != 9 || len(cell.Runs) != 10 || len(cell.OneShot) != 10 || cell.Missing != 0 || cell.Capped {
			t.Errorf("%s: %d tuning runs, %d replicates, %d one-shot runs, %d missing, capped %t; want 9, 10, 10, 0, false",
				cell.Optimizer, len(cell.Tuning), len(cell.Runs), len(cell.OneShot), cell.Missing, cell.Capped)
		}
		best := slices.MinFunc(cell.Tuning, func(a, b *results.Record) int {
			return compare(outcomeFor(&c.Plan, a), outcomeFor(&c.Plan, b), false)
		})
		if !maps.Equal(cell.Setting, best.Run.Optimizer.Setting) {
			t.Errorf("%s: chose %v, want the best of all, %v", cell.Optimizer, cell.Setting, best.Run.Optimizer.Setting)
		}
		if want := plan.Optimizers[i].Tune["step_size"]; !slices.Equal(cell.Ranges["step_size"], want) || !slices.Equal(cell.Tuned, []string{"step_size"}) {
			t.Errorf("%s: tuned %v over %v, want step_size over %v", cell.Optimizer, cell.Tuned, cell.Ranges, want)
		}
		if most := c.Forecast()[i].Runs; most != 9+10+10 {
			t.Errorf("%s: at most %d runs are forecast, want 29", cell.Optimizer, most)
		}
	}
	if want := []results.Edge{{Name: "step_size", Above: true}}; !slices.Equal(cells[1].Edges, want) {
		t.Errorf("all step sizes are too small, but the edges are %v, want %v", cells[1].Edges, want)
	}
}

// Schedule, clipping and epochs of a plan reach the runs, and nothing else changes them.
func TestCampaignPassesOnWhatEntriesSay(t *testing.T) {
	plan := testPlan()
	cosine, warmup := &protocol.Schedule{Decay: protocol.Cosine}, &protocol.Schedule{Warmup: 0.1}
	plan.Schedule = warmup
	plan.Problems = []protocol.ProblemEntry{{Problem: "points", Epochs: 2.5}}
	plan.Optimizers = []protocol.OptimizerEntry{
		{Optimizer: "scripted"},
		{Optimizer: "scripted", Name: "own", Schedule: cosine, Clip: 0.5},
	}
	c := testCampaign(t, plan)
	cells, _ := c.Cells(func(string) *results.Record { return nil })
	for i, want := range []results.Run{{Schedule: *warmup}, {Schedule: *cosine, Clip: 0.5}} {
		run := c.cells[i].run(c.cells[i].sweep.fixed, 0)
		if !run.Schedule.Equal(want.Schedule) || run.Clip != want.Clip || run.Budget != 50 {
			t.Errorf("%s: schedule %s, clip %g, budget %d; want %s, %g and 50", cells[i].Optimizer, run.Schedule, run.Clip, run.Budget,
				want.Schedule, want.Clip)
		}
	}
	if cells[0].Schedule != nil || cells[0].Clip != 0 {
		t.Errorf("the cell of the plain entry has a schedule of its own, %v, or clip %g", cells[0].Schedule, cells[0].Clip)
	}
	if s := cells[1].Schedule; s == nil || !s.Equal(*cosine) || cells[1].Clip != 0.5 {
		t.Errorf("the other cell's schedule is %v and clip %g, want the entry's", s, cells[1].Clip)
	}
}

// A pair that does not fit has no runs and states the reason; the rest of the plan is run.
func TestCampaignGoesOnWithoutImpossiblePairs(t *testing.T) {
	needy, narrow := scriptedDef(nil, nil), scriptedDef(nil, nil)
	needy.Name, needy.Needs = "needy", protocol.Hessian
	narrow.Name, narrow.New32, narrow.New64 = "narrow", func(protocol.Start) (protocol.Optimizer[float32], protocol.Request, error) {
		return nil, protocol.Request{}, fmt.Errorf("never opened")
	}, nil
	plan := testPlan()
	plan.Optimizers = []protocol.OptimizerEntry{{Optimizer: "needy"}, {Optimizer: "scripted"}, {Optimizer: "narrow"}}
	c := testCampaign(t, plan, needy, scriptedDef(nil, nil), narrow)
	cells := mustExecute(t, c, newMemoryStore(), 2)
	for i, want := range []string{"optimizer needy needs hessian, which the problem does not measure", "", "optimizer narrow has no float64 version"} {
		cell := cells[i]
		if want == "" && cell.Impossible != "" || !strings.Contains(cell.Impossible, want) {
			t.Errorf("%s is impossible: %q, want %q", cell.Optimizer, cell.Impossible, want)
		}
		runs := 10
		if want != "" {
			runs = 0
		}
		if len(cell.Runs) != runs || cell.Missing != 0 || len(cell.Failed) != 0 {
			t.Errorf("%s has %d runs, %d missing, %v failed; want %d and none", cell.Optimizer, len(cell.Runs), cell.Missing, cell.Failed, runs)
		}
		if f := c.Forecast()[i]; f.Impossible != cell.Impossible || (f.Runs == 0) != (want != "") {
			t.Errorf("%s: %d runs are forecast, impossible: %q", f.Optimizer, f.Runs, f.Impossible)
		}
	}
	costs, err := c.Estimate(context.Background(), nil, nil)
	if err != nil || costs[0].Time != 0 || costs[1].Time <= 0 || costs[1].Fault != nil {
		t.Errorf("the estimates are %v, %v; want one for the second pair alone", costs, err)
	}
}

// The estimate takes each sample once, and names the optimizer that could not be sampled.
func TestEstimate(t *testing.T) {
	calls := &callLog{}
	var seen []protocol.Measurement[float64]
	faulty := scriptedDef(func(t int) protocol.Request {
		if t >= 0 {
			return protocol.Request{BatchSize: -99}
		}
		return protocol.Request{}
	}, nil)
	faulty.Name = "faulty"
	plan := testPlan()
	plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{Optimizer: "faulty"})
	c, err := NewCampaign(plan, definitions{pointsDef(20, calls), []protocol.OptimizerDef{scriptedDef(nil, &seen), faulty}})
	if err != nil {
		t.Fatal(err)
	}
	costs, err := c.Estimate(context.Background(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, cost := range costs[:4] {
		if cost.Time <= 0 || cost.Fault != nil {
			t.Errorf("the cost of cell %d is %v", i, cost)
		}
	}
	if costs[4].Fault == nil || !strings.Contains(costs[4].Fault.Error(), "scripted fault") {
		t.Errorf("the cost of the faulty optimizer is %v, want its fault", costs[4])
	}
	if calls.closed != 1+2 { // evaluations; measurements at batch sizes 4 and 2
		t.Errorf("the problem was opened %d times, want 3: cells share samples", calls.closed)
	}
	sizes := map[int]bool{}
	for _, batch := range calls.measured {
		sizes[len(batch)] = true
	}
	if !maps.Equal(sizes, map[int]bool{4: true, 2: true}) {
		t.Errorf("measured batches of %v, want those of the plan, 4 and 2", sizes)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Estimate(ctx, nil, nil); err != context.Canceled {
		t.Errorf("after an interruption the estimate returns %v", err)
	}
}

// An entry without a name gets the name of its optimizer, unless another entry has that name.
func TestCampaignNamesEntries(t *testing.T) {
	d := aliases{definitions{pointsDef(20, &callLog{}), []protocol.OptimizerDef{scriptedDef(nil, nil)}}}
	names := func(entries ...protocol.OptimizerEntry) (names []string) {
		plan := testPlan()
		plan.Problems[0].Problem = "./path:points"
		plan.Optimizers = entries
		c, err := NewCampaign(plan, d)
		if err != nil {
			t.Fatal(err)
		}
		if name := c.Plan.Problems[0].Name; name != "points" {
			t.Errorf("the problem is called %q, want points", name)
		}
		cells, _ := c.Cells(func(string) *results.Record { return nil })
		for i, o := range c.Plan.Optimizers {
			names = append(names, o.Name)
			if cells[i].Optimizer != o.Name {
				t.Errorf("the cell of %s is called %s", o.Name, cells[i].Optimizer)
			}
		}
		return names
	}
	path, bare := protocol.OptimizerEntry{Optimizer: "./path"}, protocol.OptimizerEntry{Optimizer: "scripted"}
	other := protocol.OptimizerEntry{Optimizer: "./other:scripted"}
	named := protocol.OptimizerEntry{Optimizer: "./path", Name: "mine"}
	for _, c := range []struct {
		entries []protocol.OptimizerEntry
		want    []string
	}{
		{[]protocol.OptimizerEntry{path}, []string{"scripted"}},
		{[]protocol.OptimizerEntry{path, bare}, []string{"./path", "scripted"}},
		{[]protocol.OptimizerEntry{path, other}, []string{"./path", "./other:scripted"}},
		{[]protocol.OptimizerEntry{named, other}, []string{"mine", "scripted"}},
		{[]protocol.OptimizerEntry{path, {Optimizer: "./other:scripted", Name: "scripted"}}, []string{"./path", "scripted"}},
	} {
		if got := names(c.entries...); !slices.Equal(got, c.want) {
			t.Errorf("entries are called %v, want %v", got, c.want)
		}
	}
}

// aliases finds definitions by a path, too.
type aliases struct{ definitions }

func (d aliases) Problem(string) (protocol.ProblemDef, error) { return d.problem, nil }

func (d aliases) Optimizer(string) (protocol.OptimizerDef, error) { return d.optimizers[0], nil }
