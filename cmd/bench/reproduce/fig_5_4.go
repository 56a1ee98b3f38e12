package reproduce

import "noisebench/protocol"

// fig54 is the main experiment on sign and variance adaptation (Balles 2021, Sec. 5.6).
var fig54 = Item{
	Name:    "fig-5.4",
	Title:   "M-SGD, M-SSD, Adam and M-SVAG on P1 to P4",
	Sizes:   []Size{Reduced, Full},
	Time:    map[Size]string{Reduced: "15 min", Full: "P1 a day, P2 to P4 weeks"},
	Departs: chapter5Departs(),
	Plans: func(size Size) []protocol.Plan {
		return chapter5("fig-5.4", size, []string{"p1", "p2", "p3", "p4"}, []string{mSGD, mSSD, adam, mSVAG})
	},
	Draw:   drawCurves,
	Claims: claims54,
}

func claims54(in *Input) []Finding {
	var all []Finding
	for _, p := range []string{"p1", "p2", "p3"} {
		all = append(all, clusters(in, p)...)
	}
	for _, p := range []string{"p1", "p2", "p3", "p4"} {
		all = append(all, likeness(in, "S-02", "Adam and M-SSD do about the same", p, adam, mSSD)...)
	}
	for _, p := range []string{"p1", "p3"} {
		all = append(all, signsLower(in, "S-03", "methods that use signs reach the lower training loss", p,
			"training loss at the end", trainLoss, false)...)
	}
	all = append(all, signsLower(in, "S-04", "methods that use signs are faster early on", "p2",
		"training loss at a quarter of the budget", lossAt(0.25), false)...)
	all = append(all, signsLower(in, "S-04", "methods that do not use signs end lower", "p2",
		"training loss at the end", trainLoss, true)...)
	all = append(all, signsLower(in, "S-05", "methods that do not use signs do better", "p4",
		"training loss at the end", trainLoss, true)...)
	for _, p := range []string{"p1", "p2", "p3", "p4"} {
		all = append(all, notWorse(in, "S-06", "variance adaptation does not hurt: Adam is not worse than M-SSD", p, adam, mSSD)...)
		all = append(all, notWorse(in, "S-06", "variance adaptation does not hurt: M-SVAG is not worse than M-SGD", p, mSVAG, mSGD)...)
	}
	return append(all, judge(in, []comparison{
		{"S-06", "M-SVAG is clearly better than M-SGD", mSVAG, mSGD, "p3", testAccuracy, true, "test accuracy"},
		{"S-06", "M-SVAG is clearly better than M-SGD", mSVAG, mSGD, "p4", testAccuracy, true, "test accuracy"},
		{"S-07", "Adam has a much lower training loss than M-SGD", adam, mSGD, "p3", trainLoss, false, "training loss"},
		{"S-07", "and a lower test accuracy", mSGD, adam, "p3", testAccuracy, true, "test accuracy"},
		{"S-07", "M-SSD has a much lower training loss than M-SGD", mSSD, mSGD, "p3", trainLoss, false, "training loss"},
		{"S-07", "and a lower test accuracy", mSGD, mSSD, "p3", testAccuracy, true, "test accuracy"},
		{"S-07", "M-SVAG has no such gap: its test accuracy is above M-SGD's", mSVAG, mSGD, "p3", testAccuracy, true, "test accuracy"},
	})...)
}
