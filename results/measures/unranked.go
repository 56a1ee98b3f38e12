package measures

import (
	"fmt"
	"math"

	"noisebench/protocol"
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
func (p *Problem) addUnranked(cells []reduced, leader []float64) {
	for _, c := range cells {
		row := Unranked{Row: c.row, Source: notation.Clean(c.cell.Unranked)}
		if len(c.cell.Tuned) == 0 {
			row.Setting = c.cell.Setting
		}
		row.Distance = stats.Difference{
			Mean: math.NaN(), Low: math.NaN(), High: math.NaN(),
			P: math.NaN(),
		}
		mismatch := p.mismatch(c)
		for _, text := range mismatch {
			row.Notes = append(row.Notes, Warning{Incomparable, c.cell.Optimizer, text})
		}
		if len(p.Rows) > 0 && p.Rows[0].Rank == 1 {
			row.Leader = p.Rows[0].Optimizer
			if !otherMetric(p, c) {
				row.Distance = stats.Welch(c.scores(), leader, level)
			}
		}
		p.Unranked = append(p.Unranked, row)
	}
	sortRows(p.Unranked)
}

// mismatch describes how the runs of a cell differ from those of the problem's table.
func (p *Problem) mismatch(c reduced) (texts []string) {
	if c.first == nil {
		return nil
	}
	if otherMetric(p, c) {
		texts = append(texts, fmt.Sprintf("reports %s, not %s: no comparison is made",
			notation.Clean(c.metric.Name), notation.Clean(p.Spec.Metric.Name)))
	}
	if c.first.Budget != p.Budget {
		texts = append(texts, fmt.Sprintf("has a budget of %d examples, not %d", c.first.Budget,
			p.Budget))
	}
	if v := c.first.Protocol; v != protocol.Version {
		texts = append(texts, fmt.Sprintf("made under protocol version %d, not %d", v,
			protocol.Version))
	}
	return texts
}

func otherMetric(p *Problem, c reduced) bool {
	return c.first != nil && c.metric != p.Spec.Metric
}
