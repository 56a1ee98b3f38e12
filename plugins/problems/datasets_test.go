package problems

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"noisebench/plugins/problems/internal/data"
)

func TestDataSets(t *testing.T) {
	t.Setenv("NOISEBENCH_DATA", t.TempDir())
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	embedded := []string{"breast-cancer", "digits", "boston", "wine", "yacht", "energy", "power-plant", "a1a", "opticks"}
	for _, set := range DataSets() {
		switch status := set.Status(); {
		case slices.Contains(embedded, set.Name):
			if status.String() != "embedded" {
				t.Errorf("%s is %v, want embedded", set.Name, status)
			}
			if err := set.Fetch(t.Context(), nil); err != nil {
				t.Errorf("fetch of embedded %s: %v", set.Name, err)
			}
		case set.Name == "fashion-mnist" && status.Err == nil: // installed by a package of the operating system
		case status.Place != "" || !errors.Is(status.Err, data.ErrMissing):
			t.Errorf("%s is %v, want it missing", set.Name, status)
		}
		for _, f := range set.Files {
			if len(f.SHA256) != 64 || !strings.HasPrefix(f.Name, set.Name+"/") {
				t.Errorf("%s lists the file %q with SHA-256 %q", set.Name, f.Name, f.SHA256)
			}
		}
		if set.Name == "mnist" && !slices.Contains(set.Problems, "mnist-softmax") {
			t.Errorf("%s is read by %v, want mnist-softmax among them", set.Name, set.Problems)
		}
	}
	if got := (DataStatus{Place: "/some/where"}).String(); got != "found in /some/where" {
		t.Errorf("status of a set in a folder is %q", got)
	}
}
