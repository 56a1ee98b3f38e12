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

func TestSelectDataSets(t *testing.T) {
	names := func(sets []DataSet) (names []string) {
		for _, d := range sets {
			names = append(names, d.Name)
		}
		return names
	}
	sets, err := SelectDataSets([]string{"svhn", "mnist"})
	if got := names(sets); err != nil || !slices.Equal(got, []string{"svhn", "mnist"}) {
		t.Errorf("selected %v, %v; want svhn and mnist", got, err)
	}
	_, err = SelectDataSets([]string{"mnist", "mnits"})
	if err == nil || !strings.Contains(err.Error(), `unknown data set "mnits"`) {
		t.Errorf("the error about an unknown name is %v", err)
	}
	for _, mirrors := range []string{"", "https://example.org"} {
		t.Setenv(data.Mirrors, mirrors)
		sets, err := SelectDataSets([]string{"mnist", "all"})
		got := names(sets)
		if err != nil || !slices.Contains(got, "digits") ||
			slices.Contains(got, "published") != (mirrors != "") {
			t.Errorf("with mirrors %q, all selects %v, %v", mirrors, got, err)
		}
	}
}
