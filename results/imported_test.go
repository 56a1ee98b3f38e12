package results

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func imported(seed uint64) *Record {
	r := example(1)
	r.Run.Seed = seed
	r.Run.Problem.Plugin.Plugin, r.Run.Problem.Plugin.SHA256 = "DeepOBS", ""
	r.Run.Optimizer.Plugin = r.Run.Problem.Plugin
	r.Imported = &Imported{Source: "DeepOBS", File: "a/b.json", SHA256: "01", Problem: "a_b", Optimizer: "AdamOptimizer"}
	return r
}

// Imported runs are kept, found again complete, and never found as noisebench's own runs.
func TestImport(t *testing.T) {
	s := open(t, t.TempDir())
	own, foreign := example(1), imported(3)
	commit(t, s, own)
	for _, want := range []bool{true, false} {
		if added, err := s.Import(foreign); err != nil || added != want {
			t.Fatalf("Import says %t, %v; want %t", added, err, want)
		}
	}
	var got []*Record
	for r, err := range s.Imports() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if diff := cmp.Diff([]*Record{foreign}, got, sameNumber); diff != "" {
		t.Errorf("imported runs differ:\n%s", diff)
	}
	if _, found, err := s.Lookup(foreign.Run.ID()); found || err != nil {
		t.Errorf("Lookup of an imported run says %t, %v", found, err)
	}
	if records, problems := all(s); len(records) != 1 || len(problems) != 0 {
		t.Errorf("own runs are %v, %v; want the one of our own", records, problems)
	}

	// Another outcome of the same run, from another file.
	other := imported(3)
	other.Imported.SHA256, other.Imported.File = "02", "c.json"
	var conflict *ConflictError
	if _, err := s.Import(other); !errors.As(err, &conflict) || conflict.Other != "c.json" {
		t.Errorf("import of another outcome gives %v, want a conflict with c.json", err)
	}
}

func TestImportKeepsApart(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Commit(imported(1)); err == nil {
		t.Error("Commit takes an imported run")
	}
	if _, err := s.Import(example(1)); err == nil {
		t.Error("Import takes a run of our own")
	}
	// A record that was moved to the other folder is an error, in both directions.
	own, foreign := example(1), imported(2)
	writePlain(t, s, own)
	if _, err := s.Import(foreign); err != nil {
		t.Fatal(err)
	}
	move := func(from, to string) {
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	move(s.importedPath(foreign.Run.ID()), s.plainPath(foreign.Run.ID()))
	move(s.Path(own.Run.ID()), s.importedPath(own.Run.ID()))
	var syntax *SyntaxError
	if _, found, err := s.Lookup(foreign.Run.ID()); found || !errors.As(err, &syntax) {
		t.Errorf("Lookup of an imported run in runs/ says %t, %v", found, err)
	}
	if records, problems := all(s); len(records) != 0 || len(problems) != 1 {
		t.Errorf("runs/ yields %v, %v; want an error for the imported run", records, problems)
	}
	for r, err := range s.Imports() {
		if r != nil || !errors.As(err, &syntax) || !strings.Contains(err.Error(), "not an imported run") {
			t.Errorf("imported/ yields %v, %v; want an error for the run of our own", r, err)
		}
	}
}

func TestMergeImports(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	for _, seed := range []uint64{1, 2} {
		if _, err := b.Import(imported(seed)); err != nil {
			t.Fatal(err)
		}
	}
	other := imported(2)
	other.Imported.SHA256 = "02"
	if _, err := a.Import(other); err != nil {
		t.Fatal(err)
	}
	m, err := a.Merge(b.Dir())
	if err != nil || m.Added != 1 || m.Known != 0 || len(m.Problems) != 1 {
		t.Errorf("Merge says %+v, %v; want one added and one conflict", m, err)
	}
	if m, err = a.Merge(b.Dir()); err != nil || m.Added != 0 || m.Known != 1 {
		t.Errorf("the second Merge says %+v, %v; want one known", m, err)
	}
}
