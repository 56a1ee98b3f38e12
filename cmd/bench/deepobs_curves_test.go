package main

import (
	"flag"
	"math"
	"runtime"
	"testing"

	"noisebench/cmd/bench/plans"
	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

var deepOBSCurves = flag.String("deepobs-curves", "",
	"results folder in which TestPublishedCurves makes its runs, which take 45 minutes of one core")

// publishedCurves are test accuracies after each of the first epochs of DeepOBS' published
// baselines of fmnist_2c2d at their best step sizes (github.com/fsschneider/DeepOBS, commit
// 873bbc2, baselines/fmnist_2c2d): a row for each seed whose file that commit has. They are those
// of the first 78 batches of the test set, without its last 16 examples.
var publishedCurves = map[string]struct {
	stepSize float64
	accuracy [][]float64
}{
	"SGD": {0.158489, [][]float64{
		{0.85827324, 0.87099359, 0.87820513},
		{0.83233173, 0.85426683, 0.86698718},
		{0.86488381, 0.88631811, 0.89513221},
		{0.85887420, 0.87379808, 0.88161058},
		{0.85817308, 0.88070913, 0.88832131},
		{0.86097756, 0.87940705, 0.88942308},
		{0.85326522, 0.87680288, 0.88641827},
	}},
	"Adam": {0.000251189, [][]float64{
		{0.86187901, 0.87950721, 0.89002404},
		{0.85046074, 0.87099359, 0.87630208},
		{0.84615385, 0.87510016, 0.88561699},
		{0.84264824, 0.87239583, 0.88501603},
		{0.85817308, 0.87800481, 0.88661859},
		{0.85446715, 0.87640224, 0.88681891},
	}},
}

// TestPublishedCurves runs the first epochs of DeepOBS' fmnist_2c2d under its published protocol
// and compares with the published curves:
//
//	go test ./cmd/bench -run TestPublishedCurves -v -timeout 0 -deepobs-curves FOLDER
func TestPublishedCurves(t *testing.T) {
	if *deepOBSCurves == "" {
		t.Skip("without -deepobs-curves")
	}
	plan, err := plans.Load("deepobs-small")
	if err != nil {
		t.Fatal(err)
	}
	const epochs = 3
	plan.Name = "deepobs-curves"
	plan.Problems = plan.Problems[2:3]
	problem := &plan.Problems[0]
	problem.Budget = int64(epochs * 468 * problem.BatchSize)
	plan.Evaluations = epochs
	plan.Optimizers = []protocol.OptimizerEntry{plan.Optimizers[0], plan.Optimizers[2]}
	for i := range plan.Optimizers {
		e := &plan.Optimizers[i]
		set := protocol.Setting{protocol.StepSize: publishedCurves[e.Name].stepSize}
		for name, v := range e.Set {
			set[name] = v
		}
		e.Set, e.Sweep = set, nil
	}
	campaign, err := harness.NewCampaign(plan, inProcess{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := results.Open(*deepOBSCurves)
	if err != nil {
		t.Fatal(err)
	}
	setThreads(1)
	cells, err := campaign.Execute(t.Context(), harness.Options{Store: store, Parallel: runtime.NumCPU()})
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range cells {
		published := publishedCurves[cell.Optimizer].accuracy
		for epoch := range epochs {
			var ours, theirs []float64
			for _, r := range cell.Runs {
				ours = append(ours, float64(r.Points[1+epoch].Test.Metric))
			}
			for _, accuracies := range published {
				theirs = append(theirs, accuracies[epoch])
			}
			x, s, n := stats.Mean(ours), stats.Std(ours), float64(len(ours))
			y, u, m := stats.Mean(theirs), stats.Std(theirs), float64(len(theirs))
			distance := math.Abs(x-y) / math.Sqrt(s*s/n+u*u/m)
			t.Logf("%s, epoch %d: %.4f ± %.4f (%g seeds), published %.4f ± %.4f (%g seeds): %.2f standard errors apart",
				cell.Optimizer, epoch+1, x, s, n, y, u, m, distance)
			if !(distance <= 2) {
				t.Errorf("%s, epoch %d: %.2f standard errors from the published mean, want at most 2", cell.Optimizer, epoch+1, distance)
			}
		}
	}
}
