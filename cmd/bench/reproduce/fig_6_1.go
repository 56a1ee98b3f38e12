package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"noisebench/results/report/figure"
)

// The quadratics of Figs. 6.1 and 6.2: H has eigenvalues 1 and λ, rotated by ω.
var (
	eigenvalues61 = []float64{2, 5, 20}
	angles61      = []float64{0, math.Pi / 16, math.Pi / 8, math.Pi / 4}
	angleNames61  = []string{"0", "π/16", "π/8", "π/4"}
)

// quadratic is H = [[a, b], [b, d]] at an eigenvalue λ and an angle ω.
type quadratic func(λ, ω float64) (a, b, d float64)

// quadratic61 has eigenvalues 1 and λ, the eigenvector of λ rotated by ω from the first axis.
func quadratic61(λ, ω float64) (a, b, d float64) {
	c, s := math.Cos(ω), math.Sin(ω)
	return λ*c*c + s*s, (λ - 1) * c * s, λ*s*s + c*c
}

// bound61 is an upper bound of the quadratic xᵀHx with H = [[a, b], [b, d]].
type bound61 func(a, b, d float64) func(x, y float64) float64

// squareBound is L∞‖x‖∞² with L∞ = a + d + 2|b| (Eq. C.14).
func squareBound(a, b, d float64) func(x, y float64) float64 {
	l := a + d + 2*math.Abs(b)
	return func(x, y float64) float64 { return l * math.Pow(max(math.Abs(x), math.Abs(y)), 2) }
}

// separableBound is Σ lᵢxᵢ² with l = (a + |b|, d + |b|), whose sum is L_sep.
func separableBound(a, b, d float64) func(x, y float64) float64 {
	l, m := a+math.Abs(b), d+math.Abs(b)
	return func(x, y float64) float64 { return l*x*x + m*y*y }
}

// drawing61 is the upper bound that a figure shows, and judges.
type drawing61 struct {
	name  string // of its level set
	bound bound61
}

var (
	square61  = drawing61{"square {L∞‖x‖∞² = 1}", squareBound}
	ellipse62 = drawing61{"ellipse {Σ lᵢxᵢ² = 1}", separableBound}
)

var fig61 = Item{
	Name:    "fig-6.1",
	Title:   "smoothness in the maximum norm: quadratics and the squares that bound them",
	Time:    map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {"eigenvalues and angles are ours: the thesis gives none"}},
	Draw:    func(*Input) (*Output, error) { return square61.draw(), nil },
	Claims:  func(*Input) []Finding { return claims61(quadratic61, square61.bound) },
}

var fig62 = Item{
	Name:    "fig-6.2",
	Title:   "separable smoothness: quadratics and the ellipses along the axes that bound them",
	Time:    map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {"eigenvalues and angles are ours: the thesis gives none"}},
	Draw:    func(*Input) (*Output, error) { return ellipse62.draw(), nil },
	Claims:  func(*Input) []Finding { return claims62(quadratic61, ellipse62.bound) },
}

// draw draws, for each quadratic, the level set {xᵀHx = 1} and that of the upper bound, which lies
// within it.
func (drawn drawing61) draw() *Output {
	var rows [][]*figure.Panel
	for _, λ := range eigenvalues61 {
		var row []*figure.Panel
		for k, ω := range angles61 {
			a, b, d := quadratic61(λ, ω)
			title := fmt.Sprintf("λ = %g, ω = %s: %.3g", λ, angleNames61[k],
				maxSmoothness([]float64{a, b, b, d}, 2)/λ)
			p := figure.NewPanel(title, "", "")
			p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(nil), plot.ConstantTicks(nil)
			f := func(x, y float64) float64 { return a*x*x + 2*b*x*y + d*y*y }
			s := surface{-1.1, 1.1, -1.1, 1.1, 201, f}
			contours(p, s, []float64{1}, style(0))
			s.f = drawn.bound(a, b, d)
			contours(p, s, []float64{1}, style(1))
			row = append(row, p)
		}
		rows = append(rows, row)
	}
	f := figure.New(figure.Page, 5.6*vg.Inch, rows,
		figure.Entry{Label: "{xᵀHx = 1}", Style: style(0)},
		figure.Entry{Label: drawn.name, Style: style(1)})
	return only(f, "H has eigenvalues 1 and λ and is turned by ω. A smaller bound lies further "+
		"within the level set; above each panel, L∞/L₂.")
}
