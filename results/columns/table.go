package columns

import (
	"fmt"
	"math"
	"slices"

	"noisebench/results/measures"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

// Table is a table for readers, ready to be laid out.
type Table struct {
	Title   string
	Caption string   // for papers: one sentence without its full stop
	Facts   []string // that hold for all rows, one line each
	Heads   []Head
	Lines   []Line
	Notes   []string // warnings, one line each
}

// Head is the head of a column, and how it is laid out.
type Head struct {
	Name    string // of the column in the list
	Text    string
	Meaning string
	Legend  string
	Words   bool // words, not numbers
	Higher  bool
	Drop    int
}

// Line is a row of a table.
type Line struct {
	Optimizer string // its name in the plan
	Best      bool   // it is emphasized
	Cells     []Cell // one for each head
}

// Cell is a cell of a table: its text and the value behind it, see [Column].
type Cell struct {
	Text  string
	Value any
}

// Texts returns the cells of all lines as texts.
func (t *Table) Texts() [][]string {
	var all [][]string
	for _, line := range t.Lines {
		var texts []string
		for _, c := range line.Cells {
			texts = append(texts, c.Text)
		}
		all = append(all, texts)
	}
	return all
}

// Column returns the position of a column by its name in the list; -1 if the table lacks it.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Heads, func(h Head) bool { return h.Name == name })
}

// Legend explains the columns of tables, one line for each name in their legends.
func Legend(tables ...Table) []string {
	told := map[string]bool{}
	var lines []string
	for _, t := range tables {
		for _, h := range t.Heads {
			if h.Legend != "" && !told[h.Legend] {
				told[h.Legend] = true
				lines = append(lines, h.Legend+": "+h.Meaning)
			}
		}
	}
	return lines
}

// Fill returns a table of rows in columns, all of which are for readers. Optional columns of which
// no row has anything are left out.
func Fill[R any](list []Column[R], rows []R) Table {
	t := Table{Lines: make([]Line, len(rows))}
	for _, c := range list {
		var cells []Cell
		known := false
		for _, row := range rows {
			cell := Cell{c.text(row), c.Value(row)}
			known = known || cell.Text != notation.None
			cells = append(cells, cell)
		}
		if c.Optional && !known {
			continue
		}
		t.Heads = append(t.Heads, Head{
			c.Name, c.Head, c.Meaning, c.Legend, c.Words, c.Higher,
			c.Drop,
		})
		for i, cell := range cells {
			t.Lines[i].Cells = append(t.Lines[i].Cells, cell)
		}
	}
	return t
}

// fill fills a table with rows in the columns that an output shows. line returns the optimizer
// of a row, and whether it is emphasized.
func fill[R any](t *Table, list []Column[R], output Output, rows []R,
	line func(R) (optimizer string, best bool),
) {
	filled := Fill(In(list, output), rows)
	t.Heads, t.Lines = filled.Heads, filled.Lines
	for i, row := range rows {
		t.Lines[i].Optimizer, t.Lines[i].Best = line(row)
	}
}

func rowLine(r Row) (string, bool) { return r.Optimizer, r.Rank == 1 }

// rows returns those that are ranked, or those that are not.
func rows(r *measures.Report, p *measures.Problem, ranked bool) []Row {
	return slices.DeleteFunc(RowsOf(r, p),
		func(row Row) bool { return ranked != (row.Unranked == nil) })
}

// Ranking is the ranking of a problem in one of the outputs Terminal, Markdown, LaTeX and Page.
func Ranking(r *measures.Report, p *measures.Problem, output Output) Table {
	t := Table{
		Title: notation.Clean(p.Name), Caption: "Ranking of the optimizers by " + p.MetricName(),
		Facts: Facts(p),
	}
	fill(&t, Rows(r, p), output, rows(r, p, true), rowLine)
	for _, row := range p.Rows {
		t.Notes = append(t.Notes, Texts(row.Notes)...)
	}
	t.Notes = append(t.Notes, Texts(p.Notes)...)
	return t
}

// Unranked is the table of the results that are not ranked. It has no lines if there are none.
func Unranked(r *measures.Report, p *measures.Problem) Table {
	t := Table{
		Title:   notation.Clean(p.Name) + ", not ranked",
		Caption: "Results that are not ranked",
		Facts: []string{"beside the ranking; distance: of the mean from the leader's, with the " +
			"95 % interval and p of Welch's test"},
	}
	fill(&t, Rows(r, p), Beside, rows(r, p, false), rowLine)
	for _, row := range p.Unranked {
		t.Notes = append(t.Notes, Texts(row.Notes)...)
	}
	return t
}

// Second is the second table of a problem that has runs: how sure, how fast, how tuned.
func Second(r *measures.Report, p *measures.Problem) Table {
	t := Table{
		Title:   notation.Clean(p.Name) + ": how sure, how fast, how tuned",
		Caption: "Further measures of the optimizers", Facts: secondFacts(r, p),
	}
	fill(&t, Rows(r, p), Details, rows(r, p, true), rowLine)
	return t
}

// Defaults compares the scores of chosen settings, of declared defaults and of last points on a
// problem, for the appendix of a paper. It has no lines if there is nothing to compare.
func Defaults(r *measures.Report, p *measures.Problem) Table {
	t := Table{
		Title:   notation.Clean(p.Name) + ": defaults",
		Caption: "Chosen settings, declared defaults and last points compared",
	}
	if p.Spec == nil {
		return t
	}
	t.Facts = Facts(p)[1:2]
	fill(&t, Rows(r, p), Appendix, rows(r, p, true), rowLine)
	if t.Column("default_mean") < 0 && t.Column("final_mean") < 0 {
		t.Heads, t.Lines = nil, nil
	}
	return t
}

func overallLine(o Overall) (string, bool) { return o.Optimizer, o.Place.Place == 1 }

// OverallRanking is the ranking over all problems, of which there have to be at least two.
func OverallRanking(r *measures.Report, output Output) Table {
	t := Table{
		Title: "overall", Caption: "Mean ranks over the problems of plan " + notation.Clean(r.Plan),
		Facts: []string{"mean rank over the problems; intervals by a bootstrap over seeds"},
	}
	fill(&t, Overalls(r), output, OverallsOf(r), overallLine)
	return t
}

// OverallSecond is the second table over all problems, of which there have to be at least two.
func OverallSecond(r *measures.Report) Table {
	t := Table{
		Title: "overall: how sure, how fast, how tuned",
		Caption: "Further measures of the optimizers over the problems of plan " +
			notation.Clean(r.Plan),
		Facts: []string{"means over the problems"},
	}
	if f := r.Friedman; !math.IsNaN(f.P) {
		t.Facts = []string{fmt.Sprintf("Friedman's test that all are equal: F = %s, p = %s; "+
			"mean ranks differ by Nemenyi's test where they are %.2f apart", notation.Number(f.F),
			notation.Probability(f.P), r.CriticalDifference)}
	}
	fill(&t, Overalls(r), Details, OverallsOf(r), overallLine)
	return t
}

// PairsOf returns the pairs of optimizers on a problem.
func PairsOf(r *measures.Report, p *measures.Problem) []Pair {
	var all []Pair
	for i := range p.Pairs {
		all = append(all, Pair{r, p, &p.Pairs[i]})
	}
	return all
}

// Pairwise compares all pairs of ranked optimizers on a problem.
func Pairwise(r *measures.Report, p *measures.Problem) Table {
	t := Table{
		Title:   notation.Clean(p.Name),
		Caption: fmt.Sprintf("Differences of %s between pairs of optimizers", p.MetricName()),
		Facts: []string{fmt.Sprintf(
			"differences of %s at common seeds, the first less the second", p.MetricName())},
		Notes: slices.Concat(Texts(p.PairNotes()), Texts(p.Notes)),
	}
	fill(&t, Pairs(), Terminal, PairsOf(r, p),
		func(p Pair) (string, bool) { return p.A, p.Adjusted <= stats.Alpha })
	return t
}

// Texts writes warnings, one line each.
func Texts(warnings []measures.Warning) []string {
	var all []string
	for _, w := range warnings {
		all = append(all, w.String())
	}
	return all
}

// Facts are the properties that all rows of a problem share, one line each.
func Facts(p *measures.Problem) []string {
	if p.Spec == nil {
		return []string{"no run has finished"}
	}
	data := "endless data"
	if p.Spec.Train > 0 {
		data = fmt.Sprintf("N = %d", p.Spec.Train)
	}
	for _, part := range []struct {
		name string
		n    int
	}{{"validation", p.Spec.Validation}, {"test", p.Spec.Test}} {
		if part.n > 0 {
			data += fmt.Sprintf(" + %d %s", part.n, part.name)
		}
	}
	facts := []string{
		fmt.Sprintf("d = %d, %s, budget %d examples, batch size %d", p.Spec.Dim, data, p.Budget,
			p.BatchSize),
		fmt.Sprintf("%s (%s is better) %s, %s at the start, %s", p.MetricName(), Better(p), p.Point,
			notation.Number(p.Initial), notation.Count(p.Seeds, "seed")),
	}
	if p.Schedule != nil {
		facts = append(facts, "step-size schedule: "+p.Schedule.String())
	}
	return facts
}

// Better is "higher" or "lower", whichever values of a problem's metric are better.
func Better(p *measures.Problem) string {
	if p.HigherBetter() {
		return "higher"
	}
	return "lower"
}

// secondFacts are the references of the columns of the second table of a problem.
func secondFacts(r *measures.Report, p *measures.Problem) (facts []string) {
	if !math.IsNaN(p.Target) {
		facts = append(facts, fmt.Sprintf(
			"anchored: 0 at the start, 1 at the mean of %s, %s; target %s, %g %% of that way",
			notation.Clean(r.Anchor), notation.Number(p.AnchorMean), notation.Number(p.Target),
			100*measures.TargetShare))
	}
	if τ := p.AgreeFinal; !math.IsNaN(τ) && p.ShowFinal {
		facts = append(facts, fmt.Sprintf(
			"order by the means at the last points: Kendall's τ = %.2f", τ))
	}
	if τ := p.AgreeDefault; !math.IsNaN(τ) {
		facts = append(facts, fmt.Sprintf(
			"order by the means of the declared defaults: Kendall's τ = %.2f", τ))
	}
	if facts == nil {
		facts = []string{"no baseline to measure by"}
	}
	return facts
}
