// Package stats compares optimizers on runs with common seeds. Its functions are pure; those that
// draw random numbers take a seed.
//
// Its principles: the unit of observation is the run, and runs of two optimizers at one seed form a
// pair, because they see the same batches from the same start. Differences are tested by the exact
// sign-flip test, which assumes only that, if the optimizers are equal, the members of each pair
// are exchangeable. Entries share a rank if no difference is found. No run is discarded: a diverged
// run has a finite score (R7).
//
// In the formulas x₁…xₙ is a sample, x̄ its mean and s its standard deviation.
package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Mean returns x̄ = Σxᵢ/n, NaN if n = 0.
func Mean(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	x, e := scaled(x)
	return math.Ldexp(stat.Mean(x, nil), e)
}

// Std returns the sample standard deviation s = √(Σ(xᵢ−x̄)²/(n−1)), NaN if n < 2.
func Std(x []float64) float64 {
	_, std, e := moments(x)
	return math.Ldexp(std, e)
}

// StdErr returns the standard error of the mean s/√n, NaN if n < 2.
func StdErr(x []float64) float64 {
	_, std, e := moments(x)
	return math.Ldexp(std/math.Sqrt(float64(len(x))), e)
}

// moments returns mean and sample standard deviation in units of 2ᵉ, in two passes: the squares are
// of differences from the mean (the corrected two-pass algorithm of Chan, Golub and LeVeque 1983).
func moments(x []float64) (mean, std float64, e int) {
	if len(x) == 0 {
		return math.NaN(), math.NaN(), 0
	}
	x, e = scaled(x)
	if len(x) < 2 {
		return stat.Mean(x, nil), math.NaN(), e
	}
	return stat.Mean(x, nil), stat.StdDev(x, nil), e
}

// scaled returns x in units of 2ᵉ, such that neither sums nor squares of its greatest values
// overflow or underflow; x itself if no scaling is needed. Powers of two do not change digits.
// Values smaller than the greatest by a factor of 2⁻¹⁰⁰⁰ may become 0, far below the rounding error
// of any sum.
func scaled(x []float64) (units []float64, e int) {
	size := 0.0
	for _, v := range x {
		if v = math.Abs(v); v > size {
			size = v
		}
	}
	if size == 0 || math.IsInf(size, 0) || size >= 0x1p-400 && size <= 0x1p400 {
		return x, 0
	}
	_, e = math.Frexp(size)
	units = make([]float64, len(x))
	for i, v := range x {
		units[i] = math.Ldexp(v, -e)
	}
	return units, e
}

// TInterval returns the interval x̄ ± t·s/√n that covers the mean of a normal distribution with
// probability level, where t is the (1+level)/2 quantile of Student's distribution with n−1 degrees
// of freedom. Both ends are NaN if n < 2.
func TInterval(x []float64, level float64) (low, high float64) {
	if len(x) < 2 {
		return math.NaN(), math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(len(x) - 1)}.Quantile((1 + level) / 2)
	mean, std, e := moments(x)
	half := t * (std / math.Sqrt(float64(len(x))))
	return math.Ldexp(mean-half, e), math.Ldexp(mean+half, e)
}

// Rounding is the relative difference up to which two scores are equal. A score is a mean over up
// to 10⁶ examples, and a mean of scores one over some seeds. Summed in another order they differ by
// about √n 2⁻⁵³ ≈ 10⁻¹³ (Higham 2002, Accuracy and Stability of Numerical Algorithms, Sec. 4.2).
// Relevant differences between optimizers are far larger.
const Rounding = 1e-12

// Equal reports whether two values differ only by rounding, see [Rounding].
func Equal(a, b float64) bool {
	d := math.Abs(a - b)
	return a == b || d <= Rounding*max(math.Abs(a), math.Abs(b)) && !math.IsInf(d, 0)
}

// difference returns a − b, or 0 if they differ only by rounding.
func difference(a, b float64) float64 {
	if Equal(a, b) {
		return 0
	}
	return a - b
}

// Level returns values in which those that differ only by rounding are made equal, so that rounding
// does not decide their order: from the least value on, each becomes the least value to which it is
// [Equal]. NaN stays.
func Level(values []float64) []float64 {
	order := make([]int, 0, len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	level := slices.Clone(values)
	for k := 1; k < len(order); k++ {
		if least := level[order[k-1]]; Equal(least, level[order[k]]) {
			level[order[k]] = least
		}
	}
	return level
}

// Quantile returns the p-quantile of x, p in [0, 1], by linear interpolation between the order
// statistics around position (n−1)p (type 7 of Hyndman and Fan 1996). Infinities are ordered like
// numbers; interpolation between a number and +Inf gives +Inf. The quantile is NaN if n = 0 or any
// xᵢ is NaN. x is not modified.
func Quantile(x []float64, p float64) float64 { return Quantiles(x, p)[0] }

// Quantiles returns the [Quantile] of x for each p.
func Quantiles(x []float64, p ...float64) []float64 {
	q := make([]float64, len(p))
	var sorted []float64 // of no quantile but NaN, if a value is NaN
	if !slices.ContainsFunc(x, math.IsNaN) {
		sorted = slices.Clone(x)
		slices.Sort(sorted)
	}
	for i := range q {
		q[i] = quantileSorted(sorted, p[i])
	}
	return q
}

// quantileSorted is [Quantile] for values in ascending order.
func quantileSorted(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	position := p * float64(len(sorted)-1)
	i := int(position)
	w := position - float64(i)
	if w == 0 || sorted[i] == sorted[i+1] {
		return sorted[i]
	}
	// rounding stays between the two
	return min(max((1-w)*sorted[i]+w*sorted[i+1], sorted[i]), sorted[i+1])
}

// Median returns the 1/2-quantile.
func Median(x []float64) float64 { return Quantile(x, 0.5) }
