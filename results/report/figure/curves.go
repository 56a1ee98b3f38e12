package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
)

const trainingLoss = "training loss"

func drawLoss(s *Source, p *measures.Problem) (*Figure, string) {
	curves := measures.Curves(s.Plan, s.Cells, p.Name, measures.Quantity{Part: protocol.TrainPart})
	return s.drawCurves(p, curves, trainingLoss, true)
}

func drawMetric(s *Source, p *measures.Problem) (*Figure, string) {
	curves := measures.Curves(s.Plan, s.Cells, p.Name, measures.Quantity{
		Part:   p.Part,
		Metric: true,
	})
	return s.drawCurves(p, curves, p.MetricName(), p.Spec.Metric.Name != results.Accuracy)
}

// drawn returns the curves of the optimizers that are to be drawn.
func (s *Source) drawnCurves(curves []measures.Curve) []measures.Curve {
	return slices.DeleteFunc(slices.Clone(curves),
		func(c measures.Curve) bool { return !s.drawn(c.Optimizer) })
}

// drawCurves draws curves of values that runs reach. On a logarithmic axis a curve is the median
// and its band the middle half of the seeds; a linear one shows means and standard deviations.
func (s *Source) drawCurves(p *measures.Problem, curves []measures.Curve, what string,
	mayLog bool,
) (*Figure, string) {
	if curves = s.drawnCurves(curves); len(curves) == 0 {
		return nil, "no replicates have finished"
	}
	return s.overlay(p, curves, reached(curves, what, mayLog))
}

// reached is how curves of values that runs reach share a panel.
func reached(curves []measures.Curve, what string, mayLog bool) overlay {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, point := range c.Points {
			if point.Median > 0 {
				low, high = min(low, point.Median), max(high, point.Median)
			}
			mayLog = mayLog && point.Min >= 0
		}
	}
	return overlay{what: what, log: mayLog && isLog(low, high), center: true}
}

// overlay is how curves share one panel.
type overlay struct {
	what   string // label of the y axis
	log    bool
	center bool // the start of the curves bounds the axis: values that are far worse are cut off
	// where the points of each optimizer's curve lie; nil: at the examples seen
	at map[string][]float64
}

// middle returns the line and the band of a curve.
func (o *overlay) middle(c measures.Curve) (x, line, low, high []float64) {
	for i, p := range c.Points {
		if o.at == nil {
			x = append(x, float64(p.Seen))
		} else {
			x = append(x, o.at[c.Optimizer][i])
		}
		if o.log {
			line, low, high = append(line, p.Median), append(low, p.Low), append(high, p.High)
			continue
		}
		std := p.Std
		if math.IsNaN(std) {
			std = 0
		}
		line, low, high = append(line, p.Mean), append(low, p.Mean-std), append(high, p.Mean+std)
	}
	return x, line, low, high
}

// overlay draws curves in one panel, the leading ones in their styles before the others in grey.
func (s *Source) overlay(p *measures.Problem, curves []measures.Curve, o overlay) (*Figure,
	string,
) {
	var names []string
	var counts []int
	for _, c := range curves {
		names = append(names, c.Optimizer)
		counts = append(counts, c.Runs)
	}
	front, rest := s.leading(p, names)
	panel := NewPanel(p.Name, "", o.what)
	ExamplesX(panel, float64(p.Budget))
	cut := s.addCurves(panel, p, curves, o, front)
	legend := s.legend(curves, front, rest)
	f := s.page([][]*Panel{{panel}}, legend)
	f.Caption = o.caption(s, p, counts, front, rest)
	if diverged := divergedRuns(curves); len(diverged) > 0 && o.center {
		f.Notes = append(f.Notes, divergedNote(diverged))
	} else if len(diverged) > 0 {
		f.Notes = append(f.Notes, "† "+list(diverged)+
			" diverged (×) and are left out from there on.")
	}
	if cut {
		f.Notes = append(f.Notes, cutNote)
	}
	return f, ""
}

const cutNote = "Some curves leave the range of the axis."

// divergedRuns says for each curve how many of its runs diverged, if any did.
func divergedRuns(curves []measures.Curve) (diverged []string) {
	for _, c := range curves {
		if n := len(c.Diverged); n > 0 {
			diverged = append(diverged, fmt.Sprintf("%d of %d runs of %s", n, c.Runs, c.Optimizer))
		}
	}
	return diverged
}

// divergedNote says what became of runs that diverged.
func divergedNote(runs []string) string {
	return "† " + list(runs) + " diverged (×); from there on each counts as the worse of its " +
		"first and its last finite value."
}

// addCurves adds curves to a panel and sets the range of its y axis; it reports whether some line
// leaves it. Those in front are drawn in their styles with bands, the others in grey.
func (s *Source) addCurves(panel *Panel, p *measures.Problem, curves []measures.Curve, o overlay,
	front []string,
) (cut bool) {
	if o.log {
		LogY(panel)
	}
	var bands, pale, lines, crosses []plot.Plotter
	for _, c := range curves {
		x, line, low, high := o.middle(c)
		if !slices.Contains(front, c.Optimizer) {
			pale = append(pale, &Line{X: x, Y: line, Style: PaleStyle, Width: 0.7})
			continue
		}
		style := s.styles[c.Optimizer]
		bands = append(bands, &Band{
			X: x, Low: low, High: high, Style: style,
			Light: len(front) > 4,
		})
		lines = append(lines, &Line{X: x, Y: line, Style: style, Marked: true})
		if len(c.Diverged) > 0 {
			crosses = append(crosses, divergences(c, x, line, style))
		}
	}
	panel.Add(slices.Concat(bands, pale, lines, crosses)...)
	return o.setRange(panel, p, curves, front)
}

// legend lists the optimizers in front, with † if runs of some of their curves diverged, and says
// how many others there are.
func (s *Source) legend(curves []measures.Curve, front, rest []string) (legend []Entry) {
	for _, name := range front {
		entry := Entry{Label: name, Style: s.styles[name]}
		if slices.ContainsFunc(curves, func(c measures.Curve) bool {
			return c.Optimizer == name && len(c.Diverged) > 0
		}) {
			entry.Label += " †"
		}
		legend = append(legend, entry)
	}
	if len(rest) > 0 {
		legend = append(legend, Entry{Label: fmt.Sprintf("%d others", len(rest)), Style: PaleStyle})
	}
	return legend
}

// divergences marks on the line of a curve where its runs diverged.
func divergences(c measures.Curve, x, line []float64, style Style) *Marks {
	m := &Marks{Style: Style{Color: style.Color, Marker: cross{}}, Radius: 3}
	last := -1
	for _, seen := range c.Diverged {
		i := slices.IndexFunc(c.Points,
			func(p measures.CurvePoint) bool { return p.Seen >= seen })
		if i < 0 {
			i = len(x) - 1
		}
		if i != last {
			m.X, m.Y = append(m.X, x[i]), append(m.Y, line[i])
		}
		last = i
	}
	return m
}

// setRange sets the range of the y axis so that it holds the leading curves, and reports whether
// some line leaves it. A linear axis need not hold the first fifth of the budget: differences would
// drown in the first steps.
func (o *overlay) setRange(panel *Panel, p *measures.Problem, curves []measures.Curve,
	front []string,
) (cut bool) {
	low, high, start := math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range curves {
		if !slices.Contains(front, c.Optimizer) {
			continue
		}
		_, line, bottom, top := o.middle(c)
		start = max(start, line[0])
		first := 0
		if o.center && !o.log {
			first = len(line) / 5
		}
		for _, v := range slices.Concat(line[first:], bottom[first:], top[first:]) {
			if finite(v) && (!o.log || v > 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	switch {
	case o.log:
		if o.center {
			high = min(high, 10*start)
		}
		panel.Y.Min, panel.Y.Max = logRange(max(low, high*1e-18), high)
	default:
		if o.center && !p.Spec.Metric.HigherBetter && start > low {
			high = min(high, start+0.5*(start-low))
		}
		panel.Y.Min, panel.Y.Max = linearRange(low, high)
		if p.Spec.Metric.Name == results.Accuracy && high <= 1 {
			panel.Y.Max = min(panel.Y.Max, 1)
		}
	}
	for _, c := range curves {
		_, line, _, _ := o.middle(c)
		cut = cut || slices.ContainsFunc(line,
			func(v float64) bool { return v < panel.Y.Min || v > panel.Y.Max })
	}
	return cut
}

func (o *overlay) caption(s *Source, p *measures.Problem, counts []int, front,
	rest []string,
) string {
	how := "mean of %s, band: ± 1 standard deviation"
	if o.log {
		how = "median of %s, band: the middle half of the seeds"
	}
	if slices.Max(counts) == 1 {
		how = "%s"
	}
	text := fmt.Sprintf("%s on %s over examples seen, plan %s: "+how+".", capital(o.what), p.Name,
		s.Plan.Name, seeds(counts))
	if len(rest) > 0 {
		text += fmt.Sprintf(" In colour the %d of best rank; in grey %s.", len(front), list(rest))
	}
	return text
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// page puts panels on a page of the source's width.
func (s *Source) page(panels [][]*Panel, legend []Entry) *Figure {
	f := New(s.Width, 0, panels, legend...)
	panel := min(s.Width*0.62, 2.6*vg.Inch)
	f.Height = panel + f.legendHeight()
	return f
}

func drawBatchSize(s *Source, p *measures.Problem) (*Figure, string) {
	curves := s.drawnCurves(measures.TraceCurves(s.Plan, s.Cells, p.Name, measures.TraceBatchSize))
	if len(curves) == 0 {
		return nil, "no run kept a trace"
	}
	varies := func(c measures.Curve) bool {
		low, high := math.Inf(1), 0.0
		// the last batch has the rest of the budget
		for _, point := range c.Points[:len(c.Points)-1] {
			if point.N > 0 {
				low, high = min(low, point.Min), max(high, point.Max)
			}
		}
		return low < high
	}
	moving := slices.DeleteFunc(slices.Clone(curves),
		func(c measures.Curve) bool { return !varies(c) })
	if len(moving) == 0 {
		return nil, "no optimizer changed its batch size"
	}
	for i := range moving {
		moving[i].Points = moving[i].Points[:len(moving[i].Points)-1]
	}
	f, missing := s.overlay(p, moving, overlay{what: "batch size", log: true})
	if f != nil && len(moving) < len(curves) {
		f.Notes = append(f.Notes, fmt.Sprintf(
			"Optimizers with constant batch sizes are left out; the problem's is %d.", p.BatchSize))
	}
	return f, missing
}

func drawNoise(s *Source, p *measures.Problem) (*Figure, string) {
	const name = measures.NoiseToSignal
	curves := s.drawnCurves(measures.TraceCurves(s.Plan, s.Cells, p.Name, name))
	curves = slices.DeleteFunc(curves, func(c measures.Curve) bool {
		return !slices.ContainsFunc(c.Points,
			func(p measures.CurvePoint) bool { return p.Median > 0 })
	})
	switch {
	case len(curves) > 0:
		return s.overlay(p, curves, overlay{what: "noise to signal", log: true})
	case !s.Plan.Diagnostics:
		return nil, "the plan does not ask for diagnostics; add the line \"diagnostics: true\" to it"
	}
	return nil, "no run measured the variance of its gradients"
}
