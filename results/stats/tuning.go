package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// BestOf returns the expected maximum of k out of n tuning runs, where higher values are better:
// with v₍₁₎ ≤ … ≤ v₍ₙ₎
//
//	E = Σ_{i≥k} v₍ᵢ₎ C(i−1, k−1)/C(n, k),
//
// the mean of the maximum over all choices of k runs. It is unbiased for independent runs (Tang et
// al. 2020), and exact without that assumption for settings tried in random order. k = 1 gives the
// mean, k = n the maximum. It is NaN if k < 1, k > n or any value is NaN.
func BestOf(values []float64, k int) float64 {
	n := len(values)
	if k < 1 || k > n || slices.ContainsFunc(values, math.IsNaN) {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	sum, weight := 0.0, float64(k)/float64(n) // C(n−1, k−1)/C(n, k)
	for i := n; i >= k; i-- {
		sum += weight * sorted[i-1]
		if i > 1 {
			weight *= float64(i-k) / float64(i-1)
		}
	}
	return sum
}

// Tunability returns the mean of BestOf(values, k) over k = 1…n with weights n−k+1, so that small
// tuning budgets count more (after Sivaprasad et al. 2020). It is NaN if n = 0.
func Tunability(values []float64) float64 {
	var sum, weights float64
	values, e := scaled(values)
	n := len(values)
	for k := 1; k <= n; k++ {
		weight := float64(n - k + 1)
		sum += weight * BestOf(values, k)
		weights += weight
	}
	return math.Ldexp(sum/weights, e)
}

// Width returns the range of good step sizes in decades: the width in log₁₀ α of the interval
// around the best step size in which a metric, higher being better, is less than margin below its
// best. Between the tried step sizes the metric is interpolated linearly in log α. open reports
// that the interval reaches an end of the tried step sizes, so that it may be wider. If a step size
// occurs repeatedly, its best value counts. The width is NaN if nothing was tried or a value is
// NaN.
func Width(steps, values []float64, margin float64) (decades float64, open bool) {
	best := map[float64]float64{}
	for i, α := range steps {
		if v, ok := best[α]; !ok || values[i] > v {
			best[α] = values[i]
		}
	}
	if len(best) == 0 || slices.ContainsFunc(values, math.IsNaN) {
		return math.NaN(), false
	}
	α := make([]float64, 0, len(best))
	for a := range best {
		α = append(α, a)
	}
	slices.Sort(α)
	top := 0
	for i := range α {
		if best[α[i]] > best[α[top]] {
			top = i
		}
	}
	bound := best[α[top]] - margin
	// reach returns the point in one direction from the best at which the metric falls below the
	// bound.
	reach := func(by int) float64 {
		i := top
		for {
			next := i + by
			if next < 0 || next == len(α) {
				open = true
				return math.Log10(α[i])
			}
			if v := best[α[next]]; v < bound {
				here, there := math.Log10(α[i]), math.Log10(α[next])
				w := 1.0
				if !math.IsInf(v, 0) {
					w = (best[α[i]] - bound) / (best[α[i]] - v)
				} else {
					w = 0
				}
				return here + w*(there-here)
			}
			i = next
		}
	}
	return reach(1) - reach(-1), open
}

// ClopperPearson returns the exact interval of Clopper and Pearson 1934 that covers the probability
// of an event that occurred k times in n with probability at least level. It is NaN if n = 0.
func ClopperPearson(k, n int, level float64) (low, high float64) {
	switch {
	case n == 0:
		return math.NaN(), math.NaN()
	case k < 0 || k > n:
		panic("stats: ClopperPearson: k outside 0…n")
	}
	high = 1
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile((1 - level) / 2)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile((1 + level) / 2)
	}
	return low, high
}

// SeedBias returns by how many standard deviations s of the replicates the tuning result v of a
// setting is above their mean, higher being better: (v − x̄)/s. Selection at one seed favours
// settings that were lucky at it, which shows as a positive bias over many cells. limit is the
// absolute value that an unbiased result exceeds with probability 1 − level: t·√(1 + 1/n). Both are
// NaN if n < 2, the bias also if s = 0.
func SeedBias(tuned float64, replicates []float64, level float64) (bias, limit float64) {
	n := float64(len(replicates))
	if n < 2 {
		return math.NaN(), math.NaN()
	}
	bias = (tuned - Mean(replicates)) / Std(replicates)
	if math.IsInf(bias, 0) {
		bias = math.NaN()
	}
	return bias, distuv.StudentsT{
		Mu: 0, Sigma: 1,
		Nu: n - 1,
	}.Quantile((1+level)/2) * math.Sqrt(1+1/n)
}

// SignTest returns the two-sided p-value of the sign test: of k signs of one kind among n, each
// with probability ½. It is 1 if n = 0.
func SignTest(k, n int) float64 {
	if k = max(k, n-k); 2*k == n {
		return 1
	}
	return min(1, 2*(1-distuv.Binomial{N: float64(n), P: .5}.CDF(float64(k-1))))
}
