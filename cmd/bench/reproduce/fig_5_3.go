package reproduce

import (
	"fmt"
	"math"

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
	Claims: func(*Input) []Finding { return claims53(factors53()) },
}

// factors53 are γⱼ = ∇fⱼ²/(∇fⱼ² + σⱼ²) (Lemma 5.1): 4/5 and 4/13.
func factors53() (γ [2]float64) {
	for j := range γ {
		γ[j] = gradientFactor(σ53[j] / mean53[j])
	}
	return γ
}

// gradients53 draws gradients from N(∇f, diag σ²), and scales them.
func gradients53(seed uint64, γ [2]float64) (before, after [2][]float64) {
	random := protocol.Stream(seed, protocol.PurposeNoise)
	for range draws53 {
		for j := range 2 {
			g := mean53[j] + σ53[j]*random.NormFloat64()
			before[j], after[j] = append(before[j], g), append(after[j], γ[j]*g)
		}
	}
	return before, after
}

func draw53(*Input) (*Output, error) {
	before, after := gradients53(0, factors53())
	left, right := figure.NewPanel("before", "g₁", "g₂"), figure.NewPanel("after", "γ₁g₁", "γ₂g₂")
	left.Add(&figure.Marks{X: before[0], Y: before[1], Style: dots(0), Radius: 1})
	right.Add(&figure.Marks{X: after[0], Y: after[1], Style: dots(0), Radius: 1})
	γ := factors53()
	mean, scaled := style(1), dashed(style(2))
	ray := func(x, y float64, s figure.Style) *figure.Line {
		return &figure.Line{X: []float64{0, x}, Y: []float64{0, y}, Style: s, Width: 1.6}
	}
	left.Add(ray(mean53[0], mean53[1], mean))
	right.Add(ray(mean53[0], mean53[1], mean), ray(γ[0]*mean53[0], γ[1]*mean53[1], scaled))
	limit(left, -2, 6, -4, 6)
	limit(right, -2, 6, -4, 6)
	return only(figure.New(figure.Page*0.75, 2.8*vg.Inch, panels(left, right),
		figure.Entry{Label: "stochastic gradients", Style: dots(0), Point: true},
		figure.Entry{Label: "gradient", Style: mean},
		figure.Entry{Label: "mean after adaptation", Style: scaled}),
		fmt.Sprintf("%d draws from N(∇f, diag σ²) with ∇f = (2, 1) and σ = (1, 1.5); adaptation "+
			"multiplies them by γ = (%.4g, %.4g).",
			draws53, γ[0], γ[1])), nil
}

// streams53 is the number of random streams over which claims about Fig. 5.3 are judged.
const streams53 = 200

// claims53 judges the factors γ that are drawn: their values by Lemma 5.1; over random streams,
// that the squared distance from the gradient falls to what the lemma gives, σ²μ²/(μ² + σ²), from
// σ², within a twentieth of σ², and that the bias is (γ − 1)μ, towards 0, within a twentieth of σ.
func claims53(γ [2]float64) []Finding {
	want := [2]float64{4. / 5, 4. / 13}
	departure := max(math.Abs(γ[0]-want[0]), math.Abs(γ[1]-want[1]))
	findings := []Finding{exactly("", "γ = (4/5, 4/13) for ∇f = (2, 1) and σ = (1, 3/2)",
		"Lemma 5.1",
		departure < 1e-15, fmt.Sprintf("(%.6g, %.6g)", γ[0], γ[1]))}
	for j := range 2 {
		var errors, bias []float64
		for seed := range uint64(streams53) {
			_, after := gradients53(seed, γ)
			errors = append(errors, squaredError53(after[j], mean53[j]))
			bias = append(bias, stats.Mean(after[j])-mean53[j])
		}
		σ2, μ2 := σ53[j]*σ53[j], mean53[j]*mean53[j]
		on := fmt.Sprintf("coordinate %d, %d streams", j+1, streams53)
		findings = append(findings,
			around("", "adaptation lowers the expected squared error from σ² to the least one", on,
				errors, σ2*μ2/(μ2+σ2), σ2/20),
			around("", "adaptation biases towards 0", on, bias, -mean53[j]*σ2/(μ2+σ2), σ53[j]/20))
	}
	return findings
}

func squaredError53(g []float64, mean float64) float64 {
	sum := 0.0
	for _, v := range g {
		sum += (v - mean) * (v - mean)
	}
	return sum / float64(len(g))
}
