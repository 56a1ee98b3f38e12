package bundle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

// two serves the definitions of a plan.
type two struct{}

func (two) Problem(string) (protocol.ProblemDef, error) {
	return protocol.ProblemDef{
		Name: "bowl", Version: "1",
		Spec: func(protocol.Setting) (protocol.ProblemSpec, error) {
			return protocol.ProblemSpec{
				Dim: 1, DType: protocol.Float64, Measures: protocol.Gradient,
				Metric: protocol.Metric{Name: "loss"}, BatchSize: 10, Budget: 100,
			}, nil
		},
	}, nil
}

func (two) Optimizer(string) (protocol.OptimizerDef, error) {
	return protocol.OptimizerDef{
		Name: "sgd", Version: "1", Needs: protocol.Gradient,
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
	}, nil
}

// A bundle holds plan, definitions and records. Its root identifies the contents.
func Example() {
	if err := publish(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 runs of example by A. Author, no faults, same root: true
	// example.noisebench.tar.zst
}

func publish() error {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := results.Open(dir)
	if err != nil {
		return err
	}
	spec, _ := two{}.Problem("")
	_, declared, err := spec.At(nil)
	if err != nil {
		return err
	}
	record := &results.Record{
		Run: results.Run{
			Protocol:  protocol.Version,
			Problem:   results.ProblemID{Name: "bowl", Version: "1"},
			Optimizer: results.OptimizerID{Name: "sgd", Version: "1", Setting: protocol.Setting{"step_size": 0.1}},
			Budget:    100, BatchSize: 10, Order: protocol.Reshuffled, Evaluations: 1,
		},
		Spec:   declared,
		Points: []results.Point{{}, {Mark: 100, Seen: 100, Step: 10}},
		End:    results.End{Status: results.OK, Steps: 10, Seen: 100, Gradients: 100, MinBatch: 10, MaxBatch: 10},
	}
	if err := store.Commit(record); err != nil {
		return err
	}

	plan := protocol.Plan{
		Name:       "example",
		Problems:   []protocol.ProblemEntry{{Problem: "bowl"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "sgd"}},
	}.WithDefaults()
	definitions, err := bundle.Describe(&plan, two{}, slices.Values([]*results.Record{record}))
	if err != nil {
		return err
	}
	path := filepath.Join(dir, bundle.FileName(plan.Name))
	packed, err := bundle.Create(path, bundle.About{Title: "Example", Authors: []string{"A. Author"}}, &plan,
		definitions, []string{store.Path(record.Run.ID())})
	if err != nil {
		return err
	}

	b, err := bundle.Open(path)
	if err != nil {
		return err
	}
	faults := "no faults"
	if len(b.Faults) > 0 {
		faults = fmt.Sprint(b.Faults)
	}
	fmt.Printf("%d runs of %s by %s, %s, same root: %t\n", b.About.Runs, b.Plan.Name, b.About.Authors[0], faults,
		b.Root == packed.Root)
	fmt.Println(filepath.Base(path))
	return nil
}
