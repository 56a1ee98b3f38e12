package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// figB1 shows the probability of a wrong sign as a tail of a normal distribution (Balles 2021, App.
// B.2, Eq. 5.10).
var figB1 = Item{
	Name:    "fig-b.1",
	Title:   "the probability that a stochastic gradient has the wrong sign",
	Time:    map[Size]string{Full: "at once"},
	Draw:    drawB1,
	Departs: map[Size][]string{Full: {"the ratios σ/|μ| of the three densities are ours"}},
	Claims: func(*Input) []Finding {
		return claimsB1(func(η float64) float64 { return (1 - signFactor(η)) / 2 })
	},
}

// ratiosB1 are the noise-to-signal ratios of the three densities.
var ratiosB1 = []float64{0.5, 1, 2}

func drawB1(*Input) (*Output, error) {
	var row []*figure.Panel
	for _, η := range ratiosB1 {
		wrong := (1 - signFactor(η)) / 2
		p := figure.NewPanel(fmt.Sprintf("σ = %g |μ|: %.4f", η, wrong), "g/|μ|", "density")
		normal := distuv.Normal{Mu: 1, Sigma: η}
		curve := line(1-4*η, 1+4*η, 400, style(0), normal.Prob)
		tail := line(1-4*η, 0, 200, style(1), normal.Prob)
		top := 1.1 * normal.Prob(1)
		if 1-4*η < 0 {
			low := make([]float64, len(tail.X))
			p.Add(&figure.Band{X: tail.X, Low: low, High: tail.Y, Style: style(1)})
		}
		axis := dashed(figure.Style{Color: figure.Ink})
		p.Add(curve, &figure.Line{X: []float64{0, 0}, Y: []float64{0, top}, Style: axis})
		limit(p, 1-4*η, 1+4*η, 0, top)
		row = append(row, p)
	}
	return only(figure.New(figure.Page, 2.4*vg.Inch, panels(row...),
		figure.Entry{Label: "density of g", Style: style(0)},
		figure.Entry{Label: "wrong sign", Style: style(1)}),
		"g ∼ N(μ, σ²). The shaded area, which is the number above the panel, is the probability "+
			"of a wrong sign, (1 − erf(|μ|/(√2 σ)))/2."), nil
}

// claimsB1 judges the shaded area as a function of η by drawing: over random streams the share of
// wrong signs is within half a percentage point of it.
func claimsB1(wrong func(η float64) float64) []Finding {
	const streams, draws = 100, 1000
	var findings []Finding
	for _, η := range []float64{0.5, 1, 2, 4} {
		shares := make([]float64, streams)
		for seed := range shares {
			random := protocol.Stream(uint64(seed), protocol.PurposeNoise, math.Float64bits(η))
			for range draws {
				if 1+η*random.NormFloat64() < 0 {
					shares[seed] += 1. / draws
				}
			}
		}
		findings = append(findings,
			around("", "the sign is wrong with probability ½(1 − erf(|μ|/(√2 σ)))",
				fmt.Sprintf("η = %g, %d streams of %d draws", η, streams, draws), shares, wrong(η),
				0.005))
	}
	return findings
}
