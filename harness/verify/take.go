package verify

import (
	"context"
	"errors"
	"fmt"
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
// ([bundle.TakenBundles]). Findings are added to the bundle's report.
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
	before, _ := bundle.TakenBundles(store.Dir())
	if i := slices.IndexFunc(before, func(t *bundle.Taken) bool { return t.Root == x.Root }); i >= 0 {
		note.Runs = before[i].Runs
		note.Checks = slices.Concat(before[i].Checks, checks)
	}
	err := bundle.Raw(x.Path, func(id string, contents []byte) error {
		if !ids[id] {
			return nil
		}
		added, err := store.Add(contents)
		var conflict *results.ConflictError
		switch {
		case errors.As(err, &conflict):
			taken.Conflicts = append(taken.Conflicts, conflict)
		case err != nil:
			return err
		case added:
			taken.Runs++
			note.Runs = append(note.Runs, id)
		}
		return nil
	})
	if err != nil {
		return taken, err
	}
	return taken, bundle.SaveTaken(store.Dir(), note)
}
