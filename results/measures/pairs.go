package measures

import (
	"fmt"
	"slices"

	"noisebench/results/stats"
)

// Pair is the comparison of two optimizers on one problem, at the seeds that they have in common.
type Pair struct {
	A, B       string // A is ahead of B in the table
	N          int    // common seeds
	Difference stats.Difference
	Adjusted   float64 // Difference.P after Holm's correction for all pairs of the problem
}

// Apart reports whether the test of this pair alone rejects that the two are equal.
func (p *Pair) Apart() bool { return p.Difference.P <= stats.Alpha }

// pairs compares all rows with scores.
func (p *Problem) pairs(cells []reduced, scores [][]float64) {
	at := map[string]int{}
	for i, c := range cells {
		at[c.cell.Optimizer] = i
	}
	ranked := slices.DeleteFunc(slices.Clone(p.Rows), func(r Row) bool { return r.Rank == 0 })
	var all []float64
	for i, a := range ranked {
		for _, b := range ranked[i+1:] {
			d, n := stats.Paired(scores[at[a.Optimizer]], scores[at[b.Optimizer]], len(ranked),
				level)
			p.Pairs = append(p.Pairs, Pair{A: a.Optimizer, B: b.Optimizer, N: n, Difference: d})
			all = append(all, d.P)
		}
	}
	for i, adjusted := range stats.HolmAdjusted(all) {
		p.Pairs[i].Adjusted = adjusted
	}
}

// PairNotes warns where Holm's correction for all pairs cannot find anything.
func (p *Problem) PairNotes() []Warning {
	m := len(p.Pairs)
	if m == 0 {
		return nil
	}
	n := p.Pairs[0].N
	for _, pair := range p.Pairs {
		n = max(n, pair.N)
	}
	if stats.CanTest(n, 2) && !stats.CanTest(n, m+1) {
		return []Warning{{
			FewSeeds, "",
			fmt.Sprintf("%d seeds are too few for the sign-flip test to tell any of %d pairs "+
				"apart once p is adjusted: the ranking tests the leader of each group alone, which "+
				"needs fewer tests", n, m),
		}}
	}
	return nil
}
