package reproduce

import (
	"fmt"
	"math"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// The methods of Sec. 4.4.4, by their names in plans.
const (
	cabs       = "CABS"
	competitor = "competitor"
	batch32    = "m = 32"
	batch128   = "m = 128"
	batch512   = "m = 512"
)

var chapter4Methods = []string{cabs, competitor, batch32, batch128, batch512}

// chapter4Problems are those of Sec. 4.4.4.
var chapter4Problems = []string{"mnist", "svhn", "cifar10", "cifar100"}

// chapter4Steps are the step sizes that are tuned; Fig. 4.3 shows all but the first.
var chapter4Steps = []float64{0.3, 0.1, 0.06, 0.03, 0.01, 0.006}

// The reduced size runs the MNIST network on few examples.
const reducedExamples = 19_200

// chapter4 makes the plans that compare rules for the batch size: one for each problem.
func chapter4(size Size) []protocol.Plan {
	no := false
	var plans []protocol.Plan
	for _, p := range chapter4Problems {
		plan := protocol.Plan{
			Name:        "fig-4.2-" + p,
			Description: "adaptive and constant batch sizes on " + p,
			Problems:    []protocol.ProblemEntry{{Problem: "cabs-" + p, Name: p}},
			Replicates:  10, Evaluations: 40, OneShot: &no, Selection: protocol.TestPart, Report: protocol.Best,
			Tuning: protocol.Tuning{TieSeeds: -1},
		}
		steps := map[string][]float64{protocol.StepSize: chapter4Steps}
		both := map[string][]float64{protocol.StepSize: chapter4Steps, "theta": {0.6, 0.8, 1}}
		if size == Reduced {
			plan.Name += "-reduced"
			plan.Problems[0].Budget = reducedExamples
			plan.Replicates, plan.Evaluations = 1, 4
			both["theta"] = []float64{0.8}
		}
		plan.Optimizers = []protocol.OptimizerEntry{
			{Optimizer: "cabs", Name: cabs, Sweep: steps},
			{Optimizer: "competitor", Name: competitor, Sweep: both},
			{Optimizer: "sgd", Name: batch32, BatchSize: 32, Sweep: steps},
			{Optimizer: "sgd", Name: batch128, BatchSize: 128, Sweep: steps},
			{Optimizer: "sgd", Name: batch512, BatchSize: 512, Sweep: steps},
		}
		plans = append(plans, plan)
		if size == Reduced {
			return plans
		}
	}
	return plans
}

var chapter4Departs = map[Size][]string{
	Full: {
		"budgets, starting points and factors of weight decay, which the thesis leaves out, are ours or those of its published code",
		"the best setting is repeated under ten seeds; the thesis shows one run",
		"the variance is exact; the thesis' code leaves out terms of convolutions",
	},
	Reduced: {
		fmt.Sprintf("MNIST alone, for %d examples, a third of an epoch", reducedExamples),
		"one reporting seed, and θ = 0.8 alone for the competitor",
		"the variance is exact; the thesis' code leaves out terms of convolutions",
	},
}

// batchGrows judges that CABS' batch size is larger in the last quarter of a run than in the first, from the traces.
func batchGrows(in *Input) []Finding {
	var findings []Finding
	for i := range in.Done {
		d := &in.Done[i]
		for _, p := range d.Plan.Problems {
			cell := d.Cell(p.Name, cabs)
			if cell == nil {
				continue
			}
			var early, late []float64
			for _, r := range append(append([]*results.Record(nil), cell.Runs...), cell.Tuning...) {
				if r.End.Status != results.OK || r.Trace == nil || len(r.Trace.Seen) < 8 {
					continue
				}
				var first, last []float64
				for k, seen := range r.Trace.Seen {
					m := float64(r.Trace.BatchSize[k])
					switch share := float64(seen) / float64(r.Run.Budget); {
					case share <= 0.25:
						first = append(first, m)
					case share >= 0.75:
						last = append(last, m)
					}
				}
				if len(first) > 0 && len(last) > 0 {
					early, late = append(early, stats.Mean(first)), append(late, stats.Mean(last))
				}
			}
			if len(early) > 1 {
				f := better("", "CABS' batch size grows over a run", p.Name+", mean batch size of the last quarter less that of the first", late, early, true)
				f.Note = "over the runs of all step sizes"
				findings = append(findings, f)
			}
		}
	}
	return findings
}

// spreadOverSteps is the standard deviation, over the step sizes of Fig. 4.3, of the logarithm of the training loss at the
// end of the tuning runs.
func spreadOverSteps(c *results.Cell) float64 {
	best := map[float64]float64{} // by step size: the competitor has several θ, the best counts
	for _, r := range c.Tuning {
		α, loss := r.Run.Optimizer.Setting[protocol.StepSize], trainLoss(r)
		if α == chapter4Steps[0] || !(loss > 0) {
			continue
		}
		if old, ok := best[α]; !ok || loss < old {
			best[α] = loss
		}
	}
	var logs []float64
	for _, α := range chapter4Steps {
		if loss, ok := best[α]; ok {
			logs = append(logs, math.Log(loss))
		}
	}
	return stats.Std(logs)
}

// robust judges that CABS' training loss depends less on the step size than that of each other method.
func robust(in *Input) []Finding {
	var findings []Finding
	for i := range in.Done {
		d := &in.Done[i]
		for _, p := range d.Plan.Problems {
			own := d.Cell(p.Name, cabs)
			if own == nil {
				continue
			}
			for _, other := range chapter4Methods[1:] {
				theirs := d.Cell(p.Name, other)
				if theirs == nil {
					continue
				}
				a, b := spreadOverSteps(own), spreadOverSteps(theirs)
				findings = append(findings, holds("", "CABS' training loss depends less on the step size than with "+other, p.Name, a < b,
					fmt.Sprintf("standard deviation of its logarithm over step sizes: %.3g against %.3g, one run each", a, b)))
			}
		}
	}
	return findings
}

// beats judges that CABS ends better than each other method.
func beats(in *Input) []Finding {
	var findings []Finding
	for i := range in.Done {
		d := &in.Done[i]
		for _, p := range d.Plan.Problems {
			if d.Plan.Replicates < 5 {
				continue // no test can tell
			}
			for _, other := range chapter4Methods[1:] {
				x, y := paired(d.Cell(p.Name, cabs), d.Cell(p.Name, other), testAccuracy)
				if p.Name == "mnist" && (other == batch32 || other == competitor) {
					findings = append(findings, better("", other+" beats CABS", strings.ToUpper(p.Name)+", test accuracy at the end", y, x, true))
					continue
				}
				findings = append(findings, better("", "CABS beats "+other, strings.ToUpper(p.Name)+", test accuracy at the end", x, y, true))
			}
		}
	}
	return findings
}
