// Package report writes tables of results: for the terminal, as Markdown and as LaTeX for readers,
// as CSV and JSON for programs.
//
// What the tables show is computed by package measures and listed by package columns; this package
// lays it out. A [Ranking] is the usual report of a plan, and [Pairwise] the comparisons of all
// pairs of optimizers in its place.
package report

import (
	"fmt"
	"io"
	"slices"

	"noisebench/results/columns"
	"noisebench/results/measures"
	"noisebench/results/notation"
)

// Ranking is a report that is written as ranked tables.
type Ranking struct {
	*measures.Report
	// All adds on the terminal the second tables, and in LaTeX an appendix: search spaces, chosen
	// settings, declared defaults and the second tables. Markdown, CSV and JSON always have all.
	All       bool
	Width     int  // of the terminal in characters; 0: no limit
	Landscape bool // in LaTeX, the overview is turned; it needs the package rotating
}

// Pairwise is a report that is written as the comparisons of all pairs of optimizers.
type Pairwise struct {
	*measures.Report
	Width int // of the terminal in characters; 0: no limit
}

// Files are the formats for files that hold all tables of a report, by the files' endings: csv,
// json, md and tex, the latter with its appendix.
var Files = map[string]func(r *measures.Report, w io.Writer) error{
	"csv":  func(r *measures.Report, w io.Writer) error { return Ranking{Report: r}.WriteCSV(w) },
	"json": func(r *measures.Report, w io.Writer) error { return Ranking{Report: r}.WriteJSON(w) },
	"md": func(r *measures.Report, w io.Writer) error {
		return Ranking{Report: r}.WriteMarkdown(
			w)
	},
	"tex": func(r *measures.Report,
		w io.Writer,
	) error {
		return Ranking{Report: r, All: true}.WriteLaTeX(w)
	},
}

// document is the input of the writers of text, Markdown and LaTeX.
type document struct {
	plan                  string
	headline, description string
	complete              bool
	width                 int // of the terminal in characters; 0: no limit
	tables                []columns.Table
	notes, legend         []string
	own                   []string // on the entries whose runs were made here; in text alone
}

func newDocument(r *measures.Report, width int, tables []columns.Table) document {
	headline := fmt.Sprintf("plan %s: %s", r.Plan, notation.Count(r.Finished, "run"))
	if !r.Complete() {
		headline = fmt.Sprintf("plan %s: INCOMPLETE, %d of %d runs", r.Plan, r.Finished, r.Planned)
	}
	return document{
		r.Plan, headline, r.Description, r.Complete(), width, tables, columns.Texts(r.Notes),
		columns.Legend(tables...), nil,
	}
}

// tables are those of an output, without or with the second tables.
func (r Ranking) tables(output columns.Output, second bool) []columns.Table {
	var all []columns.Table
	for i := range r.Problems {
		p := &r.Problems[i]
		all = append(all, numbered(r.Report, i, columns.Ranking(r.Report, p, output)))
		if second && p.Spec != nil {
			all = append(all, numbered(r.Report, i, columns.Second(r.Report, p)))
		}
		if len(p.Unranked) > 0 {
			all = append(all, numbered(r.Report, i, columns.Unranked(r.Report, p)))
		}
	}
	if r.Overall != nil {
		all = append(all, columns.OverallRanking(r.Report, output))
		if second {
			all = append(all, columns.OverallSecond(r.Report))
		}
	}
	return all
}

// numbered writes the problem of a table into its title and its caption.
func numbered(r *measures.Report, i int, t columns.Table) columns.Table {
	t.Title = fmt.Sprintf("%d. %s", i+1, t.Title)
	t.Caption = fmt.Sprintf("%s on %s, plan %s", t.Caption, notation.Clean(r.Problems[i].Name),
		notation.Clean(r.Plan))
	return t
}

func (r Pairwise) document() document {
	var all []columns.Table
	for i := range r.Problems {
		all = append(all, numbered(r.Report, i, columns.Pairwise(r.Report, &r.Problems[i])))
	}
	return newDocument(r.Report, r.Width, all)
}

// WriteText writes the tables for a terminal. Where runs of some entries were taken from bundles, it
// ends with a line for each of the others, on its standing.
func (r Ranking) WriteText(w io.Writer) error {
	d := newDocument(r.Report, r.Width, r.tables(columns.Terminal, r.All))
	d.own = own(r.Report)
	return d.text(w)
}

// WriteMarkdown writes all tables as Markdown.
func (r Ranking) WriteMarkdown(w io.Writer) error {
	return newDocument(r.Report, 0, r.tables(columns.Markdown, true)).markdown(w)
}

// WriteText writes the comparisons for a terminal.
func (r Pairwise) WriteText(w io.Writer) error { return r.document().text(w) }

// WriteMarkdown writes the comparisons as Markdown.
func (r Pairwise) WriteMarkdown(w io.Writer) error { return r.document().markdown(w) }

// WriteLaTeX writes the comparisons as LaTeX table environments that need the package booktabs.
func (r Pairwise) WriteLaTeX(w io.Writer) error { return r.document().latex(w) }

// heads returns the texts above the columns of a table.
func heads(t *columns.Table) []string {
	var all []string
	for _, h := range t.Heads {
		all = append(all, h.Text)
	}
	return all
}

// dropped returns the columns that a narrow terminal does without, in the order in which they go.
func droppable(t *columns.Table) []string {
	var all []columns.Head
	for _, h := range t.Heads {
		if h.Drop > 0 {
			all = append(all, h)
		}
	}
	slices.SortStableFunc(all, func(a, b columns.Head) int { return a.Drop - b.Drop })
	var names []string
	for _, h := range all {
		names = append(names, h.Text)
	}
	return names
}
