package plugins

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"noisebench/plugins/internal/wire"
	"noisebench/protocol"
)

// Serve serves optimizers and problems to the noisebench that started this program, and returns
// when that ends it. It is all that a plugin's main needs to call. Standard output belongs to the
// handshake until then; what the definitions' code prints later, to standard output or error, goes
// to the host's log.
//
// If a definition is invalid, or the program was not started by noisebench, Serve explains that on
// standard error and exits.
func Serve(defs ...protocol.Definition) {
	optimizers, problems, err := sortOut(defs)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		os.Exit(1)
	}
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		fmt.Fprint(os.Stderr, usage(os.Args[0], optimizers, problems))
		os.Exit(1)
	}
	wire.Serve(optimizers, problems)
}

// usage is what a plugin prints if a person starts it.
func usage(path string, optimizers []protocol.OptimizerDef, problems []protocol.ProblemDef) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is a noisebench plugin; bench runs it. It serves:\n", filepath.Base(path))
	for _, o := range optimizers {
		fmt.Fprintf(&b, "  optimizer %s\n", o.Name)
	}
	for _, p := range problems {
		fmt.Fprintf(&b, "  problem %s\n", p.Name)
	}
	fmt.Fprintf(&b, "To check it:\n  bench check %s\n", path)
	return b.String()
}

// sortOut separates optimizers and problems. Its error names the first invalid definition.
func sortOut(
	defs []protocol.Definition,
) (os []protocol.OptimizerDef, ps []protocol.ProblemDef, err error) {
	for _, d := range defs {
		switch d := d.(type) {
		case protocol.OptimizerDef:
			os = append(os, d)
		case protocol.ProblemDef:
			ps = append(ps, d)
		}
	}
	return os, ps, checkDefinitions(os, ps)
}

// checkDefinitions returns an error that names the first invalid definition, and the reason.
func checkDefinitions(os []protocol.OptimizerDef, ps []protocol.ProblemDef) error {
	if len(os)+len(ps) == 0 {
		return errors.New("there is nothing to serve; give at least one optimizer or problem")
	}
	if n := len(os) + len(ps); n > maxDefinitions {
		return fmt.Errorf("there are %d optimizers and problems, want at most %d", n, maxDefinitions)
	}
	names := map[string]bool{}
	check := func(kind, name string, err error) error {
		switch {
		case name == "":
			return fmt.Errorf("a definition of kind %s has no name", kind)
		case len(name) > protocol.MaxNameLen:
			return fmt.Errorf("%s %.20q has a name of %d bytes, want at most %d", kind, name, len(name),
				protocol.MaxNameLen)
		case !hyphenated.MatchString(name):
			return fmt.Errorf("%s %q: want a name in lower case, words joined by hyphens", kind, name)
		case names[kind+name]:
			return fmt.Errorf("two definitions are named %s %q; rename one", kind, name)
		case err != nil:
			return fmt.Errorf("%s %s: %w", kind, name, err)
		}
		names[kind+name] = true
		return nil
	}
	for i := range os {
		if err := check("optimizer", os[i].Name, checkOptimizer(&os[i])); err != nil {
			return err
		}
	}
	for i := range ps {
		if err := check("problem", ps[i].Name, checkProblem(&ps[i])); err != nil {
			return err
		}
	}
	return nil
}

var (
	hyphenated  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	underscored = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

func checkOptimizer(d *protocol.OptimizerDef) error {
	switch {
	case d.Version == "":
		return errors.New("has no version")
	case d.New32 == nil && d.New64 == nil:
		return errors.New("has neither New32 nor New64, so that it cannot be opened")
	case !d.Needs.Valid():
		return fmt.Errorf("needs %v, want known quantities", d.Needs)
	case len(d.Reports) > wire.MaxReports:
		return fmt.Errorf("reports %d values, want at most %d", len(d.Reports), wire.MaxReports)
	}
	if err := checkTexts(d.Version, d.Doc, d.Source, d.Identity); err != nil {
		return err
	}
	for i, name := range d.Reports {
		if len(name) > protocol.MaxNameLen {
			return fmt.Errorf("report %d has a name of %d bytes, want at most %d", i+1, len(name),
				protocol.MaxNameLen)
		}
		if name == "" || slices.Contains(d.Reports[:i], name) {
			return fmt.Errorf("report %d is named %q, want names, each once", i+1, name)
		}
	}
	if err := d.Identity.Check(); err != nil {
		return err
	}
	return checkHyperparameters(d.Hyperparameters)
}

func checkProblem(d *protocol.ProblemDef) error {
	switch {
	case d.Version == "":
		return errors.New("has no version")
	case d.Spec == nil:
		return errors.New("has no Spec, which gives its dimension")
	case d.New32 == nil && d.New64 == nil:
		return errors.New("has neither New32 nor New64, so that it cannot be opened")
	}
	if err := checkTexts(d.Version, d.Doc, d.Source, d.Identity); err != nil {
		return err
	}
	if err := d.Identity.Check(); err != nil {
		return err
	}
	return checkHyperparameters(d.Parameters)
}

// Limits of definitions, so that a mistake cannot exhaust the memory of their readers.
const (
	maxDefinitions     = 10000
	maxHyperparameters = 1000     // of a definition
	maxGrid            = 1e5      // settings of a hyperparameter
	maxText            = 64 << 10 // bytes of Doc and of Source
	maxEnvironment     = 1000
)

// checkTexts returns an error if a text of a definition is too long.
func checkTexts(version, doc, source string, identity protocol.Identity) error {
	switch {
	case len(version) > protocol.MaxNameLen:
		return fmt.Errorf("its version has %d bytes, want at most %d", len(version), protocol.MaxNameLen)
	case len(doc) > maxText:
		return fmt.Errorf("its Doc has %d bytes, want at most %d", len(doc), maxText)
	case len(source) > maxText:
		return fmt.Errorf("its Source has %d bytes, want at most %d", len(source), maxText)
	case len(identity.Digest) > protocol.MaxNameLen:
		return fmt.Errorf("its digest has %d bytes, want at most %d", len(identity.Digest),
			protocol.MaxNameLen)
	case len(identity.Environment) > maxEnvironment:
		return fmt.Errorf("its environment has %d entries, want at most %d", len(identity.Environment),
			maxEnvironment)
	}
	for name, value := range identity.Environment {
		if n := len(name) + len(value); n > maxText {
			return fmt.Errorf("its environment has an entry of %d bytes, want at most %d", n, maxText)
		}
	}
	return nil
}

func checkHyperparameters(hs []protocol.Hyperparameter) error {
	if len(hs) > maxHyperparameters {
		return fmt.Errorf("has %d hyperparameters, want at most %d", len(hs), maxHyperparameters)
	}
	for i, h := range hs {
		switch {
		case len(h.Name) > protocol.MaxNameLen:
			return fmt.Errorf("hyperparameter %d has a name of %d bytes, want at most %d", i+1, len(h.Name),
				protocol.MaxNameLen)
		case len(h.Doc) > maxText:
			return fmt.Errorf("hyperparameter %s: its Doc has %d bytes, want at most %d", h.Name, len(h.Doc),
				maxText)
		case len(h.Grid) > maxGrid:
			return fmt.Errorf("hyperparameter %s: its grid has %d settings, want at most %d", h.Name,
				len(h.Grid), int(maxGrid))
		case !underscored.MatchString(h.Name):
			return fmt.Errorf("hyperparameter %d is named %q, want lower_snake_case", i+1, h.Name)
		case slices.ContainsFunc(hs[:i], func(o protocol.Hyperparameter) bool {
			return o.Name == h.Name
		}):
			return fmt.Errorf("two hyperparameters are named %s; rename one", h.Name)
		}
		if err := h.Check(h.Default); err != nil {
			return fmt.Errorf("default: %w", err)
		}
		for _, v := range h.Grid {
			if err := h.Check(v); err != nil {
				return fmt.Errorf("grid: %w", err)
			}
		}
	}
	return nil
}
