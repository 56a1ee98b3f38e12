package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// exactLimit is the greatest number of pairs for which SignFlip counts all 2ⁿ sign patterns, which
// takes 10 ms for 20.
const exactLimit = 20

// SignFlip tests whether paired differences d₁…dₙ are centred at zero. It returns the two-sided
// p-value of the sign-flip (paired permutation) test of Fisher 1935, §21:
//
//	p = #{ε ∈ {−1, 1}ⁿ : |Σ εᵢdᵢ| ≥ |Σ dᵢ|} / 2ⁿ,
//
// so that p is never below 2/2ⁿ. Sums that differ only by rounding count as equal. Above 20 pairs p
// is computed from the limiting normal distribution of Σ εᵢdᵢ, with variance Σ dᵢ². p is 1 if n =
// 0, and NaN if a difference is not finite.
func SignFlip(d []float64) float64 { return signFlip(d, exactLimit) }

func signFlip(d []float64, limit int) float64 {
	d, _ = scaled(d) // p does not depend on the unit
	var sum, size, squares float64
	for _, v := range d {
		sum += v
		size += math.Abs(v)
		squares += v * v
	}
	switch {
	case math.IsNaN(sum) || math.IsInf(size, 0):
		return math.NaN()
	case size == 0:
		return 1
	case len(d) > limit:
		return 2 * distuv.UnitNormal.Survival(math.Abs(sum)/math.Sqrt(squares))
	}
	// Only absolute values matter. The greatest come first, so that most patterns are decided by
	// their first few signs.
	sizes := make([]float64, len(d))
	for i, v := range d {
		sizes[i] = math.Abs(v)
	}
	slices.SortFunc(sizes, func(a, b float64) int { return cmp.Compare(b, a) })
	// The first sign is fixed: flipping all signs changes nothing.
	n := countSums(sizes[1:], sizes[0], size-sizes[0], math.Abs(sum)-1e-12*size)
	return float64(n) / float64(int(1)<<(len(d)-1))
}

// countSums counts the sign patterns ε for which |sum + Σ εᵢdᵢ| ≥ bound. All dᵢ are at least 0, and
// rest is their sum.
func countSums(d []float64, sum, rest, bound float64) int {
	switch away := math.Abs(sum); {
	case len(d) == 0:
		if away >= bound {
			return 1
		}
		return 0
	case away+rest < bound:
		return 0
	case away-rest >= bound:
		return 1 << len(d)
	}
	rest -= d[0]
	return countSums(d[1:], sum+d[0], rest, bound) + countSums(d[1:], sum-d[0], rest, bound)
}

// PairedT returns the two-sided p-value of the paired t-test: t = d̄/(s/√n) with n−1 degrees of
// freedom (Student 1908). Unlike [SignFlip] it can detect a difference in fewer than six pairs, but
// it assumes normality. p is NaN if n < 2 or a difference is not finite.
func PairedT(d []float64) float64 {
	mean, std, _ := moments(d)
	err := std / math.Sqrt(float64(len(d)))
	switch {
	case math.IsNaN(err):
		return math.NaN()
	case mean == 0:
		return 1
	}
	return 2 * distuv.StudentsT{
		Mu: 0, Sigma: 1,
		Nu: float64(len(d) - 1),
	}.Survival(math.Abs(mean)/err)
}

// Holm reports which of m null hypotheses with p-values p are rejected by the step-down procedure
// of Holm 1979 at family-wise level α: in ascending order of p, as long as p₍ᵢ₎ ≤ α/(m−i+1). NaN is
// never rejected.
func Holm(p []float64, alpha float64) []bool {
	rejected := make([]bool, len(p))
	ascending := make([]int, 0, len(p))
	for k, v := range p {
		if !math.IsNaN(v) {
			ascending = append(ascending, k)
		}
	}
	slices.SortStableFunc(ascending, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	for i, k := range ascending {
		if p[k] > alpha/float64(len(p)-i) {
			break
		}
		rejected[k] = true
	}
	return rejected
}

// HolmAdjusted returns adjusted p-values: [Holm] rejects at family-wise level α exactly those that
// are at most α. In ascending order, p̃₍ᵢ₎ = max over j ≤ i of min(1, (m−j+1) p₍ⱼ₎). NaN stays NaN
// but counts in m.
func HolmAdjusted(p []float64) []float64 {
	adjusted := slices.Clone(p)
	ascending := make([]int, 0, len(p))
	for k, v := range p {
		if !math.IsNaN(v) {
			ascending = append(ascending, k)
		}
	}
	slices.SortStableFunc(ascending, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	least := 0.0
	for i, k := range ascending {
		least = max(least, min(1, float64(len(p)-i)*p[k]))
		adjusted[k] = least
	}
	return adjusted
}

// Paired compares the means of two samples whose values form pairs. Pairs with a NaN are ignored,
// and values that are [Equal] have difference 0. P is that of the test by which [Rank] would
// compare the samples if they were two of k entries; the interval is that of the mean difference,
// see [TInterval]. n is the number of pairs.
func Paired(x, y []float64, k int, level float64) (d Difference, n int) {
	var differences []float64
	for s := range x {
		if v := difference(x[s], y[s]); !math.IsNaN(v) {
			differences = append(differences, v)
		}
	}
	d = Difference{Mean: Mean(differences), P: pairedTest(differences, k, exactLimit)}
	d.Low, d.High = TInterval(differences, level)
	return d, len(differences)
}
