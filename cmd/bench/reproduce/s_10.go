package reproduce

import (
	"fmt"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// The quadratic of claim S-10: f(x) = ½‖x‖² in ten dimensions, with gradient noise of standard
// deviation 1 in each.
const (
	dim10   = 10
	α10     = 0.1
	marks10 = 32
)

var (
	budgets10 = []int64{64_000, 1_280_000}
	batches10 = []int{16, 32, 64, 128, 256, 512, 1024, 2048} // from CABS' lower limit to its upper
)

// lifted10 is CABS without a limit to its batch size; the quadratic's examples are endless.
const lifted10 = "CABS, limit lifted"

// ideal10 is the optimizer of Thm. 5.1.
const ideal10 = "idealised SVAG"

// s10 is no figure: it is what Thm. 3.1, Sec. 4.2 and Thm. 5.1 say about plateaus (Balles 2021).
var s10 = Item{
	Name:  "s-10",
	Title: "plateaus of SGD on a noisy quadratic, and what removes them",
	Time:  map[Size]string{Full: "10 min"},
	Departs: map[Size][]string{Full: {
		"the quadratic, its noise, step sizes, batch sizes and budgets are ours: the thesis has " +
			"theorems, no experiment",
		"CABS is compared before the last batch of a run, which is cut to what is left of the " +
			"budget, so that its few examples lift the loss; the theorems have no such batch",
	}},
	Plans: func(Size) []protocol.Plan {
		var plans []protocol.Plan
		for _, budget := range budgets10 {
			plans = append(plans, plan10(budget))
		}
		return plans
	},
	Draw:   draw10,
	Claims: claims10,
}

// problem10 names the quadratic at a budget.
func problem10(budget int64) string { return fmt.Sprintf("%d examples", budget) }

func plan10(budget int64) protocol.Plan {
	no := false
	sgd := func(α float64, m int) protocol.OptimizerEntry {
		set := protocol.Setting{protocol.StepSize: α}
		return protocol.OptimizerEntry{Optimizer: "sgd", Name: name10(α, m), BatchSize: m, Set: set}
	}
	plan := protocol.Plan{
		Name:        fmt.Sprintf("s-10-%d", budget),
		Description: "plateaus of SGD on a noisy quadratic",
		Problems: []protocol.ProblemEntry{{
			Problem: "noisy-quadratic", Name: problem10(budget), Budget: budget,
			With: protocol.Setting{"dim": dim10, "condition": 1, "noise": 1, "distance": 3},
		}},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "cabs", Name: cabs, Set: protocol.Setting{protocol.StepSize: α10}},
			{Optimizer: "cabs", Name: lifted10, Set: protocol.Setting{
				protocol.StepSize: α10, "max_batch_size": float64(budget),
			}},
		},
		Replicates: 40, Evaluations: marks10, OneShot: &no, Trace: 1000,
	}
	for _, m := range batches10 {
		plan.Optimizers = append(plan.Optimizers, sgd(α10, m))
	}
	if budget == budgets10[0] {
		plan.Optimizers = append(plan.Optimizers, sgd(2*α10, 16), protocol.OptimizerEntry{
			Optimizer: "ideal-svag", Name: ideal10, BatchSize: 16,
			Set: protocol.Setting{protocol.StepSize: 1},
		})
	}
	return plan
}

func name10(α float64, m int) string { return fmt.Sprintf("α = %g, m = %d", α, m) }

func draw10(in *Input) (*Output, error) {
	out, err := drawKinds(in, "loss", "batch-size")
	for i := range in.Done {
		limits := Table{
			Title: "steps at the upper limit of the batch size, on " +
				in.Done[i].Plan.Problems[0].Name,
			Header: []string{
				"optimizer", "greatest batch size",
				"share of the last quarter of steps at it",
			},
		}
		for _, name := range []string{cabs, lifted10} {
			most, _, share := upperLimit(in.Done[i].Cell(in.Done[i].Plan.Problems[0].Name, name))
			row := []string{name, fmt.Sprint(most), fmt.Sprintf("%.2f", stats.Mean(share))}
			limits.Rows = append(limits.Rows, row)
		}
		out.Tables = append(out.Tables, limits)
	}
	return out, err
}

func claims10(in *Input) []Finding {
	grows := batchGrows(in, lifted10, func(p string, _ []*results.Record) string { return p })
	first := &in.Done[0]
	return slices.Concat(levels10(first), removes10(in), grows, inverse10(first))
}
