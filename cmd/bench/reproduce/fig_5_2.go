package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/plot/vg"

	"noisebench/results/report/figure"
)

// fig52 compares variance adaptation factors for signs: the optimal one is the probability that the
// sign of a normal gradient is right, scaled to [0, 1]; Adam's is near it (Balles 2021, Sec. 5.2,
// Eqs. 5.5 and 5.10).
var fig52 = Item{
	Name:   "fig-5.2",
	Title:  "variance adaptation factors over the noise-to-signal ratio",
	Time:   map[Size]string{Full: "at once"},
	Draw:   draw52,
	Claims: func(*Input) []Finding { return claims52(curves52) },
}

// signFactor is 2 P(sign correct) − 1 = erf(1/(√2 η)) of a normal gradient with standard deviation
// η and mean 1.
func signFactor(η float64) float64 { return math.Erf(1 / (math.Sqrt2 * η)) }

// adamFactor is (1 + η²)^(−1/2), the factor by which Adam scales a sign.
func adamFactor(η float64) float64 { return 1 / math.Sqrt(1+η*η) }

// gradientFactor is (1 + η²)⁻¹, the optimal factor of a gradient (Lemma 5.1).
func gradientFactor(η float64) float64 { return 1 / (1 + η*η) }

// curve52 is a factor over the noise-to-signal ratio.
type curve52 struct {
	label string
	f     func(float64) float64
}

// curves52 are those that are drawn.
var curves52 = []curve52{
	{"optimal for signs: erf(1/(√2 η))", signFactor},
	{"Adam: (1 + η²)^(−1/2)", adamFactor},
	{"optimal for gradients: (1 + η²)^(−1)", gradientFactor},
}

func draw52(*Input) (*Output, error) {
	p := figure.NewPanel("", "noise-to-signal ratio η", "factor γ")
	var legend []figure.Entry
	for k, c := range curves52 {
		s := style(k)
		if k == 1 {
			s = dashed(s)
		}
		p.Add(line(1e-3, 5, 400, s, c.f))
		legend = append(legend, figure.Entry{Label: c.label, Style: s})
	}
	limit(p, 0, 5, 0, 1)
	return only(figure.New(figure.Column, 2.7*vg.Inch, panels(p), legend...),
			"Factors as functions of η = σ/|μ|, for a gradient coordinate distributed as N(μ, "+
				"σ²)."),
		nil
}

// claims52 judges the curves that are drawn by their definitions: the first by the tail of the
// normal distribution, the second by Adam's quotient E[g]/√E[g²], the third by the least expected
// squared error of γg. "Closely approximates" means by less than a tenth.
func claims52(curves []curve52) []Finding {
	normal := distuv.UnitNormal
	sign, quotient, least, worst, at := 0.0, 0.0, true, 0.0, 0.0
	for i := 1; i <= 10_000; i++ {
		η := float64(i) / 100
		signs, adam, gradients := curves[0].f(η), curves[1].f(η), curves[2].f(η)
		sign = max(sign, math.Abs(signs-(2*normal.CDF(1/η)-1)))
		quotient = max(quotient, math.Abs(adam*math.Hypot(1, η)-1))
		failure := func(γ float64) float64 { return (1-γ)*(1-γ) + γ*γ*η*η } // E(γg − 1)²
		for _, γ := range []float64{0.9999 * gradients, 1.0001 * gradients} {
			least = least && failure(gradients) < failure(γ)
		}
		if d := math.Abs(signs - adam); d > worst {
			worst, at = d, η
		}
	}
	const on = "η up to 100"
	return []Finding{
		exactly("", "the optimal factor of a sign is 2 P(sign correct) − 1", on, sign < 1e-14,
			fmt.Sprintf("greatest difference from the normal distribution's %.1e", sign)),
		exactly("", "Adam's factor is |E g|/√(E g²)", on, quotient < 1e-14,
			fmt.Sprintf("greatest departure %.1e", quotient)),
		exactly("", "a gradient's factor has the least expected squared error", on, least,
			"against 0.01 % less and more"),
		exactly("", "Adam's factor closely approximates the optimal one for signs: within 0.1", on,
			worst < 0.1,
			fmt.Sprintf("greatest difference %.4f, at η = %.2f; for large η their quotient tends "+
				"to √(2/π) = %.3f",
				worst, at, math.Sqrt(2/math.Pi))),
	}
}
