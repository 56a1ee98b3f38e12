package results

import (
	"slices"

	"noisebench/protocol"
)

// Cell is what is known of one optimizer on one problem of a plan: the input of rankings and tables. Its slices may be
// empty, and then Missing or Failed say why.
type Cell struct {
	Problem   string // name of the plan's problem entry
	Optimizer string // name of the plan's optimizer entry

	// Impossible says why the optimizer cannot run on the problem, such as a quantity that it needs and the problem does not
	// measure; empty: it can. Such a cell has no runs, and none are missing.
	Impossible string

	// Setting is the complete setting that tuning chose; nil while tuning is unfinished. Defaults are the values that the
	// optimizer declares, complete; nil: unknown. Tuned names the hyperparameters that were searched, and Ranges has the least and the greatest value of those that were searched over a
	// range. BatchSize, Schedule and Clip are what the optimizer entry has of its own, or zero.
	Setting   protocol.Setting
	Defaults  protocol.Setting
	Tuned     []string
	Ranges    map[string][]float64
	BatchSize int
	Schedule  *protocol.Schedule
	Clip      float64

	Runs           []*Record        // replicates of Setting: finished runs only, one per reporting seed
	OneShotSetting protocol.Setting // the declared default but for what the entry sets, complete; nil if the plan has no one-shot row
	OneShot        []*Record        // replicates of OneShotSetting, as Runs
	Tuning         []*Record        // all finished runs of the sweep and of the tie step

	Edges  []Edge // where Setting lies at an end of what was searched
	Capped bool   // the limit on tuning runs ended the search

	// Unranked says why this cell takes no part in ranking and stands in a table of its own, such as where it comes from;
	// empty: it takes part. Its records may have seeds, budgets and a protocol version of their own.
	Unranked string

	Taken []Taken // from bundles, if any

	Failed  []string // one reason per failed run, tuning runs among them
	Missing int      // runs of the plan that neither finished nor failed
}

// Fixed is the part of the setting that a reader has to be told beside what was tuned: the values that differ from those that the
// optimizer declares, and the batch size of the entry. It is empty while tuning is unfinished.
func (c *Cell) Fixed() protocol.Setting {
	fixed := protocol.Setting{}
	if c.Setting == nil {
		return fixed
	}
	for name, v := range c.Setting {
		if declared, known := c.Defaults[name]; c.Defaults != nil && !slices.Contains(c.Tuned, name) && !(known && v == declared) {
			fixed[name] = v
		}
	}
	if c.BatchSize > 0 {
		fixed["batch_size"] = float64(c.BatchSize)
	}
	return fixed
}

// Taken says of a cell that some of its runs were made elsewhere and came in a bundle.
type Taken struct {
	Runs, Of    int    // that many of the cell's runs
	Root, Title string // of the bundle
	Platforms   string // that its runs were made on
	Checked     int    // runs of the bundle that were made again here, whatever cell they are of
	Bits        int    // of them, with the same bits; the others agree within the tolerance for another platform
}

// Edge is an end of the values of a hyperparameter that a sweep has tried.
type Edge struct {
	Name  string // of the hyperparameter
	Above bool   // the greatest value; else the least
}
