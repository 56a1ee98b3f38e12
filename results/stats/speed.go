package stats

import (
	"math"

	"gonum.org/v1/gonum/integrate"
)

// ProfileLimit is the greatest ratio of times that IntegratedProfile counts; the value is
// AlgoPerf's.
const ProfileLimit = 4

// IntegratedProfile scores entries by their times to target: times[p][i] of entry i on problem p,
// +Inf if it did not reach the target. It is the area between 1 and the limit L = 4 under the
// performance profile of Dolan and Moré 2002, which has the closed form
//
//	Bᵢ = 1/P Σₚ max(0, min(1, (L − rₚᵢ)/(L − 1))),  rₚᵢ = timesₚᵢ/referenceₚ,
//
// as AlgoPerf scores (Dahl et al. 2023): 1 is best. A nil reference means the least time on each
// problem; B then depends on the other entries. A problem whose target an entry does not reach
// contributes 0, even if no entry reaches it. An entry that did not take part has time NaN and
// score NaN.
func IntegratedProfile(times [][]float64, reference []float64) []float64 {
	if len(times) == 0 {
		return nil
	}
	scores := make([]float64, len(times[0]))
	for p, row := range times {
		best := math.Inf(1)
		for _, t := range row {
			if t < best {
				best = t
			}
		}
		if reference != nil {
			best = reference[p]
		}
		for i, t := range row {
			r := t / best
			switch {
			case math.IsNaN(t):
				scores[i] = math.NaN()
				continue
			case math.IsInf(t, 1):
				continue
			case t <= best:
				r = 1
			}
			scores[i] += max(0, min(1, (ProfileLimit-r)/(ProfileLimit-1)))
		}
	}
	for i := range scores {
		scores[i] /= float64(len(times))
	}
	return scores
}

// AUC returns the mean of a metric over a budget: the area under its curve by the trapezoidal rule,
// divided by the budget. times begin at 0 and ascend; the metric is constant after the last one.
// Values must be finite.
func AUC(times, metric []float64, budget float64) float64 {
	n := len(times)
	if n == 0 || !(budget > 0) {
		return math.NaN()
	}
	area := 0.0
	metric, e := scaled(metric)
	if n > 1 {
		area = integrate.Trapezoidal(times, metric)
	}
	last := times[n-1]
	return math.Ldexp((area+metric[n-1]*max(0, budget-last))/max(budget, last), e)
}
