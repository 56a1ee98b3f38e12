// Package columns lists the columns of tables of results: for each its name, its meaning, its
// value, its text, and the outputs that show it.
//
// The lists are [Reports], [Problems], [Rows], [Overalls] and [Pairs], one for each kind of thing
// that is described. All outputs read them: tables for readers, through [Ranking], [Second] and the
// like, on the terminal, in Markdown, LaTeX and on the HTML page; and data for programs, as CSV,
// JSON and exported tables. A new measure is a field in package measures and one entry here.
package columns

import (
	"fmt"
	"slices"
	"strconv"

	"noisebench/protocol"
	"noisebench/results/measures"
	"noisebench/results/notation"
)

// Output is a set of outputs.
type Output uint

// The outputs.
const (
	Terminal Output = 1 << iota // rankings on the terminal
	Markdown                    // rankings in Markdown
	LaTeX                       // rankings in LaTeX
	Page                        // rankings on the HTML page
	Appendix                    // in LaTeX: chosen settings compared with declared defaults
	Beside                      // results that are not ranked, in all of these
	Details                     // second tables, in all of these
	CSV
	JSON
	Export // tables for other tools
)

// Sets of outputs.
const (
	Rankings = Terminal | Markdown | LaTeX | Page
	Data     = CSV | JSON | Export
)

// Kind is the type of a column's values.
type Kind int

// The kinds. A value is nil where there is none.
const (
	Text    Kind = iota // string
	Integer             // int64
	Number              // float64; NaN if unknown
	Flag                // bool
	Object              // anything that encoding/json can write, for JSON alone
)

// Column is one measure of things of type R.
type Column[R any] struct {
	Name    string   // in CSV and exported tables
	Path    []string // of its field in JSON; In fills in Name where it is nil
	Kind    Kind     // of what Value returns
	Meaning string   // of the value, a phrase
	In      Output   // where it is shown
	Value   func(R) any

	// The rest is for tables that are made for readers.
	Head     string         // above the column
	Text     func(R) string // nil: Value, by its kind
	Legend   string         // its name in the explanations below tables; empty: it needs none there
	Words    bool           // its cells are words and not numbers
	Optional bool           // it is left out where all texts are missing
	Higher   bool           // readers look for its greatest values first
	Drop     int            // on narrow terminals, columns are dropped in this order; 0: last
}

// text is the text of a cell.
func (c *Column[R]) text(row R) string {
	if c.Text != nil {
		return c.Text(row)
	}
	switch v := c.Value(row).(type) {
	case nil:
		return notation.None
	case float64:
		return notation.Number(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return notation.Clean(v)
	default:
		return fmt.Sprint(v)
	}
}

// In returns the columns of a list that one of the outputs shows.
func In[R any](list []Column[R], outputs Output) []Column[R] {
	var all []Column[R]
	for _, c := range list {
		if c.In&outputs == 0 {
			continue
		}
		if c.Path == nil {
			c.Path = []string{c.Name}
		}
		all = append(all, c)
	}
	return all
}

// within turns columns of things into columns of other things that belong to them. of returns false
// where there is none.
func within[R, S any](list []Column[S], prefix string, of func(R) (S, bool)) []Column[R] {
	var all []Column[R]
	for _, c := range list {
		all = append(all, Column[R]{
			Name: prefix + c.Name, Kind: c.Kind, Meaning: c.Meaning, In: c.In & (CSV | Export),
			Value: func(row R) any {
				if s, ok := of(row); ok {
					return c.Value(s)
				}
				return nil
			},
		})
	}
	return In(all, Data)
}

// Reports is the list of the columns that describe a plan.
func Reports() []Column[*measures.Report] {
	type column = Column[*measures.Report]
	number := func(name, meaning string, value func(*measures.Report) float64) column {
		return column{
			Path: []string{"friedman", name}, Name: "friedman_" + name, Kind: Number, In: JSON,
			Meaning: meaning,
			Value:   func(r *measures.Report) any { return value(r) },
		}
	}
	return []column{
		{
			Name: "plan", Kind: Text, In: Data, Meaning: "name of the plan",
			Value: func(r *measures.Report) any { return r.Plan },
		},
		{
			Name: "description", Kind: Text, In: JSON, Meaning: "description of the plan",
			Value: func(r *measures.Report) any { return r.Description },
		},
		{
			Name: "complete", Kind: Flag, In: Data,
			Meaning: "no run of the plan failed or is missing",
			Value:   func(r *measures.Report) any { return r.Complete() },
		},
		{
			Name: "finished", Kind: Integer, In: JSON, Meaning: "finished runs, each counted once",
			Value: func(r *measures.Report) any { return int64(r.Finished) },
		},
		{
			Name: "planned", Kind: Integer, In: JSON,
			Meaning: "runs of the plan: finished, failed and missing ones",
			Value:   func(r *measures.Report) any { return int64(r.Planned) },
		},
		{
			Name: "protocol", Kind: Integer, In: Data, Meaning: "version of the protocol",
			Value: func(r *measures.Report) any { return int64(r.Protocol) },
		},
		{
			Name: "baselines", Kind: Object, In: JSON,
			Meaning: "entries that the others are compared with",
			Value:   func(r *measures.Report) any { return list(r.Baselines) },
		},
		{
			Name: "anchor", Kind: Text, In: JSON,
			Meaning: "baseline whose mean is 1 on the anchored scale; empty: none",
			Value:   func(r *measures.Report) any { return r.Anchor },
		},
		number("f", "Friedman's test that all optimizers are equal: F",
			func(r *measures.Report) float64 { return r.Friedman.F }),
		number("chi_square", "Friedman's test: χ²",
			func(r *measures.Report) float64 { return r.Friedman.ChiSquare }),
		number("p", "Friedman's test: p of F",
			func(r *measures.Report) float64 { return r.Friedman.P }),
		number("critical_difference", "least difference of mean ranks that Nemenyi's test finds",
			func(r *measures.Report) float64 { return r.CriticalDifference }),
		{
			Name: "notes", Kind: Object, In: JSON,
			Meaning: "warnings about the whole: kind, who, text",
			Value:   func(r *measures.Report) any { return list(r.Notes) },
		},
	}
}

// Problems is the list of the columns that describe a problem as a whole.
func Problems() []Column[*measures.Problem] {
	type column = Column[*measures.Problem]
	number := func(name, meaning string, value func(*measures.Problem) float64) column {
		return column{
			Name: name, Kind: Number, In: Data, Meaning: meaning,
			Value: func(p *measures.Problem) any { return value(p) },
		}
	}
	spec := func(p *measures.Problem) *protocol.ProblemSpec {
		if p.Spec == nil {
			return new(protocol.ProblemSpec)
		}
		return p.Spec
	}
	integer := func(name, path, meaning string, value func(*measures.Problem) int64) column {
		return column{
			Name: name, Path: []string{path}, Kind: Integer, In: Data, Meaning: meaning,
			Value: func(p *measures.Problem) any { return value(p) },
		}
	}
	text := func(name, meaning string, value func(*measures.Problem) string) column {
		return column{
			Name: name, Kind: Text, In: Data, Meaning: meaning,
			Value: func(p *measures.Problem) any { return value(p) },
		}
	}
	name := text("problem", "name of the problem in the plan",
		func(p *measures.Problem) string { return p.Name })
	name.Path = []string{"name"}
	return []column{
		name,
		integer("dim", "dim", "number of parameters d",
			func(p *measures.Problem) int64 { return int64(spec(p).Dim) }),
		integer("train_examples", "train", "training examples; 0: endless data",
			func(p *measures.Problem) int64 { return int64(spec(p).Train) }),
		integer("validation_examples", "validation", "validation examples",
			func(p *measures.Problem) int64 { return int64(spec(p).Validation) }),
		integer("test_examples", "test", "test examples",
			func(p *measures.Problem) int64 { return int64(spec(p).Test) }),
		integer("budget", "budget", "budget of a run, in examples",
			func(p *measures.Problem) int64 { return p.Budget }),
		integer("batch_size", "batch_size", "batch size where neither optimizer nor entry chooses",
			func(p *measures.Problem) int64 { return int64(p.BatchSize) }),
		integer("planned_runs", "seeds", "replicates that the plan asks for",
			func(p *measures.Problem) int64 { return int64(p.Seeds) }),
		{
			Name: "schedule", Kind: Text, In: CSV | Export,
			Meaning: "step-size schedule that the plan gives; empty: none",
			Value:   func(p *measures.Problem) any { return scheduleText(p.Schedule) },
		},
		{
			Name: "schedule", Kind: Object, In: JSON,
			Meaning: "step-size schedule that the plan gives, as plans write it; null: none",
			Value:   func(p *measures.Problem) any { return p.Schedule },
		},
		text("metric", "the problem's metric",
			func(p *measures.Problem) string { return spec(p).Metric.Name }),
		{
			Name: "higher_better", Kind: Flag, In: Data,
			Meaning: "greater values of the metric are better",
			Value:   func(p *measures.Problem) any { return p.HigherBetter() },
		},
		text("part", "part of the data on which the metric is reported",
			func(p *measures.Problem) string { return string(p.Part) }),
		text("point", "point of a run at which the metric is reported",
			func(p *measures.Problem) string { return p.Point }),
		number("initial", "mean metric at the start",
			func(p *measures.Problem) float64 { return p.Initial }),
		number("anchor_mean", "mean metric of the anchor",
			func(p *measures.Problem) float64 { return p.AnchorMean }),
		number("target", "metric of the target: 95 % of the way from the start to the anchor's mean",
			func(p *measures.Problem) float64 { return p.Target }),
		number("agree_final", "Kendall's τ between the orders by score and by the last point",
			func(p *measures.Problem) float64 { return p.AgreeFinal }),
		number("agree_default", "Kendall's τ between the orders by score and by the declared "+
			"defaults",
			func(p *measures.Problem) float64 { return p.AgreeDefault }),
		{
			Name: "notes", Kind: Object, In: JSON,
			Meaning: "warnings about all rows: kind, who, text",
			Value:   func(p *measures.Problem) any { return list(p.Notes) },
		},
	}
}

// Pair is the comparison of two optimizers on a problem.
type Pair struct {
	Report  *measures.Report
	Problem *measures.Problem
	*measures.Pair
}

// Pairs is the list of the columns that compare pairs of optimizers. JSON has no problem in it:
// pairs stand within their problem there.
func Pairs() []Column[Pair] {
	type column = Column[Pair]
	number := func(name string, path []string, meaning string, value func(Pair) float64) column {
		return column{
			Name: name, Path: path, Kind: Number, In: CSV | JSON, Meaning: meaning,
			Value: func(p Pair) any { return value(p) },
		}
	}
	all := within(Reports(), "", func(p Pair) (*measures.Report, bool) { return p.Report, true })
	all = append(all, within(Problems(), "",
		func(p Pair) (*measures.Problem, bool) { return p.Problem, true })...)
	all = slices.DeleteFunc(all, func(c column) bool { // few of them, for there are many pairs
		return !slices.Contains([]string{
			"plan", "complete", "protocol", "problem", "metric",
			"higher_better",
		}, c.Name)
	})
	return append(all,
		column{
			Name: "optimizer", Kind: Text, In: Rankings | CSV | JSON, Head: "optimizer",
			Words:   true,
			Meaning: "the one that is ahead in the ranking",
			Value:   func(p Pair) any { return p.A },
		},
		column{
			Name: "versus", Kind: Text, In: Rankings | CSV | JSON, Head: "versus", Words: true,
			Meaning: "the one that it is compared with",
			Value:   func(p Pair) any { return p.B },
		},
		column{
			Name: "n", Kind: Integer, In: Rankings | CSV | JSON, Head: "n", Drop: 11,
			Meaning: "common seeds",
			Value:   func(p Pair) any { return int64(p.N) },
		},
		number("difference", []string{"difference", "mean"},
			"mean over the common seeds of the first's metric less the second's",
			func(p Pair) float64 { return p.Difference.Mean }).
			shown(Rankings, "mean difference", nil).drop(12),
		number("difference_low", []string{"difference", "low"},
			"of the mean difference by Student's distribution, not adjusted",
			func(p Pair) float64 { return p.Difference.Low }).
			shown(Rankings, "95 % interval",
				func(p Pair) string { return notation.Span(p.Difference.Low, p.Difference.High) }).
			legend("95 % interval").drop(8),
		number("difference_high", []string{"difference", "high"}, "upper end of that interval",
			func(p Pair) float64 { return p.Difference.High }),
		number("p", []string{"difference", "p"},
			"of the paired sign-flip test, two-sided, where it can find anything at the number "+
				"of seeds, else of the "+
				"paired t-test", func(p Pair) float64 { return p.Difference.P }).
			shown(Rankings, "p", func(p Pair) string {
				return notation.Probability(
					p.Difference.P)
			}).legend("p").drop(13),
		number("p_adjusted", nil,
			"p after Holm's correction for all pairs of the problem; at most 0.05 is emphasized",
			func(p Pair) float64 { return p.Adjusted }).
			shown(Rankings, "adjusted", func(p Pair) string {
				return notation.Probability(
					p.Adjusted)
			}).legend("adjusted"),
	)
}

// list is never null in JSON.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// scheduleText writes a schedule; nil if there is none.
func scheduleText(s *protocol.Schedule) any {
	if s == nil {
		return nil
	}
	return s.String()
}
