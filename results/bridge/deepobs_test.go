package bridge

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// define replaces the built-in problems.
func define(name string) (protocol.ProblemDef, error) {
	spec := protocol.ProblemSpec{
		Dim: 3, DType: protocol.Float32, Train: 20, Test: 8, Measures: protocol.Gradient,
		Metric: protocol.Metric{Name: "loss"}, BatchSize: 4, Budget: 200,
	}
	switch name {
	case "fmnist-2c2d":
		spec.Metric, spec.Validation = protocol.Metric{Name: "accuracy", HigherBetter: true}, 8
	case "rosenbrock":
		spec.Metric, spec.Constants = protocol.Metric{Name: "suboptimality"}, map[string]float64{"optimum": 0.25}
	case "quadratic-deep":
	default:
		return protocol.ProblemDef{}, protocol.Unknown("problem", name, nil)
	}
	return protocol.ProblemDef{Name: name, Spec: func(protocol.Setting) (protocol.ProblemSpec, error) { return spec, nil }}, nil
}

// python writes a value as Python's json.dumps does.
func python(v any) string {
	switch v := v.(type) {
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
	case []float64:
		var parts []string
		for _, x := range v {
			parts = append(parts, python(x))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// deepFile is the contents of a file, in the order of DeepOBS 1.1.
type deepFile struct {
	problem, optimizer string
	train, test        []float64
	accuracies         []float64 // nil: the keys are absent
	rate               float64
	hyperparams        string
	seed               int
	epochs, steps      int
	more               string // replaces the schedule
}

func (d deepFile) text() string {
	accuracies := ""
	if d.accuracies != nil {
		accuracies = fmt.Sprintf(`"train_accuracies": %s, "test_accuracies": %[1]s, `, python(d.accuracies))
	}
	minibatch := make([]float64, d.epochs*d.steps)
	for i := range minibatch {
		minibatch[i] = float64(i)
	}
	more := d.more
	if more == "" {
		more = `"lr_sched_epochs": null, "lr_sched_factors": null`
	}
	return fmt.Sprintf(`{"train_losses": %s, "test_losses": %s, "minibatch_train_losses": %s, %s"optimizer": %q, "testproblem": %q, `+
		`"weight_decay": null, "batch_size": 4, "num_epochs": %d, "learning_rate": %s, %s, "random_seed": %d, `+
		`"train_log_interval": 1, "hyperparams": %s}`, python(d.train), python(d.test), python(minibatch), accuracies,
		d.optimizer, d.problem, d.epochs, python(d.rate), more, d.seed, d.hyperparams)
}

// write writes the file to the path that DeepOBS uses.
func (d deepFile) write(t *testing.T, dir, when string) string {
	t.Helper()
	relative := filepath.Join(d.problem, d.optimizer, fmt.Sprintf("num_epochs__%d__batch_size__4__lr__%.10e", d.epochs, d.rate),
		fmt.Sprintf("random_seed__%d__%s.json", d.seed, when))
	path := filepath.Join(dir, relative)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(d.text()), 0o666); err != nil {
		t.Fatal(err)
	}
	return relative
}

// momentum is a finished run of two epochs of five steps.
func momentum(rate float64, seed int, final float64) deepFile {
	return deepFile{
		problem: "quadratic_deep", optimizer: "MomentumOptimizer", train: []float64{353.9, 90, final - 1}, test: []float64{353.4, 91, final},
		rate: rate, hyperparams: `{"momentum": 0.99, "use_nesterov": false}`, seed: seed, epochs: 2, steps: 5,
	}
}

func read(t *testing.T, dir string) ([]*results.Record, []string) {
	t.Helper()
	records, notes, err := ReadDeepOBS(dir, define)
	if err != nil {
		t.Fatal(err)
	}
	return records, notes
}

func TestReadDeepOBS(t *testing.T) {
	dir := t.TempDir()
	file := momentum(2.51188643150958e-3, 42, 87).write(t, dir, "2019-02-13-14-35-47")
	records, notes := read(t, dir)
	if len(records) != 1 || len(notes) != 0 {
		t.Fatalf("read %d records with notes %q, want 1 without", len(records), notes)
	}
	r := records[0]
	if r.Run.Problem.Name != "quadratic-deep" || r.Run.Optimizer.Name != "MomentumOptimizer" || r.Run.Seed != 42 ||
		r.Run.Budget != 2*5*4 || r.Run.BatchSize != 4 || r.Run.Order != protocol.Frozen || r.Run.Evaluations != 2 {
		t.Errorf("the run is %+v", r.Run)
	}
	want := protocol.Setting{"step_size": 2.51188643150958e-3, "momentum": 0.99, "use_nesterov": 0}
	if !maps.Equal(r.Run.Optimizer.Setting, want) {
		t.Errorf("the setting is %v, want %v", r.Run.Optimizer.Setting, want)
	}
	if i := r.Imported; i.Source != "DeepOBS" || i.File != filepath.ToSlash(file) || len(i.SHA256) != 64 || i.Problem != "quadratic_deep" {
		t.Errorf("the provenance is %+v", i)
	}
	if p := r.Points[1]; p.Seen != 20 || p.Mark != 20 || p.Step != 5 || p.Train.Loss != 90 || p.Test.Metric != 91 {
		t.Errorf("the point after the first epoch is %+v with test %+v", p, p.Test)
	}
	if r.End.Status != results.OK || r.End.Seen != 40 || r.End.Steps != 10 {
		t.Errorf("the end is %+v", r.End)
	}
	if r.Trace.Stride != 1 || len(r.Trace.Loss) != 10 || r.Trace.Loss[9] != 9 || r.Trace.Seen[9] != 40 {
		t.Errorf("the trace is %+v", r.Trace)
	}
	if _, err := results.Encode(r); err != nil {
		t.Error(err)
	}
}

// NaN and Infinity in the file, as in a run whose step size is too large: it counts by its initial
// value (R7).
func TestReadDeepOBSDiverged(t *testing.T) {
	dir := t.TempDir()
	d := momentum(10, 42, 0)
	d.train, d.test = []float64{353.9, math.Inf(1), math.NaN()}, []float64{353.4, math.Inf(1), math.NaN()}
	d.write(t, dir, "a")
	records, _ := read(t, dir)
	r := records[0]
	if r.End.Status != results.Diverged || !strings.Contains(r.End.Reason, "epoch 1") {
		t.Errorf("the end is %+v, want diverged after epoch 1", r.End)
	}
	if score := r.Score(protocol.Final, protocol.TestPart, protocol.TestPart); score != 353.4 {
		t.Errorf("the score is %g, want the initial value 353.4", score)
	}
}

func TestReadDeepOBSMetrics(t *testing.T) {
	dir := t.TempDir()
	net := momentum(0.1, 42, 1)
	net.problem, net.optimizer, net.accuracies = "fmnist_2c2d", "AdamOptimizer", []float64{0.1, 0.8, 0.9}
	net.steps = 7 // ⌊(20 + 8)/4⌋: DeepOBS holds no validation data out
	net.write(t, dir, "a")
	flat := momentum(0.1, 42, 1.25)
	flat.problem = "two_d_rosenbrock"
	flat.write(t, dir, "a")
	records, notes := read(t, dir)
	if len(records) != 2 {
		t.Fatalf("read %d records with notes %q, want 2", len(records), notes)
	}
	if r := records[0]; r.Points[2].Test.Metric != 0.9 || r.Spec.Train != 28 || r.Spec.Validation != 0 || r.Run.Budget != 2*7*4 {
		t.Errorf("fmnist_2c2d: %+v, %+v", r.Points[2].Test, r.Spec)
	}
	// The last point counts, since there is no validation part for selection.
	if score := records[0].Score(protocol.Best, protocol.ValidationPart, protocol.TestPart); score != 0.9 {
		t.Errorf("fmnist_2c2d: the score is %g, want 0.9", score)
	}
	if r := records[1]; r.Points[2].Test.Metric != 1 || r.Points[2].Test.Loss != 1.25 {
		t.Errorf("two_d_rosenbrock: test is %+v, want loss 1.25 and suboptimality 1", r.Points[2].Test)
	}
}

// The names of DeepOBS 1.2, a schedule, and steps that were not all logged.
func TestReadDeepOBSVariants(t *testing.T) {
	dir := t.TempDir()
	d := momentum(0.1, 42, 87)
	d.more = `"lr_sched_epochs": [1], "lr_sched_factors": [0.1]`
	d.write(t, dir, "a")
	text := momentum(0.1, 43, 87).text()
	for _, c := range [][2]string{
		{`"optimizer": `, `"optimizer_name": `},
		{`"hyperparams": {`, `"optimizer_hyperparams": {"lr": 0.1, `},
		{`"learning_rate": 0.1, `, ``},
		{`"weight_decay": null`, `"l2_reg": 0.002`},
		{`"train_log_interval": 1`, `"train_log_interval": 3`},
	} {
		if !strings.Contains(text, c[0]) {
			t.Fatalf("the file has no %s", c[0])
		}
		text = strings.Replace(text, c[0], c[1], 1)
	}
	if err := os.WriteFile(filepath.Join(dir, "random_seed__43__b.json"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	records, notes := read(t, dir)
	if len(records) != 2 {
		t.Fatalf("read %d records with notes %q, want 2", len(records), notes)
	}
	if got := fmt.Sprint(records[0].Run.Schedule); got != "times 0.1 at 50 %" {
		t.Errorf("the schedule is %s, want a tenth at one half", got)
	}
	r := records[1]
	if r.Run.Optimizer.Name != "MomentumOptimizer" || r.Run.Optimizer.Setting["step_size"] != 0.1 ||
		r.Run.Optimizer.Setting["momentum"] != 0.99 || r.Run.Optimizer.Setting["weight_decay"] != 0.002 || r.Run.Order != protocol.Reshuffled {
		t.Errorf("version 1.2: the run is %+v", r.Run)
	}
	if r.Run.Budget != 2*5*4 || r.Trace != nil {
		t.Errorf("every third step logged: the budget is %d, the trace %v; want 40 and none", r.Run.Budget, r.Trace)
	}
}

func TestReadDeepOBSNotes(t *testing.T) {
	dir := t.TempDir()
	add := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	good := momentum(1, 42, 87)
	good.write(t, dir, "2019-02-13")
	good.test[2] = 86
	good.write(t, dir, "2019-02-14")
	short := momentum(1, 43, 87)
	short.test = short.test[:2]
	for name, text := range map[string]string{
		"short":    short.text(),
		"torn":     good.text()[:100],
		"empty":    "",
		"other":    strings.Replace(good.text(), "quadratic_deep", "imagenet_vgg16", 1),
		"unseeded": strings.Replace(good.text(), `"random_seed": 42, `, "", 1),
		"words":    strings.Replace(good.text(), "false", `"maybe"`, 1),
		"still":    momentum(0, 44, 87).text(),
		"uphill":   momentum(-0.01, 44, 87).text(),
		"zero":     strings.Replace(good.text(), `"batch_size": 4`, `"batch_size": 0`, 1),
	} {
		add("random_seed__1__"+name+".json", text)
	}
	if err := os.MkdirAll(filepath.Join(dir, "quadratic_deep", "AdamOptimizer", "num_epochs__2__lr__1"), 0o777); err != nil {
		t.Fatal(err)
	}
	add("metadata.json", "{}") // not a run
	records, notes := read(t, dir)
	if len(records) != 1 || records[0].Points[2].Test.Loss != 86 {
		t.Errorf("read %d records, want the later run of the setting alone", len(records))
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{
		"short.json is left out: it has 3 train_losses and 2 test_losses, want 3 of each: the run was not finished",
		"torn.json is left out: not a result of DeepOBS, or torn",
		"empty.json is left out: not a result of DeepOBS, or torn",
		`other.json is left out: unknown problem "imagenet_vgg16"`,
		"unseeded.json is left out: it has no random_seed",
		`words.json is left out: hyperparameter use_nesterov is "maybe"`,
		"still.json is left out: learning_rate is 0, want a positive number",
		"uphill.json is left out: learning_rate is -0.01, want a positive number",
		"zero.json is left out: batch_size is 0",
		"random_seed__42__2019-02-13.json is left out: ",
		"num_epochs__2__lr__1 holds no run",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no note says %q:\n%s", want, all)
		}
	}
	if len(notes) != 11 {
		t.Errorf("there are %d notes, want 11:\n%s", len(notes), all)
	}
	if _, _, err := ReadDeepOBS(t.TempDir(), define); err == nil || !strings.Contains(err.Error(), "holds no results of DeepOBS") {
		t.Errorf("an empty folder gives %v", err)
	}
	if _, _, err := ReadDeepOBS(filepath.Join(dir, "nothing"), define); err == nil {
		t.Error("a folder that is not there gives no error")
	}
}

// A grid under seed 42 and ten seeds at its best setting, 42 among them.
func TestCells(t *testing.T) {
	dir := t.TempDir()
	grid := map[float64]float64{1e-3: 95, 1.584893192461114e-2: 87.2, 0.1: 99}
	for rate, final := range grid {
		momentum(rate, 42, final).write(t, dir, "a")
	}
	diverged := momentum(10, 42, math.NaN())
	diverged.write(t, dir, "a")
	want := []float64{87.2}
	for seed := 43; seed <= 51; seed++ {
		final := 87.4 + 0.02*float64(seed-47)
		want = append(want, final)
		momentum(1.584893192461114e-2, seed, final).write(t, dir, "b")
	}
	records, _ := read(t, dir)
	slices.Reverse(records)
	cells := Cells("quadratic_deep", records)
	if len(cells) != 1 {
		t.Fatalf("there are %d cells, want 1", len(cells))
	}
	c := cells[0]
	if c.Optimizer != "MomentumOptimizer" || c.Unranked != "imported from DeepOBS" || c.Edges != nil || len(c.Tuning) != 4 {
		t.Errorf("the cell is %+v", c)
	}
	if !slices.Equal(c.Tuned, []string{"step_size"}) || c.Setting["step_size"] != 0.0158489 || c.Setting["momentum"] != 0.99 {
		t.Errorf("tuned are %v, the setting is %v", c.Tuned, c.Setting)
	}
	var got []float64
	for _, r := range c.Runs {
		got = append(got, r.Score(protocol.Final, protocol.TestPart, protocol.TestPart))
	}
	if !slices.Equal(got, want) || stats.Mean(got) != stats.Mean(want) {
		t.Errorf("the replicates' scores are %v, want %v", got, want)
	}
}

// With a grid alone the best final value wins, here at the edge; NaN never does.
func TestCellsGrid(t *testing.T) {
	dir := t.TempDir()
	momentum(0.01, 42, math.NaN()).write(t, dir, "a")
	momentum(0.1, 42, 88).write(t, dir, "a")
	momentum(1, 42, 87).write(t, dir, "a")
	records, _ := read(t, dir)
	c := Cells("q", records)[0]
	if c.Setting["step_size"] != 1 || len(c.Edges) != 1 || !c.Edges[0].Above || len(c.Runs) != 1 || len(c.Tuning) != 3 {
		t.Errorf("the cell is %+v", c)
	}
}

func TestPlainJSON(t *testing.T) {
	for in, want := range map[string]string{
		`[NaN, Infinity, -Infinity, -1]`:  `["NaN", "+Inf", "-Inf", -1]`,
		`{"NaN": "a \" NaN \\", "b":NaN}`: `{"NaN": "a \" NaN \\", "b":"NaN"}`,
		`"Infinity`:                       `"Infinity`,
		`"a\`:                             `"a\`,
	} {
		if got := string(plainJSON([]byte(in))); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}
