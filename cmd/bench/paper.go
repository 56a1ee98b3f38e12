package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/internal/text"
	"noisebench/results/measures"
	"noisebench/results/report/paper"
)

// axisNames are the axes of curves.
func axisNames() (names []string) {
	for _, axis := range measures.Axes {
		names = append(names, string(axis))
	}
	return names
}

func newPaper() *cobra.Command {
	var records finder
	var out, axis string
	cmd := &cobra.Command{
		Use:   "paper PLAN|FILE",
		Short: "Write figures, tables and a LaTeX document of a plan for a paper",
		Long: `Paper writes the figures and tables of a plan that a paper needs into one folder, and
prints the names of the files:

  curves-page.pdf    the curves of all problems, one panel each, at the width of a page
  curves-column.pdf  the same at the width of a column
  overview.tex       mean ± standard deviation and rank of each optimizer on each problem
  appendix.tex       a table for each problem, search spaces, chosen settings, measures of speed
                     and tuning
  main.tex           a document that includes them all, with captions; compile it by pdflatex
  README.md          the runs and versions behind them, and the command

Curves show the reported metric over the examples seen, of which all optimizers have equally many,
over steps, or over computing time. Time is that of gradients and of the optimizer on the machines
that made the runs: compare it only if these were alike and otherwise idle.

Like bench table, it works from the records alone and runs nothing. If runs are missing, captions
and tables say so.`,
		Example: `  bench paper quick --out paper
  bench paper quick --axis time --out paper-time
  bench paper my-plan.yaml --results /scratch/me/runs --axis steps --out paper
  cd paper && pdflatex main && pdflatex main`,
		Args: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(measures.Axes, measures.Axis(axis)) {
				return usagef(cmd, "--axis is %q, want examples, steps or time", axis)
			}
			return oneArg("plan")(cmd, args)
		},
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, cells, err := records.find(cmd, args[0])
			if err != nil {
				return err
			}
			p := paper.Paper{
				Plan: plan, Cells: cells, Axis: measures.Axis(axis),
				Version: harness.ThisHost().Harness,
				// where the plan's file is on this machine is of no use elsewhere
				Command: fmt.Sprintf("bench paper %s --axis %s",
					text.Quoted(filepath.Base(args[0])), axis),
			}
			paths, err := p.Write(out)
			for _, path := range paths {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return err
		},
	}
	records.add(cmd)
	cmd.Flags().StringVar(&out, "out", "paper", "`DIR` for the files; created if it does not exist")
	cmd.Flags().StringVar(&axis, "axis", string(measures.Examples),
		"what curves are drawn over: examples, steps or time")
	completeFlag(cmd, "axis", axisNames())
	return cmd
}
