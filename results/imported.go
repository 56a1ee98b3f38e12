package results

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

func (s *Store) importedPath(id string) string {
	return filepath.Join(s.dir, "imported", id+plainSuffix)
}

// Import saves the record of an imported run and reports whether it is new. If the store has
// another outcome of the same run, it keeps that and returns a *ConflictError whose Other is the
// file from which r was read.
func (s *Store) Import(r *Record) (added bool, err error) {
	if r.Imported == nil {
		return false, errors.New("a record without provenance cannot be imported")
	}
	data, err := Encode(r)
	if err != nil {
		return false, err
	}
	id := r.Run.ID()
	path := s.importedPath(id)
	added, err = s.place(id, path, data)
	if !errors.Is(err, fs.ErrExist) {
		if err != nil {
			err = s.explain(id, err)
		}
		return added, err
	}
	first, _, err := s.read(path, false, importedRecord)
	if err != nil {
		return false, err
	}
	if first.Imported.SHA256 != r.Imported.SHA256 {
		return false, &ConflictError{ID: id, Kept: path, Other: r.Imported.File}
	}
	return false, nil
}

// Imports yields all imported runs in the order of their IDs, with their traces, and errors like
// [Store.Records].
func (s *Store) Imports() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		entries, err := os.ReadDir(filepath.Join(s.dir, "imported"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield(nil, err)
			return
		}
		for _, e := range entries {
			id, isRecord := strings.CutSuffix(e.Name(), plainSuffix)
			if !isRecord || !isID(id) {
				continue
			}
			r, found, err := s.read(s.importedPath(id), true, importedRecord)
			if err == nil && !found { // a link to nowhere, or it was removed just now
				err = &SyntaxError{File: s.importedPath(id), Msg: notAFile}
			}
			if err != nil {
				r = nil
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
