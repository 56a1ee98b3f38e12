package harness

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"noisebench/protocol"
	"noisebench/protocol/fingerprint"
	"noisebench/results"
)

// Purpose is the reason for making a run. It is not part of the run's identity: a replicate of the
// default setting and one of the tuned setting are the same run if the settings are equal.
type Purpose string

// The purposes, in the order in which a cell's runs become due.
const (
	ForSweep     Purpose = "sweep"
	ForTie       Purpose = "tie"
	ForReplicate Purpose = "replicate"
	ForOneShot   Purpose = "one-shot"
)

// Task is a run that a cell is waiting for.
type Task struct {
	ID      string // of the run
	Run     results.Run
	Purpose Purpose
}

// Lookup returns the record of a finished or failed run by its ID, or nil if there is none.
type Lookup func(id string) *results.Record

// cell is one optimizer on one problem of a plan.
type cell struct {
	plan      *protocol.Plan
	problem   protocol.ProblemDef
	optimizer protocol.OptimizerDef
	pEntry    protocol.ProblemEntry
	oEntry    protocol.OptimizerEntry
	spec      protocol.ProblemSpec
	params    protocol.Setting
	budget    int64 // examples
	sweep     *sweep
	contract  int // protocol.Version, or that of older records

	problemFingerprint, optimizerFingerprint string

	others []*cell // the same entries by definitions of other platforms

	impossible string // why the optimizer cannot run on the problem; empty if it can

	proof  *proof // shared by the cells of the problem; it guards the next two
	proved bool   // a probe was made
	impure error  // the fault of the optimizer that it found
}

func newCell(
	plan *protocol.Plan, p protocol.ProblemDef, pEntry protocol.ProblemEntry,
	o protocol.OptimizerDef, oEntry protocol.OptimizerEntry,
) (*cell, error) {
	params, spec, err := p.At(pEntry.With)
	if fault := (*protocol.Fault)(nil); errors.As(err, &fault) {
		// The plugin failed: its pairs cannot run, and the others can.
		return &cell{
			plan: plan, problem: p, optimizer: o, pEntry: pEntry, oEntry: oEntry, sweep: &sweep{},
			contract: protocol.Version, impossible: err.Error(),
		}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("problem %s: %w", pEntry.Name, err)
	}
	if !p.Offers(spec.DType) {
		return nil, fmt.Errorf("problem %s: its specification names %s, but the definition has "+
			"no constructor for it",
			pEntry.Name, spec.DType)
	}
	s, err := newSweep(&o, oEntry, &plan.Tuning, spec.Metric.HigherBetter)
	if err != nil {
		return nil, fmt.Errorf("optimizer %s: %w", oEntry.Name, err)
	}
	if oEntry.BatchSize > 0 && o.ChoosesBatchSize {
		return nil, fmt.Errorf("optimizer %s: batch_size is %d, but %s chooses its batch size "+
			"itself; leave batch_size out",
			oEntry.Name, oEntry.BatchSize, o.Name)
	}
	budget, err := pEntry.Examples(&spec)
	if err != nil {
		return nil, fmt.Errorf("problem %s: %w", pEntry.Name, err)
	}
	if budget != spec.Budget && budget < int64(plan.Evaluations) {
		return nil, fmt.Errorf("problem %s: budget is %d examples, want at least one for each of "+
			"the %d evaluations",
			pEntry.Name, budget, plan.Evaluations)
	}
	c := &cell{
		plan: plan, problem: p, optimizer: o, pEntry: pEntry, oEntry: oEntry, spec: spec,
		params: params, budget: budget, sweep: s,
		contract: protocol.Version,
	}
	if err := Fits(&spec, &o); err != nil {
		c.impossible = err.Error()
		return c, nil
	}
	if p.Fingerprint != nil {
		if c.problemFingerprint, err = p.Fingerprint(params, plan.Measured(&spec, &o)); err != nil {
			return nil, fmt.Errorf("problem %s: %w", pEntry.Name, err)
		}
	}
	if o.Fingerprint != nil {
		if c.optimizerFingerprint, err = o.Fingerprint(); err != nil {
			return nil, fmt.Errorf("optimizer %s: %w", oEntry.Name, err)
		}
	}
	return c, nil
}

// addOther adds the cell of the same entries by the definitions of another platform, if it exists.
func (c *cell) addOther(plan *protocol.Plan, d Definitions) {
	p, err := d.Problem(c.pEntry.Problem)
	if err != nil {
		return
	}
	o, err := d.Optimizer(c.oEntry.Optimizer)
	if err != nil {
		return
	}
	other, err := newCell(plan, p, c.pEntry, o, c.oEntry)
	if err != nil || !c.counterpart(other) {
		return
	}
	c.others = append(c.others, other)
}

// counterpart reports whether another cell runs the same code as c, with results that differ in
// rounding because they come from another platform.
func (c *cell) counterpart(o *cell) bool {
	same := func(a, b protocol.Origin, print, other string) bool {
		a.Path, a.Executable, b.Path, b.Executable = "", "", "", ""
		return a == b && fingerprint.Of(print) > 0 && fingerprint.Of(print) == fingerprint.Of(other)
	}
	return c.problem.Name == o.problem.Name && c.problem.Version == o.problem.Version &&
		c.optimizer.Name == o.optimizer.Name && c.optimizer.Version == o.optimizer.Version &&
		same(c.problem.Origin, o.problem.Origin, c.problemFingerprint, o.problemFingerprint) &&
		same(c.optimizer.Origin, o.optimizer.Origin, c.optimizerFingerprint,
			o.optimizerFingerprint) &&
		(c.problemFingerprint != o.problemFingerprint ||
			c.optimizerFingerprint != o.optimizerFingerprint)
}

// run returns the run of a setting under a seed.
func (c *cell) run(setting protocol.Setting, seed uint64) results.Run {
	return results.Run{
		Protocol: c.contract,
		Problem: results.ProblemID{
			Name: c.problem.Name, Version: c.problem.Version, Plugin: c.problem.Origin,
			Fingerprint: c.problemFingerprint,
			Parameters:  c.params, Data: c.spec.Data,
		},
		Optimizer: results.OptimizerID{
			Name: c.optimizer.Name, Version: c.optimizer.Version, Plugin: c.optimizer.Origin,
			Fingerprint: c.optimizerFingerprint,
			Setting:     setting,
		},
		Seed: seed, Budget: c.budget, BatchSize: c.batchSize(),
		Schedule: c.plan.ScheduleOf(&c.pEntry, &c.oEntry, &c.spec), Clip: c.oEntry.Clip,
		Order: c.plan.Order, Evaluations: c.plan.Evaluations, Trace: max(0, c.plan.Trace),
		Diagnostics: c.plan.Diagnostics,
	}
}

// batchSize returns the batch size of the optimizer entry, else of the problem entry, else of the
// problem.
func (c *cell) batchSize() int {
	return cmp.Or(c.oEntry.BatchSize, c.pEntry.BatchSize, c.spec.BatchSize)
}

// mostRuns returns an upper bound on the number of runs of the cell.
func (c *cell) mostRuns() int {
	if c.impossible != "" {
		return 0
	}
	n := c.plan.Replicates
	switch {
	case c.sweep.points != nil:
		n += len(c.sweep.points)
	case len(c.sweep.free) > 0:
		n += c.plan.Tuning.Runs
	}
	if len(c.sweep.tuned()) > 0 {
		n += max(0, c.plan.Tuning.TieSeeds) * c.plan.Tuning.TieSettings
		if *c.plan.OneShot {
			n += c.plan.Replicates
		}
	}
	return n
}

// outcomeFor is what decisions need of a finished or failed run.
func outcomeFor(plan *protocol.Plan, r *results.Record) outcome {
	if r.End.Status == results.Failed {
		return outcome{failed: true}
	}
	start, _ := r.Points[0].At(results.PartFor(&r.Spec, plan.Selection))
	return outcome{
		value: r.Score(plan.Report, plan.Selection, plan.Selection), start: float64(start.Metric),
		unstable: r.Unstable(), still: r.Still(),
	}
}

// decision is the state of a cell as its decisions need it.
type decision struct {
	cell                  results.Cell // without records
	runs, oneShot, tuning []string     // IDs of the finished ones, in the order of the cell's records
	ties                  int          // of tuning, runs of the tie step
	due                   []Task
}

// state derives the cell as tables show it, and the tasks that are due, from the finished runs. A
// failed run is not due: the cell is decided without it, and lists it.
func (c *cell) state(find Lookup) (results.Cell, []Task) {
	known := map[string]*results.Record{}
	d := c.decide(func(id string) (o outcome, reason string, ok bool) {
		r := known[id]
		if r == nil {
			if r = find(id); r == nil {
				return outcome{}, "", false
			}
			known[id] = r
		}
		return outcomeFor(c.plan, r), r.End.Reason, true
	})
	records := func(ids []string) (all []*results.Record) {
		for _, id := range ids {
			all = append(all, known[id])
		}
		return all
	}
	d.cell.Runs, d.cell.OneShot, d.cell.Tuning = records(d.runs), records(d.oneShot),
		records(d.tuning)
	return d.cell, d.due
}

// outcomes returns the outcome of a finished or failed run by its ID, and the reason why it failed.
type outcomes func(id string) (o outcome, reason string, ok bool)

// decide is state by the outcomes of runs.
func (c *cell) decide(find outcomes) decision {
	if c.impossible != "" {
		return decision{cell: results.Cell{
			Problem: c.pEntry.Name, Optimizer: c.oEntry.Name,
			Impossible: c.impossible,
		}}
	}
	d := c.own(find)
	if len(d.due) > 0 {
		for _, other := range c.others {
			if there := other.own(find); len(there.due) == 0 && there.cell.Setting != nil {
				return there
			}
		}
	}
	return d
}

// own is decide for the cell's own definitions alone.
func (c *cell) own(find outcomes) decision {
	b := &book{cell: c, find: find, waiting: map[string]bool{}, tuning: map[string]bool{}}
	d := decision{cell: results.Cell{
		Problem: c.pEntry.Name, Optimizer: c.oEntry.Name,
		Defaults: c.sweep.defaults(), Tuned: c.sweep.tuned(), Ranges: c.oEntry.Tune,
		BatchSize: c.oEntry.BatchSize, Schedule: c.oEntry.Schedule, Clip: c.oEntry.Clip,
	}}
	out := &d.cell
	out.Setting, out.Edges, out.Capped = c.choose(b)
	d.tuning = slices.Sorted(maps.Keys(b.tuning))
	for _, tie := range b.tuning {
		if tie {
			d.ties++
		}
	}
	if out.Setting != nil {
		d.runs = b.replicates(out.Setting, ForReplicate)
	}
	if *c.plan.OneShot && len(out.Tuned) > 0 && !b.hopeless() {
		out.OneShotSetting = c.sweep.fixed
		d.oneShot = b.replicates(c.sweep.fixed, ForOneShot)
	}
	out.Failed = b.failed
	out.Missing = len(b.due)
	if out.Setting == nil {
		out.Missing += c.plan.Replicates // a lower bound: tuning is not finished
	}
	d.due = b.due
	return d
}

// book looks up runs and keeps lists of those that are due and those that failed.
type book struct {
	cell    *cell
	find    outcomes
	ids     results.IDs
	run     results.Run // of the last get, kept here so that not each of them is on the heap
	due     []Task
	waiting map[string]bool // runs that are due, by ID
	failed  []string
	tuning  map[string]bool // finished tuning runs by ID; true for those of the tie step
}

// get returns the ID and the outcome of a run; ok is false if the run is due.
func (b *book) get(
	setting protocol.Setting, seed uint64, purpose Purpose,
) (id string, o outcome, ok bool) {
	b.run = b.cell.run(setting, seed)
	id = b.ids.Of(&b.run)
	o, reason, ok := b.find(id)
	switch {
	case !ok && !b.waiting[id]:
		b.waiting[id] = true
		b.due = append(b.due, Task{id, b.run, purpose})
	case ok && o.failed:
		reason = fmt.Sprintf("seed %d: %s", seed, reason)
		if text := setting.String(); text != "" {
			reason = text + ", " + reason
		}
		if !slices.Contains(b.failed, reason) {
			b.failed = append(b.failed, reason)
		}
	case ok && (purpose == ForSweep || purpose == ForTie):
		b.tuning[id] = purpose == ForTie
	}
	return id, o, ok
}

// hopeless reports whether tuning gives up because all of its first runs failed.
func (b *book) hopeless() bool { return len(b.tuning) == 0 && len(b.failed) >= 3 }

// outcome returns the outcome of one run for tuning.
func (b *book) outcome(
	setting protocol.Setting, seed uint64, purpose Purpose,
) (o outcome, ok bool) {
	_, o, ok = b.get(setting, seed, purpose)
	return o, ok
}

// replicates returns the IDs of the finished runs of a setting under the reporting seeds.
func (b *book) replicates(setting protocol.Setting, purpose Purpose) (finished []string) {
	for i := range b.cell.plan.Replicates {
		if id, o, ok := b.get(setting, b.cell.plan.FirstSeed+uint64(i), purpose); ok && !o.failed {
			finished = append(finished, id)
		}
	}
	return finished
}

// choose selects a setting by the sweep, followed by the tie step among the settings that are
// practically equivalent to the best. The setting is nil while runs are due, and if every run
// failed.
func (c *cell) choose(b *book) (setting protocol.Setting, edges []results.Edge, capped bool) {
	seed := c.plan.Tuning.SweepSeed()
	w := c.sweep.walk(func(s protocol.Setting) (outcome, bool) {
		return b.outcome(s, seed, ForSweep)
	})
	if b.hopeless() {
		b.due = nil
		return nil, nil, false
	}
	if len(w.todo) > 0 {
		return nil, nil, false
	}
	if len(w.tried) == 1 {
		return w.tried[0], nil, w.capped
	}
	outcomes := make([]outcome, len(w.tried))
	ranked := make([]int, len(w.tried)) // indices into tried
	for i, s := range w.tried {
		ranked[i] = i
		outcomes[i], _ = b.outcome(s, seed, ForSweep)
	}
	known := func(s protocol.Setting) (outcome, bool) {
		i := slices.IndexFunc(w.tried, func(t protocol.Setting) bool { return maps.Equal(t, s) })
		if i < 0 {
			return outcome{}, false
		}
		return outcomes[i], true
	}
	slices.SortStableFunc(ranked, func(i, j int) int {
		return cmp.Or(
			compare(outcomes[i], outcomes[j], c.sweep.higher),
			compareSteps(outcomes[i], outcomes[j], w.tried[i][protocol.StepSize],
				w.tried[j][protocol.StepSize]))
	})
	best, top := outcomes[ranked[0]], w.tried[ranked[0]]
	if best.failed {
		return nil, nil, w.capped
	}
	tied := []protocol.Setting{top}
	if !best.unstable && !best.still && c.plan.Tuning.TieSeeds > 0 {
		part := results.PartFor(&c.spec, c.plan.Selection)
		δ := results.Equivalence(&c.spec, part, best.start, best.value)
		for _, i := range ranked[1:min(len(ranked), c.plan.Tuning.TieSettings)] {
			if o := outcomes[i]; !o.failed && !o.unstable && !o.still &&
				math.Abs(o.value-best.value) <= δ {
				tied = append(tied, w.tried[i])
			}
		}
	}
	winner, ok := c.breakTie(b, tied, known)
	if !ok {
		return nil, nil, false
	}
	return winner, c.sweep.edges(winner, w.tried), w.capped
}

// breakTie reruns the tied settings under the tuning seeds after the sweep's and returns the one
// with the best mean; ok is false while runs are due. Settings are ordered by the number of
// unstable or failed runs (fewest first), then by mean, then by the number of stable neighbours on
// the step-size grid (most first), then by step size (smallest first).
func (c *cell) breakTie(
	b *book, tied []protocol.Setting, known knowledge,
) (winner protocol.Setting, ok bool) {
	if len(tied) == 1 {
		return tied[0], true
	}
	type score struct {
		setting protocol.Setting
		bad     int
		mean    float64
		stable  int
	}
	scores := make([]score, len(tied))
	waiting := false
	for i, s := range tied {
		scores[i].setting = s
		for k := range c.plan.Tuning.TieSeeds {
			o, ok := b.outcome(s, c.plan.Tuning.SweepSeed()+1+uint64(k), ForTie)
			waiting = waiting || !ok
			if o.failed || o.unstable {
				scores[i].bad++
			}
			scores[i].mean += o.value / float64(c.plan.Tuning.TieSeeds)
		}
		if α, ok := s[protocol.StepSize]; ok {
			for _, neighbour := range []int{gridIndex(α) - 1, gridIndex(α) + 1} {
				if o, ok := known(atStep(s, neighbour)); ok && !o.failed && !o.unstable {
					scores[i].stable++
				}
			}
		}
	}
	if waiting {
		return nil, false
	}
	best := slices.MinFunc(scores, func(s, t score) int {
		return cmp.Or(
			cmp.Compare(s.bad, t.bad),
			compare(outcome{value: s.mean}, outcome{value: t.mean}, c.sweep.higher),
			cmp.Compare(t.stable, s.stable),
			cmp.Compare(s.setting[protocol.StepSize], t.setting[protocol.StepSize]))
	})
	return best.setting, true
}
