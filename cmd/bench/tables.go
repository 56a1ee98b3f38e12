package main

import (
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/results/measures"
	"noisebench/results/report"
)

// tables can be written in all formats: a report, or its pairwise comparisons.
type tables interface {
	WriteText(io.Writer) error
	WriteMarkdown(io.Writer) error
	WriteCSV(io.Writer) error
	WriteLaTeX(io.Writer) error
	WriteJSON(io.Writer) error
}

// formats are the ways to write tables, by their names.
var formats = map[string]func(tables, io.Writer) error{
	"terminal": tables.WriteText,
	"markdown": tables.WriteMarkdown,
	"csv":      tables.WriteCSV,
	"latex":    tables.WriteLaTeX,
	"json":     tables.WriteJSON,
}

func addFormat(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "terminal",
		"of the tables: terminal, markdown, csv, latex or json")
	completeFlag(cmd, "format", slices.Sorted(maps.Keys(formats)))
}

func checkFormat(cmd *cobra.Command, format string) error {
	if formats[format] == nil {
		return usagef(cmd, "--format is %q, want terminal, markdown, csv, latex or json", format)
	}
	return nil
}

func newTable() *cobra.Command {
	var records finder
	var format string
	var baselines []string
	var all, pairwise, landscape bool
	cmd := &cobra.Command{
		Use:   "table PLAN|FILE",
		Short: "Print the tables of a plan from its records",
		Long: `Table prints the tables of a plan again, from the records alone: it recomputes every
decision that was made, and runs nothing. If runs are missing, the tables say INCOMPLETE. Imported
runs on the same problem are shown next to the ranking.

Each optimizer is compared with baselines: those of sgd, m-sgd, m-svag, cabs and adam that are in
the plan, or the entries that --baseline names. On the anchored scale, the start of a run is 0, and
1 is the mean of m-sgd, or else of the first baseline.

On the terminal there is one table for each problem and one for all: the ranking, its uncertainty
and its cost. --all adds a second one: how often the baselines are beaten, how soon a target is
reached, and how much tuning matters. Markdown, CSV and JSON always include both.

LaTeX begins with an overview of all optimizers and problems (mean ± standard deviation, ranks, the
leaders in bold), followed by one table for each problem. They need the package booktabs and fit the
text width of the class article; what does not fit is continued below or in a further table.
--landscape turns the overview (package rotating). --all adds an appendix: search spaces, chosen
settings, declared defaults and the second tables.

The records shown are those of the optimizers and problems as they were when the plan was last run:
neither plugins nor data are needed to print them again. --build shows the runs of an older build of
bench whose records name it by its SHA-256.`,
		Example: `  bench table quick
  bench table quick --all
  bench table quick --baseline adam --baseline sgd --all
  bench table quick --pairwise
  bench table quick --format latex > tables.tex
  bench table quick --format latex --landscape --all > tables-with-appendix.tex
  bench table quick --format json | jq '.overall[] | [.place, .optimizer]'
  bench table my-plan.yaml --results /scratch/me/runs`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(cmd, format); err != nil {
				return err
			}
			if landscape && (format != "latex" || pairwise) {
				return usagef(cmd,
					"--landscape turns the overview of --format latex, which is not printed")
			}
			there, err := records.open(cmd, args[0])
			if err != nil {
				return err
			}
			plan := &there.campaign.Plan
			names, err := measures.Baselines(plan, baselines)
			if err != nil {
				return err
			}
			tables := measures.NewBuilder(plan, names...)
			if err := there.each(cmd, args[0], tables.Add); err != nil {
				return err
			}
			r, w := tables.Report(), cmd.OutOrStdout()
			if pairwise {
				return formats[format](report.Pairwise{Report: r, Width: terminalWidth(w)}, w)
			}
			return formats[format](report.Ranking{
				Report: r, All: all, Width: terminalWidth(w),
				Landscape: landscape,
			}, w)
		},
	}
	records.add(cmd)
	addFormat(cmd, &format)
	cmd.Flags().BoolVar(&all, "all", false,
		"add the second tables (terminal), or the appendix (latex): how sure, how fast, how tuned")
	cmd.Flags().BoolVar(&landscape, "landscape", false, "turn the overview by 90 degrees (latex)")
	cmd.Flags().BoolVar(&pairwise, "pairwise", false,
		"compare all pairs of optimizers instead of ranking them")
	cmd.Flags().StringArrayVar(&baselines, "baseline", nil,
		"compare with this `ENTRY` of the plan instead of the usual ones (may be repeated)")
	return cmd
}
