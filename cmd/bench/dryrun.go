package main

import (
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// sampleTime is how long a cell of a plan is run to estimate its speed.
const sampleTime = 30 * time.Millisecond

// dryRun prints what a campaign would run, and how long it would take by a short run of each cell, of which nothing is
// kept.
func dryRun(cmd *cobra.Command, campaign *harness.Campaign, alloc harness.Alloc, parallel int) error {
	rows := [][]string{{"PROBLEM", "OPTIMIZER", "RUNS", "BATCH SIZE", "EXAMPLES A RUN", "TIME A RUN", "TIME"}}
	var total time.Duration
	var runs int
	var examples int64
	for _, f := range campaign.Forecast() {
		each, err := estimate(cmd, &f, alloc)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", f.Optimizer, f.Problem, err)
		}
		size := fmt.Sprint(f.BatchSize)
		if f.Chooses {
			size = "chosen"
		}
		all := time.Duration(f.Runs) * each
		rows = append(rows, []string{
			f.Problem, f.Optimizer, fmt.Sprint(f.Runs), size, fmt.Sprint(f.Examples),
			short(each), short(all / time.Duration(parallel)),
		})
		runs, examples, total = runs+f.Runs, examples+int64(f.Runs)*f.Examples, total+all
	}
	if err := printColumns(cmd.OutOrStdout(), rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\nat most %s, %d examples, about %s with %s side by side\n",
		count(runs, "run"), examples, short(total/time.Duration(parallel)), count(parallel, "run"))
	return err
}

// estimate is how long a run of a cell takes: steps in proportion to the examples, and its evaluations. It makes runs
// with ever larger budgets until one takes long enough to tell, at ever smaller step sizes if they diverge. The least
// time of at least two runs counts: the first may read data, and any may be held up by the machine.
func estimate(cmd *cobra.Command, f *harness.Forecast, alloc harness.Alloc) (time.Duration, error) {
	run := f.First.Run
	budget, evaluations := run.Budget, run.Evaluations
	run.Evaluations, run.Trace = 1, 0
	example, evaluation := math.Inf(1), math.Inf(1) // seconds for one
	for size, done := int64(8*run.BatchSize), 0; ; {
		run.Budget = min(budget, size)
		record, err := harness.Run(cmd.Context(), f.ProblemDef, f.OptimizerDef, run, alloc)
		if err != nil {
			return 0, err
		}
		if α := run.Optimizer.Setting[protocol.StepSize]; record.End.Status == results.Diverged && α > 1e-12 {
			run.Optimizer.Setting = maps.Clone(run.Optimizer.Setting)
			run.Optimizer.Setting[protocol.StepSize] = α / 10
			continue
		}
		h := record.Host
		steps := h.ProblemTime + h.OptimizerTime + h.HarnessTime
		example = min(example, steps/float64(max(1, record.End.Seen)))
		evaluation = min(evaluation, h.EvaluateTime/float64(len(record.Points)))
		done++
		if done > 1 && (run.Budget == budget || steps >= sampleTime.Seconds()) {
			break
		}
		size *= 4
	}
	seconds := example*float64(budget) + evaluation*float64(evaluations+1)
	return time.Duration(seconds * float64(time.Second)), nil
}
