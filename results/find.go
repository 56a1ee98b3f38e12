package results

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Found is a run that [Store.Find] found.
type Found struct {
	Record *Record  // the first one
	Path   string   // of its file
	Others []string // paths of records of the same run with other outcomes, see ConflictError
}

// LeastPrefix is how many digits of an ID Find needs at least.
const LeastPrefix = 4

// Find returns the run whose ID begins with prefix, with its trace, among finished, failed and
// imported ones; nil if prefix is no beginning of an ID or there is no such run. More than one run
// is an error, and so is a record that cannot be read.
func (s *Store) Find(prefix string) (*Found, error) {
	if len(prefix) < LeastPrefix || strings.Trim(prefix, "0123456789abcdef") != "" {
		return nil, nil
	}
	found := map[string]*Found{} // by ID
	for _, pattern := range []string{
		"runs/" + prefix[:2] + "/" + prefix + "*" + plainSuffix,
		"runs/" + prefix[:2] + "/" + prefix + "*" + plainSuffix + zstdSuffix,
		"failed/" + prefix + "*" + plainSuffix, "imported/" + prefix + "*" + plainSuffix,
	} {
		matches, err := fs.Glob(os.DirFS(s.dir), pattern) // in order: a run before its other outcomes
		if err != nil {
			return nil, err
		}
		for _, m := range matches {
			path := filepath.Join(s.dir, filepath.FromSlash(m))
			id, kind, _ := strings.Cut(withoutSuffix(filepath.Base(m)), ".")
			f := found[id]
			if f == nil {
				f = new(Found)
				found[id] = f
			}
			switch {
			case strings.HasPrefix(kind, "other-"):
				f.Others = append(f.Others, path)
			case kind != "" || !isID(id):
			case f.Path == "":
				f.Path = path
			case path == f.Path+zstdSuffix:
				if !sameFiles(f.Path, path) {
					f.Others = append(f.Others, f.Path)
				}
				f.Path = path
			}
		}
	}
	maps.DeleteFunc(found, func(_ string, f *Found) bool { return f.Path == "" })
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		f := slices.Collect(maps.Values(found))[0]
		text, err := ReadRecord(f.Path)
		if err == nil {
			f.Record, err = Decode(f.Path, text)
		}
		return f, err
	}
	return nil, fmt.Errorf("%d runs begin with %s; give more digits", len(found), prefix)
}
