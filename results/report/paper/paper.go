// Package paper writes what a paper needs of a plan into a folder: figures, tables, and a document
// that has them all and compiles.
//
// The files are
//
//	main.tex            includes the others; pdflatex main, twice for references
//	curves-page.pdf     the curves of all problems at the width of a page, 7 inches
//	curves-column.pdf   the same at the width of a column, 3.4 inches
//	overview.tex        the table of all optimizers and problems
//	appendix.tex        all other tables
//	README.md           what the results were made of, and how
//
// Figures of more panels than fit a page go on in curves-page-2.pdf and so on. Tables fit the text
// width of the class article. The document needs the packages booktabs, geometry and graphicx of
// LaTeX.
package paper

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/notation"
	"noisebench/results/report"
	"noisebench/results/report/figure"
)

// Paper is a plan with its results.
type Paper struct {
	Plan    *protocol.Plan // defaults filled in
	Cells   []results.Cell
	Axis    measures.Axis // of the curves
	Version string        // of the program that writes
	Command string        // that the user gave, one line
}

// widths are those of the figures, by the names in their files.
var widths = []struct {
	name, what string
	width      vg.Length
}{
	{"page", "a page", figure.Page},
	{"column", "a column", figure.Column},
}

// drawing is a figure with its file.
type drawing struct {
	*figure.Figure
	file, what string
}

// Write writes the files into a folder, which is made if need be, and returns their paths. Files of
// these names are replaced; no other is touched. A plan of which no replicate has finished is an
// error, before anything is written.
func (p *Paper) Write(dir string) (paths []string, err error) {
	drawings, err := p.draw()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("cannot make the folder for the paper: %w", err)
	}
	write := func(name string, write func(io.Writer) error) {
		if err != nil {
			return
		}
		path := filepath.Join(dir, name)
		if e := results.WriteWhole(path, write); e != nil {
			err = fmt.Errorf("cannot write %s of the paper: %w", name, e)
			return
		}
		paths = append(paths, path)
	}
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return err
		}
	}
	for _, d := range drawings {
		write(d.file, func(w io.Writer) error { return d.Write(w, "pdf") })
	}
	tables := report.Ranking{Report: measures.Build(p.Plan, p.Cells), All: true}
	facts := p.facts(tables.Report)
	write("overview.tex", tables.WriteLaTeXOverview)
	write("appendix.tex", tables.WriteLaTeXAppendix)
	write("main.tex", text(p.document(drawings, facts)))
	write("README.md", text(p.readme(facts)))
	return paths, err
}

// draw draws the figures in all widths.
func (p *Paper) draw() ([]drawing, error) {
	var all []drawing
	for _, w := range widths {
		source := figure.NewSource(p.Plan, p.Cells, nil)
		source.Width = w.width
		figures, missing := source.Overview(p.Axis)
		if missing != "" {
			return nil, errors.New("there are no curves to draw: " + missing)
		}
		for i, f := range figures {
			name, what := "curves-"+w.name, "Curves at the width of "+w.what
			if i > 0 {
				name += fmt.Sprintf("-%d", i+1)
				what += fmt.Sprintf(", part %d", i+1)
			}
			all = append(all, drawing{f, name + ".pdf", what})
		}
	}
	return all, nil
}

// document is the text of main.tex.
func (p *Paper) document(drawings []drawing, facts []string) string {
	b := new(strings.Builder)
	tex := report.LaTeXText
	fmt.Fprintf(b, `%% Figures and tables of a plan, for a paper to copy from; README.md says how they were made.
\documentclass{article}
\usepackage[letterpaper,textwidth=7in,textheight=9in]{geometry}
\usepackage{booktabs,graphicx}
\extrafloats{1000} %% for plans of many problems: as many tables wait for their pages
\maxdeadcycles=1000
\begin{document}
\suppressfloats[t] %% nothing above the heading
\section*{Plan %s}
`, tex(notation.Clean(p.Plan.Name)))
	if text := strings.TrimSuffix(notation.Clean(p.Plan.Description), "."); text != "" {
		fmt.Fprintf(b, "\\noindent Its description: %s.\n", tex(text))
	}
	fmt.Fprintln(b, `\begin{itemize}`)
	for _, fact := range facts {
		// TeX would make a dash of the two hyphens of an option.
		fmt.Fprintf(b, "\\item %s.\n", strings.ReplaceAll(tex(fact), "--", "-{}-"))
	}
	fmt.Fprintln(b, `\end{itemize}`)
	for _, d := range drawings {
		fmt.Fprintf(b, "\n\\begin{figure}[htbp]\n\\centering\n\\includegraphics{%s}\n", d.file)
		fmt.Fprintf(b, "\\caption[%s]{%s}\\label{%s}\n", d.what, tex(d.Caption), d.label())
		length := len(strings.Join(d.Notes, " "))
		if 0 < length && length <= mostBelow {
			fmt.Fprintln(b, `\par\smallskip`)
			fmt.Fprintf(b, "\\begin{minipage}{\\linewidth}%s\\end{minipage}\n", paragraphs(d.Notes))
		}
		fmt.Fprintln(b, `\end{figure}`)
		if length > mostBelow { // pages can break there
			fmt.Fprintf(b, "\n\\begingroup\\noindent Notes on Figure~\\ref{%s}:\\par\n%s\\endgroup\n",
				d.label(), paragraphs(d.Notes))
		}
	}
	fmt.Fprint(b, `
\input{overview}

\clearpage
\appendix
\suppressfloats[t]
\section{Tables}
\input{appendix}
\end{document}
`)
	return b.String()
}

// mostBelow is the greatest number of bytes of notes below a figure: about six lines.
const mostBelow = 900

// paragraphs sets notes in small print.
func paragraphs(notes []string) string {
	b := new(strings.Builder)
	fmt.Fprintln(b, `\scriptsize\raggedright`)
	for _, note := range notes {
		fmt.Fprintf(b, "\\noindent %s\\par\n", report.LaTeXText(note))
	}
	return b.String()
}

// label is what references to the drawing are made by.
func (d *drawing) label() string { return "fig:" + strings.TrimSuffix(d.file, ".pdf") }

// readme is the text of README.md.
func (p *Paper) readme(facts []string) string {
	b := new(strings.Builder)
	fmt.Fprintf(b, "# Plan %s, for a paper\n\n", notation.Clean(p.Plan.Name))
	for _, fact := range facts {
		fmt.Fprintf(b, "- %s.\n", fact)
	}
	fmt.Fprint(b, `
main.tex has all figures and tables; compile it twice by pdflatex. Copy from it what the paper needs:
curves-page.pdf (7 inches wide) or curves-column.pdf (3.4 inches), overview.tex, appendix.tex. The
packages that they need are booktabs and graphicx. Beside these files, publish the runs themselves:
bench publish packs them into one file, with a hash to cite.
`)
	return b.String()
}
