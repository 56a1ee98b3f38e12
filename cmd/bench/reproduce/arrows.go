package reproduce

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/results/report/figure"
)

// arrows are drawn in grey, all of one length.
type arrows struct{ from, to [][]float64 }

func (a *arrows) add(x, d []float64, length float64) {
	norm := math.Hypot(d[0], d[1])
	a.from = append(a.from, x)
	a.to = append(a.to, []float64{x[0] + length*d[0]/norm, x[1] + length*d[1]/norm})
}

// Plot implements plot.Plotter.
func (a *arrows) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: figure.Pale, Width: 0.7}
	for i := range a.from {
		fx, fy, tx, ty := x(a.from[i][0]), y(a.from[i][1]), x(a.to[i][0]), y(a.to[i][1])
		c.StrokeLine2(style, fx, fy, tx, ty)
		angle := math.Atan2(float64(ty-fy), float64(tx-fx))
		tip := func(turn float64, length vg.Length) vg.Point {
			return vg.Point{
				X: tx - length*vg.Length(math.Cos(angle+turn)),
				Y: ty - length*vg.Length(math.Sin(angle+turn)),
			}
		}
		c.FillPolygon(figure.Pale, []vg.Point{{X: tx, Y: ty}, tip(0.5, 2.8), tip(-0.5, 2.8)})
	}
}
