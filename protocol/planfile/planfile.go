// Package planfile reads plans that people write, as YAML.
//
// A plan file is read strictly: whatever it says is either what the plan then has, or an error that names line, key, what was
// found and what is wanted. Numbers, booleans and text are told apart as YAML 1.2's core schema does, so that 010 is ten and yes
// is a text. Numbers that a field cannot hold, such as 2.5 replicates or 1e-400, are errors; so are unknown and repeated keys.
//
// Anchors and aliases stand for the values that they name, which are checked where they are used. The merge key "<<" takes an
// alias of keys with values, or a list of them: a key of the entry itself goes first, and then an earlier one of the list. At the
// top level, keys that begin with "x-" are the writer's own, for anchors. A file has one document of at most a megabyte, in UTF-8.
//
// The YAML library parses the syntax only. What it makes of values is not used, since it takes 0b11 and 1__0 for numbers, 010 for
// eight, and 2.5 for a whole number behind an alias.
package planfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"noisebench/protocol"
)

// most is how long a plan file may be, in bytes.
const most = 1 << 20

// Plans reads plans: those of a library, by their names, and those of files.
type Plans struct {
	Library fs.FS // NAME.yaml for each plan
}

// Names lists the plans of the library.
func (p Plans) Names() []string {
	files, err := fs.Glob(p.Library, "*.yaml")
	if err != nil {
		panic("planfile: " + err.Error()) // the pattern is well formed
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".yaml")
	}
	return files
}

// Has reports whether the library has a plan of that name.
func (p Plans) Has(name string) bool { return slices.Contains(p.Names(), name) }

// Text returns the text of a plan of the library or of a file, and what to call it in errors.
func (p Plans) Text(name string) (text []byte, file string, err error) {
	if p.Has(name) {
		text, err := fs.ReadFile(p.Library, name+".yaml")
		return text, name, err
	}
	opened, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsRune(name, filepath.Separator) && !IsFile(name):
		err := protocol.Unknown("plan", name, p.Names())
		return nil, "", fmt.Errorf("%w (a file of your own is named with its ending, .yaml)", err)
	case err != nil:
		return nil, "", fmt.Errorf("cannot read plan: %w", err)
	}
	defer opened.Close()
	text, err = io.ReadAll(io.LimitReader(opened, most+1)) // too long a text is refused where it is read
	if err != nil {
		return nil, "", fmt.Errorf("cannot read plan: %w", err)
	}
	return text, name, nil
}

// IsFile reports whether a name ends as those of plan files do.
func IsFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// Load reads a plan of the library or of a file, and the one that it extends. Errors begin with FILE:LINE:COLUMN. The plugins of a
// file, and the file that it extends, are named relative to it.
func (p Plans) Load(name string) (protocol.Plan, error) { return p.load(name, nil) }

// load is Load for a plan that others extend, each the one before it.
func (p Plans) load(name string, by []string) (protocol.Plan, error) {
	text, file, err := p.Text(name)
	if err != nil {
		return protocol.Plan{}, err
	}
	plan, err := Parse(file, text)
	if err != nil {
		return plan, err
	}
	beside := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(file), path)
	}
	if plan.Extends != "" {
		base := plan.Extends
		if !p.Has(base) {
			base = beside(base)
		}
		if by = append(by, name); slices.Contains(by, base) {
			return plan, fmt.Errorf("%s: plan %s extends itself, by way of %s", by[0], base, strings.Join(by, ", "))
		}
		of, err := p.load(base, by)
		if err != nil {
			return plan, fmt.Errorf("%s extends %s: %w", file, plan.Extends, err)
		}
		if plan, err = extend(of, file, text); err != nil {
			return plan, err
		}
	}
	for i, path := range plan.Plugins {
		plan.Plugins[i] = beside(path)
	}
	return plan, nil
}

// extend returns the plan of a text with what it does not say from another plan.
func extend(base protocol.Plan, file string, text []byte) (protocol.Plan, error) {
	plan := base
	plan.Name, plan.Description, plan.Optimizers, plan.Plugins = "", "", nil, nil
	if err := decode(file, text, &plan); err != nil {
		return plan, err
	}
	plan.Extends = ""
	plan.Optimizers = slices.Concat(base.Optimizers, plan.Optimizers)
	plan.Plugins = slices.Concat(base.Plugins, plan.Plugins)
	return plan, nil
}

// Parse reads the text of one plan; file is what errors call it. What the plan extends is not read.
func Parse(file string, text []byte) (protocol.Plan, error) {
	var plan protocol.Plan
	return plan, decode(file, text, &plan)
}
