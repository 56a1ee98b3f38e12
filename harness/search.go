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

// outcome is what a sweep learnt about one setting at the tuning seed.
type outcome struct {
	value    float64 // on the part used for selection; see results.Record.Score
	unstable bool    // diverged, or ended no better than it started
	still    bool    // the steps were too small to change anything
	failed   bool    // no result: the setting is out, but its run counts
}

// sweep is the tuning of one optimizer on one problem as a pure function: [sweep.next] says which settings to try, given
// what the tried ones gave.
//
// Without an explicit grid it searches the step size on the grid {1, 3, 6}·10^k (Balles 2021, §5.6.1 and B.1.2), in three
// moves, the other tuned hyperparameters at their defaults:
//
//  1. the largest stable step size: up by decades from the declared default until a run is unstable (down, if the
//     first one is), then the two grid points between the last stable and the first unstable decade; a run whose steps
//     change nothing is stable, so that on a plateau the search goes up;
//  2. the best: from the best point so far, its neighbours, until the neighbour above and two below are worse and at
//     least six points are known;
//  3. the other tuned hyperparameters: their combinations at the best step size, then at its neighbours.
//
// All moves share one cap on the number of runs. Where the plan gives ranges, as many settings fill them evenly, see [fill].
type sweep struct {
	declared []protocol.Hyperparameter
	fixed    protocol.Setting   // complete: the plan's values, else the defaults
	free     map[string]bool    // tuned and not fixed by the plan
	listed   []string           // names of what the plan's explicit grid or its ranges vary, sorted
	points   []protocol.Setting // of the grid, see product, or in the ranges; nil: search
	cap      int                // most runs of the search
	higher   bool               // higher values are better
}

// newSweep prepares the tuning of an optimizer under a plan's entry. It refuses unknown names and values out of range.
func newSweep(o *protocol.OptimizerDef, entry protocol.OptimizerEntry, tuning *protocol.Tuning, higherBetter bool) (*sweep, error) {
	fixed, err := protocol.Resolve(o.Hyperparameters, entry.Set)
	if err != nil {
		return nil, err
	}
	s := &sweep{declared: o.Hyperparameters, fixed: fixed, free: map[string]bool{}, cap: tuning.Runs, higher: higherBetter}
	if len(entry.Sweep) > 0 {
		s.listed = slices.Sorted(maps.Keys(entry.Sweep))
		for name, values := range entry.Sweep {
			for _, v := range values {
				if _, err := protocol.Resolve(o.Hyperparameters, protocol.Setting{name: v}); err != nil {
					return nil, err
				}
			}
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
	return s, nil
}

// defaults returns what the optimizer declares.
func (s *sweep) defaults() protocol.Setting {
	all := protocol.Setting{}
	for _, h := range s.declared {
		all[h.Name] = h.Default
	}
	return all
}

// tuned returns the names of what the sweep varies, sorted.
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

// knowledge looks up what is known about a setting; ok is false for one that was not run yet.
type knowledge func(protocol.Setting) (o outcome, ok bool)

// walk is the state of a sweep.
type walk struct {
	tried  []protocol.Setting // in the order in which they were asked for; known ones first
	todo   []protocol.Setting // to be run now; none when the sweep is done
	capped bool               // the search stopped because its runs were used up
}

// walk replays the sweep as far as what is known carries it.
func (s *sweep) walk(known knowledge) walk {
	var w walk
	switch {
	case s.points != nil:
		w.tried = s.points
	case len(s.free) == 0:
		w.tried = []protocol.Setting{s.fixed}
		return w // one setting: nothing to select, nothing to run
	default:
		w.capped = !s.search(func(setting protocol.Setting) (outcome, bool) {
			isNew := !slices.ContainsFunc(w.tried, func(t protocol.Setting) bool { return maps.Equal(t, setting) })
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

// edges lists where a setting lies at an end of what was tried: no smaller or no larger step size was tried beside it, the
// rest being equal; or, in an explicit grid or a range, it has the least or the greatest of two or more values.
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

// at is a setting with one value replaced.
func (s *sweep) at(setting protocol.Setting, name string, value float64) protocol.Setting {
	other := maps.Clone(setting)
	other[name] = value
	return other
}

// product is the explicit grid, in the order of the names and of the values as listed.
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

// search makes the three moves. It asks try for outcomes and returns as soon as one is not to be had, because it was not
// run yet or because the runs are used up. complete is false if the first two moves ended for want of runs.
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
	reserve := min(2*(len(others)-1), s.cap/3) // runs kept for the third move
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

// combinations lists the values of the tuned hyperparameters other than the step size: the defaults first, then the rest
// of the product of their grids in bit-reversal (van der Corput) order, so that any first part covers the grid evenly.
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

// better reports whether a beats b. A failed setting loses to all, an unstable one to a stable one.
func (s *sweep) better(a, b outcome) bool { return compare(a, b, s.higher) < 0 }

// compare orders outcomes, best first. Of equals, one that moved is before one that stood still.
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

// compareSteps orders the step sizes of two outcomes that compare as equal, best first: the smaller is the safer; but where
// steps change nothing, the larger is nearer to those that do.
func compareSteps(a, b outcome, α, β float64) int {
	if a.still && b.still {
		return cmp.Compare(β, α)
	}
	return cmp.Compare(α, β)
}

// line is the search along the step-size grid. Grid points are whole numbers, see gridStepSize.
type line struct {
	left    int // runs that may still be made
	try     func(i int) (outcome, bool)
	known   map[int]outcome
	better  func(a, b outcome) bool
	waiting bool // for a run: nothing can be decided past this point
}

// at returns the outcome at a grid point; ok is false if it is not known yet or the runs are used up.
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

// stable asks for a point and reports whether it is stable.
func (l *line) stable(i int) (stable, ok bool) {
	o, ok := l.at(i)
	return !o.unstable && !o.failed, ok
}

const decade = 3 // grid points in a factor of ten

// search makes the first two moves. complete is false if it ran out of runs, or waits for one.
func (l *line) search(start int) (complete bool) { return l.largestStable(start) && l.refine() }

// largestStable finds two neighbours of which the lower is stable and the upper is not. It reports whether it got there.
func (l *line) largestStable(start int) bool {
	stable, ok := l.stable(start)
	if !ok {
		return false
	}
	low, high := start, start
	if stable {
		for stable {
			low, high = high, high+decade
			if stable, ok = l.stable(high); !ok {
				return false
			}
		}
	} else {
		for !stable {
			high, low = low, low-decade
			if stable, ok = l.stable(low); !ok {
				return false
			}
		}
	}
	for high-low > 1 {
		mid := low + (high-low)/2
		if stable, ok = l.stable(mid); !ok {
			return false
		}
		if stable {
			low = mid
		} else {
			high = mid
		}
	}
	return true
}

// refine asks for neighbours of the best point until it is surrounded by worse ones. It reports whether it got there.
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

// best returns the best known point; of equals see compareSteps.
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

// gridStepSize is point i of the grid …, 0.6, 1, 3, 6, 10, …: i = 0 is 1, i = 3 is 10.
func gridStepSize(i int) float64 {
	k := int(math.Floor(float64(i) / decade))
	v, err := strconv.ParseFloat(fmt.Sprintf("%ce%d", "136"[i-k*decade], k), 64)
	if err != nil {
		panic("harness: step-size grid: " + err.Error())
	}
	return v
}

// gridIndex is the grid point nearest to v on a logarithmic scale.
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

// vanDerCorput is element i of the base-2 low-discrepancy sequence in [0, 1).
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
