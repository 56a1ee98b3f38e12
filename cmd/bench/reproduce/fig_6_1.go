package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"noisebench/results/report/figure"
)

// The quadratics of Figs. 6.1 and 6.2: H has eigenvalues 1 and λ, turned by ω.
var (
	eigenvalues61 = []float64{2, 5, 20}
	angles61      = []float64{0, math.Pi / 16, math.Pi / 8, math.Pi / 4}
	angleNames61  = []string{"0", "π/16", "π/8", "π/4"}
)

// quadratic61 is H = [[a, b], [b, d]] with eigenvalues 1 and λ, the eigenvector of λ turned by ω from the first axis.
func quadratic61(λ, ω float64) (a, b, d float64) {
	c, s := math.Cos(ω), math.Sin(ω)
	return λ*c*c + s*s, (λ - 1) * c * s, λ*s*s + c*c
}

// smoothness61 are L₂, the largest eigenvalue, and L∞ = L_sep = a + d + 2|b| (Eq. C.14).
func smoothness61(a, b, d float64) (l2, lInf float64) {
	return (a+d)/2 + math.Hypot((a-d)/2, b), a + d + 2*math.Abs(b)
}

var fig61 = Item{
	Name:    "fig-6.1",
	Title:   "smoothness in the maximum norm: quadratics and the squares that bound them",
	Time:    map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {"eigenvalues and angles are ours: the thesis gives none"}},
	Draw: func(*Input) (*Output, error) {
		return draw61("square {L∞‖x‖∞² = 1}", func(_, _, _, lInf float64) func(x, y float64) float64 {
			return func(x, y float64) float64 { return lInf * math.Pow(max(math.Abs(x), math.Abs(y)), 2) }
		}), nil
	},
	Claims: claims61,
}

var fig62 = Item{
	Name:    "fig-6.2",
	Title:   "separable smoothness: quadratics and the ellipses along the axes that bound them",
	Time:    map[Size]string{Full: "at once"},
	Departs: map[Size][]string{Full: {"eigenvalues and angles are ours: the thesis gives none"}},
	Draw: func(*Input) (*Output, error) {
		return draw61("ellipse {Σ lᵢxᵢ² = 1}", func(a, b, d, _ float64) func(x, y float64) float64 {
			return func(x, y float64) float64 { return (a+math.Abs(b))*x*x + (d+math.Abs(b))*y*y }
		}), nil
	},
	Claims: claims61,
}

// draw61 draws, for each quadratic, the level set {xᵀHx = 1} and that of a bound from above, which lies within it.
func draw61(name string, bound func(a, b, d, lInf float64) func(x, y float64) float64) *Output {
	var rows [][]*figure.Panel
	for _, λ := range eigenvalues61 {
		var row []*figure.Panel
		for k, ω := range angles61 {
			a, b, d := quadratic61(λ, ω)
			l2, lInf := smoothness61(a, b, d)
			p := figure.NewPanel(fmt.Sprintf("λ = %g, ω = %s: %.3g", λ, angleNames61[k], lInf/l2), "", "")
			p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(nil), plot.ConstantTicks(nil)
			s := surface{-1.1, 1.1, -1.1, 1.1, 201, func(x, y float64) float64 { return a*x*x + 2*b*x*y + d*y*y }}
			contours(p, s, []float64{1}, style(0))
			s.f = bound(a, b, d, lInf)
			contours(p, s, []float64{1}, style(1))
			row = append(row, p)
		}
		rows = append(rows, row)
	}
	f := figure.New(figure.Page, 5.6*vg.Inch, rows,
		figure.Entry{Label: "{xᵀHx = 1}", Style: style(0)}, figure.Entry{Label: name, Style: style(1)})
	return only(f, "H has eigenvalues 1 and λ and is turned by ω. A smaller bound lies further within the level set; above each panel, L∞/L₂.")
}

// claims61 compares Eq. C.14 with its definition, and L₂ over the angles.
func claims61(*Input) []Finding {
	worst, turned, below := 0.0, 0.0, 0.0
	for _, λ := range eigenvalues61 {
		for i := range 181 {
			a, b, d := quadratic61(λ, float64(i)*math.Pi/180)
			l2, lInf := smoothness61(a, b, d)
			brute := max(a+d+2*b, a+d-2*b) // max sᵀHs over signs
			worst, turned = max(worst, math.Abs(lInf-brute)/brute), max(turned, math.Abs(l2-λ)/λ)
			below = max(below, l2/lInf, lInf/(2*l2))
		}
	}
	return []Finding{
		measured("", "L∞ = L_sep = a + d + 2|b|", "all angles by degrees, against the maximum over signs", worst < 1e-14, fmt.Sprintf("greatest departure %.1e", worst)),
		measured("", "L₂ does not depend on the angle", "all angles by degrees", turned < 1e-14, fmt.Sprintf("greatest departure %.1e", turned)),
		measured("", "L₂ ≤ L∞ ≤ d L₂", "all angles by degrees", below <= 1+1e-14, fmt.Sprintf("greatest quotient %.15g", below)),
	}
}
