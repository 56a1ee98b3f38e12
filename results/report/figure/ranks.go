package figure

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/results"
	"noisebench/results/measures"
)

const rowHeight vg.Length = 10.5

// drawScores draws the means of one problem with their intervals, best first. Optimizers of one
// rank share a stripe.
func drawScores(s *Source, p *measures.Problem) (*Figure, string) {
	rows := slices.DeleteFunc(slices.Clone(p.Rows),
		func(r measures.Row) bool { return r.Score.N == 0 || !s.drawn(r.Optimizer) })
	if len(rows) == 0 {
		return nil, "no replicates have finished"
	}
	var points []interval
	var counts []int
	var diverged []string
	for _, r := range rows {
		i := interval{
			name: r.Optimizer, value: r.Score.Mean, low: r.Score.Low, high: r.Score.High,
			group: r.Rank,
		}
		if r.Score.Diverged > 0 {
			i.name += " †"
			diverged = append(diverged, fmt.Sprintf("%d of %d runs of %s", r.Score.Diverged,
				r.Score.N, r.Optimizer))
		}
		i.style = s.styles[r.Optimizer]
		points = append(points, i)
		counts = append(counts, r.Score.N)
	}
	panel := NewPanel(p.Name, p.MetricName(), "")
	low, high := math.Inf(1), math.Inf(-1)
	for _, i := range points {
		low, high = min(low, i.value), max(high, i.value)
	}
	log := p.Spec.Metric.Name != results.Accuracy && isLog(low, high)
	for _, i := range points {
		if finite(i.low) && (!log || i.low > 0) {
			low = min(low, i.low)
		}
		if finite(i.high) {
			high = max(high, i.high)
		}
	}
	addIntervals(panel, points)
	panel.X.Tick.Marker = LinearTicks{Most: 5}
	panel.X.Min, panel.X.Max = linearRange(low, high)
	if log {
		LogX(panel)
		panel.X.Min, panel.X.Max = logRange(low, high)
	}
	f := New(s.Width, vg.Length(len(points))*rowHeight+0.62*vg.Inch, [][]*Panel{{panel}})
	f.Caption = fmt.Sprintf("%s on %s %s, plan %s: mean of %s with its 95 %% interval. "+
		"Optimizers in one stripe share a rank.",
		capital(p.MetricName()), p.Name, p.Point, s.Plan.Name, seeds(counts))
	if len(diverged) > 0 {
		f.Notes = append(f.Notes, "† "+list(
			diverged)+" diverged; each counts as the worse of its first and its last finite value.")
	}
	for _, note := range p.Notes {
		f.Notes = append(f.Notes, note.String())
	}
	return f, ""
}

// interval is a row of an overview: a point with an interval.
type interval struct {
	name             string
	value, low, high float64
	group            int
	style            Style
}

// addIntervals draws rows from top to bottom at y = −1, −2, …
func addIntervals(panel *Panel, rows []interval) {
	var ticks plot.ConstantTicks
	for i, r := range rows {
		ticks = append(ticks, plot.Tick{
			Value: float64(-1 - i),
			Label: shorten(r.name, yTickStyle, 1.1*vg.Inch),
		})
	}
	panel.Y.Tick.Marker = ticks
	panel.Y.Tick.Length = 0
	panel.Y.LineStyle.Width = 0
	stripes(panel, rows)
	panel.Add(painter(func(c draw.Canvas, p *plot.Plot) {
		x, y := p.Transforms(&c)
		for i, r := range rows {
			at := vg.Point{X: x(r.value), Y: y(float64(-1 - i))}
			if finite(r.low) && finite(r.high) {
				left, right := max(c.Min.X, x(r.low)), min(c.Max.X, x(r.high))
				c.StrokeLine2(draw.LineStyle{Color: r.style.Color, Width: lineWidth}, left, at.Y,
					right, at.Y)
			}
			c.DrawGlyph(draw.GlyphStyle{
				Color: r.style.Color, Shape: r.style.Marker,
				Radius: 2.4,
			}, at)
		}
	}))
	panel.Y.Min, panel.Y.Max = -float64(len(rows))-0.5, -0.5
}

// stripes shades every second group of rows.
func stripes(panel *Panel, rows []interval) {
	shaded := false
	for first := 0; first < len(rows); {
		last := first
		for last+1 < len(rows) && rows[last+1].group == rows[first].group {
			last++
		}
		if shaded = !shaded; shaded {
			panel.Add(shade(-float64(first)-0.5, -float64(last)-1.5, Faint))
		}
		first = last + 1
	}
}

// drawRanks draws mean ranks over all problems with their intervals beside the ranks on each.
func drawRanks(s *Source) (*Figure, string) {
	if s.report.Overall == nil {
		return nil, "ranks over all problems need at least two problems"
	}
	var rows []interval
	var ranks [][]int
	for _, o := range s.report.Overall {
		if o.Place.Place == 0 || !s.drawn(o.Optimizer) {
			continue
		}
		rows = append(rows, interval{
			o.Optimizer, o.MeanRank, o.Low, o.High, o.Place.Place,
			s.styles[o.Optimizer],
		})
		ranks = append(ranks, o.Ranks)
	}
	if len(rows) == 0 {
		return nil, "no optimizer has replicates on every problem"
	}
	left := NewPanel("", "mean rank", "")
	addIntervals(left, rows)
	left.X.Min, left.X.Max = math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		left.X.Min, left.X.Max = min(left.X.Min, r.low), max(left.X.Max, r.high)
	}
	left.X.Min, left.X.Max = max(0.5, left.X.Min-0.4), left.X.Max+0.4
	left.X.Tick.Marker = LinearTicks{Most: 5}

	right := NewPanel("", "rank on problem", "")
	right.Y.Tick.Marker = plot.ConstantTicks{}
	right.Y.LineStyle.Width, right.X.LineStyle.Width = 0, 0
	right.X.Tick.Length = 0
	var ticks plot.ConstantTicks
	var names []string
	for i, p := range s.report.Problems {
		ticks = append(ticks, plot.Tick{Value: float64(i + 1), Label: strconv.Itoa(i + 1)})
		names = append(names, fmt.Sprintf("%d %s", i+1, p.Name))
	}
	right.X.Tick.Marker = ticks
	right.Add(painter(func(c draw.Canvas, p *plot.Plot) {
		drawMatrix(c, p, ranks,
			len(s.report.Overall))
	}))
	right.Y.Min, right.Y.Max = left.Y.Min, left.Y.Max
	right.X.Min, right.X.Max = 0.5, float64(len(s.report.Problems))+0.5

	f := New(s.Width, vg.Length(len(rows))*rowHeight+0.45*vg.Inch, [][]*Panel{{left, right}})
	f.Caption = fmt.Sprintf("Mean rank over the %d problems of plan %s with its 95 %% interval "+
		"by a bootstrap over seeds, and the "+
		"rank on each problem: %s. Optimizers in one stripe share a place.", len(s.report.Problems),
		s.Plan.Name, list(names))
	return f, ""
}

// drawMatrix writes ranks into cells that are the darker the better.
func drawMatrix(c draw.Canvas, p *plot.Plot, ranks [][]int, worst int) {
	x, y := p.Transforms(&c)
	for i, row := range ranks {
		for k, rank := range row {
			share := 0.75 * (1 - float64(rank-1)/float64(max(1, worst-1)))
			left, right, bottom, top := x(float64(k)+0.5), x(float64(k)+1.5), y(-float64(i)-1.5),
				y(-float64(i)-0.5)
			c.FillPolygon(mixed(Palette[0], share), []vg.Point{
				{X: left + 0.4, Y: bottom + 0.4},
				{X: right - 0.4, Y: bottom + 0.4},
				{X: right - 0.4, Y: top - 0.4},
				{X: left + 0.4, Y: top - 0.4},
			})
			style := sans(FontSize-1.5, text.XCenter, text.YCenter)
			if share > 0.5 {
				style.Color = mixed(Ink, 0)
			}
			write(&c, style, (left+right)/2, (bottom+top)/2, strconv.Itoa(rank))
		}
	}
}
