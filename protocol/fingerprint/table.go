package fingerprint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// Table keeps the fingerprints of definitions in a file, for tests that fail if bits change without
// a change of version. One file holds the fingerprints of all architectures on which the test was
// run.
type Table struct {
	path string
	all  map[string]map[string]Entry // by architecture, then by subject
	seen map[string]bool
}

// Entry is an entry of a [Table].
type Entry struct {
	Version     string `json:"version"` // of the definition
	Fingerprint string `json:"fingerprint"`
}

// OpenTable reads a table. A missing file is an empty table.
func OpenTable(path string) (*Table, error) {
	t := &Table{path: path, all: map[string]map[string]Entry{}, seen: map[string]bool{}}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &t.all)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if t.all[runtime.GOARCH] == nil {
		t.all[runtime.GOARCH] = map[string]Entry{}
	}
	return t, err
}

// Compare returns an error, with the remedy, if the fingerprint of a subject differs from that in
// the table, and puts the new one into the table.
func (t *Table) Compare(what, version, print string) error {
	t.seen[what] = true
	mine := t.all[runtime.GOARCH]
	was, known := mine[what]
	mine[what] = Entry{version, print}
	switch {
	case known && was == mine[what]:
		return nil
	case known && was.Version == version && Of(was.Fingerprint) == Of(print):
		return fmt.Errorf("%s, version %s, computes other bits than before: if that is intended, "+
			"raise its version, list it in CHANGELOG.md "+
			"under \"Numbers changed\", and run the test with -update; fingerprint %s, want "+
			"%s", what, version, print, was.Fingerprint)
	}
	return fmt.Errorf("%s, version %s, is not in %s; run the test with -update", what, version,
		t.path)
}

// Save writes the table. Unless all is set, it omits entries that were not compared; all keeps
// those of subjects whose data were missing.
func (t *Table) Save(all bool) error {
	for what := range t.all[runtime.GOARCH] {
		if !all && !t.seen[what] {
			delete(t.all[runtime.GOARCH], what)
		}
	}
	text, err := json.MarshalIndent(t.all, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(t.path, append(text, '\n'), 0o644)
}
