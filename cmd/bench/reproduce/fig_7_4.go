package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// starts74 are the starting points of Fig. 7.4, as multiples of the optimum.
var starts74 = []float64{0, 0.5, 0.75, 0.875}

const steps74 = 20

// fig74 shows that EFGD's speed depends on the loss, and NGD's does not (Balles 2021, Sec. 7.4.3).
var fig74 = Item{
	Name:  "fig-7.4",
	Title: "NGD and EFGD on Boston from four starting points",
	Time:  map[Size]string{Full: "seconds"},
	Departs: map[Size][]string{Full: {
		"the four starting points are those of the published code; the thesis names an interval",
		"EFGD's step size is 10^1.25; at the printed 10^-1.25 the loss hardly moves",
	}},
	Draw:   draw74,
	Claims: claims74,
}

// descents74 are the runs of a method from each starting point, at the settings of Table D.5,
// corrected.
func descents74(method string) ([]*descent, error) {
	s := set("Boston")
	optimum, err := optimum74(s)
	if err != nil {
		return nil, err
	}
	var all []*descent
	for _, factor := range starts74 {
		start := make([]float64, len(optimum))
		for j, v := range optimum {
			start[j] = factor * v
		}
		d, err := descend(s, method, publishedSetting(s, method), start, steps74)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// optimum74 is the optimum: one step of Newton's method goes there from anywhere, the second takes
// the rounding away.
func optimum74(s dataSet) ([]float64, error) {
	w, err := openWhole(s.problem, s.with)
	if err != nil {
		return nil, err
	}
	p := path{
		problem: s.problem, with: s.with, optimizer: "newton",
		set:   protocol.Setting{protocol.StepSize: 1},
		batch: w.spec.Train, budget: 2 * int64(w.spec.Train),
	}
	points, _, err := p.follow()
	if err != nil {
		return nil, err
	}
	return points[len(points)-1], nil
}

func draw74(*Input) (*Output, error) {
	var row []*figure.Panel
	var legend []figure.Entry
	for _, m := range []string{ngd, efgd} {
		all, err := descents74(m)
		if err != nil {
			return nil, err
		}
		p := figure.NewPanel(m, "iteration", "loss")
		figure.LogY(p)
		for k, d := range all {
			p.Add(iterations(d.losses, style(k)))
			if m == ngd {
				label := fmt.Sprintf("from %g θ*", starts74[k])
				legend = append(legend, figure.Entry{Label: label, Style: style(k)})
			}
		}
		limit(p, 0, steps74, 10, 400)
		row = append(row, p)
	}
	s := set("Boston")
	return only(figure.New(figure.Page*0.8, 2.8*vg.Inch, panels(row...), legend...), fmt.Sprintf(
		"Linear regression on Boston housing, full batches. NGD with γ = 10^%g and λ = 10^%g, "+
			"EFGD with γ = 10^%g and λ = 10^%g.",
		s.ngd[1], s.ngd[0], s.efgd[1], s.efgd[0])), nil
}

func claims74(*Input) []Finding {
	n, err := descents74(ngd)
	var e []*descent
	if err == nil {
		e, err = descents74(efgd)
	}
	var w *whole
	if err == nil {
		w, err = openWhole(set("Boston").problem, nil)
	}
	if err != nil {
		return []Finding{impossible("Boston", err)}
	}
	optimum := w.spec.Constants["optimum"]
	// The share of the initial suboptimality that is left: the same for every start with NGD.
	left := func(d *descent, t int) float64 {
		return (d.losses[t] - optimum) / (d.losses[0] - optimum)
	}
	spread, slower := 0.0, true
	text := ""
	for k := range starts74 {
		spread = max(spread, math.Abs(left(n[k], 1)-left(n[0], 1)))
		if k > 0 {
			slower = slower && left(e[k], steps74/2) < left(e[k-1], steps74/2)
		}
		text += fmt.Sprintf(" %.3f", left(e[k], steps74/2))
	}
	return []Finding{
		exactly("", "NGD's curves have the same shape for every start",
			"share of the suboptimality left after one iteration", spread < 1e-12,
			fmt.Sprintf("greatest difference %.1e", spread)),
		measured("", "EFGD is slower the larger the initial loss",
			fmt.Sprintf("share of the suboptimality left after %d iterations", steps74/2), slower,
			"from the farthest start to the nearest:"+text),
	}
}
