package folder_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/internal/testbundle"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

// What a plan's names meant when it was run stays known without those who serve them; the last run
// of the plan counts, and what no note has is asked for.
func TestNotes(t *testing.T) {
	dir := t.TempDir()
	if notes, errs := folder.Read(dir); notes.Saved != nil || notes.Taken != nil || errs != nil {
		t.Errorf("an empty folder says %v (%v)", notes, errs)
	}
	one := testbundle.Plan("one", "sgd").WithDefaults()
	two := testbundle.Plan("two", "adam", "sgd").WithDefaults()
	for _, plan := range []protocol.Plan{one, two} {
		if err := folder.SavePlan(dir, &plan, testbundle.Here{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "plans", "damaged.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	notes, errs := folder.Read(dir)
	if len(notes.Saved) != 2 || len(errs) != 1 {
		t.Fatalf("the folder says %d plans (%v), want 2 and what is wrong with the third", len(notes.Saved), errs)
	}
	if s := notes.Plan("one"); s == nil || s.Plan.Name != "one" || notes.Plan("three") != nil {
		t.Errorf("plan one is %v, plan three %v", s, notes.Plan("three"))
	}
	nothing := errors.New("nothing is left")
	never := func() (bundle.Lookup, error) { return nil, nothing }
	found, err := notes.Resolve(&two, never)
	if err != nil {
		t.Fatal(err)
	}
	campaign, err := harness.NewCampaign(two, found, notes.Others()...)
	if err != nil || len(campaign.Forecast()) != 2 {
		t.Errorf("the plan has %d cells (%v), want 2", len(campaign.Forecast()), err)
	}
	more := testbundle.Plan("more", "sgd", "lion").WithDefaults()
	if _, err := notes.Resolve(&more, never); !errors.Is(err, nothing) {
		t.Errorf("an optimizer that no note has gives %v", err)
	}
	rest := func() (bundle.Lookup, error) { return testbundle.Here{}, nil }
	if found, err = notes.Resolve(&more, rest); err != nil {
		t.Fatal(err)
	}
	if _, err := found.Optimizer("lion"); err != nil {
		t.Error(err)
	}
}

// Runs that were taken from a bundle are counted in the cells that have them, and in no other.
func TestTakenMarker(t *testing.T) {
	run := func(name string, seed uint64) *results.Record {
		return &results.Record{Run: results.Run{Optimizer: results.OptimizerID{Name: name}, Seed: seed}}
	}
	a, b := run("a", 0), run("a", 1)
	cells := []results.Cell{
		{Optimizer: "a", Runs: []*results.Record{a, b}, Tuning: []*results.Record{run("a", 1000)}},
		{Optimizer: "b", Runs: []*results.Record{run("b", 0)}},
	}
	notes := folder.Notes{Taken: []*bundle.Taken{{
		Root: "r", Plan: "p", Platforms: []string{"elsewhere"}, Runs: []string{a.Run.ID(), b.Run.ID()},
		Checks: []bundle.Check{{Bits: true}, {}, {Bits: true}},
	}}}
	mark := notes.TakenMarker()
	for i := range cells {
		mark(&cells[i])
	}
	want := results.Taken{Runs: 2, Of: 3, Root: "r", Title: "p", Platforms: "elsewhere", Checked: 3, Bits: 2}
	if !slices.Equal(cells[0].Taken, []results.Taken{want}) || cells[1].Taken != nil {
		t.Errorf("the cells say %+v and %+v, want %+v and nothing", cells[0].Taken, cells[1].Taken, want)
	}
	if n := len(notes.Others()); n != 1 {
		t.Errorf("%d definitions are of other platforms, want 1", n)
	}
}
