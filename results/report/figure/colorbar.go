package figure

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ColorBar is the scale of a panel whose colours stand for numbers. It is drawn beside the data.
type ColorBar struct {
	Low, High float64                         // numbers at its lower and upper end; Low < High
	Color     func(share float64) color.Color // from 0 at Low to 1 at High
	Marker    plot.Ticker                     // nil: about five labels
}

const (
	barGap   vg.Length = 5 // from the data
	barWidth vg.Length = 6
	barTick  vg.Length = 2
	barSteps           = 64 // colours
)

var barStyle = sans(FontSize-0.5, text.XLeft, text.YCenter)

// ticks are the labelled numbers of the bar.
func (b *ColorBar) ticks() []plot.Tick {
	marker := b.Marker
	if marker == nil {
		marker = LinearTicks{Most: 5}
	}
	var labelled []plot.Tick
	for _, t := range marker.Ticks(b.Low, b.High) {
		if t.Label != "" && t.Value >= b.Low && t.Value <= b.High {
			labelled = append(labelled, t)
		}
	}
	return labelled
}

// width is the room that the bar needs on the right of the data.
func (b *ColorBar) width() vg.Length {
	widest := vg.Length(0)
	for _, t := range b.ticks() {
		widest = max(widest, barStyle.Width(t.Label))
	}
	return barGap + barWidth + barTick + tickLabelGap + widest
}

// draw draws the bar beside the canvas of the data.
func (b *ColorBar) draw(c draw.Canvas) {
	left, height := c.Max.X+barGap, c.Max.Y-c.Min.Y
	right := left + barWidth
	box := func(bottom vg.Length) []vg.Point {
		return []vg.Point{
			{X: left, Y: bottom},
			{X: right, Y: bottom},
			{X: right, Y: c.Max.Y},
			{X: left, Y: c.Max.Y},
		}
	}
	for k := range barSteps { // each covers the rest of the bar, so that no seams show
		c.FillPolygon(b.Color((float64(k)+0.5)/barSteps), box(c.Min.Y+height*vg.Length(k)/barSteps))
	}
	outline := draw.LineStyle{Color: Ink, Width: hairline}
	frame := box(c.Min.Y)
	c.StrokeLines(outline, append(frame, frame[0]))
	for _, t := range b.ticks() {
		y := c.Min.Y + height*vg.Length((t.Value-b.Low)/(b.High-b.Low))
		c.StrokeLine2(outline, right, y, right+barTick, y)
		write(&c, barStyle, right+barTick+tickLabelGap, y, t.Label)
	}
}
