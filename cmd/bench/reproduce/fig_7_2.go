package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

// The thesis draws 1000 examples; claims are judged on more, since at 1000 chance hides the
// difference of two of the cases.
const (
	drawn72  = 1000
	judged72 = 100_000
)

// cases72 are the panels of Fig. 7.2.
var cases72 = []struct {
	title, problem string
	with           protocol.Setting
}{
	{"linear, right", "linear-toy", protocol.Setting{}},
	{"linear, more noise", "linear-toy", protocol.Setting{"noise_variance": 2}},
	{"linear, not linear", "linear-toy", protocol.Setting{"quadratic": 0.5}},
	{"logistic, right", "logistic-toy", protocol.Setting{"case": 1}},
	{"logistic, two variances", "logistic-toy", protocol.Setting{"case": 2}},
	{"logistic, two correlations", "logistic-toy", protocol.Setting{"case": 3}},
}

// fig72 compares Fisher matrix and "empirical Fisher" at the optimum, where models are right and
// wrong (Balles 2021, Sec. 7.3.2, App. D.2).
var fig72 = Item{
	Name:   "fig-7.2",
	Title:  "Fisher matrix and empirical Fisher at the optimum of right and wrong models",
	Time:   map[Size]string{Full: "seconds"},
	Draw:   draw72,
	Claims: func(*Input) []Finding { return claims72(newMatrices72) },
	Departs: map[Size][]string{Full: {
		"normal inputs have the covariances that the thesis prints; its code takes their " +
			"squares, and adds a weak prior: claims about accuracies are judged by both readings",
		fmt.Sprintf("claims are judged on %d examples in place of %d, which are drawn", judged72,
			drawn72),
	}},
}

func draw72(*Input) (*Output, error) {
	var rows [][]*figure.Panel
	for i, c := range cases72 {
		m, err := newMatrices72(c.problem, c.with, drawn72)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.title, err)
		}
		x := []string{"slope", "x₁"}[i/3]
		y := []string{"bias", "x₂"}[i/3]
		p := figure.NewPanel(c.title, x, y)
		// The circle that is as large as the level set of F makes the panel's range.
		r := 1.6 / math.Sqrt(math.Sqrt(m.fisher[0]*m.fisher[3]-m.fisher[1]*m.fisher[2]))
		for k, a := range [][]float64{m.fisher, m.empirical} {
			form := func(u, v float64) float64 {
				u, v = u-m.optimum[0], v-m.optimum[1]
				return a[0]*u*u + 2*a[1]*u*v + a[3]*v*v
			}
			s := surface{
				m.optimum[0] - r, m.optimum[0] + r, m.optimum[1] - r, m.optimum[1] + r,
				161, form,
			}
			st := style(k)
			if k == 1 {
				st = dashed(st)
			}
			contours(p, s, []float64{0.25, 1, 2}, st)
		}
		p.Add(&figure.Marks{X: m.optimum[:1], Y: m.optimum[1:], Style: dots(7)})
		if i%3 == 0 {
			rows = append(rows, nil)
		}
		rows[i/3] = append(rows[i/3], p)
	}
	return only(figure.New(figure.Page, 5*vg.Inch, rows,
		figure.Entry{Label: "Fisher = generalised Gauss–Newton", Style: style(0)},
		figure.Entry{Label: "empirical Fisher", Style: dashed(style(1))},
		figure.Entry{Label: "optimum", Style: dots(7), Point: true}),
		"Level sets of the quadratics that the two matrices give, around the optimum, 1000 "+
			"examples each. Above, linear regression: the model is right; the noise has twice "+
			"the model's variance; the data have a quadratic part. Below, logistic regression: "+
			"classes of equal covariance, which a linear logit describes; of different "+
			"variances; of different correlations."), nil
}
