package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Alpha is the family-wise level of the tests behind ranks, and 1 − Alpha that of intervals.
const Alpha = 0.05

// Problem is what entries scored on one problem.
type Problem struct {
	// Scores[i][s] is the score of entry i at seed s; NaN if there is none.
	Scores       [][]float64
	HigherBetter bool
	// Equivalence returns the difference from a leading mean below which a mean is as good.
	Equivalence func(leader float64) float64
	// Unstable[i] puts entry i behind all entries that are not. It may be nil.
	Unstable []bool
}

// Rank ranks the entries of a problem: 1 is best, and entries that share a rank form a group. Entries without any score
// have rank 0.
//
// Entries are put in order of their means, unstable ones behind the others. The first is a leader. It is compared with
// each entry after it of the same stability, by [SignFlip] on the differences at common seeds, and [Holm] adjusts the
// p-values. Its group extends from it up to, but without, the first entry that is rejected and whose mean is not
// equivalent; or, if others have its very mean, up to these. The next entry leads the next group. Ranks are those of
// competitions: 1, 1, 3.
//
// Thus ranks never contradict means, and an entry is not promoted for being noisy. Where so few seeds are in common
// that SignFlip cannot reject anything at all, [PairedT] stands in for it, see [CanTest].
func Rank(p Problem) []int { return rank(p, exactLimit) }

// CanTest reports whether the sign-flip test can find a difference between a leader and k−1 others at n common seeds:
// whether its least p-value, 2/2ⁿ, is within Holm's first threshold α/(k−1).
func CanTest(n, k int) bool { return math.Ldexp(2, -n)*float64(k-1) <= Alpha }

// rank is Rank with a limit on the pairs of which all sign patterns are counted.
func rank(p Problem, limit int) []int {
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
	var order []int
	for i, scores := range p.Scores {
		if cost[i] = sign * Mean(present(scores)); !math.IsNaN(cost[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(unstable(i), unstable(j)), cmp.Compare(cost[i], cost[j]))
	})
	ranks := make([]int, len(p.Scores))
	for first := 0; first < len(order); {
		leader := order[first]
		others := order[first+1:]
		if k := slices.IndexFunc(others, func(i int) bool { return unstable(i) != unstable(leader) }); k >= 0 {
			others = others[:k]
		}
		margin := 0.0
		if p.Equivalence != nil {
			margin = p.Equivalence(sign * cost[leader])
		}
		differs := compare(p.Scores, leader, others, limit)
		joins := func(k int) bool { return !differs[k] || cost[others[k]]-cost[leader] < margin }
		equal := func(j, k int) bool { return nearlyEqual(cost[others[j]], cost[others[k]]) }
		size := 1 + group(len(others), joins, equal)
		for _, i := range order[first : first+size] {
			ranks[i] = first + 1
		}
		first += size
	}
	return ranks
}

// group returns how many of n entries after a leader belong to its group: those before the first that does not join. Of
// entries with equal means, which have no order, none joins unless all do.
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

// nearlyEqual reports whether two means differ by rounding alone.
func nearlyEqual(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b)) }

// compare tests a leader against others and says which differ.
func compare(scores [][]float64, leader int, others []int, limit int) []bool {
	p := make([]float64, len(others))
	for k, i := range others {
		var d []float64
		for s, v := range scores[leader] {
			if w := scores[i][s]; !math.IsNaN(v) && !math.IsNaN(w) {
				d = append(d, w-v)
			}
		}
		if CanTest(len(d), len(others)+1) {
			p[k] = signFlip(d, limit)
		} else {
			p[k] = PairedT(d)
		}
	}
	return Holm(p, Alpha)
}

// present returns the scores that are there.
func present(scores []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(scores), math.IsNaN)
}

// Place is the standing of an entry over several problems.
type Place struct {
	Place     int     // 1 is best; shared where the order is uncertain; 0 for an entry without a rank on some problem
	MeanRank  float64 // mean of its ranks over the problems; NaN if Place is 0
	Low, High float64 // interval of MeanRank
}

// Overall orders entries by their mean rank over problems, all of which have the same entries.
//
// Uncertainty comes from a bootstrap over seeds (Efron 1979), stratified by problem and paired: each of draws times,
// the seeds of each problem are drawn anew with replacement, the same ones for all entries, and everything is ranked
// again. Low and High are the 2.5 % and 97.5 % percentiles of an entry's mean rank. The best entry leads; its group
// extends up to, but without, the first entry whose mean rank is above the leader's in more than 97.5 % of the draws;
// the next entry leads the next group. Whether an entry is unstable is not drawn anew.
func Overall(problems []Problem, draws int, seed uint64) []Place {
	if len(problems) == 0 {
		return nil
	}
	places := make([]Place, len(problems[0].Scores))
	mean := meanRanks(problems, Rank)
	var order []int
	for i := range mean {
		if !math.IsNaN(mean[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(mean[i], mean[j]) })

	random := rand.New(rand.NewPCG(seed, 0))
	drawn := make([][]float64, len(places)) // drawn[i][b] is the mean rank of entry i in draw b
	for range draws {
		again := meanRanks(problems, func(p Problem) []int {
			ranks := rank(resample(p, random), bootstrapLimit)
			for i, r := range ranks {
				if r == 0 { // none of the few seeds that the entry has was drawn
					ranks[i] = len(ranks)
				}
			}
			return ranks
		})
		for i := range places {
			drawn[i] = append(drawn[i], again[i])
		}
	}
	for first := 0; first < len(order); {
		leader, others := order[first], order[first+1:]
		joins := func(k int) bool { return Quantile(differences(drawn[others[k]], drawn[leader]), Alpha/2) <= 0 }
		equal := func(j, k int) bool { return nearlyEqual(mean[others[j]], mean[others[k]]) }
		size := 1 + group(len(others), joins, equal)
		for _, i := range order[first : first+size] {
			places[i].Place = first + 1
		}
		first += size
	}
	for i := range places {
		places[i].MeanRank = mean[i]
		places[i].Low, places[i].High = math.NaN(), math.NaN()
		if places[i].Place > 0 {
			places[i].Low, places[i].High = Quantile(drawn[i], Alpha/2), Quantile(drawn[i], 1-Alpha/2)
		}
	}
	return places
}

// bootstrapLimit is exactLimit where thousands of tests are made.
const bootstrapLimit = 12

func differences(x, y []float64) []float64 {
	d := make([]float64, len(x))
	for i := range d {
		d[i] = x[i] - y[i]
	}
	return d
}

// meanRanks returns the mean over problems of each entry's rank, NaN if it has none on some problem.
func meanRanks(problems []Problem, rank func(Problem) []int) []float64 {
	means := make([]float64, len(problems[0].Scores))
	for _, p := range problems {
		for i, r := range rank(p) {
			if r == 0 {
				means[i] = math.NaN()
			}
			means[i] += float64(r)
		}
	}
	for i := range means {
		means[i] /= float64(len(problems)) // at the end: sums of ranks are exact, and equal ones stay equal
	}
	return means
}

// resample returns p with as many seeds as before, drawn with replacement.
func resample(p Problem, random *rand.Rand) Problem {
	if len(p.Scores) == 0 {
		return p
	}
	seeds := make([]int, len(p.Scores[0]))
	for k := range seeds {
		seeds[k] = random.IntN(len(seeds))
	}
	scores := make([][]float64, len(p.Scores))
	for i := range scores {
		scores[i] = make([]float64, len(seeds))
		for k, s := range seeds {
			scores[i][k] = p.Scores[i][s]
		}
	}
	p.Scores = scores
	return p
}
