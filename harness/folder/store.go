package folder

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"noisebench/harness"
	"noisebench/harness/verify"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle/check"
)

// Store is a harness.Store of the records in a results folder. It remembers which runs it has seen,
// and treats an unreadable record as a missing one, with a warning: the run is made again. It may
// be used by several goroutines at the same time.
type Store struct {
	Records  *results.Store
	Traces   bool // records are read with their traces
	Outlines bool // records are read with the outlines of their traces
	warn     func(line string)

	found atomic.Int64 // runs that Find returned, some of them more than once
	mu    sync.Mutex
	// by Lookup and Commit: true for finished runs, false for failed ones
	seen     map[results.RunID]bool
	finished int                        // of seen
	kept     map[string]*results.Record // by Cells
	warned   map[string]bool            // of unreadable records, by ID
}

// OpenStore opens the store in a results folder, which need not exist yet. warn gets a line for
// each record that cannot be read.
func OpenStore(dir string, warn func(line string)) (*Store, error) {
	store, err := results.Open(dir)
	if err != nil {
		return nil, err
	}
	return &Store{
		Records: store, warn: warn,
		seen: map[results.RunID]bool{}, kept: map[string]*results.Record{}, warned: map[string]bool{},
	}, nil
}

// Prepare makes the results folder, and fails if nothing can be written to it.
func (s *Store) Prepare() error {
	dir := s.Records.Dir()
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(dir, "probe-"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write to results folder: %w; choose another one by --results",
			err)
	}
	return nil
}

// Lookup implements harness.Store.
func (s *Store) Lookup(id string) (*results.Record, bool, error) {
	record, found, err := s.lookup(id)
	if found {
		s.note(id, record)
	}
	return record, found, err
}

// lookup is Lookup that does not remember the run.
func (s *Store) lookup(id string) (*results.Record, bool, error) {
	lookup := s.Records.Lookup
	switch {
	case s.Traces:
		lookup = s.Records.LookupTraced
	case s.Outlines:
		lookup = s.Records.LookupOutlined
	}
	record, found, err := lookup(id)
	var syntax *results.SyntaxError
	if errors.As(err, &syntax) {
		s.warnOnce(id, fmt.Sprintf("unreadable record: %v; the run does not count until it is "+
			"made again", err))
		return nil, false, nil
	}
	return record, found, err
}

// Commit implements harness.Store.
func (s *Store) Commit(record *results.Record) error {
	err := s.Records.Commit(record)
	if err == nil {
		s.note(record.Run.ID(), record)
	}
	return err
}

// note remembers a run.
func (s *Store) note(id string, record *results.Record) {
	short := results.MustParseID(id)
	finished := record.End.Status != results.Failed
	s.mu.Lock()
	defer s.mu.Unlock()
	if finished && !s.seen[short] {
		s.finished++
	}
	s.seen[short] = finished || s.seen[short]
}

// warnOnce warns of a record, once.
func (s *Store) warnOnce(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.warned[id] {
		s.warned[id] = true
		s.warn(text)
	}
}

// Lost returns an error if runs that Lookup or Commit saw are no longer in the folder.
func (s *Store) Lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.Records.Lacks(maps.Keys(s.seen))
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d of %s no longer in %s: they were moved or removed meanwhile; the "+
		"same command makes them again",
		n, text.CountIs(len(s.seen), "run"), s.Records.Dir())
}

// Cells returns the cells of a campaign from the records in the folder, see [Store.Find]. It keeps
// the records, so that a later call reads only new ones.
func (s *Store) Cells(campaign *harness.Campaign) []results.Cell {
	// Little of what is on the heap is garbage: to let it double would take twice the memory, and
	// to look through it often while it fills would take time.
	defer debug.SetGCPercent(debug.SetGCPercent(60))
	cells, _ := campaign.Cells(func(id string) *results.Record {
		s.mu.Lock()
		record := s.kept[id]
		s.mu.Unlock()
		if record == nil {
			if record = s.Find(id); record != nil {
				s.mu.Lock()
				s.kept[id] = record
				s.mu.Unlock()
			}
		}
		return record
	})
	s.Records.SaveIndex()
	return cells
}

// Each passes the cells of a campaign to a function, which it calls from several goroutines, and
// keeps none: there may be more records than fit into memory. The function must not keep any either,
// since the memory of its records is used for those of other cells.
func (s *Store) Each(campaign *harness.Campaign, do func(results.Cell)) {
	// What is kept has few pointers, so that to look through it often takes little time.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	campaign.Each(s.Find, func(_ int, cell results.Cell, _ []harness.Task) {
		do(cell)
		s.Records.Reuse(cell.Records())
	})
	s.Records.SaveIndex()
}

// Needed returns the IDs of the runs that a campaign needs, the folder lacks, and bundles hold, for
// each of the bundles; see [verify.Needed]. A record that cannot be read counts as lacking.
func (s *Store) Needed(campaign *harness.Campaign, from []*check.Checked) []map[string]bool {
	return verify.Needed(campaign, func(id string) *results.Record {
		record, _, err := s.Lookup(id)
		if err != nil {
			return nil
		}
		return record
	}, from)
}

// Empty reports whether none of Lookup, Find and Commit saw a run.
func (s *Store) Empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen) == 0 && s.found.Load() == 0
}

// Finished counts the finished runs that Lookup or Commit saw.
func (s *Store) Finished() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finished
}

// Find is a harness.Lookup for tables: finished runs, else failed ones.
func (s *Store) Find(id string) *results.Record {
	record, found, err := s.lookup(id)
	if err == nil && !found {
		record, found, err = s.Records.LookupFailed(id)
	}
	if err != nil {
		s.warnOnce(id, err.Error())
	}
	if !found {
		return nil
	}
	s.found.Add(1)
	return record
}

// ForgetFailures makes Cells look again for runs that had failed.
func (s *Store) ForgetFailures() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.kept, func(_ string, r *results.Record) bool {
		return r.End.Status == results.Failed
	})
}

// OtherCode describes the records of a campaign's plan that were made by other code than the
// campaign's: a line for each kind, that of most records first.
func (s *Store) OtherCode(campaign *harness.Campaign) []string {
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
	for record, err := range s.Records.Records() {
		if err != nil || record.Host.Plan != campaign.Plan.Name {
			continue // an unreadable record is reported where it is needed
		}
		if digest := builtBy(&record.Run); digest != "" {
			counts[fmt.Sprintf("made by another build of bench (sha256 %.12s)", digest)]++
			continue
		}
		for _, c := range codes(&record.Run) {
			if !known[c] {
				counts[fmt.Sprintf("of %s %s, version %s, as other code computes it", c.kind,
					c.name, c.version)]++
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

// builtBy is the SHA-256 of the build of bench that a run names, as those of contract 1 do; empty:
// none.
func builtBy(r *results.Run) string {
	for _, origin := range []protocol.Origin{r.Problem.Plugin, r.Optimizer.Plugin} {
		if origin.Plugin == protocol.BuiltIn && origin.SHA256 != "" {
			return origin.SHA256
		}
	}
	return ""
}

// builds lists the builds of bench that records of a plan name, with the version of their contract.
func (s *Store) builds(plan string) map[string]int {
	builds := map[string]int{}
	for record, err := range s.Records.Records() {
		if err != nil || record.Host.Plan != plan {
			continue
		}
		if digest := builtBy(&record.Run); digest != "" {
			builds[digest] = record.Run.Protocol
		}
	}
	return builds
}

// Build returns the full digest of the build of bench that made records of a plan and whose digest
// begins with prefix, and the version of their contract.
func (s *Store) Build(plan, prefix string) (digest string, contract int, err error) {
	builds := s.builds(plan)
	for d, c := range builds {
		switch {
		case !strings.HasPrefix(d, prefix):
		case digest != "":
			return "", 0, fmt.Errorf("several builds of bench begin with %s; give more digits of "+
				"the sha256", prefix)
		default:
			digest, contract = d, c
		}
	}
	if digest == "" {
		return "", 0, fmt.Errorf("no build of bench whose sha256 begins with %s made runs of "+
			"plan %s in %s that are named by it",
			prefix, plan, s.Records.Dir())
	}
	return digest, contract, nil
}
