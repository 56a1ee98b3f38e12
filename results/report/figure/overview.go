package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/notation"
)

// The panels of an overview.
const (
	overviewRows              = 5 // in a figure, at most: it has to leave room for its caption
	overviewPanel   vg.Length = 1.36 * vg.Inch
	overviewColumns           = 4 // at the width of a page, at most
)

// Overview draws the curves of all problems of the plan, one panel for each, with one legend. What
// does not fit one page goes into further figures of about as many panels. A curve is the reported
// metric over an axis: where the y axis is logarithmic the median with the middle half of the
// seeds, else the mean ± 1 standard deviation. If there are more than eight optimizers the best
// over all problems are in colour. Problems and curves without data are left out, which a note
// says. If there is nothing to draw, missing is the reason.
func (s *Source) Overview(axis measures.Axis) (figures []*Figure, missing string) {
	tiles, empty := s.tiles(axis, func(p *measures.Problem) measures.Quantity {
		return measures.Quantity{Part: p.Part, Metric: true}
	})
	if len(tiles) == 0 {
		return nil, "no replicates have finished, or nothing is known of their " + string(axis)
	}
	columns := s.overviewColumns(len(tiles))
	parts := (len(tiles) + columns*overviewRows - 1) / (columns * overviewRows)
	each := (len(tiles) + parts - 1) / parts
	each = (each + columns - 1) / columns * columns // whole rows
	for part := range slices.Chunk(tiles, each) {
		figures = append(figures, s.overview(part, columns, axis, "reported metric"))
	}
	figures[len(figures)-1].without(empty)
	return figures, ""
}

// drawLosses draws the training losses on all problems as [Source.Overview] does the metrics, but
// in one figure, whatever its height.
func drawLosses(s *Source) (*Figure, string) {
	tiles, empty := s.tiles(measures.Examples, func(*measures.Problem) measures.Quantity {
		return measures.Quantity{Part: protocol.TrainPart}
	})
	if len(tiles) == 0 {
		return nil, "no replicates have finished"
	}
	f := s.overview(tiles, s.overviewColumns(len(tiles)), measures.Examples, trainingLoss)
	f.without(empty)
	return f, ""
}

// without notes problems that have no panel.
func (f *Figure) without(problems []string) {
	if len(problems) > 0 {
		f.Notes = append(f.Notes, "Without data: "+list(problems)+".")
	}
}

// overviewColumns is the number of columns of so many panels.
func (s *Source) overviewColumns(panels int) int {
	columns := 2
	if s.Width > 1.5*Column {
		columns = 3
		if panels == 4 || panels > 6 {
			columns = overviewColumns
		}
	}
	return min(columns, panels)
}

// tiles returns the panels of an overview of a quantity, and the problems without data.
func (s *Source) tiles(axis measures.Axis, of func(*measures.Problem) measures.Quantity) (
	tiles []tile, empty []string,
) {
	for i := range s.report.Problems {
		p := &s.report.Problems[i]
		t := tile{problem: p}
		if p.Spec != nil {
			t.quantity = of(p)
			t.curves = s.drawnCurves(measures.Curves(s.Plan, s.Cells, p.Name, t.quantity))
			t.at = measures.Positions(s.Plan, s.Cells, p.Name, axis)
		}
		t.curves = slices.DeleteFunc(t.curves, func(c measures.Curve) bool {
			at := t.at[c.Optimizer]
			if finite(at[len(at)-1]) {
				return false
			}
			t.unplaced = append(t.unplaced, c.Optimizer)
			return true
		})
		if len(t.curves) == 0 {
			empty = append(empty, p.Name)
			continue
		}
		tiles = append(tiles, t)
	}
	return tiles, empty
}

// tile is a panel of an overview.
type tile struct {
	problem  *measures.Problem
	quantity measures.Quantity
	curves   []measures.Curve
	at       map[string][]float64
	unplaced []string // optimizers that have no place on the axis
}

// axisLabels are the labels of axes.
var axisLabels = map[measures.Axis]string{
	measures.Examples: "examples seen",
	measures.Steps:    "steps",
	measures.Time:     "computing time in seconds",
}

// reached is how the curves of the panel share it.
func (t *tile) reached() overlay {
	o := reached(t.curves, trainingLoss, true)
	if t.quantity.Metric {
		metric := t.problem.Spec.Metric.Name
		o = reached(t.curves, t.problem.MetricName(), metric != results.Accuracy)
	}
	o.at = t.at
	return o
}

// overview draws one figure of an overview. what is the quantity, for the caption.
func (s *Source) overview(tiles []tile, columns int, axis measures.Axis, what string) *Figure {
	var all []measures.Curve
	var names, unplaced []string
	var counts []int
	for _, t := range tiles {
		all = append(all, t.curves...)
		for _, c := range t.curves {
			counts = append(counts, c.Runs)
			if !slices.Contains(names, c.Optimizer) {
				names = append(names, c.Optimizer)
			}
		}
		for _, name := range t.unplaced {
			unplaced = append(unplaced, name+" on "+t.problem.Name)
		}
	}
	slices.Sort(names)
	front, rest := s.leading(nil, names)
	var panels [][]*Panel
	var diverged []string
	logs, labels := 0, map[string]bool{}
	cut, logX := false, false
	for i, t := range tiles {
		p := t.problem
		o := t.reached()
		panel := NewPanel(notation.Clean(p.Name), "", o.what)
		labels[o.what] = true
		if o.log {
			logs++
		}
		logX = overviewX(panel, t) || logX
		least, most := panel.X.Min, panel.X.Max
		cut = s.addCurves(panel, p, t.curves, o, front) || cut
		panel.X.Min, panel.X.Max = least, most // a panel widens to hold its data
		if o.log {
			panel.Y.Tick.Marker = LogTicks{Most: 4}
		} else {
			panel.Y.Tick.Marker = LinearTicks{Most: 4}
		}
		for _, d := range divergedRuns(t.curves) {
			diverged = append(diverged, d+" on "+p.Name)
		}
		if i%columns == 0 {
			panels = append(panels, nil)
		}
		panels[len(panels)-1] = append(panels[len(panels)-1], panel)
	}
	f := New(s.Width, 0, panels, s.legend(all, front, rest)...)
	f.XLabel = axisLabels[axis]
	if len(labels) == 1 {
		for label := range labels {
			f.YLabel = label
		}
		for _, row := range panels {
			for _, panel := range row {
				panel.Y.Label.Text = ""
			}
		}
	}
	f.Height = overviewPanel*vg.Length(len(panels)) + 2*FontSize + f.legendHeight()
	f.Caption = fmt.Sprintf("%s on the problems of plan %s over %s. %s", capital(what),
		notation.Clean(s.Plan.Name), axisLabels[axis], middleOf(logs, len(tiles), counts))
	if len(rest) > 0 {
		f.Caption += fmt.Sprintf(" In colour the %d of best rank.", len(front))
		f.Notes = append(f.Notes, "In grey "+list(rest)+".")
	}
	if axis != measures.Examples {
		f.Caption += " All optimizers see as many examples: curves end where these are used up, " +
			"at the median over the seeds."
	}
	if axis == measures.Time {
		f.Notes = append(f.Notes, "Time is that of gradients and of the optimizer, without "+
			"evaluations, on the machines that made the runs; within a run it is taken to be "+
			"proportional to the examples seen.")
	}
	if logX {
		f.Notes = append(f.Notes, "Where optimizers differ by more than ten times in where they "+
			"end, the horizontal axis is logarithmic.")
	}
	if len(diverged) > 0 {
		f.Notes = append(f.Notes, divergedNote(diverged))
	}
	if cut {
		f.Notes = append(f.Notes, cutNote)
	}
	if len(unplaced) > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("Left out, since their %s is not known: %s.", axis,
			list(unplaced)))
	}
	if note := s.fixedNote(""); note != "" {
		f.Notes = append(f.Notes, note)
	}
	if !s.report.Complete() {
		f.Notes = append(f.Notes, fmt.Sprintf("The plan is incomplete: %d of %d runs.",
			s.report.Finished, s.report.Planned))
	}
	return f
}

// overviewX sets the x axis of a panel, and reports whether it is logarithmic: where some
// optimizer ends more than ten times as far as another, only its curve could be seen on a linear
// one.
func overviewX(panel *Panel, t tile) (isLog bool) {
	nearest, farthest, least := math.Inf(1), 0.0, math.Inf(1)
	for _, c := range t.curves {
		at := t.at[c.Optimizer]
		end := at[len(at)-1]
		nearest, farthest = min(nearest, end), max(farthest, end)
		for _, x := range at {
			if x > 0 {
				least = min(least, x)
			}
		}
	}
	if nearest > 0 && farthest > 10*nearest {
		LogX(panel)
		panel.X.Min, panel.X.Max = least, farthest
		panel.X.Tick.Marker = LogTicks{Most: 4}
		for name, at := range t.at { // the start has no place there
			at = slices.Clone(at)
			for i, x := range at {
				if x <= 0 {
					at[i] = math.NaN()
				}
			}
			t.at[name] = at
		}
		return true
	}
	panel.X.Min, panel.X.Max = 0, farthest
	panel.X.Tick.Marker = LinearTicks{Most: 4}
	if farthest >= 1000 {
		panel.X.Tick.Marker = LinearTicks{Most: 4, Format: Amount}
	}
	return false
}

// middleOf says what lines and bands are where some of the y axes are logarithmic.
func middleOf(logs, panels int, counts []int) string {
	if slices.Max(counts) == 1 {
		return "Lines are single runs."
	}
	median := "medians of %s, bands the middle half of the seeds"
	mean := "means of %s, bands ± 1 standard deviation"
	n := seeds(counts)
	switch logs {
	case 0:
		return "Lines are " + fmt.Sprintf(mean, n) + "."
	case panels:
		return "Lines are " + fmt.Sprintf(median, n) + "."
	}
	return "Lines are " + fmt.Sprintf(mean, n) + "; where the vertical axis is logarithmic, " +
		strings.Replace(median, " of %s", "", 1) + "."
}
