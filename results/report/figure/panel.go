package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	lineWidth    vg.Length = 1.1
	markerRadius vg.Length = 1.9
	hairline     vg.Length = 0.5
)

// Panel is a gonum plot: its axes, title and plotters. It is laid out and drawn by this package,
// since gonum misplaces labels of logarithmic axes and cannot align panels that differ in what is
// around them.
type Panel struct {
	*plot.Plot
	BareX, BareY bool      // no labels on the axis: a neighbour has them
	Bar          *ColorBar // on the right of the data; nil: none
	plotters     []plot.Plotter
}

// NewPanel returns an empty panel with axes and a grid in the look of this package. Texts may be
// empty.
func NewPanel(title, x, y string) *Panel {
	p := &Panel{Plot: plot.New()}
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle = draw.LineStyle{Color: Ink, Width: hairline}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Length = 3
		a.Tick.Marker = LinearTicks{}
	}
	p.Add(painter(p.drawGrid))
	return p
}

// Add adds plotters, which are drawn in this order, and widens the axes to hold their data.
func (p *Panel) Add(plotters ...plot.Plotter) {
	p.Plot.Add(plotters...)
	p.plotters = append(p.plotters, plotters...)
}

// LogX makes the x axis logarithmic. Set its range, above 0, too.
func LogX(p *Panel) { p.X.Scale, p.X.Tick.Marker = LogScale{}, LogTicks{} }

// LogY makes the y axis logarithmic. Set its range, above 0, too.
func LogY(p *Panel) { p.Y.Scale, p.Y.Tick.Marker = LogScale{}, LogTicks{} }

// ExamplesX makes the x axis one of examples seen.
func ExamplesX(p *Panel, budget float64) {
	p.X.Label.Text = "examples seen"
	p.X.Min, p.X.Max = 0, budget
	p.X.Tick.Marker = LinearTicks{Most: 5, Format: Amount}
}

// Line joins points. Where a coordinate is not finite, it is interrupted.
type Line struct {
	X, Y  []float64 // of equal length
	Style Style
	Width vg.Length // 0: that of curves
	// Marked draws the style's marker at about five of the points.
	Marked bool
}

// Plot implements plot.Plotter.
func (l *Line) Plot(c draw.Canvas, p *plot.Plot) {
	style := draw.LineStyle{Color: l.Style.Color, Width: l.Width, Dashes: l.Style.Dashes}
	if style.Width == 0 {
		style.Width = lineWidth
	}
	var part []vg.Point
	end := func() {
		if len(part) > 1 {
			c.StrokeLines(style, c.ClipLinesXY(part)...)
		}
		part = nil
	}
	x, y := p.Transforms(&c)
	for i := range l.X {
		if !finite(l.X[i]) || !finite(l.Y[i]) {
			end()
			continue
		}
		part = append(part, vg.Point{X: x(l.X[i]), Y: y(l.Y[i])})
	}
	end()
	if !l.Marked {
		return
	}
	const markers = 5
	every := max(1, len(l.X)/markers)
	var at Marks
	at.Style = l.Style
	for i := (1 + 2*l.Style.Index) % every; i < len(l.X); i += every {
		at.X, at.Y = append(at.X, l.X[i]), append(at.Y, l.Y[i])
	}
	at.Plot(c, p)
}

// DataRange implements plot.DataRanger.
func (l *Line) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax = extent(l.X)
	ymin, ymax = extent(l.Y)
	return xmin, xmax, ymin, ymax
}

// Band fills the area between two lines.
type Band struct {
	X, Low, High []float64 // of equal length
	Style        Style
	Light        bool // one of many
}

// Plot implements plot.Plotter.
func (b *Band) Plot(c draw.Canvas, p *plot.Plot) {
	opacity := 0.16
	if b.Light {
		opacity = 0.1
	}
	x, y := p.Transforms(&c)
	var lower, upper []vg.Point
	end := func() {
		if len(lower) > 1 {
			for i := range upper {
				lower = append(lower, upper[len(upper)-1-i])
			}
			c.FillPolygon(faded(b.Style.Color, opacity), c.ClipPolygonXY(lower))
		}
		lower, upper = nil, nil
	}
	for i := range b.X {
		if !finite(b.X[i]) || !finite(b.Low[i]) || !finite(b.High[i]) {
			end()
			continue
		}
		lower = append(lower, vg.Point{X: x(b.X[i]), Y: y(b.Low[i])})
		upper = append(upper, vg.Point{X: x(b.X[i]), Y: y(b.High[i])})
	}
	end()
}

// DataRange implements plot.DataRanger.
func (b *Band) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax = extent(b.X)
	ymin, _ = extent(b.Low)
	_, ymax = extent(b.High)
	return xmin, xmax, ymin, ymax
}

// Marks are points. Those outside the axes are left out.
type Marks struct {
	X, Y   []float64 // of equal length
	Style  Style
	Radius vg.Length // 0: that of curves
}

// Plot implements plot.Plotter.
func (m *Marks) Plot(c draw.Canvas, p *plot.Plot) {
	glyph := draw.GlyphStyle{Color: m.Style.Color, Shape: m.Style.Marker, Radius: m.Radius}
	if glyph.Radius == 0 {
		glyph.Radius = markerRadius
	}
	x, y := p.Transforms(&c)
	for i := range m.X {
		if finite(m.X[i]) && finite(m.Y[i]) {
			c.DrawGlyph(glyph, vg.Point{X: x(m.X[i]), Y: y(m.Y[i])})
		}
	}
}

// DataRange implements plot.DataRanger.
func (m *Marks) DataRange() (xmin, xmax, ymin, ymax float64) {
	return (&Line{X: m.X, Y: m.Y}).DataRange()
}

// painter is a plotter that is a function.
type painter func(c draw.Canvas, p *plot.Plot)

func (f painter) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

// shade fills a horizontal stripe between two values.
func shade(low, high float64, col color.Color) plot.Plotter {
	return painter(func(c draw.Canvas, p *plot.Plot) {
		_, y := p.Transforms(&c)
		c.FillPolygon(col, []vg.Point{
			{X: c.Min.X, Y: y(low)},
			{X: c.Max.X, Y: y(low)},
			{X: c.Max.X, Y: y(high)},
			{X: c.Min.X, Y: y(high)},
		})
	})
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// extent returns the least and the greatest finite value; +Inf and −Inf if there is none.
func extent(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}
