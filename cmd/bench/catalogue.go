package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"noisebench/plugins"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/results/bridge"
	"noisebench/results/bundle/check"
)

// catalogue finds problems and optimizers by the names that plans use. An outside plugin is launched when a name is
// asked for that nothing else has, or when the name is its path.
type catalogue struct {
	ctx      context.Context
	warnings io.Writer
	host     *plugins.Host
	own      []*plugins.Plugin // what bench serves
	named    []*plugins.Plugin // those that the user named by --plugin
	found    func() []*plugins.Plugin
	prints   *fingerprints
	threads  int                      // that plugins were told to use for each run; 0: their choice
	outside  map[*plugins.Plugin]bool // that have been launched
	python   string                   // interpreter for objects of Python modules; empty: the usual one
}

// newCatalogue launches bench's own plugins and those at the given paths. With inProcess, bench's own definitions are
// used as they are. Close ends all plugins.
func newCatalogue(ctx context.Context, warnings io.Writer, options plugins.Options, paths []string, inProcess bool,
) (*catalogue, error) {
	host, err := plugins.NewHost(options)
	if err != nil {
		return nil, err
	}
	c := &catalogue{ctx: ctx, warnings: warnings, host: host, outside: map[*plugins.Plugin]bool{}}
	c.found = sync.OnceValue(c.discover)
	if err := c.launchOwn(inProcess); err != nil {
		c.Close()
		return nil, err
	}
	for _, path := range paths {
		p, err := c.launch(path)
		if err != nil {
			c.Close()
			return nil, err
		}
		if !slices.Contains(c.named, p) {
			c.named = append(c.named, p)
		}
	}
	return c, nil
}

// Close ends all plugins.
func (c *catalogue) Close() {
	if c.prints != nil {
		c.prints.save()
	}
	c.host.Close()
}

func (c *catalogue) launchOwn(inProcess bool) error {
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find my own executable: %w", err)
	}
	own, err := ownDefinitions(executable)
	if err != nil {
		return err
	}
	c.prints = newFingerprints(c.warnings, own.SHA256)
	// Built-ins are measured in this process, whatever the transport they are called by later: the bits are the same (R2).
	c.prints.optimizers(own.Optimizers)
	c.prints.problems(own.Problems)
	if inProcess {
		c.own = []*plugins.Plugin{own}
		return nil
	}
	for _, kind := range []string{"optimizers", "problems"} {
		p, err := c.host.Launch(c.ctx, protocol.BuiltIn, executable, "__plugin", kind)
		if err != nil {
			return err
		}
		setOrigin(p, own.Optimizers[0].Origin)
		for i := range p.Optimizers { // in the order in which they are served
			p.Optimizers[i].Fingerprint = own.Optimizers[i].Fingerprint
		}
		for i := range p.Problems {
			p.Problems[i].Fingerprint = own.Problems[i].Fingerprint
		}
		c.own = append(c.own, p)
	}
	return nil
}

// ownDefinitions is what bench serves, as if it had been launched.
func ownDefinitions(executable string) (*plugins.Plugin, error) {
	digest, err := plugins.SumFile(executable)
	if err != nil {
		return nil, fmt.Errorf("cannot read my own executable: %w", err)
	}
	origin := protocol.Origin{Plugin: protocol.BuiltIn, Path: executable, Executable: digest}
	own := &plugins.Plugin{
		Name: protocol.BuiltIn, Path: executable, SHA256: origin.Executable, Optimizers: optimizers.All(), Problems: problems.All(),
	}
	setOrigin(own, origin)
	return own, nil
}

func setOrigin(p *plugins.Plugin, origin protocol.Origin) {
	for i := range p.Optimizers {
		p.Optimizers[i].Origin = origin
	}
	for i := range p.Problems {
		p.Problems[i].Origin = origin
	}
}

// pretend makes bench's own definitions look as if another build served them, one of those whose records name it by the
// SHA-256 of its executable, so that its records are found.
func (c *catalogue) pretend(digest string) {
	for _, p := range c.own {
		setOrigin(p, protocol.Origin{Plugin: protocol.BuiltIn, Path: p.Path, SHA256: digest, Executable: digest})
		for i := range p.Optimizers {
			p.Optimizers[i].Fingerprint = nil
		}
		for i := range p.Problems {
			p.Problems[i].Fingerprint = nil
		}
	}
}

// launch launches the plugin at a path, once.
func (c *catalogue) launch(path string) (*plugins.Plugin, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return c.launchOutside(filepath.Base(absolute), absolute)
}

// launchOutside launches an outside plugin, and has its definitions measured when they are used.
func (c *catalogue) launchOutside(name string, argv ...string) (*plugins.Plugin, error) {
	p, err := c.host.Launch(c.ctx, name, argv...)
	if err != nil || c.outside[p] {
		return p, err
	}
	c.outside[p] = true
	c.prints.optimizers(p.Optimizers)
	c.prints.problems(p.Problems)
	return p, nil
}

// discover launches the plugins that are in the usual places. One that cannot be launched is left out with a warning.
func (c *catalogue) discover() []*plugins.Plugin {
	var found []*plugins.Plugin
	for _, path := range discoverable() {
		p, err := c.launchOutside(filepath.Base(path), path)
		if err != nil {
			fmt.Fprintf(c.warnings, "bench: left out: %v\n", err)
			continue
		}
		found = append(found, p)
	}
	return found
}

// discoverable lists the executables that count as plugins, without launching any: everything executable in the folders
// of $NOISEBENCH_PLUGIN_PATH, in .noisebench/plugins, and in noisebench/plugins of the user's data folder; then what is
// named noisebench-… on $PATH.
func discoverable() []string {
	folders := filepath.SplitList(os.Getenv("NOISEBENCH_PLUGIN_PATH"))
	folders = append(folders, filepath.Join(".noisebench", "plugins"))
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		folders = append(folders, filepath.Join(data, "noisebench", "plugins"))
	} else if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, ".local", "share", "noisebench", "plugins"))
	}
	var paths []string
	look := func(folder, pattern string) {
		files, _ := filepath.Glob(filepath.Join(folder, pattern)) // the patterns are well formed
		for _, f := range files {
			if info, err := os.Stat(f); err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
				continue
			}
			if absolute, err := filepath.Abs(f); err == nil && !slices.Contains(paths, absolute) {
				paths = append(paths, absolute)
			}
		}
	}
	for _, folder := range folders {
		look(folder, "*")
	}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		look(folder, "noisebench-*")
	}
	return paths
}

// Optimizer returns the definition of an optimizer: a name, PATH or PATH:NAME of an outside plugin, or python:MODULE:NAME.
func (c *catalogue) Optimizer(name string) (protocol.OptimizerDef, error) {
	return find(c, "optimizer", name, optimizersOf)
}

// Problem returns the definition of a problem: a name, DeepOBS' spelling of one, PATH or PATH:NAME
// of an outside plugin, or python:MODULE:NAME.
func (c *catalogue) Problem(name string) (protocol.ProblemDef, error) {
	return find(c, "problem", bridge.ProblemName(name), problemsOf)
}

// definition is an optimizer's or a problem's, with what the catalogue needs to know of it.
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

// find looks a name up, in outside plugins that were not named only if nothing else has it. Two different executables
// that serve the name are an error.
func find[D any](c *catalogue, kind, name string, of func(*plugins.Plugin) []definition[D]) (D, error) {
	var none D
	if strings.HasPrefix(name, pythonPrefix) {
		return findPython(c, kind, name, of)
	}
	if strings.ContainsRune(name, filepath.Separator) {
		return findAt(c, kind, name, of)
	}
	var known []string
	for _, places := range []func() []*plugins.Plugin{
		func() []*plugins.Plugin { return slices.Concat(c.own, c.named) },
		c.found,
	} {
		var matches []definition[D]
		for _, p := range places() {
			for _, d := range of(p) {
				known = append(known, d.name)
				isSame := func(m definition[D]) bool { return m.origin.Executable == d.origin.Executable }
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
			a, b := matches[0].origin, matches[1].origin
			return none, fmt.Errorf("%s %s is served by %s and by %s; say which by PATH:%s", kind, name, a.Path, b.Path, name)
		}
	}
	return none, protocol.Unknown(kind, name, known)
}

// findAt looks up PATH or PATH:NAME.
func findAt[D any](c *catalogue, kind, name string, of func(*plugins.Plugin) []definition[D]) (D, error) {
	var none D
	path, wanted := name, ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, filepath.Separator) {
		path, wanted = name[:i], name[i+1:]
	}
	var served []definition[D]
	if absolute, err := filepath.Abs(path); err == nil && absolute == c.own[0].Path {
		for _, p := range c.own { // bench is a plugin too: what an outside one hides is named by its path
			served = append(served, of(p)...)
		}
	} else {
		p, err := c.launch(path)
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

// here is what the catalogue has to compare a bundle with.
func (c *catalogue) here(rebuilt bool) check.Here {
	served := func(list []*plugins.Plugin) (all check.Served) {
		for _, p := range list {
			all.Optimizers = append(all.Optimizers, p.Optimizers...)
			all.Problems = append(all.Problems, p.Problems...)
		}
		return all
	}
	return check.Here{
		BuiltIn: served(c.own), Given: served(c.named),
		Found: func() check.Served { return served(c.found()) }, Rebuilt: rebuilt,
	}
}
