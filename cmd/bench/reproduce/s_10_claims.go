package reproduce

import (
	"fmt"
	"math"

	"noisebench/results"
	"noisebench/results/stats"
)

// levels10 judges that constant batch sizes end on the plateau of Thm. 3.1: the fixed point of
// E[f] ← (1−α)² E[f] + ½ α² C₀/m with C₀ = tr Σ. Within a tenth of it counts as on it.
func levels10(d *Done) []Finding {
	const text = "SGD settles at αC₀/(2m(2−αh)), in proportion to α/m"
	var findings []Finding
	for _, c := range []struct {
		α float64
		m int
	}{{α10, 16}, {2 * α10, 16}, {α10, 32}} {
		want := c.α * dim10 / (2 * float64(c.m) * (2 - c.α))
		var levels []float64 // mean over the second half of each run
		for _, r := range d.Cell(d.Plan.Problems[0].Name, name10(c.α, c.m)).Runs {
			var late []float64
			for _, p := range r.Points[len(r.Points)/2:] {
				late = append(late, float64(p.Train.Loss))
			}
			levels = append(levels, stats.Mean(late))
		}
		on := name10(c.α, c.m) + ", mean loss over the second half"
		findings = append(findings, around("S-10", text, on, levels, want, 0.1*want))
	}
	return findings
}

// removes10 judges that CABS ends below every constant batch size, as it is by default and without
// a limit to its batch size, at both budgets, and that its limit plays no part: the thesis says
// that it is never reached.
func removes10(in *Input) []Finding {
	var findings []Finding
	for i := range in.Done {
		d := &in.Done[i]
		problem := d.Plan.Problems[0].Name
		for _, name := range []string{cabs, lifted10} {
			for _, m := range batches10 {
				own, other := d.Cell(problem, name), d.Cell(problem, name10(α10, m))
				x, y := paired(own, other, trainLoss)
				text := fmt.Sprintf("CABS ends below a constant m = %d", m)
				on := fmt.Sprintf("%s, %s, %s", problem, name, endLoss)
				f := better("S-10", text, on, x, y, false)
				f.Note = fmt.Sprintf("%.2g against %.2g", stats.Mean(x), stats.Mean(y))
				findings = append(findings, f)
			}
		}
		findings = append(findings, unlimited10(d.Cell(problem, cabs), problem))
	}
	return findings
}

// unlimited10 judges from the trace that CABS never reaches its upper limit.
func unlimited10(c *results.Cell, problem string) Finding {
	most, shares := limit10(c)
	limit := c.Setting["max_batch_size"]
	note := fmt.Sprintf("greatest batch size %d of %g at most; of the last quarter of steps, %.0f "+
		"%% at the limit",
		most, limit, 100*stats.Mean(shares))
	return measured("S-10", "CABS never reaches the upper limit of its batch size",
		problem+", traced steps",
		float64(most) < limit, note)
}

// inverse10 judges Thm. 5.1's O(1/t) of idealised SVAG: t·E[f] does not grow, so that from a
// quarter of the steps to all of them the loss falls to a quarter or less. The claim is about the
// mean over seeds of late − early/4, which counts as no more than 0 within a tenth of it.
func inverse10(d *Done) Finding {
	var excess, early []float64
	for _, r := range d.Cell(d.Plan.Problems[0].Name, ideal10).Runs {
		first := float64(r.Points[marks10/4].Train.Loss) / 4
		early = append(early, first)
		excess = append(excess, first-float64(r.Points[marks10].Train.Loss))
	}
	zero := make([]float64, len(excess))
	f := notWorse("S-10", "idealised SVAG converges like 1/t",
		"loss at a quarter of the steps, divided by 4, less that at the end",
		excess, zero, 0.1*stats.Mean(early))
	f.Note += fmt.Sprintf("; the mean loss falls to %.2f of what it was, 1/t gives 0.25",
		(stats.Mean(early)-stats.Mean(excess))/(4*math.Abs(stats.Mean(early))))
	return f
}
