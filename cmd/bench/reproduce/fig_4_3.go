package reproduce

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
)

// fig43 shows how much each rule for the batch size depends on the step size (Balles 2021, Sec.
// 4.4.4).
var fig43 = Item{
	Name:  "fig-4.3",
	Title: "training loss of CABS, its competitor and constant batch sizes for five step sizes",
	Sizes: []Size{Reduced, Full},
	Time:  map[Size]string{Reduced: "1 h 15 min, less after fig-4.2", Full: "weeks"},
	Departs: chapter4Departs(fmt.Sprintf(
		"the sweeps are repeated under %d seeds, of which the first is drawn and the others are "+
			"evaluated at their ends alone; the thesis has one", seeds43)),
	Plans:  chapter43, // the sweeps are what is shown
	Draw:   drawFamilies,
	Claims: robust,
}

// spreadOverSteps is the standard deviation over the step sizes of Fig. 4.3 of the logarithm of the
// training loss at the end of the tuning runs. Of the competitor's runs with one step size, that of
// the best θ counts.
func spreadOverSteps(c *results.Cell) float64 {
	best := map[float64]float64{}
	for _, r := range c.Tuning {
		α, loss := r.Run.Optimizer.Setting[protocol.StepSize], trainLoss(r)
		if α == chapter4Steps[0] || !(loss > 0) {
			continue
		}
		if old, ok := best[α]; !ok || loss < old {
			best[α] = loss
		}
	}
	var logs []float64
	for _, α := range chapter4Steps {
		if loss, ok := best[α]; ok {
			logs = append(logs, math.Log(loss))
		}
	}
	return stats.Std(logs)
}

// robust judges that CABS' training loss depends less on the step size than that of each other
// method.
func robust(in *Input) []Finding {
	const text = "CABS' training loss depends less on the step size than with "
	const on = ", standard deviation of its logarithm over step sizes, by seed"
	length := map[string]string{}                // of the runs, by problem
	spreads := map[string]map[string][]float64{} // by problem and method, one for each seed
	eachProblem(in, func(d *Done, p string) {
		if spreads[p] == nil {
			spreads[p] = map[string][]float64{}
		}
		for _, method := range chapter4Methods {
			if cell := d.Cell(p, method); cell != nil {
				length[p] = cmp.Or(length[p], length4(p, cell.Tuning))
				spreads[p][method] = append(spreads[p][method], spreadOverSteps(cell))
			}
		}
	})
	var findings []Finding
	for _, p := range slices.Sorted(maps.Keys(spreads)) {
		for _, other := range chapter4Methods[1:] {
			x, y := spreads[p][cabs], spreads[p][other]
			findings = append(findings, better("", text+other, length[p]+on, x, y, false))
		}
	}
	return findings
}

// drawFamilies draws, for each method, the training loss of its tuning runs, a line for each step
// size but the largest: the more the lines spread, the more the method needs tuning.
func drawFamilies(in *Input) (*Output, error) {
	out := &Output{Caption: "Training loss over examples seen, one run for each step size, under " +
		"the tuning seed."}
	var legend []figure.Entry
	for k, α := range chapter4Steps[1:] {
		legend = append(legend, figure.Entry{Label: fmt.Sprintf("α = %g", α), Style: style(k)})
	}
	for i := range in.Done {
		d := &in.Done[i]
		if d.Plan.Tuning.SweepSeed() != in.Done[0].Plan.Tuning.SweepSeed() {
			continue
		}
		for _, p := range d.Plan.Problems {
			row := familiesOf(d, p.Name)
			f := figure.New(figure.Page, 4.4*vg.Inch, [][]*figure.Panel{row[:3], row[3:]},
				legend...)
			out.Pictures = append(out.Pictures, Picture{Name: p.Name, Figure: f})
			out.Tables = append(out.Tables, spreads(d, p.Name))
		}
	}
	return out, nil
}

// familiesOf are the panels of a problem, one for each method, with equal axes.
func familiesOf(d *Done, problem string) (row []*figure.Panel) {
	low, high, budget := math.Inf(1), 0.0, 0.0
	for _, o := range d.Plan.Optimizers {
		panel := figure.NewPanel(o.Name, "", "training loss")
		figure.LogY(panel)
		for k, α := range chapter4Steps[1:] {
			r := bestAt(d.Cell(problem, o.Name), α)
			if r == nil {
				continue
			}
			l := &figure.Line{Style: style(k)}
			most := 10 * float64(r.Points[0].Train.Loss) // losses above are not shown
			for _, point := range r.Points {
				v := float64(point.Train.Loss)
				l.X, l.Y = append(l.X, float64(point.Seen)), append(l.Y, v)
				if protocol.Finite(v) && v > 0 {
					low, high = min(low, v), max(high, min(v, most))
				}
			}
			budget = max(budget, float64(r.Run.Budget))
			panel.Add(l)
		}
		row = append(row, panel)
	}
	for _, panel := range row {
		figure.ExamplesX(panel, budget)
		panel.Y.Min, panel.Y.Max = low/1.1, high*1.1
	}
	return row
}

// spreads tabulates [spreadOverSteps] of each method on a problem.
func spreads(d *Done, problem string) Table {
	table := Table{
		Title: problem +
			": standard deviation over step sizes of the logarithm of the training loss at the end",
		Header: []string{"method", "spread"},
	}
	for _, o := range d.Plan.Optimizers {
		spread := spreadOverSteps(d.Cell(problem, o.Name))
		table.Rows = append(table.Rows, []string{o.Name, fmt.Sprintf("%.3g", spread)})
	}
	return table
}

// bestAt is the tuning run with a step size that ended with the lowest training loss.
func bestAt(c *results.Cell, α float64) *results.Record {
	var best *results.Record
	for _, r := range c.Tuning {
		if r.Run.Optimizer.Setting[protocol.StepSize] == α &&
			(best == nil || trainLoss(r) < trainLoss(best)) {
			best = r
		}
	}
	return best
}
