package harness

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"noisebench/protocol"
	"noisebench/results"
)

func TestGridStepSize(t *testing.T) {
	for i, want := range map[int]float64{0: 1, 1: 3, 2: 6, 3: 10, -1: .6, -2: .3, -3: .1, -4: .06, -9: .001, 7: 300} {
		if got := gridStepSize(i); got != want {
			t.Errorf("grid point %d is %v, want %v", i, got, want)
		}
	}
	for i := -40; i <= 40; i++ {
		if got := gridIndex(gridStepSize(i)); got != i {
			t.Errorf("the index of grid point %d is %d", i, got)
		}
	}
	if got := gridStepSize(gridIndex(0.0158)); got != 0.01 {
		t.Errorf("the grid point nearest to 0.0158 is %v, want 0.01", got)
	}
}

// tune runs a sweep against simulated outcomes and returns the settings in the order in which they
// were run.
func tune(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *sweep, world func(protocol.Setting) outcome,
) (order []protocol.Setting, w walk, known knowledge) {
	t.Helper()
	results := map[string]outcome{}
	known = func(setting protocol.Setting) (outcome, bool) {
		o, ok := results[setting.String()]
		return o, ok
	}
	for range 10000 {
		w = s.walk(known)
		if len(w.todo) == 0 {
			return order, w, known
		}
		for _, setting := range w.todo {
			results[setting.String()] = world(setting)
			order = append(order, setting)
		}
	}
	t.Fatalf("the sweep does not end")
	return nil, walk{}, nil
}

func stepSizes(settings []protocol.Setting) []float64 {
	var all []float64
	for _, s := range settings {
		all = append(all, s[protocol.StepSize])
	}
	return all
}

func mustSweep(t interface {
	Helper()
	Fatalf(string, ...any)
}, hyper []protocol.Hyperparameter, entry protocol.OptimizerEntry, runs int,
) *sweep {
	t.Helper()
	s, err := newSweep(&protocol.OptimizerDef{Hyperparameters: hyper}, entry, &protocol.Tuning{Runs: runs, Seed: new(uint64(1000))}, false)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return s
}

// valley simulates outcomes of which the step size best is the best and those above limit are
// unstable.
func valley(best, limit float64) func(protocol.Setting) outcome {
	return func(s protocol.Setting) outcome {
		α := s[protocol.StepSize]
		return outcome{value: math.Abs(math.Log(α / best)), unstable: α > limit}
	}
}

func TestSearchByHand(t *testing.T) {
	for _, test := range []struct {
		name               string
		start, best, limit float64
		want               []float64
		edge, capped       bool // the edge is below
	}{
		// up to 1 (unstable), down to .001, two decades below .1, then its neighbours
		{"best below the limit", .1, .1, .35, []float64{.1, 1, .01, .001, .06, .3, .03}, false, false},
		{"best at the limit", .1, 10, .35, []float64{.1, 1, .01, .001, .06, .3, .6}, false, false},
		{"start unstable", 1, .01, .02, []float64{1, .1, .01, .001, .0001, .006, .03, .003}, false, false},
		{"best far below", .1, .001, 1, []float64{.1, 1, 10, .01, .001, .0001, 1e-5, .0006, .003, .0003}, false, false},
		{"nothing is unstable", .1, .1, math.Inf(1), []float64{.1, 1, 10, .01, .001, .06, .3, .03}, false, false},
		{"runs used up", .1, 1e-11, 1, []float64{.1, 1, 10, .01, .001, .0001, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10}, true, true},
	} {
		s := mustSweep(t, []protocol.Hyperparameter{protocol.StepSizeParameter(test.start)}, protocol.OptimizerEntry{}, 12)
		order, w, known := tune(t, s, valley(test.best, test.limit))
		if got := stepSizes(order); !slices.Equal(got, test.want) {
			t.Errorf("%s: tried %v, want %v", test.name, got, test.want)
		}
		if w.capped != test.capped {
			t.Errorf("%s: capped is %v, want %v", test.name, w.capped, test.capped)
		}
		best := slices.MinFunc(order, func(a, b protocol.Setting) int {
			x, _ := known(a)
			y, _ := known(b)
			return compare(x, y, false)
		})
		var want []results.Edge
		if test.edge {
			want = []results.Edge{{Name: protocol.StepSize}}
		}
		if got := s.edges(best, order); !slices.Equal(got, want) {
			t.Errorf("%s: best step size %v is at the edges %v, want %v", test.name, best[protocol.StepSize], got, want)
		}
	}
}

// For all outcomes, the search ends within its runs, never repeats one and depends on the outcomes
// alone. With a single minimum it finds the best grid point or reports that it was capped.
func TestSearchProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs := rapid.IntRange(1, 40).Draw(t, "runs")
		start := rapid.IntRange(-12, 3).Draw(t, "start")
		best := rapid.IntRange(-15, 6).Draw(t, "best")
		limit := rapid.IntRange(-15, 6).Draw(t, "limit")
		s := mustSweep(t, []protocol.Hyperparameter{protocol.StepSizeParameter(gridStepSize(start))}, protocol.OptimizerEntry{}, runs)
		order, w, known := tune(t, s, valley(gridStepSize(best), gridStepSize(limit)))
		if len(order) > runs {
			t.Fatalf("%d runs, want at most %d", len(order), runs)
		}
		seen := map[string]bool{}
		for _, setting := range order {
			if seen[setting.String()] {
				t.Fatalf("%v was tried twice", setting)
			}
			seen[setting.String()] = true
		}
		if w.capped {
			return
		}
		found := slices.MinFunc(order, func(a, b protocol.Setting) int {
			x, _ := known(a)
			y, _ := known(b)
			return compare(x, y, false)
		})
		if want := gridStepSize(min(best, limit)); found[protocol.StepSize] != want {
			t.Fatalf("found %v, want %v (tried %v)", found[protocol.StepSize], want, stepSizes(order))
		}
		if s.edges(found, order) != nil || len(order) < 6 {
			t.Fatalf("found %v after %v: at the edge, or of fewer than 6 points", found, stepSizes(order))
		}
	})
}

// Too large a step saturates a network at once: the loss falls to that of a constant output and
// then stays there for any larger step, some of which are a little better than others. That must
// neither use up the runs nor hide the steps at which the network learns. The values are those of
// momentum on an autoencoder of MNIST.
func TestSearchLeavesSaturation(t *testing.T) {
	saturated := map[float64]float64{.01: 50.7, .03: 49, .06: 48, .1: 47.8, 1: 59.2, 10: 45.3}
	s := mustSweep(t, []protocol.Hyperparameter{protocol.StepSizeParameter(.01)}, protocol.OptimizerEntry{}, 12)
	order, w, known := tune(t, s, func(setting protocol.Setting) outcome {
		α := setting[protocol.StepSize]
		if v, ok := saturated[α]; ok {
			return outcome{value: v}
		}
		if α > .01 {
			return outcome{value: 45.4}
		}
		return outcome{value: 8 + 10*math.Abs(math.Log10(α/.003))}
	})
	best := slices.MinFunc(order, func(a, b protocol.Setting) int {
		x, _ := known(a)
		y, _ := known(b)
		return compare(x, y, false)
	})
	if best[protocol.StepSize] != .003 || s.edges(best, order) != nil {
		t.Errorf("found %v of %v (capped: %t), want 0.003", best, stepSizes(order), w.capped)
	}
}

// The other tuned hyperparameters share the cap.
func TestSearchOfTwoHyperparameters(t *testing.T) {
	hyper := []protocol.Hyperparameter{
		protocol.StepSizeParameter(.1),
		{Name: "theta", Default: 1, Min: 0, Max: 1, MinOpen: true, Tuned: true, Grid: []float64{.6, .8, 1}},
		protocol.Fraction("mu", "never tuned", .95),
	}
	world := func(s protocol.Setting) outcome {
		o := valley(.1, .5)(s)
		o.value += math.Abs(s["theta"] - .8)
		return o
	}
	s := mustSweep(t, hyper, protocol.OptimizerEntry{}, 12)
	order, w, known := tune(t, s, world)
	best := slices.MinFunc(order, func(a, b protocol.Setting) int {
		x, _ := known(a)
		y, _ := known(b)
		return compare(x, y, false)
	})
	if want := (protocol.Setting{"step_size": .1, "theta": .8, "mu": .95}); !maps.Equal(best, want) {
		t.Errorf("found %v, want %v", best, want)
	}
	if edges := s.edges(best, order); len(order) > 12 || w.capped || edges != nil {
		t.Errorf("%d runs, capped %v, at the edges %v; want at most 12, false, none", len(order), w.capped, edges)
	}
	fixed := mustSweep(t, hyper, protocol.OptimizerEntry{Set: protocol.Setting{"step_size": .3}}, 12)
	if order, _, _ := tune(t, fixed, world); len(order) != 3 {
		t.Errorf("with the step size fixed %d settings were tried, want the 3 of theta", len(order))
	}
}

func TestExplicitGrid(t *testing.T) {
	hyper := []protocol.Hyperparameter{protocol.StepSizeParameter(.1), protocol.Fraction("beta", "", .9)}
	entry := protocol.OptimizerEntry{Sweep: map[string][]float64{"step_size": {.1, .2, .4}, "beta": {0, .9}}}
	s := mustSweep(t, hyper, entry, 2) // the cap is for searches
	order, w, _ := tune(t, s, valley(.2, 1))
	if len(order) != 6 || w.capped {
		t.Errorf("%d settings, capped %v; want the whole grid of 6", len(order), w.capped)
	}
	for _, c := range []struct {
		setting protocol.Setting
		want    []results.Edge
	}{
		{protocol.Setting{"step_size": .2, "beta": .5}, nil},
		{protocol.Setting{"step_size": .4, "beta": .5}, []results.Edge{{Name: "step_size", Above: true}}},
		{protocol.Setting{"step_size": .1, "beta": .9}, []results.Edge{{Name: "beta", Above: true}, {Name: "step_size"}}},
	} {
		if got := s.edges(c.setting, order); !slices.Equal(got, c.want) {
			t.Errorf("%v is at the edges %v, want %v", c.setting, got, c.want)
		}
	}
	for _, bad := range []map[string][]float64{{"step_sice": {1}}, {"beta": {1}}} {
		_, err := newSweep(&protocol.OptimizerDef{Hyperparameters: hyper}, protocol.OptimizerEntry{Sweep: bad}, &protocol.Tuning{Runs: 12}, false)
		if err == nil || !strings.Contains(err.Error(), "step_size") && !strings.Contains(err.Error(), "[0, 1)") {
			t.Errorf("sweep %v gives error %v, want one that helps", bad, err)
		}
	}
}

func TestNothingToTune(t *testing.T) {
	s := mustSweep(t, []protocol.Hyperparameter{protocol.StepSizeParameter(.1)},
		protocol.OptimizerEntry{Set: protocol.Setting{"step_size": .5}}, 12)
	w := s.walk(func(protocol.Setting) (outcome, bool) { return outcome{}, false })
	if len(w.todo) != 0 || len(w.tried) != 1 || w.tried[0][protocol.StepSize] != .5 {
		t.Errorf("walk is %+v, want the one setting and nothing to run", w)
	}
}

// On a plateau, steps below some size change nothing. The search goes up there as far as it may,
// and reports the edge at which it ended.
func TestSearchLeavesPlateaus(t *testing.T) {
	for _, test := range []struct {
		name string
		// step sizes from which on a run moves, the best one, and the largest stable one
		moves, best, most float64
		want              float64
		edges             []results.Edge
		capped            bool
	}{
		{"the best is far up", 1e3, 1e5, 3e5, 1e5, nil, false},
		{"right above the start", .3, 1, 6, 1, nil, false},
		{"none moves", math.Inf(1), 1, math.Inf(1), 1e10, []results.Edge{{Name: protocol.StepSize, Above: true}}, true},
		{"what moves is unstable", 10, 1, 5, 6, nil, false},
		{"the first moves", 0, .1, .35, .1, nil, false},
	} {
		s := mustSweep(t, []protocol.Hyperparameter{protocol.StepSizeParameter(.1)}, protocol.OptimizerEntry{}, 12)
		order, w, known := tune(t, s, func(setting protocol.Setting) outcome {
			α := setting[protocol.StepSize]
			if α < test.moves {
				return outcome{value: 100, still: true}
			}
			return outcome{value: math.Abs(math.Log(α / test.best)), unstable: α > test.most}
		})
		best := slices.MinFunc(order, func(a, b protocol.Setting) int {
			x, _ := known(a)
			y, _ := known(b)
			if c := compare(x, y, false); c != 0 {
				return c
			}
			return compareSteps(x, y, a[protocol.StepSize], b[protocol.StepSize])
		})
		if got := best[protocol.StepSize]; got != test.want {
			t.Errorf("%s: the best step size is %v of %v, want %v", test.name, got, stepSizes(order), test.want)
		}
		if got := s.edges(best, order); !slices.Equal(got, test.edges) || w.capped != test.capped {
			t.Errorf("%s: edges are %v and capped is %t, want %v and %t", test.name, got, w.capped, test.edges, test.capped)
		}
	}
}

// Grids, a plan's or declared ones, cannot exhaust the memory.
func TestGridsAreBounded(t *testing.T) {
	o := protocol.OptimizerDef{Name: "o", Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)}}
	wide := map[string][]float64{}
	for i := range 9 {
		h := protocol.Hyperparameter{Name: fmt.Sprint("h", i), Max: 1, Tuned: true, Grid: []float64{0, 0.2, 0.4, 0.6, 0.8, 1}}
		o.Hyperparameters = append(o.Hyperparameters, h)
		wide[h.Name] = h.Grid
	}
	tuning := protocol.Plan{}.WithDefaults().Tuning
	if _, err := newSweep(&o, protocol.OptimizerEntry{}, &tuning, false); err == nil ||
		!strings.Contains(err.Error(), "the declared grids of o have 1.01e+07 combinations, want at most 10000") {
		t.Errorf("declared grids of ten million combinations: %v", err)
	}
	if _, err := newSweep(&o, protocol.OptimizerEntry{Sweep: wide}, &tuning, false); err == nil ||
		!strings.Contains(err.Error(), "sweep has 1.01e+07 settings, want at most 100000") {
		t.Errorf("a sweep of ten million settings: %v", err)
	}
	set := protocol.Setting{}
	for i := range 5 {
		set[fmt.Sprint("h", i)] = 0
	}
	if _, err := newSweep(&o, protocol.OptimizerEntry{Set: set}, &tuning, false); err != nil {
		t.Errorf("1296 combinations: %v", err)
	}
}
