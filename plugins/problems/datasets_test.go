package problems

import (
	"errors"
	"testing"

	"noisebench/plugins/problems/internal/data"
)

func TestDataSets(t *testing.T) {
	t.Setenv("NOISEBENCH_DATA", t.TempDir())
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, set := range DataSets() {
		switch status := set.Status(); {
		case set.Name == "mnist":
			if status.Err == nil || status.Place != "" {
				t.Errorf("mnist is %v, want it missing", status)
			}
		case status.String() != "embedded":
			t.Errorf("%s is %v, want embedded", set.Name, status)
		default:
			if err := set.Fetch(t.Context(), nil); err != nil {
				t.Errorf("fetch of embedded %s: %v", set.Name, err)
			}
		}
	}
	if got := (DataStatus{Place: "/some/where"}).String(); got != "found in /some/where" {
		t.Errorf("status of a set in a folder is %q", got)
	}
}

// A problem whose data were missing opens once they are there.
func TestMissingDataAreNotRemembered(t *testing.T) {
	var value kept[int]
	there := false
	load := func() (*int, error) {
		if !there {
			return nil, data.ErrMissing
		}
		return new(int), nil
	}
	if _, err := value.get(load); !errors.Is(err, data.ErrMissing) {
		t.Errorf("got error %v, want %v", err, data.ErrMissing)
	}
	there = true
	first, err := value.get(load)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := value.get(load); second != first || err != nil {
		t.Error("the value was loaded twice")
	}
}
