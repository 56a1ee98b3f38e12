package reproduce

import (
	"fmt"
	"strings"

	"noisebench/results"
	"noisebench/results/stats"
)

// batchGrows judges that CABS' batch size is larger in the last quarter of a run than in the first,
// from the traces of the optimizer of a name; about names what the claim is about.
func batchGrows(
	in *Input, optimizer string, about func(problem string, runs []*results.Record) string,
) []Finding {
	const text = "CABS' batch size grows over a run"
	const on = ", mean batch size of the last quarter less that of the first"
	var findings []Finding
	eachProblem(in, func(d *Done, p string) {
		cell := d.Cell(p, optimizer)
		if cell == nil {
			return
		}
		var early, late []float64
		for _, r := range cell.Runs {
			first, last := batchSizes(r, 0, 0.25), batchSizes(r, 0.75, 1)
			if r.End.Status == results.OK && len(first) > 0 && len(last) > 0 {
				early, late = append(early, stats.Mean(first)), append(late, stats.Mean(last))
			}
		}
		findings = append(findings,
			better("", text, about(p, cell.Runs)+", "+optimizer+on, late, early, true))
	})
	return findings
}

// upperLimit is the greatest batch size of a cell's runs, the optimizer's upper limit, and of each
// run the share of the traced steps in the last quarter of the budget that are at the limit. The
// step that spends the rest of the budget has a batch of what is left, and does not count.
func upperLimit(c *results.Cell) (most int, limit float64, shares []float64) {
	for _, r := range c.Runs {
		limit = r.Run.Optimizer.Setting["max_batch_size"]
		most = max(most, r.End.MaxBatch)
		late := batchSizes(r, 0.75, 0.9999)
		at := 0.0
		for _, m := range late {
			if m >= limit {
				at++
			}
		}
		if len(late) > 0 {
			shares = append(shares, at/float64(len(late)))
		}
	}
	return most, limit, shares
}

// unlimited judges that CABS never reaches its upper limit, as the thesis says.
func unlimited(c *results.Cell, claim, on string) Finding {
	most, limit, shares := upperLimit(c)
	note := fmt.Sprintf("greatest batch size %d of %g at most; of the last quarter of traced "+
		"steps, %.0f %% at the limit",
		most, limit, 100*stats.Mean(shares))
	return measured(claim, "CABS never reaches the upper limit of its batch size", on+", all steps",
		float64(most) < limit, note)
}

// batchSizes are those of the traced steps of a run between two shares of its budget.
func batchSizes(r *results.Record, from, to float64) (sizes []float64) {
	if r.Trace == nil {
		return nil
	}
	for k, seen := range r.Trace.Seen {
		if share := float64(seen) / float64(r.Run.Budget); from <= share && share <= to {
			sizes = append(sizes, float64(r.Trace.BatchSize[k]))
		}
	}
	return sizes
}

// gains42 are the leads in test accuracy over the best other method that the thesis has for CABS.
// It shows one run of each; half the lead has to be there.
var gains42 = map[string]float64{"cifar10": 0.004, "cifar100": 0.014}

// beats judges what Fig. 4.2 is about: outside of MNIST, CABS ends with the lowest training loss
// and the highest test accuracy; on MNIST two others are ahead of it.
func beats(in *Input) []Finding {
	var findings []Finding
	eachProblem(in, func(d *Done, p string) {
		against := func(
			other, text, what string, value func(*results.Record) float64, higher bool,
			least float64,
		) {
			own := d.Cell(p, cabs)
			if own == nil {
				return
			}
			x, y := paired(own, d.Cell(p, other), value)
			on := length4(p, own.Runs) + ", " + what
			if p == "mnist" {
				x, y = y, x
			}
			findings = append(findings, betterBy("", text, on, x, y, higher, least))
		}
		if p == "mnist" {
			for _, other := range []string{batch32, competitor} {
				text := other + " beats CABS"
				against(other, text, endLoss, trainLoss, false, 0)
				against(other, text, endAccuracy, testAccuracy, true, 0)
			}
			return
		}
		for _, other := range chapter4Methods[1:] {
			against(other, "CABS reaches the lowest training loss, below "+other, endLoss,
				trainLoss, false, 0)
		}
		gain := gains42[p]
		text := "CABS reaches the highest test accuracy, above "
		if gain > 0 {
			text = fmt.Sprintf("CABS leads in test accuracy, by %.1f points in the thesis, over ",
				100*gain)
		}
		for _, other := range chapter4Methods[1:] {
			against(other, text+other, endAccuracy, testAccuracy, true, gain/2)
		}
	})
	return findings
}

// length4 names a problem and the number of examples that its runs see, for which verdicts hold.
func length4(problem string, runs []*results.Record) string {
	name := strings.ToUpper(problem)
	if len(runs) == 0 {
		return name
	}
	return fmt.Sprintf("%s, %d examples", name, runs[0].Run.Budget)
}

// eachProblem calls f for each problem of the plans that were run.
func eachProblem(in *Input, f func(d *Done, problem string)) {
	for i := range in.Done {
		for _, p := range in.Done[i].Plan.Problems {
			f(&in.Done[i], p.Name)
		}
	}
}
