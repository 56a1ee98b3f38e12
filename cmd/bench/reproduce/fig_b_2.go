package reproduce

import "noisebench/protocol"

// figB2 adds the variants that the main experiment leaves out (Balles 2021, App. B.3.3).
var figB2 = Item{
	Name:  "fig-b.2",
	Title: "SVAG and Adam* beside M-SGD, M-SSD, Adam and M-SVAG on P2 and P3",
	Sizes: []Size{Reduced, Full},
	Time:  map[Size]string{Reduced: "25 min, less after fig-5.4", Full: "weeks"},
	Departs: chapter5Departs("the thesis does not list the step sizes explored for SVAG and Adam*: those of M-SVAG and of M-SSD are, " +
		"and at the reduced size the ones found best for these"),
	Plans: func(size Size) []protocol.Plan {
		return chapter5("fig-b.2", size, []string{"p2", "p3"}, []string{mSGD, mSSD, adam, mSVAG, svag, adamSS})
	},
	Draw: drawCurves,
	Claims: func(in *Input) []Finding {
		all := judge(in, []comparison{
			{"S-08", "SVAG is better than M-SVAG", svag, mSVAG, "p2", testAccuracy, true, "test accuracy"},
			{"S-08", "SVAG is slightly worse than M-SVAG", mSVAG, svag, "p3", testAccuracy, true, "test accuracy"},
			{"S-08", "Adam* has a lower training loss than Adam", adamSS, adam, "p2", trainLoss, false, "training loss"},
			// The claim about P2, asked of P1, which is what the reduced size runs.
			{"S-08", "SVAG is better than M-SVAG (claimed for P2)", svag, mSVAG, "p1", testAccuracy, true, "test accuracy"},
			{"S-08", "Adam* has a lower training loss than Adam (claimed for P2)", adamSS, adam, "p1", trainLoss, false, "training loss"},
		})
		return append(all, likeness(in, "S-08", "Adam* and Adam do about the same", "p3", adamSS, adam)...)
	},
}
