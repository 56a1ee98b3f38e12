package main

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
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
		{head + "    tune: {step_size: 0.1}\n", "p.yaml:5:23: step_size is 0.1, want a list such as [a, b]"},
		{head + "    budget: 100\n", "p.yaml:5:5: an optimizer has no budget of its own: all optimizers see as many examples: give the budget to an entry of problems"},
		{head + "    epochs: 3\n", "p.yaml:5:5: an optimizer has no epochs of its own: all optimizers see as many examples: give the epochs to an entry of problems"},
		{head + "    clip: 0\n", "p.yaml:5:11: clip is 0; leave the line out for no clipping"},
		{head + "    clip: yes\n", `p.yaml:5:11: clip is the text "yes", want a number`},
		{"problems: [{problem: q, epochs: 0}]\n", "p.yaml:1:33: epochs is 0; leave the line out for the problem's own budget"},
		{head + "schedule: cosine\n", `p.yaml:5:11: schedule is the text "cosine", want keys with values, such as {warmup: 0.05, decay: cosine}, or a list of drops`},
		{head + "schedule: {warm: 0.1}\n", `p.yaml:5:12: unknown key "warm"; did you mean warmup? in schedule`},
		{head + "schedule: {warmup: ten}\n", `p.yaml:5:20: warmup is the text "ten", want a number`},
		{head + "schedule: {drops: [{at: 0.5}, 3]}\n", `p.yaml:5:31: an entry of drops is 3, want keys with values, such as "name: value"`},
		{head + "    schedule: [0.5]\n", `p.yaml:5:16: an entry of schedule is 0.5, want keys with values, such as "name: value"`},
		{head + "plugins: ./my-plugin\n", `p.yaml:5:10: plugins is the text "./my-plugin", want a list such as [a, b]`},
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

// What a plan says of schedules, ranges, clipping, epochs and plugins is read, and written by reproduce --plan so that it reads back.
func TestPlanSchedules(t *testing.T) {
	plan, err := parsePlan("p.yaml", []byte(`
name: p
schedule: {warmup: 0.05, decay: cosine, final: 0.1}
problems:
  - {problem: a, epochs: 2.5, schedule: [{at: 0.5, factor: 0.1}]}
  - {problem: b, schedule: {decay: constant}}
  - {problem: c, schedule: {warmup: 1e-1, drops: [{at: 0.5, factor: 0.1}, {at: 0.75, factor: 0.1}]}}
optimizers:
  - {optimizer: sgd, schedule: {decay: sqrt, start: 0.8}}
  - {optimizer: adam, tune: {step_size: [1e-4, 1], epsilon: [1e-10, 1e-6]}, clip: 1}
plugins: [./mine, /abs/other]
`))
	if err != nil {
		t.Fatal(err)
	}
	drop := protocol.Drop{At: 0.5, Factor: 0.1}
	want := protocol.Plan{
		Name:     "p",
		Schedule: &protocol.Schedule{Warmup: 0.05, Decay: protocol.Cosine, Final: 0.1},
		Problems: []protocol.ProblemEntry{
			{Problem: "a", Epochs: 2.5, Schedule: &protocol.Schedule{Drops: []protocol.Drop{drop}}},
			{Problem: "b", Schedule: &protocol.Schedule{}},
			{Problem: "c", Schedule: &protocol.Schedule{Warmup: 0.1, Drops: []protocol.Drop{drop, {At: 0.75, Factor: 0.1}}}},
		},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "sgd", Schedule: &protocol.Schedule{Decay: protocol.Sqrt, Start: 0.8}},
			{Optimizer: "adam", Tune: map[string][]float64{"step_size": {1e-4, 1}, "epsilon": {1e-10, 1e-6}}, Clip: 1},
		},
		Plugins: []string{"./mine", "/abs/other"},
	}
	if d := cmp.Diff(want, plan); d != "" {
		t.Errorf("the plan is read otherwise (-want +got):\n%s", d)
	}
	text, err := yaml.Marshal(plan.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	again, err := parsePlan("again.yaml", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if d := cmp.Diff(plan.WithDefaults(), again.WithDefaults()); d != "" {
		t.Errorf("written and read again, the plan differs (-want +got):\n%s\n%s", d, text)
	}
}

// The plugins of a plan file are named relative to it, and what a plan is does not depend on where they are.
func TestPlanPlugins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(file, []byte("name: p\nproblems: [a]\noptimizers: [b]\nplugins: [bin/mine, /abs/other]\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	plan, err := loadPlan(file)
	if want := []string{filepath.Join(filepath.Dir(file), "bin/mine"), "/abs/other"}; err != nil || !slices.Equal(plan.Plugins, want) {
		t.Errorf("plugins are %q, %v; want %q", plan.Plugins, err, want)
	}
	if text := asJSON(plan); strings.Contains(text, "mine") {
		t.Errorf("a bundle would say where the plugins are: %s", text)
	}
}

// A drawing has the shape of the schedule: its columns, read from the top, are as high as the factors in their middles.
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
	"lion": "newer", "schedule-free-sgd": "newer", "schedule-free-adamw": "newer", "prodigy": "newer", "dog": "newer",
	"sps-max": "newer", "lars": "for layers", "lamb": "for layers", "muon": "for matrices", "soap": "for matrices",
	"shampoo": "for matrices", "adamh": "for matrices", "muonh": "for matrices",

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

func TestExtends(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("base.yaml", "name: base\ndescription: d\nproblems: [branin]\noptimizers: [sgd]\nreplicates: 3\nplugins: [a]\ntuning: {runs: 5, tie_seeds: 2}\n")
	got, err := loadPlan(write("mine.yaml", "name: mine\nextends: base.yaml\noptimizers: [./x]\ntuning: {runs: 6}\nplugins: [b]\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := protocol.Plan{
		Name: "mine", Problems: []protocol.ProblemEntry{{Problem: "branin"}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "sgd"}, {Optimizer: "./x"}},
		Replicates: 3, Tuning: protocol.Tuning{Runs: 6, TieSeeds: 2}, Plugins: []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	standard, err := loadPlan("standard")
	if err != nil {
		t.Fatal(err)
	}
	got, err = loadPlan(write("more.yaml", "name: more\nextends: standard\noptimizers: [./x]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(standard.Optimizers); len(got.Optimizers) != n+1 || got.Optimizers[n].Optimizer != "./x" || !reflect.DeepEqual(got.Problems, standard.Problems) {
		t.Errorf("the plan that extends standard has %d optimizers, want %d", len(got.Optimizers), n+1)
	}
	for text, wants := range map[string]string{
		"name: x\nextends: nowhere.yaml\n":                            "x.yaml extends nowhere.yaml: cannot read plan",
		"name: x\nextends: x.yaml\n":                                  "extends itself",
		"extends: base.yaml\n":                                        "has no name",
		"name: x\nextends: base.yaml\noptimizers: [{optimizer: sgd}]": `two optimizers of the plan are named "sgd"`,
	} {
		plan, err := loadPlan(write("x.yaml", text))
		if err == nil {
			plan = plan.WithDefaults()
			err = plan.Check()
		}
		if err == nil || !strings.Contains(err.Error(), wants) {
			t.Errorf("%q: error is %v, want %q", text, err, wants)
		}
	}
}
