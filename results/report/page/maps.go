package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/notation"
)

// heatMap shows how the outcome of tuning depends on the step size and on a second hyperparameter
// that was tuned with it.
type heatMap struct {
	Entry                    entryView
	X, Y                     string // names of the hyperparameters
	Left, Right, Bottom, Top string // least and greatest values
	Points                   []mapPoint
}

// mapPoint is a tuning run, at a place between 0 and 100 on either axis.
type mapPoint struct {
	X, Y   float64
	Heat   int // 1, the worst, to 5, the best fifth of the runs
	Chosen bool
	Text   string
}

// heatMaps returns the maps of a problem's entries in their order.
func heatMaps(cells *Cells, problem *measures.Problem, entries map[string]entryView) []heatMap {
	var all []heatMap
	for _, row := range problem.Rows {
		if d := cells.drawn[[2]string{problem.Name, row.Optimizer}]; d != nil && d.heat != nil {
			m := *d.heat
			m.Entry = entries[row.Optimizer]
			all = append(all, m)
		}
	}
	return all
}

// heatMapOf returns the map of a cell that tuned the step size and others; nil if it did not. With
// more than one other, the y axis is that of the first by name.
func heatMapOf(plan *protocol.Plan, c *results.Cell, spec *protocol.ProblemSpec) *heatMap {
	other := slices.IndexFunc(c.Tuned, func(name string) bool { return name != protocol.StepSize })
	if other < 0 || !slices.Contains(c.Tuned, protocol.StepSize) {
		return nil
	}
	m := &heatMap{X: protocol.StepSize, Y: c.Tuned[other]}
	var runs []*results.Record
	for _, r := range c.Tuning {
		if r.Run.Seed == plan.Tuning.SweepSeed() {
			runs = append(runs, r)
		}
	}
	if len(runs) < 2 {
		return nil
	}
	score := func(r *results.Record) float64 {
		return r.Score(plan.Report, plan.Selection, plan.Selection)
	}
	slices.SortStableFunc(runs, func(a, b *results.Record) int { // worst first
		switch x, y := score(a), score(b); {
		case results.Better(spec.Metric, x, y):
			return 1
		case results.Better(spec.Metric, y, x):
			return -1
		}
		return 0
	})
	values := func(name string) []float64 {
		var v []float64
		for _, r := range runs {
			v = append(v, r.Run.Optimizer.Setting[name])
		}
		return v
	}
	xs, ys := values(m.X), values(m.Y)
	m.Left, m.Right = short(slices.Min(xs)), short(slices.Max(xs))
	m.Bottom, m.Top = short(slices.Min(ys)), short(slices.Max(ys))
	atX, atY := places(xs), places(ys)
	for i, r := range runs {
		m.Points = append(m.Points, mapPoint{
			X: atX[i], Y: 100 - atY[i], Heat: 1 + 5*i/len(runs),
			Chosen: c.Setting != nil && c.Setting.String() == r.Run.Optimizer.Setting.String(),
			Text: fmt.Sprintf("%s=%s, %s=%s: %s", m.X, short(xs[i]), m.Y,
				short(ys[i]), notation.Number(score(r))),
		})
	}
	return m
}

// short writes the value of a hyperparameter.
func short(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// places puts values between 0 and 100, on a logarithmic scale if they are positive and far apart.
func places(values []float64) []float64 {
	low, high := slices.Min(values), slices.Max(values)
	of := func(v float64) float64 { return v }
	if low > 0 && high >= 10*low {
		of = math.Log
	}
	at := make([]float64, len(values))
	for i, v := range values {
		at[i] = 50
		if low < high {
			at[i] = math.Round(1000*(of(v)-of(low))/(of(high)-of(low))) / 10
		}
	}
	return at
}
