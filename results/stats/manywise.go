package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// MidRanks returns the rank of each value, 1 for the least; equal values, see [Level], share the
// mean of their ranks.
func MidRanks(x []float64) []float64 {
	x = Level(x)
	ranks := make([]float64, len(x))
	for i, v := range x {
		below, equal := 0, 0
		for _, w := range x {
			if w < v {
				below++
			} else if w == v {
				equal++
			}
		}
		ranks[i] = float64(below) + float64(equal+1)/2
	}
	return ranks
}

// FriedmanTest is the result of [Friedman].
type FriedmanTest struct {
	MeanRanks []float64 // of each entry over the problems; 1 is best
	ChiSquare float64   // Friedman's, with k−1 degrees of freedom
	// Iman and Davenport's, with k−1 and (k−1)(P−1) degrees of freedom; +Inf if all rankings agree
	F float64
	P float64 // p-value of F; NaN with fewer than two problems or entries
}

// Friedman tests whether k entries perform equally well on P problems. Of costs[p][i], lower is
// better, it uses only the rank on problem p (Friedman 1937, Iman and Davenport 1980):
//
//	χ² = 12P/(k(k+1)) (ΣRⱼ² − k(k+1)²/4),  F = (P−1)χ²/(P(k−1) − χ²).
//
// There is no correction for ties, which make the test conservative. It is a diagnostic: with the
// few problems of a benchmark its power is too low to order a leaderboard (Demšar 2006 recommends
// it for many data sets).
func Friedman(costs [][]float64) FriedmanTest {
	t := FriedmanTest{ChiSquare: math.NaN(), F: math.NaN(), P: math.NaN()}
	if len(costs) == 0 {
		return t
	}
	P, k := float64(len(costs)), float64(len(costs[0]))
	t.MeanRanks = make([]float64, len(costs[0]))
	for _, c := range costs {
		for i, r := range MidRanks(c) {
			t.MeanRanks[i] += r
		}
	}
	squares := 0.0
	for i := range t.MeanRanks {
		squares += t.MeanRanks[i] * t.MeanRanks[i] // sums of ranks are exact
		t.MeanRanks[i] /= P
	}
	if P < 2 || k < 2 {
		return t
	}
	t.ChiSquare = 12 * P / (k * (k + 1)) * (squares/(P*P) - k*(k+1)*(k+1)/4)
	if rest := P*(k-1) - t.ChiSquare; rest > 1e-12*P*k {
		t.F = (P - 1) * t.ChiSquare / rest
		t.P = distuv.F{D1: k - 1, D2: (k - 1) * (P - 1)}.Survival(t.F)
	} else {
		t.F, t.P = math.Inf(1), 0
	}
	return t
}

// Nemenyi returns the critical difference of Nemenyi 1963: mean ranks of k entries over P problems
// that differ by more are significantly different at family-wise level α,
//
//	CD = q √(k(k+1)/(6P)),
//
// q being the upper α quantile of the studentized range of k values at infinite degrees of freedom
// over √2.
func Nemenyi(k, problems int, alpha float64) float64 {
	if k < 2 || problems < 1 {
		return math.NaN()
	}
	return rangeQuantile(k, 1-alpha) / math.Sqrt2 *
		math.Sqrt(float64(k)*float64(k+1)/(6*float64(problems)))
}

// rangeQuantile returns the p-quantile of the range of k standard normal values.
func rangeQuantile(k int, p float64) float64 {
	low, high := 0.0, 20.0
	for high-low > 1e-12 {
		if mid := (low + high) / 2; rangeCDF(k, mid) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// rangeCDF returns P(range ≤ q) = k ∫ φ(z) (Φ(z) − Φ(z−q))ᵏ⁻¹ dz, where z is the greatest of the k
// values. The integrand and all its derivatives vanish at the ends, where the trapezoidal rule is
// exact to rounding.
func rangeCDF(k int, q float64) float64 {
	const step = 1. / 32
	sum := 0.0
	for z := -9.0; z <= 9; z += step {
		inside := distuv.UnitNormal.CDF(z) - distuv.UnitNormal.CDF(z-q)
		sum += distuv.UnitNormal.Prob(z) * math.Pow(inside, float64(k-1))
	}
	return float64(k) * sum * step
}

// Kendall returns the rank correlation τ_b of Kendall 1945 between two rankings of the same
// entries, which corrects for ties: 1 if they agree, −1 if one is the reverse of the other; NaN if
// all entries of one are equal. Entries with a NaN are ignored; values that differ only by rounding
// are tied, see [Level].
func Kendall(x, y []float64) float64 {
	x, y = Level(x), Level(y)
	var s, inX, inY float64 // pairs in order minus out of order; pairs not tied in x, in y
	for i := range x {
		for j := range i {
			a, b := sign(x[i]-x[j]), sign(y[i]-y[j])
			if math.IsNaN(a + b) {
				continue
			}
			s += a * b
			inX += a * a
			inY += b * b
		}
	}
	if inX == 0 || inY == 0 {
		return math.NaN()
	}
	return s / math.Sqrt(inX*inY)
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v // 0 or NaN
}
