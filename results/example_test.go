package results_test

import (
	"errors"
	"fmt"
	"os"

	"noisebench/protocol"
	"noisebench/results"
)

// record returns a finished run under a seed, with a loss at its start and at its end.
func record(seed uint64, start, end float64) *results.Record {
	at := func(mark int64, loss float64) results.Point {
		return results.Point{
			Mark: mark, Seen: mark, Step: int(mark / 10),
			Train: results.Value{Loss: protocol.Number(loss), Metric: protocol.Number(loss)},
		}
	}
	return &results.Record{
		Run: results.Run{
			Protocol:  protocol.Version,
			Problem:   results.ProblemID{Name: "bowl", Version: "1"},
			Optimizer: results.OptimizerID{Name: "sgd", Version: "1", Setting: protocol.Setting{"step_size": 0.1}},
			Seed:      seed, Budget: 100, BatchSize: 10, Order: protocol.Reshuffled, Evaluations: 1,
		},
		Spec: protocol.ProblemSpec{
			Dim: 1, DType: protocol.Float64, Measures: protocol.Gradient,
			Metric: protocol.Metric{Name: "loss"}, BatchSize: 10, Budget: 100,
		},
		Points: []results.Point{at(0, start), at(100, end)},
		End:    results.End{Status: results.OK, Steps: 10, Seen: 100, Gradients: 100, MinBatch: 10, MaxBatch: 10},
	}
}

// A store finds a run by its ID. A second outcome of a run is kept beside the first one, with an
// error.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	store, err := results.Open(dir)
	if err != nil {
		fmt.Println(err)
	}
	first := record(1, 2, 0.25)
	fmt.Println(store.Commit(first), store.Commit(record(2, 2, 0.5)))

	found, ok, err := store.Lookup(first.Run.ID())
	fmt.Println(found.Run.Seed, found.End.Status, ok, err)

	var conflict *results.ConflictError
	fmt.Println(errors.As(store.Commit(record(1, 2, 0.125)), &conflict))

	finished := 0
	for r, err := range store.Records() {
		if err == nil && r.End.Status == results.OK {
			finished++
		}
	}
	fmt.Println(finished, "finished runs")
	// Output:
	// <nil> <nil>
	// 1 ok true <nil>
	// true
	// 2 finished runs
}

// A diverged run counts by the worse of its first and its last finite value.
func ExampleRecord_Score() {
	r := record(1, 2, 0.25)
	fmt.Println(r.Score(protocol.Best, protocol.ValidationPart, protocol.TestPart))
	r.End.Status = results.Diverged
	fmt.Println(r.Score(protocol.Best, protocol.ValidationPart, protocol.TestPart))
	// Output:
	// 0.25
	// 2
}

// The contents of a file must agree with its name and its digest.
func ExampleDecode() {
	r := record(1, 2, 0.25)
	data, err := results.Encode(r)
	if err != nil {
		fmt.Println(err)
	}
	read, err := results.Decode(r.Run.ID()+".jsonl", data)
	fmt.Println(len(read.Points), err)

	_, err = results.Decode("0000.jsonl", data)
	var syntax *results.SyntaxError
	fmt.Println(errors.As(err, &syntax), syntax.Line)
	// Output:
	// 2 <nil>
	// true 1
}

// Names of plans and problems may hold anything; files that are named after them may not.
func ExampleFileName() {
	fmt.Println(results.FileName("quick", "mnist-mlp"))
	fmt.Println(results.FileName("../evil"))
	fmt.Println(results.FileName("p/1"), results.FileName("p_1"))
	// Output:
	// quick--mnist-mlp
	// =2E.=2Fevil
	// p=2F1 p_1
}
