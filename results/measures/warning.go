package measures

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"noisebench/results/notation"
)

// Kind is the kind of a warning. The names are stable: programs that read reports rely on them.
type Kind string

// The kinds of warnings.
const (
	Deviation     Kind = "deviation"      // the plan departs from the standard protocol
	OtherProtocol Kind = "other-protocol" // records of another protocol version are left out
	Platforms     Kind = "platforms"      // runs of different platforms are pooled
	FewSeeds      Kind = "few-seeds"      // too few for the test behind the ranks
	Diverged      Kind = "diverged"       // some runs did
	// so many diverged that the entry is put behind all others
	Unstable    Kind = "unstable"
	Impossible  Kind = "impossible" // it cannot run on the problem
	OwnSchedule Kind = "schedule"   // it has a step-size schedule that the others do not have
	Clipped     Kind = "clip"       // the harness clips its gradients
	Ranges      Kind = "ranges"     // it was tuned over ranges that the plan gives
	// the best value of a hyperparameter is at an end of the search
	Edge       Kind = "edge"
	Capped     Kind = "capped"  // the limit on tuning runs ended the search
	FailedRuns Kind = "failed"  // some runs did: plugin or machine broke
	Missing    Kind = "missing" // some runs have not been made
	Oracle     Kind = "oracle"  // it used information that no real optimizer has
	// where an entry's results come from, and who checked them
	Bundled   Kind = "bundle"
	Elsewhere Kind = "elsewhere" // runs were made elsewhere, and came in a bundle
	// its runs were made again, and none could be compared bit by bit
	Loosely Kind = "loosely"
	Refused Kind = "refused" // results left out of the report, and why
	// a row that is not ranked was made under other circumstances
	Incomparable Kind = "incomparable"
	// replicates of several settings, batch sizes, budgets or versions are in one row
	Pooled   Kind = "pooled"
	Bimodal  Kind = "bimodal"   // the scores of a row fall into two groups
	Untold   Kind = "untold"    // no test separates an entry from one of a better rank
	SeedBias Kind = "seed-bias" // results of tuning are better than those of replicates
	NoAnchor Kind = "no-anchor" // no baseline to measure by
)

// Warning is something that a reader of a table has to know. It travels with the table as a
// footnote.
type Warning struct {
	Kind Kind   `json:"kind"`
	Who  string `json:"who,omitempty"` // the optimizer that it concerns; empty: all
	Text string `json:"text"`          // one line, without Who
}

// String writes who and text.
func (w Warning) String() string {
	if w.Who == "" {
		return w.Text
	}
	return notation.Clean(w.Who) + ": " + w.Text
}

// Warnings lists all warnings of the report: first those on the problems, each with the problem's
// name, then those on all of it, which have none.
func (r *Report) Warnings() []Located {
	var all []Located
	for _, p := range r.Problems {
		for _, row := range p.Rows {
			all = located(all, p.Name, row.Notes)
		}
		for _, row := range p.Unranked {
			all = located(all, p.Name, row.Notes)
		}
		all = located(all, p.Name, p.Notes)
	}
	return located(all, "", r.Notes)
}

// Located is a warning with the name of the problem that it concerns; empty: all.
type Located struct {
	Problem string `json:"problem,omitempty"`
	Warning
}

func located(all []Located, problem string, warnings []Warning) []Located {
	for _, w := range warnings {
		all = append(all, Located{problem, w})
	}
	return all
}

func joined(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ", ") }

// sortRows puts rows that are not ranked in order of their names, then their sources.
func sortRows(rows []Unranked) {
	slices.SortStableFunc(rows, func(a, b Unranked) int {
		return cmp.Or(cmp.Compare(a.Optimizer, b.Optimizer), cmp.Compare(a.Source, b.Source))
	})
}
