package report

import (
	"fmt"
	"slices"
)

// What follows is how numbers and names are written, for packages that lay the report out in their own way.

// Clean makes text that came from elsewhere fit to be printed in a line: no control characters, not too long.
func Clean(s string) string { return clean(s) }

// Number writes v with four significant digits, and what is not there as a dash.
func Number(v float64) string { return number(v) }

// Amount writes a number of examples: 640, 55k, 1.2M.
func Amount(n int64) string { return amount(n) }

// String writes the mean and its standard deviation, "0.9213 ± 0.0012 †"; the dagger says that runs diverged.
func (s Summary) String() string { return s.meanStd() }

// Regular writes how many runs did not diverge, of those planned: "9/10".
func (row *Row) Regular(planned int) string {
	if row.Impossible != "" {
		return none
	}
	return fmt.Sprintf("%d/%d", row.Score.N-row.Score.Diverged, planned)
}

// Interval writes the interval of the mean.
func (s Summary) Interval() string { return s.interval() }

// MetricName names what is reported, such as "test accuracy".
func (p *Problem) MetricName() string { return p.metric() }

// Facts says what all rows have in common, one line each.
func (p *Problem) Facts() []string { return p.facts() }

// Grid is a table as texts, ready to be laid out.
type Grid struct {
	Title  string
	Facts  []string // what all rows have in common
	Header []string
	Rows   [][]string
	Name   int // column of the optimizers' names
}

func (s section) grid() Grid {
	return Grid{s.title, s.facts, s.header, s.rows, slices.Index(s.header, "optimizer")}
}

// Beside is the table of the results that are not ranked, in the order of p.Unranked. It has no rows if there are none.
func (p *Problem) Beside() Grid { return p.unrankedSection().grid() }

// Detail is the second table of the problem: how sure, how fast, how tuned.
func (p *Problem) Detail(r *Report) Grid { return p.detailSection(r).grid() }

// OverallDetail is the second table of the whole, which needs at least two problems.
func (r *Report) OverallDetail() Grid { return r.overallDetail().grid() }

// Legend explains the columns of all tables, one line each.
func (r *Report) Legend() []string { return r.legend() }
