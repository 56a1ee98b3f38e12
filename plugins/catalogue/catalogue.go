// Package catalogue finds optimizers and test problems by the names that plans and commands use:
// built-in ones, those of named plugins, and those of plugins in the usual places. [Open] returns
// definitions that can be run; a [Lister] only lists them, and caches the list between starts of
// the program.
//
// Names are, in the order in which they are tried:
//
//   - python:MODULE:NAME, an object of a Python module, such as python:torch.optim:NAdam
//   - PATH or PATH:NAME, a definition of the plugin at a path, which contains a separator
//   - NAME, a definition that is built in or that a plugin of [Options.Paths] serves, or else one
//     that a plugin in the usual places serves, see [Discoverable]
//
// If two different executables serve the same name, it is an error to use it without a path.
package catalogue

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"noisebench/plugins"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// Options determine the contents of a [Catalogue]. The zero value means the built-in definitions,
// called in this process, and the plugins in the usual places.
type Options struct {
	Plugins plugins.Options // of all that are launched
	Paths   []string        // of plugins to launch at once

	// Serve are the arguments with which this executable serves its built-in definitions as a
	// plugin; "optimizers" or "problems" follows them. Empty: they are called in this process.
	Serve []string

	// Python is the interpreter for objects of Python modules; empty: that of the active virtual
	// environment, or else python3.
	Python string

	// ProblemName turns other spellings of a problem's name into that of its definition; nil:
	// there are none.
	ProblemName func(string) string

	// Warn is called with the reason why a plugin is left out, why its runs cannot be distinguished
	// from those of other code, or, once, why outside plugins are not confined; Note with other information on a plugin for the user.
	// Both get one line, without line feed, and may be nil.
	Warn, Note func(line string)
}

// Catalogue finds definitions by name. It may be used by several goroutines at the same time once
// it is open. A plugin in the usual places is launched when a name is looked up that nothing else
// has.
type Catalogue struct {
	ctx          context.Context
	options      Options
	host         *plugins.Host
	builtIn      []*plugins.Plugin
	named        []*plugins.Plugin // at Options.Paths
	discovered   func() []*plugins.Plugin
	fingerprints *fingerprints

	mu       sync.Mutex
	measured map[*plugins.Plugin]bool // outside plugins whose definitions have fingerprints
	warned   bool                     // that outside plugins are not confined
}

// Open launches the program's own plugins, if they are not called in process, and those at
// options.Paths. When ctx ends, so do the plugins. Close must be called after use.
func Open(ctx context.Context, options Options) (*Catalogue, error) {
	ignore := func(string) {}
	if options.Warn == nil {
		options.Warn = ignore
	}
	if options.Note == nil {
		options.Note = ignore
	}
	if options.ProblemName == nil {
		options.ProblemName = func(name string) string { return name }
	}
	host, err := plugins.NewHost(options.Plugins)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{ctx: ctx, options: options, host: host, measured: map[*plugins.Plugin]bool{}}
	c.discovered = sync.OnceValue(c.discover)
	if err := c.openBuiltIn(); err != nil {
		c.Close()
		return nil, err
	}
	for _, path := range options.Paths {
		p, err := c.launchPath(path)
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
func (c *Catalogue) Close() {
	if c.fingerprints != nil {
		c.fingerprints.save()
	}
	_ = c.host.Close() // whatever does not end is killed
}

// Alloc is a harness.Alloc of memory that all plugins of the catalogue can map.
func (c *Catalogue) Alloc(bytes int) (mem []byte, free func()) { return c.host.Alloc(bytes) }

// BuiltIn returns what the program itself serves: one plugin, or one of optimizers and one of
// problems if they were launched.
func (c *Catalogue) BuiltIn() []*plugins.Plugin { return c.builtIn }

// Named returns the plugins at Options.Paths.
func (c *Catalogue) Named() []*plugins.Plugin { return c.named }

// Discovered returns the plugins in the usual places. The first call launches them; those that
// cannot be launched are left out with a warning.
func (c *Catalogue) Discovered() []*plugins.Plugin { return c.discovered() }

func (c *Catalogue) openBuiltIn() error {
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program's executable: %w", err)
	}
	own, err := BuiltIn(executable)
	if err != nil {
		return err
	}
	c.fingerprints = newFingerprints(c.options.Warn, c.options.Note, own.SHA256)
	// Built-ins are measured in this process, however they are called later: the bits are the
	// same (R2).
	c.fingerprints.optimizers(own.Optimizers)
	c.fingerprints.problems(own.Problems)
	if len(c.options.Serve) == 0 {
		c.builtIn = []*plugins.Plugin{own}
		return nil
	}
	for _, kind := range []string{"optimizers", "problems"} {
		argv := append(append([]string{executable}, c.options.Serve...), kind)
		p, err := c.host.Launch(c.ctx, protocol.BuiltIn, argv...)
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
		c.builtIn = append(c.builtIn, p)
	}
	return nil
}

// BuiltIn returns the built-in definitions of this process as if the executable at a path had
// served them. They have no fingerprints.
func BuiltIn(executable string) (*plugins.Plugin, error) {
	digest, err := plugins.SumFile(executable)
	if err != nil {
		return nil, fmt.Errorf("cannot read this program's executable: %w", err)
	}
	p := &plugins.Plugin{
		Name: protocol.BuiltIn, Path: executable, SHA256: digest,
		Optimizers: optimizers.All(), Problems: problems.All(),
	}
	setOrigin(p, protocol.Origin{Plugin: protocol.BuiltIn, Path: executable, Executable: digest})
	return p, nil
}

func setOrigin(p *plugins.Plugin, origin protocol.Origin) {
	for i := range p.Optimizers {
		p.Optimizers[i].Origin = origin
	}
	for i := range p.Problems {
		p.Problems[i].Origin = origin
	}
}

// SetBuild gives the built-in definitions the identity that they had in another build of the
// program, one whose records name it by the SHA-256 of its executable (contract 1). Records of that
// build are found then; runs must not be made.
func (c *Catalogue) SetBuild(sha256 string) {
	for _, p := range c.builtIn {
		setOrigin(p, protocol.Origin{
			Plugin: protocol.BuiltIn, Path: p.Path, SHA256: sha256, Executable: sha256,
		})
		for i := range p.Optimizers {
			p.Optimizers[i].Fingerprint = nil
		}
		for i := range p.Problems {
			p.Problems[i].Fingerprint = nil
		}
	}
}

// launchPath launches the plugin at a path, once.
func (c *Catalogue) launchPath(path string) (*plugins.Plugin, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return c.launch(filepath.Base(absolute), absolute)
}

// launch launches an outside plugin, whose definitions are measured when they are used.
func (c *Catalogue) launch(name string, argv ...string) (*plugins.Plugin, error) {
	p, err := c.host.Launch(c.ctx, name, argv...)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if why, none := strings.CutPrefix(p.Sandbox(), "none: "); none && !c.warned {
		c.warned = true
		c.options.Warn("outside plugins are not confined and may do what you may: " + why)
	}
	if !c.measured[p] {
		c.measured[p] = true
		c.fingerprints.optimizers(p.Optimizers)
		c.fingerprints.problems(p.Problems)
	}
	return p, nil
}

func (c *Catalogue) discover() []*plugins.Plugin {
	var found []*plugins.Plugin
	for _, path := range Discoverable() {
		p, err := c.launch(filepath.Base(path), path)
		if err != nil {
			c.options.Warn(fmt.Sprintf("left out: %v", err))
			continue
		}
		found = append(found, p)
	}
	return found
}
