package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/measures"
	"noisebench/results/report"
	"noisebench/results/report/page"
)

func newBoard() *cobra.Command {
	var out, format, title string
	cmd := &cobra.Command{
		Use:   "board DIR",
		Short: "Join the bundles of a folder into one leaderboard",
		Long: `Board reads all bundles (*` + bundle.Extension + `) of a folder, checks each as bench verify --rerun 0 does, and joins those
that belong together into one report: problem by problem, all entries side by side.

Results belong together if they were made by the same rules: protocol version, number and seeds of the replicates, tuning
runs and seeds, evaluations, data order, rules of selection and report; so that runs at one seed saw the same batches and
can be compared in pairs. They are of one problem if its name, version, parameters, data hashes, metric, budget, batch size
and schedule are the same. Where bundles differ, what most of them have counts; the rest is left out, with a text that
says what differs. A bundle that fails a check is left out too.

An entry whose results are in several bundles, run by run, stands there once. Different entries of one name are told apart
by their files. Entries that were not tuned by their plan, and those of plans that depart from the standard protocol, are
listed beside the ranking, with the reason.

Whether someone made runs again is told by FILE.verify.json, which bench verify FILE --save writes beside a bundle.`,
		Example: `  bench board bundles/ --out board.html
  bench board bundles/ --format markdown > board.md
  for f in bundles/*` + bundle.Extension + `; do bench verify "$f" --rerun 20 --save; done`,
		Args: oneArg("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "html" && format != "json" && formats[format] == nil {
				return usagef(cmd, "--format is %q, want html, terminal, markdown, csv, latex or json", format)
			}
			open := bundle.Open
			if format == "html" {
				open = bundle.OpenTraced
			}
			b, err := newLeaderboard(args[0], title, open)
			if err != nil {
				return err
			}
			for _, text := range b.refused {
				fmt.Fprintf(cmd.ErrOrStderr(), "bench: left out: %s\n", oneLine(text))
			}
			if len(b.bundles) == 0 {
				return fmt.Errorf("no bundle of %s can be used", args[0])
			}
			var text bytes.Buffer
			if err := b.write(&text, format, args[0]); err != nil {
				return err
			}
			if out == "" && format == "html" {
				out = "board.html"
			}
			if out == "" || out == "-" {
				_, err := cmd.OutOrStdout().Write(text.Bytes())
				return err
			}
			if err := writeWhole(out, text.Bytes()); err != nil {
				return fmt.Errorf("cannot write board: %w", err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s written: %s, %s, %s\n", out, count(len(b.entries), "optimizer"),
				count(len(b.plan.Problems), "problem"), count(len(b.bundles), "bundle"))
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write, - for the standard output (default board.html for HTML, else -)")
	cmd.Flags().StringVar(&format, "format", "html", "of the board: html, terminal, markdown, csv, latex or json")
	cmd.Flags().StringVar(&title, "title", "Leaderboard", "title of the board")
	return cmd
}

// leaderboard is several people's results as if they were one plan's.
type leaderboard struct {
	title   string
	plan    protocol.Plan
	cells   []results.Cell
	bundles []*boardBundle
	entries []*boardEntry
	refused []string // what was left out, and why
}

// boardBundle is a bundle of a leaderboard.
type boardBundle struct {
	*examined
	checked    *verification // what bench verify --save left beside it; nil: nothing
	deviations []string      // of its plan from the standard protocol; its entries are not ranked then
}

// boardEntry is an optimizer with its results.
type boardEntry struct {
	name     string // unique on the board
	given    string // by its bundle
	id       string // what its results depend on, beside its plugin
	unranked string
	bundles  []*boardBundle          // that hold it
	cells    map[string]results.Cell // by the board's name of the problem
}

// rules are what bundles have to have in common.
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
		b.About.Protocol, plan.Replicates, plan.FirstSeed, plan.Tuning, plan.Evaluations, plan.Order, plan.Selection, plan.Report,
	}
}

// task is what a problem entry has to have in common with those of other bundles.
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
	at, err := protocol.Resolve(def.Parameters, e.With)
	if err != nil {
		return task{}, err
	}
	spec, err := def.Spec(at)
	if err != nil {
		return task{}, err
	}
	budget, err := e.Examples(&spec)
	return task{
		def.Name, def.Version, at, spec.Data, spec.Metric, budget, cmp.Or(e.BatchSize, spec.BatchSize),
		b.Plan.ScheduleOf(&e, nil, &spec),
	}, err
}

// newLeaderboard joins the bundles of a folder.
func newLeaderboard(dir, title string, open func(string) (*bundle.Bundle, error)) (*leaderboard, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read bundles: %w", err)
	}
	b := &leaderboard{title: title}
	found := 0
	for _, f := range names { // sorted
		if !strings.HasSuffix(f.Name(), bundle.Extension) || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		found++
		x := examine(filepath.Join(dir, f.Name()), open)
		if x.failed() > 0 {
			for _, finding := range x.Findings {
				if finding.Verdict == fail {
					b.refuse(x, "%s: %s: %s", finding.Group, finding.Text, finding.Details[0])
				}
			}
			continue
		}
		checked, err := saved(x.path, x.Root)
		if err != nil {
			b.refuse(x, "%v", err)
			continue
		}
		b.bundles = append(b.bundles, &boardBundle{x, checked, x.campaign.Plan.Deviations()})
	}
	if found == 0 {
		return nil, fmt.Errorf("there is no bundle in %s, want files named *%s; bench publish makes one", dir, bundle.Extension)
	}
	b.sameRules()
	tasks := b.joinProblems()
	b.joinEntries(tasks)
	b.lay()
	return b, nil
}

func (b *leaderboard) refuse(x *examined, format string, args ...any) {
	b.refused = append(b.refused, x.File+": "+fmt.Sprintf(format, args...))
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

// sameRules leaves out the bundles that were made by other rules than most. Those of plans that depart from the standard
// protocol are not ranked, and so are free.
func (b *leaderboard) sameRules() {
	var keys []string
	for _, x := range b.bundles {
		if len(x.deviations) == 0 {
			keys = append(keys, asJSON(rulesOf(x.bundle, &x.campaign.Plan)))
		}
	}
	if len(keys) == 0 { // they are all unranked
		if len(b.bundles) > 0 {
			b.plan = b.bundles[0].campaign.Plan
		}
		return
	}
	want := mostCommon(keys)
	var common rules
	if err := json.Unmarshal([]byte(want), &common); err != nil {
		panic("bench: " + err.Error()) // asJSON wrote it
	}
	var kept []*boardBundle
	for _, x := range b.bundles {
		mine := rulesOf(x.bundle, &x.campaign.Plan)
		if len(x.deviations) == 0 && asJSON(mine) != want {
			b.refuse(x.examined, "made by other rules than most: %s", strings.Join(differences(mine, common), "; "))
			continue
		}
		if len(x.deviations) == 0 && b.plan.Name == "" {
			b.plan = x.campaign.Plan
		}
		kept = append(kept, x)
	}
	b.bundles = kept
}

// joinProblems names the problems of the board, and returns the board's name of each task, as JSON. Where tasks of one name
// differ, the most common one has it.
func (b *leaderboard) joinProblems() map[string]string {
	type found struct {
		x     *boardBundle
		entry protocol.ProblemEntry
		task  task
	}
	var all []found
	var keys []string
	for _, ranked := range []bool{true, false} { // the ranked ones decide about names
		for _, x := range b.bundles {
			if (len(x.deviations) == 0) != ranked {
				continue
			}
			for _, e := range x.campaign.Plan.Problems {
				t, err := taskOf(x.bundle, e)
				if err != nil {
					panic("bench: " + err.Error()) // the campaign has asked for it
				}
				all = append(all, found{x, e, t})
				if ranked || len(keys) == 0 {
					keys = append(keys, asJSON(t))
				}
			}
		}
	}
	counts := map[string]int{}
	for _, k := range keys {
		counts[k]++
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(p, q found) int { return counts[asJSON(q.task)] - counts[asJSON(p.task)] })
	names, holders := map[string]string{}, map[string]task{}
	for _, f := range order {
		key := asJSON(f.task)
		if names[key] != "" {
			continue
		}
		if _, taken := holders[f.entry.Name]; !taken {
			names[key], holders[f.entry.Name] = f.entry.Name, f.task
		}
	}
	b.plan.Problems, b.plan.Schedule = nil, nil // an entry has its own
	listed := map[string]bool{}
	for _, f := range all {
		name := names[asJSON(f.task)]
		if name == "" {
			b.refuse(f.x.examined, "problem %s is not that of most: %s", f.entry.Name,
				strings.Join(differences(f.task, holders[f.entry.Name]), "; "))
			continue
		}
		if !listed[name] {
			listed[name] = true
			entry := f.entry
			entry.Name, entry.Schedule = name, cmp.Or(entry.Schedule, f.x.bundle.Plan.Schedule)
			b.plan.Problems = append(b.plan.Problems, entry)
		}
	}
	return names
}

// joinEntries collects the optimizers of all bundles. An entry that is there already, result by result, is joined with that.
func (b *leaderboard) joinEntries(tasks map[string]string) {
	for _, x := range b.bundles {
		plan := &x.campaign.Plan
		for i, o := range plan.Optimizers {
			def := x.bundle.Definitions.Optimizers[o.Optimizer]
			e := &boardEntry{given: o.Name, bundles: []*boardBundle{x}, cells: map[string]results.Cell{}}
			e.id = asJSON([]any{def.Name, def.Version, o.Set, o.Sweep, o.Tune, o.BatchSize, o.Schedule, o.Clip, plan.Deviations()})
			e.unranked = tunedElsewhere(x.bundle, o)
			if len(x.deviations) > 0 {
				e.unranked = "its plan departs from the standard protocol: " + strings.Join(x.deviations, "; ")
			}
			for k, p := range plan.Problems {
				t, err := taskOf(x.bundle, p)
				if name := tasks[asJSON(t)]; err == nil && name != "" {
					e.cells[name] = x.cells[k*len(plan.Optimizers)+i]
				}
			}
			if len(e.cells) == 0 {
				continue
			}
			if known := slices.IndexFunc(b.entries, e.sameAs); known >= 0 {
				have := b.entries[known]
				have.bundles = append(have.bundles, x)
				for name, cell := range e.cells {
					if _, there := have.cells[name]; !there {
						have.cells[name] = cell
					}
				}
				continue
			}
			b.entries = append(b.entries, e)
		}
	}
	names := map[string]int{}
	for _, e := range b.entries {
		names[e.given]++
	}
	for _, e := range b.entries {
		e.name = e.given
		if names[e.given] > 1 {
			e.name = fmt.Sprintf("%s (%s)", e.given, strings.TrimSuffix(e.bundles[0].File, bundle.Extension))
		}
	}
}

// sameAs reports whether two entries are the same optimizer and have the same results on the problems that both have, of
// which there is at least one. Their builds may differ.
func (e *boardEntry) sameAs(other *boardEntry) bool {
	if e.id != other.id || e.unranked != other.unranked {
		return false
	}
	common := 0
	for name, cell := range e.cells {
		if theirs, both := other.cells[name]; both {
			if !sameCell(cell, theirs) {
				return false
			}
			common++
		}
	}
	return common > 0
}

// sameCell reports whether two cells rest on the same runs with the same outcomes, whatever builds made them.
func sameCell(a, b results.Cell) bool {
	outcomes := func(c results.Cell) map[string]*results.Record {
		all := map[string]*results.Record{}
		for _, r := range slices.Concat(c.Runs, c.OneShot, c.Tuning) {
			all[runKey(r.Run)] = r
		}
		return all
	}
	return maps.EqualFunc(outcomes(a), outcomes(b), func(r, s *results.Record) bool {
		return r == s || asJSON(r.End) == asJSON(s.End) && asJSON(r.Points) == asJSON(s.Points)
	})
}

// lay makes plan and cells of the entries.
func (b *leaderboard) lay() {
	b.plan.Name, b.plan.Optimizers = "board", nil
	b.plan.Description = fmt.Sprintf("%s, %s", count(len(b.bundles), "bundle"), count(len(b.plan.Problems), "problem"))
	for _, e := range b.entries {
		if e.unranked == "" {
			b.plan.Optimizers = append(b.plan.Optimizers, protocol.OptimizerEntry{Optimizer: e.given, Name: e.name})
		}
		for _, p := range b.plan.Problems {
			cell, ok := e.cells[p.Name]
			if !ok && e.unranked != "" {
				continue
			}
			cell.Problem, cell.Optimizer = p.Name, e.name // without results, it is a row without rank
			if e.unranked != "" {
				cell.Unranked = fmt.Sprintf("%s: %s", e.bundles[0].File, e.unranked)
			}
			b.cells = append(b.cells, cell)
		}
	}
}

// write writes the board.
func (b *leaderboard) write(w io.Writer, format, dir string) error {
	r := measures.Build(&b.plan, b.cells)
	for _, e := range b.entries {
		if missing := len(b.plan.Problems) - len(e.cells); missing > 0 && e.unranked == "" {
			r.Notes = append(r.Notes, measures.Warning{Kind: measures.Missing, Who: e.name, Text: fmt.Sprintf(
				"has no results on %s, and so no rank there and no place overall", count(missing, "problem"))})
		}
	}
	if format == "html" {
		return page.Write(w, b.page(r, dir)) // which says what follows in its introduction
	}
	r.Description = oneLine(b.title) + ": " + r.Description
	for _, x := range b.bundles {
		r.Notes = append(r.Notes, measures.Warning{Kind: measures.Bundled, Text: x.describe()})
	}
	for _, text := range b.refused {
		r.Notes = append(r.Notes, measures.Warning{Kind: measures.Refused, Text: "left out: " + oneLine(text)})
	}
	if format == "json" {
		return b.writeJSON(w, r)
	}
	return formats[format](report.Ranking{Report: r, Width: terminalWidth(w)}, w)
}

// describe says in one line whose bundle it is and what is known of it.
func (x *boardBundle) describe() string {
	a := &x.bundle.About
	text := "bundle " + x.File
	if a.Title != "" {
		text += fmt.Sprintf(" “%s”", a.Title)
	}
	if len(a.Authors) > 0 {
		text += " by " + strings.Join(a.Authors, ", ")
	}
	for _, more := range []string{a.URL, a.Licence} {
		if more != "" {
			text += ", " + more
		}
	}
	_, status := x.status()
	return oneLine(fmt.Sprintf("%s, root %s: %s, all there and unchanged; %s", text, x.Root, count(a.Runs, "run"), status))
}

// status says whether runs were made again.
func (x *boardBundle) status() (page.Verification, string) {
	v := x.checked
	if v == nil || v.Rerun.Made == 0 {
		return page.Unverified, "nobody says to have made runs again"
	}
	by := fmt.Sprintf("%d of %s made again by noisebench %s on %s (%s)", v.Rerun.Made, count(v.Rerun.Runs, "run"), v.By.Harness,
		v.By.Platform, filepath.Base(verifyName(x.path)))
	switch {
	case v.Rerun.Differ > 0:
		return page.Refuted, fmt.Sprintf("%s: %d differ", by, v.Rerun.Differ)
	case !v.OK:
		return page.Unverified, by + ": the same, but other checks failed"
	case v.Rerun.Near > 0:
		return page.Verified, fmt.Sprintf("%s: %d with the same bits, %d within tolerances", by, v.Rerun.Bits, v.Rerun.Near)
	}
	return page.Verified, by + ": all with the same bits"
}

// page is the board as an HTML page.
func (b *leaderboard) page(r *measures.Report, dir string) page.Page {
	p := page.Page{Title: b.title, Report: r, Plan: &b.plan, Cells: b.cells, Files: report.Files, Entries: map[string]page.Entry{}}
	var intro []string
	for _, x := range b.bundles {
		intro = append(intro, x.describe())
		p.Commands = append(p.Commands, page.Command{
			Line: "bench verify " + quoted(x.File) + " --rerun 5%", What: "checks a bundle and makes some of its runs again",
		})
	}
	for _, text := range b.refused {
		intro = append(intro, "Left out: "+oneLine(text))
	}
	p.Intro = strings.Join(intro, "\n\n")
	p.Commands = append(p.Commands, page.Command{
		Line: "bench board " + quoted(filepath.Base(filepath.Clean(dir))), What: "joins the bundles of a folder into this page",
	})
	for _, e := range b.entries {
		var from, notes []string
		entry := page.Entry{Unranked: e.unranked, Verified: page.Unverified}
		for _, x := range e.bundles {
			text := x.File
			if len(x.Authors) > 0 {
				text += " by " + strings.Join(x.Authors, ", ")
			}
			from = append(from, text)
			verified, status := x.status()
			notes = append(notes, status)
			if verified == page.Refuted || verified == page.Verified && entry.Verified != page.Refuted {
				entry.Verified = verified
			}
		}
		slices.Sort(notes)
		entry.From, entry.Note = strings.Join(from, "; "), strings.Join(slices.Compact(notes), "; ")
		p.Entries[e.name] = entry
	}
	return p
}

// boardJSON is what a program reads of a board.
type boardJSON struct {
	Title   string          `json:"title"`
	Bundles []bundleJSON    `json:"bundles"`
	Entries []entryJSON     `json:"entries"`
	Refused []string        `json:"refused"`
	Report  json.RawMessage `json:"report"` // as bench table --format json
}

type bundleJSON struct {
	File     string            `json:"file"`
	Root     string            `json:"root"`
	About    bundle.About      `json:"about"`
	Verified page.Verification `json:"verified"`
	Status   string            `json:"status"`
}

type entryJSON struct {
	Name     string   `json:"name"`
	Bundles  []string `json:"bundles"` // files
	Unranked string   `json:"unranked,omitempty"`
}

func (b *leaderboard) writeJSON(w io.Writer, r *measures.Report) error {
	var text bytes.Buffer
	if err := (report.Ranking{Report: r}).WriteJSON(&text); err != nil {
		return err
	}
	all := boardJSON{Title: b.title, Report: text.Bytes(), Refused: b.refused}
	for _, x := range b.bundles {
		verified, status := x.status()
		all.Bundles = append(all.Bundles, bundleJSON{x.File, x.Root, x.bundle.About, verified, status})
	}
	for _, e := range b.entries {
		entry := entryJSON{Name: e.name, Unranked: e.unranked}
		for _, x := range e.bundles {
			entry.Bundles = append(entry.Bundles, x.File)
		}
		all.Entries = append(all.Entries, entry)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
