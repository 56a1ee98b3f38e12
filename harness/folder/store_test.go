package folder_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/internal/testbundle"
	"noisebench/results"
)

// Runs that were seen are counted and found again; missing ones are reported; a damaged record
// counts as missing, with one warning, and is made again.
func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	var warnings []string
	open := func() *folder.Store {
		t.Helper()
		s, err := folder.OpenStore(dir, func(line string) { warnings = append(warnings, line) })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	campaign, err := harness.NewCampaign(testbundle.Plan("one", "sgd"), testbundle.Here{})
	if err != nil {
		t.Fatal(err)
	}
	store := open()
	if err := store.Prepare(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("Prepare leaves %v (%v), want an empty folder", left, err)
	}
	if _, err := campaign.Execute(t.Context(), harness.Options{Store: store, Parallel: 1}); err != nil {
		t.Fatal(err)
	}
	var records []*results.Record
	for r, err := range store.Records.Records() {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	n := len(records)
	if n == 0 || store.Empty() || store.Finished() != n {
		t.Fatalf("%d records, %t, %d finished", n, store.Empty(), store.Finished())
	}
	if err := store.Lost(); err != nil {
		t.Errorf("nothing is lost, but: %v", err)
	}
	if other := store.OtherCode(campaign); len(other) > 0 {
		t.Errorf("other code: %v, want none", other)
	}
	if _, _, err := store.Build("one", "ab"); err == nil {
		t.Error("a build is found that no record names")
	}

	id := records[0].Run.ID()
	fresh := open()
	if !fresh.Empty() || fresh.Find(id) == nil || fresh.Empty() {
		t.Error("a run is seen before it is read, or not found, or not seen after")
	}
	if err := os.WriteFile(store.Records.Path(id), []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	damaged := open()
	for range 2 {
		if r, found, err := damaged.Lookup(id); r != nil || found || err != nil {
			t.Errorf("the damaged record is %v, %t, %v, want a missing one", r, found, err)
		}
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "unreadable record") {
		t.Errorf("warnings %q, want one of an unreadable record", warnings)
	}
	if err := os.Remove(store.Records.Path(id)); err != nil {
		t.Fatal(err)
	}
	if err := store.Lost(); err == nil || !strings.HasPrefix(err.Error(), "1 of ") {
		t.Errorf("a run is gone; the error is %v", err)
	}
}

// A folder that cannot be made is an error before anything is run.
func TestPrepareFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	store, err := folder.OpenStore(filepath.Join(file, "results"), func(string) {})
	if err == nil {
		err = store.Prepare()
	}
	if err == nil {
		t.Error("a results folder below a file is no error")
	}
}
