// Package publish packs a plan's results into a bundle (package noisebench/results/bundle) that
// others can check (package noisebench/harness/verify).
package publish

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"noisebench/harness"
	"noisebench/results"
	"noisebench/results/bundle"
)

// Source is a plan with its results.
type Source struct {
	Campaign    *harness.Campaign
	Definitions bundle.Lookup   // by the names of the plan
	Store       *results.Store  // where its records are
	Find        harness.Lookup  // in Store, failed runs too; it is called from several goroutines
	Taken       []*bundle.Taken // bundles that runs in Store were taken from
}

// Contents are the runs that a plan's decisions use.
type Contents struct {
	source  *Source
	Runs    map[string]*results.Record // finished and failed ones, by ID
	Missing []string                   // what is missing, see harness.Missing
}

// Gather derives every decision of a plan, and returns the runs that they use.
func Gather(s *Source) *Contents {
	c := &Contents{source: s, Runs: map[string]*results.Record{}}
	var mu sync.Mutex // cells are derived side by side
	cells, due := s.Campaign.Cells(func(id string) *results.Record {
		record := s.Find(id)
		if record != nil {
			mu.Lock()
			c.Runs[id] = record
			mu.Unlock()
		}
		return record
	})
	c.Missing = harness.Missing(cells, due)
	return c
}

// Pack writes the bundle to path. It fills in the facts in about that the results determine; title,
// authors and the publisher's build are the caller's. The plan is packed without the paths of
// plugins on this machine.
func (c *Contents) Pack(path string, about bundle.About) (bundle.Packed, error) {
	s := c.source
	plan := s.Campaign.Plan
	plan.Plugins = nil // of no use elsewhere
	about.Incomplete = len(c.Missing) > 0
	definitions, err := bundle.Describe(&plan, s.Definitions, maps.Values(c.Runs))
	if err != nil {
		return bundle.Packed{}, err
	}
	about.Taken = addTaken(definitions, c.Runs, s.Taken)
	if about.SetAside, err = setAside(s.Store, c.Runs); err != nil {
		return bundle.Packed{}, err
	}
	var paths []string
	for id, record := range c.Runs {
		path := s.Store.Path(id)
		if record.End.Status == results.Failed {
			path = s.Store.FailedPath(id)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return bundle.Create(path, about, &plan, definitions, paths)
}

// addTaken lists the bundles that runs were taken from. Definitions of another platform that made
// some are added.
func addTaken(
	d *bundle.Definitions, asked map[string]*results.Record, taken []*bundle.Taken,
) (list []bundle.Source) {
	for _, t := range taken {
		from := bundle.Source{
			Root: t.Root, Title: t.Title, Plan: t.Plan, Platforms: t.Platforms,
			Checked: len(t.Checks),
		}
		for _, id := range t.Runs {
			if asked[id] != nil {
				from.Runs++
			}
		}
		if from.Runs > 0 {
			list = append(list, from)
		}
		for _, r := range asked {
			if !d.Made(r) && t.Definitions.Made(r) {
				d.Others = append(d.Others, t.Definitions)
				break
			}
		}
	}
	return list
}

// setAside counts the runs in a store that the plan does not use, of the optimizers on the problems
// that it does use, at the same budget. The same runs by other builds do not count. Two outcomes of
// a run that is used are an error.
func setAside(store *results.Store, used map[string]*results.Record) (int, error) {
	runs, cells := map[string]bool{}, map[string]bool{}
	for _, r := range used {
		runs[r.Run.Key()] = true
		cells[r.Run.PairKey()] = true
	}
	others := map[string]bool{}
	for r, err := range store.Records() {
		var conflict *results.ConflictError
		if errors.As(err, &conflict) && used[conflict.ID] != nil {
			return 0, fmt.Errorf("%w; keep the right one (if both are, they come from different "+
				"platforms: publish those apart)", err)
		}
		if err != nil || r.End.Status == results.Failed {
			continue
		}
		if key := r.Run.Key(); !runs[key] && cells[r.Run.PairKey()] {
			others[key] = true
		}
	}
	return len(others), nil
}
