package reproduce

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"

	"noisebench/results/stats"
)

// streams41 is the number of random streams over which claims about Fig. 4.1 are judged: a single
// stream's central 99 % of a distribution with heavy tails varies by a decade.
const streams41 = 200

// streamed41 is a statistic of the estimates of each stream.
func streamed41(
	η float64, m int, estimate func([]float64) float64, statistic func([]float64) float64,
) []float64 {
	values := make([]float64, streams41)
	for seed := range values {
		values[seed] = statistic(estimates41(uint64(seed), η, m, estimate))
	}
	return values
}

// distribution41 is the probability that an estimate is q at most: s² = η²χ²/(m−1) and the sample
// mean x̄ ∼ N(1, η²/m) are independent, so that it is the mean over x̄ of the probability that χ² ≤
// (m−1) q x̄²/η².
func distribution41(η float64, m int, q float64) float64 {
	mean := distuv.Normal{Mu: 1, Sigma: η / math.Sqrt(float64(m))}
	χ2 := distuv.ChiSquared{K: float64(m - 1)}
	const n, width = 20_000, 9.0 // the rule of trapezoids converges fast on functions like this
	sum, h := 0.0, 2*width*mean.Sigma/n
	for i := range n + 1 {
		x := 1 - width*mean.Sigma + float64(i)*h
		if v := χ2.K * q * x * x / (η * η); v > 0 {
			sum += mean.Prob(x) * χ2.CDF(v) * h
		}
	}
	return sum
}

// quantile41 is where distribution41 is p, by bisection in the logarithm.
func quantile41(η float64, m int, p float64) float64 {
	low, high := -30.0, 30.0
	for range 40 {
		if middle := (low + high) / 2; distribution41(η, m, math.Exp(middle)) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return math.Exp((low + high) / 2)
}

// central41 are the ends of the central 99 % of the distribution of estimates.
func central41(η float64, m int) (low, high float64) {
	key := [2]float64{η, float64(m)}
	ends, ok := found41.Load(key)
	if !ok {
		ends = [2]float64{quantile41(η, m, 0.005), quantile41(η, m, 0.995)}
		found41.Store(key, ends)
	}
	v := ends.([2]float64)
	return v[0], v[1]
}

// found41 caches the results of central41, which take a tenth of a second.
var found41 sync.Map

// decadesThesis are the widths that the thesis has, with half a unit of their last digit.
var decadesThesis = []struct {
	η    float64
	m    int
	want float64
	δ    float64
}{{0.25, 10, 1.2, 0.05}, {0.25, 100, 0.3, 0.05}, {4, 100, 3, 0.5}}

// claims41 judges the estimates by their distribution in theory, and their widths by the thesis.
func claims41(estimate func([]float64) float64) []Finding {
	var findings []Finding
	for _, η := range []float64{0.25, 4} {
		for _, m := range batches41 {
			low, high := central41(η, m)
			covered := streamed41(η, m, estimate, func(e []float64) float64 {
				return within41(e, low, high)
			})
			f := around("", "estimates have the distribution that theory gives, in its central 99 "+
				"%",
				fmt.Sprintf("η = %g, m = %d, %d streams, share of estimates", η, m, streams41),
				covered, 0.99, 0.001)
			f.Note += fmt.Sprintf("; %.3g to %.3g, %.2f decades", low, high, math.Log10(high/low))
			findings = append(findings, f)
		}
	}
	for _, c := range decadesThesis {
		values := streamed41(c.η, c.m, estimate, decades41)
		on := fmt.Sprintf("η = %g, m = %d, mean over %d streams", c.η, c.m, streams41)
		text := fmt.Sprintf("the central 99 %% of estimates span %g decades", c.want)
		findings = append(findings, around("", text, on, values, c.want, c.δ))
	}
	medians := streamed41(4, 10, estimate, stats.Median)
	truth := make([]float64, len(medians))
	for i := range truth {
		truth[i] = 16
	}
	return append(findings, better("", "the median estimate of a large ratio is too low at m = 10",
		fmt.Sprintf("η = 4, %d streams, truth less median", streams41), truth, medians, true))
}

// within41 is the share of sorted estimates between two bounds.
func within41(estimates []float64, low, high float64) float64 {
	i, _ := slices.BinarySearch(estimates, low)
	j, _ := slices.BinarySearch(estimates, high)
	return float64(j-i) / float64(len(estimates))
}
