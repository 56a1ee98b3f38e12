package main

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"noisebench/cmd/bench/plans"
	"noisebench/harness"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/results/bridge"
)

// A drawing has the shape of the schedule: its columns, read from the top, are as high as the
// factors in their middles.
func TestDrawSchedule(t *testing.T) {
	var b strings.Builder
	s := &protocol.Schedule{Warmup: 0.5, Drops: []protocol.Drop{{At: 0.75, Factor: 0.5}}}
	if err := drawSchedule(&b, "all", s); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if want := "# step-size schedule of all: warm-up over 50 % of the budget, then times 0.5 at 75 %"; lines[0] != want {
		t.Errorf("the title is %q, want %q", lines[0], want)
	}
	heights := make([]float64, 60)
	for _, line := range lines[1:6] {
		_, bars, _ := strings.Cut(line, "│")
		for i, r := range []rune(bars) {
			heights[i] += float64(slices.Index([]rune(" ▁▂▃▄▅▆▇█"), r)) / 40
		}
	}
	for i, h := range heights {
		x := (float64(i) + 0.5) / 60
		want := min(1, 2*x)
		if x >= 0.75 {
			want = 0.5
		}
		if math.Abs(h-want) > 0.5/40 {
			t.Errorf("column %d is %.3f high, want %.3f", i, h, want)
		}
	}
}

// inProcess finds bench's own definitions.
type inProcess struct{}

func (inProcess) Problem(name string) (protocol.ProblemDef, error) {
	for _, d := range problems.All() {
		if d.Name == bridge.ProblemName(name) {
			return d, nil
		}
	}
	return protocol.ProblemDef{}, protocol.Unknown("problem", name, nil)
}

func (inProcess) Optimizer(name string) (protocol.OptimizerDef, error) {
	for _, d := range optimizers.All() {
		if d.Name == name {
			return d, nil
		}
	}
	return protocol.OptimizerDef{}, protocol.Unknown("optimizer", name, nil)
}

// TestBuiltInPlans wants every built-in plan to make sense, and to bear the name of its file.
func TestBuiltInPlans(t *testing.T) {
	if len(plans.Names()) < 3 {
		t.Fatalf("built-in plans are %v", plans.Names())
	}
	for _, name := range plans.Names() {
		plan, err := plans.Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if plan.Name != name || plan.Description == "" {
			t.Errorf("plan %s calls itself %q and says %q", name, plan.Name, plan.Description)
		}
		if _, err := harness.NewCampaign(plan, inProcess{}); err != nil {
			t.Error(err)
		}
	}
}

// leftOut gives the reasons why problems and optimizers of bench are in neither of the plans
// "standard" and "images".
var leftOut = map[string]string{
	"rprop": "full batches alone", "l-bfgs": "full batches alone", "sophia-g": "sampled labels",
	"adamh": "for matrices", "muonh": "for matrices",

	"gd": "full batches alone", "newton": "curvature", "ngd": "curvature", "efgd": "curvature", "mc-fisher-ngd": "curvature",
	"block-normalized-sgd": "theory", "coordinate-sgd": "theory", "norm-scaled-sign-sgd": "theory", "normalized-sgd": "theory",
	"svag-mb": "of the plan noise-and-geometry", "adam-star-mb": "of the plan noise-and-geometry",
	"adam-star-erf":  "of the plan noise-and-geometry",
	"noise-geometry": "of the plan noise-and-geometry",
	"matrix-svag":    "of the plan empirical-fisher", "stochastic-efgd": "of the plan empirical-fisher",

	"ideal-svag": "an oracle", "oracle-step-sgd": "an oracle", "oracle-batch-sgd": "an oracle",

	"quadratic-2d": "no noise", "rotated-quadratic": "no noise", "wilson-least-squares": "a counterexample",
	"lognormal-linreg": "for full batches", "linear-toy": "for full batches", "logistic-toy": "for full batches",
	"boston-linreg": "for full batches", "energy-linreg": "for full batches", "powerplant-linreg": "for full batches",
	"wine-linreg": "for full batches", "yacht-linreg": "for full batches", "a1a-logreg": "for full batches", "wdbc-logreg": "for full batches",
}

// TestStandardPlans wants the plans for real use to keep the standard protocol, to compare the same
// optimizers, and to leave out nothing without a reason.
func TestStandardPlans(t *testing.T) {
	entries := map[string]bool{}
	var optimizersOf [][]protocol.OptimizerEntry
	for _, name := range []string{"standard", "images"} {
		plan, err := plans.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		full := plan.WithDefaults()
		if d := full.Deviations(); len(d) > 0 {
			t.Errorf("deviations of %s: %s", name, strings.Join(d, ", "))
		}
		for _, e := range plan.Problems {
			entries[e.Problem] = true
		}
		for _, e := range plan.Optimizers {
			entries[e.Optimizer] = true
		}
		optimizersOf = append(optimizersOf, plan.Optimizers)
	}
	if diff := cmp.Diff(optimizersOf[0], optimizersOf[1]); diff != "" {
		t.Errorf("the plans standard and images compare different optimizers:\n%s", diff)
	}
	check := func(name string) {
		if _, out := leftOut[name]; out == entries[name] {
			t.Errorf("%s has to be either in the plans standard and images or in leftOut", name)
		}
	}
	for _, d := range problems.All() {
		if network := d.New32 != nil; !network || entries[d.Name] {
			check(d.Name)
		}
	}
	for _, d := range optimizers.All() {
		check(d.Name)
	}
}
