// Package planfile reads and writes plans as YAML files.
//
// Plan files are read strictly: every value is either represented exactly in the plan, or an error
// that names line, key, actual and expected value. Numbers, booleans and text are distinguished by
// YAML 1.2's core schema, so that 010 is ten and yes is a text. Numbers that a field cannot
// represent, such as 2.5 replicates or 1e-400, are errors, as are unknown and repeated keys.
//
// Aliases represent the values of their anchors, which are checked where they are used. The value
// of the merge key "<<" is an alias of a mapping, or a list of such aliases: keys of the entry
// itself take precedence, then those of earlier aliases. At the top level, keys that begin with
// "x-" are ignored and may hold anchors. A file has one document of at most a megabyte, in UTF-8.
//
// The YAML library only parses the syntax. Its conversion of values is not used, since it accepts
// 0b11 and 1__0 as numbers, 010 as eight, and 2.5 as an integer behind an alias.
package planfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"noisebench/protocol"
)

// most is the greatest size of a plan file, in bytes.
const most = 1 << 20

// Plans reads plans from a library, by their names, and from files.
type Plans struct {
	Library fs.FS // with a file NAME.yaml for each plan
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

// Has reports whether the library has a plan of this name.
func (p Plans) Has(name string) bool { return slices.Contains(p.Names(), name) }

// patience is how long a pipe in place of a plan's file may be silent.
const patience = 10 * time.Second

// Text returns the text of a plan of the library or of a file, and its name for error messages.
func (p Plans) Text(name string) (text []byte, file string, err error) {
	if p.Has(name) {
		text, err := fs.ReadFile(p.Library, name+".yaml")
		return text, name, err
	}
	// Without waiting: to open a pipe into which nobody writes might never end.
	opened, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsRune(name, filepath.Separator) &&
		!IsFile(name):
		err := protocol.Unknown("plan", name, p.Names())
		return nil, "", fmt.Errorf("%w (a file of your own is named with its ending, .yaml)", err)
	case err != nil:
		return nil, "", fmt.Errorf("cannot read plan: %w", err)
	}
	defer opened.Close()
	_ = opened.SetReadDeadline(time.Now().Add(patience))   // only pipes and terminals have one
	text, err = io.ReadAll(io.LimitReader(opened, most+1)) // Parse rejects texts that are too long
	if err != nil {
		return nil, "", fmt.Errorf("cannot read plan: %w", err)
	}
	return text, name, nil
}

// IsFile reports whether a name has the extension of a plan file.
func IsFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// Load reads a plan of the library or of a file, and the plan that it extends. Errors begin with
// FILE:LINE:COLUMN. Paths of plugins and of an extended file are relative to the file.
func (p Plans) Load(name string) (protocol.Plan, error) { return p.load(name, nil) }

// load is [Plans.Load] for a plan that is extended by others, each by the previous one in the list.
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
			return plan, fmt.Errorf("%s: plan %s extends itself, by way of %s", by[0], base,
				strings.Join(by, ", "))
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

// extend returns the plan of a text, with omitted values taken from another plan.
func extend(base protocol.Plan, file string, text []byte) (protocol.Plan, error) {
	plan := base
	plan.Name, plan.Description, plan.Optimizers, plan.Plugins = "", "", nil, nil
	plan.Groups = nil
	if err := decode(file, text, &plan); err != nil {
		return plan, err
	}
	plan.Extends = ""
	if plan.Groups == nil {
		plan.Groups = groupsOf(base.Groups, plan.Problems)
	}
	plan.Optimizers = slices.Concat(base.Optimizers, plan.Optimizers)
	plan.Plugins = slices.Concat(base.Plugins, plan.Plugins)
	return plan, nil
}

// groupsOf returns the groups of an extended plan, with the problems of the plan that extends it.
func groupsOf(groups map[string][]string, problems []protocol.ProblemEntry) map[string][]string {
	left := map[string][]string{}
	for group, names := range groups {
		for _, name := range names {
			if slices.ContainsFunc(problems, func(e protocol.ProblemEntry) bool {
				return cmp.Or(e.Name, e.Problem) == name
			}) {
				left[group] = append(left[group], name)
			}
		}
	}
	if len(left) == 0 {
		return nil
	}
	return left
}

// Parse reads the text of one plan; file is its name for error messages. Parse does not read an
// extended plan.
func Parse(file string, text []byte) (protocol.Plan, error) {
	var plan protocol.Plan
	return plan, decode(file, text, &plan)
}
