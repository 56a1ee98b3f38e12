package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"noisebench/plugins"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// listing is what a plugin serves, as far as lists show it. Its JSON is what the cache keeps of an executable, whose name
// and path do not matter.
type listing struct {
	Name       string `json:"-"`
	Path       string `json:"-"`
	SHA256     string
	Optimizers []listedOptimizer
	Problems   []listedProblem
}

type listedOptimizer struct {
	Name, Doc       string
	Hyperparameters []protocol.Hyperparameter // names, defaults and whether they are tuned
}

type listedProblem struct {
	Name, Doc string
	Spec      protocol.ProblemSpec // at the defaults of its parameters, without what lists do not show
	err       error                // Spec's; what has one is not kept
}

// describe asks a plugin for all that lists show.
func describe(p *plugins.Plugin) *listing {
	l := &listing{Name: p.Name, Path: p.Path, SHA256: p.SHA256, Problems: make([]listedProblem, len(p.Problems))}
	for _, d := range p.Optimizers {
		o := listedOptimizer{Name: d.Name, Doc: firstLine(d.Doc)}
		for _, h := range d.Hyperparameters {
			o.Hyperparameters = append(o.Hyperparameters,
				protocol.Hyperparameter{Name: h.Name, Default: h.Default, Tuned: h.Tuned})
		}
		l.Optimizers = append(l.Optimizers, o)
	}
	var wg sync.WaitGroup
	for i := range p.Problems { // concurrently: some compute eigenvalues
		wg.Go(func() {
			d := &p.Problems[i]
			spec, err := specOf(d)
			l.Problems[i] = listedProblem{Name: d.Name, Doc: firstLine(d.Doc), err: err}
			if err == nil {
				l.Problems[i].Spec = protocol.ProblemSpec{
					Dim: spec.Dim, Train: spec.Train, BatchSize: spec.BatchSize, Budget: spec.Budget, Metric: spec.Metric,
					Measures: spec.Measures,
				}
			}
		})
	}
	wg.Wait()
	return l
}

// lister finds what plugins serve: in the cache where it can, and else from the plugins themselves.
type lister struct {
	cmd        *cobra.Command
	digests    cache // of executables, by what the system says of their files
	listings   cache // by digest and name
	catalogue  *catalogue
	everything func() ([]*listing, error)
}

// What the caches keep.
const (
	keepListings = 256
	// trustScript is how long a script is believed to serve the same as long as it and the files beside it stay the
	// same, since it may import others.
	trustScript = time.Hour
)

// newLister returns a lister of bench's own definitions and those of plugins at the paths and in the usual places.
func newLister(cmd *cobra.Command, paths []string) *lister {
	l := &lister{cmd: cmd, digests: newCache("executables", keepListings), listings: newCache("listings", keepListings)}
	l.everything = sync.OnceValues(func() ([]*listing, error) {
		own, err := l.own()
		if err != nil {
			return nil, err
		}
		all := []*listing{own}
		add := func(path string) error {
			absolute, err := filepath.Abs(path)
			if err != nil || slices.ContainsFunc(all, func(o *listing) bool { return o.Path == absolute }) {
				return err
			}
			found, err := l.at(absolute)
			if err == nil {
				all = append(all, found)
			}
			return err
		}
		for _, path := range paths {
			if err := add(path); err != nil {
				return nil, err
			}
		}
		for _, path := range discoverable() {
			if err := add(path); err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "bench: left out: %v\n", err)
			}
		}
		return all, nil
	})
	return l
}

func (l *lister) close() {
	if l.catalogue != nil {
		l.catalogue.Close()
	}
}

// own lists bench's own definitions.
func (l *lister) own() (*listing, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find bench's own executable: %w", err)
	}
	return l.remembered(protocol.BuiltIn, executable, func() (*plugins.Plugin, error) {
		return &plugins.Plugin{Optimizers: optimizers.All(), Problems: problems.All()}, nil
	})
}

// at lists what the plugin at a path serves.
func (l *lister) at(path string) (*listing, error) {
	return l.remembered(filepath.Base(path), path, func() (*plugins.Plugin, error) {
		if l.catalogue == nil {
			var err error
			if l.catalogue, err = listed(nil).open(l.cmd); err != nil {
				return nil, err
			}
		}
		return l.catalogue.launch(path)
	})
}

// remembered returns what an executable serves: what is known of its bytes, or else what the plugin tells that ask
// launches.
func (l *lister) remembered(name, path string, ask func() (*plugins.Plugin, error)) (*listing, error) {
	digest, maxAge, err := l.identity(path)
	// A program may look at the name under which it was started.
	key := fmt.Sprintf("%s-%.16x", digest, sha256.Sum256([]byte(name)))
	if err == nil {
		known := new(listing)
		if l.listings.read(key, maxAge, known) {
			known.Name, known.Path = name, path
			return known, nil
		}
	}
	p, e := ask()
	if e != nil {
		return nil, e // says more about a file that cannot be read
	}
	if err != nil {
		return nil, err
	}
	found := describe(p)
	found.Name, found.Path = name, path
	if found.SHA256 == "" {
		found.SHA256 = digest
	}
	if !slices.ContainsFunc(found.Problems, func(p listedProblem) bool { return p.err != nil }) {
		l.listings.write(key, found)
	}
	return found, nil
}

// identity names what an executable runs, and how long that is believed to be the same; 0: for ever. Of a binary that is
// its SHA-256. A script runs more than its own bytes: its identity includes the files beside it and what says where
// others are.
func (l *lister) identity(path string) (digest string, maxAge time.Duration, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, errors.New(path + " is not a regular file")
	}
	if isScript(path) {
		digest, err = scriptDigest(path)
		return digest, trustScript, err
	}
	state, changed := fileState(path)
	if state != "" && l.digests.read(state, 0, &digest) {
		return digest, 0, nil
	}
	if digest, err = plugins.SumFile(path); err != nil {
		return "", 0, err
	}
	// The clock of file systems is coarse: what has changed a moment ago may change once more without a trace.
	if again, _ := fileState(path); state != "" && again == state && time.Since(changed) > 2*time.Second {
		l.digests.write(state, digest)
	}
	return digest, 0, nil
}

// scriptDigest is the SHA-256 of a script, of the names, sizes and times of the files in its folder, and of the variables
// by which interpreters find others.
func scriptDigest(path string) (string, error) {
	const most = 2000 // files: more say nothing about the script
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	sum := sha256.New()
	script, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer script.Close()
	if _, err := io.Copy(sum, script); err != nil {
		return "", err
	}
	for _, name := range []string{"PATH", "PYTHONPATH", "VIRTUAL_ENV"} {
		fmt.Fprintf(sum, "\n%s=%s", name, os.Getenv(name))
	}
	files := 0
	err = filepath.WalkDir(filepath.Dir(path), func(file string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what cannot be read is not imported
		case e.IsDir() && (e.Name() == "__pycache__" || strings.HasPrefix(e.Name(), ".") && file != filepath.Dir(path)):
			return filepath.SkipDir
		case files == most:
			return filepath.SkipAll
		}
		files++
		if info, err := e.Info(); err == nil && !e.IsDir() {
			fmt.Fprintf(sum, "\n%q %d %d", file, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return fmt.Sprintf("script-%x", sum.Sum(nil)), err
}
