package measures_test

import (
	"math"
	"slices"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
)

func TestPositions(t *testing.T) {
	plan := protocol.Plan{
		Problems:   []protocol.ProblemEntry{{Problem: "p"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "sgd"}},
	}.WithDefaults()
	// Three runs of 100 examples with two marks: each halves its batch size of the one before.
	run := func(seed uint64, status results.Status, seconds float64) *results.Record {
		steps := 10 << seed
		return &results.Record{
			Run: results.Run{
				Protocol: protocol.Version, Problem: results.ProblemID{Name: "p"},
				Optimizer: results.OptimizerID{Name: "sgd"}, Seed: seed, Budget: 100,
				Evaluations: 2,
			},
			Points: []results.Point{
				{},
				{Mark: 50, Seen: 60, Step: 6 * steps / 10},
				{Mark: 100, Seen: 100, Step: steps},
			},
			End: results.End{Status: status, Steps: steps, Seen: 100},
			Host: results.Host{Clocks: results.Clocks{
				ProblemTime: seconds + 0.5, OptimizerTime: seconds, TransportTime: 0.5, EvaluateTime: 9,
			}},
		}
	}
	nan := math.NaN()
	for _, test := range []struct {
		name string
		axis measures.Axis
		runs []*results.Record
		want []float64
	}{
		{
			"marks", measures.Examples,
			[]*results.Record{run(0, results.OK, 1)},
			[]float64{0, 50, 100},
		},
		{
			"median steps", measures.Steps,
			[]*results.Record{run(0, results.OK, 1), run(1, results.OK, 1), run(3, results.OK, 1)},
			[]float64{0, 12, 20},
		},
		{
			"a diverged run does not count", measures.Steps,
			[]*results.Record{run(0, results.Diverged, 1), run(1, results.OK, 1)},
			[]float64{0, 12, 20},
		},
		{
			"unless all diverged", measures.Steps,
			[]*results.Record{run(0, results.Diverged, 1)},
			[]float64{0, 6, 10},
		},
		{
			"time by share of the examples, without evaluation", measures.Time,
			[]*results.Record{run(0, results.OK, 1), run(1, results.OK, 5), run(2, results.OK, 2)},
			[]float64{0, 2.4, 4},
		},
		{
			"unknown time", measures.Time,
			[]*results.Record{run(0, results.OK, 0)},
			[]float64{nan, nan, nan},
		},
	} {
		cells := []results.Cell{{Problem: "p", Optimizer: "sgd", Runs: test.runs}}
		got := measures.Positions(&plan, cells, "p", test.axis)["sgd"]
		same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
		if !slices.EqualFunc(got, test.want, same) {
			t.Errorf("%s: positions are %v, want %v", test.name, got, test.want)
		}
	}
}
