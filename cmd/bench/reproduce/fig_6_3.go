package reproduce

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
)

// The grid of Fig. 6.3.
const (
	dim63       = 10
	steps63     = 100
	rotations63 = 10
	starts63    = 5
)

var (
	powers63 = []float64{0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1} // φ
	ratios63 = []float64{1.5, 2.35, 3, 4, 4.75, 5.5, 6.25, 7, 8, 9.1}             // λmax/λ̄
)

// fig63 compares gradient descent with sign descent on quadratics between axis-aligned and turned (Balles 2021, Sec. 6.4).
var fig63 = Item{
	Name:  "fig-6.3",
	Title: "gradient descent and sign descent on rotated quadratics",
	Time:  map[Size]string{Full: "1 min"},
	Departs: map[Size][]string{Full: {
		fmt.Sprintf("dimension %d, the grid, %d rotations and %d starting points for each of its points are ours: the thesis gives none",
			dim63, rotations63, starts63),
	}},
	Plans: func(Size) []protocol.Plan {
		no := false
		plan := protocol.Plan{
			Name: "fig-6.3", Description: "gradient descent and sign descent on rotated quadratics",
			Optimizers: []protocol.OptimizerEntry{
				{Optimizer: "normalized-sgd", Name: "GD", Set: protocol.Setting{"normalization": 0, "relative": 1, protocol.StepSize: 1}},
				{Optimizer: "norm-scaled-sign-sgd", Name: "sign-GD", Set: protocol.Setting{"relative": 1, protocol.StepSize: 1}},
			},
			Replicates: starts63, Evaluations: 1, Trace: -1, OneShot: &no,
		}
		for _, φ := range powers63 {
			for _, q := range ratios63 {
				for r := range rotations63 {
					plan.Problems = append(plan.Problems, protocol.ProblemEntry{
						Problem: "rotated-quadratic", Name: name63(φ, q, r), Budget: steps63,
						With: protocol.Setting{"dim": dim63, "lambda_max": largest63(q), "phi": φ, "rotation": float64(r)},
					})
				}
			}
		}
		return []protocol.Plan{plan}
	},
	Draw:   draw63,
	Claims: claims63,
}

func name63(φ, q float64, rotation int) string {
	return fmt.Sprintf("φ=%g λmax/λ̄=%g #%d", φ, q, rotation)
}

// largest63 is the λmax of Λ = diag(1, …, 1, λmax) for which λmax/λ̄ = q < d.
func largest63(q float64) float64 { return q * (dim63 - 1) / (dim63 - q) }

// map63 holds a number for each point of the grid.
type map63 [][]float64 // by φ, then by λmax/λ̄

func newMap63(value func(φ, q float64) float64) map63 {
	m := make(map63, len(powers63))
	for i, φ := range powers63 {
		for _, q := range ratios63 {
			m[i] = append(m[i], value(φ, q))
		}
	}
	return m
}

func (m map63) Dims() (c, r int)   { return len(powers63), len(ratios63) }
func (m map63) X(c int) float64    { return powers63[c] }
func (m map63) Y(r int) float64    { return ratios63[r] }
func (m map63) Z(c, r int) float64 { return m[c][r] }

// cells63 finds cells fast: there are thousands.
func cells63(in *Input) map[[2]string]*results.Cell {
	found := map[[2]string]*results.Cell{}
	for i := range in.Done[0].Cells {
		c := &in.Done[0].Cells[i]
		found[[2]string{c.Problem, c.Optimizer}] = c
	}
	return found
}

// smoothness63 is log10 L∞/L₂, averaged over rotations.
func smoothness63(in *Input) map63 {
	cells := cells63(in)
	return newMap63(func(φ, q float64) float64 {
		var v []float64
		for r := range rotations63 {
			constants := cells[[2]string{name63(φ, q, r), "GD"}].Runs[0].Spec.Constants
			v = append(v, math.Log10(constants["smoothness_linf"]/constants["smoothness"]))
		}
		return stats.Mean(v)
	})
}

// distances63 is the mean of ‖x_T − x*‖² of an optimizer over rotations and starts.
func distances63(in *Input, optimizer string) map63 {
	cells := cells63(in)
	return newMap63(func(φ, q float64) float64 {
		var v []float64
		for r := range rotations63 {
			for _, record := range cells[[2]string{name63(φ, q, r), optimizer}].Runs {
				v = append(v, float64(record.Points[len(record.Points)-1].Train.Metric))
			}
		}
		return stats.Mean(v)
	})
}

// advantage63 is log10 of GD's mean squared distance over sign descent's: above 0 sign descent is closer.
func advantage63(in *Input) map63 {
	gd, sign := distances63(in, "GD"), distances63(in, "sign-GD")
	for i := range gd {
		for k := range gd[i] {
			gd[i][k] = math.Log10(gd[i][k] / sign[i][k])
		}
	}
	return gd
}

func draw63(in *Input) (*Output, error) {
	const clip = 6
	advantage := advantage63(in)
	left := heat("log10 L∞/L₂", smoothness63(in), 0, 1)
	right := heat("log10 of squared distances, GD over sign-GD", advantage, -clip, clip)
	equal := plotter.NewContour(advantage, []float64{0}, oneColor{figure.Style{Color: figure.Ink}})
	equal.LineStyles[0].Width, equal.LineStyles[0].Dashes = 1, []vg.Length{3, 2}
	equal.LineStyles[0].Color = figure.Ink
	right.Add(equal)
	table := Table{Title: "log10 of squared distances, GD over sign-GD", Header: []string{"λmax/λ̄"}}
	for _, φ := range powers63 {
		table.Header = append(table.Header, fmt.Sprintf("φ = %g", φ))
	}
	for k := len(ratios63) - 1; k >= 0; k-- {
		row := []string{fmt.Sprintf("%g", ratios63[k])}
		for i := range powers63 {
			row = append(row, fmt.Sprintf("%+.1f", advantage[i][k]))
		}
		table.Rows = append(table.Rows, row)
	}
	out := only(figure.New(figure.Page, 3.2*vg.Inch, panels(left, right), key63(clip)...), fmt.Sprintf(
		"f(x) = ½ xᵀHx in d = %d dimensions, H = R^φ Λ (R^φ)ᵀ with Λ = diag(1, …, 1, λmax) and λ̄ = tr Λ/d its mean eigenvalue; α = 1/L₂ and 1/L∞; squared "+
			"distance from the optimum after %d steps, averaged over %d rotations and %d starting points. Left: from 0 (blue) to 1 (red). "+
			"Right: blue where gradient descent is closer, red where sign descent is, clipped at ±%d; dashed, where they are equal.",
		dim63, steps63, rotations63, starts63, clip))
	out.Tables = []Table{table}
	return out, nil
}

// heat draws a map in colours from blue (low) over white to red (high), each value as a rectangle around its point.
func heat(title string, m map63, low, high float64) *figure.Panel {
	p := figure.NewPanel(title, "φ", "λmax / mean eigenvalue")
	p.Add(&heatMap{m: m, low: low, high: high})
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, ratios63[0], ratios63[len(ratios63)-1]
	return p
}

type heatMap struct {
	m         map63
	low, high float64
}

// Plot implements plot.Plotter.
func (h *heatMap) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	xs, ys := borders(powers63), borders(ratios63)
	for i := range h.m {
		for k, v := range h.m[i] {
			left, right, bottom, top := x(xs[i]), x(xs[i+1]), y(ys[k]), y(ys[k+1])
			c.FillPolygon(colorOf((v-h.low)/(h.high-h.low)), []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}})
		}
	}
}

// borders are the ends of v and the middles between its elements.
func borders(v []float64) []float64 {
	b := []float64{v[0]}
	for i := 1; i < len(v); i++ {
		b = append(b, (v[i-1]+v[i])/2)
	}
	return append(b, v[len(v)-1])
}

// colorOf goes from blue (0 and below) over white to red (1 and above): ColorBrewer's RdBu (Harrower and Brewer 2003), for
// readers with any common colour vision.
func colorOf(share float64) color.Color {
	ends := [3][3]float64{{33, 102, 172}, {247, 247, 247}, {178, 24, 43}}
	t := 2 * min(1, max(0, share))
	from, to := ends[0], ends[1]
	if t > 1 {
		t, from, to = t-1, ends[1], ends[2]
	}
	mix := func(k int) uint8 { return uint8(math.Round((1-t)*from[k] + t*to[k])) }
	return color.RGBA{mix(0), mix(1), mix(2), 0xff}
}

// key explains the colours of both maps.
func key63(clip float64) []figure.Entry {
	var legend []figure.Entry
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		legend = append(legend, figure.Entry{
			Label: fmt.Sprintf("%.2g (left), %+.2g (right)", share, clip*(2*share-1)),
			Style: figure.Style{Color: colorOf(share), Marker: draw.BoxGlyph{}}, Point: true,
		})
	}
	return append(legend, figure.Entry{Label: "equal", Style: dashed(figure.Style{Color: figure.Ink})})
}

func claims63(in *Input) []Finding {
	advantage, gd := advantage63(in), distances63(in, "GD")
	smooth := smoothness63(in)
	exact, turned := 0.0, 0.0
	for k, q := range ratios63 {
		λ := largest63(q)
		exact = max(exact, math.Abs(math.Pow(10, smooth[0][k])/((dim63-1+λ)/λ)-1))
		// With the same starts, gradient descent depends on R^φ through the direction that one step removes alone: its mean is
		// near (d−1)(1−1/λ)^(2T), up to the chance of the starts.
		for i := range powers63 {
			turned = max(turned, math.Abs(gd[i][k]/((dim63-1)*math.Pow(1-1/λ, 2*steps63))-1))
		}
	}
	// A mean of ‖x‖² over 50 draws of a χ² variable with 9 degrees of freedom has a relative standard error of √(2/(9·50)).
	chance := 4 * math.Sqrt(2./((dim63-1)*rotations63*starts63))
	top := len(ratios63) - 1
	last := len(powers63) - 1
	return []Finding{
		measured("", "L∞/L₂ = (d−1+λmax)/λmax on axis-aligned quadratics", "φ = 0", exact < 1e-12, fmt.Sprintf("greatest departure %.1e", exact)),
		measured("", "gradient descent does not depend on the rotation: E‖x_T‖² = (d−1)(1−1/λmax)^(2T)", "all of the grid", turned < chance,
			fmt.Sprintf("greatest departure %.2g, 4 standard errors are %.2g", turned, chance)),
		measured("", "sign descent is closer on axis-aligned quadratics with one large eigenvalue", fmt.Sprintf("φ = 0, λmax/λ̄ = %g", ratios63[top]),
			advantage[0][top] > 0, fmt.Sprintf("log10 of the quotient is %.2f", advantage[0][top])),
		measured("", "gradient descent is closer on turned ones", fmt.Sprintf("φ = 1, λmax/λ̄ = %g", ratios63[top]), advantage[last][top] < 0,
			fmt.Sprintf("log10 of the quotient is %.2f", advantage[last][top])),
		measured("", "gradient descent is closer where no eigenvalue stands out", fmt.Sprintf("all φ, λmax/λ̄ = %g", ratios63[0]),
			maximum(advantage, 0) < 0, fmt.Sprintf("log10 of the quotient is %.1f at most", maximum(advantage, 0))),
	}
}

// maximum is the greatest number of a row of the map.
func maximum(m map63, k int) float64 {
	v := math.Inf(-1)
	for i := range m {
		v = max(v, m[i][k])
	}
	return v
}
