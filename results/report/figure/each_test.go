package figure_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"noisebench/results"
	"noisebench/results/internal/synthetic"
	"noisebench/results/report/figure"
)

// All figures of a kind are drawn, or those of the problems that are asked for; what is missing is
// listed by its reason.
func TestDrawEach(t *testing.T) {
	plan, cells := synthetic.Plan()
	source := figure.NewSource(plan, cells, nil)
	var all []string
	for _, e := range plan.Problems {
		all = append(all, e.Name)
	}
	draw := func(name string, problems ...string) (drawn []string, missing []figure.Missing) {
		t.Helper()
		kinds, err := figure.FindKinds(name)
		if err != nil {
			t.Fatal(err)
		}
		missing, err = kinds[0].DrawEach(source, problems, func(problem string, f *figure.Figure) error {
			drawn = append(drawn, problem)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return drawn, missing
	}
	if drawn, missing := draw("ranks"); !slices.Equal(drawn, append(slices.Clone(all), "")) || missing != nil {
		t.Errorf("drawn are %q, missing %v; want all problems and the overall figure", drawn, missing)
	}
	if drawn, _ := draw("ranks", "digits"); !slices.Equal(drawn, []string{"digits"}) {
		t.Errorf("drawn are %q, want that of digits", drawn)
	}
	if drawn, _ := draw("profile", "digits"); !slices.Equal(drawn, []string{""}) {
		t.Errorf("drawn are %q, want the overall figure, the only one of its kind", drawn)
	}
	drawn, missing := draw("batch-size")
	if drawn != nil || len(missing) != 1 || !slices.Equal(missing[0].Problems, all) || missing[0].Reason != "no run kept a trace" {
		t.Errorf("drawn are %q, missing %v; want one reason for all problems", drawn, missing)
	}

	kinds, err := figure.FindKinds("ranks")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var saved []string
	_, err = kinds[0].SaveEach(source, []string{"digits"}, dir, "svg", func(path string) {
		saved = append(saved, path)
	})
	want := filepath.Join(dir, results.FileName(plan.Name, "digits", "ranks")+".svg")
	if err != nil || !slices.Equal(saved, []string{want}) {
		t.Errorf("saved are %q (%v), want %s", saved, err, want)
	}
	for _, path := range []string{want, strings.TrimSuffix(want, ".svg") + ".txt"} {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	_, err = kinds[0].SaveEach(source, nil, filepath.Join(dir, "none"), "svg", func(string) {})
	if err == nil || !strings.Contains(err.Error(), "cannot write figure") {
		t.Errorf("a folder that is missing gives %v", err)
	}

	full := errors.New("disk full")
	_, err = figure.Kinds[0].DrawEach(source, nil, func(string, *figure.Figure) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("error %v, want that of saving", err)
	}
	if _, err := figure.FindKinds("los"); err == nil || !strings.Contains(err.Error(), "loss") {
		t.Errorf("error %v, want the near kind", err)
	}
	if kinds, err := figure.FindKinds(); err != nil || len(kinds) != len(figure.KindNames()) {
		t.Errorf("%d kinds (%v), want all", len(kinds), err)
	}
	for _, c := range []struct {
		problems, optimizers []string
		want                 string // in the error; empty: none
	}{
		{nil, nil, ""},
		{all, []string{plan.Optimizers[0].Name}, ""},
		{[]string{"digit"}, nil, "problem of the plan"},
		{nil, []string{"?"}, "optimizer of the plan"},
	} {
		err := figure.CheckNames(plan, c.problems, c.optimizers)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("names %q and %q: %v, want %q", c.problems, c.optimizers, err, c.want)
		}
	}
}
