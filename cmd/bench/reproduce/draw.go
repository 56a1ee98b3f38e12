package reproduce

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
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
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = s.x0, s.x1, s.y0, s.y1
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
		c.FillPolygon(b.style.Color, []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}})
	}
}

// drawKinds draws figures of the given kinds of every problem that was run, each as a picture named PROBLEM-KIND.
func drawKinds(in *Input, kinds ...string) (*Output, error) {
	out := &Output{}
	for i := range in.Done {
		d := &in.Done[i]
		source := figure.NewSource(&d.Plan, d.Cells, nil)
		for _, p := range d.Plan.Problems {
			for _, name := range kinds {
				k := slices.IndexFunc(figure.Kinds, func(k figure.Kind) bool { return k.Name == name })
				f, missing := figure.Kinds[k].Draw(source, p.Name)
				if f == nil {
					return nil, fmt.Errorf("cannot draw %s of %s: %s", name, p.Name, missing)
				}
				out.Pictures = append(out.Pictures, Picture{Name: p.Name + "-" + name, Figure: f})
				out.Caption = f.Caption
			}
		}
		out.Tables = append(out.Tables, scores(d)...)
	}
	return out, nil
}

// scores tabulates what the replicates of a plan ended with, problem by problem.
func scores(d *Done) []Table {
	var tables []Table
	for _, p := range d.Plan.Problems {
		t := Table{Title: p.Name, Header: []string{"optimizer", "setting", "training loss", "test metric", "runs"}}
		for _, o := range d.Plan.Optimizers {
			cell := d.Cell(p.Name, o.Name)
			if cell == nil || len(cell.Runs) == 0 {
				continue
			}
			var loss, metric []float64
			for _, r := range cell.Runs {
				loss, metric = append(loss, trainLoss(r)), append(metric, testAccuracy(r))
			}
			setting := protocol.Setting{}
			for _, name := range append([]string{protocol.StepSize}, cell.Tuned...) {
				setting[name] = cell.Setting[name]
			}
			t.Rows = append(t.Rows, []string{o.Name, setting.String(), meanStd(loss), meanStd(metric), fmt.Sprint(len(cell.Runs))})
		}
		tables = append(tables, t)
	}
	return tables
}

// meanStd writes mean and standard deviation.
func meanStd(x []float64) string {
	if len(x) < 2 {
		return fmt.Sprintf("%.4g", stats.Mean(x))
	}
	return fmt.Sprintf("%.4g ± %.2g", stats.Mean(x), stats.Std(x))
}

func drawCurves(in *Input) (*Output, error) { return drawKinds(in, "loss", "metric") }

func drawBatchSizes(in *Input) (*Output, error) { return drawKinds(in, "loss", "metric", "batch-size") }

// drawFamilies draws, for each method, the training loss of its tuning runs, a line for each step size but the largest: the
// more the lines spread, the more the method needs tuning.
func drawFamilies(in *Input) (*Output, error) {
	out := &Output{}
	for i := range in.Done {
		d := &in.Done[i]
		if d.Plan.Tuning.SweepSeed() != in.Done[0].Plan.Tuning.SweepSeed() {
			continue
		}
		for _, p := range d.Plan.Problems {
			var row []*figure.Panel
			low, high, budget := math.Inf(1), 0.0, 0.0
			table := Table{
				Title:  p.Name + ": standard deviation over step sizes of the logarithm of the training loss at the end",
				Header: []string{"method", "spread"},
			}
			for _, o := range d.Plan.Optimizers {
				cell := d.Cell(p.Name, o.Name)
				panel := figure.NewPanel(o.Name, "", "training loss")
				figure.LogY(panel)
				for k, α := range chapter4Steps[1:] {
					r := bestAt(cell, α)
					if r == nil {
						continue
					}
					l := &figure.Line{Style: style(k)}
					for _, point := range r.Points {
						l.X, l.Y = append(l.X, float64(point.Seen)), append(l.Y, float64(point.Train.Loss))
						if v := float64(point.Train.Loss); protocol.Finite(v) && v > 0 {
							low, high = min(low, v), max(high, min(v, 10*float64(r.Points[0].Train.Loss)))
						}
					}
					budget = max(budget, float64(r.Run.Budget))
					panel.Add(l)
				}
				row = append(row, panel)
				table.Rows = append(table.Rows, []string{o.Name, fmt.Sprintf("%.3g", spreadOverSteps(cell))})
			}
			for _, panel := range row {
				figure.ExamplesX(panel, budget)
				panel.Y.Min, panel.Y.Max = low/1.1, high*1.1
			}
			var legend []figure.Entry
			for k, α := range chapter4Steps[1:] {
				legend = append(legend, figure.Entry{Label: fmt.Sprintf("α = %g", α), Style: style(k)})
			}
			f := figure.New(figure.Page, 4.4*vg.Inch, [][]*figure.Panel{row[:3], row[3:]}, legend...)
			out.Pictures = append(out.Pictures, Picture{Name: p.Name, Figure: f})
			out.Tables = append(out.Tables, table)
		}
	}
	out.Caption = "Training loss over examples seen, one run for each step size, under the tuning seed."
	return out, nil
}

// bestAt is the tuning run with a step size that ended with the lowest training loss.
func bestAt(c *results.Cell, α float64) *results.Record {
	var best *results.Record
	for _, r := range c.Tuning {
		if r.Run.Optimizer.Setting[protocol.StepSize] == α && (best == nil || trainLoss(r) < trainLoss(best)) {
			best = r
		}
	}
	return best
}
