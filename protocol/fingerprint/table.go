package fingerprint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// Table keeps the fingerprints of a build's definitions in a file, so that a test fails when bits change and the version
// does not. One file holds those of all architectures on which somebody has run the test.
type Table struct {
	path string
	all  map[string]map[string]Entry // by architecture, then by what was measured
	seen map[string]bool
}

// Entry is a line of a Table.
type Entry struct {
	Version     string `json:"version"` // of the definition
	Fingerprint string `json:"fingerprint"`
}

// OpenTable reads a table. A file that is not there is an empty one.
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

// Compare returns an error if what was measured is not what the table says, and what to do about it. The table then has the
// new value.
func (t *Table) Compare(what, version, print string) error {
	t.seen[what] = true
	mine := t.all[runtime.GOARCH]
	was, known := mine[what]
	mine[what] = Entry{version, print}
	switch {
	case known && was == mine[what]:
		return nil
	case known && was.Version == version && Of(was.Fingerprint) == Of(print):
		return fmt.Errorf("%s, version %s, computes other bits than before: if that is intended, raise its version, list it in CHANGELOG.md "+
			"under \"Numbers changed\", and run the test with -update; fingerprint %s, want %s", what, version, print, was.Fingerprint)
	}
	return fmt.Errorf("%s, version %s, is not in %s; run the test with -update", what, version, t.path)
}

// Save writes the table: what was compared, and with all what was not compared too, since data were missing.
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
