package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"noisebench/internal/text"
	"noisebench/results/report"
)

// printColumns writes rows with their columns aligned, the first row being the header. On a
// terminal that is too narrow, text is wrapped and columns are dropped, first those that drop
// names.
func printColumns(w io.Writer, rows [][]string, drop ...string) error {
	return printWidth(w, terminalWidth(w), rows, drop...)
}

func printWidth(w io.Writer, width int, rows [][]string, drop ...string) error {
	rows, dropped := report.Fit(rows, width, drop...)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for lines := splitCells(row); len(lines) > 0; lines = lines[1:] {
			fmt.Fprintln(tab, strings.TrimRight(strings.Join(lines[0], "\t"), "\t"))
		}
	}
	if len(dropped) > 0 {
		for _, line := range report.Wrap(report.NotShown(dropped), width) {
			fmt.Fprintln(tab, line)
		}
	}
	return tab.Flush()
}

// splitCells divides a row whose cells have several lines into rows of single lines.
func splitCells(row []string) [][]string {
	var lines [][]string
	for k, cell := range row {
		for i, line := range strings.Split(cell, "\n") {
			if i == len(lines) {
				lines = append(lines, make([]string, len(row)))
			}
			lines[i][k] = line
		}
	}
	return lines
}

// printText writes text, wrapped on a terminal.
func printText(w io.Writer, all string) {
	for line := range strings.Lines(all) {
		for _, part := range report.Wrap(strings.TrimSuffix(line, "\n"), terminalWidth(w)) {
			fmt.Fprintln(w, part)
		}
	}
}

// exact returns the writer for contents of a file, as they are unless it is a terminal.
func exact(w io.Writer) io.Writer {
	if isTerminal(w) {
		return w
	}
	return text.Raw(w)
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	file, ok := text.Raw(w).(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalWidth is the width of a terminal in characters: that of $COLUMNS, or else of the terminal
// itself. It is 0, which is no limit, for all that is not a terminal.
func terminalWidth(w io.Writer) int {
	if !isTerminal(w) {
		return 0
	}
	const least, usual = 20, 80
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return max(n, least)
	}
	if n, _, err := term.GetSize(int(text.Raw(w).(*os.File).Fd())); err == nil && n > 0 {
		return max(n, least)
	}
	return usual
}

// lineWidth returns the width of w, for [noisebench/harness/progress]; nil if w is no terminal, or
// one that does not understand escape codes.
func lineWidth(w io.Writer) func() int {
	if !isTerminal(w) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return func() int { return terminalWidth(w) }
}
