package reproduce

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// The problem of Fig. 7.1; the square and the number of points along each of its sides at which
// directions are shown; and the paths: how many steps of which size, with which damping.
const (
	problem71 = "lognormal-linreg"
	left71    = -1.0
	right71   = 5.0
	points71  = 13
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

// grid71 lists the points at which directions are shown.
func grid71() (grid [][]float64) {
	at := func(i int) float64 { return left71 + (right71-left71)*float64(i)/(points71-1) }
	for i := range points71 {
		for j := range points71 {
			grid = append(grid, []float64{at(i), at(j)})
		}
	}
	return grid
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

// optimum71 is the intercept and slope of least squares, computed from the data and not from one of
// the problem's matrices, whose directions are judged by it.
func optimum71(w *whole) ([]float64, error) {
	x, y, err := data71(w)
	if err != nil {
		return nil, err
	}
	intercept, slope := stat.LinearRegression(x, y, nil, false)
	return []float64{intercept, slope}, nil
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
	data, err := dataPanel71(w, optimum)
	if err != nil {
		return nil, err
	}
	row := []*figure.Panel{data}
	for k, method := range allMethods7 {
		p, err := fieldPanel71(w, k, method, optimum)
		if err != nil {
			return nil, err
		}
		row = append(row, p)
	}
	return only(figure.New(figure.Page, 2.7*vg.Inch, panels(row...),
		figure.Entry{Label: "optimum", Style: dots(7), Point: true}), fmt.Sprintf(
		"Linear regression with log-normal inputs; left, the data and the line at the optimum. "+
			"Arrows: directions, all of one length. Lines: %d full-batch steps with γ = %g and λ "+
			"= %g from four points.",
		steps71, α71, λ71)), nil
}

// dataPanel71 shows the data and the line at the optimum.
func dataPanel71(w *whole, optimum []float64) (*figure.Panel, error) {
	x, y, err := data71(w)
	if err != nil {
		return nil, err
	}
	p := figure.NewPanel("data", "x", "y")
	p.Add(&figure.Marks{X: x, Y: y, Style: dots(7), Radius: 1},
		line(0, slices.Max(x), 2, style(3),
			func(x float64) float64 { return optimum[0] + optimum[1]*x }))
	limit(p, 0, slices.Max(x), slices.Min(y), slices.Max(y))
	return p, nil
}

// fieldPanel71 shows the directions of the k-th method, and its paths from the four starting points
// of the problem.
func fieldPanel71(w *whole, k int, method string, optimum []float64) (*figure.Panel, error) {
	p := figure.NewPanel(method, "intercept", "slope")
	var field arrows
	for _, x := range grid71() {
		d, err := directions71(w, x)
		if err != nil {
			return nil, err
		}
		field.add(x, d[method], 0.36)
	}
	p.Add(&field)
	for start := 1; start <= 4; start++ {
		points, err := path71(w, method, start)
		if err != nil {
			return nil, err
		}
		x, y := coordinates(points, 0, 1)
		p.Add(&figure.Line{X: x, Y: y, Style: style(k), Width: 1.5},
			&figure.Marks{X: x[:1], Y: y[:1], Style: dots(k), Radius: 2.4})
	}
	p.Add(&figure.Marks{X: optimum[:1], Y: optimum[1:], Style: dots(7), Radius: 2.4})
	limit(p, left71-0.25, right71+0.25, left71-0.25, right71+0.25)
	return p, nil
}

// path71 is every hundredth point of a method's path from one of the problem's starting points.
func path71(w *whole, method string, start int) (points [][]float64, err error) {
	run := path{
		problem: problem71, with: protocol.Setting{"start": float64(start)},
		optimizer: optimizers7[method], set: protocol.Setting{protocol.StepSize: α71},
		batch: w.spec.Train, budget: steps71 * int64(w.spec.Train),
	}
	if method != gd {
		run.set["damping"] = λ71
	}
	all, _, err := run.follow()
	for t := 0; t < len(all); t += 100 {
		points = append(points, all[t])
	}
	return points, err
}
