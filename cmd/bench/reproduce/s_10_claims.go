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

// settled10 is the share of the budget at which losses are compared: the last mark before the end.
// Up to there batches are whole. The last batch of a run is cut to what is left of the budget, and
// a step with r examples adds α²C₀/(2r) to the expected loss: a few examples lift it to many times
// the level of a run, and decide the mean over seeds. The theory has no such batch.
const settled10 = (marks10 - 1.) / marks10

// logLoss10 is the logarithm of the training loss at a share of the budget. Levels are compared by
// their quotients: on a level the loss of a seed is distributed like χ² in proportion to it, and a
// mean of losses would be that of the few greatest.
func logLoss10(share float64) func(*results.Record) float64 {
	return func(r *results.Record) float64 { return math.Log(lossAt(share)(r)) }
}

// removes10 judges that CABS' loss keeps falling, and is below that of every constant batch size,
// with CABS as it is by default and without a limit to its batch size, at both budgets; and that
// its limit plays no part: the thesis says that it is never reached.
func removes10(in *Input) []Finding {
	var findings []Finding
	for i := range in.Done {
		d := &in.Done[i]
		problem := d.Plan.Problems[0].Name
		for _, name := range []string{cabs, lifted10} {
			own := d.Cell(problem, name)
			findings = append(findings, falls10(own, problem+", "+name))
			for _, m := range batches10 {
				other := d.Cell(problem, name10(α10, m))
				x, y := paired(own, other, logLoss10(settled10))
				text := fmt.Sprintf("CABS ends below a constant m = %d", m)
				on := fmt.Sprintf("%s, %s, logarithm of the training loss before the last batch, "+
					"which is cut", problem, name)
				f := better("S-10", text, on, x, y, false)
				atEnd, otherAtEnd := paired(own, other, trainLoss)
				f.Note = fmt.Sprintf("%.2g against %.2g (geometric means); means after the last "+
					"batch %.2g and %.2g",
					math.Exp(stats.Mean(x)), math.Exp(stats.Mean(y)), stats.Mean(atEnd),
					stats.Mean(otherAtEnd))
				findings = append(findings, f)
			}
		}
		findings = append(findings, unlimited(d.Cell(problem, cabs), "S-10", problem))
	}
	return findings
}

// falls10 judges that CABS has no plateau. With m = αC₀/f, E[f] ← ((1−αh)² + αh/2) f with every
// αC₀/f examples, so that the loss falls like 1/examples, while on a plateau it stays. Between the
// two, half of the fall of the logarithm has to be there.
func falls10(c *results.Cell, on string) Finding {
	const from = 0.25
	var early, late []float64
	for _, r := range c.Runs {
		early = append(early, logLoss10(from)(r))
		late = append(late, logLoss10(settled10)(r))
	}
	inTheory := math.Log(settled10 / from)
	f := betterBy("S-10", "CABS removes the plateau: its loss keeps falling",
		on+", fall of the logarithm of the training loss from a quarter of the budget on", early,
		late, true, inTheory/2)
	f.Note += ", half of what 1/examples gives; a plateau gives 0"
	return f
}

// inverse10 judges Thm. 5.1 about idealised SVAG in two ways. Its bound: Eq. B.12 is an equality
// here, E[e′] = (1 − γ)e = e/(1 + 2he/σ²) for the suboptimality e of a coordinate, α = 1/h and the
// variance σ² of the batch gradient. By Jensen's inequality 1/E[e] grows by 2h/σ² a step at least,
// so that E[f] ≤ dσ²/(2ht) after t steps. And its rate O(1/t), from a quarter of the steps on: the
// power of t by which the loss falls is above ¾, the middle between 1 and ½, which is the rate of
// SGD where there is no strong convexity.
func inverse10(d *Done) []Finding {
	const from, m = 0.25, 16
	var ends, bounds, powers, one []float64
	for _, r := range d.Cell(d.Plan.Problems[0].Name, ideal10).Runs {
		steps := float64(r.Run.Budget) / m
		ends, bounds = append(ends, trainLoss(r)), append(bounds, dim10/(2*m*steps))
		fall := logLoss10(from)(r) - logLoss10(1)(r)
		powers, one = append(powers, fall/math.Log(1/from)), append(one, 1)
	}
	bounded := better("S-10", "idealised SVAG is below the bound of Thm. 5.1, dσ²/(2t)",
		"training loss at the end", ends, bounds, false)
	bounded.Note = fmt.Sprintf("%.3g, bound %.3g", stats.Mean(ends), stats.Mean(bounds))
	rate := notWorse("S-10", "idealised SVAG converges like 1/t",
		"power of t by which the training loss falls, from a quarter of the steps on, less 1",
		powers, one, 0.25)
	return []Finding{bounded, rate}
}
