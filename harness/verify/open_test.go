package verify_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"noisebench/harness"
	"noisebench/harness/verify"
	"noisebench/internal/testbundle"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

func published(t *testing.T, plan protocol.Plan) string {
	t.Helper()
	path, err := testbundle.Make(t.TempDir(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// finding returns what a check found; nil if there was no such check.
func finding(x *check.Checked, name string) *check.Finding {
	i := slices.IndexFunc(x.Findings, func(f check.Finding) bool { return f.Check == name })
	if i < 0 {
		return nil
	}
	return &x.Findings[i]
}

func TestOpen(t *testing.T) {
	path := published(t, testbundle.Plan("small", "sgd"))
	claims := func(replicates int) func(string) (protocol.Plan, bool) {
		return func(name string) (protocol.Plan, bool) {
			plan := testbundle.Plan(name, "sgd")
			plan.Replicates = replicates
			return plan, name == "small"
		}
	}
	for _, c := range []struct {
		what    string
		options verify.Options
		verdict check.Verdict
		says    string
	}{
		{"an unknown plan", verify.Options{}, check.Note, "small is not a built-in plan"},
		{"a known plan", verify.Options{Known: claims(4)}, check.Pass, "is this build's plan small"},
		{"a plan that claims to be a known one", verify.Options{Known: claims(5)}, check.Note, "differs from this build's plan small"},
	} {
		x := verify.Open(path, c.options)
		f := finding(x, "plan hash")
		if !x.OK || f == nil || f.Verdict != c.verdict || !strings.HasPrefix(f.Text, c.says) {
			t.Errorf("%s: ok %t, finding %v, want %s %q", c.what, x.OK, f, c.verdict, c.says)
		}
		if n := len(x.Decisions.Used); n != 4 || len(x.Decisions.Cells) != 1 || x.Decisions.Missing != nil {
			t.Errorf("%s: %d runs are used, missing %v, want 4 and none", c.what, n, x.Decisions.Missing)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torn := filepath.Join(t.TempDir(), "torn"+bundle.Extension)
	if err := os.WriteFile(torn, whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{torn, filepath.Join(t.TempDir(), "none")} {
		x := verify.Open(path, verify.Options{})
		if x.OK || x.Bundle != nil || x.Decisions != nil || len(x.Failed()) != 1 || verify.Usable(x) == nil {
			t.Errorf("%s: ok %t with the findings %v", filepath.Base(path), x.OK, x.Findings)
		}
	}
}

// A bundle of a plan that was not made to the end says so, and cannot be taken.
func TestOpenIncomplete(t *testing.T) {
	plan := testbundle.Plan("cut", "sgd")
	path := published(t, plan)
	b, err := bundle.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	store, err := results.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for id, r := range b.Records {
		if r.Run.Seed == 2 {
			continue
		}
		raw, err := bundle.RawRecord(path, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Add(raw); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, store.Path(id))
	}
	if _, err := bundle.Create(path, b.About, &b.Plan, &b.Definitions, paths); err != nil {
		t.Fatal(err)
	}
	x := verify.Open(path, verify.Options{})
	f := x.Failed()
	if len(f) != 1 || f[0].Check != "plan" || !slices.Equal(f[0].Details, []string{"sgd on branin: 1 replicate run missing"}) {
		t.Errorf("a missing replicate gives %v", f)
	}
	if err := verify.Usable(x); err == nil || !strings.Contains(err.Error(), "fails 1 check, so nothing is taken from it") {
		t.Errorf("it is usable: %v", err)
	}
}

// With other code here, runs differ, and the report says which; what is not here is left out.
func TestRerunFindsOtherCode(t *testing.T) {
	path := published(t, testbundle.Plan("small", "sgd", "adam"))
	here := testbundle.BuiltIn()
	var list []protocol.OptimizerDef
	for _, d := range here.BuiltIn.Optimizers {
		if d.Name == "sgd" {
			inner := d.New64
			d.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				s.Setting = protocol.Setting{protocol.StepSize: 2 * s.Setting[protocol.StepSize]}
				return inner(s)
			}
			list = append(list, d)
		}
	}
	here.BuiltIn.Optimizers = list
	x := verify.Open(path, verify.Options{})
	found := x.Compare(here)
	if len(found.Optimizers) != 1 || len(found.Problems) != 1 {
		t.Fatalf("%d optimizers and %d problems are here, want one of each", len(found.Optimizers), len(found.Problems))
	}
	if f := finding(x, "unknown"); f == nil || !strings.HasPrefix(f.Details[0], "optimizer adam, version ") {
		t.Errorf("an optimizer that is not here gives %v", f)
	}
	all, err := verify.ParseShare("all")
	if err != nil {
		t.Fatal(err)
	}
	same, err := verify.Rerun(context.Background(), x, found, verify.Again{Selection: verify.Selection{Share: all}, Parallel: 2})
	if err != nil {
		t.Fatal(err)
	}
	if want := (check.Reruns{Runs: 4, Made: 4, Differ: 4}); x.Rerun != want || same != nil || x.OK {
		t.Errorf("made again: %+v, ok %t, want %+v", x.Rerun, x.OK, want)
	}
	if f := finding(x, "sample"); f == nil || len(f.Details) != 4 || !strings.Contains(f.Details[0], "replicate of sgd on branin, seed ") {
		t.Errorf("the sample gives %v", f)
	}
	ended, stop := context.WithCancel(context.Background())
	stop()
	if _, err := verify.Rerun(ended, x, found, verify.Again{Selection: verify.Selection{Share: all}, Parallel: 2}); err == nil {
		t.Error("runs are made after the end of the context")
	}
}

func TestTake(t *testing.T) {
	plan := testbundle.Plan("small", "sgd", "adam")
	path := published(t, plan)
	campaign, err := harness.NewCampaign(plan, testbundle.Here{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := results.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	have := func(id string) *results.Record {
		record, _, err := store.Lookup(id)
		if err != nil {
			t.Error(err)
		}
		return record
	}
	take := func(wantNeeded, wantTaken, cheapest int) {
		t.Helper()
		x := verify.Open(path, verify.Options{})
		needed := verify.Needed(campaign, have, []*check.Checked{x})
		if len(needed[0]) != wantNeeded {
			t.Fatalf("%d runs are needed, want %d", len(needed[0]), wantNeeded)
		}
		taken, err := verify.Take(context.Background(), x, x.Compare(testbundle.BuiltIn()), store, needed[0], verify.Again{
			Selection: verify.Selection{Cheapest: cheapest}, Parallel: 1,
		})
		if err != nil || taken.Runs != wantTaken || taken.Again.Bits != cheapest || taken.Conflicts != nil {
			t.Errorf("taken: %+v (%v), want %d runs and %d made again", taken, err, wantTaken, cheapest)
		}
	}
	take(8, 8, 3)
	take(0, 0, 0)
	notes, err := bundle.TakenBundles(store.Dir())
	if err != nil || len(notes) != 1 || len(notes[0].Runs) != 8 || len(notes[0].Checks) != 3 {
		t.Errorf("the folder says %v (%v), want one bundle with 8 runs, 3 of them made again", notes, err)
	}
}

// An interrupted Take leaves no record that looks as if it was made here, and can be repeated.
func TestTakeInterrupted(t *testing.T) {
	x := verify.Open(published(t, testbundle.Plan("published", "sgd", "adam")), verify.Options{})
	store, err := results.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ids := x.Bundle.Finished()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	left := func() (n int) {
		for id := range ids {
			if _, ok, err := store.Lookup(id); err != nil || !ok {
				n++
			}
		}
		return n
	}
	taken, err := verify.Take(ctx, x, x.Compare(testbundle.BuiltIn()), store, ids, verify.Again{
		Progress: func(string, int, int) { stop() },
	})
	if !errors.Is(err, context.Canceled) || taken.Runs == 0 {
		t.Fatalf("taken: %+v (%v), want some and context.Canceled", taken, err)
	}
	noted := func(want int) {
		t.Helper()
		notes, err := bundle.TakenBundles(store.Dir())
		if err != nil || len(notes) != 1 || len(notes[0].Runs) != want || left() != len(ids)-want {
			t.Errorf("the folder says %v (%v) and lacks %d of %d, want one bundle with %d runs",
				notes, err, left(), len(ids), want)
		}
	}
	noted(taken.Runs)
	first := taken.Runs
	told := 0
	taken, err = verify.Take(t.Context(), x, x.Compare(testbundle.BuiltIn()), store, ids, verify.Again{
		Progress: func(what string, done, of int) {
			if told++; what != "runs taken" || done != told || of != len(ids) {
				t.Errorf("told %d of %d %s after %d", done, of, what, told-1)
			}
		},
	})
	if err != nil || taken.Runs != len(ids)-first || told != len(ids) {
		t.Errorf("taken: %+v (%v), told of %d; want the other %d of %d runs", taken, err, told,
			len(ids)-first, len(ids))
	}
	noted(len(ids))
}

// A run that was made here stays one when its bundle is taken, and so does one that is made here
// after a Take that was killed before it stored it.
func TestTakeLeavesOwnRuns(t *testing.T) {
	x := verify.Open(published(t, testbundle.Plan("published", "sgd", "adam")), verify.Options{})
	store, err := results.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ids := x.Bundle.Finished()
	own := slices.Min(slices.Collect(maps.Keys(ids)))
	if err := store.Commit(x.Bundle.Records[own]); err != nil {
		t.Fatal(err)
	}
	for _, before := range [][]string{nil, {strings.Repeat("0", len(own))}} {
		if before != nil { // as a killed Take leaves it
			if err := bundle.SaveTaken(store.Dir(), &bundle.Taken{Root: x.Root, Runs: before}); err != nil {
				t.Fatal(err)
			}
			for id := range ids {
				if err := os.Remove(store.Path(id)); id != own && err != nil {
					t.Fatal(err)
				}
			}
			if err := store.Commit(x.Bundle.Records[own]); err != nil {
				t.Fatal(err)
			}
		}
		taken, err := verify.Take(t.Context(), x, x.Compare(testbundle.BuiltIn()), store, ids, verify.Again{})
		if err != nil || taken.Runs != len(ids)-1 {
			t.Fatalf("taken: %+v (%v), want %d runs", taken, err, len(ids)-1)
		}
		notes, err := bundle.TakenBundles(store.Dir())
		if err != nil || len(notes) != 1 || len(notes[0].Runs) != len(ids)-1 ||
			slices.Contains(notes[0].Runs, own) || slices.ContainsFunc(before, func(id string) bool {
			return slices.Contains(notes[0].Runs, id)
		}) {
			t.Errorf("the folder says %v (%v), want one bundle with all runs but %s", notes, err, own)
		}
	}
}

// A plan that names more than any bundle can hold is refused before it takes memory.
func TestOpenBoundsPlans(t *testing.T) {
	path := published(t, testbundle.Plan("small", "sgd"))
	b, err := bundle.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	many := func(n int) (entries []protocol.OptimizerEntry) {
		for i := range n {
			entries = append(entries, protocol.OptimizerEntry{Optimizer: "sgd", Name: fmt.Sprint("o", i)})
		}
		return entries
	}
	values := make([]float64, 300)
	for i := range values {
		values[i] = float64(i+1) / 1e4
	}
	for what, change := range map[string]func(*protocol.Plan){
		"pairs": func(p *protocol.Plan) {
			p.Optimizers = many(2000)
			for i := range 2000 {
				p.Problems = append(p.Problems, protocol.ProblemEntry{Problem: "branin", Name: fmt.Sprint("p", i)})
			}
		},
		"replicates": func(p *protocol.Plan) { p.Optimizers, p.Replicates = many(1000), 100_000 },
		"a grid": func(p *protocol.Plan) {
			p.Optimizers[0].Set = nil
			p.Optimizers[0].Sweep = map[string][]float64{"step_size": values, "weight_decay": values, "other": values}
		},
		"ties": func(p *protocol.Plan) { p.Tuning.TieSeeds, p.Tuning.TieSettings = 1<<40, 1<<40 },
	} {
		plan := b.Plan.WithDefaults()
		change(&plan)
		file := filepath.Join(t.TempDir(), "x"+bundle.Extension)
		if _, err := bundle.Create(file, b.About, &plan, &b.Definitions, nil); err != nil {
			t.Fatal(err)
		}
		x := verify.Open(file, verify.Options{})
		if f := finding(x, "plan"); f == nil || f.Verdict != check.Fail || !strings.Contains(f.Details[0], "more runs and settings than a bundle can hold") {
			t.Errorf("%s: %+v", what, f)
		}
	}
}
