package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"noisebench/harness/folder"
	"noisebench/harness/slurm"
	"noisebench/internal/text"
	"noisebench/results/claim"
)

func newStatus() *cobra.Command {
	var records finder
	cmd := &cobra.Command{
		Use:   "status PLAN|FILE",
		Short: "Show the progress of a plan that runs elsewhere",
		Long: `Status shows, for each optimizer on each problem, how many runs are done, which runs
are being made and where, and about how long the rest will take, by the records and claims in the
results folder. For jobs that bench submit submitted, it shows their state in the queue of Slurm. A
run whose process has died is made by another process, at the latest five minutes after that one has
looked for it.`,
		Example: `  bench status quick
  bench status my-plan.yaml --results /shared/runs`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			there, err := records.open(cmd, args[0])
			if err != nil {
				return err
			}
			jobs, err := slurm.Jobs(records.dir, there.campaign.Plan.Name)
			if err != nil {
				return err
			}
			queue, queueErr := slurm.Queue(cmd.Context(), slurm.Numbers(jobs))
			claims, err := claim.List(records.dir)
			if err != nil {
				return err
			}
			states := there.store.States(there.campaign, claims, func(owner *claim.Owner) bool {
				return queueErr == nil && slurm.Ended(owner.Job, jobs, queue)
			})
			if err := printStates(cmd.OutOrStdout(), states); err != nil {
				return err
			}
			for _, j := range jobs {
				line := j.Describe(queue)
				if queueErr != nil {
					line = fmt.Sprintf("job %s: %v", j.Number, queueErr)
				}
				printText(cmd.OutOrStdout(), line)
			}
			return nil
		},
	}
	records.add(cmd)
	return cmd
}

func printStates(w io.Writer, states []folder.State) error {
	rows := [][]string{{
		"PROBLEM", "OPTIMIZER", "DONE", "FAILED", "LEFT", "RUNNING", "DEAD",
		"TIME LEFT",
	}}
	var done, left, running int
	var remaining time.Duration // with one run at a time
	for _, s := range states {
		for _, n := range s.Running {
			running += n
		}
		done, left, remaining = done+s.Done, left+s.Left, remaining+s.Remaining
		rows = append(rows, []string{
			s.Problem, s.Optimizer, fmt.Sprint(s.Done), dash(s.Failed), dash(s.Left),
			places(s.Running), dash(s.Dead),
			timeLeft(s.Remaining, s.Left),
		})
	}
	if err := printColumns(w, rows, "FAILED", "DEAD"); err != nil {
		return err
	}
	printText(w, fmt.Sprintf("\n%s done, at most %d left, %d being made", text.Count(done, "run"),
		left, running))
	if left > 0 && remaining > 0 {
		printText(w, fmt.Sprintf("about %s left at this pace",
			text.Duration(remaining/time.Duration(max(1, running)))))
	}
	return nil
}

// timeLeft writes the time for n runs.
func timeLeft(d time.Duration, n int) string {
	switch {
	case n == 0:
		return "–"
	case d == 0:
		return "unknown"
	}
	return text.Duration(d)
}

func dash(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// places lists machines with the number of runs that each makes.
func places(where map[string]int) string {
	var parts []string
	for _, machine := range slices.Sorted(maps.Keys(where)) {
		parts = append(parts, fmt.Sprintf("%d on %s", where[machine], machine))
	}
	if parts == nil {
		return "–"
	}
	return strings.Join(parts, ", ")
}
