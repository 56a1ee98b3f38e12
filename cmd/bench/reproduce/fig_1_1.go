package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
)

// The quadratic of Fig. 1.1: f(x) = ½(x₁² + x₂²/κ) with gradient noise σ in each coordinate.
const (
	κ11     = 5.0
	σ11     = 0.5
	α11     = 0.3
	steps11 = 200
)

// fig11 shows why stochastic gradients need care: with the same step size gradient descent
// converges linearly, and stochastic gradient descent ends on a plateau (Balles 2021, Sec. 1.1;
// level of the plateau: Thm. 3.1).
var fig11 = Item{
	Name:  "fig-1.1",
	Title: "gradient descent and SGD on a quadratic at one step size",
	Time:  map[Size]string{Full: "seconds"},
	Departs: map[Size][]string{Full: {"the quadratic, its noise and the step size are ours: the " +
		"thesis gives none"}},
	Plans: func(Size) []protocol.Plan {
		no := false
		with := protocol.Setting{"dim": 2, "condition": κ11, "distance": 2}
		return []protocol.Plan{{
			Name: "fig-1.1", Description: "gradient descent and SGD at one step size",
			Problems: []protocol.ProblemEntry{
				{
					Problem: "noisy-quadratic", Name: "exact", With: withNoise(with, 0),
					Budget: steps11, BatchSize: 1,
				},
				{
					Problem: "noisy-quadratic", Name: "noisy", With: withNoise(with, σ11),
					Budget: steps11, BatchSize: 1,
				},
			},
			Optimizers: []protocol.OptimizerEntry{
				{Optimizer: "sgd", Set: protocol.Setting{protocol.StepSize: α11}},
			},
			Replicates: 100, Evaluations: steps11, OneShot: &no,
		}}
	},
	Draw:   draw11,
	Claims: claims11,
}

func withNoise(with protocol.Setting, σ float64) protocol.Setting {
	s := protocol.Setting{"noise": σ}
	for name, v := range with {
		s[name] = v
	}
	return s
}

// plateau11 is the mean of f far from the start: Σⱼ hⱼ · α σ²/(2 hⱼ (2 − α hⱼ)), the fixed point of
// E[xⱼ²] ← (1 − α hⱼ)² E[xⱼ²] + α² σ² (batch size 1).
func plateau11() float64 {
	level := 0.0
	for _, h := range []float64{1, 1 / κ11} {
		level += α11 * σ11 * σ11 / (2 * (2 - α11*h))
	}
	return level
}

func draw11(in *Input) (*Output, error) {
	left, right := figure.NewPanel("", "x₁", "x₂"), figure.NewPanel("", "step", "f(x) − f*")
	f := func(x, y float64) float64 { return (x*x + y*y/κ11) / 2 }
	contours(left, surface{-2.4, 2.4, -2.4, 2.4, 121, f}, []float64{0.02, 0.1, 0.3, 0.7, 1.3, 2.1},
		figure.PaleStyle)
	figure.LogY(right)
	var legend []figure.Entry
	for k, name := range []string{"exact", "noisy"} {
		cell := in.Done[0].Cell(name, "sgd")
		first := cell.Runs[0]
		label := map[string]string{"exact": "gradient descent", "noisy": "SGD"}[name]
		legend = append(legend, figure.Entry{Label: label, Style: style(k)})
		p := path{
			problem: "noisy-quadratic", with: first.Run.Problem.Parameters, optimizer: "sgd",
			set:  first.Run.Optimizer.Setting,
			seed: first.Run.Seed, batch: 1, budget: 60,
		}
		points, _, err := p.follow()
		if err != nil {
			return nil, err
		}
		x, y := coordinates(points, 0, 1)
		left.Add(&figure.Line{X: x, Y: y, Style: style(k)})
		right.Add(lossLine(first, style(k)))
	}
	level := dashed(figure.PaleStyle)
	level.Color = figure.Ink
	right.Add(&figure.Line{
		X: []float64{0, steps11}, Y: []float64{plateau11(), plateau11()},
		Style: level, Width: 0.8,
	})
	limit(right, 0, steps11, 1e-8, 10)
	legend = append(legend, figure.Entry{Label: "expected level", Style: level})
	return only(figure.New(figure.Page, 2.7*vg.Inch, panels(left, right), legend...), fmt.Sprintf(
		"f(x) = ½(x₁² + x₂²/%g), gradient noise of standard deviation %g in each coordinate, α = "+
			"%g for both. Left: contours and the first 60 steps of one run. Right: suboptimality "+
			"of that run; dashed, the level about which theory says that SGD settles.",
		κ11, σ11, α11)), nil
}

// lossLine is the training loss of a run over its steps.
func lossLine(r *results.Record, s figure.Style) *figure.Line {
	l := &figure.Line{Style: s}
	for _, p := range r.Points {
		l.X, l.Y = append(l.X, float64(p.Step)), append(l.Y, float64(p.Train.Loss))
	}
	return l
}

func claims11(in *Input) []Finding {
	exact, noisy := in.Done[0].Cell("exact", "sgd").Runs, in.Done[0].Cell("noisy", "sgd").Runs
	// On an exact quadratic the slowest coordinate shrinks by 1 − α/κ a step, once it dominates.
	worst := 0.0
	for _, r := range exact {
		for k := steps11/2 + 1; k <= steps11; k++ {
			ratio := float64(r.Points[k].Train.Loss / r.Points[k-1].Train.Loss)
			worst = max(worst, math.Abs(ratio-(1-α11/κ11)*(1-α11/κ11)))
		}
	}
	// The mean over the second half of a run, whose correlation with the start is gone.
	var levels []float64
	for _, r := range noisy {
		var late []float64
		for _, p := range r.Points[steps11/2:] {
			late = append(late, float64(p.Train.Loss))
		}
		levels = append(levels, stats.Mean(late))
	}
	return []Finding{
		exactly("", "gradient descent converges linearly, by (1 − α/κ)² a step", "exact",
			worst < 1e-12,
			fmt.Sprintf("greatest departure of the ratio of successive losses: %.1e", worst)),
		around("S-10", "SGD settles at the level that theory gives",
			"noisy, mean loss over the second half of a run", levels,
			plateau11(), 0.1*plateau11()),
	}
}
