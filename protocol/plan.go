package protocol

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Order is the order in which a run sees the training examples.
type Order string

// The orders. Reshuffled draws a new permutation for every epoch; batches of any size are
// consecutive parts of the concatenated epochs. Frozen uses one permutation for the whole run and
// starts again instead of letting a batch extend across its end, so that a remainder of each epoch
// is never seen, as in DeepOBS' published runs.
const (
	Reshuffled Order = "reshuffled"
	Frozen     Order = "frozen"
)

// ReportRule selects the evaluation point of a run that is reported.
type ReportRule string

// The report rules. Best is the best point on the part used for selection; Final is the last point.
// On a problem without validation part both mean the last point, unless selection is on the test
// part.
const (
	Best  ReportRule = "best"
	Final ReportRule = "final"
)

// ProblemEntry is one problem of a plan.
type ProblemEntry struct {
	// name of a problem
	Problem string `yaml:"problem" json:"problem"`
	// in tables; default: the problem's name
	Name string  `yaml:"name,omitempty" json:"name,omitempty"`
	With Setting `yaml:"with,omitempty" json:"with,omitempty"` // parameters
	// examples; default: the problem's
	Budget int64 `yaml:"budget,omitempty" json:"budget,omitempty"`
	// instead of Budget: multiple of the number of training examples
	Epochs float64 `yaml:"epochs,omitempty" json:"epochs,omitempty"`
	// default: the problem's
	BatchSize int `yaml:"batch_size,omitempty" json:"batch_size,omitempty"`
	// default: the plan's
	Schedule *Schedule `yaml:"schedule,omitempty" json:"schedule,omitempty"`
}

// Examples returns the budget of the entry on its problem, in examples. Epochs of endless data, and
// epochs of less than one or more than 2⁵³ examples, are errors.
func (e *ProblemEntry) Examples(spec *ProblemSpec) (int64, error) {
	switch {
	case e.Epochs == 0 && e.Budget > 0:
		return e.Budget, nil
	case e.Epochs == 0:
		return spec.Budget, nil
	case spec.Train == 0:
		return 0, fmt.Errorf("epochs is %g, but the problem's data are endless; give its budget "+
			"in examples", e.Epochs)
	}
	examples := math.Round(e.Epochs * float64(spec.Train))
	if !(examples >= 1 && examples <= 1<<53) {
		return 0, fmt.Errorf("epochs is %g, which makes %g examples of %d; want 1 to %g", e.Epochs,
			examples, spec.Train, float64(1<<53))
	}
	return int64(examples), nil
}

// OptimizerEntry is one competitor of a plan. It has no budget, since the protocol gives all
// entries the same.
type OptimizerEntry struct {
	// name of an optimizer
	Optimizer string `yaml:"optimizer" json:"optimizer"`
	// in tables; default: the optimizer's name
	Name string `yaml:"name,omitempty" json:"name,omitempty"`
	// fixed, never tuned
	Set Setting `yaml:"set,omitempty" json:"set,omitempty"`
	// full grid instead of the search
	Sweep map[string][]float64 `yaml:"sweep,omitempty" json:"sweep,omitempty"`
	// ranges [least, greatest], filled evenly instead of the search
	Tune map[string][]float64 `yaml:"tune,omitempty" json:"tune,omitempty"`
	// default: the problem's
	BatchSize int `yaml:"batch_size,omitempty" json:"batch_size,omitempty"`
	// default: that of the other entries
	Schedule *Schedule `yaml:"schedule,omitempty" json:"schedule,omitempty"`
	// greatest norm of a gradient, see the package comment; 0 for no clipping
	Clip float64 `yaml:"clip,omitempty" json:"clip,omitempty"`
}

// Tuning holds a plan's rules of tuning.
type Tuning struct {
	// limit on the runs of one sweep, for any number of hyperparameters
	Runs int `yaml:"runs" json:"runs"`
	// of the sweep; the tie step uses the following seeds. nil means the default
	Seed *uint64 `yaml:"seed,omitempty" json:"seed"`
	// seeds of the tie step; -1: no tie step
	TieSeeds int `yaml:"tie_seeds" json:"tie_seeds"`
	// limit on the settings in the tie step
	TieSettings int `yaml:"tie_settings" json:"tie_settings"`
}

// SweepSeed returns Seed or its default.
func (t *Tuning) SweepSeed() uint64 {
	if t.Seed == nil {
		return 1000
	}
	return *t.Seed
}

// Plan defines a comparison. Zero fields mean the defaults that [Plan.WithDefaults] fills in.
type Plan struct {
	Name        string `yaml:"name" json:"name"`
	Description string `yaml:"description,omitempty" json:"description,omitempty"`
	// Extends names a plan that provides all values which this one omits, and whose optimizers
	// precede those of this one. Readers of plan files resolve it; it is empty in a Plan that is
	// run.
	Extends  string         `yaml:"extends,omitempty" json:"-"`
	Problems []ProblemEntry `yaml:"problems" json:"problems"`
	// Groups are names of kinds of problems, each with the names of its problem entries, over which
	// reports rank the optimizers in addition to the ranking over all problems. A problem may be in
	// several groups or in none. Groups change no run.
	Groups     map[string][]string `yaml:"groups,omitempty" json:"groups,omitempty"`
	Optimizers []OptimizerEntry    `yaml:"optimizers" json:"optimizers"`
	Tuning     Tuning              `yaml:"tuning,omitempty" json:"tuning"`
	// Replicates is the number of reporting seeds, FirstSeed the first of them.
	Replicates int    `yaml:"replicates,omitempty" json:"replicates"`
	FirstSeed  uint64 `yaml:"first_seed,omitempty" json:"first_seed"`
	// OneShot adds replicates of each optimizer's declared defaults.
	OneShot *bool `yaml:"one_shot,omitempty" json:"one_shot"`
	// Evaluations is the number of evaluation marks after the one at 0, equally spaced over the
	// budget.
	Evaluations int `yaml:"evaluations,omitempty" json:"evaluations"`
	// Trace is the greatest number of steps of which a record keeps loss, batch size and reports;
	// negative for none.
	Trace int `yaml:"trace,omitempty" json:"trace"`
	// Diagnostics adds measures of the gradient noise to each traced step, on problems that measure
	// it. It is free and changes no result.
	Diagnostics bool  `yaml:"diagnostics,omitempty" json:"diagnostics,omitempty"`
	Order       Order `yaml:"order,omitempty" json:"order"`
	// Schedule is the step-size schedule of all runs; nil means that of each problem. The schedule
	// of a problem entry takes precedence over it, and that of an optimizer entry over both.
	Schedule *Schedule `yaml:"schedule,omitempty" json:"schedule,omitempty"`
	// Plugins are paths of executables that serve definitions of the plan. They are not part of the
	// comparison.
	Plugins []string `yaml:"plugins,omitempty" json:"-"`
	// Selection is the part on which settings and points are selected: validation, or test as in
	// the thesis.
	Selection Part       `yaml:"selection,omitempty" json:"selection"`
	Report    ReportRule `yaml:"report,omitempty" json:"report"`
}

// WithDefaults returns a copy in which unset fields have their defaults, those of the standard
// protocol.
func (p Plan) WithDefaults() Plan {
	p.Problems = slices.Clone(p.Problems)
	for i := range p.Problems {
		setDefault(&p.Problems[i].Name, p.Problems[i].Problem)
	}
	p.Optimizers = slices.Clone(p.Optimizers)
	for i := range p.Optimizers {
		setDefault(&p.Optimizers[i].Name, p.Optimizers[i].Optimizer)
	}
	setDefault(&p.Tuning.Runs, 12)
	p.Tuning.Seed = new(p.Tuning.SweepSeed())
	setDefault(&p.Tuning.TieSeeds, 3)
	setDefault(&p.Tuning.TieSettings, 3)
	setDefault(&p.Replicates, 10)
	setDefault(&p.Evaluations, 25)
	setDefault(&p.Trace, 100)
	setDefault(&p.Order, Reshuffled)
	setDefault(&p.Selection, ValidationPart)
	setDefault(&p.Report, Best)
	if p.OneShot == nil {
		yes := true
		p.OneShot = &yes
	}
	return p
}

// ScheduleOf returns the step-size schedule of an optimizer entry on a problem entry: the first of
// the optimizer entry's, the problem entry's, the plan's, and that of the problem's spec. With a
// nil optimizer it is the schedule of optimizer entries without one.
func (p *Plan) ScheduleOf(problem *ProblemEntry, optimizer *OptimizerEntry,
	spec *ProblemSpec,
) Schedule {
	switch {
	case optimizer != nil && optimizer.Schedule != nil:
		return optimizer.Schedule.plain()
	case problem.Schedule != nil:
		return problem.Schedule.plain()
	case p.Schedule != nil:
		return p.Schedule.plain()
	}
	return Schedule{Drops: spec.Schedule}.plain()
}

func setDefault[V comparable](field *V, value V) {
	var zero V
	if *field == zero {
		*field = value
	}
}

// Check returns an error that names the first invalid value of a plan with its defaults filled in.
// It does not look up names.
func (p *Plan) Check() error {
	const most = 100_000 // limit on all counts of a plan
	switch {
	case p.Extends != "":
		return fmt.Errorf("plan %s extends %s, which was not read", p.Name, p.Extends)
	case p.Name == "":
		return fmt.Errorf("the plan has no name; add a line such as \"name: my-plan\"")
	case !printable(p.Name):
		return fmt.Errorf("the plan is named %q, want a name that prints on one line", p.Name)
	case len(p.Problems) == 0:
		return fmt.Errorf("plan %s has no problems; list at least one under \"problems:\"", p.Name)
	case len(p.Optimizers) == 0:
		return fmt.Errorf("plan %s has no optimizers; list at least one under \"optimizers:\"",
			p.Name)
	case p.Replicates < 1 || p.Replicates > most:
		return fmt.Errorf("replicates is %d, want 1 to %d", p.Replicates, most)
	case p.Evaluations < 1 || p.Evaluations > most:
		return fmt.Errorf("evaluations is %d, want 1 to %d", p.Evaluations, most)
	case p.Tuning.Runs < 1 || p.Tuning.Runs > most:
		return fmt.Errorf("tuning.runs is %d, want 1 to %d", p.Tuning.Runs, most)
	case p.Tuning.TieSeeds < -1 || p.Tuning.TieSettings < 1:
		return fmt.Errorf("tuning.tie_seeds is %d and tuning.tie_settings is %d, want tie_seeds "+
			"≥ 1 (or -1 for no tie step) and tie_settings ≥ 1",
			p.Tuning.TieSeeds, p.Tuning.TieSettings)
	case p.Trace == 0 || p.Trace == 1:
		return fmt.Errorf("trace is %d, want at least 2 steps, or -1 for none", p.Trace)
	case p.Diagnostics && p.Trace < 0:
		return fmt.Errorf("diagnostics are asked for, but trace is %d; they are kept with the "+
			"traced steps, so want trace of at least 2",
			p.Trace)
	case p.Order != Reshuffled && p.Order != Frozen:
		return fmt.Errorf("order is %q, want %s or %s", p.Order, Reshuffled, Frozen)
	case p.Selection != ValidationPart && p.Selection != TestPart:
		return fmt.Errorf("selection is %q, want %s or %s", p.Selection, ValidationPart, TestPart)
	case p.Report != Best && p.Report != Final:
		return fmt.Errorf("report is %q, want %s or %s", p.Report, Best, Final)
	}
	if p.Schedule != nil {
		if err := p.Schedule.Check(); err != nil {
			return fmt.Errorf("schedule of the plan: %w", err)
		}
	}
	seen := map[string]bool{}
	for i, e := range p.Problems {
		switch {
		case e.Problem == "":
			return fmt.Errorf("entry %d under problems names no problem", i+1)
		case !printable(e.Name):
			return fmt.Errorf("problem %d is named %q, want a name that prints on one line", i+1,
				e.Name)
		case seen[e.Name]:
			return fmt.Errorf("two problems of the plan are named %q; give one of them another "+
				"name with \"name:\"", e.Name)
		case e.Budget < 0 || e.BatchSize < 0:
			return fmt.Errorf("problem %s: budget is %d and batch_size is %d, want positive "+
				"numbers", e.Name, e.Budget, e.BatchSize)
		case e.Epochs != 0 && e.Budget != 0:
			return fmt.Errorf("problem %s: it has both a budget, of %d examples, and epochs, %g; "+
				"keep one", e.Name, e.Budget, e.Epochs)
		case e.Epochs < 0 || !Finite(e.Epochs):
			return fmt.Errorf("problem %s: epochs is %g, want a positive number", e.Name, e.Epochs)
		}
		if e.Schedule != nil {
			if err := e.Schedule.Check(); err != nil {
				return fmt.Errorf("problem %s: %w", e.Name, err)
			}
		}
		seen[e.Name] = true
	}
	if err := p.checkGroups(); err != nil {
		return err
	}
	seen = map[string]bool{}
	for i, e := range p.Optimizers {
		switch {
		case e.Optimizer == "":
			return fmt.Errorf("entry %d under optimizers names no optimizer", i+1)
		case !printable(e.Name):
			return fmt.Errorf("optimizer %d is named %q, want a name that prints on one line", i+1,
				e.Name)
		case seen[e.Name]:
			return fmt.Errorf("two optimizers of the plan are named %q; give one of them another "+
				"name with \"name:\"", e.Name)
		case e.BatchSize < 0:
			return fmt.Errorf("optimizer %s: batch_size is %d, want a positive number", e.Name,
				e.BatchSize)
		case e.Clip < 0 || !Finite(e.Clip):
			return fmt.Errorf("optimizer %s: clip is %g, want a positive norm", e.Name, e.Clip)
		}
		if err := e.checkTuning(); err != nil {
			return fmt.Errorf("optimizer %s: %w", e.Name, err)
		}
		if e.Schedule != nil {
			if err := e.Schedule.Check(); err != nil {
				return fmt.Errorf("optimizer %s: %w", e.Name, err)
			}
		}
		seen[e.Name] = true
	}
	return nil
}

// checkGroups returns an error that names a group without problems, or with one that is twice in it
// or not in the plan.
func (p *Plan) checkGroups() error {
	var names []string
	for _, e := range p.Problems {
		names = append(names, e.Name)
	}
	for _, group := range slices.Sorted(maps.Keys(p.Groups)) {
		problems := p.Groups[group]
		switch {
		case !printable(group):
			return fmt.Errorf("a group is named %q, want a name that prints on one line", group)
		case len(problems) == 0:
			return fmt.Errorf("group %s lists no problems", group)
		}
		for i, name := range problems {
			if !slices.Contains(names, name) {
				return fmt.Errorf("group %s: %w", group, Unknown("problem", name, names))
			}
			if slices.Contains(problems[:i], name) {
				return fmt.Errorf("group %s lists problem %s twice", group, name)
			}
		}
	}
	return nil
}

// checkTuning returns an error that names invalid or inconsistent values of set, sweep and tune.
func (e *OptimizerEntry) checkTuning() error {
	if len(e.Sweep) > 0 && len(e.Tune) > 0 {
		return fmt.Errorf("it has both a sweep, of %s, and ranges to tune, of %s; keep one",
			sorted(e.Sweep), sorted(e.Tune))
	}
	for _, tuned := range []struct {
		key    string
		values map[string][]float64
	}{{"sweep", e.Sweep}, {"tune", e.Tune}} {
		for _, name := range slices.Sorted(maps.Keys(tuned.values)) {
			if len(tuned.values[name]) == 0 {
				return fmt.Errorf("%s.%s lists no values", tuned.key, name)
			}
			if _, both := e.Set[name]; both {
				return fmt.Errorf("%s is both under set and under %s; keep one", name, tuned.key)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Tune)) {
		if r := e.Tune[name]; len(r) != 2 || !(r[0] < r[1]) || !Finite(r[0]) || !Finite(r[1]) {
			return fmt.Errorf("tune.%s is %g, want a range [least, greatest] of two numbers, the least "+
				"less than the greatest", name, r)
		}
	}
	return nil
}

// sorted returns the keys of a map, joined by commas.
func sorted(values map[string][]float64) string {
	return strings.Join(slices.Sorted(maps.Keys(values)), ", ")
}

// Deviations lists the plan's deviations from the standard rules of selection, data order and
// validation, one sentence fragment each, for tables.
func (p *Plan) Deviations() []string {
	var d []string
	if p.Selection == TestPart {
		d = append(d, "settings are selected on test data")
	}
	last := p.FirstSeed + uint64(p.Replicates)
	if seed := p.Tuning.SweepSeed(); seed < last &&
		seed+uint64(max(0, p.Tuning.TieSeeds)) >= p.FirstSeed {
		d = append(d, "a tuning seed is counted among the replicates")
	}
	if p.Order == Frozen {
		d = append(d, "the data order is frozen")
	}
	if p.Report == Final {
		d = append(d, "runs are judged at their last point")
	}
	var all []string
	for _, e := range p.Problems {
		if held, said := e.With[ValidationParameter]; said && held == 0 {
			all = append(all, e.Name)
		}
	}
	if len(all) > 0 {
		d = append(d, "no validation examples are held out, all are trained on: "+strings.Join(all, ", "))
	}
	return d
}

// Measured returns the quantities that the runs of an optimizer measure on a problem: those that it
// needs, and those for diagnostics.
func (p *Plan) Measured(spec *ProblemSpec, o *OptimizerDef) Quantity {
	if p.Diagnostics {
		return o.Needs | Gradient | VarianceNorm&spec.Measures
	}
	return o.Needs
}
