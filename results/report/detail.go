package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// detailSection lays out what is known of the rows besides the ranking.
func (p *Problem) detailSection(r *Report) section {
	s := section{
		title: clean(p.Name) + ": how sure, how fast, how tuned", caption: "Further measures of the optimizers", facts: p.detailFacts(r),
	}
	var columns []tableColumn
	add := func(name string, cell func(Row) string) { columns = append(columns, tableColumn{name, cell}) }
	add("optimizer", func(r Row) string { return flagged(r.Optimizer, r.Oracle) })
	if p.known(func(r Row) float64 { return r.Anchored.Value }) {
		add("anchored", func(r Row) string { return r.Anchored.text(2) })
	}
	for b, name := range r.Baselines {
		add("> "+clean(name), func(r Row) string { return share2(r.Better[b].Value) })
	}
	if !math.IsNaN(p.Target) {
		add("to target", func(r Row) string { return r.ToTarget.String() })
	}
	add("mean", func(r Row) string { return number(r.AUC) })
	for i, k := range BestOfRuns {
		if p.known(func(r Row) float64 { return r.BestOf[i] }) {
			add(fmt.Sprintf("best of %d", k), func(r Row) string { return number(r.BestOf[i]) })
		}
	}
	if p.known(func(r Row) float64 { return r.Width }) {
		add("width", func(r Row) string { return width(r.Width, r.WidthOpen) })
		add("spread", func(r Row) string { return share2(r.LossSpread) })
	}
	add("diverged", func(r Row) string { return r.Failure.percent() })
	if slices.ContainsFunc(p.Rows, func(r Row) bool { return r.Score.Bimodal }) {
		add("median [middle half]", func(r Row) string {
			if !r.Score.Bimodal {
				return none
			}
			return number(r.Score.Median) + " " + span(r.Score.Q25, r.Score.Q75)
		})
	}
	s.fill(columns, p.Rows)
	return s
}

// known reports whether a number is known of any row.
func (p *Problem) known(value func(Row) float64) bool {
	return slices.ContainsFunc(p.Rows, func(r Row) bool { return !math.IsNaN(value(r)) })
}

func (p *Problem) detailFacts(r *Report) (facts []string) {
	if !math.IsNaN(p.Target) {
		facts = append(facts, fmt.Sprintf("anchored: 0 at the start, 1 at the mean of %s, %s; target %s, %g %% of that way",
			clean(r.Anchor), number(p.AnchorMean), number(p.Target), 100*targetShare))
	}
	for _, a := range []struct {
		τ    float64
		what string
	}{{p.AgreeFinal, "at the last points"}, {p.AgreeDefault, "of the declared defaults"}} {
		if !math.IsNaN(a.τ) && (a.what != "at the last points" || p.ShowFinal) {
			facts = append(facts, fmt.Sprintf("order by the means %s: Kendall's τ = %.2f", a.what, a.τ))
		}
	}
	if facts == nil {
		facts = []string{"no baseline to measure by"}
	}
	return facts
}

// overallDetail lays out what is known of the entries over all problems besides their places.
func (r *Report) overallDetail() section {
	s := section{
		title:   "overall: how sure, how fast, how tuned",
		caption: "Further measures of the optimizers over the problems of plan " + clean(r.Plan),
	}
	if f := r.Friedman; !math.IsNaN(f.P) {
		s.facts = append(s.facts, fmt.Sprintf("Friedman's test that all are equal: F = %s, p = %s; "+
			"mean ranks differ by Nemenyi's test where they are %.2f apart", number(f.F), probability(f.P), r.CriticalDifference))
	} else {
		s.facts = []string{"means over the problems"}
	}
	var columns []overallColumn
	add := func(name string, cell func(Overall) string) { columns = append(columns, overallColumn{name, cell}) }
	known := func(value func(Overall) float64) bool {
		return slices.ContainsFunc(r.Overall, func(o Overall) bool { return !math.IsNaN(value(o)) })
	}
	add("optimizer", func(o Overall) string { return flagged(o.Optimizer, o.Oracle) })
	if known(func(o Overall) float64 { return o.Anchored.Value }) {
		add("anchored IQM", func(o Overall) string { return o.Anchored.text(2) })
	}
	for b, name := range r.Baselines {
		add("> "+clean(name), func(o Overall) string { return o.Better[b].text(2) })
	}
	if known(func(o Overall) float64 { return o.Profile }) {
		add("profile", func(o Overall) string { return share2(o.Profile) })
		add("by "+clean(r.Anchor), func(o Overall) string { return share2(o.ProfileAnchor) })
	}
	if known(func(o Overall) float64 { return o.Width }) {
		add("width", func(o Overall) string { return width(o.Width, false) })
	}
	if known(func(o Overall) float64 { return o.Slowdown }) {
		add("time", func(o Overall) string { return times(o.Slowdown) })
	}
	add("diverged", func(o Overall) string { return o.Failure.percent() })
	for _, c := range columns {
		s.header = append(s.header, c.name)
	}
	for _, o := range r.Overall {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(o))
		}
		s.rows = append(s.rows, cells)
		s.best = append(s.best, o.Place.Place == 1)
	}
	return s
}

type tableColumn struct {
	name string
	cell func(Row) string
}

type overallColumn struct {
	name string
	cell func(Overall) string
}

// fill lays out rows in columns. The first rank is emphasized.
func (s *section) fill(columns []tableColumn, rows []Row) {
	for i, c := range columns {
		s.header = append(s.header, c.name)
		if c.name == "optimizer" {
			s.name = i
		}
	}
	for _, row := range rows {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(row))
		}
		s.rows = append(s.rows, cells)
		s.best = append(s.best, row.Rank == 1)
	}
}

// detailLegend explains the columns of the second tables.
func (r *Report) detailLegend() []string {
	lines := []string{
		"anchored: mean on the scale from the start, 0, to the mean of the anchor, 1, with the 95 % interval; IQM: mean of the " +
			"middle half of all problems' scores, interval by the bootstrap",
		"> …: share of seeds at which it beats that entry; above 0.75 is worth having",
		"to target: median examples until the target is first met (runs that met it, if not all)",
		"mean: of the metric over the budget, for distances to an optimum the geometric mean",
	}
	if slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.known(func(r Row) float64 { return r.BestOf[0] }) }) {
		lines = append(lines, "best of k: expected best of k tuning runs in random order, on the part used for selection",
			"width: decades of step size that lose less than a tenth of the way from the start to the best (≥: to the end of what was "+
				"tried); spread: std of log₁₀ of the final loss over these runs")
	}
	if r.Overall != nil {
		lines = append(lines, "profile: share of the area under the performance profile between 1 and 4 times the least examples to "+
			"target (by …: times that entry's); 1 is best")
	}
	return append(lines, "diverged: share of runs, with the exact 95 % interval")
}

// text writes an estimate with so many decimals.
func (e Estimate) text(decimals int) string {
	write := func(v float64) string { return place{0, decimals}.write(v) }
	switch {
	case math.IsNaN(e.Value):
		return none
	case math.IsNaN(e.Low):
		return write(e.Value)
	}
	return fmt.Sprintf("%s [%s, %s]", write(e.Value), write(e.Low), write(e.High))
}

// percent writes a share of runs.
func (e Estimate) percent() string {
	if math.IsNaN(e.Value) {
		return none
	}
	return fmt.Sprintf("%.0f %% [%.0f, %.0f]", 100*e.Value, 100*e.Low, 100*e.High)
}

// share2 writes a number with two decimals.
func share2(v float64) string {
	if math.IsNaN(v) {
		return none
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func width(decades float64, open bool) string {
	text := share2(decades)
	if open && text != none {
		return "≥ " + text
	}
	return text
}

// String writes "5.5k", "5.5k (7/10)", "never", or "– (4/10)" where too few runs met the target for
// a median.
func (t Times) String() string {
	switch {
	case math.IsNaN(t.Median):
		return none
	case t.Reached == 0:
		return "never"
	case math.IsInf(t.Median, 1):
		return fmt.Sprintf("%s (%d/%d)", none, t.Reached, t.N)
	case t.Reached < t.N:
		return fmt.Sprintf("%s (%d/%d)", amount(int64(t.Median)), t.Reached, t.N)
	}
	return amount(int64(t.Median))
}
