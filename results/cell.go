package results

import (
	"slices"

	"noisebench/protocol"
)

// Cell holds the results of one optimizer on one problem of a plan, the input of rankings and
// tables. Its slices may be empty; Missing or Failed then give the reason.
type Cell struct {
	Problem   string // name of the plan's problem entry
	Optimizer string // name of the plan's optimizer entry

	// Impossible is the reason why the optimizer cannot run on the problem, such as a quantity that
	// it needs and the problem does not measure; empty if it can. Such a cell has no runs, and none
	// are missing.
	Impossible string

	// Setting is the complete setting that tuning chose; nil while tuning is unfinished. Defaults
	// are the complete declared defaults of the optimizer; nil if unknown. Tuned names the
	// hyperparameters that were searched, and Ranges holds the least and the greatest value of
	// those searched over a range. BatchSize, Schedule and Clip are those of the optimizer's entry
	// in the plan; zero if it has none.
	Setting   protocol.Setting
	Defaults  protocol.Setting
	Tuned     []string
	Ranges    map[string][]float64
	BatchSize int
	Schedule  *protocol.Schedule
	Clip      float64

	Runs []*Record // finished replicates of Setting, one per reporting seed
	// the declared defaults with the values that the entry sets, complete; nil if the plan has no
	// one-shot row
	OneShotSetting protocol.Setting
	OneShot        []*Record // finished replicates of OneShotSetting
	Tuning         []*Record // all finished runs of the sweep and of the tie step

	Edges  []Edge // hyperparameters for which Setting lies at an end of the searched values
	Capped bool   // the limit on tuning runs ended the search

	// Unranked is the reason why this cell is not ranked but listed in a separate table, such as
	// its source; empty if it is ranked. Records of an unranked cell may have other seeds, budgets
	// and protocol versions.
	Unranked string

	Taken []Taken // from bundles, if any

	Failed  []string // one reason per failed run, tuning runs among them
	Missing int      // runs of the plan that have neither finished nor failed
}

// Entries returns the entries of the plan that the cell is one of; nil for one that the plan does
// not have.
func (c *Cell) Entries(plan *protocol.Plan) (p *protocol.ProblemEntry, o *protocol.OptimizerEntry) {
	if i := slices.IndexFunc(plan.Problems, func(e protocol.ProblemEntry) bool {
		return e.Name == c.Problem
	}); i >= 0 {
		p = &plan.Problems[i]
	}
	if i := slices.IndexFunc(plan.Optimizers, func(e protocol.OptimizerEntry) bool {
		return e.Name == c.Optimizer
	}); i >= 0 {
		o = &plan.Optimizers[i]
	}
	return p, o
}

// Records returns all finished runs of the cell: replicates, runs of the declared defaults, tuning
// runs. One run may be of several kinds.
func (c *Cell) Records() []*Record { return slices.Concat(c.Runs, c.OneShot, c.Tuning) }

// Fixed returns the part of the setting that tables show besides the tuned values: values that
// differ from the declared defaults, and the entry's batch size. It is empty while tuning is
// unfinished.
func (c *Cell) Fixed() protocol.Setting {
	fixed := protocol.Setting{}
	if c.Setting == nil {
		return fixed
	}
	for name, v := range c.Setting {
		if declared, known := c.Defaults[name]; c.Defaults != nil && !slices.Contains(c.Tuned, name) &&
			!(known && v == declared) {
			fixed[name] = v
		}
	}
	if c.BatchSize > 0 {
		fixed["batch_size"] = float64(c.BatchSize)
	}
	return fixed
}

// Taken describes the runs of a cell that come from a bundle.
type Taken struct {
	Runs, Of    int    // number of the cell's runs from the bundle, and of all its runs
	Root, Title string // of the bundle
	Platforms   string // on which its runs were made
	Checked     int    // runs of the bundle, of any cell, that were repeated here
	// of those, the runs with the same bits; the others agree within the tolerance for another
	// platform
	Bits int
}

// Edge is an end of the values of a hyperparameter that a sweep tried.
type Edge struct {
	Name  string // of the hyperparameter
	Above bool   // the greatest value; else the least
}
