package reproduce

import (
	"fmt"
	"maps"

	"noisebench/protocol"
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

// The reduced size runs the MNIST network on few examples, with few evaluations, which cost as much
// as 4000 examples each.
const (
	reducedExamples    = 19_200
	reducedEvaluations = 4
)

// chapter4 makes the plans that compare rules for the batch size: one for each problem.
func chapter4(size Size) []protocol.Plan {
	no := false
	var plans []protocol.Plan
	for _, p := range chapter4Problems {
		plan := protocol.Plan{
			Name:        "fig-4.2-" + p,
			Description: "adaptive and constant batch sizes on " + p,
			Problems: []protocol.ProblemEntry{{
				Problem: "cabs-" + p, Name: p,
				With: allPublished,
			}},
			Replicates: 10, Evaluations: evaluations4, OneShot: &no, Selection: protocol.TestPart,
			Report: protocol.Best,
			Tuning: protocol.Tuning{TieSeeds: -1},
		}
		steps := map[string][]float64{protocol.StepSize: chapter4Steps}
		both := map[string][]float64{protocol.StepSize: chapter4Steps, "theta": {0.6, 0.8, 1}}
		if size == Reduced {
			plan.Name += "-reduced"
			plan.Problems[0].Budget = reducedExamples
			plan.Evaluations = reducedEvaluations
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

// seeds43 are the seeds under which the sweeps of Fig. 4.3 are repeated: the first is that of Fig.
// 4.2. With nine or more the sign-flip test can confirm one of the figure's 16 claims after the
// correction for them: 16/2⁹ ≤ 0.05.
const seeds43 = 10

// chapter43 makes the plans of Fig. 4.3: those of Fig. 4.2, and under further tuning seeds the
// sweeps over the step sizes that it shows, of which no more than the end is looked at.
func chapter43(size Size) []protocol.Plan {
	plans := chapter4(size)
	for k := range uint64(seeds43 - 1) {
		for _, plan := range chapter4(size) {
			plan.Tuning.Seed = new(plan.Tuning.SweepSeed() + k + 1)
			plan.Name = fmt.Sprintf("%s-seed-%d", plan.Name, *plan.Tuning.Seed)
			plan.Replicates, plan.Evaluations = 1, 1
			for i := range plan.Optimizers {
				plan.Optimizers[i].Sweep = maps.Clone(plan.Optimizers[i].Sweep)
				plan.Optimizers[i].Sweep[protocol.StepSize] = chapter4Steps[1:]
			}
			plans = append(plans, plan)
		}
	}
	return plans
}

func chapter4Departs(more ...string) map[Size][]string {
	const evaluated = "runs are evaluated %d times; the thesis does not say how often"
	more = append(more,
		"budgets, starting points, factors of weight decay, parameters of the colour distortion, "+
			"and CABS' averaging and limits of the batch size, which the thesis leaves out, are "+
			"ours or those of its published code",
		"the competitor's θ is tuned together with its step size; the thesis says no more than "+
			"that the best of its three values is shown",
		"the variance is exact; the thesis' code leaves out terms of convolutions",
		"the last batch of a run is cut to what is left of the budget, so that all runs end at the "+
			"same number of examples; the losses of CABS and of the competitor may rise there",
		"the best setting is repeated under ten seeds; the thesis shows one run",
	)
	return map[Size][]string{
		Full: append(more[:len(more):len(more)], fmt.Sprintf(evaluated, evaluations4)),
		Reduced: append(more[:len(more):len(more)], fmt.Sprintf(evaluated, reducedEvaluations),
			fmt.Sprintf("MNIST alone, for %d examples, a third of an epoch: the verdicts are about "+
				"runs of this length", reducedExamples),
			"θ = 0.8 alone for the competitor"),
	}
}

// Evaluation of whole networks costs as much as training does at forty marks.
const evaluations4 = 12
