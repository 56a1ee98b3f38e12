package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// printColumns writes rows with their columns aligned.
func printColumns(w io.Writer, rows [][]string) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(tab, strings.Join(row, "\t"))
	}
	return tab.Flush()
}

// firstLine is the summary of a doc text.
func firstLine(doc string) string {
	line, _, _ := strings.Cut(doc, "\n")
	return line
}
