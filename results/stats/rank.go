package stats

import (
	"cmp"
	"math"
	"slices"
)

// Alpha is the family-wise level of the tests behind ranks, and 1 − Alpha that of intervals.
const Alpha = 0.05

// Problem holds the scores of entries on one problem.
type Problem struct {
	// Scores[i][s] is the score of entry i at seed s, or NaN if it has none.
	Scores       [][]float64
	HigherBetter bool
	// Equivalence returns the greatest difference from a leading mean for which a mean is
	// practically equivalent to it.
	Equivalence func(leader float64) float64
	// Unstable[i] puts entry i behind all stable entries. It may be nil.
	Unstable []bool
}

// Rank ranks the entries of a problem: 1 is best, and entries that share a rank form a group.
// Entries without any score have rank 0.
//
// Entries are put in order of their means, unstable ones behind the others. The first is a leader.
// It is compared with each entry after it of the same stability, by [SignFlip] on the differences
// at common seeds, and [Holm] adjusts the p-values. Its group extends up to, but excluding, the
// first entry that is rejected and whose mean is not equivalent, or up to the first of several
// entries with that entry's mean. The next entry leads the next group. Ranks are competition ranks:
// 1, 1, 3.
//
// Thus ranks never contradict means, and noise does not promote an entry. If the common seeds are
// too few for SignFlip to reject anything, [PairedT] replaces it, see [CanTest].
func Rank(p Problem) []int { return rank(p, p.allSeeds(), exactLimit, nil) }

// Untold is an entry with a later rank than a leader although no test distinguishes the two: an
// entry between them is distinguished from the leader.
type Untold struct {
	// indices of the entries; Leader is the best such leader, Between the best entry that is
	// distinguished from it
	Entry, Leader, Between int
}

// Untolds returns the cases of [Untold] in the ranking of [Rank], in order of the ranks.
func Untolds(p Problem) []Untold {
	var all []Untold
	known := map[int]bool{}
	rank(p, p.allSeeds(), exactLimit, func(u Untold) {
		if !known[u.Entry] {
			known[u.Entry] = true
			all = append(all, u)
		}
	})
	return all
}

// CanTest reports whether the sign-flip test can detect a difference between a leader and k−1
// others at n common seeds: whether its least p-value, 2/2ⁿ, is at most Holm's first threshold
// α/(k−1).
func CanTest(n, k int) bool { return math.Ldexp(2, -n)*float64(k-1) <= Alpha }

// allSeeds returns the indices of the seeds.
func (p *Problem) allSeeds() []int32 {
	if len(p.Scores) == 0 {
		return nil
	}
	seeds := make([]int32, len(p.Scores[0]))
	for s := range seeds {
		seeds[s] = int32(s)
	}
	return seeds
}

// rank is Rank on the scores at the given seeds, with a limit on the pairs for which all sign
// patterns are counted. It passes entries outside a leader's group that would join it to untold,
// unless that is nil.
func rank(p Problem, seeds []int32, limit int, untold func(Untold)) []int {
	sign := 1.0
	if p.HigherBetter {
		sign = -1
	}
	unstable := func(i int) int {
		if p.Unstable != nil && p.Unstable[i] {
			return 1
		}
		return 0
	}
	cost := make([]float64, len(p.Scores)) // mean score, lower is better
	order := make([]int, 0, len(cost))
	for i, scores := range p.Scores {
		if cost[i] = sign * meanAt(scores, seeds); !math.IsNaN(cost[i]) {
			order = append(order, i)
		}
	}
	cost = Level(cost) // so that rounding does not decide the order
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(unstable(i), unstable(j)), cmp.Compare(cost[i], cost[j]))
	})
	ranks := make([]int, len(p.Scores))
	d := make([]float64, 0, len(seeds))
	for first := 0; first < len(order); {
		leader := order[first]
		others := order[first+1:]
		if k := slices.IndexFunc(others, func(i int) bool {
			return unstable(i) != unstable(leader)
		}); k >= 0 {
			others = others[:k]
		}
		margin := 0.0
		if p.Equivalence != nil {
			margin = p.Equivalence(sign * cost[leader])
		}
		c := comparison{
			scores: p.Scores, seeds: seeds, leader: leader, others: others,
			limit: limit, d: d,
		}
		joins := func(k int) bool { return cost[others[k]]-cost[leader] < margin || !c.differs(k) }
		equal := func(j, k int) bool { return cost[others[j]] == cost[others[k]] }
		size := 1 + group(len(others), joins, equal)
		for _, i := range order[first : first+size] {
			ranks[i] = first + 1
		}
		if untold != nil {
			between := 0
			for between < len(others) && joins(between) {
				between++
			}
			for k := size - 1; k < len(others); k++ {
				if joins(k) {
					untold(Untold{Entry: others[k], Leader: leader, Between: others[between]})
				}
			}
		}
		first += size
	}
	return ranks
}

// group returns the number of the n entries after a leader that belong to its group: those before
// the first that does not join. Of entries with equal means, which have no order, either all join
// or none.
func group(n int, joins func(k int) bool, equal func(j, k int) bool) (size int) {
	for k := 0; k < n; k++ {
		if !joins(k) {
			return size
		}
		if k+1 == n || !equal(k, k+1) {
			size = k + 1
		}
	}
	return size
}

// meanAt returns the mean of the scores at some seeds, ignoring NaNs.
func meanAt(scores []float64, seeds []int32) float64 {
	sum, n := 0.0, 0
	for _, s := range seeds {
		if v := scores[s]; !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	if mean := sum / float64(n); !math.IsInf(mean, 0) {
		return mean
	}
	sum = 0 // it overflowed
	for _, s := range seeds {
		if v := scores[s]; !math.IsNaN(v) {
			sum += v / float64(n)
		}
	}
	return sum
}

// comparison tests a leader against others, each when it is needed.
type comparison struct {
	scores [][]float64
	seeds  []int32
	leader int
	others []int
	limit  int
	holm   []bool    // nil until it is needed
	d      []float64 // reused
}

// differs reports whether [Holm] rejects others[k] among all others. Its own p-value p usually
// decides: Holm rejects for every p ≤ α/m and for no p > α. Otherwise all others are tested.
func (c *comparison) differs(k int) bool {
	if c.holm != nil {
		return c.holm[k]
	}
	switch p := c.test(k); {
	case p <= Alpha/float64(len(c.others)):
		return true
	case !(p <= Alpha):
		return false
	}
	p := make([]float64, len(c.others))
	for j := range p {
		p[j] = c.test(j)
	}
	c.holm = Holm(p, Alpha)
	return c.holm[k]
}

// test returns the p-value of pairedTest on the differences between others[k] and the leader.
func (c *comparison) test(k int) float64 {
	theirs, ours := c.scores[c.others[k]], c.scores[c.leader]
	c.d = c.d[:0]
	for _, s := range c.seeds {
		if v := difference(theirs[s], ours[s]); v == v {
			c.d = append(c.d, v)
		}
	}
	return pairedTest(c.d, len(c.others)+1, c.limit)
}

// pairedTest tests differences between two of k entries by [SignFlip] if that can reject, else by
// [PairedT].
func pairedTest(d []float64, k, limit int) float64 {
	if CanTest(len(d), k) {
		return signFlip(d, limit)
	}
	return PairedT(d)
}

// present returns the scores that are not NaN.
func present(scores []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(scores), math.IsNaN)
}

// Place is the standing of an entry over several problems.
type Place struct {
	// 1 is best; shared if the order is uncertain; 0 for an entry without a rank on some problem
	Place     int
	MeanRank  float64 // mean of its ranks over the problems; NaN if Place is 0
	Low, High float64 // interval of MeanRank
	// Behind reports whether it is behind the entry of next better mean rank, of whatever place:
	// its mean rank is above that one's in more than 97.5 % of the draws.
	Behind bool
}

// Overall orders entries by their mean rank over problems, all of which have the same entries.
//
// Uncertainty is estimated by a bootstrap over seeds: in each draw of r the problems are ranked
// again. Low and High are the 2.5 % and 97.5 % percentiles of an entry's mean rank. The best entry
// leads; its group extends up to, but excluding, the first entry whose mean rank is above the
// leader's in more than 97.5 % of the draws; the next entry leads the next group. Unstable is not
// resampled.
func Overall(problems []Problem, r Resamples) []Place {
	if len(problems) == 0 {
		return nil
	}
	places := make([]Place, len(problems[0].Scores))
	mean := meanRanks(len(problems), func(p int) []int { return Rank(problems[p]) })
	var order []int
	for i := range mean {
		if !math.IsNaN(mean[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(mean[i], mean[j]) })

	drawn := make([][]float64, len(places)) // drawn[i][b] is the mean rank of entry i in draw b
	for i := range drawn {
		drawn[i] = make([]float64, r.draws)
	}
	r.each(func(b int, seeds [][]int32) {
		again := meanRanks(len(problems), func(p int) []int {
			ranks := rank(problems[p], seeds[p], bootstrapLimit, nil)
			for i, rank := range ranks {
				if rank == 0 { // none of the few seeds that the entry has was drawn
					ranks[i] = len(ranks)
				}
			}
			return ranks
		})
		for i := range places {
			drawn[i][b] = again[i]
		}
	})
	behind := func(i, j int) bool {
		return Quantile(differences(drawn[i], drawn[j]), Alpha/2) > 0
	}
	for first := 0; first < len(order); {
		leader, others := order[first], order[first+1:]
		joins := func(k int) bool { return !behind(others[k], leader) }
		equal := func(j, k int) bool { return Equal(mean[others[j]], mean[others[k]]) }
		size := 1 + group(len(others), joins, equal)
		for _, i := range order[first : first+size] {
			places[i].Place = first + 1
		}
		first += size
	}
	for k := 1; k < len(order); k++ {
		places[order[k]].Behind = behind(order[k], order[k-1])
	}
	for i := range places {
		places[i].MeanRank = mean[i]
		places[i].Low, places[i].High = math.NaN(), math.NaN()
		if places[i].Place > 0 {
			places[i].Low, places[i].High = Quantile(drawn[i], Alpha/2), Quantile(drawn[i],
				1-Alpha/2)
		}
	}
	return places
}

// bootstrapLimit replaces exactLimit in the bootstrap, which makes thousands of tests.
const bootstrapLimit = 12

func differences(x, y []float64) []float64 {
	d := make([]float64, len(x))
	for i := range d {
		d[i] = x[i] - y[i]
	}
	return d
}

// meanRanks returns the mean of each entry's rank over n problems, NaN if it has none on some
// problem.
func meanRanks(n int, rank func(p int) []int) []float64 {
	var means []float64
	for p := range n {
		ranks := rank(p)
		if means == nil {
			means = make([]float64, len(ranks))
		}
		for i, r := range ranks {
			if r == 0 {
				means[i] = math.NaN()
			}
			means[i] += float64(r)
		}
	}
	for i := range means {
		// divided at the end, since sums of ranks are exact, so that equal sums stay equal
		means[i] /= float64(n)
	}
	return means
}

// Seeds returns the number of seeds of each problem, the argument of [Resample].
func Seeds(problems []Problem) []int {
	n := make([]int, len(problems))
	for p := range problems {
		n[p] = len(problems[p].allSeeds())
	}
	return n
}
