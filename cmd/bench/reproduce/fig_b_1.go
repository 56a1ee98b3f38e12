package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// figB1 shows the probability of a wrong sign as a tail of a normal distribution (Balles 2021, App. B.2, Eq. 5.10).
var figB1 = Item{
	Name:   "fig-b.1",
	Title:  "the probability that a stochastic gradient has the wrong sign",
	Time:   map[Size]string{Full: "at once"},
	Draw:   drawB1,
	Claims: claimsB1,
}

const (
	μB1 = 1.0
	σB1 = 1.0
)

func drawB1(*Input) (*Output, error) {
	p := figure.NewPanel("", "g", "density")
	normal := distuv.Normal{Mu: μB1, Sigma: σB1}
	curve := line(-3, 5, 400, style(0), normal.Prob)
	tail := line(-3, 0, 200, style(1), normal.Prob)
	p.Add(&figure.Band{X: tail.X, Low: make([]float64, len(tail.X)), High: tail.Y, Style: style(1)}, curve)
	p.Add(&figure.Line{X: []float64{0, 0}, Y: []float64{0, 0.45}, Style: dashed(figure.Style{Color: figure.Ink})})
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -3, 5, 0, 0.45
	return only(figure.New(figure.Column, 2.4*vg.Inch, panels(p),
		figure.Entry{Label: "density of g", Style: style(0)}, figure.Entry{Label: "wrong sign", Style: style(1)}),
		fmt.Sprintf("g ∼ N(%g, %g²). The shaded area is the probability of a wrong sign, (1 − erf(|μ|/(√2 σ)))/2 = %.4f.",
			μB1, σB1, (1-math.Erf(μB1/(math.Sqrt2*σB1)))/2)), nil
}

func claimsB1(*Input) []Finding {
	const draws = 100_000
	random := protocol.Stream(0, protocol.PurposeNoise)
	var findings []Finding
	for _, η := range []float64{0.5, 1, 2, 4} {
		wrong := 0
		for range draws {
			if 1+η*random.NormFloat64() < 0 {
				wrong++
			}
		}
		share, p := float64(wrong)/draws, (1-signFactor(η))/2
		limit := 4 * math.Sqrt(p*(1-p)/draws)
		findings = append(findings, measured("", "the sign is right with probability ½(1 + erf(|μ|/(√2 σ)))", fmt.Sprintf("η = %g, %d draws", η, draws),
			math.Abs(share-p) < limit, fmt.Sprintf("wrong in %.4f of the draws, %.4f expected, within 4 standard errors of %.4f", share, p, limit/4)))
	}
	return findings
}
