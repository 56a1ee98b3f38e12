package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"noisebench/results/stats"
)

// Pairwise is a report of which the comparisons of all pairs of optimizers are written in place of
// the ranking.
type Pairwise struct {
	*Report
	Width int // of the terminal in characters; 0: no limit
}

func (r Pairwise) sections() []section {
	var all []section
	for i := range r.Problems {
		p := &r.Problems[i]
		s := section{
			title:   fmt.Sprintf("%d. %s", i+1, clean(p.Name)),
			caption: fmt.Sprintf("Differences of %s between pairs of optimizers on %s, plan %s", p.metric(), clean(p.Name), clean(r.Plan)),
			facts:   []string{fmt.Sprintf("differences of %s at common seeds, the first less the second", p.metric())},
			header:  []string{"optimizer", "versus", "n", "mean difference", "95 % interval", "p", "adjusted"},
		}
		for _, pair := range p.Pairs {
			s.rows = append(s.rows, []string{
				clean(pair.A), clean(pair.B), strconv.Itoa(pair.N), number(pair.Difference.Mean),
				span(pair.Difference.Low, pair.Difference.High), probability(pair.Difference.P), probability(pair.Adjusted),
			})
			s.best = append(s.best, pair.Adjusted <= stats.Alpha)
		}
		s.notes = append(s.notes, texts(p.pairNotes())...)
		s.notes = append(s.notes, texts(p.Notes)...)
		all = append(all, s)
	}
	return all
}

// pairNotes says where Holm's correction for all pairs cannot find anything.
func (p *Problem) pairNotes() []Warning {
	m := len(p.Pairs)
	if m == 0 {
		return nil
	}
	n := p.Pairs[0].N
	for _, pair := range p.Pairs {
		n = max(n, pair.N)
	}
	if stats.CanTest(n, 2) && !stats.CanTest(n, m+1) {
		return []Warning{{FewSeeds, "", fmt.Sprintf("%d seeds are too few for the sign-flip test to tell any of %d pairs apart once p is adjusted: "+
			"the ranking tests the leader of each group alone, which needs fewer tests", n, m)}}
	}
	return nil
}

func (r Pairwise) legend() []string {
	return []string{
		"p: of the paired sign-flip test, two-sided, where it can find anything at the number of seeds, else of the paired t-test",
		"adjusted: p after Holm's correction for all pairs of the problem; at most 0.05 is emphasized",
		"95 % interval: of the mean difference by Student's distribution, not adjusted",
	}
}

func (r Pairwise) document() document {
	return document{r.Plan, r.headline(), r.Description, r.Complete(), r.Width, r.sections(), texts(r.Notes), r.legend()}
}

// WriteText writes the comparisons for a terminal.
func (r Pairwise) WriteText(w io.Writer) error { return r.document().text(w) }

// WriteMarkdown writes the comparisons as Markdown.
func (r Pairwise) WriteMarkdown(w io.Writer) error { return r.document().markdown(w) }

// WriteLaTeX writes the comparisons as LaTeX table environments that need the package booktabs.
func (r Pairwise) WriteLaTeX(w io.Writer) error { return r.document().latex(w) }

// WriteJSON writes the comparisons as a JSON array with one object per pair.
func (r Pairwise) WriteJSON(w io.Writer) error {
	all := []problemPairJSON{}
	for _, p := range r.Problems {
		for _, pair := range p.pairsJSON() {
			all = append(all, problemPairJSON{p.Name, pair})
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

// WriteCSV writes one line per problem and pair, in full precision. What is not there is empty.
func (r Pairwise) WriteCSV(w io.Writer) error {
	lines := [][]string{{
		"plan", "complete", "protocol", "problem", "metric", "higher_better", "optimizer", "versus", "n",
		"difference", "difference_low", "difference_high", "p", "p_adjusted",
	}}
	for _, p := range r.Problems {
		for _, pair := range p.Pairs {
			d := pair.Difference
			lines = append(lines, []string{
				r.Plan, strconv.FormatBool(r.Complete()), strconv.Itoa(r.Protocol), p.Name, p.Spec.Metric.Name,
				strconv.FormatBool(p.Spec.Metric.HigherBetter), pair.A, pair.B, strconv.Itoa(pair.N),
				exact(d.Mean), exact(d.Low), exact(d.High), exact(d.P), exact(pair.Adjusted),
			})
		}
	}
	return csv.NewWriter(w).WriteAll(lines)
}
