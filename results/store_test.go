package results

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func commit(t testing.TB, s *Store, r *Record) {
	t.Helper()
	if err := s.Commit(r); err != nil {
		t.Fatal(err)
	}
}

// writePlain writes a record as older versions did.
func writePlain(t *testing.T, s *Store, r *Record) {
	t.Helper()
	path := s.plainPath(r.Run.ID())
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err = errors.Join(err, os.WriteFile(path, encode(t, r), 0o666)); err != nil {
		t.Fatal(err)
	}
}

// all lists the seed and status of each record that a store yields, and the errors.
func all(s *Store) (records []string, problems []error) {
	for r, err := range s.Records() {
		if err != nil {
			problems = append(problems, err)
		} else {
			records = append(records, fmt.Sprintf("%d %s", r.Run.Seed, r.End.Status))
		}
	}
	return records, problems
}

// files lists the files below dir.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	s := open(t, dir)
	if records, problems := all(s); records != nil || problems != nil {
		t.Errorf("a folder that is not there yields %v and %v", records, problems)
	}
	r := example(1)
	id := r.Run.ID()
	if _, ok, err := s.Lookup(id); ok || err != nil {
		t.Errorf("looking up what is not there gives %t, %v", ok, err)
	}
	for _, id := range []string{"", "a", "../../etc/passwd", id[:12]} {
		if _, ok, err := s.Lookup(id); ok || err != nil {
			t.Errorf("looking up %q, which is no ID, gives %t, %v", id, ok, err)
		}
	}
	commit(t, s, r)
	elsewhere := example(1)
	elsewhere.Host.Machine = "elsewhere"
	commit(t, s, elsewhere)
	if got, ok, err := s.Lookup(id); !ok || err != nil || got.Trace != nil || got.Host.Machine != r.Host.Machine {
		t.Errorf("Lookup gives %v, %t, %v; want the first record without trace", got, ok, err)
	}
	if got, ok, err := s.LookupTraced(id); !ok || err != nil || got.Trace == nil {
		t.Errorf("LookupTraced gives %v, %t, %v; want a record with trace", got, ok, err)
	}
	if got := files(t, dir); len(got) != 1 || got[0] != filepath.Join(dir, "runs", id[:2], id+".jsonl.zst") {
		t.Errorf("files are %v, want the record alone", got)
	}
	for range s.Records() {
		break // must not panic
	}
}

func TestStoreFailure(t *testing.T) {
	s := open(t, t.TempDir())
	failed := func(reason string) *Record {
		return &Record{Run: example(1).Run, Points: example(1).Points[:1], End: End{Status: Failed, Reason: reason}}
	}
	id := failed("").Run.ID()
	commit(t, s, failed("first"))
	commit(t, s, failed("second"))
	if r, ok, err := s.LookupFailed(id); !ok || err != nil || r.End.Reason != "second" {
		t.Errorf("LookupFailed gives %v, %t, %v; want the last failure", r, ok, err)
	}
	if _, ok, err := s.Lookup(id); ok || err != nil {
		t.Errorf("a failed run counts as finished (%t, %v)", ok, err)
	}
	if records, _ := all(s); fmt.Sprint(records) != "[1 failed]" {
		t.Errorf("records are %v, want the failure", records)
	}
	left, err := os.ReadFile(s.FailedPath(id))
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, example(1))
	if got := files(t, s.Dir()); len(got) != 1 {
		t.Errorf("files are %v, want the failure gone", got)
	}
	// As after a crash between saving the record and removing the failure.
	if err := os.WriteFile(s.FailedPath(id), left, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.LookupFailed(id); ok || err != nil {
		t.Errorf("a run that finished is looked up as failed (%t, %v)", ok, err)
	}
	if records, problems := all(s); fmt.Sprint(records) != "[1 ok]" || problems != nil {
		t.Errorf("store yields %v and %v, want the finished run alone", records, problems)
	}
}

func TestLacks(t *testing.T) {
	s := open(t, t.TempDir())
	commit(t, s, example(1))
	writePlain(t, s, example(2))
	commit(t, s, &Record{Run: example(3).Run, End: End{Status: Failed, Reason: "no data"}})
	var ids []RunID
	for seed := range uint64(6) {
		r := example(seed)
		ids = append(ids, MustParseID(r.Run.ID()))
	}
	other := filepath.Join(filepath.Dir(s.Path(ids[4].String())), ids[4].String()+".other-01234567.jsonl.zst")
	if err := errors.Join(os.MkdirAll(filepath.Dir(other), 0o777), os.WriteFile(other, nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	if n := s.Lacks(slices.Values(ids)); n != 3 {
		t.Errorf("the folder lacks %d of 6 runs, want 3", n)
	}
}

// A run may fail before its problem is opened.
func TestStoreFailureWithoutPoints(t *testing.T) {
	s := open(t, t.TempDir())
	r := &Record{Run: example(1).Run, End: End{Status: Failed, Reason: "no data"}}
	commit(t, s, r)
	if got, ok, err := s.LookupFailed(r.Run.ID()); !ok || err != nil || got.End != r.End {
		t.Errorf("LookupFailed gives %v, %t, %v", got, ok, err)
	}
}

func TestStoreConflict(t *testing.T) {
	s := open(t, t.TempDir())
	commit(t, s, example(1))
	other := example(1)
	other.Points[1].Train.Loss = 42
	for range 2 {
		var conflict *ConflictError
		if err := s.Commit(other); !errors.As(err, &conflict) {
			t.Fatalf("error is %v, want a ConflictError", err)
		}
		data, err := ReadRecord(conflict.Other)
		if err != nil || !bytes.Equal(data, encode(t, other)) || conflict.Kept != s.Path(conflict.ID) {
			t.Errorf("%v: the other record is not kept (%v)", conflict, err)
		}
	}
	records, problems := all(s)
	if len(records) != 1 || len(problems) != 1 || !errors.As(problems[0], new(*ConflictError)) {
		t.Errorf("store yields %v and %v, want one record and one conflict", records, problems)
	}
	into := open(t, t.TempDir())
	m, err := into.Merge(s.Dir())
	if err != nil || m.Added != 1 || len(m.Problems) != 1 {
		t.Errorf("merging gives %+v, %v; want one record and one conflict", m, err)
	}
	if r, _, _ := into.Lookup(other.Run.ID()); r == nil || r.Points[1].Train.Loss == 42 {
		t.Error("merging does not keep the first record first")
	}
}

func TestStoreDamaged(t *testing.T) {
	packed := func(b []byte) []byte { return encoder().EncodeAll(b, nil) }
	for name, damage := range map[string]func([]byte) []byte{
		"torn":            func(b []byte) []byte { return packed(b[:len(b)/2]) },
		"no newline":      func(b []byte) []byte { return packed(b[:len(b)-1]) },
		"empty":           func([]byte) []byte { return nil },
		"empty contents":  func([]byte) []byte { return packed(nil) },
		"changed":         func(b []byte) []byte { return packed(bytes.Replace(b, []byte(`"mark":400`), []byte(`"mark":401`), 1)) },
		"torn, packed":    func(b []byte) []byte { b = packed(b); return b[:len(b)/2] },
		"changed, packed": func(b []byte) []byte { b = packed(b); b[len(b)/2] ^= 1; return b },
		"not packed":      func(b []byte) []byte { return b },
		"too much":        func([]byte) []byte { return packed(make([]byte, maxRecord+1)) },
	} {
		s := open(t, t.TempDir())
		r := example(1)
		commit(t, s, r)
		commit(t, s, example(2))
		path := s.Path(r.Run.ID())
		if err := os.WriteFile(path, damage(encode(t, r)), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := s.Lookup(r.Run.ID()); ok || !errors.As(err, new(*SyntaxError)) {
			t.Errorf("%s: Lookup gives %t, %v; want a SyntaxError", name, ok, err)
		}
		if records, problems := all(s); fmt.Sprint(records) != "[2 ok]" || len(problems) != 1 {
			t.Errorf("%s: store yields %v and %v, want the other record and one problem", name, records, problems)
		}
		commit(t, s, r)
		if records, problems := all(s); len(records) != 2 || problems != nil {
			t.Errorf("%s: after running again the store yields %v and %v", name, records, problems)
		}
	}
}

func TestStoreForeignFiles(t *testing.T) {
	s := open(t, t.TempDir())
	commit(t, s, example(1))
	dir := filepath.Dir(s.Path(example(1).Run.ID()))
	for _, name := range []string{filepath.Join(s.Dir(), "runs", "notes.txt"), filepath.Join(dir, ".DS_Store")} {
		if err := os.WriteFile(name, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// A link to a record counts as the record; a link to a device, from which reading would not
	// end, is not followed.
	other := example(2)
	path := s.Path(other.Run.ID())
	data, err := Encode(other)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	zeros := filepath.Join(dir, strings.Repeat("0", 64)+".jsonl")
	if err := errors.Join(
		os.WriteFile(elsewhere, encoder().EncodeAll(data, nil), 0o666), os.MkdirAll(filepath.Dir(path), 0o777),
		os.Symlink(elsewhere, path), os.Symlink("/dev/zero", zeros),
	); err != nil {
		t.Fatal(err)
	}
	records, problems := all(s)
	if len(records) != 2 || len(problems) != 3 {
		t.Errorf("store yields %v and %v, want two records and three problems", records, problems)
	}
}

func TestMerge(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	failed := example(3)
	failed.End = End{Status: Failed, Reason: "crashed"}
	commit(t, a, example(1))
	for _, r := range []*Record{example(1), example(2), failed} {
		commit(t, b, r)
	}
	if err := os.WriteFile(filepath.Join(b.Dir(), "runs", "x"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := a.Merge(b.Dir())
	if err != nil || m.Added != 2 || m.Known != 1 || len(m.Problems) != 1 {
		t.Errorf("merging gives %+v, %v; want 2 added, 1 known, 1 problem", m, err)
	}
	m, err = a.Merge(b.Dir())
	if err != nil || m.Added != 0 || m.Known != 3 {
		t.Errorf("merging again gives %+v, %v; want 3 known", m, err)
	}
	if records, _ := all(a); len(records) != 3 {
		t.Errorf("records are %v, want 3", records)
	}
	// What finished elsewhere replaces the failure here.
	commit(t, b, example(3))
	if m, err = a.Merge(b.Dir()); err != nil || m.Added != 1 {
		t.Errorf("merging the finished run gives %+v, %v; want 1 added", m, err)
	}
	if _, ok, _ := a.LookupFailed(failed.Run.ID()); ok {
		t.Error("the failure is still there")
	}
	if _, err := a.Merge(filepath.Join(b.Dir(), "nowhere")); err == nil {
		t.Error("merging a folder that is not there gives no error")
	}
}

func TestStoreSharedFolder(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		s := open(t, dir)
		wg.Go(func() {
			for seed := range uint64(20) {
				if err := s.Commit(example(seed)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if records, problems := all(open(t, dir)); len(records) != 20 || problems != nil {
		t.Errorf("store yields %d records and %v, want 20 and none", len(records), problems)
	}
	if got := files(t, filepath.Join(dir, "tmp")); len(got) != 0 {
		t.Errorf("left in tmp: %v", got)
	}
}

func TestStoreErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil || !strings.Contains(err.Error(), "is a file, want a results folder") {
		t.Errorf("opening a file: error is %v", err)
	}
	if _, err := Open(""); err == nil || !strings.Contains(err.Error(), "name of the results folder is empty") {
		t.Errorf("opening a folder without a name: error is %v", err)
	}
	if os.Getuid() == 0 {
		t.Log("permissions do not bind root: not tested")
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	err := open(t, filepath.Join(dir, "results")).Commit(example(1))
	if err == nil || !strings.Contains(err.Error(), "writable or choose another results folder") {
		t.Errorf("read-only folder: error is %v", err)
	}
}

// After every error in writing, the folder contains nothing of the record.
func TestStoreWriteErrorLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	id := example(1).Run.ID()
	// where a folder is needed
	if err := os.WriteFile(filepath.Join(dir, "runs"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	err := s.Commit(example(1))
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "cannot save run "+id[:12]) {
		t.Errorf("error is %v", err)
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files are %v, want none new", got)
	}
}

func BenchmarkStoreCommit(b *testing.B) {
	s := open(b, b.TempDir())
	seed := uint64(0)
	for b.Loop() {
		commit(b, s, example(seed))
		seed++
	}
}

// BenchmarkStoreRecords reads a folder of 10,000 records.
func BenchmarkStoreRecords(b *testing.B) {
	const n = 10_000
	s := open(b, b.TempDir())
	for seed := range uint64(n) {
		r := example(seed)
		path := s.Path(r.Run.ID())
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, encoder().EncodeAll(encode(b, r), nil), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		records := make([]*Record, 0, n)
		for r, err := range s.Records() {
			if err != nil {
				b.Fatal(err)
			}
			records = append(records, r)
		}
		if len(records) != n {
			b.Fatalf("read %d records, want %d", len(records), n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/record")
}
