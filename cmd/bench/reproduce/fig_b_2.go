package reproduce

import (
	"math"

	"noisebench/protocol"
	"noisebench/results"
)

var problemsB2 = []string{"p2", "p3"}

// figB2 adds the variants that the main experiment leaves out (Balles 2021, App. B.3.3).
var figB2 = Item{
	Name:  "fig-b.2",
	Title: "SVAG and Adam* beside M-SGD, M-SSD, Adam and M-SVAG on P2 and P3",
	Time:  map[Size]string{Full: "weeks"},
	Departs: chapter5Departs(problemsB2, "the thesis does not list the step sizes explored for "+
		"SVAG and Adam*: those of M-SVAG and of M-SSD are"),
	Plans: func(size Size) []protocol.Plan {
		return chapter5("fig-b.2", size, problemsB2, []string{
			mSGD, mSSD, adam, mSVAG, svag,
			adamSS,
		})
	},
	Draw: drawCurves,
	Claims: func(in *Input) []Finding {
		all := judge(in, []comparison{
			{
				"S-08", "SVAG is better than M-SVAG", svag, mSVAG, "p2", testAccuracy, true,
				endAccuracy, 0, 0,
			},
			{
				"S-08", "SVAG is slightly worse than M-SVAG, by less than a point", mSVAG, svag,
				"p3", testAccuracy, true, endAccuracy, 0, slightly,
			},
			{
				"S-08", "SVAG is faster than M-SVAG early on", svag, mSVAG, "p3", lossAt(0.25),
				false, earlyLoss, 0, 0,
			},
			{
				"S-08",
				"then SVAG is on a plateau: from half of the budget on it gains less than M-SVAG",
				mSVAG, svag, "p3", lateGain, true, "fall of the logarithm of the training loss", 0,
				0,
			},
			{
				"S-08", "Adam* has a lower training loss than Adam", adamSS, adam, "p2", trainLoss,
				false, endLoss, 0, 0,
			},
		})
		return append(all, likeness(in, "S-08", "Adam* and Adam do about the same", "p3", adamSS,
			adam)...)
	},
}

// lateGain is by how much the logarithm of the training loss falls over the second half of a run.
func lateGain(r *results.Record) float64 { return math.Log(lossAt(0.5)(r) / trainLoss(r)) }
