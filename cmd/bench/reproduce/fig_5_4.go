package reproduce

import "noisebench/protocol"

var problems54 = []string{"p1", "p2", "p3", "p4"}

// fig54 is the main experiment on sign and variance adaptation (Balles 2021, Sec. 5.6).
var fig54 = Item{
	Name:    "fig-5.4",
	Title:   "M-SGD, M-SSD, Adam and M-SVAG on P1 to P4",
	Sizes:   []Size{Reduced, Full},
	Time:    map[Size]string{Reduced: "3 h", Full: "P1 a day, P2 to P4 weeks"},
	Departs: chapter5Departs(problems54),
	Plans: func(size Size) []protocol.Plan {
		return chapter5("fig-5.4", size, problems54, []string{mSGD, mSSD, adam, mSVAG})
	},
	Draw:   drawCurves,
	Claims: claims54,
}

// claims54 judges each comparison of two methods by one claim. Where the thesis makes several about
// one comparison, of which the strongest implies the others, that one is judged: where Adam and
// M-SSD do about the same (S-02), Adam's variance adaptation does not hurt (S-06); where M-SVAG is
// clearly better than M-SGD (S-06), it does not hurt either, and there is no gap between training
// loss and accuracy (S-07).
func claims54(in *Input) []Finding {
	var all []Finding
	for _, p := range []string{"p1", "p2", "p3"} {
		all = append(all, clusters(in, p)...)
	}
	for _, p := range []string{"p1", "p2", "p3", "p4"} {
		all = append(all, likeness(in, "S-02", "Adam and M-SSD do about the same: variance "+
			"adaptation does not hurt (S-06)", p, adam, mSSD)...)
	}
	for _, p := range []string{"p1", "p3"} {
		all = append(all, signsLower(in, "S-03",
			"methods that use signs reach the lower training loss", p,
			"training loss at the end", trainLoss, false)...)
	}
	all = append(all, signsLower(in, "S-04", "methods that use signs are faster early on", "p2",
		"training loss at a quarter of the budget", lossAt(0.25), false)...)
	all = append(all, signsLower(in, "S-04", "methods that do not use signs end lower", "p2",
		"training loss at the end", trainLoss, true)...)
	all = append(all, signsLower(in, "S-05", "methods that do not use signs do better", "p4",
		"training loss at the end", trainLoss, true)...)
	for _, p := range []string{"p1", "p2"} {
		all = append(all, harmless(in, "S-06", "variance adaptation does not hurt: M-SVAG is not "+
			"worse than M-SGD", p, mSVAG, mSGD)...)
	}
	const clear = "M-SVAG is clearly better than M-SGD, by a point or more"
	const lower = " has a much lower training loss than M-SGD, less than half"
	const worse = "M-SGD has the higher test accuracy all the same, against "
	return append(all, judge(in, []comparison{
		{
			"S-06", clear + ", and has no gap as signs have (S-07)", mSVAG, mSGD, "p3",
			testAccuracy, true, endAccuracy, clearly, 0,
		},
		{"S-06", clear, mSVAG, mSGD, "p4", testAccuracy, true, endAccuracy, clearly, 0},
		{"S-07", adam + lower, adam, mSGD, "p3", logTrainLoss, false, endLogLoss, much, 0},
		{"S-07", worse + adam, mSGD, adam, "p3", testAccuracy, true, endAccuracy, 0, 0},
		{"S-07", mSSD + lower, mSSD, mSGD, "p3", logTrainLoss, false, endLogLoss, much, 0},
		{"S-07", worse + mSSD, mSGD, mSSD, "p3", testAccuracy, true, endAccuracy, 0, 0},
	})...)
}
