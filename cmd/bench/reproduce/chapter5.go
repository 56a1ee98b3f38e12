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

// chapter5Optimizers lists the optimizer of each name, the step size that the thesis found best for
// it on P1, where it can be read off, and the step sizes that are explored for it on P1 to P4
// (Balles 2021, App. B.1.2).
var chapter5Optimizers = map[string]struct {
	optimizer string
	best      float64
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
	svag:   {"svag", 0, nil},
	adamSS: {"adam-star", 0, nil},
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

// chapter5 makes the plans that compare optimizers on problems: at full size one for each problem,
// as in the thesis; at the reduced size that of P1, with the step size that the thesis found best
// for each optimizer and those beside it.
func chapter5(item string, size Size, problems, optimizers []string) []protocol.Plan {
	no := false
	if size == Reduced {
		problems = []string{"p1"}
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
		if size == Reduced {
			plan.Name += "-reduced"
			plan.Evaluations, plan.Tuning = reducedEvaluations5, protocol.Tuning{TieSeeds: -1}
		}
		for _, name := range optimizers {
			o := chapter5Optimizers[name]
			steps := o.steps[p]
			if o.steps == nil {
				steps = chapter5Optimizers[exploredAs[name]].steps[p]
			}
			if size == Reduced {
				k := slices.Index(steps, o.best)
				steps = steps[k-1 : k+2]
			}
			plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{
				Optimizer: o.optimizer, Name: name,
				Sweep: map[string][]float64{protocol.StepSize: steps},
			})
		}
		plans = append(plans, plan)
	}
	return plans
}

// How often runs are evaluated. At 40 marks P1 spends more time on evaluation than on training;
// claims are about a quarter, a half and the end of the budget, and on P1 about the end alone.
const (
	evaluations5        = 12
	reducedEvaluations5 = 6
)

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
	const evaluated = "runs are evaluated %d times on all of the test part and as much of the " +
		"training part; the thesis does not say how often"
	reduced := append(slices.Clone(more), unstated5,
		"P1 alone, under ten seeds for all 6000 steps as in the thesis",
		"three step sizes each, the one that the thesis found best and those beside it: it "+
			"explored more of them, which did worse",
		"no second step size is replicated where two do about the same",
		fmt.Sprintf(evaluated, reducedEvaluations5))
	full := append(slices.Clone(more), unstated5, tied5)
	for _, p := range problems {
		if d := departs5[p]; d != "" {
			full = append(full, d)
		}
	}
	return map[Size][]string{
		Reduced: reduced, Full: append(full, fmt.Sprintf(evaluated, evaluations5)),
	}
}
