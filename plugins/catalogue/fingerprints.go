package catalogue

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"noisebench/protocol"
	"noisebench/protocol/fingerprint"
	"noisebench/protocol/platform"
	"noisebench/results"
)

// fingerprints measures the fingerprint of each definition once. Those of built-in definitions are
// kept in the user's cache folder between starts, by the bytes of the executable and the platform.
type fingerprints struct {
	warn, note func(line string)
	cache      cache
	name       string // in the cache

	mu     sync.Mutex
	own    map[string]string // of built-in definitions, by what was measured
	dirty  bool
	known  map[string]string // of outside plugins
	warned map[string]bool   // scripts, by path
}

// keepFingerprints is how many builds of the program the cache keeps.
const keepFingerprints = 32

func newFingerprints(warn, note func(line string), executable string) *fingerprints {
	f := &fingerprints{
		warn: warn, note: note, cache: newCache("fingerprints", keepFingerprints),
		own: map[string]string{}, known: map[string]string{}, warned: map[string]bool{},
	}
	f.name = fmt.Sprintf("%d-%.32s-%s",
		fingerprint.Version, executable, strings.ReplaceAll(platform.Name(), "/", "-"))
	if !f.cache.read(f.name, 0, &f.own) {
		f.own = map[string]string{}
	}
	return f
}

// save writes the measured fingerprints to the cache. Those that cannot be written are measured
// again next time.
func (f *fingerprints) save() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dirty && f.cache.write(f.name, f.own) {
		f.dirty = false
	}
}

func optimizerKey(name, version string) string { return "optimizer " + name + " " + version }

func problemKey(name, version string, at protocol.Setting, needs protocol.Quantity) string {
	return fmt.Sprintf("problem %s %s (%s) %v", name, version, at, needs)
}

// optimizers has the fingerprints of optimizers measured when they are asked for.
func (f *fingerprints) optimizers(defs []protocol.OptimizerDef) {
	for i := range defs {
		def := defs[i] // as it was declared, without Fingerprint
		defs[i].Fingerprint = func() (string, error) {
			return f.measured(def.Origin, "optimizer "+def.Name, optimizerKey(def.Name, def.Version),
				func() (string, error) { return fingerprint.Optimizer(&def) })
		}
	}
}

// problems has the fingerprints of problems measured when they are asked for.
func (f *fingerprints) problems(defs []protocol.ProblemDef) {
	for i := range defs {
		def := defs[i]
		defs[i].Fingerprint = func(at protocol.Setting, needs protocol.Quantity) (string, error) {
			return f.measured(def.Origin, "problem "+def.Name, problemKey(def.Name, def.Version, at, needs),
				func() (string, error) { return fingerprint.Problem(&def, at, needs) })
		}
	}
}

// measured returns a fingerprint, which it measures once. A definition that cannot be measured is
// identified by the bytes of its executable instead: why it fails shows when it is run.
func (f *fingerprints) measured(origin protocol.Origin, who, key string,
	measure func() (string, error),
) (string, error) {
	known := f.known
	if origin.Plugin == protocol.BuiltIn {
		known = f.own
	} else {
		key += " " + origin.Path
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if print, ok := known[key]; ok {
		return print, nil
	}
	if origin.Plugin != protocol.BuiltIn {
		f.warnScript(origin)
	}
	print, err := measure()
	switch {
	case err != nil && origin.Plugin == protocol.BuiltIn: // missing data, which a run reports
		return "unmeasured-" + origin.Executable, nil
	case errors.Is(err, fingerprint.ErrImpure):
		f.warn(fmt.Sprintf("plugin %s: %s: %v; bench check says more", origin.Plugin, who, err))
		print = "impure-" + origin.Executable
	case err != nil:
		print = "unmeasured-" + origin.Executable
	}
	known[key] = print
	f.dirty = f.dirty || origin.Plugin == protocol.BuiltIn
	return print, nil
}

// warnScript notes, once for each script that declares no digest, which changes go unnoticed.
func (f *fingerprints) warnScript(origin protocol.Origin) {
	if origin.Digest != "" || f.warned[origin.Path] || !isScript(origin.Path) {
		return
	}
	f.warned[origin.Path] = true
	f.note(fmt.Sprintf("plugin %s is a script that declares no digest: its runs belong to the "+
		"script's own bytes and to what a short measurement shows; a change in what it imports that "+
		"shows later only, or at other settings, is not noticed", origin.Plugin))
}

// isScript reports whether an executable is a script, whose bytes do not determine the code that it
// runs.
func isScript(path string) bool {
	f, err := results.OpenRegular(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, 2)
	_, err = io.ReadFull(f, start)
	return err == nil && string(start) == "#!"
}
