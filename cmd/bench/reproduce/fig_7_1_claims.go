package reproduce

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// claims71 judges the directions of a method, given by a function, by their angle with the way to
// the optimum.
func claims71(directions func(*whole, []float64) (map[string][]float64, error)) []Finding {
	w, err := openWhole(problem71, nil)
	if err != nil {
		return []Finding{impossible(problem71, err)}
	}
	optimum, err := optimum71(w)
	if err != nil {
		return []Finding{impossible(problem71, err)}
	}
	least := map[string]float64{gd: 1, ngd: 1, efgd: 1}
	for _, x := range grid71() {
		d, err := directions(w, x)
		if err != nil {
			return []Finding{impossible(problem71, err)}
		}
		towards := []float64{optimum[0] - x[0], optimum[1] - x[1]}
		length := floats.Norm(towards, 2)
		if length < 0.1 {
			continue // the optimum itself
		}
		for m, v := range least {
			least[m] = min(v, floats.Dot(d[m], towards)/floats.Norm(d[m], 2)/length)
		}
	}
	on := fmt.Sprintf("%[1]d × %[1]d points, cosine between direction and the way to the optimum",
		points71)
	return []Finding{
		exactly("", "NGD points straight at the optimum, from everywhere, but for the damping", on,
			least[ngd] > 1-1e-10,
			fmt.Sprintf("1 − %.1e at least", 1-least[ngd])),
		measured("", "EFGD does not: it distorts the field even more than GD does", on,
			least[efgd] < least[gd],
			fmt.Sprintf("%.3f at least, GD %.3f", least[efgd], least[gd])),
	}
}
