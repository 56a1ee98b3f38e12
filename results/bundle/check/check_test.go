package check

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

func ExampleReport() {
	var r Report
	r.OK = true
	r.Add(Integrity, "files", "3 files as listed", "1 of 3 files damaged or missing", nil)
	r.Add(Consistency, "seeds", "no tuning seed is reported", "tuning seeds are reported too", []string{"sgd on branin: seed 7"})
	r.Note(Completeness, "set aside", "the folder held 2 other runs")
	for _, f := range r.Findings {
		fmt.Println(f.Verdict, f.Check, f.Text, f.Details)
	}
	fmt.Println(r.OK, len(r.Failed()))
	// Output:
	// PASS files 3 files as listed []
	// FAIL seeds tuning seeds are reported too [sgd on branin: seed 7]
	// note set aside the folder held 2 other runs []
	// false 1
}

// A saved report is read back unchanged, and only for the contents that it belongs to.
func TestSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a"+bundle.Extension)
	if r, err := Saved(path, "x"); r != nil || err != nil {
		t.Errorf("no report gives %v, %v", r, err)
	}
	r := &Report{Root: "x", Plan: "p", Seed: 7, Rerun: Reruns{9, 5, 3, 1, 1, 0}}
	r.Add(Again, "sample", "", "1 differs", []string{"this one"})
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Saved(path, "x")
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(r)
	if text, _ := json.Marshal(got); string(text) != string(want) {
		t.Errorf("the report is %s, want %s", text, want)
	}
	if r, err := Saved(path, "y"); r != nil || err != nil {
		t.Errorf("a report on other contents gives %v, %v", r, err)
	}
}

// finished is a record of 20 examples, in 4 steps of 5, with marks at 0, 10 and 20.
func finished() *results.Record {
	v := results.Value{Loss: 1, Metric: 1}
	return &results.Record{
		Run:  results.Run{Budget: 20, BatchSize: 5, Evaluations: 2},
		Spec: protocol.ProblemSpec{Train: 100},
		Points: []results.Point{
			{Train: v}, {Mark: 10, Seen: 10, Step: 2, Train: v}, {Mark: 20, Seen: 20, Step: 4, Train: v},
		},
		End: results.End{Status: results.OK, Steps: 4, Seen: 20, Gradients: 20, MinBatch: 5, MaxBatch: 5},
	}
}

func TestContradictions(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*results.Record)
		says   string
	}{
		{"nothing", func(*results.Record) {}, ""},
		{"a cheaper end", func(r *results.Record) { r.End.Seen = 15 }, "15 examples charged and 0 unused, want 20 together"},
		{"fewer steps", func(r *results.Record) { r.End.Steps = 3 }, "3 steps of 5 to 5 examples cannot make 20"},
		{"a large batch", func(r *results.Record) { r.End.MaxBatch = 6 }, "a batch has 6 examples, want at most 5"},
		{"free gradients", func(r *results.Record) { r.End.Gradients = 21 }, "21 gradients, 0 variances and 0 curvatures from 20 examples"},
		{"a reason", func(r *results.Record) { r.End.Reason = "x" }, `status ok with reason "x"`},
		{"another mark", func(r *results.Record) { r.Points[1].Mark = 11 }, "point 1 is at mark 11"},
		{"a mark left out", func(r *results.Record) { r.Points = slices.Delete(r.Points, 1, 2) }, ""},
		{"a late point", func(r *results.Record) { r.Points[1].Seen = 20 }, "point 1 of mark 10 was taken at 20 examples"},
		{"time that runs back", func(r *results.Record) { r.Points[2].Step = 1 }, "point 2 is at step 1 and 20 examples, after step 2 and 10"},
		{"a part too many", func(r *results.Record) { r.Points[2].Test = &results.Value{} }, "point 2 has not the parts"},
		{"an early last point", func(r *results.Record) { r.Points = r.Points[:2] }, "the last point is at step 2 and 10 examples"},
	} {
		r := finished()
		c.change(r)
		got := strings.Join(contradictions(r, false), "; ")
		if c.says == "" && got != "" || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", c.what, got, c.says)
		}
	}
	r := finished()
	r.End.MaxBatch = 6
	if got := contradictions(r, true); got != nil {
		t.Errorf("an optimizer that chooses its batch size may not: %q", got)
	}
}

func TestNearest(t *testing.T) {
	def := func(version, digest, print string) protocol.OptimizerDef {
		d := protocol.OptimizerDef{Name: "o", Version: version, Origin: protocol.Origin{Plugin: "x", Digest: digest}}
		d.Fingerprint = func() (string, error) { return print, nil }
		return d
	}
	served := func(defs ...protocol.OptimizerDef) Served { return Served{Optimizers: defs} }
	m := made{"optimizer", "o", "1", protocol.Origin{Plugin: "x", Digest: "d"}, map[string]string{"": "f"}}
	builtIn := m
	builtIn.origin = protocol.Origin{Plugin: protocol.BuiltIn}
	found := func(s Served) func() Served { return func() Served { return s } }
	for _, c := range []struct {
		what string
		m    made
		here Here
		want relation
		why  string
	}{
		{"nothing", m, Here{}, absent, ""},
		{"the same, given", m, Here{Given: served(def("1", "d", "f"))}, same, ""},
		{"the same, found", m, Here{Found: found(served(def("1", "d", "f")))}, same, ""},
		{"another version, found", m, Here{Found: found(served(def("2", "d", "f")))}, changed, ""},
		{"other code, given", m, Here{Given: served(def("1", "e", "f"))}, swapped, "digest d in the bundle, e here"},
		{"other bits, given", m, Here{Given: served(def("1", "d", "g"))}, swapped, "fingerprint f in the bundle, g here"},
		{"other code, given as a rebuild", m, Here{Given: served(def("1", "e", "f")), Rebuilt: true}, rebuilt, "digest d in the bundle, e here"},
		{"other code, found by chance", m, Here{Found: found(served(def("1", "e", "f")))}, absent, "digest d in the bundle, e here"},
		{"the right one is given beside another", m, Here{Given: served(def("1", "e", "f"), def("1", "d", "f"))}, same, ""},
		{"a built-in elsewhere", builtIn, Here{Given: served(def("1", "", "f"))}, absent, ""},
		{"a built-in with other bits", builtIn, Here{BuiltIn: served(def("1", "", "g"))}, rebuilt, "fingerprint f in the bundle, g here"},
		{"a built-in", builtIn, Here{BuiltIn: served(def("1", "", "f"))}, same, ""},
	} {
		_, how, differs := nearest(c.m, &c.here, optimizers, measuredOptimizer)
		if how != c.want || strings.Join(differs, "; ") != c.why {
			t.Errorf("%s: relation %d, %q, want %d, %q", c.what, how, differs, c.want, c.why)
		}
	}
}

// A tuned hyperparameter that a plan sets to another value than the default was tuned elsewhere.
func TestTunedElsewhere(t *testing.T) {
	b := &bundle.Bundle{Definitions: bundle.Definitions{Optimizers: map[string]bundle.Optimizer{"o": {
		Name: "o", Hyperparameters: []bundle.Parameter{
			{Name: "step_size", Default: 0.1, Tuned: true, Max: 1}, {Name: "beta", Default: 0.9, Max: 1},
		},
	}}}}
	for _, c := range []struct {
		set  protocol.Setting
		want string
	}{
		{nil, ""},
		{protocol.Setting{"step_size": 0.1}, ""},
		{protocol.Setting{"beta": 0.5}, ""},
		{protocol.Setting{"step_size": 0.2, "beta": 0.5}, "step_size=0.2 is fixed by the plan, not found by its tuning (o)"},
	} {
		if got := TunedElsewhere(b, protocol.OptimizerEntry{Optimizer: "o", Set: c.set}); got != c.want {
			t.Errorf("%v: %q, want %q", c.set, got, c.want)
		}
	}
}

// A parameter that a problem declared later is no difference to a bundle of before. Any other is.
func TestParametersDeclaredLater(t *testing.T) {
	def := func(parameters ...protocol.Hyperparameter) *protocol.ProblemDef {
		return &protocol.ProblemDef{Name: "p", Version: "1", Parameters: parameters}
	}
	old := protocol.NonNegative("spread", "scale", 1)
	later := protocol.NonNegative("noise", "share", 0)
	later.Later = true
	newer := later
	newer.Later = false
	changed := protocol.NonNegative("spread", "scale", 2)
	there := bundle.DescribeProblem(def(old))
	for _, c := range []struct {
		name   string
		here   *protocol.ProblemDef
		differ bool
	}{
		{"the same", def(old), false},
		{"one more, later", def(old, later), false},
		{"one more", def(old, newer), true},
		{"another default", def(changed, later), true},
		{"one less", def(later), true},
	} {
		x := &comparison{}
		x.problem(&there, c.here, protocol.Version)
		if got := len(x.differ) > 0; got != c.differ {
			t.Errorf("%s: differences %q, want some: %t", c.name, x.differ, c.differ)
		}
	}
}
