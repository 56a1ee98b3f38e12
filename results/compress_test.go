//go:build linux

package results

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Plain records are read like compressed ones, and are not written again.
func TestPlainRecords(t *testing.T) {
	s := open(t, t.TempDir())
	plain, packed := example(1), example(2)
	writePlain(t, s, plain)
	commit(t, s, packed)
	elsewhere := example(1)
	elsewhere.Host.Machine = "elsewhere"
	commit(t, s, elsewhere)
	id := plain.Run.ID()
	if s.Path(id) != s.plainPath(id) || exists(s.plainPath(id)+zstdSuffix) || !s.Has(id) {
		t.Error("a plain record is written again")
	}
	for _, r := range []*Record{plain, packed} {
		got, found, err := s.LookupTraced(r.Run.ID())
		if !found || err != nil || !bytes.Equal(encode(t, got), encode(t, r)) {
			t.Errorf("LookupTraced gives %t, %v", found, err)
		}
		f, err := s.Find(r.Run.ID()[:8])
		if err != nil || f == nil || f.Path != s.Path(r.Run.ID()) || f.Others != nil {
			t.Errorf("Find gives %+v, %v", f, err)
		}
	}
	into := open(t, t.TempDir())
	if m, err := into.Merge(s.Dir()); err != nil || m.Added != 2 {
		t.Errorf("merging gives %+v, %v", m, err)
	}
	if lines, err := ReadRecord(into.Path(id)); err != nil || !bytes.Equal(lines, encode(t, plain)) {
		t.Errorf("merging a plain record changes it: %v", err)
	}
	var conflict *ConflictError
	elsewhere.Points[1].Train.Loss = 42
	if err := s.Commit(elsewhere); !errors.As(err, &conflict) || conflict.Kept != s.plainPath(id) {
		t.Errorf("another outcome beside a plain record gives %v", err)
	}
	if err := os.WriteFile(s.plainPath(id), []byte("torn"), 0o666); err != nil {
		t.Fatal(err)
	}
	commit(t, s, plain)
	if s.Path(id) == s.plainPath(id) || exists(s.plainPath(id)) {
		t.Error("a damaged plain record is still there")
	}
}

// Of two files of one run the compressed one is its record, with an index and without.
func TestBothForms(t *testing.T) {
	indexAtOnce(t)
	for _, c := range []struct {
		what   string
		change func(*Record)
		others int
	}{
		{"the same outcome", func(r *Record) { r.Host.Machine = "elsewhere" }, 0},
		{"another outcome", func(r *Record) { r.Points[1].Train.Loss = 42 }, 1},
	} {
		s := open(t, t.TempDir())
		r, other := example(1), example(1)
		c.change(other)
		writePlain(t, s, other)
		all(s)
		s.SaveIndex()
		packed := filepath.Join(t.TempDir(), "packed")
		if _, err := open(t, packed).place("x", s.plainPath(r.Run.ID())+zstdSuffix, encode(t, r)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			s = open(t, s.Dir())
			got, problems := all(s)
			if len(got) != 1 || len(problems) != c.others {
				t.Errorf("%s: %v and %v", c.what, got, problems)
			}
			found, _, err := s.Lookup(r.Run.ID())
			if err != nil || found.Host.Machine != r.Host.Machine || !SameOutcome(found, r) {
				t.Errorf("%s: the plain record is found: %v", c.what, err)
			}
			f, err := s.Find(r.Run.ID())
			if err != nil || f.Path != s.plainPath(r.Run.ID())+zstdSuffix || len(f.Others) != c.others {
				t.Errorf("%s: Find gives %+v, %v", c.what, f, err)
			}
			var conflict *ConflictError
			for _, err := range problems {
				if !errors.As(err, &conflict) || conflict.Kept != f.Path || conflict.Other != f.Others[0] {
					t.Errorf("%s: %v", c.what, err)
				}
			}
			s.SaveIndex()
		}
		m, err := open(t, t.TempDir()).Merge(s.Dir())
		if err != nil || m.Added != 1 || len(m.Problems) != c.others {
			t.Errorf("%s: merging gives %+v, %v", c.what, m, err)
		}
	}
}
