package stats

import (
	"math"
	"slices"
)

// Anchored places a score on the scale on which the start of a run is 0 and a reference, such as
// the mean of a pinned baseline, is 1: z = (x − start)/(reference − start), whichever direction is
// better. It is NaN if the two anchors are equal or not finite. Unlike a rank, z does not depend on
// the other entries.
func Anchored(x, start, reference float64) float64 {
	way := reference - start
	if way == 0 || math.IsNaN(way-way) {
		return math.NaN()
	}
	return (x - start) / way
}

// IQM returns the interquartile mean of x: the mean without the ⌊n/4⌋ least and the ⌊n/4⌋ greatest
// values, as scipy's trim_mean computes and rliable (Agarwal et al. 2021) uses it. It is NaN if n =
// 0 or any xᵢ is NaN.
func IQM(x []float64) float64 {
	if len(x) == 0 || slices.ContainsFunc(x, math.IsNaN) {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(x))
	cut := len(x) / 4
	return Mean(sorted[cut : len(x)-cut])
}

// PairedImprovement returns the share of pairs with xₛ > yₛ, ties, see [Equal], counting one half.
// Pairs with a NaN are ignored; without any pair it is NaN. Bouthillier et al. 2021 call a
// difference meaningful above .75.
func PairedImprovement(x, y []float64) float64 {
	var wins, pairs float64
	for s := range x {
		switch {
		case math.IsNaN(x[s]) || math.IsNaN(y[s]):
			continue
		case Equal(x[s], y[s]):
			wins += .5
		case x[s] > y[s]:
			wins++
		}
		pairs++
	}
	return wins / pairs
}
