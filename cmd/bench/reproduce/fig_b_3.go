package reproduce

import "noisebench/protocol"

var problemsB3 = []string{"p1", "p2"}

// figB3 compares two ways to estimate the variance: moving averages and the minibatch itself
// (Balles 2021, App. B.4).
var figB3 = Item{
	Name:  "fig-b.3",
	Title: "M-SVAG with variances from moving averages and from the minibatch on P1 and P2",
	Sizes: []Size{Reduced, Full},
	Time:  map[Size]string{Reduced: "2 h, less after fig-5.4", Full: "days"},
	Departs: chapter5Departs(problemsB3, "the thesis does not list the step sizes explored for "+
		"the minibatch variant: those of M-SVAG are"),
	Plans: func(size Size) []protocol.Plan {
		return chapter5("fig-b.3", size, problemsB3, []string{mSVAG, svagMB})
	},
	Draw: drawCurves,
	Claims: func(in *Input) []Finding {
		const text = "the two estimates lead to almost the same results"
		return append(likeness(in, "S-09", text, "p1", mSVAG, svagMB),
			likeness(in, "S-09", text, "p2", mSVAG, svagMB)...)
	},
}
