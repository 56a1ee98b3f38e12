package board

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"noisebench/internal/jsondiff"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
	"noisebench/results/measures"
)

// Board is several people's results as if they were one plan's.
type Board struct {
	Title   string         // for reports; may be empty
	Plan    protocol.Plan  // of all ranked entries
	Cells   []results.Cell // of all entries
	Bundles []*Bundle      // that were joined
	Entries []*Entry
	Refused []string // bundles that were left out, with reasons
}

// Bundle is a bundle of a board.
type Bundle struct {
	*check.Checked
	// the report on it that whoever makes the board trusts; nil: there is none
	Verified   *check.Report
	Deviations []string // of its plan from the standard protocol; its entries are not ranked then
}

// Entry is an optimizer with its results.
type Entry struct {
	Name     string                  // unique on the board
	Unranked string                  // why it is not ranked; empty: it is
	Bundles  []*Bundle               // that hold it
	Cells    map[string]results.Cell // by the board's name of the problem

	given string             // name by its first bundle
	names map[*Bundle]string // by each of its bundles
	id    string             // what its results depend on, beside its plugin
}

// rules are the settings that bundles must have in common.
type rules struct {
	Protocol    int                 `json:"protocol"`
	Replicates  int                 `json:"replicates"`
	FirstSeed   uint64              `json:"first_seed"`
	Tuning      protocol.Tuning     `json:"tuning"`
	Evaluations int                 `json:"evaluations"`
	Order       protocol.Order      `json:"order"`
	Selection   protocol.Part       `json:"selection"`
	Report      protocol.ReportRule `json:"report"`
}

func rulesOf(b *bundle.Bundle, plan *protocol.Plan) rules {
	return rules{
		b.About.Protocol, plan.Replicates, plan.FirstSeed, plan.Tuning, plan.Evaluations, plan.Order,
		plan.Selection, plan.Report,
	}
}

// task is what problem entries of different bundles must have in common.
type task struct {
	Problem    string              `json:"problem"`
	Version    string              `json:"version"`
	Parameters protocol.Setting    `json:"parameters"`
	Data       []protocol.DataFile `json:"data"`
	Metric     protocol.Metric     `json:"metric"`
	Budget     int64               `json:"budget"`
	BatchSize  int                 `json:"batch_size"`
	Schedule   protocol.Schedule   `json:"schedule"`
}

// taskOf is the task of a problem entry. The campaign has resolved it before.
func taskOf(b *bundle.Bundle, e protocol.ProblemEntry) (task, error) {
	def, err := b.Definitions.Problem(e.Problem)
	if err != nil {
		return task{}, err
	}
	at, spec, err := def.At(e.With)
	if err != nil {
		return task{}, err
	}
	budget, err := e.Examples(&spec)
	return task{
		def.Name, def.Version, at, spec.Data, spec.Metric, budget, cmp.Or(e.BatchSize, spec.BatchSize),
		b.Plan.ScheduleOf(&e, nil, &spec),
	}, err
}

// Open joins the bundles (*.noisebench.tar.zst) of a folder. open reads and checks the one at a
// path, as noisebench/harness/verify.Open does; a page needs traces. The bundles before it share
// their records with it. A bundle that fails a check, or whose saved report cannot be read, is
// refused, and so are bundles beyond the first whose records fit into 192 MiB of memory together.
//
// verified is the folder of the reports, written by check.Report.Save, that whoever makes the board
// trusts; empty: there is none. It must lie outside dir. Nothing else makes an entry verified.
func Open(
	dir, verified string, open func(path string, known *bundle.Shared) *check.Checked,
) (*Board, error) {
	if err := Outside(dir, verified); err != nil {
		return nil, err
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read bundles: %w", err)
	}
	var all []*check.Checked
	var held int64
	known := new(bundle.Shared)
	for _, f := range names { // sorted
		if !strings.HasSuffix(f.Name(), bundle.Extension) || strings.HasPrefix(f.Name(), ".") ||
			!isFile(dir, f) {
			continue
		}
		x := open(filepath.Join(dir, f.Name()), known)
		if x.OK && held+x.Bundle.Memory > mostMemory {
			x.Add(check.Integrity, "memory", "",
				fmt.Sprintf("the records of the bundles before it and its own take more than %d MiB of memory",
					mostMemory>>20), []string{"make a board of fewer bundles"})
		}
		if x.OK {
			known.Add(x.Bundle)
			reduce(x)
			held = known.Memory()
		} else {
			x.Bundle, x.Decisions = nil, nil // it will not be joined
		}
		all = append(all, x)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no bundle in %s, want files named *%s; bench publish makes one",
			dir, bundle.Extension)
	}
	return Join(all, verified), nil
}

// reduce frees what a board does not show of a bundle that was checked: what only checks use, the
// traces of tuning runs, and the columns of other traces that no page draws.
func reduce(x *check.Checked) {
	x.Bundle.Sums, x.Bundle.Outcomes, x.Bundle.Losses, x.Decisions.Used = nil, nil, nil, nil
	for _, r := range x.Bundle.Records {
		if t := r.Trace; t != nil {
			t.Loss, t.Reports = nil, nil
			maps.DeleteFunc(t.Diagnostics, func(name string, _ []protocol.Number) bool {
				return name != measures.NoiseToSignal
			})
		}
	}
	for _, c := range x.Decisions.Cells {
		for _, r := range c.Tuning {
			if !slices.Contains(c.Runs, r) {
				r.Trace = nil
			}
		}
	}
}

// mostMemory is the limit of the memory of all records of a board, in bytes.
const mostMemory = 192 << 20

// isFile reports whether a name is that of a regular file: reading from a pipe might never end.
func isFile(dir string, f os.DirEntry) bool {
	info, err := os.Stat(filepath.Join(dir, f.Name()))
	return err == nil && info.Mode().IsRegular()
}

// Outside returns an error if a path is a folder of bundles or lies in it: those who propose bundles
// write there, and must not decide what is known of them. An empty path is no error.
func Outside(dir, path string) error {
	if path == "" {
		return nil
	}
	inside, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		inside, err = path, nil
	}
	folder, err2 := filepath.EvalSymlinks(dir)
	if errors.Is(err2, fs.ErrNotExist) {
		folder, err2 = dir, nil
	}
	if err := cmp.Or(err, err2); err != nil {
		return err
	}
	inside, err = filepath.Abs(inside)
	folder, err2 = filepath.Abs(folder)
	if err := cmp.Or(err, err2); err != nil {
		return err
	}
	if rest, err := filepath.Rel(folder, inside); err == nil && filepath.IsLocal(rest) {
		return fmt.Errorf("%s is in the folder of the bundles, where whoever proposes one writes; "+
			"want a place outside %s", path, dir)
	}
	return nil
}

// Join joins bundles that were checked, in their order. verified is as for Open.
func Join(all []*check.Checked, verified string) *Board {
	b := new(Board)
	for _, x := range all {
		if failed := x.Failed(); len(failed) > 0 {
			for _, f := range failed {
				b.refuse(x, "%s: %s: %s", f.Group, f.Text, f.Details[0])
			}
			continue
		}
		var report *check.Report
		if verified != "" {
			var err error
			if report, err = check.Saved(verified, x.Root); err != nil {
				b.refuse(x, "%v", err)
				continue
			}
		}
		b.Bundles = append(b.Bundles, &Bundle{x, report, x.Decisions.Plan.Deviations()})
	}
	b.sameRules()
	b.joinEntries(b.joinProblems())
	b.assemble()
	return b
}

func (b *Board) refuse(x *check.Checked, format string, args ...any) {
	b.Refused = append(b.Refused, x.File+": "+fmt.Sprintf(format, args...))
}

// mostCommon returns the key that occurs most often; of equals the first.
func mostCommon(keys []string) string {
	counts := map[string]int{}
	best := ""
	for _, k := range keys {
		counts[k]++
	}
	for _, k := range keys {
		if counts[k] > counts[best] {
			best = k
		}
	}
	return best
}

// sameRules leaves out the bundles that were made by other rules than most. Those of plans that
// depart from the standard protocol are not ranked, and so are free.
func (b *Board) sameRules() {
	var keys []string
	for _, x := range b.Bundles {
		if len(x.Deviations) == 0 {
			keys = append(keys, jsondiff.Text(rulesOf(x.Checked.Bundle, &x.Decisions.Plan)))
		}
	}
	if len(keys) == 0 { // they are all unranked
		if len(b.Bundles) > 0 {
			b.Plan = b.Bundles[0].Decisions.Plan
		}
		return
	}
	want := mostCommon(keys)
	var common rules
	if err := json.Unmarshal([]byte(want), &common); err != nil {
		panic("board: " + err.Error()) // it was written so above
	}
	var kept []*Bundle
	for _, x := range b.Bundles {
		mine := rulesOf(x.Checked.Bundle, &x.Decisions.Plan)
		if len(x.Deviations) == 0 && jsondiff.Text(mine) != want {
			b.refuse(x.Checked, "made by other rules than most: %s",
				strings.Join(jsondiff.Differences(mine, common), "; "))
			continue
		}
		if len(x.Deviations) == 0 && b.Plan.Name == "" {
			b.Plan = x.Decisions.Plan
		}
		kept = append(kept, x)
	}
	b.Bundles = kept
}

// joinProblems names the problems of the board, and returns the board's name of each task, as JSON.
// Where tasks of one name differ, the most common one has it.
func (b *Board) joinProblems() map[string]string {
	type found struct {
		x     *Bundle
		entry protocol.ProblemEntry
		task  task
	}
	var all []found
	var keys []string
	for _, ranked := range []bool{true, false} { // the ranked ones decide about names
		for _, x := range b.Bundles {
			if (len(x.Deviations) == 0) != ranked {
				continue
			}
			for _, e := range x.Decisions.Plan.Problems {
				t, err := taskOf(x.Checked.Bundle, e)
				if err != nil {
					panic("board: " + err.Error()) // the campaign has asked for it
				}
				all = append(all, found{x, e, t})
				if ranked || len(keys) == 0 {
					keys = append(keys, jsondiff.Text(t))
				}
			}
		}
	}
	counts := map[string]int{}
	for _, k := range keys {
		counts[k]++
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(p, q found) int {
		return counts[jsondiff.Text(q.task)] - counts[jsondiff.Text(p.task)]
	})
	names, holders := map[string]string{}, map[string]task{}
	for _, f := range order {
		key := jsondiff.Text(f.task)
		if names[key] != "" {
			continue
		}
		if _, taken := holders[f.entry.Name]; !taken {
			names[key], holders[f.entry.Name] = f.entry.Name, f.task
		}
	}
	b.Plan.Problems, b.Plan.Schedule = nil, nil // an entry has its own
	listed := map[string]bool{}
	for _, f := range all {
		name := names[jsondiff.Text(f.task)]
		if name == "" {
			b.refuse(f.x.Checked, "problem %s is not that of most: %s", f.entry.Name,
				strings.Join(jsondiff.Differences(f.task, holders[f.entry.Name]), "; "))
			continue
		}
		if !listed[name] {
			listed[name] = true
			entry := f.entry
			entry.Name, entry.Schedule = name, cmp.Or(entry.Schedule, f.x.Checked.Bundle.Plan.Schedule)
			b.Plan.Problems = append(b.Plan.Problems, entry)
		}
	}
	return names
}

// joinEntries collects the optimizers of all bundles. An entry that is there already, result by
// result, is joined with that. Bundles with which the board would become too large are left out.
func (b *Board) joinEntries(tasks map[string]string) {
	var kept []*Bundle
	shown := map[string]bool{} // problems
	for _, x := range b.Bundles {
		entries := entriesOf(x, tasks)
		with := maps.Clone(shown)
		n := len(b.Entries)
		for _, e := range entries {
			for name := range e.Cells {
				with[name] = true
			}
			if !slices.ContainsFunc(b.Entries, e.sameAs) {
				n++
			}
		}
		if pairs := n * (n + 1) / 2 * len(with); pairs > mostPairs {
			b.refuse(x.Checked, "with it the board would compare %s on %s, that is %d pairs, want "+
				"at most %d: make a board of fewer bundles",
				text.Count(n, "optimizer"), text.Count(len(with), "problem"), pairs, mostPairs)
			continue
		}
		kept, shown = append(kept, x), with
		for _, e := range entries {
			known := slices.IndexFunc(b.Entries, e.sameAs)
			if known < 0 {
				b.Entries = append(b.Entries, e)
				continue
			}
			have := b.Entries[known]
			have.Bundles = append(have.Bundles, x)
			have.names[x] = e.given
			for name, cell := range e.Cells {
				if _, there := have.Cells[name]; !there {
					have.Cells[name] = cell
				}
			}
		}
	}
	b.Bundles = kept
	b.Plan.Problems = slices.DeleteFunc(b.Plan.Problems, func(e protocol.ProblemEntry) bool {
		return !shown[e.Name]
	})
	names := map[string]int{}
	for _, e := range b.Entries {
		names[e.given]++
	}
	for _, e := range b.Entries {
		e.Name = e.given
		if names[e.given] > 1 {
			e.Name = fmt.Sprintf("%s (%s)", e.given, strings.TrimSuffix(e.Bundles[0].File, bundle.Extension))
		}
	}
}

// mostPairs is the limit of the pairs of entries on all problems, each entry paired with itself, too.
// The memory and the size of a page grow with them.
var mostPairs = 100_000

// entriesOf are the optimizers of a bundle that have results on problems of the board.
func entriesOf(x *Bundle, tasks map[string]string) (all []*Entry) {
	plan := &x.Decisions.Plan
	names := map[string]string{} // of the board, by those of the plan
	for _, p := range plan.Problems {
		if t, err := taskOf(x.Checked.Bundle, p); err == nil {
			names[p.Name] = tasks[jsondiff.Text(t)]
		}
	}
	for _, o := range plan.Optimizers {
		def := x.Checked.Bundle.Definitions.Optimizers[o.Optimizer]
		e := &Entry{
			given: o.Name, names: map[*Bundle]string{x: o.Name}, Bundles: []*Bundle{x},
			Cells: map[string]results.Cell{},
		}
		e.id = jsondiff.Text([]any{
			def.Name, def.Version, o.Set, o.Sweep, o.Tune, o.BatchSize, o.Schedule, o.Clip,
			plan.Deviations(),
		})
		e.Unranked = check.TunedElsewhere(x.Checked.Bundle, o)
		if len(x.Deviations) > 0 {
			e.Unranked = "its plan departs from the standard protocol: " + strings.Join(x.Deviations, "; ")
		}
		for _, cell := range x.Decisions.Cells {
			if name := names[cell.Problem]; cell.Optimizer == o.Name && name != "" {
				e.Cells[name] = cell
			}
		}
		if len(e.Cells) > 0 {
			all = append(all, e)
		}
	}
	return all
}

// sameAs reports whether two entries are the same optimizer and have the same results on the
// problems that both have, of which there is at least one. Their builds may differ.
func (e *Entry) sameAs(other *Entry) bool {
	if e.id != other.id || e.Unranked != other.Unranked {
		return false
	}
	common := 0
	for name, cell := range e.Cells {
		if theirs, both := other.Cells[name]; both {
			if !sameCell(cell, theirs) {
				return false
			}
			common++
		}
	}
	return common > 0
}

// sameCell reports whether two cells rest on the same runs with the same outcomes, whatever builds
// made them.
func sameCell(a, b results.Cell) bool {
	outcomes := func(c results.Cell) map[string]*results.Record {
		all := map[string]*results.Record{}
		for _, r := range c.Records() {
			all[r.Run.Key()] = r
		}
		return all
	}
	return maps.EqualFunc(outcomes(a), outcomes(b), results.SameOutcome)
}

// assemble builds the plan and the cells from the entries.
func (b *Board) assemble() {
	b.Plan.Name, b.Plan.Optimizers = "board", nil
	b.Plan.Description = fmt.Sprintf("%s, %s", text.Count(len(b.Bundles), "bundle"),
		text.Count(len(b.Plan.Problems), "problem"))
	for _, e := range b.Entries {
		if e.Unranked == "" {
			b.Plan.Optimizers = append(b.Plan.Optimizers, protocol.OptimizerEntry{
				Optimizer: e.given, Name: e.Name,
			})
		}
		for _, p := range b.Plan.Problems {
			cell, ok := e.Cells[p.Name]
			if !ok && e.Unranked != "" {
				continue
			}
			cell.Problem, cell.Optimizer = p.Name, e.Name // without results, it is a row without rank
			if e.Unranked != "" {
				cell.Unranked = fmt.Sprintf("%s: %s", e.Bundles[0].File, e.Unranked)
			}
			b.Cells = append(b.Cells, cell)
		}
	}
}
