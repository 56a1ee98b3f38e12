package folder_test

import (
	"path/filepath"
	"strings"
	"testing"

	"noisebench/harness/folder"
	"noisebench/harness/verify"
	"noisebench/internal/testbundle"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

// Runs that a plan needs and a bundle holds are taken once; later, the folder's notes say what
// their optimizer is, and only the other one is asked for.
func TestBaselines(t *testing.T) {
	path, err := testbundle.Make(t.TempDir(), testbundle.Plan("published", "sgd"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := verify.Source(path, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "results")
	store, err := folder.OpenStore(dir, func(line string) { t.Errorf("warning: %s", line) })
	if err != nil {
		t.Fatal(err)
	}
	plan := testbundle.Plan("mine", "sgd", "adam").WithDefaults()
	notes, _ := folder.Read(dir)
	campaign, definitions, err := notes.Campaign(plan, testbundle.Here{}, x)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := definitions.Optimizer("adam"); err != nil {
		t.Error(err)
	}
	needed := store.Needed(campaign, []*check.Checked{x})
	if len(needed) != 1 || len(needed[0]) != 4 {
		t.Fatalf("needed are %v, want the 4 runs of sgd", needed)
	}
	found := x.Compare(testbundle.BuiltIn())
	if _, err := verify.Take(t.Context(), x, found, store.Records, needed[0], verify.Again{}); err != nil {
		t.Fatal(err)
	}
	if needed := store.Needed(campaign, []*check.Checked{x}); len(needed[0]) > 0 {
		t.Errorf("after they were taken, %v are needed", needed)
	}

	notes, errs := folder.Read(dir)
	if len(notes.Taken) != 1 || len(errs) > 0 {
		t.Fatalf("%d bundles are noted (%v), want 1", len(notes.Taken), errs)
	}
	asked := 0
	campaign, _, err = notes.Recall(&plan, func() (bundle.Lookup, error) {
		asked++
		return testbundle.Here{}, nil
	})
	if err != nil || asked == 0 {
		t.Fatalf("the rest was asked for %d times, error %v", asked, err)
	}
	cells := store.Cells(campaign)
	if len(cells[0].Runs) != 4 || len(cells[1].Runs) != 0 {
		t.Errorf("%d runs of sgd and %d of adam, want 4 and 0", len(cells[0].Runs), len(cells[1].Runs))
	}
}

// A file that is no bundle is refused before anything is taken from it.
func TestSourceFails(t *testing.T) {
	_, err := verify.Source(filepath.Join(t.TempDir(), "none"+bundle.Extension), verify.Options{})
	if err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("error %v, want one that names the file", err)
	}
}
