package reproduce

import (
	"fmt"
	"math"
	"slices"

	"noisebench/protocol"
)

var names73 = []string{"Boston", "BreastCancer", "a1a"}

// The reduced grid of a1a, whose matrices have 14 884 elements: around what the full one selects.
var (
	stepsA1a    = powersOfTen(-1.5, 1, 21)
	dampingsA1a = []float64{math.Pow(10, -10), math.Pow(10, -8), math.Pow(10, -5)}
)

// fig73 compares natural gradient descent with the "empirical Fisher" in its place (Balles 2021, Sec. 7.4.2).
var fig73 = Item{
	Name:  "fig-7.3",
	Title: "GD, NGD and EFGD on Boston, BreastCancer and a1a, each at its best",
	Sizes: []Size{Reduced, Full},
	Time:  map[Size]string{Reduced: "5 min", Full: "6 h"},
	Departs: map[Size][]string{
		Full: {"a run ends once its loss is more than 100 times the initial one"},
		Reduced: {
			fmt.Sprintf("a1a has a grid of %d step sizes and %d dampings in place of 241 and 41; the other data have all", len(stepsA1a), len(dampingsA1a)),
			"a run ends once its loss is more than 100 times the initial one",
		},
	},
	Plans: func(size Size) []protocol.Plan {
		plans := []protocol.Plan{
			chapter7("Boston", "", allMethods7, stepSizesD4, dampingsD4),
			chapter7("BreastCancer", "", allMethods7, stepSizesD4, dampingsD4),
		}
		if size == Reduced {
			return append(plans, chapter7("a1a", "-reduced", allMethods7, stepsA1a, dampingsA1a))
		}
		return append(plans, chapter7("a1a", "", allMethods7, stepSizesD4, dampingsD4))
	},
	Draw: func(in *Input) (*Output, error) {
		return drawDescents(in, names73, "Loss over 100 full-batch iterations from 0, step size and damping those of Table D.5, corrected, "+
			"where they end within a quarter of the lowest loss of the grid, else those of the lowest; below, the cosine between the steps of EFGD and of NGD at the points of EFGD, with EFGD's damping.")
	},
	Claims: claims73,
}

func claims73(in *Input) []Finding {
	var findings []Finding
	for _, name := range names73 {
		findings = append(findings, identified(in, name))
		all, err := descents(in, name)
		if err != nil || len(all) < 3 {
			findings = append(findings, measured("", "NGD and EFGD can be compared", name, false, fmt.Sprint(err)))
			continue
		}
		n, e, c := all[ngd].losses, all[efgd].losses, all[efgd].cosine
		ends := fmt.Sprintf("after 100 iterations GD %.6g, NGD %.8g, EFGD %.8g", all[gd].losses[100], n[100], e[100])
		lowest := min(slices.Min(n), slices.Min(e))
		speed := fmt.Sprintf("within 1 %% of the lowest loss from iteration %d (NGD) and %d (EFGD)", within(n, lowest), within(e, lowest))
		switch name {
		case "Boston":
			findings = append(findings,
				measured("", "NGD is near the optimum after a few iterations, EFGD after many", name, within(n, lowest) <= 5 && within(e, lowest) >= 50, speed),
				measured("", "both end at the same loss", name, math.Abs(n[100]-e[100]) < 1e-6*n[100], ends),
				measured("", "EFGD steps against the direction of NGD for a part of the run", name, slices.Min(c) < 0,
					fmt.Sprintf("least cosine %.3f, at iteration %d", slices.Min(c), slices.Index(c, slices.Min(c)))))
		case "BreastCancer":
			findings = append(findings,
				measured("", "NGD ends far below EFGD", name, n[100] < e[100]/10, ends),
				measured("", "EFGD has about the direction of NGD", name, slices.Min(c) > 0.8, fmt.Sprintf("least cosine %.3f", slices.Min(c))))
		case "a1a":
			findings = append(findings,
				measured("", "both end at the same loss", name, math.Abs(n[100]-e[100]) < 1e-4*n[100], ends),
				measured("", "NGD is there first", name, within(n, lowest) < within(e, lowest), speed))
		}
	}
	return findings
}
