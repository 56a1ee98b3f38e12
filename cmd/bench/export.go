package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/results/bridge"
)

func newExport() *cobra.Command {
	records := finder{traces: true}
	var format, out string
	cmd := &cobra.Command{
		Use:   "export PLAN|FILE --to FORMAT --out DIR",
		Short: "Write the runs of a plan for pandas, R, benchopt or IOHanalyzer",
		Long: `Export writes the results of a plan to files of a folder, without running anything.
Formats:

  parquet, csv, json  Three tables of all finished runs, including tuning and imported ones.
                      runs: what each run was for (for_sweep, for_tie, for_replicate,
                      for_one_shot), whether tuning chose its setting, its status, scores, counters,
                      clocks and identity, and the setting in columns set_NAME. points: every
                      evaluation. trace: every traced step, with columns report_NAME and
                      diagnostic_NAME. They join on problem, optimizer and run. Further, measures:
                      everything that tables show, a row per problem and optimizer; and columns:
                      what the columns of measures mean.
  benchopt            PLAN.parquet, as benchopt keeps it in outputs/: a row per evaluation of a
                      replicate. stop_val is examples seen, objective_value the training loss,
                      idx_rep counts the seeds.
  iohanalyzer         A folder per optimizer that IOHanalyzer and iohinspector read. The function ID
                      is the problem's position in the plan, the instance is the seed, evaluations
                      are examples seen (the start is evaluation 1), and raw_y is the metric on the
                      part that tables report.

score is the metric that tables use for a run. Over the rows with for_replicate, its mean and sample
standard deviation are score_mean and score_std of measures, which "bench table" prints.`,
		Example: `  bench export quick --to parquet --out tables
  python3 -c 'import pandas as pd; r = pd.read_parquet("tables/runs.parquet"); '\
  'print(r[r.for_replicate].groupby(["problem", "optimizer"]).score.agg(["mean", "std"]))'
  Rscript -e 'r <- arrow::read_parquet("tables/runs.parquet")' \
          -e 'aggregate(score ~ optimizer + problem, r[r$for_replicate, ], function(x) c(mean = mean(x), std = sd(x)))'

  bench export quick --to benchopt --out benchmark_noise/outputs
  benchopt plot benchmark_noise --filename quick.parquet

  bench export quick --to iohanalyzer --out ioh && zip -r ioh.zip ioh`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			names := strings.Join(bridge.Formats(), ", ")
			switch {
			case format == "":
				return usagef(cmd, "no format given; name one by --to: %s", names)
			case !slices.Contains(bridge.Formats(), format):
				return usagef(cmd, "--to is %q, want one of %s", format, names)
			case out == "":
				return usagef(cmd, "no folder given; name one by --out")
			}
			plan, cells, err := records.find(cmd, args[0])
			if err != nil {
				return err
			}
			return bridge.Export(bridge.Source{Plan: plan, Cells: cells}, format, out,
				func(file string, rows int) {
					if rows >= 0 {
						file += ", " + text.Count(rows, "row")
					}
					fmt.Fprintln(cmd.OutOrStdout(), file)
				})
		},
	}
	records.add(cmd)
	cmd.Flags().StringVar(&format, "to", "", "`FORMAT`: "+strings.Join(bridge.Formats(), ", "))
	cmd.Flags().StringVar(&out, "out", "",
		"`DIR` for the files; older ones of the same names are replaced")
	completeFlag(cmd, "to", bridge.Formats())
	return cmd
}
