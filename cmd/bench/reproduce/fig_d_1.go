package reproduce

import "noisebench/protocol"

var namesD1 = []string{"Yacht", "Powerplant", "Wine", "Energy"}

// figD1 is Fig. 7.3 on four more data sets (Balles 2021, App. D.4).
var figD1 = Item{
	Name:    "fig-d.1",
	Title:   "GD, NGD and EFGD on Yacht, Powerplant, Wine and Energy, each at its best",
	Time:    map[Size]string{Full: "45 min"},
	Departs: map[Size][]string{Full: {targets7, ends7, ties7, singular7}},
	Plans: func(Size) []protocol.Plan {
		var plans []protocol.Plan
		for _, name := range namesD1 {
			plans = append(plans, plan7(name, Full))
		}
		return plans
	},
	Draw: func(in *Input) (*Output, error) {
		return drawDescents(in, namesD1, "As Fig. 7.3: loss over 100 full-batch iterations from "+
			"0, step size and damping chosen as there; below, the cosine between the directions "+
			"of EFGD and of NGD, without damping, at the points of EFGD.")
	},
	Claims: func(in *Input) []Finding {
		var findings []Finding
		for _, name := range namesD1 {
			all, err := descents(in, name)
			if err != nil || len(all) < 3 {
				findings = append(findings, impossible(name, err))
				continue
			}
			findings = append(findings, claimsOfD1(name, all)...)
		}
		return findings
	},
}

func claimsOfD1(name string, all map[string]*descent) []Finding {
	n, e := all[ngd].losses, all[efgd].losses
	return []Finding{
		few7(name, n, e, all[ngd].least),
		against7(name, all[efgd].cosine),
	}
}
