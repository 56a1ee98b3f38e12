package publish_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"noisebench/harness"
	"noisebench/harness/publish"
	"noisebench/internal/testbundle"
	"noisebench/results"
	"noisebench/results/bundle"
)

// A plan of two replicates is packed from a folder that has four: the others count as set aside.
// One of six is incomplete, which the bundle states. A run with two outcomes is not packed.
func TestPack(t *testing.T) {
	dir := t.TempDir()
	plan := testbundle.Plan("four", "sgd")
	if _, err := testbundle.Make(dir, plan); err != nil {
		t.Fatal(err)
	}
	store, err := results.Open(filepath.Join(dir, "results-four"))
	if err != nil {
		t.Fatal(err)
	}
	gather := func(replicates int) *publish.Contents {
		t.Helper()
		plan := plan
		plan.Replicates = replicates
		plan.Plugins = []string{"/somewhere"}
		campaign, err := harness.NewCampaign(plan, testbundle.Here{})
		if err != nil {
			t.Fatal(err)
		}
		return publish.Gather(&publish.Source{
			Campaign: campaign, Definitions: testbundle.Here{}, Store: store,
			Find: func(id string) *results.Record {
				record, _, _ := store.Lookup(id)
				return record
			},
		})
	}
	path := filepath.Join(dir, "out"+bundle.Extension)
	for _, c := range []struct {
		replicates, runs, aside int
		missing                 []string
	}{
		{2, 2, 2, nil}, {4, 4, 0, nil}, {6, 4, 0, []string{"sgd on branin: 2 replicate runs missing"}},
	} {
		contents := gather(c.replicates)
		if len(contents.Runs) != c.runs || !slices.Equal(contents.Missing, c.missing) {
			t.Errorf("%d replicates use %d runs, missing %q, want %d and %q",
				c.replicates, len(contents.Runs), contents.Missing, c.runs, c.missing)
		}
		if _, err := contents.Pack(path, bundle.About{Title: "T"}); err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.About.SetAside != c.aside || b.About.Incomplete != (c.missing != nil) || b.About.Title != "T" || len(b.Records) != c.runs {
			t.Errorf("%d replicates: the bundle holds %d runs and says %+v", c.replicates, len(b.Records), b.About)
		}
		if b.Plan.Plugins != nil {
			t.Errorf("the bundle says where plugins were: %v", b.Plan.Plugins)
		}
	}
	contents := gather(4)
	for _, record := range contents.Runs {
		other := *record
		other.Points = slices.Clone(record.Points)
		other.Points[1].Train.Loss++
		if err := store.Commit(&other); err == nil {
			t.Fatal("a second outcome is no conflict")
		}
		break
	}
	if _, err := contents.Pack(path, bundle.About{}); err == nil || !strings.Contains(err.Error(), "two different outcomes") {
		t.Errorf("a run with two outcomes is packed: %v", err)
	}
}
