package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"noisebench/results/columns"
	"noisebench/results/notation"
)

// text writes a document for a terminal.
func (d document) text(w io.Writer) error {
	b := new(strings.Builder)
	wrapped := func(indent, text string) {
		for _, line := range Wrap(text, max(0, d.width-len(indent))) {
			fmt.Fprintf(b, "%s%s\n", indent, line)
		}
	}
	item := func(indent, text string) { // of a list: further lines are indented
		for k, line := range Wrap(text, max(0, d.width-len(indent)-2)) {
			if k == 1 {
				indent += "  "
			}
			fmt.Fprintf(b, "%s%s\n", indent, line)
		}
	}
	var shown []columns.Table
	wrapped("", d.headline)
	if d.description != "" {
		wrapped("", notation.Clean(d.description))
	}
	for _, t := range d.tables {
		fmt.Fprintln(b)
		wrapped("", t.Title)
		for _, fact := range t.Facts {
			wrapped("   ", fact)
		}
		// two characters that are printed before the table, two that tablewriter adds
		const margins = 4
		rows, dropped := Fit(append([][]string{heads(&t)}, t.Texts()...), max(0, d.width-margins),
			droppable(&t)...)
		table := new(strings.Builder)
		if err := layOut(table, t.Title, rows, renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.SeparatorsNone,
				Lines:      tw.Lines{ShowHeaderLine: tw.On},
			},
		})); err != nil {
			return err
		}
		for line := range strings.Lines(table.String()) {
			fmt.Fprintln(b, strings.TrimRight("  "+line, " \n"))
		}
		if len(dropped) > 0 {
			wrapped("   ", NotShown(dropped))
		}
		for _, note := range t.Notes {
			item("   ", "note: "+note)
		}
		t.Heads = slices.DeleteFunc(slices.Clone(t.Heads),
			func(h columns.Head) bool { return slices.Contains(dropped, h.Text) })
		shown = append(shown, t)
	}
	fmt.Fprintln(b)
	for _, note := range d.notes {
		item("", "note: "+note)
	}
	for _, line := range columns.Legend(shown...) {
		item("", line)
	}
	for i, line := range d.own {
		if i == 0 {
			fmt.Fprintln(b)
		}
		item("", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// NotShown is the line below a table that names the columns that a narrow terminal does without.
func NotShown(dropped []string) string {
	return "(not shown at this width: " + strings.Join(dropped, ", ") + ")"
}

// layOut hands rows, the first of which is the header, to tablewriter.
func layOut(w io.Writer, title string, rows [][]string, how tw.Renderer) error {
	table := tablewriter.NewTable(w,
		tablewriter.WithRenderer(how),
		tablewriter.WithHeaderAutoFormat(tw.Off), // which would write TEST ACCURACY
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
	)
	table.Header(rows[0])
	if err := table.Bulk(rows[1:]); err != nil {
		return fmt.Errorf("cannot lay out table %s: %w", title, err)
	}
	if err := table.Render(); err != nil {
		return fmt.Errorf("cannot lay out table %s: %w", title, err)
	}
	return nil
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, `|`, `\|`, `*`, `\*`, "`", "\\`", `<`, `\<`)

// markdown writes a document as Markdown.
func (d document) markdown(w io.Writer) error {
	b := new(strings.Builder)
	list := func(items []string) {
		if len(items) > 0 {
			fmt.Fprintln(b)
		}
		for _, item := range items {
			fmt.Fprintf(b, "- %s\n", markdownEscapes.Replace(item))
		}
	}
	fmt.Fprintf(b, "# %s\n", markdownEscapes.Replace(d.headline))
	if d.description != "" {
		fmt.Fprintf(b, "\n%s\n", markdownEscapes.Replace(notation.Clean(d.description)))
	}
	for _, t := range d.tables {
		fmt.Fprintf(b, "\n## %s\n\n", markdownEscapes.Replace(t.Title))
		fmt.Fprintf(b, "%s\n\n", markdownEscapes.Replace(strings.Join(t.Facts, "; ")))
		if err := layOut(b, t.Title, markdownRows(&t), renderer.NewMarkdown()); err != nil {
			return err
		}
		list(t.Notes)
	}
	fmt.Fprint(b, "\n## notes\n")
	list(append(d.notes, d.legend...))
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownRows escapes the cells of a table. The names of the best optimizers are bold.
func markdownRows(t *columns.Table) [][]string {
	rows := append([][]string{heads(t)}, t.Texts()...)
	name := t.Column("optimizer")
	for i, cells := range rows {
		for k := range cells {
			cells[k] = markdownEscapes.Replace(cells[k])
		}
		if i > 0 && t.Lines[i-1].Best {
			cells[name] = "**" + cells[name] + "**"
		}
	}
	return rows
}
