package bridge

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// plan is a plan of two problems, one with accuracy on a test part, one without.
func plan() *protocol.Plan {
	p := protocol.Plan{
		Name: "tiny", Problems: []protocol.ProblemEntry{{Problem: "flat"}, {Problem: "net"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "sgd"}, {Optimizer: "adam"}},
	}.WithDefaults()
	return &p
}

// record is a run whose metric moves from start to end over three evaluations.
func record(problem, optimizer string, seed uint64, step, start, end float64) *results.Record {
	r := &results.Record{
		Run: results.Run{
			Protocol:  protocol.Version,
			Problem:   results.ProblemID{Name: problem, Version: "1", Parameters: protocol.Setting{"dim": 2}},
			Optimizer: results.OptimizerID{Name: optimizer, Version: "1", Setting: protocol.Setting{"step_size": step, "beta": 0.9}},
			Seed:      seed, Budget: 100, BatchSize: 10, Order: protocol.Reshuffled, Evaluations: 2, Trace: 100,
		},
		Spec: protocol.ProblemSpec{
			Dim: 2, DType: protocol.Float64, Train: 10, Metric: protocol.Metric{Name: "loss"}, BatchSize: 10, Budget: 100,
		},
		End: results.End{Status: results.OK, Steps: 10, Seen: 100, Gradients: 100, MinBatch: 10, MaxBatch: 10},
		Host: results.Host{
			Platform: "linux/amd64/v3", Cores: 2, Clocks: results.Clocks{ProblemTime: 3, OptimizerTime: 1},
		},
	}
	if problem == "net" {
		r.Spec.Metric, r.Spec.Test = protocol.Metric{Name: "accuracy", HigherBetter: true}, 5
	}
	for i, m := range []float64{start, (start + end) / 2, end} {
		v := results.Value{Loss: protocol.Number(1 - m), Metric: protocol.Number(m)}
		p := results.Point{Mark: int64(50 * i), Seen: int64(50 * i), Step: 5 * i, Train: v}
		if r.Spec.Test > 0 {
			p.Test = &v
		}
		r.Points = append(r.Points, p)
	}
	return r
}

// diverge makes the last point of a run NaN.
func diverge(r *results.Record) *results.Record {
	nan := results.Value{Loss: protocol.Number(math.NaN()), Metric: protocol.Number(math.NaN())}
	p := &r.Points[len(r.Points)-1]
	p.Train = nan
	if p.Test != nil {
		p.Test = &nan
	}
	r.End.Status, r.End.Reason = results.Diverged, "loss is NaN"
	return r
}

// source is a plan whose cells cover each case once: a run with two purposes, a diverged run, a
// traced one.
func source() Source {
	traced := record("flat", "sgd", 0, 0.1, 2, 1)
	traced.Trace = &results.Trace{
		Stride: 5, Seen: []int64{10, 60}, Loss: []protocol.Number{2, 1}, BatchSize: []int{10, 10},
		Reports:     map[string][]protocol.Number{"mean_gamma": {0.5, 0.25}},
		Diagnostics: map[string][]protocol.Number{"gradient_norm": {3, protocol.Number(math.NaN())}},
	}
	shared := record("flat", "sgd", 1000, 0.1, 2, 1.5)
	sgd := results.Cell{
		Problem: "flat", Optimizer: "sgd", Setting: traced.Run.Optimizer.Setting, Tuned: []string{"step_size"},
		Runs: []*results.Record{traced, record("flat", "sgd", 1, 0.1, 2, 1.2), shared, diverge(record("flat", "sgd", 2, 0.1, 3, 0))},
		Tuning: []*results.Record{
			record("flat", "sgd", 1000, 1, 2, 9), shared, record("flat", "sgd", 1001, 0.1, 2, 1.1),
		},
		OneShot: []*results.Record{record("flat", "sgd", 0, 0.5, 2, 4)},
	}
	adam := results.Cell{
		Problem: "net", Optimizer: "adam", Setting: protocol.Setting{"step_size": 0.01, "beta": 0.9}, Tuned: []string{"step_size"},
		Runs: []*results.Record{record("net", "adam", 0, 0.01, 0.1, 0.9), record("net", "adam", 1, 0.01, 0.1, 0.75)},
	}
	return Source{Plan: plan(), Cells: []results.Cell{sgd, adam}}
}

// position returns the position of a column, -1 if there is none.
func position(table *Table, name string) int {
	return slices.IndexFunc(table.Columns, func(c Column) bool { return c.Name == name })
}

// column returns a table's column by name.
func column(t *testing.T, table *Table, name string) []any {
	t.Helper()
	i := position(table, name)
	if i < 0 {
		t.Fatalf("table %s has no column %s", table.Name, name)
	}
	var values []any
	for _, row := range table.Rows {
		values = append(values, row[i])
	}
	return values
}

func checkColumn(t *testing.T, table *Table, name string, want ...any) {
	t.Helper()
	if got := column(t, table, name); fmt.Sprintf("%v", got) != fmt.Sprintf("%v", want) {
		t.Errorf("column %s of table %s is %v, want %v", name, table.Name, got, want)
	}
}
