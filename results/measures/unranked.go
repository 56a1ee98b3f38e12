package measures

import (
	"fmt"
	"math"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

// Unranked is a row that takes no part in the ranking of its problem: results that were imported,
// or tuned elsewhere.
type Unranked struct {
	Row             // Rank is 0
	Source   string // why it is not ranked, or where it comes from
	Leader   string // the first of the ranked rows; empty if there is none
	Distance stats.Difference
}

// addUnranked makes the rows of the cells that are not ranked. Their seeds need not be those of the
// others, nor need runs at one seed have seen the same batches, so that the distance from the
// leader's mean is judged by Welch's test. leader are the leader's scores.
func (p *Problem) addUnranked(plan *protocol.Plan, cells []results.Cell, leader []float64) {
	for _, c := range cells {
		row := Unranked{Row: newRow(plan, c), Source: notation.Clean(c.Unranked)}
		if len(c.Tuned) == 0 {
			row.Setting = c.Setting
		}
		row.Distance = stats.Difference{
			Mean: math.NaN(), Low: math.NaN(), High: math.NaN(),
			P: math.NaN(),
		}
		mismatch := p.mismatch(c)
		for _, text := range mismatch {
			row.Notes = append(row.Notes, Warning{Incomparable, c.Optimizer, text})
		}
		if len(p.Rows) > 0 && p.Rows[0].Rank == 1 {
			row.Leader = p.Rows[0].Optimizer
			if !otherMetric(p, c) {
				row.Distance = stats.Welch(scores(c.Runs, plan.Report, plan.Selection), leader,
					level)
			}
		}
		p.Unranked = append(p.Unranked, row)
	}
	sortRows(p.Unranked)
}

// mismatch describes how the runs of a cell differ from those of the problem's table.
func (p *Problem) mismatch(c results.Cell) (texts []string) {
	if len(c.Runs) == 0 {
		return nil
	}
	r := c.Runs[0]
	if otherMetric(p, c) {
		texts = append(texts, fmt.Sprintf("reports %s, not %s: no comparison is made",
			notation.Clean(r.Spec.Metric.Name), notation.Clean(p.Spec.Metric.Name)))
	}
	if r.Run.Budget != p.Budget {
		texts = append(texts, fmt.Sprintf("has a budget of %d examples, not %d", r.Run.Budget,
			p.Budget))
	}
	if v := r.Run.Protocol; v != protocol.Version {
		texts = append(texts, fmt.Sprintf("made under protocol version %d, not %d", v,
			protocol.Version))
	}
	return texts
}

func otherMetric(p *Problem, c results.Cell) bool {
	return len(c.Runs) > 0 && c.Runs[0].Spec.Metric != p.Spec.Metric
}

// scores are the scores of runs under the rules of a plan.
func scores(runs []*results.Record, rule protocol.ReportRule, selection protocol.Part) []float64 {
	var all []float64
	for _, record := range runs {
		all = append(all, record.Score(rule, selection, protocol.TestPart))
	}
	return all
}
