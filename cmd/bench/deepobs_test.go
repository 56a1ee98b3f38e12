package main

import (
	"context"
	"math"
	"runtime"
	"testing"

	"noisebench/cmd/bench/plans"
	"noisebench/harness"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bridge"
	"noisebench/results/stats"
)

// TestPublishedMeans runs DeepOBS' quadratic_deep under its published protocol at the published
// step sizes and compares with the published baselines (Schneider et al. 2019; final test loss,
// mean and standard deviation over seeds 42 to 51). Our streams are others than theirs, so the
// means can only agree up to their standard errors.
func TestPublishedMeans(t *testing.T) {
	plan, err := plans.Load("deepobs-small")
	if err != nil {
		t.Fatal(err)
	}
	stepSizes := plan.Optimizers[0].Sweep[protocol.StepSize]
	if len(stepSizes) != 36 {
		t.Errorf("the plan sweeps %d step sizes, want 36", len(stepSizes))
	}
	for k, α := range stepSizes {
		if want := math.Pow(10, -5+0.2*float64(k)); math.Abs(α/want-1) > 1e-5 {
			t.Errorf("step size %d is %g, want %g", k, α, want)
		}
	}
	published := map[string]struct{ stepSize, mean, std float64 }{
		"SGD":      {stepSizes[16], 87.397, 0.169}, // 10^-1.8
		"Momentum": {stepSizes[12], 87.045, 0.025}, // 10^-2.6
	}
	plan.Problems = plan.Problems[:1] // the others take hours
	plan.Optimizers = plan.Optimizers[:2]
	for i := range plan.Optimizers {
		e := &plan.Optimizers[i]
		e.Sweep = nil
		set := protocol.Setting{protocol.StepSize: published[e.Name].stepSize}
		for name, v := range e.Set {
			set[name] = v
		}
		e.Set = set
	}
	plan.Evaluations = 1 // of the last point, and the first
	campaign, err := harness.NewCampaign(plan, inProcess{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := results.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cells, err := campaign.Execute(context.Background(), harness.Options{Store: store, Parallel: runtime.NumCPU()})
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range cells {
		var losses []float64
		for _, r := range cell.Runs {
			if r.End.Seen != 89600 || r.End.Steps != 700 {
				t.Errorf("%s: a run made %d steps on %d examples, want 700 on 89600", cell.Optimizer, r.End.Steps, r.End.Seen)
			}
			losses = append(losses, float64(r.Points[len(r.Points)-1].Test.Loss))
		}
		p := published[cell.Optimizer]
		mean, std := stats.Mean(losses), stats.Std(losses)
		n := float64(len(losses))
		const most = 2.5 // standard errors of the difference: a right program fails in 2 % of all choices of seeds
		distance := math.Abs(mean-p.mean) / math.Sqrt((std*std+p.std*p.std)/n)
		t.Logf("%s: %.3f ± %.3f, published %.3f ± %.3f: %.2f standard errors apart",
			cell.Optimizer, mean, std, p.mean, p.std, distance)
		if len(losses) != 10 || !(distance <= most) {
			t.Errorf("%s: %.3f ± %.3f over %d runs is %.2f standard errors from the published %.3f ± %.3f, want at most %g",
				cell.Optimizer, mean, std, len(losses), distance, p.mean, p.std, most)
		}
	}
}

// DeepOBS' spellings lead to our problems, in plans and on the command line.
func TestDeepOBSSpellings(t *testing.T) {
	c, err := catalogue.Open(t.Context(), catalogue.Options{ProblemName: bridge.ProblemName})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for spelling, want := range map[string]string{
		"fmnist_2c2d": "fmnist-2c2d", "mnist_logreg": "mnist-softmax", "quadratic_deep": "quadratic-deep",
		"fmnist-2c2d": "fmnist-2c2d", "two_d_beale": "beale",
	} {
		for _, find := range []func(string) (protocol.ProblemDef, error){c.Problem, builtInProblem} {
			if def, err := find(spelling); err != nil || def.Name != want {
				t.Errorf("%s leads to %q, %v, want %s", spelling, def.Name, err, want)
			}
		}
	}
	if _, err := c.Problem("imagenet_vgg16"); err == nil {
		t.Error("imagenet_vgg16 leads somewhere")
	}
}
