// Package synthetic has made-up run records for the tests of packages that compute, list and lay
// out results.
package synthetic

import (
	"math"

	"noisebench/protocol"
	"noisebench/results"
)

// Specs are the problems: digits is a classification problem with all three parts, valley an
// objective on endless data without any.
var Specs = map[string]protocol.ProblemSpec{
	"digits": {
		Dim: 650, DType: protocol.Float64, Train: 1000, Validation: 300, Test: 497,
		Measures: protocol.Gradient, BatchSize: 32, Budget: 20000,
		Metric: protocol.Metric{Name: results.Accuracy, HigherBetter: true},
	},
	"valley": {
		Dim: 2, DType: protocol.Float64, Measures: protocol.Gradient, BatchSize: 16, Budget: 5000,
		Metric: protocol.Metric{Name: results.Suboptimality},
	},
}

// Run makes a record whose metric goes from start to end. On problems with parts, the best point is
// the one before the last.
func Run(problem, optimizer string, seed uint64, step, start, end float64) *results.Record {
	spec := Specs[problem]
	r := &results.Record{
		Run: results.Run{
			Protocol: protocol.Version, Problem: results.ProblemID{Name: problem},
			Optimizer: results.OptimizerID{
				Name:    optimizer,
				Setting: protocol.Setting{"step_size": step},
			},
			Seed: seed, Budget: spec.Budget, BatchSize: spec.BatchSize,
		},
		Spec: spec,
		End: results.End{
			Status: results.OK, Steps: int(spec.Budget) / spec.BatchSize,
			Seen: spec.Budget,
		},
		Host: results.Host{
			Platform: "linux/amd64/v3",
			Clocks: results.Clocks{ProblemTime: 0.2, OptimizerTime: 0.01 * float64(
				len(optimizer))},
		},
	}
	value := func(v float64) results.Value {
		return results.Value{Loss: protocol.Number(v), Metric: protocol.Number(v)}
	}
	for i, metric := range []float64{start, end, end - 0.01*math.Abs(end)} {
		seen := int64(i) * spec.Budget / 2
		p := results.Point{Mark: seen, Seen: seen, Step: i, Train: value(metric)}
		if spec.Validation > 0 {
			v := value(metric)
			p.Validation, p.Test = &v, &v
		}
		r.Points = append(r.Points, p)
	}
	return r
}

// Diverge turns r into a run that diverged.
func Diverge(r *results.Record) {
	r.End.Status = results.Diverged
	last := &r.Points[len(r.Points)-1]
	last.Train.Metric = protocol.Number(math.NaN())
	if last.Test != nil {
		last.Validation, last.Test = &last.Train, &last.Train
	}
}

// Cell makes a complete cell whose replicates score about level.
func Cell(problem, optimizer string, seeds int, step, level, spread float64) results.Cell {
	start := map[string]float64{"digits": 0.1, "valley": 24.2}[problem]
	c := results.Cell{
		Problem: problem, Optimizer: optimizer,
		Setting:        protocol.Setting{"step_size": step, "beta": 0.9},
		Tuned:          []string{"step_size"},
		OneShotSetting: protocol.Setting{"step_size": 0.1, "beta": 0.9},
	}
	for seed := range uint64(seeds) {
		wobble := spread * math.Sin(3*float64(seed)+level)
		c.Runs = append(c.Runs, Run(problem, optimizer, seed, step, start, level+wobble))
		c.OneShot = append(c.OneShot, Run(problem, optimizer, seed, 0.1, start,
			(start+level)/2+wobble))
	}
	for i := range 6 {
		c.Tuning = append(c.Tuning, Run(problem, optimizer, 1000, math.Pow10(-i), start, level))
	}
	return c
}

// Plan makes a complete plan of two problems and four optimizers, one of whose names has characters
// that some formats have to escape, with its defaults filled in.
func Plan() (*protocol.Plan, []results.Cell) {
	plan := protocol.Plan{
		Name:        "synthetic",
		Description: "Made-up runs.",
		Problems:    []protocol.ProblemEntry{{Problem: "digits"}, {Problem: "valley"}},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "sgd"}, {Optimizer: "adam"}, {Optimizer: "cabs"}, {Optimizer: "sgd|32_&%"},
		},
		Order: protocol.Frozen,
	}.WithDefaults()
	cells := []results.Cell{
		Cell("digits", "sgd", 10, 0.3, 0.931, 0.004),
		Cell("digits", "adam", 10, 0.001, 0.958, 0.002),
		Cell("digits", "cabs", 10, 0.1, 0.957, 0.003),
		Cell("digits", "sgd|32_&%", 10, 1, 0.9, 0.02),
		Cell("valley", "sgd", 10, 0.003, 2e-5, 4e-6),
		Cell("valley", "adam", 10, 0.03, 0.4, 0.03),
		Cell("valley", "cabs", 10, 0.01, 3e-9, 1e-9),
		Cell("valley", "sgd|32_&%", 10, 0.01, 0.9, 0),
	}
	cells[3].BatchSize = 32
	cells[7].BatchSize = 32
	cells[3].Edges = []results.Edge{{Name: protocol.StepSize, Above: true}}
	cells[1].Capped = true
	for _, i := range []int{0, 4, 7} {
		Diverge(cells[7].Runs[i])
	}
	Diverge(cells[0].OneShot[0])
	return &plan, cells
}

// Full makes a plan whose tables have every column that there is: beyond those of Plan, searches of
// twelve runs and tie runs, results that are not ranked, seeds that fall into two groups, and an
// oracle.
func Full() (*protocol.Plan, []results.Cell) {
	plan, cells := Plan()
	for i := range cells {
		c := &cells[i]
		for k := range 8 {
			r := Run(c.Problem, c.Optimizer, 1000, math.Pow10(-6-k), 0.1, 0.5)
			c.Tuning = append(c.Tuning, r)
		}
		c.Tuning = append(c.Tuning, Run(c.Problem, c.Optimizer, 1001, 0.1, 0.1, 0.5))
	}
	for seed := range uint64(10) { // two groups
		cells[3].Runs[seed] = Run("digits", "sgd|32_&%", seed, 1, 0.1,
			0.6+0.3*float64(seed%2)+1e-3*float64(seed))
	}
	cells[2].Runs[0].End.Oracle = true
	imported := Cell("digits", "adam", 10, 0.01, 0.9, 0.004)
	imported.Unranked = "published elsewhere"
	return plan, append(cells, imported)
}
