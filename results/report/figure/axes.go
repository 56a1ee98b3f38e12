package figure

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	tickLabelGap vg.Length = 2
	titleGap     vg.Length = 3
)

var (
	titleStyle  = sans(FontSize, text.XCenter, text.YBottom)
	labelStyle  = sans(FontSize, text.XCenter, text.YTop)
	xTickStyle  = sans(FontSize-0.5, text.XCenter, text.YTop)
	yTickStyle  = sans(FontSize-0.5, text.XRight, text.YCenter)
	legendStyle = sans(FontSize-0.5, text.XLeft, text.YCenter)
)

// edges are the margins that a panel needs around its data.
type edges struct{ left, right, bottom, top vg.Length }

// settle gives axes without a range one, and returns the margins of the panel if its data
// are width wide.
func (p *Panel) settle(width vg.Length) edges {
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		if !finite(a.Min) || !finite(a.Max) {
			a.Min, a.Max = 0, 1
		}
		if a.Min == a.Max {
			a.Min, a.Max = a.Min-1, a.Max+1
		}
	}
	var e edges
	if p.Title.Text != "" {
		e.top = titleStyle.Height(p.Title.Text) + titleGap
	}
	// The highest and lowest labels of the y axis, and the last of the x axis, stick out by half.
	e.top = max(e.top, 0.4*FontSize)
	e.bottom, e.left = p.X.Tick.Length, p.Y.Tick.Length
	if !p.BareX {
		e.bottom += tickLabelGap + xTickStyle.Height("0")
		for _, t := range p.ticks(&p.X) {
			half := xTickStyle.Width(t.Label) / 2
			at := vg.Length(p.X.Norm(t.Value)) * width
			e.right = max(e.right, at+half-width)
			e.left = max(e.left, half-at)
		}
		if p.X.Label.Text != "" {
			e.bottom += labelStyle.Height(p.X.Label.Text)
		}
	}
	if !p.BareY {
		widest := vg.Length(0)
		for _, t := range p.ticks(&p.Y) {
			widest = max(widest, yTickStyle.Width(t.Label))
		}
		own := p.Y.Tick.Length + tickLabelGap + widest
		if p.Y.Label.Text != "" {
			own += labelStyle.Height(p.Y.Label.Text) + 1
		}
		e.left = max(e.left, own)
	}
	if p.Bar != nil {
		e.right = max(e.right, p.Bar.width())
	}
	return e
}

// ticks returns an axis' ticks within its range.
func (p *Panel) ticks(a *plot.Axis) []plot.Tick {
	var ticks []plot.Tick
	for _, t := range a.Tick.Marker.Ticks(a.Min, a.Max) {
		if at := a.Norm(t.Value); at > -1e-6 && at < 1+1e-6 {
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// drawGrid draws lines at the labelled ticks.
func (p *Panel) drawGrid(c draw.Canvas, _ *plot.Plot) {
	style := draw.LineStyle{Color: Faint, Width: hairline}
	for _, t := range p.ticks(&p.X) {
		if x := c.X(p.X.Norm(t.Value)); t.Label != "" && p.X.Tick.Length > 0 {
			c.StrokeLine2(style, x, c.Min.Y, x, c.Max.Y)
		}
	}
	for _, t := range p.ticks(&p.Y) {
		if y := c.Y(p.Y.Norm(t.Value)); t.Label != "" && p.Y.Tick.Length > 0 {
			c.StrokeLine2(style, c.Min.X, y, c.Max.X, y)
		}
	}
}

// draw draws the panel with its data on a canvas.
func (p *Panel) draw(c draw.Canvas) {
	for _, plotter := range p.plotters {
		plotter.Plot(c, p.Plot)
	}
	if p.Bar != nil {
		p.Bar.draw(c)
	}
	c.StrokeLine2(p.X.LineStyle, c.Min.X, c.Min.Y, c.Max.X, c.Min.Y)
	c.StrokeLine2(p.Y.LineStyle, c.Min.X, c.Min.Y, c.Min.X, c.Max.Y)
	length := func(a *plot.Axis, t plot.Tick) vg.Length {
		if t.IsMinor() {
			return a.Tick.Length / 2
		}
		return a.Tick.Length
	}
	for _, t := range p.ticks(&p.X) {
		x := c.X(p.X.Norm(t.Value))
		c.StrokeLine2(p.X.Tick.LineStyle, x, c.Min.Y-length(&p.X, t), x, c.Min.Y)
		if !p.BareX {
			write(&c, xTickStyle, x, c.Min.Y-p.X.Tick.Length-tickLabelGap, t.Label)
		}
	}
	widest := vg.Length(0)
	for _, t := range p.ticks(&p.Y) {
		y := c.Y(p.Y.Norm(t.Value))
		c.StrokeLine2(p.Y.Tick.LineStyle, c.Min.X-length(&p.Y, t), y, c.Min.X, y)
		if !p.BareY {
			write(&c, yTickStyle, c.Min.X-p.Y.Tick.Length-tickLabelGap, y, t.Label)
			widest = max(widest, yTickStyle.Width(t.Label))
		}
	}
	center := c.Center()
	width, height := c.Max.X-c.Min.X, c.Max.Y-c.Min.Y
	write(&c, titleStyle, center.X, c.Max.Y+titleGap, shorten(p.Title.Text, titleStyle, width))
	if !p.BareX {
		write(&c, labelStyle, center.X, c.Min.Y-p.X.Tick.Length-tickLabelGap-xTickStyle.Height("0"),
			shorten(p.X.Label.Text, labelStyle, width))
	}
	if !p.BareY {
		writeUp(&c, c.Min.X-p.Y.Tick.Length-tickLabelGap-widest-1, center.Y,
			shorten(p.Y.Label.Text, labelStyle, height))
	}
}

// write draws a text at a point, aligned by its visible part: its capitals and digits, and below
// its descenders.
func write(c *draw.Canvas, style text.Style, x, y vg.Length, s string) {
	if s == "" {
		return
	}
	const capitals, descenders = 0.73, 0.21 // of the font's size
	baseline := y
	switch style.YAlign {
	case text.YTop:
		baseline -= capitals * style.Font.Size
	case text.YCenter:
		baseline -= capitals / 2 * style.Font.Size
	case text.YBottom:
		baseline += descenders * style.Font.Size
	}
	c.FillText(style, vg.Point{X: x, Y: baseline - texts.baseline(s, style)}, s)
}

// writeUp draws a label that reads upwards, its lower edge at x, about y.
func writeUp(c *draw.Canvas, x, y vg.Length, s string) {
	if s == "" {
		return
	}
	style := titleStyle
	style.Rotation = math.Pi / 2
	c.FillText(style, vg.Point{X: x - 0.21*style.Font.Size + texts.baseline(s, style), Y: y}, s)
}
