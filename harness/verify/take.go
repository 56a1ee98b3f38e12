package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"noisebench/harness"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/protocol/platform"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

// Source opens a bundle to take runs from: a file, or a published bundle by its name, see
// [bundle.Find]. That its runs cannot be taken is an error, see [Usable].
func Source(name string, o Options) (*check.Checked, error) {
	path, err := bundle.Find(name)
	if err != nil {
		return nil, err
	}
	x := Open(path, o)
	return x, Usable(x)
}

// Usable returns an error if runs of a bundle cannot be taken because a check of [Open] failed or
// the bundle is of another version of the protocol.
func Usable(x *check.Checked) error {
	if n := len(x.Failed()); n > 0 {
		return fmt.Errorf("%s fails %s, so nothing is taken from it; \"bench verify %s\" shows which",
			x.Path, text.Count(n, "check"), x.Path)
	}
	if v := x.Bundle.About.Protocol; v != protocol.Version {
		return fmt.Errorf("%s is of protocol version %d, this bench of version %d: its runs cannot be "+
			"ranked against runs of today; get a newer bundle", x.Path, v, protocol.Version)
	}
	return nil
}

// Elsewhere reports whether none of the platforms is this one.
func Elsewhere(platforms []string) bool { return !slices.Contains(platforms, platform.Name()) }

// Needed returns the IDs of the finished runs that a campaign needs, that have does not find, and
// that bundles hold, for each of the bundles. Of several that hold a run, the first counts.
func Needed(
	campaign *harness.Campaign, have harness.Lookup, from []*check.Checked,
) []map[string]bool {
	needed := make([]map[string]bool, len(from))
	for i := range needed {
		needed[i] = map[string]bool{}
	}
	var mu sync.Mutex // cells are derived side by side
	campaign.Cells(func(id string) *results.Record {
		if record := have(id); record != nil {
			return record
		}
		for i, x := range from {
			if record := x.Bundle.Records[id]; record != nil && record.End.Status != results.Failed {
				mu.Lock()
				needed[i][id] = true
				mu.Unlock()
				return record
			}
		}
		return nil
	})
	return needed
}

// Taken is the result of [Take].
type Taken struct {
	Runs  int          // that are new in the folder
	Again check.Reruns // the bundle's runs that were made again first
	// runs that the folder already has with another outcome, which stays
	Conflicts []*results.ConflictError
}

// Take puts runs of a bundle into a results folder. Before, it makes again.Cheapest of them again
// here: the cheapest of a random sample. If one of these differs, that is an error and nothing is
// taken. The folder then also records which runs were taken from where, for tables
// ([bundle.TakenBundles]). Findings are added to the bundle's report. When ctx ends, so does Take,
// with its cause; what was stored until then counts as taken.
func Take(
	ctx context.Context, x *check.Checked, here *check.Found, store *results.Store,
	ids map[string]bool, again Again,
) (Taken, error) {
	var taken Taken
	if len(ids) == 0 {
		return taken, nil
	}
	var checks []bundle.Check
	if again.Cheapest > 0 {
		again.Among = ids
		var err error
		if checks, err = Rerun(ctx, x, here, again); err != nil {
			return taken, err
		}
		taken.Again = x.Rerun
		if x.Rerun.Refuted() {
			var details []string
			for _, f := range x.Failed() {
				if f.Group == check.Again {
					details = append(details, f.Text)
					details = append(details, f.Details...)
				}
			}
			return taken, fmt.Errorf("%s: the results of %s made again here contradict it, so "+
				"nothing is taken from it:\n  %s", x.File,
				text.Count(x.Rerun.Made, "run"), strings.Join(details, "\n  "))
		}
	}
	note := &bundle.Taken{
		Root: x.Root, File: x.File, Title: x.Title, Authors: x.Authors, URL: x.Bundle.About.URL,
		Plan: x.Plan, Protocol: x.Bundle.About.Protocol, Platforms: x.Platforms(),
		Definitions: x.Bundle.Definitions, Checks: checks,
	}
	// what cannot be read is reported when the folder is read for a table
	all, _ := bundle.TakenBundles(store.Dir())
	var before []string
	if i := slices.IndexFunc(all, func(t *bundle.Taken) bool { return t.Root == x.Root }); i >= 0 {
		before, note.Checks = all[i].Runs, slices.Concat(all[i].Checks, checks)
	}
	// Should this process be killed, records in the folder must not look as if they were made here.
	absent := slices.DeleteFunc(slices.Collect(maps.Keys(ids)), store.Has)
	note.Runs = union(before, absent)
	if err := bundle.SaveTaken(store.Dir(), note); err != nil {
		return taken, err
	}
	stored, err := add(ctx, x, store, ids, &taken, again)
	note.Runs = slices.DeleteFunc(union(before, stored), func(id string) bool { return !store.Has(id) })
	return taken, errors.Join(err, bundle.SaveTaken(store.Dir(), note))
}

// writers is how many records are stored side by side: most of the time each waits for the disk.
const writers = 16

// add stores runs of a bundle and returns the IDs of those that were not in the folder.
func add(
	ctx context.Context, x *check.Checked, store *results.Store, ids map[string]bool, taken *Taken,
	again Again,
) (stored []string, err error) {
	type record struct {
		id       string
		contents []byte
	}
	work := make(chan record)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	var group sync.WaitGroup
	done := 0
	for range writers {
		group.Go(func() {
			for r := range work {
				isNew, err := store.Add(r.contents)
				mu.Lock()
				var conflict *results.ConflictError
				switch {
				case errors.As(err, &conflict):
					taken.Conflicts = append(taken.Conflicts, conflict)
				case err != nil:
					stop(err)
				case isNew:
					stored = append(stored, r.id)
					taken.Runs++
				}
				done++
				again.tell("runs taken", done, len(ids))
				mu.Unlock()
			}
		})
	}
	err = bundle.Raw(x.Path, func(id string, contents []byte) error {
		if !ids[id] {
			return nil
		}
		select {
		case work <- record{id, contents}:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(work)
	group.Wait()
	slices.SortFunc(taken.Conflicts, func(a, b *results.ConflictError) int {
		return strings.Compare(a.ID, b.ID)
	})
	return stored, cmp.Or(err, context.Cause(ctx))
}

// union returns all that is in a or b, in order.
func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}
