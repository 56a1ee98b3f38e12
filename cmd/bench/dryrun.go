package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"noisebench/harness"
)

// dryRun prints what a campaign would run, and how long it would take by samples of its problems and optimizers, of which
// nothing is kept.
func dryRun(cmd *cobra.Command, campaign *harness.Campaign, alloc harness.Alloc, parallel int) error {
	times, err := campaign.Estimate(cmd.Context(), alloc)
	if err != nil {
		return err
	}
	rows := [][]string{{"PROBLEM", "OPTIMIZER", "RUNS", "BATCH SIZE", "EXAMPLES A RUN", "TIME A RUN", "TIME"}}
	var total time.Duration
	var runs int
	var examples int64
	var impossible []string
	for i, f := range campaign.Forecast() {
		if f.Impossible != "" {
			impossible = append(impossible, fmt.Sprintf("%s cannot run on %s: %s", f.Optimizer, f.Problem, f.Impossible))
			rows = append(rows, []string{f.Problem, f.Optimizer, "cannot run", "–", "–", "–", "–"})
			continue
		}
		size := fmt.Sprint(f.BatchSize)
		if f.Chooses {
			size = "chosen"
		}
		all := time.Duration(f.Runs) * times[i]
		rows = append(rows, []string{
			f.Problem, f.Optimizer, fmt.Sprint(f.Runs), size, fmt.Sprint(f.Examples),
			short(times[i]), short(all / time.Duration(parallel)),
		})
		runs, examples, total = runs+f.Runs, examples+int64(f.Runs)*f.Examples, total+all
	}
	if err := printColumns(cmd.OutOrStdout(), rows); err != nil {
		return err
	}
	for _, text := range impossible {
		fmt.Fprintf(cmd.OutOrStdout(), "note: %s\n", text)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "\nat most %s, %d examples, about %s with %s side by side\n",
		count(runs, "run"), examples, short(total/time.Duration(parallel)), count(parallel, "run"))
	return err
}
