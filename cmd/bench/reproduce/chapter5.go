package reproduce

import (
	"fmt"
	"slices"
	"strings"

	"noisebench/protocol"
)

// The optimizers of Sec. 5.6 and App. B, by their names in plans.
const (
	mSGD   = "M-SGD"
	mSSD   = "M-SSD"
	adam   = "Adam"
	mSVAG  = "M-SVAG"
	svag   = "SVAG"
	adamSS = "Adam*"
	svagMB = "M-SVAG (mb)"
)

// chapter5Optimizers lists the optimizer of each name, and the step sizes that are explored for it
// on P1 to P4 (Balles 2021, App. B.1.2, and for those of App. B.2 and B.3 the list of what they
// vary). The first is the one that the thesis found best on P1, where it can be read off.
var chapter5Optimizers = map[string]struct {
	optimizer string
	best      float64 // on P1
	steps     map[string][]float64
}{
	mSGD: {"m-sgd", 1e-1, map[string][]float64{
		"p1": {3, 1, 6e-1, 3e-1, 1e-1, 6e-2, 3e-2, 1e-2, 6e-3, 3e-3},
		"p2": {6e-1, 3e-1, 1e-1, 6e-2, 3e-2, 1e-2, 6e-3, 3e-3},
		"p3": {6, 3, 1, 6e-1, 3e-1, 1e-1, 6e-2, 3e-2, 1e-2},
		"p4": {10, 6, 3, 1, 6e-1, 3e-1, 1e-1, 6e-2},
	}},
	adam: {"adam", 1e-3, map[string][]float64{
		"p1": {3e-2, 1e-2, 6e-3, 3e-3, 1e-3, 6e-4, 3e-4, 1e-4},
		"p2": {6e-3, 3e-3, 1e-3, 6e-4, 3e-4, 1e-4, 6e-5},
		"p3": {1e-2, 6e-3, 3e-3, 1e-3, 6e-4, 3e-4, 1e-4, 6e-5, 3e-5},
		"p4": {1e-2, 6e-3, 3e-3, 1e-3, 6e-4, 3e-4, 1e-4, 6e-5},
	}},
	mSSD: {"m-sign-sgd", 3e-4, map[string][]float64{
		"p1": {1e-2, 6e-3, 3e-3, 1e-3, 6e-4, 3e-4, 1e-4},
		"p2": {6e-3, 3e-3, 1e-3, 6e-4, 3e-4, 1e-4, 6e-5, 3e-5},
		"p3": {1e-2, 6e-3, 3e-3, 1e-3, 6e-4, 3e-4, 1e-4, 6e-5, 3e-5},
		"p4": {1e-2, 6e-3, 3e-3, 1e-3, 6e-4, 3e-4, 1e-4, 6e-5},
	}},
	mSVAG: {"m-svag", 3e-1, map[string][]float64{
		"p1": {3, 1, 6e-1, 3e-1, 1e-1, 6e-2, 3e-2, 1e-2, 6e-3, 3e-3},
		"p2": {1, 6e-1, 3e-1, 1e-1, 6e-2, 3e-2, 1e-2, 6e-3},
		"p3": {6, 3, 1, 6e-1, 3e-1, 1e-1, 6e-2, 3e-2, 1e-2},
		"p4": {30, 10, 6, 3, 1, 6e-1, 3e-1, 1e-1},
	}},
	svag:   {"svag", 3e-1, nil},
	adamSS: {"adam-star", 3e-4, nil},
	svagMB: {"m-svag-mb", 3e-1, nil},
}

// chapter5Problems are P1 to P4.
var chapter5Problems = map[string]string{
	"p1": "p1-fashion-mnist", "p2": "p2-cifar10", "p3": "p3-cifar100", "p4": "p4-war-and-peace",
}

// allPublished has a network trained on all published examples, as in the thesis, which selects on
// the test part.
var allPublished = protocol.Setting{protocol.ValidationParameter: 0}

// exploredAs maps the optimizers for which App. B lists no step sizes to those whose lists are
// explored.
var exploredAs = map[string]string{svag: mSVAG, svagMB: mSVAG, adamSS: mSSD}

// The reduced size of P1: the first steps of a run under a few seeds, at the step sizes that the
// thesis found best.
const (
	reducedSteps = 300
	reducedSeeds = 6 // at five pairs the one-sided sign-flip test can reach 1/32
)

// chapter5 makes the plans that compare optimizers on problems: one for each problem, at full size
// as in the thesis.
func chapter5(item string, size Size, problems, optimizers []string) []protocol.Plan {
	no := false
	if size == Reduced {
		plan := protocol.Plan{
			Name: item + "-p1-reduced",
			Description: fmt.Sprintf("P1 of the thesis for %d steps at its step sizes",
				reducedSteps),
			Problems: []protocol.ProblemEntry{{
				Problem: chapter5Problems["p1"], Name: "p1", With: allPublished,
				Budget: reducedSteps * 64,
			}},
			Replicates: reducedSeeds, Evaluations: 3, OneShot: &no, Report: protocol.Final,
		}
		for _, name := range optimizers {
			o := chapter5Optimizers[name]
			plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{
				Optimizer: o.optimizer, Name: name,
				Set: protocol.Setting{protocol.StepSize: o.best},
			})
		}
		return []protocol.Plan{plan}
	}
	var plans []protocol.Plan
	for _, p := range problems {
		plan := protocol.Plan{
			Name:        item + "-" + p,
			Description: strings.ToUpper(p) + " of the thesis, tuned and replicated in its way",
			Problems: []protocol.ProblemEntry{{
				Problem: chapter5Problems[p], Name: p,
				With: allPublished,
			}},
			Replicates: 10, Evaluations: evaluations5, OneShot: &no, Selection: protocol.TestPart,
			Report: protocol.Best,
			Tuning: protocol.Tuning{TieSeeds: 10, TieSettings: 2},
		}
		for _, name := range optimizers {
			steps := chapter5Optimizers[name].steps
			if steps == nil {
				steps = chapter5Optimizers[exploredAs[name]].steps
			}
			plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{
				Optimizer: chapter5Optimizers[name].optimizer, Name: name,
				Sweep: map[string][]float64{protocol.StepSize: steps[p]},
			})
		}
		plans = append(plans, plan)
	}
	return plans
}

// evaluations5 is how often runs of full size are evaluated. At 40 marks P1 spends more time on
// evaluation than on training; claims are about a quarter, a half and the end of the budget.
const evaluations5 = 12

// departs5 lists how single problems of chapter 5 differ from the thesis, besides [unstated5].
var departs5 = map[string]string{
	"p3": "P3's batch normalization is evaluated with statistics of training examples taken at " +
		"the point itself, DeepOBS' with running averages",
	"p4": "P4 starts each sequence from the state 0, DeepOBS from the end of the sequence before",
}

const unstated5 = "factors of weight decay, dropout rates, padding and starting points of the " +
	"networks, which the thesis leaves out, are DeepOBS'"

const tied5 = "the thesis runs two step sizes ten times each where they are \"very close\" and " +
	"does not say what that is; here it is where they are equal for practical purposes"

// chapter5Departs lists how a comparison of chapter 5 on some problems differs from the thesis;
// more are further differences.
func chapter5Departs(problems []string, more ...string) map[Size][]string {
	reduced := append(slices.Clone(more), unstated5,
		fmt.Sprintf("P1 alone, for %d of its 6000 steps, under %d seeds in place of ten",
			reducedSteps, reducedSeeds),
		"step sizes are not tuned: they are those that the thesis found best on P1 over all 6000 "+
			"steps")
	full := append(slices.Clone(more), unstated5, tied5)
	for _, p := range problems {
		if d := departs5[p]; d != "" {
			full = append(full, d)
		}
	}
	return map[Size][]string{Reduced: reduced, Full: append(full, fmt.Sprintf(
		"runs are evaluated %d times on all of the test part and as much of the training part; "+
			"the thesis does not say how often", evaluations5))}
}
