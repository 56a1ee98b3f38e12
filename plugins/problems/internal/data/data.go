// Package data finds, verifies, reads and fetches the data sets of the built-in problems.
//
// A set is either embedded in the program or a folder of files. Folders are searched in this order:
//
//  1. $NOISEBENCH_DATA/NAME, if that variable is set
//  2. noisebench/NAME in the user's cache folder ([os.UserCacheDir]), where [Set.Fetch] puts sets
//     by default
//  3. locations of other software: for MNIST the module cache of Go, for Fashion-MNIST the folder
//     of Debian's package dataset-fashion-mnist
//
// Files may be gzipped or plain. They are verified by the SHA-256 of their decompressed contents,
// which does not depend on the compression. For the files of CIFAR-10 and CIFAR-100 only SHA-1 sums
// are published, which detect damage but not deliberate forgery. The SHA-256 of their archives is
// known and verified by Fetch. Only Fetch uses the network, and nothing runs in the background.
//
// Images and texts are read once per process and shared by all callers, which must not modify them.
package data

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Folder is the environment variable with the first folder in which sets are searched, and into
// which they are fetched.
const Folder = "NOISEBENCH_DATA"

// ErrMissing is wrapped by the error for a set that is not found.
var ErrMissing = errors.New("data set is not on this machine")

// Set is a data set.
type Set struct {
	Name    string   // lower-case; the name of its folder
	Doc     string   // one line: the contents
	Source  string   // the authors
	Licence string   // of the data
	Files   []File   // the files of the set
	Archive *Archive // archive of the files; nil if they are published separately

	embedded  fs.FS    // the files, if they are embedded in the program
	module    string   // "path@version" of a Go module that contains the gzipped files, or ""
	cached    string   // folder of the files below the module cache of Go
	installed string   // folder in which a package of the operating system installs the files
	mirrors   []string // URLs of folders with the published files, best first
}

// File is one file of a set.
type File struct {
	Name   string // without ".gz"; relative to the folder of the set
	Size   int64  // decompressed, bytes
	SHA256 string // of the decompressed contents, hexadecimal; "" if only SHA1 is known
	SHA1   string // the same; "" if SHA256 is known
	Packed int64  // size of the published gzip file, bytes; 0 if there is none
}

// Archive is a gzipped tar file that contains the files of a set under their names.
type Archive struct {
	Name   string // with ".tar.gz"
	Size   int64  // bytes
	SHA256 string // of the archive itself, hexadecimal
}

// Find returns the folder that contains all files of the set, or "embedded". It checks names only.
// The error for a set that is not found wraps [ErrMissing] and states how to get it.
func (s *Set) Find() (string, error) {
	if s.embedded != nil {
		return "embedded", nil
	}
	folders := s.folders()
	for _, folder := range folders {
		if !slices.ContainsFunc(s.Files, func(f File) bool { return f.in(folder) == "" }) {
			return folder, nil
		}
	}
	return "", fmt.Errorf("%w: %s (looked in %s); run: bench data fetch %s",
		ErrMissing, s.Name, strings.Join(folders, ", "), s.Name)
}

// folders lists the folders to search, in order.
func (s *Set) folders() []string {
	var list []string
	if dir := os.Getenv(Folder); dir != "" {
		list = append(list, filepath.Join(dir, s.Name))
	}
	if dir, err := os.UserCacheDir(); err == nil {
		list = append(list, filepath.Join(dir, "noisebench", s.Name))
	}
	if dir := moduleCache(); dir != "" && s.cached != "" {
		list = append(list, filepath.Join(dir, filepath.FromSlash(s.cached)))
	}
	if s.installed != "" {
		list = append(list, s.installed)
	}
	return list
}

// moduleCache returns the module cache of Go by the rules of "go help environment"; "" if there is
// none.
func moduleCache() string {
	if dir := os.Getenv("GOMODCACHE"); dir != "" {
		return dir
	}
	if list := filepath.SplitList(os.Getenv("GOPATH")); len(list) > 0 {
		return filepath.Join(list[0], "pkg", "mod")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, "go", "pkg", "mod")
}

// in returns the path of the file in a folder, gzipped or plain; "" if it is missing.
func (f File) in(folder string) string {
	plain := filepath.Join(folder, filepath.FromSlash(f.Name))
	for _, path := range []string{plain, plain + ".gz"} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// Verify finds the set and reads all of it. It returns the location, even with the error for a
// corrupt file.
func (s *Set) Verify() (string, error) {
	place, err := s.Find()
	if err != nil {
		return "", err
	}
	for _, f := range s.Files {
		if _, err := s.Read(f.Name); err != nil {
			return place, err
		}
	}
	return place, nil
}

// Read returns the verified contents of one file of the set.
func (s *Set) Read(name string) ([]byte, error) {
	i := slices.IndexFunc(s.Files, func(f File) bool { return f.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("data set %s has no file %s", s.Name, name)
	}
	file := s.Files[i]
	if s.embedded != nil {
		return s.readEmbedded(file)
	}
	folder, err := s.Find()
	if err != nil {
		return nil, err
	}
	path := file.in(folder)
	b, err := file.read(path)
	if err != nil {
		return nil, fmt.Errorf("%s is corrupt: %w; run: bench data fetch %s", path, err, s.Name)
	}
	return b, nil
}

func (s *Set) readEmbedded(file File) ([]byte, error) {
	name := file.Name
	if _, err := fs.Stat(s.embedded, name); err != nil {
		name += ".gz"
	}
	r, err := s.embedded.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return file.verified(r)
}

// read returns the verified contents of the file at path, gzipped or plain.
func (f File) read(path string) ([]byte, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return f.verified(r)
}

// verified reads the file from r, decompresses it if it is gzipped, and compares size and checksum.
func (f File) verified(r io.Reader) ([]byte, error) {
	magic := make([]byte, 2)
	n, err := io.ReadFull(r, magic)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	r = io.MultiReader(bytes.NewReader(magic[:n]), r)
	if magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = unzipped
	}
	b := make([]byte, f.Size+1) // one more, to detect a file that is too long
	n, err = io.ReadFull(r, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("after %d bytes: %w", n, err)
	}
	switch {
	case int64(n) > f.Size:
		return nil, fmt.Errorf("its contents have more than %d bytes, want exactly as many", f.Size)
	case int64(n) < f.Size:
		return nil, fmt.Errorf("its contents have %d bytes, want %d", n, f.Size)
	}
	b = b[:n]
	name, want, sum := "SHA-256", f.SHA256, sha256.New()
	if want == "" {
		name, want, sum = "SHA-1", f.SHA1, sha1.New()
	}
	sum.Write(b)
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return nil, fmt.Errorf("its contents have %s %s, want %s", name, got, want)
	}
	return b, nil
}

// Kept is a value that is read when it is first needed and then shared within the process. Failures
// are not kept, since the data may be available next time. The zero value is ready for use.
type Kept[T any] struct {
	mu    sync.Mutex
	value *T
}

// Get returns the value, after reading it if necessary.
func (k *Kept[T]) Get(read func() (*T, error)) (*T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.value == nil {
		value, err := read()
		if err != nil {
			return nil, err
		}
		k.value = value
	}
	return k.value, nil
}
