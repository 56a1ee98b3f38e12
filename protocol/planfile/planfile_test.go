package planfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"noisebench/protocol"
)

// plans has a library of one plan.
var plans = Plans{Library: fstest.MapFS{"standard.yaml": {Data: []byte("name: standard\nproblems: [a]\noptimizers: [sgd, adam]\n")}}}

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
		{head + "trace: 0\n", "p.yaml:5:8: trace is 0; write -1 for no trace, or leave the line out for the default"},
		{head + "trace: 99999999999999999999\n", "p.yaml:5:8: trace is 99999999999999999999, want a whole number of at most 9007199254740992"},
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
		{"name: *nothing\n", "p.yaml:1:8: no anchor &nothing stands before its alias *nothing"},
		{head + "    set: {a: 1e-400}\n", "p.yaml:5:14: a is 1e-400, want 0 or at least 4.9e-324 in size"},
		{head + "    set: {a: -1e400}\n", "p.yaml:5:14: a is -1e400, want at most 1.8e+308 in size"},
		{head + "    set: {a: 0x20000000000001}\n", "p.yaml:5:14: a is 0x20000000000001, want at most 9007199254740992"},
		{head + "    set: {a: 1__0}\n", `p.yaml:5:14: a is the text "1__0", want a number without "_"`},
		{head + "    set: {a: 0b11}\n", `p.yaml:5:14: a is the text "0b11", want a number`},
		{head + "    set: {a: !!float 3}\n", "p.yaml:5:14: !!float is a tag, which plans do not have; leave it out"},
		{head + "replicates: 1_000\n", `p.yaml:5:13: replicates is the text "1_000", want a whole number without "_"`},
		{head + "replicates: 0b11\n", `p.yaml:5:13: replicates is the text "0b11", want a whole number`},
		{head + "replicates: 1.00000000000000000001\n", "p.yaml:5:13: replicates is 1.00000000000000000001, want a whole number"},
		{head + "replicates: 1e-99999999999999999999\n", "p.yaml:5:13: replicates is 1e-99999999999999999999, want a whole number"},
		{head + "replicates: 9007199254740993\n", "p.yaml:5:13: replicates is 9007199254740993, want a whole number of at most 9007199254740992"},
		{head + "trace: -1e99\n", "p.yaml:5:8: trace is -1e99, want a whole number of at least -9007199254740992"},
		{head + "trace: -0x10\n", `p.yaml:5:8: trace is the text "-0x10", want a whole number`},
		{head + "trace: .inf\n", "p.yaml:5:8: trace is .inf, want a whole number of at most 9007199254740992"},
		{head + "first_seed: 18446744073709551616\n", "p.yaml:5:13: first_seed is 18446744073709551616, want a whole number of at most 9007199254740992"},
		{head + "first_seed: -1e30\n", "p.yaml:5:13: first_seed is -1e30, want a whole number of at least 0"},
		{"x-n: &n 2.5\n" + head + "replicates: *n\n", "p.yaml:1:9: replicates is 2.5, want a whole number"},
		{"x-n: &n 0.5\n" + head + "replicates: *n\n", "p.yaml:1:9: replicates is 0.5, want a whole number"},
		{"x-n: &n {a: x}\n" + head + "    set: {<<: *n}\n", `p.yaml:1:13: a is the text "x", want a number`},
		{"x-n: &n 3\n" + head + "    set: {<<: *n}\n", "p.yaml:6:15: << is 3, want an alias of keys with values, or a list of them"},
		{"x-n: &n {a: *n}\n", "p.yaml:1:14: no anchor &n stands before its alias *n"},
		{head + "    x-mine: 3\n", `p.yaml:5:5: unknown key "x-mine"; known: batch_size, clip, name, optimizer, schedule, set, sweep, tune in an entry of optimizers`},
		{head + "    set: {a: 1, \"a\": 2}\n", `p.yaml:5:17: mapping key "a" already defined at [5:11]`},
		{head + "    set: {a: 1\t0}\n", `p.yaml:5:14: "1\t0" cannot be read without doubt; put it in quotes`},
		{"name: a\tb\n", `p.yaml:1:7: "a\tb" cannot be read without doubt; put it in quotes`},
		{head + "    set: {[a]: 2}\n", "p.yaml:5:14: found an invalid key for this map"},
		{"name: a\x00b\n", "p.yaml:1: control character U+0000, want a text in UTF-8"},
		{"name: a\n# \xff\n", "p.yaml:2: byte 0xff is not UTF-8, want a text in UTF-8"},
		{"\xff\xfen\x00", "p.yaml is UTF-16, want UTF-8; an editor can save it so"},
		{"\xfe\xff\x00n", "p.yaml is UTF-16, want UTF-8; an editor can save it so"},
		{strings.Repeat("a", most+1), "p.yaml has more than 1048576 bytes, want a plan"},
		{strings.Repeat("[", 5000), "p.yaml:1: more than 1000 brackets are open, want a plan"},
		{"x-a: " + strings.Repeat("[", 60) + strings.Repeat("]", 60) + "\n", "p.yaml:1:56: lists and keys are nested more than 50 deep, want a plan"},
	} {
		_, err := Parse("p.yaml", []byte(c.text))
		switch {
		case err == nil:
			t.Errorf("%q: no error, want %s", c.text, c.want)
		case err.Error() != c.want:
			t.Errorf("%q:\n got %s\nwant %s", c.text, err, c.want)
		}
	}
}

func TestPlanValues(t *testing.T) {
	plan, err := Parse("p.yaml", []byte(`
name: "3"
problems:
  - a
  - {problem: b, budget: 1e6, batch_size: 1000, schedule: []}
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

// Numbers are those of YAML 1.2, and a plan's own keys take precedence over merged ones.
func TestPlanMeanings(t *testing.T) {
	plan, err := Parse("p.yaml", []byte("\ufeff"+`
x-a: &a {beta1: 0.9, beta2: 0.5, epsilon: 1}
x-b: &b {beta2: 0.7, weight_decay: 0.1}
x-n: &n 3
x-entry: &entry {problem: q, budget: 01000}
name: p
problems:
  - *entry
  - {<<: *entry, name: other, budget: +1.5e3}
optimizers:
  - {optimizer: first, set: {beta1: 0.8, <<: *a}}
  - {optimizer: last, set: {<<: *a, beta1: 0.8}}
  - {optimizer: several, set: {<<: [*a, *b], epsilon: 010}}
  - {optimizer: written, set: {a: 0o10, b: 0x10, c: -.5, d: 2., e: 0e-400}}
replicates: *n
tuning: {seed: 0}
first_seed: 9007199254740992
one_shot: FALSE
`))
	if err != nil {
		t.Fatal(err)
	}
	want := protocol.Plan{
		Name:     "p",
		Problems: []protocol.ProblemEntry{{Problem: "q", Budget: 1000}, {Problem: "q", Name: "other", Budget: 1500}},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "first", Set: protocol.Setting{"beta1": 0.8, "beta2": 0.5, "epsilon": 1}},
			{Optimizer: "last", Set: protocol.Setting{"beta1": 0.8, "beta2": 0.5, "epsilon": 1}},
			{Optimizer: "several", Set: protocol.Setting{"beta1": 0.9, "beta2": 0.5, "epsilon": 10, "weight_decay": 0.1}},
			{Optimizer: "written", Set: protocol.Setting{"a": 8, "b": 16, "c": -0.5, "d": 2, "e": 0}},
		},
		Replicates: 3, Tuning: protocol.Tuning{Seed: new(uint64(0))}, FirstSeed: 1 << 53, OneShot: new(false),
	}
	if d := cmp.Diff(want, plan); d != "" {
		t.Errorf("the plan is read otherwise (-want +got):\n%s", d)
	}
	full := plan.WithDefaults()
	if seed := full.Tuning.SweepSeed(); seed != 0 {
		t.Errorf("a tuning seed of 0 becomes %d", seed)
	}
	text, err := json.Marshal(full)
	var again protocol.Plan
	if err := errors.Join(err, json.Unmarshal(text, &again)); err != nil {
		t.Fatal(err)
	}
	again = again.WithDefaults()
	if seed := again.Tuning.SweepSeed(); seed != 0 {
		t.Errorf("in a bundle, a tuning seed of 0 becomes %d", seed)
	}
}

// Text that looks like another kind of value is written so that it is read as text.
func TestPlanWritten(t *testing.T) {
	for _, name := range []string{
		"quick", "1e3", "0o17", ".5", "+.inf", ".NaN", "~", "TRUE", "0x1F", "-", "- a", "? b", "!x", "a: b", "#x", "a #b", "010", "1_0", "null",
		"&a", "*a", "<<", "x-a", "|", "> x", "%a", "@a", "`a", "'a", `"a`, "a\nb", " a", "a ", "a\tb", "\ta", "é", "\u0085", "\u2028", "1e400",
		"{a", "[a", ",a", "]", "a,", "---", "...", "\ufeffa", "a:", ":a", "=", "\x7f", `a\b`, "\r", "a\rb", "",
	} {
		plan := protocol.Plan{
			Name: name, Description: name, Problems: []protocol.ProblemEntry{{Problem: name}}, Optimizers: []protocol.OptimizerEntry{{Optimizer: name}},
		}.WithDefaults()
		text, err := Marshal(&plan)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		again, err := Parse("p.yaml", text)
		if d := cmp.Diff(plan, again.WithDefaults()); err != nil || d != "" {
			t.Errorf("%q is read otherwise: %v\n%s", name, err, d)
		}
	}
	broken := protocol.Plan{Name: "\xff"}.WithDefaults()
	if text, err := Marshal(&broken); err == nil {
		t.Errorf("a name that is no text is written as %q", text)
	}
}

// Aliases of aliases cost no more than the text itself.
func TestPlanLaughs(t *testing.T) {
	text := "x-a0: &a0 {k: 1}\n"
	for i := range 40 {
		text += fmt.Sprintf("x-a%d: &a%[1]d {<<: [*a%d, *a%[2]d, *a%[2]d]}\nx-l%[1]d: [*a%[1]d, *a%[2]d]\n", i+1, i)
	}
	plan, err := Parse("p.yaml", []byte(text+"name: p\noptimizers: [{optimizer: o, set: *a40}]\n"))
	if err != nil || plan.Optimizers[0].Set["k"] != 1 {
		t.Errorf("got %+v, %v", plan, err)
	}
}

// The decoder sets every field of a plan.
func TestPlanFields(t *testing.T) {
	var check func(path string, of reflect.Type)
	check = func(path string, of reflect.Type) {
		switch of.Kind() {
		case reflect.Struct:
			for field := range of.Fields() {
				check(path+"."+field.Tag.Get("yaml"), field.Type)
			}
		case reflect.Pointer, reflect.Slice, reflect.Map:
			check(path, of.Elem())
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
		default:
			t.Errorf("%s is a %s, which the decoder does not set", path, of)
		}
	}
	check("plan", reflect.TypeFor[protocol.Plan]())
}

// Schedules, ranges, clipping, epochs and plugins of a plan are read, and written so that they read
// back.
func TestPlanSchedules(t *testing.T) {
	plan, err := Parse("p.yaml", []byte(`
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
	full := plan.WithDefaults()
	text, err := Marshal(&full)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("again.yaml", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if d := cmp.Diff(plan.WithDefaults(), again.WithDefaults()); d != "" {
		t.Errorf("written and read again, the plan differs (-want +got):\n%s\n%s", d, text)
	}
}

// The plugins of a plan file are relative to it, and a plan's identity does not depend on their
// paths.
func TestPlanPlugins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(file, []byte("name: p\nproblems: [a]\noptimizers: [b]\nplugins: [bin/mine, /abs/other]\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	plan, err := plans.Load(file)
	if want := []string{filepath.Join(filepath.Dir(file), "bin/mine"), "/abs/other"}; err != nil || !slices.Equal(plan.Plugins, want) {
		t.Errorf("plugins are %q, %v; want %q", plan.Plugins, err, want)
	}
	if text, err := json.Marshal(plan); err != nil || strings.Contains(string(text), "mine") {
		t.Errorf("a bundle would say where the plugins are: %s, %v", text, err)
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
	got, err := plans.Load(write("mine.yaml", "name: mine\nextends: base.yaml\noptimizers: [./x]\ntuning: {runs: 6}\nplugins: [b]\n"))
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
	// Groups are inherited as far as the plan has their problems.
	write("groups.yaml", "name: g\nproblems: [branin, beale]\ngroups: {a: [beale], b: [branin, beale]}\n")
	for text, want := range map[string]map[string][]string{
		"":                       {"a": {"beale"}, "b": {"branin", "beale"}},
		"problems: [branin]":     {"b": {"branin"}},
		"problems: [rosenbrock]": nil,
		"problems: [branin]\ngroups: {c: [branin]}": {"c": {"branin"}},
	} {
		got, err := plans.Load(write("h.yaml", "name: h\nextends: groups.yaml\n"+text))
		if err != nil || !reflect.DeepEqual(got.Groups, want) {
			t.Errorf("with %q the groups are %v, %v; want %v", text, got.Groups, err, want)
		}
	}
	standard, err := plans.Load("standard")
	if err != nil {
		t.Fatal(err)
	}
	got, err = plans.Load(write("more.yaml", "name: more\nextends: standard\noptimizers: [./x]\n"))
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
		plan, err := plans.Load(write("x.yaml", text))
		if err == nil {
			plan = plan.WithDefaults()
			err = plan.Check()
		}
		if err == nil || !strings.Contains(err.Error(), wants) {
			t.Errorf("%q: error is %v, want %q", text, err, wants)
		}
	}
}
