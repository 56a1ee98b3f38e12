package folder_test

import (
	"path/filepath"
	"strings"
	"testing"

	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/internal/testbundle"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/claim"
)

// One of two optimizers is executed: the folder then has its runs and what the plan's names mean,
// and the states say what is left, what others are making, and which runs were abandoned.
func TestExecute(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	store, err := folder.OpenStore(dir, func(line string) { t.Errorf("warning: %s", line) })
	if err != nil {
		t.Fatal(err)
	}
	campaign, err := harness.NewCampaign(testbundle.Plan("one", "sgd", "adam"), testbundle.Here{})
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	var last harness.Progress
	o := harness.Options{
		Parallel: 1, Only: func(_, optimizer string) bool { return optimizer == "sgd" },
		Note: func(line string) { notes = append(notes, line) }, Progress: func(p harness.Progress) { last = p },
	}
	failed, err := store.Execute(t.Context(), campaign, testbundle.Here{}, "1_2", o)
	if err != nil || len(failed) > 0 {
		t.Fatalf("failed %v, error %v", failed, err)
	}
	cells := store.Cells(campaign)
	if len(cells) == 0 || len(cells[0].Runs) != 4 || last.Done != 4 || len(notes) > 0 {
		t.Errorf("cells %v, progress %+v, notes %q; want 4 runs of sgd", cells, last, notes)
	}
	if saved, errs := folder.Read(dir); saved.Plan("one") == nil || len(errs) > 0 {
		t.Errorf("the plan is not kept: %v", errs)
	}

	claims, err := claim.List(dir)
	if err != nil || len(claims) > 0 {
		t.Fatalf("claims %v (%v) are left, want none", claims, err)
	}
	_, due := campaign.Cells(store.Find)
	other := claim.New(dir, claim.Config{Job: "7_1"})
	defer other.Close()
	if _, _, ok, err := other.Take(t.Context(), due[1][0].ID); !ok || err != nil {
		t.Fatalf("the claim is taken: %t, %v", ok, err)
	}
	if claims, err = claim.List(dir); err != nil {
		t.Fatal(err)
	}
	states := store.States(campaign, claims, nil)
	if len(states) != 2 {
		t.Fatalf("states are %+v, want two", states)
	}
	sgd, adam := states[0], states[1]
	if sgd.Done != 4 || sgd.Left != 0 || sgd.Remaining != 0 {
		t.Errorf("the state of sgd is %+v, want 4 runs done", sgd)
	}
	if adam.Done != 0 || adam.Left != 4 || adam.Dead != 0 || adam.Running[claims[0].Owner.Machine] != 1 {
		t.Errorf("the state of adam is %+v, want 4 runs left, one of them being made here", adam)
	}
	ended := func(o *claim.Owner) bool { return o.Job == "7_1" }
	if adam = store.States(campaign, claims, ended)[1]; adam.Dead != 1 || len(adam.Running) > 0 {
		t.Errorf("the state of adam is %+v, want one dead run", adam)
	}
}

// Records of the plan that other code made are named at the start, and stay.
func TestExecuteNotesOtherCode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	store, err := folder.OpenStore(dir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"0", ""} {
		campaign, err := harness.NewCampaign(testbundle.Plan("one", "sgd"), older{version})
		if err != nil {
			t.Fatal(err)
		}
		var notes []string
		o := harness.Options{
			Parallel: 1, Host: results.Host{Plan: "one"},
			Note: func(line string) { notes = append(notes, line) },
		}
		if _, err := store.Execute(t.Context(), campaign, older{version}, "", o); err != nil {
			t.Fatal(err)
		}
		if version == "" && (len(notes) != 1 || !strings.Contains(notes[0], "4 runs of optimizer sgd, version 0")) {
			t.Errorf("notes are %q, want one on 4 runs of version 0", notes)
		}
	}
	if n := store.Finished(); n != 8 {
		t.Errorf("%d runs, want 8", n)
	}
}

// older has optimizers of another version.
type older struct{ version string }

func (older) Problem(name string) (protocol.ProblemDef, error) {
	return testbundle.Here{}.Problem(name)
}

func (o older) Optimizer(name string) (protocol.OptimizerDef, error) {
	d, err := testbundle.Here{}.Optimizer(name)
	if o.version != "" {
		d.Version = o.version
	}
	return d, err
}
