package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/reproduce"
)

func listItems(w io.Writer, items []reproduce.Item) error {
	rows := [][]string{{"NAME", "SIZE", "TIME", "WHAT"}}
	for _, item := range items {
		name, title := item.Name, item.Title
		for _, size := range []reproduce.Size{reproduce.Reduced, reproduce.Full} {
			if item.Has(size) {
				rows = append(rows, []string{name, string(size), item.Time[size], title})
				name, title = "", ""
			}
		}
	}
	return printColumns(w, rows)
}

// draw saves the item's pictures, and prints its tables, its caption and what became of its claims.
func (o *reproduction) draw(cmd *cobra.Command, item reproduce.Item, in *reproduce.Input) error {
	drawn, err := item.Draw(in)
	if err != nil {
		return fmt.Errorf("%s: %w", item.Name, err)
	}
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "%s: %s\n", item.Name, item.Title)
	paths, err := drawn.Save(&item, in.Size, o.out, o.format)
	for _, path := range paths {
		fmt.Fprintf(w, "picture: %s\n", path)
	}
	if err != nil {
		return err
	}
	for _, table := range drawn.Tables {
		fmt.Fprintf(w, "\n%s\n", table.Title)
		if err := printColumns(w, slices.Concat([][]string{table.Header}, table.Rows)); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\n%s\n", drawn.Caption)
	for _, departure := range item.Departs[in.Size] {
		fmt.Fprintf(w, "differs from the thesis: %s\n", departure)
	}
	if item.Claims == nil {
		return nil
	}
	fmt.Fprintln(w)
	return printFindings(w, item.Judge(in))
}

// printFindings writes what became of claims, one paragraph each, and their counts.
func printFindings(w io.Writer, findings []reproduce.Finding) error {
	var b strings.Builder
	for _, f := range findings {
		claim := f.Text
		if f.Claim != "" {
			claim = f.Claim + ": " + claim
		}
		fmt.Fprintf(&b, "%-13s %s\n%14son %s", f.Verdict, claim, "", f.On)
		if f.Basis == reproduce.Smaller {
			fmt.Fprintf(&b, " (%s)", f.Basis)
		}
		if !math.IsNaN(f.Delta) {
			fmt.Fprintf(&b, "; Δ = %.3g", f.Delta)
			if !math.IsNaN(f.Low) {
				fmt.Fprintf(&b, ", %.0f %% interval [%.3g, %.3g]", 100*f.Level, f.Low, f.High)
			}
			fmt.Fprintf(&b, ", n = %d", f.N)
		}
		if !math.IsNaN(f.P) {
			fmt.Fprintf(&b, ", p = %.2g", f.P)
		}
		if f.Note != "" {
			fmt.Fprintf(&b, "; %s", f.Note)
		}
		b.WriteByte('\n')
	}
	for _, line := range reproduce.Count(findings) {
		fmt.Fprintln(&b, line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
