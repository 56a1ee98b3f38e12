package results

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// temporary is a file in the folder tmp, on its way to its place among the records. Its writer
// holds its lock, which the system frees however the writer ends: that tells what is stale.
type temporary struct {
	path string
	file *os.File
}

// writeTemporary writes data to a new file in tmp, on the disk. After an error there is no file.
func (s *Store) writeTemporary(id string, data []byte) (*temporary, error) {
	dir := filepath.Join(s.dir, "tmp")
	if err := s.makeDir(dir); err != nil {
		return nil, err
	}
	t, err := newTemporary(dir, id)
	if err != nil {
		return nil, err
	}
	if _, err = t.file.Write(data); err == nil {
		err = t.file.Sync()
	}
	if err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

// newTemporary makes a file whose lock is held.
func newTemporary(dir, id string) (*temporary, error) {
	for {
		path := filepath.Join(dir,
			fmt.Sprintf("%s.%s.%d.%016x", id, hostname(), os.Getpid(), rand.Uint64()))
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return nil, err
		}
		_ = lock(f, true) // where there are no locks, time has to tell
		// Between its making and its lock, another harness may have taken the file for a stale one.
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return &temporary{path, f}, nil
		}
		f.Close()
	}
}

// remove removes the file, if it is still where it was made.
func (t *temporary) remove() {
	_ = os.Remove(t.path)
	_ = t.file.Close() // what counts is on the disk since Sync
}

// hostname is the machine's name without the dots that separate the parts of a temporary file's
// name.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '/' {
			return '-'
		}
		return r
	}, name)
}

// removeStale removes temporary files whose writers are gone. Errors do not matter: the files are
// in nobody's way.
func (s *Store) removeStale() {
	dir := filepath.Join(s.dir, "tmp")
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.Type().IsRegular() {
			removeIfStale(filepath.Join(dir, e.Name()))
		}
	}
}

// removeIfStale removes a temporary file that nobody holds: at once if a process of this machine
// made it, and after a day if it came from another, whose locks some file systems keep to
// themselves. Where there are no locks at all, the process that made it has to be gone, and the
// file to be older than a minute, for containers that share a host name but not their processes.
func removeIfStale(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close() // after the removal, so that its writer finds it missing or locked
	info, err := f.Stat()
	if err != nil {
		return
	}
	age := time.Since(info.ModTime())
	part := strings.Split(filepath.Base(path), ".")
	ours := len(part) == 4 && part[1] == hostname()
	switch err := lock(f, false); {
	case errors.Is(err, errHeld):
		return
	case err != nil:
		ours = ours && age > time.Minute && !alive(part[2])
	}
	if ours || age > 24*time.Hour {
		_ = os.Remove(path)
	}
}

// errHeld is the error of a lock that another process, or another file of this one, holds.
var errHeld = errors.New("held by another")

// alive reports whether a process of this machine lives, or may live.
func alive(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return true
	}
	p, err := os.FindProcess(n)
	if err != nil {
		return true
	}
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
