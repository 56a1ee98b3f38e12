//go:build unix

package results

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// odd makes what is no record in the place of one.
var odd = map[string]func(path string) error{
	"pipe":    func(path string) error { return syscall.Mkfifo(path, 0o666) },
	"endless": func(path string) error { return os.Symlink("/dev/zero", path) },
	"folder":  func(path string) error { return os.MkdirAll(filepath.Join(path, "within"), 0o777) },
	"nowhere": func(path string) error { return os.Symlink("nowhere", path) },
	"circle":  func(path string) error { return os.Symlink(filepath.Base(path), path) },
	"to a pipe": func(path string) error {
		return errors.Join(syscall.Mkfifo(path+"p", 0o666), os.Symlink(path+"p", path))
	},
	"huge":         func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o666), os.Truncate(path, 1<<40)) },
	"empty":        func(path string) error { return os.WriteFile(path, nil, 0o666) },
	"socket":       socket,
	"not readable": func(path string) error { return os.WriteFile(path, []byte("\x00\x00"), 0o666) },
}

func socket(path string) error {
	// The name of a socket is short.
	at, err := os.MkdirTemp("", "s")
	if err != nil {
		return err
	}
	defer os.RemoveAll(at)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(at, "s"), Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return errors.Join(os.Rename(filepath.Join(at, "s"), path), l.Close())
}

// What is in the place of a record and is none is a missing run, is named, and is no obstacle.
func TestOddFiles(t *testing.T) {
	for name, put := range odd {
		t.Run(name, func(t *testing.T) {
			done := make(chan struct{})
			time.AfterFunc(20*time.Second, func() {
				select {
				case <-done:
				default:
					panic("the store waits for " + name)
				}
			})
			defer close(done)
			s, err := Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			record := example(1)
			id := record.Run.ID()
			failed := example(1)
			failed.End.Status = Failed
			for _, path := range []string{s.Path(id), s.FailedPath(id)} {
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := put(path); err != nil {
					t.Fatal(err)
				}
			}
			var syntax *SyntaxError
			if _, found, err := s.Lookup(id); found || err != nil && !errors.As(err, &syntax) {
				t.Errorf("found %t, %v; want a *SyntaxError", found, err)
			} else if err == nil && name != "nowhere" {
				t.Error("nothing says what is in the place of the record")
			}
			_, _, _ = s.LookupFailed(id)
			for r, err := range s.Records() {
				if r != nil || !errors.As(err, &syntax) || !strings.Contains(err.Error(), id) {
					t.Errorf("got %v, %v; want a *SyntaxError that names the file", r, err)
				}
			}
			other, err := Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.Merge(s.Dir()); err != nil {
				t.Errorf("merging: %v", err)
			}
			for _, r := range []*Record{failed, record} {
				if err := s.Commit(r); err != nil {
					t.Fatal(err)
				}
			}
			if _, found, err := s.Lookup(id); !found || err != nil {
				t.Errorf("after a commit, found %t, %v", found, err)
			}
		})
	}
}

// Files that are read by name alone are regular ones, and nothing else makes a reader wait.
func TestReadRegularOdd(t *testing.T) {
	for name, put := range odd {
		path := filepath.Join(t.TempDir(), "x")
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		regular := name == "empty" || name == "not readable" // to a decoder
		if _, err := ReadRegular(path, 1<<20); (err == nil) != regular {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An import that cannot be read is an error, and the others are read.
func TestOddImports(t *testing.T) {
	for name, put := range odd {
		s, err := Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		path := s.importedPath(example(1).Run.ID())
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		n := 0
		for r, err := range s.Imports() {
			var syntax *SyntaxError
			if r != nil || !errors.As(err, &syntax) {
				t.Errorf("%s: got %v, %v; want a *SyntaxError", name, r, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%s: %d imports, want one error", name, n)
		}
	}
}
