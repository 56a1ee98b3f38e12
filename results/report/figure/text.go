package figure

import (
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// FontSize is that of all text: it fits beside the 9 or 10 points of a paper's body.
const FontSize vg.Length = 8

// raise in a text raises all that follows to a superscript: no font of PDF's standard encoding has
// the digits.
const raise = "\x01"

// handler draws texts with superscripts.
type handler struct{ text.Plain }

var texts = handler{text.Plain{Fonts: plot.DefaultTextHandler.Cache()}}

const raisedSize, raisedBy = 0.7, 0.38 // in terms of the font's size

// Box implements text.Handler.
func (h handler) Box(s string, f font.Font) (width, height, depth vg.Length) {
	base, raised, _ := strings.Cut(s, raise)
	width, height, depth = h.Plain.Box(base, f)
	f.Size *= raisedSize
	w, _, _ := h.Plain.Box(raised, f)
	return width + w, height, depth
}

// Draw implements text.Handler.
func (h handler) Draw(c vg.Canvas, s string, style text.Style, at vg.Point) {
	base, raised, ok := strings.Cut(s, raise)
	if !ok {
		h.Plain.Draw(c, s, style, at)
		return
	}
	width, _, _ := h.Box(s, style.Font)
	baseWidth, _, _ := h.Plain.Box(base, style.Font)
	offset := vg.Length(style.XAlign) * width
	style.XAlign = text.XLeft
	sin, cos := math.Sincos(style.Rotation)
	along := func(d, up vg.Length) vg.Point {
		return vg.Point{X: at.X + d*vg.Length(cos) - up*vg.Length(sin), Y: at.Y + d*vg.Length(sin) +
			up*vg.Length(cos)}
	}
	h.Plain.Draw(c, base, style, along(offset, 0))
	up := h.baseline(base, style) + raisedBy*style.Font.Size
	style.Font.Size *= raisedSize
	h.Plain.Draw(c, raised, style, along(offset+baseWidth, up-h.baseline(raised, style)))
}

// baseline is how far above a point Plain puts the baseline of a text drawn there.
func (h handler) baseline(s string, style text.Style) vg.Length {
	_, height, depth := h.Plain.Box(s, style.Font)
	return vg.Length(style.YAlign)*(height+depth) - h.Extents(style.Font).Ascent + style.Font.Size
}

// sans returns the style of a text in a size.
func sans(size vg.Length, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{
		Color:  color.Color(Ink),
		Font:   font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		XAlign: x, YAlign: y, Handler: texts,
	}
}

// shorten cuts a text that is wider than a length, and marks the cut.
func shorten(s string, style text.Style, width vg.Length) string {
	runes := []rune(s)
	for n := len(runes); n > 1 && style.Width(s) > width; n-- {
		s = string(runes[:n-1]) + "…"
	}
	return s
}
