package reproduce

import (
	"fmt"
	"slices"

	"noisebench/protocol"
)

var namesD1 = []string{"Yacht", "Powerplant", "Wine", "Energy"}

// figD1 is Fig. 7.3 on four more data sets (Balles 2021, App. D.4).
var figD1 = Item{
	Name:    "fig-d.1",
	Title:   "GD, NGD and EFGD on Yacht, Powerplant, Wine and Energy, each at its best",
	Time:    map[Size]string{Full: "45 min"},
	Departs: map[Size][]string{Full: {"a run ends once its loss is more than 100 times the initial one"}},
	Plans: func(Size) []protocol.Plan {
		var plans []protocol.Plan
		for _, name := range namesD1 {
			plans = append(plans, chapter7(name, "", allMethods7, stepSizesD4, dampingsD4))
		}
		return plans
	},
	Draw: func(in *Input) (*Output, error) {
		return drawDescents(in, namesD1, "As Fig. 7.3: loss over 100 full-batch iterations from 0, step size and damping chosen as "+
			"there; below, the cosine between the steps of EFGD and of NGD at the points of EFGD.")
	},
	Claims: func(in *Input) []Finding {
		var findings []Finding
		for _, name := range namesD1 {
			findings = append(findings, identified(in, name))
			all, err := descents(in, name)
			if err != nil || len(all) < 3 {
				findings = append(findings, measured("", "NGD and EFGD can be compared", name, false, fmt.Sprint(err)))
				continue
			}
			n, e := all[ngd].losses, all[efgd].losses
			lowest := min(slices.Min(n), slices.Min(e))
			a, b := within(n, lowest), within(e, lowest)
			findings = append(findings, measured("", "NGD reaches the optimum in a few steps, EFGD is slower", name, a <= 10 && b > a,
				fmt.Sprintf("within 1 %% of the lowest loss from iteration %d (NGD) and %d (EFGD; 101: never)", a, b)))
		}
		return findings
	},
}
