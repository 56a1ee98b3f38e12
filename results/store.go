package results

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// Store is a folder of records. It is safe for concurrent use, and any number of stores in other
// processes and on other machines may share the folder.
type Store struct {
	dir   string
	runs  string    // folder of finished runs, with a separator at its end
	clean sync.Once // checkpoints, before the first file is written
	known *shared   // parts that the records read so far have in common
	index index     // of the finished ones
	spent sync.Pool // of *Record, see Reuse
}

// ConflictError is the error for two records of one run that differ in more than their last line.
// That violates R2, unless they come from different platforms. The first record stays in place, and
// the other is kept beside it.
type ConflictError struct {
	ID    string
	Kept  string // path of the first record
	Other string // path of the other
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("run %.12s has two different outcomes: compare %s with %s", e.ID, e.Kept,
		e.Other)
}

// Open returns the store in dir. The folder need not exist; it is created when the first record is
// written. Temporary files of writers that were killed are removed.
func Open(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("the name of the results folder is empty; . is the current folder")
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("cannot open results folder: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is a file, want a results folder; choose another name", dir)
	}
	s := newStore(dir)
	s.removeStale()
	return s, nil
}

func newStore(dir string) *Store {
	s := &Store{dir: filepath.Clean(dir), known: newShared()}
	s.runs = filepath.Join(s.dir, "runs") + string(filepath.Separator)
	s.index.store = s
	return s
}

// Dir returns the path of the folder.
func (s *Store) Dir() string { return s.dir }

// Path returns the path of the record of a finished run; if there is none, the path that it will
// have. [ReadRecord] reads it.
func (s *Store) Path(id string) string {
	plain := s.plainPath(id)
	if path := plain + zstdSuffix; exists(path) || !exists(plain) {
		return path
	}
	return plain
}

// plainPath returns the path of the record of a finished run if it is not compressed.
func (s *Store) plainPath(id string) string {
	return s.runs + id[:2] + string(filepath.Separator) + id + plainSuffix
}

// has reports whether the folder has a finished run.
func (s *Store) has(id string) bool {
	plain := s.plainPath(id)
	return exists(plain+zstdSuffix) || exists(plain)
}

// Has reports whether the folder has a run, finished or failed.
func (s *Store) Has(id string) bool { return s.has(id) || exists(s.FailedPath(id)) }

// Lacks counts those of some runs that the folder does not have, finished or failed. It lists the
// folder, which takes less time than to look for each of many.
func (s *Store) Lacks(runs iter.Seq[RunID]) (n int) {
	var wanted [256][]RunID // by the first byte
	for id := range runs {
		wanted[id[0]] = append(wanted[id[0]], id)
	}
	for _, ids := range wanted {
		if len(ids) == 0 {
			continue
		}
		there := make(map[RunID]bool, len(ids))
		if dir, err := os.Open(filepath.Dir(s.plainPath(ids[0].String()))); err == nil {
			names, _ := dir.Readdirnames(-1) // of what it does not list, Has tells
			dir.Close()
			for _, name := range names {
				text, kind, _ := strings.Cut(name, ".")
				if id, ok := ParseID(text); ok && strings.TrimSuffix("."+kind, zstdSuffix) == plainSuffix {
					there[id] = true
				}
			}
		}
		for _, id := range ids {
			if !there[id] && !s.Has(id.String()) {
				n++
			}
		}
	}
	return n
}

// FailedPath returns the path of the last failure of a run, whether or not it exists.
func (s *Store) FailedPath(id string) string { return filepath.Join(s.dir, "failed", id+plainSuffix) }

// Commit saves r durably, or not at all. A failed run replaces earlier failures of the same run,
// and is removed once that run finishes. If the run already has a record with another outcome, both
// are kept and the error is a *ConflictError.
func (s *Store) Commit(r *Record) error {
	if r.Imported != nil {
		return fmt.Errorf("run %.12s was imported from %s: it cannot be kept among noisebench's own runs",
			r.Run.ID(), r.Imported.Source)
	}
	data, err := Encode(r)
	if err != nil {
		return err
	}
	_, err = s.commit(r.Run.ID(), r.End.Status, data)
	return err
}

// Add saves an encoded record byte for byte, and reports whether it is new. It is [Store.Commit]
// for runs that were made elsewhere.
func (s *Store) Add(data []byte) (added bool, err error) {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	_, value, _ := split(line)
	id := digest(value)
	r, err := decode(string(id[:])+plainSuffix, data, false, nil)
	if err != nil {
		return false, err
	}
	if err := ownRecord("a record to be added", r); err != nil {
		return false, err
	}
	return s.commit(string(id[:]), r.End.Status, data)
}

// commit saves the bytes of a record and reports whether they are new.
func (s *Store) commit(id string, status Status, data []byte) (added bool, err error) {
	s.clean.Do(s.removeFinished)
	if status == Failed {
		return s.commitFailed(id, data)
	}
	if err = fs.ErrExist; !exists(s.plainPath(id)) {
		added, err = s.place(id, s.plainPath(id)+zstdSuffix, data)
	}
	if errors.Is(err, fs.ErrExist) {
		added, err = s.second(id, data)
	}
	var conflict *ConflictError
	if err != nil && !errors.As(err, &conflict) {
		return false, s.explain(id, err)
	}
	// A crash at this point leaves a file that does no harm, since LookupFailed ignores finished
	// runs.
	_ = os.Remove(s.FailedPath(id))
	return added, err
}

func (s *Store) commitFailed(id string, data []byte) (added bool, err error) {
	if err := s.replace(id, s.FailedPath(id), data); err != nil {
		return false, s.explain(id, err)
	}
	return true, nil
}

// replace writes data to path in place of what is there.
func (s *Store) replace(id, path string, data []byte) error {
	tmp, err := s.writeTemporary(id, data)
	if err != nil {
		return err
	}
	defer tmp.remove()
	if err := s.makeDir(filepath.Dir(path)); err != nil {
		return err
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if err := putAside(path); err != nil {
			return err
		}
	}
	return os.Rename(tmp.path, path)
}

// putAside renames what is in the place of a record and is none.
func putAside(path string) error {
	return os.Rename(path, fmt.Sprintf("%s.%08x.damaged", withoutSuffix(path), rand.Uint32()))
}

// withoutSuffix cuts the suffix of a record's path.
func withoutSuffix(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path, zstdSuffix), plainSuffix)
}

// place writes data to path, compressed if its name says so. If path exists, the error is
// fs.ErrExist.
func (s *Store) place(id, path string, data []byte) (added bool, err error) {
	if strings.HasSuffix(path, zstdSuffix) {
		data = encoder().EncodeAll(data, nil)
	}
	tmp, err := s.writeTemporary(id, data)
	if err != nil {
		return false, err
	}
	defer tmp.remove()
	if err := s.makeDir(filepath.Dir(path)); err != nil {
		return false, err
	}
	if err := os.Link(tmp.path, path); err != nil {
		return false, err
	}
	return true, syncDir(filepath.Dir(path))
}

// second handles a record whose run has a file.
func (s *Store) second(id string, data []byte) (added bool, err error) {
	path := s.Path(id)
	first, err := ReadRecord(path)
	if err == nil {
		_, err = decode(path, first, false, nil)
	}
	var syntax *SyntaxError
	switch {
	case errors.As(err, &syntax), errors.Is(err, fs.ErrNotExist): // the latter: a link to nowhere
		if err := putAside(path); err != nil {
			return false, err
		}
		return s.place(id, s.plainPath(id)+zstdSuffix, data)
	case err != nil:
		return false, err
	}
	outcome, _ := SplitOutcome(data)
	if kept, _ := SplitOutcome(first); bytes.Equal(kept, outcome) {
		return false, nil
	}
	digest := sha256.Sum256(outcome)
	other := fmt.Sprintf("%s.other-%x%s%s", withoutSuffix(path), digest[:4], plainSuffix, zstdSuffix)
	if _, err := s.place(id, other, data); err != nil && !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	return false, &ConflictError{ID: id, Kept: path, Other: other}
}

// removeFinished removes checkpoints of finished runs, whose harness was killed right then. Errors
// do not matter: the files are in nobody's way.
func (s *Store) removeFinished() {
	ids, _ := s.Checkpoints()
	for _, id := range ids {
		if s.has(id) {
			_ = s.RemoveCheckpoint(id)
		}
	}
}

// makeDir creates a folder inside the store durably, and the store's own folder if necessary.
func (s *Store) makeDir(dir string) error {
	if exists(dir) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for dir != s.dir {
		dir = filepath.Dir(dir)
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	_ = syncDir(filepath.Dir(s.dir)) // which may be unreadable
	return nil
}

// syncDir makes the names in a folder durable. It does nothing on file systems without this
// operation.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) &&
		!errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// explain adds advice to an error in writing.
func (s *Store) explain(id string, err error) error {
	advice := "solve this and start again: finished runs are kept"
	var link *os.LinkError
	switch {
	case errors.As(err, &link) &&
		(errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported)):
		advice = "choose a results folder on a file system with hard links"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		advice = "free some space and start again: finished runs are kept"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		advice = fmt.Sprintf("make %s writable or choose another results folder", s.dir)
	}
	return fmt.Errorf("cannot save run %.12s: %w; %s", id, err, advice)
}

// Lookup returns the record of a finished run, without its trace, and whether there is one. An
// unreadable record is a *SyntaxError: the run must be made again, and Commit then replaces the
// file. Records share equal slices and maps, such as settings, which must not be modified.
func (s *Store) Lookup(id string) (*Record, bool, error) { return s.finished(id, false) }

// LookupOutlined is Lookup with the outline of the trace, see [Trace.Outline].
func (s *Store) LookupOutlined(id string) (*Record, bool, error) { return s.finished(id, true) }

// LookupTraced is Lookup with the trace.
func (s *Store) LookupTraced(id string) (*Record, bool, error) {
	if !isID(id) {
		return nil, false, nil
	}
	return s.read(s.Path(id), true, ownRecord)
}

// Reuse takes records back that Lookup or LookupOutlined returned, and to which nothing refers any
// more, to use their memory for others. One of them may be there several times.
func (s *Store) Reuse(records []*Record) {
	spent := make([]*Record, 0, len(records))
	for _, r := range records {
		if len(r.Points) > 0 { // else it is among spent
			*r = Record{Points: r.Points[:0]}
			spent = append(spent, r)
		}
	}
	for _, r := range spent {
		s.spent.Put(r)
	}
}

// finished reads the record of a finished run without its trace, or with the trace's outline, from
// the index if that has it.
func (s *Store) finished(id string, outline bool) (*Record, bool, error) {
	if !isID(id) {
		return nil, false, nil
	}
	if r, ok := s.index.lookup(id, outline); ok {
		return r, true, nil
	}
	plain := s.plainPath(id)
	lines := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(lines)
	for _, path := range [...]string{plain + zstdSuffix, plain} {
		before, stampErr := stampOf(path)
		if errors.Is(stampErr, fs.ErrNotExist) {
			continue
		}
		r, size, err := s.readWith(lines, path, outline, ownRecord)
		if err != nil {
			return nil, false, err
		}
		if r == nil {
			continue
		}
		if stampErr == nil && before.size == size {
			s.index.learn(id, before, lines.Bytes(), r)
		}
		if r.Trace != nil {
			if t := r.Trace.Outline(r.Run.Budget); t != nil {
				r.Trace = t
			}
		}
		return r, true, nil
	}
	return nil, false, nil
}

// LookupFailed returns the last failure of a run that has not finished, and whether there is one.
func (s *Store) LookupFailed(id string) (*Record, bool, error) {
	if !isID(id) || s.has(id) {
		return nil, false, nil
	}
	return s.read(s.FailedPath(id), true, ownRecord)
}

// buffers are reused for reading files, to which decoded records do not refer.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (s *Store) read(
	path string, trace bool, check func(string, *Record) error,
) (*Record, bool, error) {
	lines := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(lines)
	r, _, err := s.readWith(lines, path, trace, check)
	return r, r != nil, err
}

// readWith is read, which leaves the record's lines in lines and returns the size of the file. The
// record is nil if there is no file.
func (s *Store) readWith(
	lines *bytes.Buffer, path string, trace bool, check func(string, *Record) error,
) (r *Record, size int64, err error) {
	size, err = readRecord(lines, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err == nil {
		r, err = decode(path, lines.Bytes(), trace, s.known)
	}
	if err == nil {
		err = check(path, r)
	}
	if err != nil {
		return nil, 0, err
	}
	return r, size, nil
}

// ownRecord returns an error for an imported record in a place for noisebench's own runs.
func ownRecord(path string, r *Record) error {
	if r.Imported != nil {
		msg := "imported from " + r.Imported.Source + "; it belongs in the folder imported"
		return &SyntaxError{File: path, Msg: msg}
	}
	return nil
}

// importedRecord returns an error for a run of noisebench itself in the place for imported ones.
func importedRecord(path string, r *Record) error {
	if r.Imported == nil {
		return &SyntaxError{File: path, Msg: "not an imported run; it does not belong here"}
	}
	return nil
}

// Records yields all finished runs in the order of their IDs, without traces, and then the failures
// of runs that have not finished. In place of a record that cannot be read it yields an error:
// *SyntaxError, *ConflictError (after the first record), or an error of the file system. Records
// share slices and maps, as those of Lookup do.
func (s *Store) Records() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for path, err := range s.files() {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			var r *Record
			var found bool
			id, _, _ := strings.Cut(filepath.Base(path), ".")
			if strings.TrimSuffix(path, zstdSuffix) == s.plainPath(id) {
				r, found, err = s.finished(id, false)
			} else {
				r, found, err = s.read(path, false, ownRecord)
			}
			if !found && err == nil {
				continue // removed meanwhile
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

// files yields the paths of all records, finished runs first, and errors like [Store.Records]. It
// omits failures of finished runs that a crash left behind.
func (s *Store) files() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		stopped := false
		twin := "" // a plain record whose compressed one comes next
		visit := func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && e.IsDir() {
				return nil
			}
			name := filepath.Base(path)
			id, kind, _ := strings.Cut(withoutSuffix(name), ".")
			failed := filepath.Base(filepath.Dir(path)) == "failed"
			switch {
			case err != nil:
			case strings.HasSuffix(kind, "damaged"), failed && isID(id) && s.has(id):
				return nil
			case !isID(id) || withoutSuffix(name) == name || failed && strings.HasSuffix(name, zstdSuffix):
				err = &SyntaxError{File: path, Msg: "not a record; it does not belong here"}
			case !isFile(path, e):
				err = &SyntaxError{File: path, Msg: notAFile}
			case kind != "":
				err = &ConflictError{ID: id, Kept: s.Path(id), Other: path}
			case !failed && strings.HasSuffix(name, plainSuffix) && exists(path+zstdSuffix):
				twin = path
				return nil
			}
			stopped = !yield(path, err)
			if !stopped && path == twin+zstdSuffix && !sameFiles(path, twin) {
				stopped = !yield(twin, &ConflictError{ID: id, Kept: path, Other: twin})
			}
			if stopped {
				return fs.SkipAll
			}
			return nil
		}
		for _, dir := range []string{"runs", "failed"} {
			if !stopped {
				_ = filepath.WalkDir(filepath.Join(s.dir, dir), visit) // visit returns only SkipAll
			}
		}
	}
}

func isID(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

// isFile reports whether a path is a regular file or a link to one; reading from a pipe or device
// might never end.
func isFile(path string, e fs.DirEntry) bool {
	if e.Type() != fs.ModeSymlink {
		return e.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Merged is the result of a merge.
type Merged struct {
	Added    int     // new runs, failures and imported ones included
	Known    int     // runs that the store already had
	Problems []error // *SyntaxError for files left out, *ConflictError for runs with two outcomes
}

// Merge adds the records of the store in another folder to s, without changing that folder. If both
// have a run, s keeps its own record. Merge returns an error only if it cannot read the other
// folder or write to s; it can then be repeated.
func (s *Store) Merge(dir string) (Merged, error) {
	var m Merged
	if info, err := os.Stat(dir); err != nil {
		return m, fmt.Errorf("cannot merge: %w", err)
	} else if !info.IsDir() {
		return m, fmt.Errorf("cannot merge %s: it is a file, want a results folder", dir)
	}
	other := newStore(dir)
	for path, err := range other.files() {
		var syntax *SyntaxError
		var conflict *ConflictError
		var data []byte
		var r *Record
		// both outcomes are read and compared with those of s
		if err == nil || errors.As(err, &conflict) {
			data, err = ReadRecord(path)
		}
		if err == nil {
			r, err = Decode(path, data)
		}
		if err == nil {
			err = ownRecord(path, r)
		}
		switch {
		case errors.As(err, &syntax):
			m.Problems = append(m.Problems, err)
			continue
		case err != nil:
			return m, fmt.Errorf("cannot merge: %w", err)
		}
		id := r.Run.ID()
		if r.End.Status == Failed && s.Has(id) {
			m.Known++
			continue
		}
		added, err := s.commit(id, r.End.Status, data)
		switch {
		case errors.As(err, &conflict):
			m.Problems = append(m.Problems, err)
		case err != nil:
			return m, err
		case added:
			m.Added++
		default:
			m.Known++
		}
	}
	for r, err := range other.Imports() {
		var syntax *SyntaxError
		var conflict *ConflictError
		if errors.As(err, &syntax) {
			m.Problems = append(m.Problems, err)
			continue
		} else if err != nil {
			return m, fmt.Errorf("cannot merge: %w", err)
		}
		switch added, err := s.Import(r); {
		case errors.As(err, &conflict):
			m.Problems = append(m.Problems, err)
		case err != nil:
			return m, err
		case added:
			m.Added++
		default:
			m.Known++
		}
	}
	return m, nil
}
