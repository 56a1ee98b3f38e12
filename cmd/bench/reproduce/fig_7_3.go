package reproduce

import (
	"fmt"
	"math"
	"slices"

	"noisebench/protocol"
)

var names73 = []string{"Boston", "BreastCancer", "a1a"}

// fig73 compares natural gradient descent with the "empirical Fisher" in its place (Balles 2021,
// Sec. 7.4.2).
var fig73 = Item{
	Name:  "fig-7.3",
	Title: "GD, NGD and EFGD on Boston, BreastCancer and a1a, each at its best",
	Sizes: []Size{Reduced, Full},
	Time:  map[Size]string{Reduced: "20 min", Full: "6 h"},
	Departs: map[Size][]string{
		Full:    {wdbc7, ends7, ties7, singular7},
		Reduced: {coarse7, wdbc7, ends7, ties7, singular7},
	},
	Plans: func(size Size) []protocol.Plan {
		var plans []protocol.Plan
		for _, name := range names73 {
			plans = append(plans, plan7(name, size))
		}
		return plans
	},
	Draw: func(in *Input) (*Output, error) {
		return drawDescents(in, names73,
			"Loss over 100 full-batch iterations from 0 at the step size and damping of the "+
				"lowest loss of the grid; below, the cosine between the directions of EFGD and "+
				"of NGD, without damping, at the points of EFGD.")
	},
	Claims: claims73,
}

// claims73 judges the curves. "Few" iterations are a tenth of the run at most, the same loss is one
// part in a million, and "vastly" is a factor of ten.
func claims73(in *Input) []Finding {
	var findings []Finding
	for _, name := range names73 {
		all, err := descents(in, name)
		if err != nil || len(all) < 3 {
			findings = append(findings, impossible(name, err))
			continue
		}
		own := claimsOf73(name, all)
		for k := range own {
			own[k].Basis = InFull // a1a alone has a reduced grid
			if in.Size == Reduced && name == "a1a" {
				own[k].Basis = Smaller
			}
		}
		findings = append(findings, own...)
	}
	return findings
}

func claimsOf73(name string, all map[string]*descent) []Finding {
	n, e, c := all[ngd].losses, all[efgd].losses, all[efgd].cosine
	ends := fmt.Sprintf("after 100 iterations GD %.6g, NGD %.8g, EFGD %.8g", all[gd].losses[100],
		n[100], e[100])
	least := all[ngd].least
	text := "both end at the same loss, to a millionth"
	tie := measured("", text, name, math.Abs(n[100]-e[100]) < 1e-6*n[100], ends)
	switch name {
	case "Boston":
		return []Finding{few7(name, n, e, least), tie, against7(name, c)}
	case "BreastCancer":
		return []Finding{
			measured("", "NGD ends vastly below EFGD, by a factor of ten", name,
				n[100] < e[100]/10, ends),
			measured("", "EFGD never steps against the direction of NGD", name, slices.Min(c) > 0,
				fmt.Sprintf("least cosine %.3f", slices.Min(c))),
		}
	}
	return []Finding{few7(name, n, e, least), tie}
}

// few7 judges that NGD is within 1 % of the least loss that there is after a tenth of the run, and
// EFGD is later.
func few7(name string, n, e []float64, least float64) Finding {
	a, b := within(n, least), within(e, least)
	return measured("", "NGD is at the optimum after a few iterations, a tenth of the run at "+
		"most, and EFGD is later", name,
		a <= 10 && b > a, fmt.Sprintf("within 1 %% of the lowest loss from iteration %d (NGD) and "+
			"%d (EFGD; 101: never)", a, b))
}

// against7 judges that the cosine is negative somewhere.
func against7(name string, c []float64) Finding {
	least := slices.Min(c)
	return measured("", "EFGD steps against the direction of NGD for a part of the run", name,
		least < 0,
		fmt.Sprintf("least cosine %.3f, at iteration %d", least, slices.Index(c, least)))
}
