package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// The least squares problem of Fig. 2.1: n examples y = aᵀθ* + ε with a ∼ N(0, I_d), θ* = (1, …,
// 1)/√d, ε ∼ N(0, σ²).
const (
	n21, d21 = 40, 30
	σ21      = 0.5
	α21      = 0.1
	steps21  = 1000
	draws21  = 20
)

// fig21 shows the gap between empirical and true risk that opens as gradient descent goes on
// (Balles 2021, Sec. 2.1.1).
var fig21 = Item{
	Name:  "fig-2.1",
	Title: "empirical and true risk over gradient descent on least squares",
	Time:  map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {"data, dimension and step size are ours: the thesis gives " +
		"none"}},
	Draw:   draw21,
	Claims: func(*Input) []Finding { return claims21(risks21) },
}

// risks21 runs gradient descent from 0 on one draw of the data and returns both risks after each
// step. With a ∼ N(0, I) the true risk is exactly ½‖θ − θ*‖² + ½σ².
func risks21(seed uint64) (empirical, true_ []float64) {
	random := protocol.Stream(seed, protocol.PurposeNoise)
	star := make([]float64, d21)
	for j := range star {
		star[j] = 1 / math.Sqrt(d21)
	}
	a, y := make([][]float64, n21), make([]float64, n21)
	for i := range a {
		a[i] = make([]float64, d21)
		for j := range a[i] {
			a[i][j] = random.NormFloat64()
		}
		y[i] = floats.Dot(a[i], star) + σ21*random.NormFloat64()
	}
	θ, g := make([]float64, d21), make([]float64, d21)
	for range steps21 + 1 {
		clear(g)
		loss := 0.0
		for i := range a {
			r := floats.Dot(a[i], θ) - y[i]
			loss += r * r / 2 / n21
			floats.AddScaled(g, r/n21, a[i])
		}
		distance := floats.Distance(θ, star, 2)
		empirical, true_ = append(empirical, loss), append(true_, (distance*distance+σ21*σ21)/2)
		floats.AddScaled(θ, -α21, g)
	}
	return empirical, true_
}

func draw21(*Input) (*Output, error) {
	p := figure.NewPanel("", "step", "risk")
	figure.LogX(p)
	figure.LogY(p)
	empirical, true_ := risks21(0)
	steps := make([]float64, steps21)
	for t := range steps {
		steps[t] = float64(t + 1)
	}
	p.Add(&figure.Line{X: steps, Y: empirical[1:], Style: style(0)},
		&figure.Line{X: steps, Y: true_[1:], Style: style(1)})
	limit(p, 1, steps21, 0.01, 1)
	legend := []figure.Entry{
		{Label: "empirical risk", Style: style(0)},
		{Label: "true risk", Style: style(1)},
	}
	return only(figure.New(figure.Column, 2.6*vg.Inch, panels(p), legend...), fmt.Sprintf(
		"Least squares with n = %d examples in d = %d dimensions, label noise of standard "+
			"deviation %g, gradient descent with α = %g "+
			"from 0. The true risk is exact.", n21, d21, σ21, α21)), nil
}

// claims21 judges the two risks as a function of the draw of the data.
func claims21(risks func(seed uint64) (empirical, true_ []float64)) []Finding {
	var early, late, empirical, true_ []float64
	for seed := range uint64(draws21) {
		e, t := risks(seed)
		empirical, true_ = append(empirical, e[steps21]), append(true_, t[steps21])
		early, late = append(early, t[10]-e[10]), append(late, t[steps21]-e[steps21])
	}
	on := fmt.Sprintf("%d draws of the data", draws21)
	return []Finding{
		better("", "the true risk is above the empirical risk late in the run", on, true_,
			empirical, true),
		better("", "the gap between them grows", on+", step 1000 less step 10", late, early, true),
	}
}
