package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"

	"noisebench/harness"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
)

// keeper is a store that remembers the runs it has seen, so that progress can be told without reading them again, and
// that takes an unreadable record for a missing one, with a warning: the run is made again.
type keeper struct {
	store    *results.Store
	warnings io.Writer
	traces   bool // records are read with their traces

	mu     sync.Mutex
	seen   map[string]*results.Record
	warned map[string]bool // of unreadable records, by ID
}

func openResults(dir string, warnings io.Writer) (*keeper, error) {
	store, err := results.Open(dir)
	if err != nil {
		return nil, err
	}
	return &keeper{store: store, warnings: warnings, seen: map[string]*results.Record{}, warned: map[string]bool{}}, nil
}

// prepare makes the results folder, so that one that cannot be written to is told before anything is run.
func (k *keeper) prepare() error {
	dir := k.store.Dir()
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(dir, "probe-"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write to results folder: %w; choose another one by --results", err)
	}
	return nil
}

// Lookup implements harness.Store.
func (k *keeper) Lookup(id string) (*results.Record, bool, error) {
	lookup := k.store.Lookup
	if k.traces {
		lookup = k.store.LookupTraced
	}
	record, found, err := lookup(id)
	var syntax *results.SyntaxError
	if errors.As(err, &syntax) {
		k.warn(id, fmt.Sprintf("unreadable record: %v; the run does not count until it is made again", err))
		return nil, false, nil
	}
	if found {
		k.note(id, record)
	}
	return record, found, err
}

// Commit implements harness.Store.
func (k *keeper) Commit(record *results.Record) error {
	err := k.store.Commit(record)
	if err == nil {
		k.note(record.Run.ID(), record)
	}
	return err
}

func (k *keeper) note(id string, record *results.Record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen[id] = record
}

// warn says what is wrong with a record, once.
func (k *keeper) warn(id, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.warned[id] {
		k.warned[id] = true
		fmt.Fprintf(k.warnings, "bench: %s\n", text)
	}
}

// lost is an error if runs that Lookup or Commit saw are no longer in the folder.
func (k *keeper) lost() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for id := range k.seen {
		if !k.store.Has(id) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d of %s no longer in %s: somebody moved or removed them meanwhile; the same command makes them again",
		n, text.CountIs(len(k.seen), "run"), k.store.Dir())
}

// known returns a run that Lookup or Commit saw.
func (k *keeper) known(id string) *results.Record {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen[id]
}

// finished counts the finished runs that Lookup or Commit saw.
func (k *keeper) finished() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for _, record := range k.seen {
		if record.End.Status != results.Failed {
			n++
		}
	}
	return n
}

// find is a harness.Lookup for tables: finished runs, else failed ones.
func (k *keeper) find(id string) *results.Record {
	if record := k.known(id); record != nil {
		return record
	}
	record, found, err := k.Lookup(id)
	if err == nil && !found {
		record, found, err = k.store.LookupFailed(id)
	}
	if err != nil {
		k.warn(id, err.Error())
	}
	if !found {
		return nil
	}
	k.note(id, record)
	return record
}

// forgetFailures makes find look again for runs that had failed.
func (k *keeper) forgetFailures() {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.seen, func(_ string, r *results.Record) bool { return r.End.Status == results.Failed })
}

// otherCode describes the records of a campaign's plan that other code made than what the campaign names, those of most
// records first.
func (k *keeper) otherCode(campaign *harness.Campaign) []string {
	type code struct{ kind, name, version, digest, print string }
	known := map[code]bool{}
	codes := func(r *results.Run) [2]code {
		p, o := &r.Problem, &r.Optimizer
		return [2]code{
			{"problem", p.Name, p.Version, p.Plugin.String(), p.Fingerprint},
			{"optimizer", o.Name, o.Version, o.Plugin.String(), o.Fingerprint},
		}
	}
	for _, run := range campaign.Examples() {
		for _, c := range codes(&run) {
			known[c] = true
		}
	}
	counts := map[string]int{}
	for record, err := range k.store.Records() {
		if err != nil || record.Host.Plan != campaign.Plan.Name {
			continue // what is wrong with a record shows where it is needed
		}
		if digest := builtBy(&record.Run); digest != "" {
			counts[fmt.Sprintf("made by another build of bench (sha256 %.12s)", digest)]++
			continue
		}
		for _, c := range codes(&record.Run) {
			if !known[c] {
				counts[fmt.Sprintf("of %s %s, version %s, as other code computes it", c.kind, c.name, c.version)]++
				break
			}
		}
	}
	var texts []string
	for _, what := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	}) {
		texts = append(texts, text.Count(counts[what], "run")+" "+what)
	}
	if most := 4; len(texts) > most {
		texts = append(texts[:most], fmt.Sprintf("more of %d kinds", len(texts)-most))
	}
	return texts
}

// builtBy is the SHA-256 of the build of bench that a run names, as those of contract 1 do; empty: none.
func builtBy(r *results.Run) string {
	for _, origin := range []protocol.Origin{r.Problem.Plugin, r.Optimizer.Plugin} {
		if origin.Plugin == protocol.BuiltIn && origin.SHA256 != "" {
			return origin.SHA256
		}
	}
	return ""
}

// builds lists the builds of bench that records of a plan name, with the version of their contract.
func (k *keeper) builds(plan string) map[string]int {
	builds := map[string]int{}
	for record, err := range k.store.Records() {
		if err != nil || record.Host.Plan != plan {
			continue
		}
		if digest := builtBy(&record.Run); digest != "" {
			builds[digest] = record.Run.Protocol
		}
	}
	return builds
}
