package reproduce

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"noisebench/results/report/figure"
)

// heat draws a map in colours from blue (low) over white to red (high), each value as a rectangle
// around its point.
func heat(title string, m map63, low, high float64) *figure.Panel {
	p := figure.NewPanel(title, "φ", "λmax / mean eigenvalue")
	p.Add(&heatMap{m: m, low: low, high: high})
	p.Bar = &figure.ColorBar{Low: low, High: high, Color: colorOf}
	limit(p, 0, 1, ratios63[0], ratios63[len(ratios63)-1])
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
			c.FillPolygon(colorOf((v-h.low)/(h.high-h.low)),
				[]vg.Point{
					{X: left, Y: bottom},
					{X: right, Y: bottom},
					{X: right, Y: top},
					{X: left, Y: top},
				})
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

// colorOf goes from blue (0 and below) over white to red (1 and above): ColorBrewer's RdBu
// (Harrower and Brewer 2003), for readers with any common colour vision.
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
