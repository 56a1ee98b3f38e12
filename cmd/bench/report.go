package main

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/report"
	"noisebench/results/report/page"
)

func newReport() *cobra.Command {
	var records finder
	var out string
	cmd := &cobra.Command{
		Use:   "report PLAN|FILE",
		Short: "Write the report of a plan as one HTML file",
		Long: `Report writes the results of a plan into one HTML file: the ranking and its
uncertainty, all tables, plots, costs, where the numbers come from and how to reproduce them. The
file works without a network and can be sent to others.

Like bench table, it works from the records alone and runs nothing. If runs are missing, the page
says INCOMPLETE.`,
		Example: `  bench report quick
  bench report my-plan.yaml --results /scratch/me/runs --out my-report.html
  bench report quick --out - | ssh me@web 'cat > www/quick.html'`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			there, err := records.open(cmd, args[0])
			if err != nil {
				return err
			}
			there.store.Outlines = true
			plan := &there.campaign.Plan
			tables, cells := measures.NewBuilder(plan), page.NewCells(plan)
			if err := there.each(cmd, args[0], func(c results.Cell) {
				tables.Add(c)
				cells.Add(c)
			}); err != nil {
				return err
			}
			html, err := newPage(page.Page{
				Report: tables.Report(), Plan: plan, Reduced: cells, Source: string(records.source),
			}, args[0])
			if err != nil {
				return err
			}
			if out == "-" {
				_, err := exact(cmd.OutOrStdout()).Write(html)
				return err
			}
			if err := results.WriteFile(out, html); err != nil {
				return fmt.Errorf("cannot write report: %w", err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s written, %.1f MB; open it in a browser\n", out,
				float64(len(html))/1e6)
			return nil
		},
	}
	records.add(cmd)
	cmd.Flags().StringVar(&out, "out", "report.html", "`FILE` to write; - for standard output")
	return cmd
}

// newPage makes the HTML page of a plan. arg is what the user calls the plan.
func newPage(p page.Page, arg string) ([]byte, error) {
	// where the file is on this machine is of no use elsewhere
	name := text.Quoted(filepath.Base(arg))
	var b bytes.Buffer
	p.Files = report.Files
	p.Commands = []page.Command{
		{Line: "bench run " + name, What: "makes all runs that are not there, and prints the " +
			"tables"},
		{Line: "bench table " + name, What: "prints the tables again"},
		{Line: "bench table " + name + " --format csv", What: "all numbers in full precision"},
		{Line: "bench report " + name, What: "writes this page again"},
		{Line: "bench run " + name + " --only problem=PROBLEM,optimizer=OPTIMIZER", What: "makes " +
			"all runs behind one row"},
		{Line: "bench show RUN-ID", What: "prints one run, named by how its ID begins: see " +
			"“The runs behind each number”"},
		{Line: "bench show OPTIMIZER", What: "prints what an optimizer or a problem is, with its " +
			"source and its hyperparameters"},
	}
	err := page.Write(&b, p)
	return b.Bytes(), err
}
