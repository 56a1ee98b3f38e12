package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
)

// Saved is a plan that was run in a results folder, with the declarations and fingerprints of its
// optimizers and problems at that time. With it, tables need neither plugins nor data. It affects
// no result, and the records remain valid without it.
type Saved struct {
	Plan        protocol.Plan `json:"plan"` // defaults filled in
	Definitions Definitions   `json:"definitions"`
	// of outside plugins, by their names in the plan
	Executables map[string]Executable `json:"executables,omitempty"`
	When        string                `json:"when"` // RFC 3339, UTC
}

// Executable is the executable file of a plugin.
type Executable struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// Taken is a bundle from which runs were taken into a results folder.
type Taken struct {
	Root        string      `json:"root"`
	File        string      `json:"file"` // base name
	Title       string      `json:"title,omitempty"`
	Authors     []string    `json:"authors,omitempty"`
	URL         string      `json:"url,omitempty"`
	Plan        string      `json:"plan"` // its name
	Protocol    int         `json:"protocol"`
	Platforms   []string    `json:"platforms"` // on which its runs were made
	Definitions Definitions `json:"definitions"`
	// IDs of the runs taken that the folder did not have
	Runs   []string `json:"runs"`
	Checks []Check  `json:"checks,omitempty"` // runs of the bundle that were repeated here
}

// Check is a repetition of a run of a bundle.
type Check struct {
	Run string `json:"run"` // its ID
	// equal bits; otherwise the runs agree within the tolerance for another platform
	Bits     bool   `json:"bits"`
	Platform string `json:"platform"` // where
	When     string `json:"when"`     // RFC 3339, UTC
}

// Save saves a plan in a results folder. It replaces a saved plan of the same name.
func Save(dir string, s *Saved) error { return saveJSON(dir, "plans", s.Plan.Name, s) }

// SavePlan saves the bundle's plan in a results folder, unless a plan of its name is saved there.
func (b *Bundle) SavePlan(dir string) error {
	if _, err := os.Stat(savedPath(dir, "plans", b.Plan.Name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return Save(dir, &Saved{Plan: b.Plan, Definitions: b.Definitions, When: b.About.Last})
}

// SaveTaken saves a list of runs taken from a bundle. It replaces the previous list for that
// bundle.
func SaveTaken(dir string, t *Taken) error { return saveJSON(dir, "bundles", t.Root, t) }

func saveJSON(dir, kind, name string, value any) error {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return fmt.Errorf("cannot keep %s: %w", name, err)
	}
	path := savedPath(dir, kind, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("cannot keep %s: %w", name, err)
	}
	return results.WriteWhole(path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

func savedPath(dir, kind, name string) string {
	return filepath.Join(dir, kind, results.FileName(name)+".json")
}

// SavedPlans returns the plans that were run in a results folder, the most recent first. The error
// names files that could not be read; the other plans are valid nevertheless.
func SavedPlans(dir string) ([]*Saved, error) {
	all, err := readAll[Saved](dir, "plans")
	slices.SortStableFunc(all, func(a, b *Saved) int { return strings.Compare(b.When, a.When) })
	return all, err
}

// TakenBundles returns the bundles from which a results folder has runs, in the order of their
// roots, and errors like [SavedPlans].
func TakenBundles(dir string) ([]*Taken, error) { return readAll[Taken](dir, "bundles") }

// mostSaved bounds the size of a file of plans/ and bundles/, in bytes.
const mostSaved = 64 << 20

func readAll[T any](dir, kind string) (all []*T, err error) {
	files, _ := filepath.Glob(filepath.Join(escapeGlob(dir), kind, "*.json"))
	for _, file := range files {
		value := new(T)
		text, e := results.ReadRegular(file, mostSaved)
		if e == nil {
			e = strict(file, text, value)
		}
		switch {
		case errors.Is(e, fs.ErrNotExist):
		case e != nil:
			err = errors.Join(err,
				fmt.Errorf("left out: %w; remove the file, and bench run writes it again", e))
		default:
			all = append(all, value)
		}
	}
	return all, err
}

// escapeGlob escapes a path for use in a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// Resolve looks up the optimizers and problems of a plan with its defaults filled in: each in the
// first of known that has everything the plan needs of it, else in the result of rest, which is
// called only if needed.
func Resolve(
	plan *protocol.Plan, known []*Definitions, rest func() (Lookup, error),
) (Lookup, error) {
	r := resolved{map[string]protocol.ProblemDef{}, map[string]protocol.OptimizerDef{}}
	for _, e := range plan.Optimizers {
		i := slices.IndexFunc(known, func(d *Definitions) bool {
			_, ok := d.Optimizers[e.Optimizer]
			return ok
		})
		var def protocol.OptimizerDef
		var err error
		if i >= 0 {
			def, err = known[i].Optimizer(e.Optimizer)
		} else if l, e2 := rest(); e2 != nil {
			err = e2
		} else {
			def, err = l.Optimizer(e.Optimizer)
		}
		if err != nil {
			return nil, err
		}
		r.optimizers[e.Optimizer] = def
	}
	for _, e := range plan.Problems {
		i := slices.IndexFunc(known, func(d *Definitions) bool {
			return d.cover(plan, e.Problem, r.optimizers)
		})
		var def protocol.ProblemDef
		var err error
		if i >= 0 {
			def, err = known[i].Problem(e.Problem)
		} else if l, e2 := rest(); e2 != nil {
			err = e2
		} else {
			def, err = l.Problem(e.Problem)
		}
		if err != nil {
			return nil, err
		}
		r.problems[e.Problem] = def
	}
	return r, nil
}

// cover reports whether the definitions have everything that a plan needs of a problem.
func (d *Definitions) cover(
	plan *protocol.Plan, name string, optimizers map[string]protocol.OptimizerDef,
) bool {
	def, err := d.Problem(name)
	if err != nil {
		return false
	}
	for _, e := range plan.Problems {
		if e.Problem != name {
			continue
		}
		at, spec, err := def.At(e.With)
		if err != nil {
			return false
		}
		for _, o := range optimizers {
			q := plan.Measured(&spec, &o)
			if def.Fingerprint == nil || !spec.Measures.Has(q) {
				continue
			}
			if _, err := def.Fingerprint(at, q); err != nil {
				return false
			}
		}
	}
	return true
}

// resolved holds definitions by their names in a plan.
type resolved struct {
	problems   map[string]protocol.ProblemDef
	optimizers map[string]protocol.OptimizerDef
}

func (r resolved) Problem(name string) (protocol.ProblemDef, error) {
	if def, ok := r.problems[name]; ok {
		return def, nil
	}
	return protocol.ProblemDef{}, protocol.Unknown("problem", name,
		slices.Collect(maps.Keys(r.problems)))
}

func (r resolved) Optimizer(name string) (protocol.OptimizerDef, error) {
	if def, ok := r.optimizers[name]; ok {
		return def, nil
	}
	return protocol.OptimizerDef{}, protocol.Unknown("optimizer", name,
		slices.Collect(maps.Keys(r.optimizers)))
}
