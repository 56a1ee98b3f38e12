package figure

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// sketch is a canvas that notes what is drawn, in coordinates of the page.
type sketch struct {
	texts   []written
	strokes map[color.Color][]vg.Path // by colour
	fills   map[color.Color][]vg.Path

	color color.Color
	stack []affine
}

// written is a text with the box around its capitals and digits.
type written struct {
	text string
	box  vg.Rectangle
}

// affine maps (x, y) to (ax + by + e, cx + dy + f).
type affine struct{ a, b, c, d, e, f vg.Length }

func (t affine) at(p vg.Point) vg.Point {
	return vg.Point{X: t.a*p.X + t.b*p.Y + t.e, Y: t.c*p.X + t.d*p.Y + t.f}
}

func (t affine) after(u affine) affine {
	o := t.at(vg.Point{X: u.e, Y: u.f})
	return affine{
		t.a*u.a + t.b*u.c, t.a*u.b + t.b*u.d, t.c*u.a + t.d*u.c, t.c*u.b + t.d*u.d, o.X,
		o.Y,
	}
}

// sketched draws a figure.
func sketched(f *Figure) *sketch {
	s := &sketch{
		strokes: map[color.Color][]vg.Path{}, fills: map[color.Color][]vg.Path{},
		stack: []affine{{a: 1, d: 1}},
	}
	f.draw(draw.NewCanvas(s, f.Width, f.Height))
	return s
}

func (s *sketch) top() *affine                       { return &s.stack[len(s.stack)-1] }
func (s *sketch) SetLineWidth(vg.Length)             {}
func (s *sketch) SetLineDash([]vg.Length, vg.Length) {}
func (s *sketch) SetColor(c color.Color)             { s.color = c }
func (s *sketch) Push()                              { s.stack = append(s.stack, *s.top()) }
func (s *sketch) Pop()                               { s.stack = s.stack[:len(s.stack)-1] }
func (s *sketch) Translate(p vg.Point) {
	*s.top() = s.top().
		after(affine{1, 0, 0, 1, p.X, p.Y})
}

func (s *sketch) Scale(x, y float64) {
	*s.top() = s.top().after(affine{a: vg.Length(x), d: vg.Length(y)})
}

func (s *sketch) Rotate(φ float64) {
	sin, cos := math.Sincos(φ)
	*s.top() = s.top().after(affine{
		vg.Length(cos), vg.Length(-sin), vg.Length(sin), vg.Length(cos),
		0, 0,
	})
}

func (s *sketch) path(p vg.Path) vg.Path {
	q := make(vg.Path, len(p))
	for i, c := range p {
		c.Pos = s.top().at(c.Pos)
		q[i] = c
	}
	return q
}

func (s *sketch) Stroke(p vg.Path) { s.strokes[s.color] = append(s.strokes[s.color], s.path(p)) }

func (s *sketch) Fill(p vg.Path) {
	s.fills[s.color] = append(s.fills[s.color],
		s.path(p))
}
func (s *sketch) DrawImage(vg.Rectangle, image.Image) {}
func (s *sketch) FillString(f font.Face, p vg.Point, t string) {
	corners := []vg.Point{p, p.Add(vg.Point{X: f.Width(t), Y: 0.73 * f.Font.Size})}
	for i := range corners {
		corners[i] = s.top().at(corners[i])
	}
	a, b := corners[0], corners[1]
	s.texts = append(s.texts, written{t, vg.Rectangle{
		Min: vg.Point{X: min(a.X, b.X), Y: min(a.Y, b.Y)}, Max: vg.Point{
			X: max(a.X, b.X),
			Y: max(a.Y, b.Y),
		},
	}})
}

func (s *sketch) has(text string) bool {
	for _, w := range s.texts {
		if w.text == text {
			return true
		}
	}
	return false
}
