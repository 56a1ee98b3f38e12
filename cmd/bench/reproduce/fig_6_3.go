package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

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
	starts63    = 10
)

var (
	powers63 = []float64{0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1} // φ
	ratios63 = []float64{1.5, 2.35, 3, 4, 4.75, 5.5, 6.25, 7, 8, 9.1}             // λmax/λ̄
)

// fig63 compares gradient descent with sign descent on quadratics between axis-aligned and rotated
// (Balles 2021, Sec. 6.4).
var fig63 = Item{
	Name:  "fig-6.3",
	Title: "gradient descent and sign descent on rotated quadratics",
	Time:  map[Size]string{Full: "2 min"},
	Departs: map[Size][]string{Full: {
		fmt.Sprintf("dimension %d, the grid, %d rotations and %d starting points for each of its "+
			"points are ours: the thesis gives none",
			dim63, rotations63, starts63),
	}},
	Plans: func(Size) []protocol.Plan {
		no := false
		plan := protocol.Plan{
			Name: "fig-6.3", Description: "gradient descent and sign descent on rotated quadratics",
			Optimizers: []protocol.OptimizerEntry{
				{
					Optimizer: "normalized-sgd", Name: "GD",
					Set: protocol.Setting{"normalization": 0, "relative": 1, protocol.StepSize: 1},
				},
				{
					Optimizer: "norm-scaled-sign-sgd", Name: "sign-GD",
					Set: protocol.Setting{"relative": 1, protocol.StepSize: 1},
				},
			},
			Replicates: starts63, Evaluations: 1, Trace: -1, OneShot: &no,
		}
		for _, φ := range powers63 {
			for _, q := range ratios63 {
				for r := range rotations63 {
					plan.Problems = append(plan.Problems, protocol.ProblemEntry{
						Problem: "rotated-quadratic", Name: name63(φ, q, r), Budget: steps63,
						With: with63(φ, q, r),
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

// with63 are the parameters of a problem.
func with63(φ, q float64, rotation int) protocol.Setting {
	return protocol.Setting{
		"dim": dim63, "lambda_max": largest63(q), "phi": φ, "rotation": float64(rotation),
	}
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
				v = append(v, distance63(record))
			}
		}
		return stats.Mean(v)
	})
}

// advantage63 is log10 of GD's mean squared distance over sign descent's: above 0 sign descent is
// closer.
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
	table := Table{
		Title:  "log10 of squared distances, GD over sign-GD",
		Header: []string{"λmax/λ̄"},
	}
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
	out := only(figure.New(figure.Page, 3.2*vg.Inch, panels(left, right),
		figure.Entry{Label: "equal", Style: dashed(figure.Style{Color: figure.Ink})}), fmt.Sprintf(
		"f(x) = ½ xᵀHx in d = %d dimensions, H = R^φ Λ (R^φ)ᵀ with Λ = diag(1, …, 1, λmax) and λ̄ "+
			"= tr Λ/d its mean eigenvalue; α = 1/L₂ and 1/L∞; squared "+
			"distance from the optimum after %d steps, averaged over %d rotations and %d starting "+
			"points. Left: from 0 (blue) to 1 (red). "+
			"Right: blue where gradient descent is closer, red where sign descent is, clipped at "+
			"±%d; dashed, where they are equal.",
		dim63, steps63, rotations63, starts63, clip))
	out.Tables = []Table{table}
	return out, nil
}
