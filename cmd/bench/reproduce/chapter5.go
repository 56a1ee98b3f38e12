package reproduce

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
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

// chapter5Optimizers says what each of them is here, and which step sizes are explored for it on P1 to P4 (Balles 2021, App.
// B.1.2, and for those of App. B.2 and B.3 the list of what they vary). The first is the one that the thesis found best on
// P1, where it can be read off.
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

// allPublished has a network trained on all published examples, as in the thesis, which selects on the
// test part.
var allPublished = protocol.Setting{protocol.ValidationParameter: 0}

// exploredAs names, for the optimizers for which App. B lists no step sizes, whose list is explored.
var exploredAs = map[string]string{svag: mSVAG, svagMB: mSVAG, adamSS: mSSD}

// The reduced size of P1: the first steps of a run under a few seeds, at the step sizes that the thesis found best.
const (
	reducedSteps = 300
	reducedSeeds = 6 // at five pairs the one-sided sign-flip test can reach 1/32
)

// chapter5 makes the plans that compare optimizers on problems: one for each problem, in the thesis' way at full size.
func chapter5(item string, size Size, problems, optimizers []string) []protocol.Plan {
	no := false
	if size == Reduced {
		plan := protocol.Plan{
			Name:        item + "-p1-reduced",
			Description: fmt.Sprintf("P1 of the thesis for %d steps at its step sizes", reducedSteps),
			Problems: []protocol.ProblemEntry{{
				Problem: chapter5Problems["p1"], Name: "p1", With: allPublished, Budget: reducedSteps * 64,
			}},
			Replicates: reducedSeeds, Evaluations: 3, OneShot: &no, Report: protocol.Final,
		}
		for _, name := range optimizers {
			o := chapter5Optimizers[name]
			plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{
				Optimizer: o.optimizer, Name: name, Set: protocol.Setting{protocol.StepSize: o.best},
			})
		}
		return []protocol.Plan{plan}
	}
	var plans []protocol.Plan
	for _, p := range problems {
		plan := protocol.Plan{
			Name:        item + "-" + p,
			Description: strings.ToUpper(p) + " of the thesis, tuned and replicated in its way",
			Problems:    []protocol.ProblemEntry{{Problem: chapter5Problems[p], Name: p, With: allPublished}},
			Replicates:  10, Evaluations: evaluations5, OneShot: &no, Selection: protocol.TestPart, Report: protocol.Best,
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

// departs5 is what a problem of chapter 5 does not have from the thesis, beside [unstated5].
var departs5 = map[string]string{
	"p3": "P3's batch normalization is evaluated with statistics of training examples taken at the point " +
		"itself, DeepOBS' with running averages",
	"p4": "P4 starts each sequence from the state 0, DeepOBS from the end of the sequence before",
}

const unstated5 = "factors of weight decay, dropout rates, padding and starting points of the networks, which " +
	"the thesis leaves out, are DeepOBS'"

// chapter5Departs is what a comparison of chapter 5 on some problems departs in, and what it adds.
func chapter5Departs(problems []string, more ...string) map[Size][]string {
	reduced := append(slices.Clone(more), unstated5,
		fmt.Sprintf("P1 alone, for %d of its 6000 steps, under %d seeds in place of ten",
			reducedSteps, reducedSeeds),
		"step sizes are not tuned: they are those that the thesis found best on P1 over all 6000 steps")
	full := append(slices.Clone(more), unstated5)
	for _, p := range problems {
		if d := departs5[p]; d != "" {
			full = append(full, d)
		}
	}
	return map[Size][]string{Reduced: reduced, Full: append(full, fmt.Sprintf(
		"runs are evaluated %d times on all of the test part and as much of the training part; the "+
			"thesis does not say how often", evaluations5))}
}

// comparison is one pair of a claim about optimizers.
type comparison struct {
	claim, text string
	a, b        string // optimizers: a is claimed to be better
	problem     string
	value       func(*results.Record) float64
	higher      bool
	what        string  // the value, in words
	least       float64 // effect that the claim's words stand for; 0: any
}

// What strong words stand for, where the thesis does not say: a clear gain in accuracy is a point in
// the hundred, a much lower training loss less than half, whose logarithm is lower by log 2.
const (
	clearly = 0.01
	much    = math.Ln2
)

var (
	trainLoss    = lossAt(1)
	testAccuracy = final(protocol.TestPart)
)

// logTrainLoss is the logarithm of the training loss at the end, for claims about its factor.
func logTrainLoss(r *results.Record) float64 { return math.Log(trainLoss(r)) }

// The values of comparisons, in words.
const (
	endLoss     = "training loss at the end"
	endLogLoss  = "logarithm of the training loss at the end"
	endAccuracy = "test accuracy at the end"
	earlyLoss   = "training loss at a quarter of the budget"
)

// judge judges comparisons whose problem is among the plans that were run.
func judge(in *Input, all []comparison) []Finding {
	var findings []Finding
	for _, c := range all {
		for i := range in.Done {
			a, b := in.Done[i].Cell(c.problem, c.a), in.Done[i].Cell(c.problem, c.b)
			if a == nil || b == nil {
				continue
			}
			x, y := paired(a, b, c.value)
			on := strings.ToUpper(c.problem) + ", " + c.what
			findings = append(findings, betterBy(c.claim, c.text, on, x, y, c.higher, c.least))
		}
	}
	return findings
}

// likeness judges that two optimizers end with test accuracies that are equal for practical purposes.
func likeness(in *Input, claim, text, problem, a, b string) []Finding {
	return ends(in, claim, text, problem, a, b, same)
}

// harmless judges that a does not end with a test accuracy that is worse than b's.
func harmless(in *Input, claim, text, problem, a, b string) []Finding {
	return ends(in, claim, text, problem, a, b, notWorse)
}

func ends(
	in *Input, claim, text, problem, a, b string,
	judge func(claim, text, on string, x, y []float64, δ float64) Finding,
) []Finding {
	var findings []Finding
	for i := range in.Done {
		ca, cb := in.Done[i].Cell(problem, a), in.Done[i].Cell(problem, b)
		if ca == nil || cb == nil || len(ca.Runs) == 0 {
			continue
		}
		x, y := paired(ca, cb, testAccuracy)
		start := float64(ca.Runs[0].Points[0].Test.Metric)
		δ := results.Equivalence(&ca.Runs[0].Spec, protocol.TestPart, start, stats.Mean(x))
		on := strings.ToUpper(problem) + ", test accuracy at the end"
		findings = append(findings, judge(claim, text, on, x, y, δ))
	}
	return findings
}

// sides are, seed by seed, the means of the methods that use signs (Adam, M-SSD) and of those that do not (M-SGD, M-SVAG),
// and the larger of the distances within the two sides.
func sides(in *Input, problem string, value func(*results.Record) float64) (sign, plain, within []float64) {
	for i := range in.Done {
		d := &in.Done[i]
		a, s := paired(d.Cell(problem, adam), d.Cell(problem, mSSD), value)
		g, v := paired(d.Cell(problem, mSGD), d.Cell(problem, mSVAG), value)
		if len(a) == 0 || len(a) != len(g) {
			continue
		}
		for k := range a {
			sign, plain = append(sign, (a[k]+s[k])/2), append(plain, (g[k]+v[k])/2)
			within = append(within, max(math.Abs(a[k]-s[k]), math.Abs(g[k]-v[k])))
		}
	}
	return sign, plain, within
}

// clusters judges that the two sides are two clusters: they are further apart than the members of either.
func clusters(in *Input, problem string) []Finding {
	sign, plain, within := sides(in, problem, trainLoss)
	if len(sign) == 0 {
		return nil
	}
	between := make([]float64, len(sign))
	for k := range sign {
		between[k] = math.Abs(sign[k] - plain[k])
	}
	return []Finding{better("S-01", "methods that use signs (Adam, M-SSD) and methods that do not (M-SGD, M-SVAG) form two clusters",
		strings.ToUpper(problem)+", training loss at the end, distance between the clusters less the distance within", between, within, true)}
}

// signsLower judges that the methods that use signs have the lower value; with reverse, that the others have it.
func signsLower(in *Input, claim, text, problem, what string, value func(*results.Record) float64, reverse bool) []Finding {
	sign, plain, _ := sides(in, problem, value)
	if len(sign) == 0 {
		return nil
	}
	if reverse {
		sign, plain = plain, sign
	}
	return []Finding{better(claim, text, strings.ToUpper(problem)+", "+what, sign, plain, false)}
}
