package catalogue

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"noisebench/internal/text"
	"noisebench/plugins"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
)

// Listing holds the part of a plugin's definitions that lists show. The cache keeps its JSON for
// each executable, regardless of its name and path.
type Listing struct {
	Name       string `json:"-"`
	Path       string `json:"-"`
	SHA256     string // of the executable, or of what a script depends on
	Optimizers []ListedOptimizer
	Problems   []ListedProblem
}

// ListedOptimizer is an optimizer of a [Listing].
type ListedOptimizer struct {
	Name, Doc       string                    // Doc is the first line
	Hyperparameters []protocol.Hyperparameter // Name, Default and Tuned alone
}

// ListedProblem is a problem of a [Listing].
type ListedProblem struct {
	Name, Doc string               // Doc is the first line
	Spec      protocol.ProblemSpec // at the defaults of its parameters, the fields that lists show
	// why there is no Spec; a listing with an error is not cached
	Err error `json:"-"`
}

// describe gets the listing of a plugin.
func describe(p *plugins.Plugin) *Listing {
	l := &Listing{
		Name: p.Name, Path: p.Path, SHA256: p.SHA256, Problems: make([]ListedProblem, len(p.Problems)),
	}
	for _, d := range p.Optimizers {
		o := ListedOptimizer{Name: d.Name, Doc: text.FirstLine(d.Doc)}
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
			l.Problems[i] = ListedProblem{Name: d.Name, Doc: text.FirstLine(d.Doc)}
			l.Problems[i].Spec, l.Problems[i].Err = listedSpec(d)
		})
	}
	wg.Wait()
	return l
}

// listedSpec returns the fields of a problem's specification that lists show.
func listedSpec(d *protocol.ProblemDef) (protocol.ProblemSpec, error) {
	setting, err := protocol.Resolve(d.Parameters, nil)
	if err != nil {
		return protocol.ProblemSpec{}, err
	}
	spec, err := d.Spec(setting)
	if err != nil {
		return protocol.ProblemSpec{}, err
	}
	return protocol.ProblemSpec{
		Dim: spec.Dim, Train: spec.Train, BatchSize: spec.BatchSize, Budget: spec.Budget,
		Metric: spec.Metric, Measures: spec.Measures,
	}, nil
}

// Lister lists the definitions that plugins serve: from the cache if possible, else from the
// plugins, which it launches. The listing of a binary is cached by its SHA-256; that of a script
// for an hour at most, as long as the files in its folder are unchanged.
type Lister struct {
	ctx      context.Context
	options  ListerOptions
	digests  cache // of executables, by what the system says of their files
	listings cache // by digest and name
	host     *plugins.Host
	all      func() ([]*Listing, error)
}

// ListerOptions determine what a [Lister] lists.
type ListerOptions struct {
	Plugins plugins.Options   // of those that are launched
	Paths   []string          // of plugins beside those in the usual places
	Warn    func(line string) // is told of plugins in the usual places that are left out; may be nil
}

// Limits of the caches.
const (
	keepListings = 256
	// trustScript is how long the listing of a script is used while the script and the files beside
	// it are unchanged; it may import others.
	trustScript = time.Hour
)

// NewLister returns a lister, which launches nothing yet. Close must be called after use.
func NewLister(ctx context.Context, options ListerOptions) *Lister {
	l := &Lister{
		ctx: ctx, options: options,
		digests: newCache("executables", keepListings), listings: newCache("listings", keepListings),
	}
	l.all = sync.OnceValues(l.list)
	return l
}

// Close ends the plugins that were launched.
func (l *Lister) Close() {
	if l.host != nil {
		_ = l.host.Close() // whatever does not end is killed
	}
}

// All lists the built-in definitions, the plugins at the lister's paths, and those in the usual
// places, each executable once. The first call launches the plugins that are not in the cache. A
// plugin in the usual places that cannot be launched is left out with a warning.
func (l *Lister) All() ([]*Listing, error) { return l.all() }

func (l *Lister) list() ([]*Listing, error) {
	own, err := l.builtIn()
	if err != nil {
		return nil, err
	}
	all := []*Listing{own}
	add := func(path string) error {
		absolute, err := filepath.Abs(path)
		isThere := func(o *Listing) bool { return o.Path == absolute }
		if err != nil || slices.ContainsFunc(all, isThere) {
			return err
		}
		found, err := l.at(absolute)
		if err == nil {
			all = append(all, found)
		}
		return err
	}
	for _, path := range l.options.Paths {
		if err := add(path); err != nil {
			return nil, err
		}
	}
	for _, path := range Discoverable() {
		if err := add(path); err != nil && l.options.Warn != nil {
			l.options.Warn(fmt.Sprintf("left out: %v", err))
		}
	}
	return all, nil
}

func (l *Lister) builtIn() (*Listing, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find this program's executable: %w", err)
	}
	return l.remembered(protocol.BuiltIn, executable, func() (*plugins.Plugin, error) {
		return &plugins.Plugin{Optimizers: optimizers.All(), Problems: problems.All()}, nil
	})
}

// at returns the listing of the plugin at a path.
func (l *Lister) at(path string) (*Listing, error) {
	name := filepath.Base(path)
	return l.remembered(name, path, func() (*plugins.Plugin, error) {
		if l.host == nil {
			var err error
			if l.host, err = plugins.NewHost(l.options.Plugins); err != nil {
				return nil, err
			}
		}
		return l.host.Launch(l.ctx, name, path)
	})
}

// remembered returns the listing of an executable: from the cache, or else that of the plugin that
// ask launches.
func (l *Lister) remembered(name, path string, ask func() (*plugins.Plugin, error),
) (*Listing, error) {
	digest, maxAge, err := l.identity(path)
	// A program may look at the name under which it was started.
	key := fmt.Sprintf("%s-%.16x", digest, sha256.Sum256([]byte(name)))
	if err == nil {
		known := new(Listing)
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
	failed := func(p ListedProblem) bool { return p.Err != nil }
	if !slices.ContainsFunc(found.Problems, failed) {
		l.listings.write(key, found)
	}
	return found, nil
}
