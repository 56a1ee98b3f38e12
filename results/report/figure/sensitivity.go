package figure

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
)

func drawSensitivity(s *Source, p *measures.Problem) (*Figure, string) {
	all := slices.DeleteFunc(measures.Sensitivities(s.Plan, s.Cells, p.Name),
		func(x measures.Sensitivity) bool {
			return !s.drawn(x.Optimizer)
		})
	var names []string
	for _, x := range all {
		if !slices.Contains(names, x.Optimizer) {
			names = append(names, x.Optimizer)
		}
	}
	if len(names) == 0 {
		return nil, "no step size was tuned, or no tuning run has finished"
	}
	selection := results.PartFor(p.Spec, s.Plan.Selection)
	what := p.Spec.Metric.Name
	if p.Spec.Validation > 0 || p.Spec.Test > 0 {
		what = fmt.Sprintf("%s %s", selection, what)
	}

	α, values := []float64{}, []float64{}
	worst := math.NaN() // start
	for _, x := range all {
		for _, t := range x.Trials {
			α = append(α, t.StepSize)
			values = append(values, t.Value)
			if results.Better(p.Spec.Metric, worst, t.Start) || math.IsNaN(worst) {
				worst = t.Start
			}
		}
	}
	low, high := extent(values)
	if !p.Spec.Metric.HigherBetter {
		high = min(high, max(worst, low))
	}
	log := p.Spec.Metric.Name != results.Accuracy && isLog(low, high)

	columns := max(1, min(len(names), int(s.Width/(1.12*vg.Inch))))
	rows := (len(names) + columns - 1) / columns
	panels := make([][]*Panel, rows)
	for i, name := range names {
		panel := NewPanel(name, "", "")
		LogX(panel)
		a, b := extent(α)
		panel.X.Min, panel.X.Max = logRange(a, b)
		panel.X.Tick.Marker = LogTicks{Most: 4}
		panel.Y.Tick.Marker = LinearTicks{Most: 5}
		panel.Y.Min, panel.Y.Max = linearRange(low, high)
		if log {
			LogY(panel)
			panel.Y.Tick.Marker = LogTicks{Most: 4}
			panel.Y.Min, panel.Y.Max = logRange(low, high)
		}
		if i%columns != 0 {
			panel.BareY = true
		}
		panel.BareX = i+columns < len(names)
		for _, x := range slices.Backward(all) {
			if x.Optimizer == name {
				addTrials(panel, s, x, p.Spec.Metric)
			}
		}
		panels[i/columns] = append(panels[i/columns], panel)
	}
	f := New(s.Width, vg.Length(rows)*0.95*vg.Inch+0.35*vg.Inch, panels,
		Entry{Label: "stable", Style: Style{Color: Ink, Marker: draw.CircleGlyph{}}, Point: true},
		Entry{Label: "unstable", Style: Style{Color: Ink, Marker: cross{}}, Point: true},
		Entry{Label: "chosen", Style: Style{Color: Ink, Marker: ring{}}, Point: true},
	)
	f.XLabel, f.YLabel = "step size", what
	f.Caption = fmt.Sprintf("%s of tuning runs on %s by step size, plan %s: one run each under "+
		"tuning seed %d. An unstable run "+
		"diverged, or ended no better than it started; what is worse than the start is drawn at "+
		"the edge.",
		capital(what), p.Name, s.Plan.Name, s.Plan.Tuning.SweepSeed())
	if slices.ContainsFunc(all, func(x measures.Sensitivity) bool { return len(x.Others) > 0 }) {
		f.Caption += " In colour at the other hyperparameters that were chosen; in grey at others."
	}
	return f, ""
}

// addTrials adds the runs under the seed of the sweep to a panel.
func addTrials(panel *Panel, s *Source, x measures.Sensitivity, metric protocol.Metric) {
	style := PaleStyle
	if x.Chosen {
		style.Color = s.styles[x.Optimizer].Color
	}
	line := &Line{Style: style}
	points := map[bool]*Marks{} // by whether they are unstable
	points[false] = &Marks{
		Style:  Style{Color: style.Color, Marker: draw.CircleGlyph{}},
		Radius: 1.7,
	}
	points[true] = &Marks{Style: Style{Color: style.Color, Marker: cross{}}, Radius: 2.2}
	chosen := &Marks{Style: Style{Color: Ink, Marker: ring{}}, Radius: 3}
	for _, t := range x.Trials {
		if t.Seed != s.Plan.Tuning.SweepSeed() {
			continue
		}
		v := t.Value
		if metric.HigherBetter {
			v = max(v, panel.Y.Min)
		} else {
			v = min(v, panel.Y.Max)
		}
		line.X, line.Y = append(line.X, t.StepSize), append(line.Y, v)
		m := points[t.Unstable]
		m.X, m.Y = append(m.X, t.StepSize), append(m.Y, v)
		if t.Chosen {
			chosen.X, chosen.Y = append(chosen.X, t.StepSize), append(chosen.Y, v)
		}
	}
	// Set ranges stay: adding must not widen them.
	x0, x1, y0, y1 := panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max
	panel.Add(line, points[false], points[true], chosen)
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = x0, x1, y0, y1
}

// ring is an open circle in a line of its own width.
type ring struct{}

func (ring) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	c.SetLineStyle(draw.LineStyle{Color: s.Color, Width: 0.8})
	var path vg.Path
	path.Move(vg.Point{X: at.X + s.Radius, Y: at.Y})
	path.Arc(at, s.Radius, 0, 2*math.Pi)
	path.Close()
	c.Stroke(path)
}
