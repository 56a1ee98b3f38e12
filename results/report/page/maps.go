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

// heatMaps returns a map for each entry that tuned the step size and others on a problem. With more
// than one other, the y axis is that of the first by name.
func heatMaps(plan *protocol.Plan, cells []results.Cell, problem *measures.Problem,
	entries map[string]entryView,
) []heatMap {
	var all []heatMap
	for _, row := range problem.Rows {
		k := slices.IndexFunc(cells, func(c results.Cell) bool {
			return c.Problem == problem.Name && c.Optimizer == row.Optimizer
		})
		if k < 0 {
			continue
		}
		c := &cells[k]
		other := slices.IndexFunc(c.Tuned, func(name string) bool { return name != protocol.StepSize })
		if other < 0 || !slices.Contains(c.Tuned, protocol.StepSize) {
			continue
		}
		m := heatMap{Entry: entries[c.Optimizer], X: protocol.StepSize, Y: c.Tuned[other]}
		var runs []*results.Record
		for _, r := range c.Tuning {
			if r.Run.Seed == plan.Tuning.SweepSeed() {
				runs = append(runs, r)
			}
		}
		if len(runs) < 2 {
			continue
		}
		score := func(r *results.Record) float64 {
			return r.Score(plan.Report, plan.Selection, plan.Selection)
		}
		slices.SortStableFunc(runs, func(a, b *results.Record) int { // worst first
			switch x, y := score(a), score(b); {
			case results.Better(problem.Spec.Metric, x, y):
				return 1
			case results.Better(problem.Spec.Metric, y, x):
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
		all = append(all, m)
	}
	return all
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
