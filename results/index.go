package results

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// index is a cache of what finished records hold besides their traces, of which it has outlines, in
// files that are read much faster than the records. Records stay the truth:
//
//   - Each entry names size, times and inode of the record's file as they were when that was read.
//     It is used only while the file has them, so that a record that was changed, replaced or
//     removed is read, or missed, as if there were no index.
//   - A file that changed less than settleTime before it was read is not indexed: its times might
//     not tell a later change from that one. They are compared with the clock of this machine;
//     where it differs from the file system's, nothing is indexed.
//   - Table and entries have checksums, and what does not fit them is as good as absent.
//   - An index file is never changed, only made and removed as a whole, so that any number of
//     processes may write, merge and read at the same time; at worst something is indexed twice.
//
// On file systems of other machines (NFS), times of a file may be some seconds old, or as old as
// the mount's actimeo, when another machine changes or removes a record; what is added is found at
// once.
//
// The files are described in indexfile.go, their entries in indexentry.go.
type index struct {
	store *Store

	mu     sync.Mutex
	loaded bool
	files  []*indexFile
	places map[uint64]indexPlace // by the beginnings of IDs
	fresh  *indexBuilder         // what is to be saved
}

// indexPlace is an entry of a file.
type indexPlace struct{ file, entry uint32 }

// Limits of the index.
const (
	indexMost = 16 << 20 // bytes of entries: a file with more is not merged with others
	clockSlip = 30 * time.Second
)

// Smaller in tests.
var (
	indexLeast = 1000        // records that were read from their files before an index is written
	settleTime = time.Minute // see index
)

// stamp tells versions of a file apart.
type stamp struct {
	size, modified, changed int64 // bytes; nanoseconds since 1970
	inode                   uint64
}

// lookup returns a record from the index, with the outline of its trace if that is wanted.
func (x *index) lookup(id string, outline bool) (*Record, bool) {
	name, ok := ParseID(id)
	if !hasStamps || !ok {
		return nil, false
	}
	f, k, found := x.find(&name)
	if !found {
		return nil, false
	}
	window := windows.Get().(*window)
	defer windows.Put(window)
	e, ok := f.read(k, window)
	if !ok || !bytes.Equal(e.id, name[:]) {
		return nil, false
	}
	plain := x.store.plainPath(id)
	now, err := stampOf(plain + zstdSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = stampOf(plain)
	}
	if err != nil || now != e.stamp() {
		x.mu.Lock()
		f.stale++
		x.mu.Unlock()
		return nil, false
	}
	r, ok := x.store.spent.Get().(*Record)
	if !ok {
		r = new(Record)
	}
	if !decodeEntry(e.data, f.shared, outline, r) {
		return nil, false
	}
	return r, true
}

// find returns the entry that may be that of an ID.
func (x *index) find(id *RunID) (f *indexFile, k int, found bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.load()
	at, found := x.places[little.Uint64(id[:])]
	if !found {
		return nil, 0, false
	}
	return x.files[at.file], int(at.entry), true
}

// load reads the tables of all files, once.
func (x *index) load() {
	if x.loaded {
		return
	}
	x.loaded = true
	names, _ := filepath.Glob(filepath.Join(globEscape(x.store.dir), "index", "*"+extension))
	all := 0
	for _, name := range names {
		if f, err := openIndexFile(name, x.store.known); err == nil {
			x.files = append(x.files, f)
			all += f.count()
		}
	}
	x.places = make(map[uint64]indexPlace, all)
	for i := range x.files {
		x.add(uint32(i))
	}
}

// globEscape escapes what has a meaning in patterns.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// add enters the entries of file i.
func (x *index) add(i uint32) {
	f := x.files[i]
	for k := range f.count() {
		id := f.place(k).id
		if at, known := x.places[id]; known {
			other := x.files[at.file]
			if other.changed(int(at.entry)) > f.changed(k) {
				f.stale++ // what it has is of before the record changed
				continue
			}
			other.stale++
		}
		x.places[id] = indexPlace{i, uint32(k)}
	}
}

// learn remembers a record that was read from a file with this stamp, for save.
func (x *index) learn(id string, at stamp, data []byte, r *Record) {
	newest := time.Unix(0, max(at.modified, at.changed))
	if !hasStamps || r.Imported != nil || time.Since(newest) < settleTime {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.load()
	if x.fresh == nil {
		x.fresh = newIndexBuilder()
	}
	x.fresh.learn(id, at, data, r)
	if len(x.fresh.data) > indexMost {
		_ = x.save()
	}
}

// SaveIndex writes an index of the records that were read and are in none, if that pays off, so
// that they are read faster the next time. Errors do not matter: the index is a cache.
func (s *Store) SaveIndex() {
	x := &s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fresh != nil && len(x.fresh.entries) >= indexLeast {
		_ = x.save()
	}
}

// save writes what is fresh, and with it what files hold that are not much larger; files that are
// mostly of no use are removed.
func (x *index) save() error {
	b := x.fresh
	x.fresh = nil
	dir := filepath.Join(x.store.dir, "index")
	if err := x.store.makeDir(dir); err != nil {
		return err
	}
	if !clockFits(x.store) {
		return errors.New("the clock of the file system is not that of this machine")
	}
	// The smaller files first: each record is so written a few times at most.
	slices.SortFunc(x.files, func(f, g *indexFile) int { return cmp.Compare(f.length, g.length) })
	var merged []*indexFile
	for _, f := range x.files {
		if 2*f.stale > f.count() { // of a folder that was copied, say
			merged = append(merged, f)
			continue
		}
		if f.length > 2*int64(len(b.data)) || len(b.data)+int(f.length) > indexMost {
			continue
		}
		for k := range f.count() {
			b.copy(f, k)
		}
		merged = append(merged, f)
	}
	path := filepath.Join(dir, fmt.Sprintf("%016x%s", rand.Uint64(), extension))
	err := x.store.replace("index", path, b.bytes())
	if err == nil {
		for _, f := range merged {
			_ = os.Remove(f.path)
		}
	}
	x.loaded, x.files, x.places = false, nil, nil
	return err
}

// clockFits reports whether the times of new files are those of this machine's clock.
func clockFits(s *Store) bool {
	probe, err := s.writeTemporary("clock", nil)
	if err != nil {
		return false
	}
	defer probe.remove()
	info, err := probe.file.Stat()
	return err == nil && time.Since(info.ModTime()).Abs() < clockSlip
}
