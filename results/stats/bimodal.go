package stats

import (
	"math"
	"slices"
)

// Bimodal reports whether a sample falls into two groups, as when some seeds reach one basin and
// the others another. It is the test for clusters of Engelman and Hartigan 1969 at level .01: of
// all divisions of the ordered sample into two groups, here of at least two values each so that a
// single outlier is no group, the one with the greatest ratio
//
//	C = (sum of squares between the groups)/(sum of squares within)
//
// is taken, and C is compared with its 99 % quantile for normal samples of that size (by
// simulation, see the test: at n = 10 a normal sample is called bimodal with probability .010).
// Samples of fewer than six values are never bimodal.
func Bimodal(x []float64) bool {
	if len(x) < 6 {
		return false
	}
	return separation(x) > separationLimit(len(x))
}

// separation returns C. It is 0 for equal values, +Inf if both groups have zero variance, and NaN
// if a value is NaN.
func separation(x []float64) float64 {
	x, _ = scaled(x) // C does not depend on the unit
	sorted := slices.Clone(x)
	slices.Sort(sorted)
	n := len(sorted)
	mean := Mean(sorted)
	total, left, best := 0.0, 0.0, 0.0
	for i, v := range sorted {
		d := v - mean // sums of differences from the mean, which lose no digits
		total += d * d
		left += d
		if k := float64(i + 1); i+1 >= 2 && n-i-1 >= 2 {
			best = max(best, left*left/k+left*left/(float64(n)-k))
		}
	}
	switch {
	case total <= float64(n)*(1e-12*mean)*(1e-12*mean):
		return 0 // equal up to rounding
	case total-best <= 1e-12*total:
		return math.Inf(1)
	}
	return best / (total - best)
}

// separations are 99 % quantiles of C for normal samples, from 4·10⁵ samples each, fewer above n =
// 100.
var separations = []struct {
	n int
	c float64
}{
	{6, 29.912},
	{7, 19.711},
	{8, 14.416},
	{9, 11.726},
	{10, 9.933},
	{12, 7.824},
	{15, 6.174},
	{20, 4.892},
	{30, 3.857},
	{50, 3.119},
	{100, 2.582},
	{200, 2.288},
	{500, 2.061},
}

// separationLimit interpolates separations linearly in 1/n. For large n the quantile approaches
// 2/(π−2), the value for a normal distribution divided at its mean, with a distance like 1/√n.
func separationLimit(n int) float64 {
	last := separations[len(separations)-1]
	if n >= last.n {
		w := math.Sqrt(float64(last.n) / float64(n))
		return w*last.c + (1-w)*2/(math.Pi-2)
	}
	k := slices.IndexFunc(separations, func(s struct {
		n int
		c float64
	},
	) bool {
		return s.n >= n
	})
	upper := separations[k]
	if upper.n == n {
		return upper.c
	}
	lower := separations[k-1]
	w := (1/float64(lower.n) - 1/float64(n)) / (1/float64(lower.n) - 1/float64(upper.n))
	return (1-w)*lower.c + w*upper.c
}
