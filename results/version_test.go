package results

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestVersion(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	version := func() string {
		t.Helper()
		v, err := store.Version()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	write := func(name string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	later := func(name string) {
		t.Helper()
		then := time.Now().Add(time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	before := version()
	for _, step := range []struct {
		what    string
		change  func()
		changes bool
	}{
		{"nothing", func() {}, false},
		{"a record", func() { write("runs/ab/ab.jsonl") }, true},
		{"the time of a record", func() { later("runs/ab/ab.jsonl") }, false},
		{"a failure", func() { write("failed/cd.jsonl") }, true},
		{"a failure that is replaced", func() { later("failed/cd.jsonl") }, true},
		{"an import", func() { write("imported/ef.jsonl") }, true},
		{"a checkpoint", func() { write("checkpoints/ab") }, false},
		{"a record less", func() { _ = os.Remove(filepath.Join(dir, "runs/ab/ab.jsonl")) }, true},
	} {
		step.change()
		after := version()
		if (after != before) != step.changes {
			t.Errorf("%s: the version changes from %s to %s, want a change: %t",
				step.what, before, after, step.changes)
		}
		before = after
	}
}
