package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// fig22 shows how the condition number slows gradient descent down (Balles 2021, Sec. 2.3).
var fig22 = Item{
	Name:    "fig-2.2",
	Title:   "ten steps of gradient descent at condition numbers 2 and 8",
	Time:    map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {"the starting point is ours: the thesis gives none"}},
	Draw: func(*Input) (*Output, error) {
		var row []*figure.Panel
		for _, κ := range conditions22 {
			p := figure.NewPanel(fmt.Sprintf("κ = %g", κ), "x₁", "x₂")
			f := func(x, y float64) float64 { return (x*x + y*y/κ) / 2 }
			contours(p, surface{-0.6, 1.3, -0.6, 1.3, 121, f}, geometric(0.005, 0.8, 8),
				figure.PaleStyle)
			points, err := descent22(κ)
			if err != nil {
				return nil, err
			}
			x, y := coordinates(points, 0, 1)
			p.Add(&figure.Line{X: x, Y: y, Style: style(0)},
				&figure.Marks{X: x, Y: y, Style: dots(0)})
			row = append(row, p)
		}
		return only(figure.New(figure.Page*0.75, 2.6*vg.Inch, panels(row...)),
			"f(x) = ½(x₁² + x₂²/κ), so that L = 1 and μ = 1/κ; ten steps of gradient descent with "+
				"α = 1/L from (1, 1)."), nil
	},
	Claims: func(*Input) []Finding {
		var findings []Finding
		for _, κ := range conditions22 {
			points, err := descent22(κ)
			worst := math.Inf(1)
			if err == nil {
				worst = 0
				for t := 1; t < len(points); t++ { // x₁ is 0 after one step, x₂ shrinks by 1 − 1/κ
					worst = max(worst, math.Abs(points[t][0]),
						math.Abs(points[t][1]/points[t-1][1]-(1-1/κ)))
				}
			}
			findings = append(findings, exactly("", "with α = 1/L the distance to the optimum "+
				"shrinks by 1 − 1/κ a step", fmt.Sprintf("κ = %g", κ),
				worst < 1e-14, fmt.Sprintf("greatest departure %.1e", worst)))
		}
		return findings
	},
}

var conditions22 = []float64{2, 8}

// descent22 is gradient descent from (1, 1).
func descent22(κ float64) ([][]float64, error) {
	p := path{
		problem: "noisy-quadratic", with: protocol.Setting{"dim": 2, "condition": κ, "noise": 0},
		optimizer: "sgd", set: protocol.Setting{protocol.StepSize: 1}, batch: 1, budget: 10,
		start: []float64{1, 1},
	}
	points, _, err := p.follow()
	return points, err
}
