package catalogue

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"noisebench/plugins"
	"noisebench/protocol"
)

// Optimizer returns the definition of an optimizer by a name, see the package comment.
func (c *Catalogue) Optimizer(name string) (protocol.OptimizerDef, error) {
	return find(c, "optimizer", name, optimizersOf)
}

// Problem returns the definition of a problem by a name, see the package comment, or by another
// spelling that Options.ProblemName knows.
func (c *Catalogue) Problem(name string) (protocol.ProblemDef, error) {
	return find(c, "problem", c.options.ProblemName(name), problemsOf)
}

// definition is that of an optimizer or a problem, with the fields that a search needs.
type definition[D any] struct {
	name   string
	origin protocol.Origin
	def    D
}

func optimizersOf(p *plugins.Plugin) []definition[protocol.OptimizerDef] {
	var list []definition[protocol.OptimizerDef]
	for _, d := range p.Optimizers {
		list = append(list, definition[protocol.OptimizerDef]{d.Name, d.Origin, d})
	}
	return list
}

func problemsOf(p *plugins.Plugin) []definition[protocol.ProblemDef] {
	var list []definition[protocol.ProblemDef]
	for _, d := range p.Problems {
		list = append(list, definition[protocol.ProblemDef]{d.Name, d.Origin, d})
	}
	return list
}

func find[D any](c *Catalogue, kind, name string, of func(*plugins.Plugin) []definition[D],
) (D, error) {
	var none D
	if strings.HasPrefix(name, pythonPrefix) {
		return findPython(c, kind, name, of)
	}
	if strings.ContainsRune(name, filepath.Separator) {
		return findAt(c, kind, name, of)
	}
	var known []string
	for _, places := range []func() []*plugins.Plugin{
		func() []*plugins.Plugin { return slices.Concat(c.builtIn, c.named) },
		c.discovered,
	} {
		var matches []definition[D]
		for _, p := range places() {
			for _, d := range of(p) {
				known = append(known, d.name)
				isSame := func(m definition[D]) bool {
					return m.origin.Executable == d.origin.Executable
				}
				if d.name == name && !slices.ContainsFunc(matches, isSame) {
					matches = append(matches, d)
				}
			}
		}
		switch len(matches) {
		case 0:
		case 1:
			return matches[0].def, nil
		default:
			return none, fmt.Errorf("%s %s is served by %s and by %s; say which by PATH:%s",
				kind, name, matches[0].origin.Path, matches[1].origin.Path, name)
		}
	}
	return none, protocol.Unknown(kind, name, known)
}

// findAt looks up PATH or PATH:NAME. Built-in definitions have a path as well, to distinguish them
// from those of a plugin with the same name.
func findAt[D any](c *Catalogue, kind, name string, of func(*plugins.Plugin) []definition[D],
) (D, error) {
	var none D
	path, wanted := name, ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, filepath.Separator) {
		path, wanted = name[:i], name[i+1:]
	}
	var served []definition[D]
	if absolute, err := filepath.Abs(path); err == nil && absolute == c.builtIn[0].Path {
		for _, p := range c.builtIn {
			served = append(served, of(p)...)
		}
	} else {
		p, err := c.launchPath(path)
		if err != nil {
			return none, err
		}
		served = of(p)
	}
	var names []string
	for _, d := range served {
		if d.name == wanted || wanted == "" && len(served) == 1 {
			return d.def, nil
		}
		names = append(names, d.name)
	}
	switch {
	case len(names) == 0:
		return none, fmt.Errorf("plugin %s serves no %s", path, kind)
	case wanted == "":
		return none, fmt.Errorf("plugin %s serves several %ss; say which by %s:NAME, with one of %s",
			path, kind, path, strings.Join(names, ", "))
	}
	return none, fmt.Errorf("plugin %s: %w", path, protocol.Unknown(kind, wanted, names))
}

// findPython looks up the definition of an object of a Python module.
func findPython[D any](c *Catalogue, kind, name string, of func(*plugins.Plugin) []definition[D],
) (D, error) {
	var none D
	p, err := launchTarget(c.launch, name, c.options.Python)
	if err != nil {
		return none, err
	}
	served := of(p)
	if len(served) == 0 {
		return none, fmt.Errorf("%s is no %s", name, kind)
	}
	return served[0].def, nil
}
