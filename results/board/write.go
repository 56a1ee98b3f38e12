package board

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"noisebench/internal/text"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
	"noisebench/results/bundle/signature"
	"noisebench/results/measures"
	"noisebench/results/report"
	"noisebench/results/report/page"
)

// report is the tables of the board.
func (b *Board) report() *measures.Report {
	r := measures.Build(&b.Plan, b.Cells)
	for _, e := range b.Entries {
		if missing := len(b.Plan.Problems) - len(e.Cells); missing > 0 && e.Unranked == "" {
			r.Notes = append(r.Notes, measures.Warning{
				Kind: measures.Missing, Who: e.Name,
				Text: fmt.Sprintf("has no results on %s, and so no rank there and no place overall",
					text.Count(missing, "problem")),
			})
		}
		if how, _ := e.status(); how == page.Loosely {
			r.Notes = append(r.Notes, measures.Warning{
				Kind: measures.Loosely, Who: e.Name,
				Text: "its runs were only ever compared loosely: within the tolerances for another platform, " +
					"none bit by bit",
			})
		}
	}
	return r
}

// status returns how runs of the entry, of whichever bundle, compared when they were made again,
// and what its bundles say of it. One that differs outweighs all; equal bits outweigh near ones.
func (e *Entry) status() (page.Verification, string) {
	best := page.Unverified
	var notes []string
	for _, x := range e.Bundles {
		how, note := x.statusOf(e.names[x])
		notes = append(notes, note)
		if slices.Index(byWeight, how) > slices.Index(byWeight, best) {
			best = how
		}
	}
	slices.Sort(notes)
	return best, strings.Join(slices.Compact(notes), "; ")
}

var byWeight = []page.Verification{page.Unverified, page.Loosely, page.Verified, page.Refuted}

// Report is the tables of the board. Notes list its bundles, and those that were left out.
func (b *Board) Report() *measures.Report {
	r := b.report()
	r.Description = text.OneLine(b.Title) + ": " + r.Description
	for _, x := range b.Bundles {
		r.Notes = append(r.Notes, measures.Warning{Kind: measures.Bundled, Text: x.describe()})
	}
	for _, refused := range b.Refused {
		r.Notes = append(r.Notes, measures.Warning{
			Kind: measures.Refused, Text: "left out: " + text.OneLine(refused),
		})
	}
	return r
}

// describe summarizes a bundle in one line: author, contents and verification.
func (x *Bundle) describe() string {
	a := &x.Checked.Bundle.About
	what := "bundle " + x.File
	if a.Title != "" {
		what += fmt.Sprintf(" “%s”", a.Title)
	}
	if len(a.Authors) > 0 {
		what += " by " + strings.Join(a.Authors, ", ")
	}
	for _, more := range []string{a.URL, a.Licence} {
		if more != "" {
			what += ", " + more
		}
	}
	if x.Signer != nil {
		what += ", " + x.Signer.String()
	}
	_, status := x.status()
	return text.OneLine(fmt.Sprintf("%s, root %s: %s, all there and unchanged; %s", what, x.Root,
		text.Count(a.Runs, "run"), status))
}

// status returns how runs of the bundle compared when they were made again.
func (x *Bundle) status() (page.Verification, string) {
	if v := x.Verified; v != nil {
		return x.judge(&v.Rerun, text.Count(v.Rerun.Runs, "run"))
	}
	return x.judge(new(check.Reruns), "")
}

// statusOf is status for an optimizer by its name in the bundle, as far as the saved report tells
// optimizers apart.
func (x *Bundle) statusOf(optimizer string) (page.Verification, string) {
	v := x.Verified
	if v == nil || len(v.Pairs) == 0 {
		return x.status()
	}
	sum := check.Reruns{OneSided: v.Rerun.OneSided}
	for _, p := range v.Pairs {
		if p.Optimizer == optimizer {
			sum.Made, sum.Bits, sum.Near, sum.Differ = sum.Made+p.Made, sum.Bits+p.Bits, sum.Near+p.Near,
				sum.Differ+p.Differ
		}
	}
	return x.judge(&sum, "its runs")
}

// judge returns what follows for those of which counts are.
func (x *Bundle) judge(counts *check.Reruns, of string) (page.Verification, string) {
	v := x.Verified
	if v == nil || counts.Made == 0 {
		return page.Unverified, "no runs were made again"
	}
	by := fmt.Sprintf("%d of %s made again by noisebench %s on %s", counts.Made, of, v.By.Harness, v.By.Platform)
	switch {
	case counts.Differ > 0:
		return page.Refuted, fmt.Sprintf("%s: %d differ", by, counts.Differ)
	case counts.OneSided > 0:
		return page.Refuted, by +
			": those of the bundle that were compared within tolerances deviate to one side"
	case !v.OK:
		return page.Unverified, by + ": the same, but other checks failed"
	case counts.Bits == 0:
		return page.Loosely, fmt.Sprintf("%s: %d within the tolerances for another platform, none "+
			"with the same bits", by, counts.Near)
	case counts.Near > 0:
		return page.Verified, fmt.Sprintf("%s: %d with the same bits, %d within tolerances", by,
			counts.Bits, counts.Near)
	}
	return page.Verified, by + ": all with the same bits"
}

// Page is the board as an HTML page, for package page to write. dir is the folder of the bundles.
func (b *Board) Page(dir string) page.Page {
	r := b.report()
	p := page.Page{
		Title: b.Title, Report: r, Plan: &b.Plan, Cells: b.Cells, Entries: map[string]page.Entry{},
		Files: report.Files,
	}
	var intro []string
	for _, x := range b.Bundles {
		intro = append(intro, x.describe())
		p.Commands = append(p.Commands, page.Command{
			Line: "bench verify " + text.Quoted(x.File) + " --rerun 5%",
			What: "checks a bundle and makes some of its runs again",
		})
	}
	for _, refused := range b.Refused {
		intro = append(intro, "Left out: "+text.OneLine(refused))
	}
	p.Intro = strings.Join(intro, "\n\n")
	p.Commands = append(p.Commands, page.Command{
		Line: "bench board " + text.Quoted(filepath.Base(filepath.Clean(dir))),
		What: "joins the bundles of a folder into this page",
	})
	for _, e := range b.Entries {
		var from []string
		entry := page.Entry{Unranked: e.Unranked}
		for _, x := range e.Bundles {
			source := x.File
			if len(x.Authors) > 0 {
				source += " by " + strings.Join(x.Authors, ", ")
			}
			if x.Signer != nil && x.Signer.Name != "" {
				source += ", signed by " + x.Signer.Name
			}
			from = append(from, source)
		}
		entry.From = strings.Join(from, "; ")
		entry.Verified, entry.Note = e.status()
		p.Entries[e.Name] = entry
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
	Signer   *signature.Signer `json:"signer"` // null: it is not signed
}

type entryJSON struct {
	Name     string            `json:"name"`
	Bundles  []string          `json:"bundles"` // files
	Unranked string            `json:"unranked,omitempty"`
	Verified page.Verification `json:"verified"`
	Status   string            `json:"status"`
}

// WriteJSON writes the board for programs: its bundles, its entries, and the tables.
func (b *Board) WriteJSON(w io.Writer) error {
	r := b.Report()

	var table bytes.Buffer
	if err := (report.Ranking{Report: r}).WriteJSON(&table); err != nil {
		return err
	}
	all := boardJSON{Title: b.Title, Report: table.Bytes(), Refused: b.Refused}
	for _, x := range b.Bundles {
		verified, status := x.status()
		all.Bundles = append(all.Bundles, bundleJSON{
			x.File, x.Root, x.Checked.Bundle.About, verified, status, x.Signer,
		})
	}
	for _, e := range b.Entries {
		entry := entryJSON{Name: e.Name, Unranked: e.Unranked}
		entry.Verified, entry.Status = e.status()
		for _, x := range e.Bundles {
			entry.Bundles = append(entry.Bundles, x.File)
		}
		all.Entries = append(all.Entries, entry)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
