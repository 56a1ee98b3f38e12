package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"noisebench/harness"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
)

func TestPlanErrors(t *testing.T) {
	const head = "name: x\nproblems: [a]\noptimizers:\n  - optimizer: sgd\n" // four lines
	for _, c := range []struct{ text, want string }{
		{"", `p.yaml is empty, want a plan; "bench show quick" prints one to start from`},
		{"# nothing\n", `p.yaml is empty, want a plan; "bench show quick" prints one to start from`},
		{"- a\n", `p.yaml:1:1: the plan is a list, want keys with values, such as "name: value"`},
		{"quick\n", `p.yaml:1:1: the plan is the text "quick", want keys with values, such as "name: value"`},
		{"name: x\n---\nname: y\n", "p.yaml:2:1: a second document starts here, want one plan in a file"},
		{"name: [x]\n", "p.yaml:1:7: name is a list, want text (in quotes, if need be)"},
		{"name: 3\n", "p.yaml:1:7: name is 3, want text (in quotes, if need be)"},
		{"name: x\nproblems: a\n", `p.yaml:2:11: problems is the text "a", want a list such as [a, b]`},
		{"problems: [3]\n", `p.yaml:1:12: an entry of problems is 3, want keys with values, such as "name: value"`},
		{"problems:\n  -\n", "p.yaml:2:5: an entry of problems has no value; give it one or remove the line"},
		{head + "replicate: 3\n", `p.yaml:5:1: unknown key "replicate"; did you mean replicates? in the plan`},
		{head + "    sett: {step_size: 1}\n", `p.yaml:5:5: unknown key "sett"; did you mean set? in an entry of optimizers`},
		{head + "tuning: {rns: 3}\n", `p.yaml:5:10: unknown key "rns"; did you mean runs? in tuning`},
		{"problems: [{problem: q, schedule: [{at: 0.5, fact: 2}]}]\n", `p.yaml:1:46: unknown key "fact"; did you mean factor? in an entry of schedule`},
		{head + "replicates: 3\nreplicates: 4\n", `p.yaml:6:1: mapping key "replicates" already defined at [5:1]`},
		{head + "    set: {step_size: 1, step_size: 2}\n", `p.yaml:5:25: mapping key "step_size" already defined at [5:11]`},
		{head + "replicates: ten\n", `p.yaml:5:13: replicates is the text "ten", want a whole number`},
		{head + "replicates: 2.5\n", "p.yaml:5:13: replicates is 2.5, want a whole number"},
		{head + "replicates: \"3\"\n", `p.yaml:5:13: replicates is the text "3", want a whole number`},
		{head + "replicates: 0\n", "p.yaml:5:13: replicates is 0; leave the line out for the default"},
		{head + "replicates: .nan\n", "p.yaml:5:13: replicates is .nan, want a whole number"},
		{head + "replicates:\n", "p.yaml:5:13: replicates has no value; give it one or remove the line"},
		{head + "first_seed: -1\n", "p.yaml:5:13: first_seed is -1, want a whole number of at least 0"},
		{head + "tuning: {tie_seeds: 0}\n", "p.yaml:5:21: tie_seeds is 0; write -1 for no tie step, or leave the line out for the default"},
		{head + "tuning: {seed: 0}\n", "p.yaml:5:16: seed is 0; leave the line out for the default"},
		{head + "trace: 0\n", "p.yaml:5:8: trace is 0; write -1 for no trace, or leave the line out for the default"},
		{head + "trace: 99999999999999999999\n", "p.yaml:5:8: trace is 99999999999999999999, want a whole number"},
		{head + "tuning: 3\n", `p.yaml:5:9: tuning is 3, want keys with values, such as "name: value"`},
		{head + "one_shot: no\n", `p.yaml:5:11: one_shot is the text "no", want true or false`},
		{head + "order: 3\n", "p.yaml:5:8: order is 3, want text (in quotes, if need be)"},
		{head + "    set: {step_size: abc}\n", `p.yaml:5:22: step_size is the text "abc", want a number`},
		{head + "    set: {step_size: \"0.1\"}\n", `p.yaml:5:22: step_size is the text "0.1", want a number`},
		{head + "    set: {step_size: }\n", "p.yaml:5:21: step_size has no value; give it one or remove the line"},
		{head + "    set: [1]\n", `p.yaml:5:10: set is a list, want keys with values, such as "name: value"`},
		{head + "    sweep: {step_size: 0.1}\n", "p.yaml:5:24: step_size is 0.1, want a list such as [a, b]"},
		{head + "    sweep: {step_size: [0.1, x]}\n", `p.yaml:5:30: an entry of step_size is the text "x", want a number`},
		{head + "    batch_size: big\n", `p.yaml:5:17: batch_size is the text "big", want a whole number`},
		{head + "    batch_size: true\n", "p.yaml:5:17: batch_size is true, want a whole number"},
		{"name: x\nproblems: [a\n", "p.yaml:2:11: sequence end token ']' not found"},
		{"\tname: x\n", "p.yaml:1:5: tab character cannot use as a map key directly"},
		{"name: a: b\n", "p.yaml:1:7: mapping value is not allowed in this context"},
		{"name: *nothing\n", `p.yaml:1:8: could not find alias "nothing"`},
	} {
		_, err := parsePlan("p.yaml", []byte(c.text))
		switch {
		case err == nil:
			t.Errorf("%q: no error, want %s", c.text, c.want)
		case err.Error() != c.want:
			t.Errorf("%q:\n got %s\nwant %s", c.text, err, c.want)
		}
	}
}

func TestPlanValues(t *testing.T) {
	plan, err := parsePlan("p.yaml", []byte(`
name: "3"
problems:
  - a
  - {problem: b, budget: 1e6, batch_size: 1_000, schedule: []}
optimizers:
  - optimizer: sgd
    sweep: {step_size: &grid [1e-3, 1.0e-2, 0.1, .5, 1, 1E1]}
  - {optimizer: adam, sweep: {step_size: *grid}, set: {beta1: 0}}
one_shot: false
first_seed: 0
trace: -1
`))
	if err != nil {
		t.Fatal(err)
	}
	b, sgd, adam := plan.Problems[1], plan.Optimizers[0], plan.Optimizers[1]
	want := []float64{0.001, 0.01, 0.1, 0.5, 1, 10}
	for i, v := range want {
		if sgd.Sweep["step_size"][i] != v || adam.Sweep["step_size"][i] != v {
			t.Errorf("value %d of the sweeps is %g and %g, want %g", i, sgd.Sweep["step_size"][i], adam.Sweep["step_size"][i], v)
		}
	}
	if plan.Name != "3" || plan.Problems[0].Problem != "a" || b.Budget != 1_000_000 || b.BatchSize != 1000 || b.Schedule == nil ||
		*plan.OneShot || plan.Trace != -1 {
		t.Errorf("plan is read as %+v", plan)
	}
	if v, ok := adam.Set["beta1"]; !ok || v != 0 {
		t.Errorf("beta1 is %g (%t), want an explicit 0", v, ok)
	}
}

// inProcess finds bench's own definitions.
type inProcess struct{}

func (inProcess) Problem(name string) (protocol.ProblemDef, error) {
	for _, d := range problems.All() {
		if d.Name == name {
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
	if len(planNames()) < 3 {
		t.Fatalf("built-in plans are %v", planNames())
	}
	for _, name := range planNames() {
		plan, err := loadPlan(name)
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

// leftOut says why problems and optimizers of ours are in neither of the plans "standard" and "images".
var leftOut = map[string]string{
	"rprop": "full batches alone", "l-bfgs": "full batches alone", "sophia-g": "sampled labels",
	"nadam": "a variant of adam", "radam": "a variant of adam", "amsgrad": "a variant of adam", "adamax": "a variant of adam",
	"adadelta": "a variant of adam", "adabelief": "a variant of adam", "adan": "a variant of adam", "adopt": "a variant of adam",
	"ademamix": "a variant of adam", "mars": "a variant of adam",
	"noise-scale": "newer than the plan", "adascale": "newer than the plan",

	"gd": "full batches alone", "newton": "curvature", "ngd": "curvature", "efgd": "curvature", "mc-fisher-ngd": "curvature",
	"block-normalized-sgd": "theory", "coordinate-sgd": "theory", "norm-scaled-sign-sgd": "theory", "normalized-sgd": "theory",
	"ideal-svag": "an oracle", "oracle-step-sgd": "an oracle", "oracle-batch-sgd": "an oracle",

	"quadratic-2d": "no noise", "rotated-quadratic": "no noise", "wilson-least-squares": "a counterexample",
	"lognormal-linreg": "for full batches", "linear-toy": "for full batches", "logistic-toy": "for full batches",
	"boston-linreg": "for full batches", "energy-linreg": "for full batches", "powerplant-linreg": "for full batches",
	"wine-linreg": "for full batches", "yacht-linreg": "for full batches", "a1a-logreg": "for full batches", "wdbc-logreg": "for full batches",
}

// TestStandardPlans wants the plans for real use to keep the standard protocol, to compare the same optimizers, and to leave
// out nothing without a reason.
func TestStandardPlans(t *testing.T) {
	entries := map[string]bool{}
	var optimizersOf [][]protocol.OptimizerEntry
	for _, name := range []string{"standard", "images"} {
		plan, err := loadPlan(name)
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
