package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	s := open(t, t.TempDir())
	if f, err := s.Find("abcd"); f != nil || err != nil {
		t.Errorf("an empty store finds %v, %v", f, err)
	}
	one, two := example(1), example(2)
	commit(t, s, one)
	commit(t, s, two)
	other := example(1)
	other.Points[1].Train.Loss = 42
	if err := s.Commit(other); err == nil {
		t.Fatal("a second outcome is no conflict")
	}
	failed := &Record{Run: example(3).Run, End: End{Status: Failed, Reason: "no data"}}
	commit(t, s, failed)
	// A crash between two steps of Commit leaves the failure of a run that has finished.
	left := s.FailedPath(two.Run.ID())
	if err := os.WriteFile(left, encode(t, &Record{Run: two.Run, End: End{Status: Failed, Reason: "no data"}}), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what   string
		record *Record
		others int
	}{{"two outcomes", one, 1}, {"a failure that was overcome", two, 0}, {"a failure", failed, 0}} {
		id := c.record.Run.ID()
		for _, prefix := range []string{id, id[:8]} {
			f, err := s.Find(prefix)
			if err != nil || f == nil {
				t.Errorf("%s: %s gives %v, %v", c.what, prefix, f, err)
				continue
			}
			if !SameOutcome(f.Record, c.record) || f.Record.Run.ID() != id || len(f.Others) != c.others {
				t.Errorf("%s: %s gives %s with %d other outcomes, want %d", c.what, prefix, f.Path, len(f.Others), c.others)
			}
		}
	}
	for _, prefix := range []string{"", "abc", "sgd", strings.Repeat("0", 64), one.Run.ID() + "0", "../../x", one.Run.ID()[:6] + "*"} {
		if f, err := s.Find(prefix); f != nil || err != nil {
			t.Errorf("%q finds %v, %v, want nothing", prefix, f, err)
		}
	}
	twin := one.Run.ID()[:63]
	last := map[bool]string{true: "0", false: "1"}[one.Run.ID()[63] != '0']
	if err := os.WriteFile(filepath.Join(filepath.Dir(s.Path(twin+last)), twin+last+".jsonl"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(twin); err == nil || !strings.HasPrefix(err.Error(), "2 runs begin with ") {
		t.Errorf("two runs of one beginning give %v", err)
	}
	if _, err := s.Find(twin + last); err == nil || !strings.Contains(err.Error(), "file is empty") {
		t.Errorf("an empty record gives %v", err)
	}
}

func TestKey(t *testing.T) {
	base := example(1).Run
	for _, c := range []struct {
		what            string
		change          func(*Run)
		sameRun, sameOn bool
	}{
		{"nothing", func(*Run) {}, true, true},
		{"the build", func(r *Run) { r.Problem.Plugin.SHA256, r.Optimizer.Plugin.Digest = "x", "y" }, true, true},
		{"the trace", func(r *Run) { r.Trace++ }, true, true},
		{"the seed", func(r *Run) { r.Seed++ }, false, true},
		{"the setting", func(r *Run) { r.Optimizer.Setting = nil }, false, true},
		{"clipping", func(r *Run) { r.Clip = 3 }, false, true},
		{"the budget", func(r *Run) { r.Budget++ }, false, false},
		{"the version", func(r *Run) { r.Optimizer.Version += "1" }, false, false},
	} {
		other := base
		c.change(&other)
		if same := base.Key() == other.Key(); same != c.sameRun {
			t.Errorf("%s: the same run: %t, want %t", c.what, same, c.sameRun)
		}
		if same := base.PairKey() == other.PairKey(); same != c.sameOn {
			t.Errorf("%s: the same pair: %t, want %t", c.what, same, c.sameOn)
		}
	}
	a, b := example(1), example(1)
	b.Host.Machine = "another"
	if !SameOutcome(a, b) {
		t.Error("the machine makes another outcome")
	}
	b.Points[1].Train.Loss++
	if SameOutcome(a, b) {
		t.Error("another loss makes the same outcome")
	}
}
