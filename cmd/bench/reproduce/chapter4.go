package reproduce

import (
	"fmt"
	"maps"
	"math"
	"slices"
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
			Problems:    []protocol.ProblemEntry{{Problem: "cabs-" + p, Name: p, With: allPublished}},
			Replicates:  10, Evaluations: evaluations4, OneShot: &no, Selection: protocol.TestPart, Report: protocol.Best,
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

// seeds43 are the seeds under which the sweeps of Fig. 4.3 are repeated: the first is that of Fig. 4.2.
const seeds43 = 5

// chapter43 makes the plans of Fig. 4.3: those of Fig. 4.2 under several tuning seeds.
func chapter43(size Size) []protocol.Plan {
	n := uint64(seeds43)
	if size == Reduced {
		n = 1
	}
	var plans []protocol.Plan
	for k := range n {
		for _, plan := range chapter4(size) {
			if k > 0 {
				plan.Tuning.Seed = new(plan.Tuning.SweepSeed() + k)
				plan.Name = fmt.Sprintf("%s-seed-%d", plan.Name, *plan.Tuning.Seed)
				plan.Replicates = 1
			}
			plans = append(plans, plan)
		}
	}
	return plans
}

func chapter4Departs(more ...string) map[Size][]string {
	more = append(more,
		"budgets, starting points and factors of weight decay, which the thesis leaves out, are ours or "+
			"those of its published code",
		"the competitor's θ is tuned with its step size, so that it has three times the runs",
		"the variance is exact; the thesis' code leaves out terms of convolutions",
		fmt.Sprintf("runs are evaluated %d times; the thesis does not say how often", evaluations4),
	)
	return map[Size][]string{
		Full: append(more[:len(more):len(more)],
			"the best setting is repeated under ten seeds; the thesis shows one run"),
		Reduced: append(more[:len(more):len(more)],
			fmt.Sprintf("MNIST alone, for %d examples, a third of an epoch", reducedExamples),
			"one reporting seed, and θ = 0.8 alone for the competitor"),
	}
}

// Evaluation of whole networks costs as much as training does at forty marks.
const evaluations4 = 12

// batchGrows judges that CABS' batch size is larger in the last quarter of a run than in the first,
// from the traces of the optimizer of a name.
func batchGrows(in *Input, optimizer string) []Finding {
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
		findings = append(findings, better("", text, p+", "+optimizer+on, late, early, true))
	})
	return findings
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

// spreadOverSteps is the standard deviation over the step sizes of Fig. 4.3 of the logarithm of the
// training loss at the end of the tuning runs. Of the competitor's runs with one step size, that of the
// best θ counts.
func spreadOverSteps(c *results.Cell) float64 {
	best := map[float64]float64{}
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
	const text = "CABS' training loss depends less on the step size than with "
	const on = ", standard deviation of its logarithm over step sizes, by seed"
	spreads := map[string]map[string][]float64{} // by problem and method, one for each seed
	eachProblem(in, func(d *Done, p string) {
		if spreads[p] == nil {
			spreads[p] = map[string][]float64{}
		}
		for _, method := range chapter4Methods {
			if cell := d.Cell(p, method); cell != nil {
				spreads[p][method] = append(spreads[p][method], spreadOverSteps(cell))
			}
		}
	})
	var findings []Finding
	for _, p := range slices.Sorted(maps.Keys(spreads)) {
		for _, other := range chapter4Methods[1:] {
			x, y := spreads[p][cabs], spreads[p][other]
			findings = append(findings, better("", text+other, p+on, x, y, false))
		}
	}
	return findings
}

// gains42 are the leads in test accuracy over the best other method that the thesis has for CABS. It
// shows one run of each; half the lead has to be there.
var gains42 = map[string]float64{"cifar10": 0.004, "cifar100": 0.014}

// beats judges what Fig. 4.2 is about: outside of MNIST, CABS ends with the lowest training loss and
// the highest test accuracy; on MNIST two others are ahead.
func beats(in *Input) []Finding {
	var findings []Finding
	eachProblem(in, func(d *Done, p string) {
		against := func(
			other, text, on string, value func(*results.Record) float64, higher bool, least float64,
		) {
			x, y := paired(d.Cell(p, cabs), d.Cell(p, other), value)
			findings = append(findings, betterBy("", text, strings.ToUpper(p)+", "+on, x, y, higher, least))
		}
		if p == "mnist" {
			for _, other := range []string{batch32, competitor} {
				x, y := paired(d.Cell(p, cabs), d.Cell(p, other), testAccuracy)
				on := "MNIST, " + endAccuracy
				findings = append(findings, better("", other+" beats CABS", on, y, x, true))
			}
			return
		}
		for _, other := range chapter4Methods[1:] {
			against(other, "CABS reaches the lowest training loss, below "+other, endLoss, trainLoss, false, 0)
		}
		gain := gains42[p]
		text := "CABS reaches the highest test accuracy, above "
		if gain > 0 {
			text = fmt.Sprintf("CABS leads in test accuracy, by %.1f points in the thesis, over ", 100*gain)
		}
		for _, other := range chapter4Methods[1:] {
			against(other, text+other, endAccuracy, testAccuracy, true, gain/2)
		}
	})
	return findings
}

// eachProblem calls f for each problem of the plans that were run.
func eachProblem(in *Input, f func(d *Done, problem string)) {
	for i := range in.Done {
		for _, p := range in.Done[i].Plan.Problems {
			f(&in.Done[i], p.Name)
		}
	}
}
