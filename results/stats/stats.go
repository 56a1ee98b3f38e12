// Package stats compares optimizers on runs with common seeds. Its functions are pure; the few that draw random numbers
// do so from a seed that they are given.
//
// Its opinions: the unit of observation is the run, and runs of two optimizers at one seed form a pair, because they
// saw the same batches from the same start. Differences are tested by the exact sign-flip test, whose only assumption
// is that, were the optimizers equal, each pair could as well be swapped. Ranks are shared where no difference was
// found. Nothing is thrown away: a diverged run arrives here as a finite score (R7).
//
// In the formulas x₁…xₙ is a sample, x̄ its mean and s its standard deviation.
package stats

import (
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
	return stat.Mean(x, nil)
}

// Std returns the sample standard deviation s = √(Σ(xᵢ−x̄)²/(n−1)), NaN if n < 2.
func Std(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	return stat.StdDev(x, nil)
}

// StdErr returns the standard error of the mean s/√n, NaN if n < 2.
func StdErr(x []float64) float64 { return Std(x) / math.Sqrt(float64(len(x))) }

// TInterval returns the interval x̄ ± t·s/√n that covers the mean of a normal distribution with probability level, t
// being the (1+level)/2 quantile of Student's distribution with n−1 degrees of freedom. Both are NaN if n < 2.
func TInterval(x []float64, level float64) (low, high float64) {
	if len(x) < 2 {
		return math.NaN(), math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(len(x) - 1)}.Quantile((1 + level) / 2)
	mean, half := Mean(x), t*StdErr(x)
	return mean - half, mean + half
}

// Quantile returns the p-quantile of x, p in [0, 1], by linear interpolation between the order statistics around
// position (n−1)p (type 7 of Hyndman and Fan 1996). Infinities are in order; between a number and +Inf lies +Inf. It is
// NaN if n = 0 or any xᵢ is NaN. x is not changed.
func Quantile(x []float64, p float64) float64 {
	if len(x) == 0 || slices.ContainsFunc(x, math.IsNaN) {
		return math.NaN()
	}
	return quantileSorted(slices.Sorted(slices.Values(x)), p)
}

// quantileSorted is Quantile of ascending numbers.
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
	return (1-w)*sorted[i] + w*sorted[i+1]
}

// Median returns the 1/2-quantile.
func Median(x []float64) float64 { return Quantile(x, 0.5) }
