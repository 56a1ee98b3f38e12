package reproduce

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/results/report/figure"
)

// style is the k-th style of a picture whose lines are no optimizers, dots that of its points.
func style(k int) figure.Style {
	return figure.Style{Color: figure.Palette[k%len(figure.Palette)], Index: k}
}

func dots(k int) figure.Style {
	s := style(k)
	s.Marker = draw.CircleGlyph{}
	return s
}

// dashed is a style as a dashed line.
func dashed(s figure.Style) figure.Style {
	s.Dashes = []vg.Length{3, 2}
	return s
}

// line draws y = f(x) at n points, evenly spaced from a to b.
func line(a, b float64, n int, s figure.Style, f func(float64) float64) *figure.Line {
	l := &figure.Line{X: make([]float64, n), Y: make([]float64, n), Style: s}
	for i := range n {
		l.X[i] = a + (b-a)*float64(i)/float64(n-1)
		l.Y[i] = f(l.X[i])
	}
	return l
}

// coordinates returns two columns of points.
func coordinates(points [][]float64, i, j int) (x, y []float64) {
	for _, p := range points {
		x, y = append(x, p[i]), append(y, p[j])
	}
	return x, y
}

// surface is a function of two variables on a grid, for contours.
type surface struct {
	x0, x1, y0, y1 float64
	n              int // points along each axis
	f              func(x, y float64) float64
}

func (s surface) Dims() (c, r int)   { return s.n, s.n }
func (s surface) X(c int) float64    { return s.x0 + (s.x1-s.x0)*float64(c)/float64(s.n-1) }
func (s surface) Y(r int) float64    { return s.y0 + (s.y1-s.y0)*float64(r)/float64(s.n-1) }
func (s surface) Z(c, r int) float64 { return s.f(s.X(c), s.Y(r)) }

// contours draws lines of equal height of f at levels, in one colour, and sets the panel's range.
func contours(p *figure.Panel, s surface, levels []float64, st figure.Style) {
	c := plotter.NewContour(s, levels, oneColor{st})
	c.LineStyles = []draw.LineStyle{{Color: st.Color, Width: 0.6, Dashes: st.Dashes}}
	p.Add(c)
	limit(p, s.x0, s.x1, s.y0, s.y1)
}

// oneColor is a palette of one colour.
type oneColor struct{ figure.Style }

func (o oneColor) Colors() []color.Color { return []color.Color{o.Color} }

// geometric returns n numbers from a to b with equal ratios.
func geometric(a, b float64, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = a * math.Pow(b/a, float64(i)/float64(n-1))
	}
	return v
}

// limit sets the ranges of a panel's axes.
func limit(p *figure.Panel, left, right, bottom, top float64) {
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = left, right, bottom, top
}

// panels puts panels into one row.
func panels(p ...*figure.Panel) [][]*figure.Panel { return [][]*figure.Panel{p} }

// only is the output of an item with one picture.
func only(f *figure.Figure, caption string) *Output {
	return &Output{Pictures: []Picture{{Figure: f}}, Caption: caption}
}

// bars is a histogram of values between edges, for a panel whose x axis is set by the caller.
type bars struct {
	edges, counts []float64
	style         figure.Style
}

func histogram(values, edges []float64, s figure.Style) *bars {
	b := &bars{edges: edges, counts: make([]float64, len(edges)-1), style: s}
	for _, v := range values {
		if i, _ := slices.BinarySearch(edges, v); i > 0 && i < len(edges) {
			b.counts[i-1]++
		}
	}
	return b
}

// Plot implements plot.Plotter.
func (b *bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, n := range b.counts {
		if n == 0 {
			continue
		}
		left, right, bottom, top := x(b.edges[i]), x(b.edges[i+1]), y(0), y(n)
		c.FillPolygon(b.style.Color, []vg.Point{
			{X: left, Y: bottom},
			{X: right, Y: bottom},
			{X: right, Y: top},
			{X: left, Y: top},
		})
	}
}
