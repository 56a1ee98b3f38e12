package harness

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"noisebench/protocol"
	"noisebench/results"
)

// outcome is the result of one setting at the tuning seed.
type outcome struct {
	value    float64 // on the part used for selection; see results.Record.Score
	start    float64 // metric at the start, on that part
	unstable bool    // diverged, or ended no better than it started
	still    bool    // the steps were too small to change the loss
	failed   bool    // no result: the setting is excluded, but its run counts
}

// sweep is the tuning of one optimizer on one problem as a pure function: [sweep.walk] determines
// the settings to try next from the outcomes of those already tried.
//
// Without an explicit grid it searches the step size on the grid {1, 3, 6}·10^k (Balles 2021,
// §5.6.1 and B.1.2), in three moves, the other tuned hyperparameters at their defaults:
//
//  1. the best decade: from the declared default up by decades until a run is unstable or the
//     default and the best point so far are two decades below, then down from the default until
//     both are two decades above or the steps change nothing. A run that does not improve is worse,
//     not unstable: it may be on a plateau, which larger steps leave, or its network may be
//     saturated, as with any larger step.
//  2. the best point: from the best one so far, its neighbours on the grid, until the neighbour
//     above and two below are worse and at least six points are known;
//  3. the other tuned hyperparameters: their combinations at the best step size, then at its
//     neighbours.
//
// All moves share one cap on the number of runs. If the plan gives ranges, that number of settings
// fills them evenly instead, see [sweep.fill].
type sweep struct {
	declared []protocol.Hyperparameter
	fixed    protocol.Setting // complete: values of the plan, defaults for the rest
	free     map[string]bool  // tuned and not fixed by the plan
	listed   []string         // hyperparameters of the plan's explicit grid or ranges, sorted
	// settings of the grid, see product, or of the ranges; nil means search
	points []protocol.Setting
	cap    int  // limit on the runs of the search
	higher bool // higher values are better
}

// newSweep prepares the tuning of an optimizer under a plan's entry. Unknown names and values out
// of range are errors.
func newSweep(
	o *protocol.OptimizerDef, entry protocol.OptimizerEntry, tuning *protocol.Tuning,
	higherBetter bool,
) (*sweep, error) {
	fixed, err := protocol.Resolve(o.Hyperparameters, entry.Set)
	if err != nil {
		return nil, err
	}
	s := &sweep{
		declared: o.Hyperparameters, fixed: fixed, free: map[string]bool{},
		cap: tuning.Runs, higher: higherBetter,
	}
	if len(entry.Sweep) > 0 {
		s.listed = slices.Sorted(maps.Keys(entry.Sweep))
		for name, values := range entry.Sweep {
			for _, v := range values {
				if _, err := protocol.Resolve(o.Hyperparameters,
					protocol.Setting{name: v}); err != nil {
					return nil, err
				}
			}
		}
		n := 1.0
		for _, values := range entry.Sweep {
			n *= float64(len(values))
		}
		if n > maxSettings {
			return nil, fmt.Errorf("sweep has %.3g settings, want at most %d", n, maxSettings)
		}
		s.points = s.product(entry.Sweep)
		return s, nil
	}
	if len(entry.Tune) > 0 {
		s.listed = slices.Sorted(maps.Keys(entry.Tune))
		s.points, err = s.fill(entry.Tune, tuning)
		return s, err
	}
	for _, h := range o.Hyperparameters {
		if _, set := entry.Set[h.Name]; h.Tuned && !set {
			s.free[h.Name] = true
		}
	}
	n := 1.0
	for _, h := range o.Hyperparameters {
		if s.free[h.Name] && h.Name != protocol.StepSize {
			n *= float64(max(1, len(h.Grid)))
		}
	}
	if n > maxCombinations {
		return nil, fmt.Errorf("the declared grids of %s have %.3g combinations, want at most %d; fix "+
			"some of its hyperparameters by set, or give sweep or tune", o.Name, n, maxCombinations)
	}
	return s, nil
}

// Limits on tuning, so that a mistake cannot exhaust the memory.
const (
	maxSettings     = 100_000 // of an explicit grid
	maxCombinations = 10_000  // of the grids that an optimizer declares
)

// defaults returns the declared defaults of the optimizer.
func (s *sweep) defaults() protocol.Setting {
	all := protocol.Setting{}
	for _, h := range s.declared {
		all[h.Name] = h.Default
	}
	return all
}

// tuned returns the names of the hyperparameters that the sweep varies, sorted.
func (s *sweep) tuned() []string {
	if s.points != nil {
		return s.listed
	}
	return slices.Sorted(maps.Keys(s.free))
}

// with returns the fixed setting with some values replaced.
func (s *sweep) with(values protocol.Setting) protocol.Setting {
	full := maps.Clone(s.fixed)
	maps.Copy(full, values)
	return full
}

// knowledge looks up the outcome of a setting; ok is false if it has not been run.
type knowledge func(protocol.Setting) (o outcome, ok bool)

// walk is the state of a sweep.
type walk struct {
	tried  []protocol.Setting // in the order in which they were requested; known ones first
	todo   []protocol.Setting // to be run now; empty when the sweep is done
	capped bool               // the search stopped because it reached the cap
}

// walk replays the sweep as far as the known outcomes allow.
func (s *sweep) walk(known knowledge) walk {
	var w walk
	switch {
	case s.points != nil:
		w.tried = s.points
	case len(s.free) == 0:
		w.tried = []protocol.Setting{s.fixed}
		return w // a single setting needs no selection
	default:
		w.capped = !s.search(func(setting protocol.Setting) (outcome, bool) {
			isNew := !slices.ContainsFunc(w.tried,
				func(t protocol.Setting) bool { return maps.Equal(t, setting) })
			if isNew && len(w.tried) == s.cap {
				return outcome{}, false
			}
			if isNew {
				w.tried = append(w.tried, setting)
			}
			return known(setting)
		})
	}
	for _, setting := range w.tried {
		if _, ok := known(setting); !ok {
			w.todo = append(w.todo, setting)
		}
	}
	return w
}

// edges lists the hyperparameters for which a setting lies at an end of the tried values: no
// smaller or no larger step size was tried with the other values equal, or it has the least or
// greatest of two or more values of an explicit grid or range.
func (s *sweep) edges(setting protocol.Setting, tried []protocol.Setting) (edges []results.Edge) {
	end := func(name string, beside func(protocol.Setting) bool) {
		below, above := false, false
		for _, other := range tried {
			if beside(other) {
				below = below || other[name] < setting[name]
				above = above || other[name] > setting[name]
			}
		}
		if below != above || s.points == nil && !below {
			edges = append(edges, results.Edge{Name: name, Above: !above})
		}
	}
	for _, name := range s.listed {
		end(name, func(protocol.Setting) bool { return true })
	}
	if s.free[protocol.StepSize] {
		end(protocol.StepSize, func(other protocol.Setting) bool {
			return maps.Equal(s.at(setting, protocol.StepSize, other[protocol.StepSize]), other)
		})
	}
	return edges
}

// at returns a setting with one value replaced.
func (s *sweep) at(setting protocol.Setting, name string, value float64) protocol.Setting {
	other := maps.Clone(setting)
	other[name] = value
	return other
}

// product returns the settings of the explicit grid, in the order of the names and of the listed
// values.
func (s *sweep) product(grid map[string][]float64) []protocol.Setting {
	all := []protocol.Setting{{}}
	for _, name := range s.listed {
		all = extend(all, name, grid[name])
	}
	for i := range all {
		all[i] = s.with(all[i])
	}
	return all
}

// search makes the three moves. It gets outcomes from try and returns as soon as one is
// unavailable, because its run is still to be made or the cap is reached. complete is false if this
// ended the first two moves.
func (s *sweep) search(try knowledge) (complete bool) {
	others := s.combinations()
	if !s.free[protocol.StepSize] {
		for _, c := range others {
			if _, ok := try(s.with(c)); !ok {
				return false
			}
		}
		return true
	}
	reserve := min(2*(len(others)-1), s.cap/3) // runs reserved for the third move
	line := &line{
		left: s.cap - reserve,
		try: func(i int) (outcome, bool) {
			return try(s.with(protocol.Setting{protocol.StepSize: gridStepSize(i)}))
		},
		known:  map[int]outcome{},
		better: s.better,
	}
	complete = line.search(gridIndex(s.fixed[protocol.StepSize]))
	if line.waiting {
		return complete
	}
	best := line.best()
	top, topOutcome := others[0], line.known[best]
	for _, c := range others[1:] {
		o, ok := try(s.with(atStep(c, best)))
		if !ok {
			return complete
		}
		if s.better(o, topOutcome) {
			top, topOutcome = c, o
		}
	}
	if maps.Equal(top, others[0]) {
		return complete
	}
	for _, i := range []int{best + 1, best - 1} {
		if _, ok := try(s.with(atStep(top, i))); !ok {
			return complete
		}
	}
	return complete
}

// atStep returns values with the step size of a grid point.
func atStep(values protocol.Setting, i int) protocol.Setting {
	at := maps.Clone(values)
	at[protocol.StepSize] = gridStepSize(i)
	return at
}

// combinations lists the values of the tuned hyperparameters other than the step size: the defaults
// first, then the rest of the product of their grids in bit-reversal (van der Corput) order, so
// that every prefix covers the grid evenly.
func (s *sweep) combinations() []protocol.Setting {
	all, defaults := []protocol.Setting{{}}, protocol.Setting{}
	for _, h := range s.declared {
		if !s.free[h.Name] || h.Name == protocol.StepSize {
			continue
		}
		defaults[h.Name] = h.Default
		all = extend(all, h.Name, h.Grid)
	}
	type keyed struct {
		setting protocol.Setting
		key     float64
	}
	var rest []keyed
	for _, c := range all {
		if !maps.Equal(c, defaults) {
			rest = append(rest, keyed{c, vanDerCorput(len(rest))})
		}
	}
	slices.SortStableFunc(rest, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	ordered := []protocol.Setting{defaults}
	for _, r := range rest {
		ordered = append(ordered, r.setting)
	}
	return ordered
}

// extend returns every setting with every value, in the settings' order.
func extend(settings []protocol.Setting, name string, values []float64) []protocol.Setting {
	var longer []protocol.Setting
	for _, setting := range settings {
		for _, v := range values {
			extended := maps.Clone(setting)
			extended[name] = v
			longer = append(longer, extended)
		}
	}
	return longer
}

// better reports whether a is better than b. Failed outcomes are worse than all others, unstable
// ones worse than stable ones.
func (s *sweep) better(a, b outcome) bool { return compare(a, b, s.higher) < 0 }

// compare orders outcomes, best first. Of equal ones, those that moved come before those that stood
// still.
func compare(a, b outcome, higher bool) int {
	rank := func(o outcome) int {
		switch {
		case o.failed:
			return 2
		case o.unstable:
			return 1
		}
		return 0
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	byValue := cmp.Compare(a.value, b.value)
	if higher {
		byValue = -byValue
	}
	moved := func(o outcome) int {
		if o.still {
			return 1
		}
		return 0
	}
	return cmp.Or(byValue, cmp.Compare(moved(a), moved(b)))
}

// compareSteps orders the step sizes of two outcomes that compare as equal, best first: the smaller
// is safer, but if the steps change nothing, the larger is closer to an effective one.
func compareSteps(a, b outcome, α, β float64) int {
	if a.still && b.still {
		return cmp.Compare(β, α)
	}
	return cmp.Compare(α, β)
}

// line is the search along the step-size grid. Grid points are integers, see gridStepSize.
type line struct {
	left    int // remaining runs
	try     func(i int) (outcome, bool)
	known   map[int]outcome
	better  func(a, b outcome) bool
	waiting bool // for a run, without which the search cannot continue
}

// at returns the outcome at a grid point; ok is false if it is not yet known or no runs remain.
func (l *line) at(i int) (o outcome, ok bool) {
	if o, ok = l.known[i]; ok {
		return o, true
	}
	if l.left == 0 || l.waiting {
		return outcome{}, false
	}
	if o, ok = l.try(i); !ok {
		l.waiting = true
		return outcome{}, false
	}
	l.left--
	l.known[i] = o
	return o, true
}

const decade = 3 // grid points in a factor of ten

// search makes the first two moves. complete is false if it ran out of runs or waits for one.
func (l *line) search(start int) (complete bool) {
	return l.decades(start, decade) && l.decades(start, -decade) && l.refine()
}

// decades goes from a grid point in steps of a decade, up or down, until the start and the best
// point so far are two of them behind; up also until a run is unstable, and down until the steps
// change nothing. It reports whether it came so far.
func (l *line) decades(start, step int) bool {
	for i := start; ; i += step {
		o, ok := l.at(i)
		if !ok {
			return false
		}
		unstable := o.unstable || o.failed
		switch best := l.best(); {
		case step > 0 && (unstable || i-max(best, start) >= 2*step):
			return true
		case step < 0 && !unstable && (i-min(best, start) <= 2*step || o.still && i < best):
			return true
		}
	}
}

// refine tries neighbours of the best point until all of them are worse. It reports whether it
// succeeded.
func (l *line) refine() bool {
	const below, points = 2, 6
	for {
		best := l.best()
		open := slices.DeleteFunc([]int{best - 1, best + 1, best - below}, func(i int) bool {
			_, done := l.known[i]
			return done
		})
		if len(open) == 0 {
			if len(l.known) >= points {
				return true
			}
			below := best - below
			for done := true; done; _, done = l.known[below] {
				below--
			}
			open = []int{below}
		}
		if _, ok := l.at(open[0]); !ok {
			return false
		}
	}
}

// best returns the best known point; compareSteps decides between equals.
func (l *line) best() int {
	points := slices.Sorted(maps.Keys(l.known))
	return slices.MinFunc(points, func(i, j int) int {
		switch {
		case l.better(l.known[i], l.known[j]):
			return -1
		case l.better(l.known[j], l.known[i]):
			return 1
		}
		return compareSteps(l.known[i], l.known[j], float64(i), float64(j))
	})
}

// gridStepSize returns point i of the grid …, 0.6, 1, 3, 6, 10, …: i = 0 gives 1, i = 3 gives 10.
func gridStepSize(i int) float64 {
	k := int(math.Floor(float64(i) / decade))
	v, err := strconv.ParseFloat(fmt.Sprintf("%ce%d", "136"[i-k*decade], k), 64)
	if err != nil {
		panic("harness: step-size grid: " + err.Error())
	}
	return v
}

// gridIndex returns the grid point nearest to v on a logarithmic scale.
func gridIndex(v float64) int {
	i := int(math.Floor(math.Log10(v))) * decade
	best := i
	for j := i; j <= i+decade; j++ {
		if math.Abs(math.Log(gridStepSize(j)/v)) < math.Abs(math.Log(gridStepSize(best)/v)) {
			best = j
		}
	}
	return best
}

// vanDerCorput returns element i of the van der Corput sequence in base 2, in [0, 1).
func vanDerCorput(i int) float64 {
	v, f := 0.0, 0.5
	for ; i > 0; i /= 2 {
		if i%2 == 1 {
			v += f
		}
		f /= 2
	}
	return v
}
