package reproduce

import (
	"fmt"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
)

// The gradient of Fig. 5.3 and the standard deviations of its coordinates.
var (
	mean53  = [2]float64{2, 1}
	σ53     = [2]float64{1, 1.5}
	draws53 = 200
)

// fig53 shows what variance adaptation does to stochastic gradients (Balles 2021, Sec. 5.3).
var fig53 = Item{
	Name:   "fig-5.3",
	Title:  "stochastic gradients before and after variance adaptation",
	Time:   map[Size]string{Full: "at once"},
	Draw:   draw53,
	Claims: claims53,
}

// factors53 are γⱼ = ∇fⱼ²/(∇fⱼ² + σⱼ²) (Lemma 5.1): 4/5 and 4/13.
func factors53() (γ [2]float64) {
	for j := range γ {
		γ[j] = gradientFactor(σ53[j] / mean53[j])
	}
	return γ
}

// gradients53 draws gradients from N(∇f, diag σ²), and scales them.
func gradients53() (before, after [2][]float64) {
	random := protocol.Stream(0, protocol.PurposeNoise)
	γ := factors53()
	for range draws53 {
		for j := range 2 {
			g := mean53[j] + σ53[j]*random.NormFloat64()
			before[j], after[j] = append(before[j], g), append(after[j], γ[j]*g)
		}
	}
	return before, after
}

func draw53(*Input) (*Output, error) {
	before, after := gradients53()
	left, right := figure.NewPanel("before", "g₁", "g₂"), figure.NewPanel("after", "γ₁g₁", "γ₂g₂")
	left.Add(&figure.Marks{X: before[0], Y: before[1], Style: dots(0), Radius: 1})
	right.Add(&figure.Marks{X: after[0], Y: after[1], Style: dots(0), Radius: 1})
	γ := factors53()
	mean := style(1)
	left.Add(&figure.Line{X: []float64{0, mean53[0]}, Y: []float64{0, mean53[1]}, Style: mean, Width: 1.6})
	right.Add(&figure.Line{X: []float64{0, mean53[0]}, Y: []float64{0, mean53[1]}, Style: mean, Width: 1.6})
	scaled := dashed(style(2))
	right.Add(&figure.Line{X: []float64{0, γ[0] * mean53[0]}, Y: []float64{0, γ[1] * mean53[1]}, Style: scaled, Width: 1.6})
	left.X.Min, left.X.Max, left.Y.Min, left.Y.Max = -2, 6, -4, 6
	right.X.Min, right.X.Max, right.Y.Min, right.Y.Max = -2, 6, -4, 6
	return only(figure.New(figure.Page*0.75, 2.8*vg.Inch, panels(left, right),
		figure.Entry{Label: "stochastic gradients", Style: dots(0), Point: true},
		figure.Entry{Label: "gradient", Style: mean},
		figure.Entry{Label: "mean after adaptation", Style: scaled}),
		fmt.Sprintf("%d draws from N(∇f, diag σ²) with ∇f = (2, 1) and σ = (1, 1.5); adaptation multiplies them by γ = (%.4g, %.4g).",
			draws53, γ[0], γ[1])), nil
}

func claims53(*Input) []Finding {
	before, after := gradients53()
	var findings []Finding
	for j := range 2 {
		a, b := stats.Std(after[j]), stats.Std(before[j])
		bias := stats.Mean(after[j]) - mean53[j]
		findings = append(findings, measured("", "adaptation lowers the variance and biases towards 0", fmt.Sprintf("coordinate %d", j+1),
			a < b && bias < 0, fmt.Sprintf("standard deviation %.3g in place of %.3g, bias %.3g", a, b, bias)))
	}
	return findings
}
