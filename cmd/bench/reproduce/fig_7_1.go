package reproduce

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// The paths of Fig. 7.1: how many steps of which size.
const (
	problem71 = "lognormal-linreg"
	steps71   = 50_000
	α71       = 1e-4
	λ71       = 1e-8
)

// fig71 shows the directions of gradient descent, natural gradient descent and its "empirical"
// variant on a linear regression (Balles 2021, Sec. 7.1, Eq. D.29).
var fig71 = Item{
	Name:    "fig-7.1",
	Title:   "vector fields of GD, NGD and EFGD on a linear regression",
	Time:    map[Size]string{Full: "seconds"},
	Draw:    draw71,
	Claims:  func(*Input) []Finding { return claims71(directions71) },
	Departs: map[Size][]string{Full: {"every hundredth point of a path is drawn"}},
}

// directions71 are the steps of the three methods at a point, of step size 1.
func directions71(w *whole, x []float64) (map[string][]float64, error) {
	m, err := w.measure(x, w.batch, protocol.Gradient|protocol.Fisher|protocol.EmpiricalFisher)
	if err != nil {
		return nil, err
	}
	all := map[string][]float64{}
	for _, method := range allMethods7 {
		set := protocol.Setting{protocol.StepSize: 1}
		if method != gd {
			set["damping"] = λ71
		}
		if all[method], err = stepOf(optimizers7[method], set, nil, len(x), m); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// optimum71 is where one step of Newton's method leads from anywhere.
func optimum71(w *whole) ([]float64, error) {
	m, err := w.measure([]float64{0, 0}, w.batch, protocol.Gradient|protocol.Hessian)
	if err != nil {
		return nil, err
	}
	return stepOf("newton", protocol.Setting{protocol.StepSize: 1}, nil, 2, m)
}

// data71 are the inputs and targets: at 0 the gradient of example i is −yᵢ(1, xᵢ).
func data71(w *whole) (x, y []float64, err error) {
	for i := range w.batch.Examples {
		m, err := w.measure([]float64{0, 0}, protocol.Batch{Examples: w.batch.Examples[i : i+1]},
			protocol.Gradient)
		if err != nil {
			return nil, nil, err
		}
		x, y = append(x, m.Gradient[1]/m.Gradient[0]), append(y, -m.Gradient[0])
	}
	return x, y, nil
}

func draw71(*Input) (*Output, error) {
	w, err := openWhole(problem71, nil)
	if err != nil {
		return nil, err
	}
	optimum, err := optimum71(w)
	if err != nil {
		return nil, err
	}
	const left, right, n = -1.0, 5.0, 13
	inputs, targets, err := data71(w)
	if err != nil {
		return nil, err
	}
	data := figure.NewPanel("data", "x", "y")
	data.Add(&figure.Marks{X: inputs, Y: targets, Style: dots(7), Radius: 1},
		line(0, slices.Max(inputs), 2, style(3),
			func(x float64) float64 { return optimum[0] + optimum[1]*x }))
	data.X.Min, data.X.Max, data.Y.Min, data.Y.Max = 0, slices.Max(inputs), slices.Min(targets),
		slices.Max(targets)
	row := []*figure.Panel{data}
	for k, m := range allMethods7 {
		p := figure.NewPanel(m, "intercept", "slope")
		var arrows arrows
		for i := range n {
			for j := range n {
				x := []float64{left + (right-left)*float64(i)/(n-1), left +
					(right-left)*float64(j)/(n-1)}
				d, err := directions71(w, x)
				if err != nil {
					return nil, err
				}
				arrows.add(x, d[m], 0.36)
			}
		}
		p.Add(&arrows)
		for start := 1; start <= 4; start++ {
			run := path{
				problem: problem71, with: protocol.Setting{"start": float64(start)},
				optimizer: optimizers7[m],
				set:       protocol.Setting{protocol.StepSize: α71}, batch: w.spec.Train,
				budget: steps71 * int64(w.spec.Train),
			}
			if m != gd {
				run.set["damping"] = λ71
			}
			points, _, err := run.follow()
			if err != nil {
				return nil, err
			}
			var thinned [][]float64
			for t := 0; t < len(points); t += 100 {
				thinned = append(thinned, points[t])
			}
			x, y := coordinates(thinned, 0, 1)
			p.Add(&figure.Line{X: x, Y: y, Style: style(k), Width: 1.5},
				&figure.Marks{X: x[:1], Y: y[:1], Style: dots(k), Radius: 2.4})
		}
		star := dots(7)
		p.Add(&figure.Marks{X: optimum[:1], Y: optimum[1:], Style: star, Radius: 2.4})
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = left-0.25, right+0.25, left-0.25, right+0.25
		row = append(row, p)
	}
	return only(figure.New(figure.Page, 2.7*vg.Inch, panels(row...),
		figure.Entry{Label: "optimum", Style: dots(7), Point: true}), fmt.Sprintf(
		"Linear regression with log-normal inputs; left, the data and the line at the optimum. "+
			"Arrows: directions, all of one length. Lines: %d full-batch steps with γ = %g and λ "+
			"= %g from four points.",
		steps71, α71, λ71)), nil
}

// arrows are drawn in grey, all of one length.
type arrows struct{ from, to [][]float64 }

func (a *arrows) add(x, d []float64, length float64) {
	norm := math.Hypot(d[0], d[1])
	a.from = append(a.from, x)
	a.to = append(a.to, []float64{x[0] + length*d[0]/norm, x[1] + length*d[1]/norm})
}

// Plot implements plot.Plotter.
func (a *arrows) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: figure.Pale, Width: 0.7}
	for i := range a.from {
		fx, fy, tx, ty := x(a.from[i][0]), y(a.from[i][1]), x(a.to[i][0]), y(a.to[i][1])
		c.StrokeLine2(style, fx, fy, tx, ty)
		angle := math.Atan2(float64(ty-fy), float64(tx-fx))
		tip := func(turn float64, length vg.Length) vg.Point {
			return vg.Point{X: tx - length*vg.Length(math.Cos(angle+turn)), Y: ty -
				length*vg.Length(math.Sin(angle+turn))}
		}
		c.FillPolygon(figure.Pale, []vg.Point{{X: tx, Y: ty}, tip(0.5, 2.8), tip(-0.5, 2.8)})
	}
}

// claims71 judges the directions of a method, given by a function, by their angle with the way to
// the optimum.
func claims71(directions func(*whole, []float64) (map[string][]float64, error)) []Finding {
	w, err := openWhole(problem71, nil)
	if err != nil {
		return []Finding{impossible(problem71, err)}
	}
	optimum, err := optimum71(w)
	if err != nil {
		return []Finding{impossible(problem71, err)}
	}
	least := map[string]float64{gd: 1, ngd: 1, efgd: 1}
	for i := range 13 {
		for j := range 13 {
			x := []float64{-1 + 0.5*float64(i), -1 + 0.5*float64(j)}
			d, err := directions(w, x)
			if err != nil {
				return []Finding{impossible(problem71, err)}
			}
			towards := []float64{optimum[0] - x[0], optimum[1] - x[1]}
			if floats.Norm(towards, 2) < 0.1 {
				continue // the optimum itself
			}
			for m, v := range least {
				least[m] = min(v, floats.Dot(d[m], towards)/floats.Norm(d[m],
					2)/floats.Norm(towards, 2))
			}
		}
	}
	const on = "13 × 13 points, cosine between direction and the way to the optimum"
	return []Finding{
		exactly("", "NGD points straight at the optimum, from everywhere, but for the damping", on,
			least[ngd] > 1-1e-10,
			fmt.Sprintf("1 − %.1e at least", 1-least[ngd])),
		measured("", "EFGD does not: it distorts the field even more than GD does", on,
			least[efgd] < least[gd],
			fmt.Sprintf("%.3f at least, GD %.3f", least[efgd], least[gd])),
	}
}
