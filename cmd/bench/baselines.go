package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

// baselines takes runs from bundles that others published.
type baselines struct {
	names []string // of files, or of bundles in results/published
	check int      // how many of the runs are made again first
}

func (b *baselines) addCheck(cmd *cobra.Command) {
	cmd.Flags().IntVar(&b.check, "check", 3, "how many of the runs that are taken to make again first, cheap ones, and compare; 0: none")
}

func (b *baselines) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&b.names, "baselines", nil,
		"take runs that the plan needs from this `BUNDLE`, a file or the name of a published one, and make only the rest (may be repeated)")
	b.addCheck(cmd)
}

// bundlePath finds a bundle: a file, or the name of one that a clone of noisebench or the user's data folders have.
func bundlePath(name string) (string, error) {
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		return name, nil
	}
	if strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, bundle.Extension) {
		return "", fmt.Errorf("there is no bundle %s; check the path", name)
	}
	known := publishedBundles()
	if path, ok := known[name]; ok {
		return path, nil
	}
	return "", fmt.Errorf("%w; published bundles are looked for in results/published of a clone and in published/ of $NOISEBENCH_DATA "+
		"and of the user's cache folder, where \"bench data fetch published\" puts them", protocol.Unknown("bundle", name, slices.Sorted(maps.Keys(known))))
}

// publishedFolders are where published bundles are looked for.
func publishedFolders() (folders []string) {
	if dir, err := os.Getwd(); err == nil {
		for {
			folders = append(folders, filepath.Join(dir, "results", "published"))
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	if data := os.Getenv("NOISEBENCH_DATA"); data != "" {
		folders = append(folders, filepath.Join(data, "published"))
	}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(cache, "noisebench", "published"))
	}
	return folders
}

// publishedBundles are the paths of published bundles, by name; the first folder that has a name counts.
func publishedBundles() map[string]string {
	paths := map[string]string{}
	for _, folder := range publishedFolders() {
		files, _ := filepath.Glob(filepath.Join(folder, "*"+bundle.Extension))
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), bundle.Extension)
			if paths[name] == "" {
				paths[name] = file
			}
		}
	}
	return paths
}

// openBaseline reads and checks a bundle that runs are to be taken from.
func openBaseline(name string) (*examined, error) {
	path, err := bundlePath(name)
	if err != nil {
		return nil, err
	}
	x := examine(path, bundle.Open)
	if n := x.failed(); n > 0 {
		return nil, fmt.Errorf("%s fails %s, so nothing is taken from it; \"bench verify %s\" says which", path, count(n, "check"), path)
	}
	if v := x.bundle.About.Protocol; v != protocol.Version {
		return nil, fmt.Errorf("%s is of protocol version %d, this bench of version %d: its runs cannot be ranked against runs of today; "+
			"get a newer bundle", path, v, protocol.Version)
	}
	return x, nil
}

// platforms are those that a bundle's runs were made on.
func (x *examined) platforms() (list []string) {
	for _, m := range x.bundle.About.MadeBy {
		if !slices.Contains(list, m.Platform) {
			list = append(list, m.Platform)
		}
	}
	return list
}

// elsewhere reports whether no run of a bundle was made on a platform like this one.
func elsewhere(platforms []string) bool { return !slices.Contains(platforms, platform()) }

// orBundled finds definitions, and those that are not here in bundles: their runs can be taken, and not be made.
type orBundled struct {
	here    harness.Definitions
	bundled []*bundle.Definitions
}

func (o orBundled) Problem(name string) (protocol.ProblemDef, error) {
	def, err := o.here.Problem(name)
	if err != nil {
		for _, d := range o.bundled {
			if def, err := d.Problem(name); err == nil {
				return def, nil
			}
		}
	}
	return def, err
}

func (o orBundled) Optimizer(name string) (protocol.OptimizerDef, error) {
	def, err := o.here.Optimizer(name)
	if err != nil {
		for _, d := range o.bundled {
			if def, err := d.Optimizer(name); err == nil {
				return def, nil
			}
		}
	}
	return def, err
}

// take has all runs that a plan needs and that bundles hold put into the results folder, and returns the plan's campaign with
// them. Without bundles it is harness.NewCampaign.
func (b *baselines) take(cmd *cobra.Command, plan protocol.Plan, c *catalogue, dir string, parallel int) (*harness.Campaign, bundle.Lookup, error) {
	var from []*examined
	definitions := orBundled{here: c}
	var others []harness.Definitions
	_, earlier := notesIn(dir, cmd.ErrOrStderr())
	for _, t := range earlier { // on a resume without --baselines, too
		if elsewhere(t.Platforms) {
			others = append(others, &t.Definitions)
		}
		definitions.bundled = append(definitions.bundled, &t.Definitions)
	}
	for _, name := range b.names {
		x, err := openBaseline(name)
		if err != nil {
			return nil, nil, err
		}
		from = append(from, x)
		definitions.bundled = append(definitions.bundled, &x.bundle.Definitions)
		if elsewhere(x.platforms()) {
			others = append(others, &x.bundle.Definitions)
		}
	}
	campaign, err := harness.NewCampaign(plan, definitions, others...)
	if err != nil || len(from) == 0 {
		return campaign, definitions, err
	}
	store, err := openResults(dir, cmd.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	needed := make([]map[string]bool, len(from)) // IDs, by bundle
	for i := range needed {
		needed[i] = map[string]bool{}
	}
	var mu sync.Mutex
	campaign.Cells(func(id string) *results.Record {
		if record, found, err := store.Lookup(id); err == nil && found {
			return record
		}
		for i, x := range from {
			if record := x.bundle.Records[id]; record != nil && record.End.Status != results.Failed {
				mu.Lock()
				needed[i][id] = true
				mu.Unlock()
				return record
			}
		}
		return nil
	})
	for i, x := range from {
		if err := b.takeFrom(cmd, x, c, store.store, needed[i], parallel); err != nil {
			return nil, nil, err
		}
	}
	return campaign, definitions, nil
}

// takeFrom makes a sample of some runs of a bundle again and puts them into a results folder.
func (b *baselines) takeFrom(cmd *cobra.Command, x *examined, c *catalogue, store *results.Store, ids map[string]bool, parallel int) error {
	stderr := cmd.ErrOrStderr()
	l := x.compareLocal(c, false)
	for _, f := range x.Findings {
		if f.Group == "local" && f.Verdict == fail {
			fmt.Fprintf(stderr, "note: %s: %s\n", x.File, f.Text)
			for _, d := range f.Details {
				fmt.Fprintf(stderr, "note:   %s\n", d)
			}
		}
	}
	if len(ids) == 0 {
		fmt.Fprintf(stderr, "%s: no run taken: it has none that is needed and not there\n", x.File)
		return nil
	}
	checked := "none of them made again here"
	if b.check > 0 {
		x.Seed = rand.Uint64N(1_000_000)
		err := x.rerun(cmd, l, c.host.Alloc, selection{among: ids, cheapest: b.check}, parallel)
		if err != nil {
			return err
		}
		if x.Rerun.Differ > 0 {
			var details []string
			for _, f := range x.Findings {
				if f.Group == "re-run" {
					details = append(details, f.Details...)
				}
			}
			return fmt.Errorf("%s: of %s made again here %d differ, so nothing is taken from it:\n  %s", x.File,
				count(x.Rerun.Made, "run"), x.Rerun.Differ, strings.Join(details, "\n  "))
		}
		checked = fmt.Sprintf("%d of them made again here: %d with the same bits", x.Rerun.Made, x.Rerun.Bits)
		if x.Rerun.Near > 0 {
			checked += fmt.Sprintf(", %d within the tolerance for another platform", x.Rerun.Near)
		}
	}
	taken := &bundle.Taken{
		Root: x.Root, File: x.File, Title: x.Title, Authors: x.Authors, URL: x.bundle.About.URL, Plan: x.Plan,
		Protocol: x.bundle.About.Protocol, Platforms: x.platforms(), Definitions: x.bundle.Definitions, Checks: x.checks,
	}
	before, _ := bundle.TakenBundles(store.Dir()) // what is unreadable has been told
	if i := slices.IndexFunc(before, func(t *bundle.Taken) bool { return t.Root == x.Root }); i >= 0 {
		taken.Runs = before[i].Runs
		taken.Checks = slices.Concat(before[i].Checks, x.checks)
	}
	var ours []string // runs that are here with another outcome
	n := 0
	err := bundle.Raw(x.path, func(id string, contents []byte) error {
		if !ids[id] {
			return nil
		}
		added, err := store.Add(contents)
		var conflict *results.ConflictError
		switch {
		case errors.As(err, &conflict):
			ours = append(ours, err.Error())
		case err != nil:
			return err
		case added:
			n++
			taken.Runs = append(taken.Runs, id)
		}
		return nil
	})
	if err == nil {
		err = bundle.SaveTaken(store.Dir(), taken)
	}
	if err != nil {
		return err
	}
	for _, text := range ours {
		fmt.Fprintf(stderr, "note: %s; that of the results folder stays\n", text)
	}
	fmt.Fprintf(stderr, "%s taken from %s (root %.12s), %s\n", count(n, "run"), x.File, x.Root, checked)
	if list := x.platforms(); elsewhere(list) {
		fmt.Fprintf(stderr, "note: they were made on %s, not on %s like this machine: values differ by rounding and what follows from it\n",
			strings.Join(list, ", "), platform())
	}
	return nil
}

// importBundle puts all finished runs of a bundle into a results folder.
func importBundle(cmd *cobra.Command, name, dir string, b *baselines, flags *pluginFlags) error {
	x, err := openBaseline(name)
	if err != nil {
		return err
	}
	flags.inProcess = true
	c, err := flags.open(cmd)
	if err != nil {
		return err
	}
	defer c.Close()
	store, err := openResults(dir, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if err := store.prepare(); err != nil {
		return err
	}
	ids := map[string]bool{}
	for id, r := range x.bundle.Records {
		if r.End.Status != results.Failed {
			ids[id] = true
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s holds no finished run", name)
	}
	if err := b.takeFrom(cmd, x, c, store.store, ids, 1); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "plans", results.FileName(x.Plan)+".json")); errors.Is(err, fs.ErrNotExist) {
		err := bundle.Save(dir, &bundle.Saved{Plan: x.bundle.Plan, Definitions: x.bundle.Definitions, When: x.bundle.About.Last})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "bench table %s shows them\n", quoted(x.Plan))
	return nil
}

// selection says which runs of a bundle are made again.
type selection struct {
	share
	among    map[string]bool // nil: all
	cheapest int             // of a larger sample, this many that took the least time, in place of share
}

// pick is [examined.sample] for a selection.
func (x *examined) pick(s selection, runnable func(cell int) bool) (picked []chosen, of int) {
	if s.cheapest == 0 {
		return x.sample(x.Seed, runnable, s.share)
	}
	all, of := x.sample(x.Seed, runnable, share{percent: 100})
	all = slices.DeleteFunc(all, func(c chosen) bool { return s.among != nil && !s.among[c.id] })
	const pool = 10
	all = all[:min(len(all), pool*s.cheapest)]
	seconds := func(c chosen) float64 {
		h := &c.record.Host
		return h.ProblemTime + h.OptimizerTime + h.EvaluateTime + h.HarnessTime
	}
	slices.SortStableFunc(all, func(a, b chosen) int { return cmp.Compare(seconds(a), seconds(b)) })
	return all[:min(len(all), s.cheapest)], of
}

// checkOf is what is kept of a run that was made again.
func checkOf(id string, bits bool) bundle.Check {
	return bundle.Check{Run: id, Bits: bits, Platform: platform(), When: time.Now().UTC().Format(time.RFC3339)}
}
