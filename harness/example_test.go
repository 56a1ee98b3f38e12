package harness_test

import (
	"context"
	"fmt"
	"os"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// bowl is f(x) = ½ x² for endless examples fᵢ(x) = ½ x² + nᵢ x with noise nᵢ ∈ [−½, ½).
type bowl struct{}

func (bowl) Init(x []float64, _ uint64) error {
	x[0] = 1
	return nil
}

func (bowl) Measure(x []float64, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	n := 0.0
	for _, i := range b.Examples {
		n += protocol.Stream(b.Seed, protocol.PurposeNoise, uint64(i)).Float64() - 0.5
	}
	n /= float64(len(b.Examples))
	m.Loss, m.Have, m.BatchSize = x[0]*x[0]/2+n*x[0], want, len(b.Examples)
	if want.Has(protocol.Gradient) {
		m.Gradient[0] = x[0] + n
	}
	return nil
}

func (bowl) Evaluate(x []float64, _ protocol.Part) (protocol.Evaluation, error) {
	f := x[0] * x[0] / 2
	return protocol.Evaluation{Loss: f, Metric: f}, nil
}

type descent struct{ step float64 }

func (o descent) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	x[0] -= o.step * m.StepScale * m.Gradient[0]
	return protocol.Request{}, nil
}

// one serves bowl and descent under any name.
type one struct{}

func (one) Problem(string) (protocol.ProblemDef, error) {
	return protocol.ProblemDef{
		Name: "bowl", Version: "1",
		Spec: func(protocol.Setting) (protocol.ProblemSpec, error) {
			return protocol.ProblemSpec{
				Dim: 1, DType: protocol.Float64, Measures: protocol.Gradient,
				Metric: protocol.Metric{Name: "loss"}, BatchSize: 8, Budget: 400,
			}, nil
		},
		New64: func(protocol.Setting) (protocol.Problem[float64], error) { return bowl{}, nil },
	}, nil
}

func (one) Optimizer(string) (protocol.OptimizerDef, error) {
	return protocol.OptimizerDef{
		Name: "descent", Version: "1", Needs: protocol.Gradient,
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		New64: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return descent{s.Setting[protocol.StepSize]}, protocol.Request{}, nil
		},
	}, nil
}

// A single run gives a record: evaluations at the marks, and how the run ended.
func ExampleRun() {
	problem, _ := one{}.Problem("bowl")
	optimizer, _ := one{}.Optimizer("descent")
	record, err := harness.Run(context.Background(), problem, optimizer, results.Run{
		Protocol:  protocol.Version,
		Problem:   results.ProblemID{Name: "bowl", Version: "1"},
		Optimizer: results.OptimizerID{Name: "descent", Version: "1", Setting: protocol.Setting{"step_size": 0.1}},
		Seed:      1, Budget: 400, BatchSize: 8, Order: protocol.Reshuffled, Evaluations: 4,
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range record.Points {
		fmt.Printf("%3d examples, step %2d: %.2f\n", p.Seen, p.Step, float64(p.Train.Loss))
	}
	fmt.Println(record.End.Status, record.End.Steps, record.End.Gradients)
	// Output:
	//   0 examples, step  0: 0.50
	// 104 examples, step 13: 0.02
	// 200 examples, step 25: 0.00
	// 304 examples, step 38: 0.00
	// 400 examples, step 50: 0.00
	// ok 50 400
}

// A campaign runs a plan. A second execution finds its runs in the store.
func ExampleCampaign_Execute() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	store, err := results.Open(dir)
	if err != nil {
		fmt.Println(err)
	}
	no := false
	campaign, err := harness.NewCampaign(protocol.Plan{
		Name:       "example",
		Problems:   []protocol.ProblemEntry{{Problem: "bowl"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "descent", Set: protocol.Setting{"step_size": 0.1}}},
		Replicates: 3, OneShot: &no,
	}, one{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		var last harness.Progress
		cells, err := campaign.Execute(context.Background(), harness.Options{
			Store: store, Parallel: 2, Progress: func(p harness.Progress) { last = p },
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %d runs, %d of them found\n", cells[0].Optimizer, len(cells[0].Runs), last.Found)
	}
	// Output:
	// descent: 3 runs, 0 of them found
	// descent: 3 runs, 3 of them found
}
