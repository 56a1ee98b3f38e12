package bridge_test

import (
	"fmt"
	"os"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bridge"
)

// source is a plan with one cell of one run.
func source() bridge.Source {
	at := func(mark int64, loss float64) results.Point {
		return results.Point{
			Mark: mark, Seen: mark, Step: int(mark / 10),
			Train: results.Value{Loss: protocol.Number(loss), Metric: protocol.Number(loss)},
		}
	}
	record := &results.Record{
		Run: results.Run{
			Protocol:  protocol.Version,
			Problem:   results.ProblemID{Name: "bowl", Version: "1"},
			Optimizer: results.OptimizerID{Name: "sgd", Version: "1", Setting: protocol.Setting{"step_size": 0.1}},
			Budget:    100, BatchSize: 10, Order: protocol.Reshuffled, Evaluations: 1,
		},
		Spec: protocol.ProblemSpec{
			Dim: 1, DType: protocol.Float64, Metric: protocol.Metric{Name: "loss"}, BatchSize: 10, Budget: 100,
		},
		Points: []results.Point{at(0, 2), at(100, 0.25)},
		End:    results.End{Status: results.OK, Steps: 10, Seen: 100, Gradients: 100, MinBatch: 10, MaxBatch: 10},
	}
	plan := protocol.Plan{
		Name:       "example",
		Problems:   []protocol.ProblemEntry{{Problem: "bowl"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "sgd"}},
	}.WithDefaults()
	return bridge.Source{Plan: &plan, Cells: []results.Cell{{
		Problem: "bowl", Optimizer: "sgd", Setting: record.Run.Optimizer.Setting, Runs: []*results.Record{record},
	}}}
}

// The tables runs, points and trace have a column per value, and are written as CSV, JSON or Parquet.
func ExampleTables() {
	for _, t := range bridge.Tables(source()) {
		fmt.Printf("%s: %d rows\n", t.Name, len(t.Rows))
		if t.Name != "points" {
			continue
		}
		var text strings.Builder
		if err := t.WriteCSV(&text); err != nil {
			fmt.Println(err)
		}
		head, _, _ := strings.Cut(text.String(), "\n")
		fmt.Println(strings.Join(strings.Split(head, ",")[:3], " "))
	}
	// Output:
	// runs: 1 rows
	// points: 2 rows
	// plan problem optimizer
	// trace: 0 rows
}

// Each optimizer has a folder with a description and a data file per problem.
func ExampleWriteIOH() {
	err := bridge.WriteIOH(source(), func(path, text string) error {
		fmt.Println(path)
		return nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	// Output:
	// sgd/IOHprofiler_f1_bowl.json
	// sgd/data_f1_bowl/IOHprofiler_f1_DIM1.dat
}
