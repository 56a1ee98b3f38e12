package reproduce

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
)

// trials41 is the number of estimates in each panel.
const trials41 = 1000

var (
	ratios41  = []float64{0.25, 1, 4} // η
	batches41 = []int{10, 100}        // m
)

// fig41 shows how uncertain an estimate of the noise-to-signal ratio η² = σ²/μ² is (Balles 2021,
// Sec. 4.3).
var fig41 = Item{
	Name:    "fig-4.1",
	Title:   "distribution of estimates of the noise-to-signal ratio",
	Time:    map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {"the panel for η = 1 is ours"}},
	Draw:    draw41,
	Claims:  func(*Input) []Finding { return claims41(estimate41) },
}

// estimate41 is the estimate of η² from a batch: sample variance over squared sample mean.
func estimate41(batch []float64) float64 {
	mean, variance := stat.MeanVariance(batch, nil)
	return variance / (mean * mean)
}

// estimates41 draws trials41 batches of m numbers from N(1, η²), in a stream of its own for each
// seed, and returns their estimates of η², sorted.
func estimates41(seed uint64, η float64, m int, estimate func([]float64) float64) []float64 {
	random := protocol.Stream(seed, protocol.PurposeNoise, math.Float64bits(η), uint64(m))
	estimates, batch := make([]float64, trials41), make([]float64, m)
	for i := range estimates {
		for j := range batch {
			batch[j] = 1 + η*random.NormFloat64()
		}
		estimates[i] = estimate(batch)
	}
	slices.Sort(estimates)
	return estimates
}

// decades41 is the width of the central 99 % of estimates, in decades.
func decades41(estimates []float64) float64 {
	return math.Log10(stats.Quantile(estimates, 0.995) / stats.Quantile(estimates, 0.005))
}

func draw41(*Input) (*Output, error) {
	var rows [][]*figure.Panel
	table := Table{Title: "estimates of η²", Header: []string{
		"η²", "m", "median", "central 99 %", "in decades", "in theory",
		fmt.Sprintf("mean of %d streams", streams41),
	}}
	for _, η := range ratios41 {
		var row []*figure.Panel
		for _, m := range batches41 {
			p := figure.NewPanel(fmt.Sprintf("η = %g, m = %d", η, m), "estimate of η²", "trials")
			figure.LogX(p)
			estimates := estimates41(0, η, m, estimate41)
			low, high := η*η/1e2, η*η*1e4
			h := histogram(estimates, geometric(low, high, 49), style(0))
			p.Add(h)
			top := slices.Max(h.counts)
			truth := dashed(figure.Style{Color: figure.Ink})
			p.Add(&figure.Line{
				X: []float64{η * η, η * η}, Y: []float64{0, 1.05 * top},
				Style: truth,
			})
			limit(p, low, high, 0, 1.05*top)
			row = append(row, p)
			theoryLow, theoryHigh := central41(η, m)
			table.Rows = append(table.Rows, []string{
				fmt.Sprintf("%g", η*η), fmt.Sprint(m), fmt.Sprintf("%.3g", stats.Median(estimates)),
				fmt.Sprintf("%.3g to %.3g", stats.Quantile(estimates, 0.005),
					stats.Quantile(estimates, 0.995)),
				fmt.Sprintf("%.2f", decades41(estimates)), fmt.Sprintf("%.2f",
					math.Log10(theoryHigh/theoryLow)),
				meanStd(streamed41(η, m, estimate41, decades41)),
			})
		}
		rows = append(rows, row)
	}
	legend := []figure.Entry{
		{Label: "estimates", Style: style(0)},
		{Label: "η²", Style: dashed(figure.Style{Color: figure.Ink})},
	}
	out := only(figure.New(figure.Page*0.8, 5*vg.Inch, rows, legend...), fmt.Sprintf(
		"Sample variance over squared sample mean of m numbers from N(1, η²), %d trials in each "+
			"panel; the last column is the mean of as many trials in each of %d random streams ± "+
			"their standard deviation.",
		trials41, streams41))
	out.Tables = []Table{table}
	return out, nil
}
