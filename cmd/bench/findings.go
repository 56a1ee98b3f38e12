package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"noisebench/internal/text"
	"noisebench/results/bundle/check"
)

// mostDetails is how many details of a finding the terminal shows.
const mostDetails = 10

// printReport writes what was found out about a bundle.
func printReport(w io.Writer, v *check.Report, format string) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	b := new(strings.Builder)
	fmt.Fprintln(b, v.File)
	if v.Root != "" {
		fmt.Fprintf(b, "root %s\n", v.Root)
	}
	if v.Title != "" || len(v.Authors) > 0 {
		parts := slices.DeleteFunc([]string{v.Title, strings.Join(v.Authors, ", ")},
			func(s string) bool { return s == "" })
		fmt.Fprintln(b, text.OneLine(strings.Join(parts, ", by ")))
	}
	group := ""
	for _, f := range grouped(v.Findings) {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(b, "\n%s\n", group)
		}
		fmt.Fprintf(b, "  %s  %-12s %s\n", f.Verdict, f.Check, text.OneLine(f.Text))
		for i, d := range f.Details {
			if i == mostDetails {
				fmt.Fprintf(b, "        … and %d more; --format json lists all\n", len(f.Details)-i)
				break
			}
			fmt.Fprintf(b, "        %s\n", text.OneLine(d))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// grouped returns findings by their groups, in the order of these groups' first findings.
func grouped(all []check.Finding) []check.Finding {
	first := func(f check.Finding) int {
		return slices.IndexFunc(all, func(g check.Finding) bool { return g.Group == f.Group })
	}
	return slices.SortedStableFunc(slices.Values(all),
		func(a, b check.Finding) int { return cmp.Compare(first(a), first(b)) })
}
