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
			r.Notes = append(r.Notes, measures.Warning{Kind: measures.Missing, Who: e.Name, Text: fmt.Sprintf(
				"has no results on %s, and so no rank there and no place overall", text.Count(missing, "problem"))})
		}
	}
	return r
}

// Report is the tables of the board. Notes list its bundles, and those that were left out.
func (b *Board) Report() *measures.Report {
	r := b.report()
	r.Description = text.OneLine(b.Title) + ": " + r.Description
	for _, x := range b.Bundles {
		r.Notes = append(r.Notes, measures.Warning{Kind: measures.Bundled, Text: x.describe()})
	}
	for _, refused := range b.Refused {
		r.Notes = append(r.Notes, measures.Warning{Kind: measures.Refused, Text: "left out: " + text.OneLine(refused)})
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
		what += ", signed by " + x.Signer.String()
	}
	_, status := x.status()
	return text.OneLine(fmt.Sprintf("%s, root %s: %s, all there and unchanged; %s", what, x.Root, text.Count(a.Runs, "run"), status))
}

// status returns whether runs were made again, and with which outcome.
func (x *Bundle) status() (page.Verification, string) {
	v := x.Verified
	if v == nil || v.Rerun.Made == 0 {
		return page.Unverified, "no runs were made again"
	}
	by := fmt.Sprintf("%d of %s made again by noisebench %s on %s (%s)", v.Rerun.Made, text.Count(v.Rerun.Runs, "run"), v.By.Harness,
		v.By.Platform, filepath.Base(check.SavedName(x.Path)))
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

// Page is the board as an HTML page, for package page to write. dir is the folder of the bundles.
func (b *Board) Page(dir string) page.Page {
	r := b.report()
	p := page.Page{Title: b.Title, Report: r, Plan: &b.Plan, Cells: b.Cells, Entries: map[string]page.Entry{}, Files: report.Files}
	var intro []string
	for _, x := range b.Bundles {
		intro = append(intro, x.describe())
		p.Commands = append(p.Commands, page.Command{
			Line: "bench verify " + text.Quoted(x.File) + " --rerun 5%", What: "checks a bundle and makes some of its runs again",
		})
	}
	for _, refused := range b.Refused {
		intro = append(intro, "Left out: "+text.OneLine(refused))
	}
	p.Intro = strings.Join(intro, "\n\n")
	p.Commands = append(p.Commands, page.Command{
		Line: "bench board " + text.Quoted(filepath.Base(filepath.Clean(dir))), What: "joins the bundles of a folder into this page",
	})
	for _, e := range b.Entries {
		var from, notes []string
		entry := page.Entry{Unranked: e.Unranked, Verified: page.Unverified}
		for _, x := range e.Bundles {
			source := x.File
			if len(x.Authors) > 0 {
				source += " by " + strings.Join(x.Authors, ", ")
			}
			if x.Signer != nil && x.Signer.Name != "" {
				source += ", signed by " + x.Signer.Name
			}
			from = append(from, source)
			verified, status := x.status()
			notes = append(notes, status)
			if verified == page.Refuted || verified == page.Verified && entry.Verified != page.Refuted {
				entry.Verified = verified
			}
		}
		slices.Sort(notes)
		entry.From, entry.Note = strings.Join(from, "; "), strings.Join(slices.Compact(notes), "; ")
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
	Name     string   `json:"name"`
	Bundles  []string `json:"bundles"` // files
	Unranked string   `json:"unranked,omitempty"`
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
		all.Bundles = append(all.Bundles, bundleJSON{x.File, x.Root, x.Checked.Bundle.About, verified, status, x.Signer})
	}
	for _, e := range b.Entries {
		entry := entryJSON{Name: e.Name, Unranked: e.Unranked}
		for _, x := range e.Bundles {
			entry.Bundles = append(entry.Bundles, x.File)
		}
		all.Entries = append(all.Entries, entry)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
