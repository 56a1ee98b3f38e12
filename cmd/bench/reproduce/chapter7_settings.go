package reproduce

import (
	"fmt"
	"math"

	"noisebench/protocol"
	"noisebench/results"
)

// tie7 is the relative difference below which the losses of two settings tie. On linear problems
// hundreds of settings reach the optimum, and rounding would choose among them.
const tie7 = 1e-9

// ties are the tuning runs whose losses tie with the lowest, in the grid's order.
func ties(c *results.Cell) []*results.Record {
	best := tuned(c, c.Setting)
	var all []*results.Record
	for _, r := range c.Tuning {
		if r.End.Status == results.OK && best != nil && trainLoss(r) <= trainLoss(best)*(1+tie7) {
			all = append(all, r)
		}
	}
	return all
}

// shown is the setting at which a method is drawn: that of the lowest loss of the grid. Of several
// that tie it is the one with the least damping, and of these the one whose step size is nearest to
// 1, the step that the undamped quadratic model suggests.
func shown(c *results.Cell) protocol.Setting {
	best := c.Setting
	far := func(s protocol.Setting) float64 { return math.Abs(math.Log(s[protocol.StepSize])) }
	for _, r := range ties(c) {
		s := r.Run.Optimizer.Setting
		if s["damping"] < best["damping"] || s["damping"] == best["damping"] && far(s) < far(best) {
			best = s
		}
	}
	return best
}

// selected tabulates what the plans selected beside what Table D.5 says.
func selected(in *Input) Table {
	t := Table{
		Title: "best of the grid, decimal logarithms; Table D.5, corrected; loss after 100 " +
			"iterations at the best, and at those of the table; settings that tie with the best",
		Header: []string{
			"data", "method", "γ", "λ", "γ (D.5)", "λ (D.5)", "loss", "loss (D.5)",
			"initial", "tie", "runs",
		},
	}
	for i := range in.Done {
		d := &in.Done[i]
		name := d.Plan.Problems[0].Name
		for _, method := range allMethods7 {
			cell := d.Cell(name, method)
			if cell.Setting == nil {
				continue
			}
			published := publishedSetting(set(name), method)
			row := []string{
				name, method, logText(cell.Setting[protocol.StepSize]), "",
				logText(published[protocol.StepSize]), "",
			}
			if method != gd {
				row[3], row[5] = logText(cell.Setting["damping"]), logText(published["damping"])
			}
			best, theirs := tuned(cell, cell.Setting), tuned(cell, published)
			if other := d.Cell(name, method+asPublished); theirs == nil && other != nil &&
				len(other.Runs) > 0 {
				theirs = other.Runs[0]
			}
			row = append(row, lossText(best), lossText(theirs),
				fmt.Sprintf("%.6g", float64(best.Points[0].Train.Loss)),
				fmt.Sprint(len(ties(cell))), fmt.Sprint(len(cell.Tuning)))
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// publishedSetting is what Table D.5, corrected, says of a method.
func publishedSetting(s dataSet, method string) protocol.Setting {
	switch method {
	case ngd:
		return protocol.Setting{
			protocol.StepSize: math.Pow(10, s.ngd[1]),
			"damping":         math.Pow(10, s.ngd[0]),
		}
	case efgd:
		return protocol.Setting{
			protocol.StepSize: math.Pow(10, s.efgd[1]),
			"damping":         math.Pow(10, s.efgd[0]),
		}
	}
	return protocol.Setting{protocol.StepSize: math.Pow(10, s.gd)}
}

func lossText(r *results.Record) string {
	switch {
	case r == nil:
		return "not run"
	case r.Diverged():
		return "diverged"
	}
	return fmt.Sprintf("%.8g", float64(r.Points[len(r.Points)-1].Train.Loss))
}

// tuned is the tuning run at the point of the grid that is nearest to a setting, nil if none is
// within a hundredth of a decade.
func tuned(c *results.Cell, s protocol.Setting) *results.Record {
	for _, r := range c.Tuning {
		near := true
		for name, v := range s {
			w, ok := r.Run.Optimizer.Setting[name]
			near = near && ok && math.Abs(math.Log10(w/v)) < 0.01
		}
		if near {
			return r
		}
	}
	return nil
}
