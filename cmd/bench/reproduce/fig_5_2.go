package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"

	"noisebench/results/report/figure"
)

// fig52 compares variance adaptation factors for signs: the optimal one is the probability that the sign of a normal
// gradient is right, scaled to [0, 1]; Adam's is near it (Balles 2021, Sec. 5.2, Eqs. 5.5 and 5.10).
var fig52 = Item{
	Name:   "fig-5.2",
	Title:  "variance adaptation factors over the noise-to-signal ratio",
	Time:   map[Size]string{Full: "at once"},
	Draw:   draw52,
	Claims: claims52,
}

// signFactor is 2 P(sign correct) − 1 = erf(1/(√2 η)) of a normal gradient with standard deviation η and mean 1.
func signFactor(η float64) float64 { return math.Erf(1 / (math.Sqrt2 * η)) }

// adamFactor is (1 + η²)^(−1/2), the factor by which Adam scales a sign.
func adamFactor(η float64) float64 { return 1 / math.Sqrt(1+η*η) }

// gradientFactor is (1 + η²)⁻¹, the optimal factor of a gradient (Lemma 5.1).
func gradientFactor(η float64) float64 { return 1 / (1 + η*η) }

func draw52(*Input) (*Output, error) {
	p := figure.NewPanel("", "noise-to-signal ratio η", "factor γ")
	var legend []figure.Entry
	for k, c := range []struct {
		label string
		f     func(float64) float64
	}{
		{"optimal for signs: erf(1/(√2 η))", signFactor},
		{"Adam: (1 + η²)^(−1/2)", adamFactor},
		{"optimal for gradients: (1 + η²)^(−1)", gradientFactor},
	} {
		s := style(k)
		if k == 1 {
			s = dashed(s)
		}
		p.Add(line(1e-3, 5, 400, s, c.f))
		legend = append(legend, figure.Entry{Label: c.label, Style: s})
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 5, 0, 1
	return only(figure.New(figure.Column, 2.7*vg.Inch, panels(p), legend...),
		"Factors as functions of η = σ/|μ|, for a gradient coordinate distributed as N(μ, σ²)."), nil
}

func claims52(*Input) []Finding {
	worst, at := 0.0, 0.0
	for i := 1; i <= 100_000; i++ {
		η := float64(i) / 1000
		if d := math.Abs(signFactor(η) - adamFactor(η)); d > worst {
			worst, at = d, η
		}
	}
	return []Finding{measured("", "Adam's factor closely approximates the optimal one for signs", "η up to 100", worst < 0.1,
		fmt.Sprintf("greatest difference %.4f, at η = %.2f; for large η their quotient tends to √(2/π) = %.3f", worst, at, math.Sqrt(2/math.Pi)))}
}
