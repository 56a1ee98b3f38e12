package figure

import (
	"cmp"
	"image/color"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/results/measures"
)

// Style is how the lines and points of one optimizer look.
type Style struct {
	Color  color.Color
	Dashes []vg.Length // nil: solid
	Marker draw.GlyphDrawer
	Index  int // of the optimizer; spreads the markers of different lines
}

// Palette holds colours that stay distinct on white for readers with any common colour vision:
// those of Okabe and Ito 2008 ("Color Universal Design", https://jfly.uni-koeln.de/color/) but
// yellow, which is too light for a line, and in its place the wine of Paul Tol's muted scheme
// (2021, technical note SRON/EPS/TN/09-002).
var Palette = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, // blue
	color.RGBA{0xd5, 0x5e, 0x00, 0xff}, // vermillion
	color.RGBA{0x00, 0x9e, 0x73, 0xff}, // bluish green
	color.RGBA{0xe6, 0x9f, 0x00, 0xff}, // orange
	color.RGBA{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	color.RGBA{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	color.RGBA{0x88, 0x22, 0x55, 0xff}, // wine
	color.RGBA{0x00, 0x00, 0x00, 0xff}, // black
}

// Ink is the colour of text, Pale that of lines that only give context, Faint that of the grid.
var (
	Ink   = color.RGBA{0x22, 0x22, 0x22, 0xff}
	Pale  = color.RGBA{0xb8, 0xb8, 0xb8, 0xff}
	Faint = color.RGBA{0xe8, 0xe8, 0xe8, 0xff}
)

var (
	dashes  = [][]vg.Length{nil, {4, 1.6}, {1.2, 1.2}, {5, 1.4, 1.2, 1.4}}
	markers = []draw.GlyphDrawer{
		draw.CircleGlyph{},
		draw.BoxGlyph{},
		draw.PyramidGlyph{},
		diamond{},
		cross{},
		draw.RingGlyph{},
		draw.SquareGlyph{},
		draw.TriangleGlyph{},
	}
)

// Styles assigns a style to each name, by the names' order: the colours in turn, and after each
// round of them other dashes and markers. 32 names have distinct styles.
func Styles(names []string) map[string]Style {
	return styles(slices.Sorted(slices.Values(names)))
}

// PlanStyles assigns styles to the optimizers of a report. If they are more than the colours, those
// that lead over all problems have a colour each, since figures show the leaders; what follows has
// the same colours with other dashes and markers.
func PlanStyles(names []string, r *measures.Report) map[string]Style {
	lead := slices.Sorted(slices.Values(names))
	if place := places(r); len(place) > 0 {
		slices.SortStableFunc(lead, func(a, b string) int { return cmp.Compare(place[a], place[b]) })
	}
	n := min(len(Palette), len(lead))
	rest := slices.Sorted(slices.Values(lead[n:]))
	return styles(append(slices.Sorted(slices.Values(lead[:n])), rest...))
}

// places are the places of optimizers in the order over all problems, or on the only one; empty
// before there is one.
func places(r *measures.Report) map[string]int {
	place := map[string]int{}
	for i, o := range r.Overall {
		place[o.Optimizer] = i
	}
	if len(r.Problems) == 1 {
		for i, row := range r.Problems[0].Rows {
			place[row.Optimizer] = i
		}
	}
	return place
}

func styles(names []string) map[string]Style {
	styles := make(map[string]Style, len(names))
	for i, name := range names {
		round := i / len(Palette)
		styles[name] = Style{
			Color:  Palette[i%len(Palette)],
			Dashes: dashes[round%len(dashes)],
			Marker: markers[(i+3*round)%len(markers)],
			Index:  i,
		}
	}
	return styles
}

// PaleStyle is the style of lines that only give context.
var PaleStyle = Style{Color: Pale}

// faded returns a colour with an opacity.
func faded(c color.Color, opacity float64) color.Color {
	r, g, b, _ := c.RGBA()
	return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(255*opacity + 0.5)}
}

// mixed returns a colour mixed with white: the given share of it.
func mixed(c color.Color, share float64) color.Color {
	r, g, b, _ := c.RGBA()
	mix := func(v uint32) uint8 { return uint8(float64(v>>8)*share + 255*(1-share)) }
	return color.RGBA{mix(r), mix(g), mix(b), 0xff}
}

// diamond is a filled square that stands on a corner.
type diamond struct{}

func (diamond) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	r := s.Radius * 1.2
	c.FillPolygon(s.Color, []vg.Point{
		{X: at.X - r, Y: at.Y},
		{X: at.X, Y: at.Y - r},
		{X: at.X + r, Y: at.Y},
		{X: at.X, Y: at.Y + r},
	})
}

// cross is an × in a line as wide as those of curves.
type cross struct{}

func (cross) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	r := s.Radius * 0.85
	line := draw.LineStyle{Color: s.Color, Width: lineWidth}
	c.StrokeLine2(line, at.X-r, at.Y-r, at.X+r, at.Y+r)
	c.StrokeLine2(line, at.X-r, at.Y+r, at.X+r, at.Y-r)
}
