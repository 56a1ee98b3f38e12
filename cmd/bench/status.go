package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"noisebench/harness/slurm"
	"noisebench/internal/text"
	"noisebench/results"
	"noisebench/results/claim"
)

func newStatus() *cobra.Command {
	var records finder
	cmd := &cobra.Command{
		Use:   "status PLAN|FILE",
		Short: "Tell how far a plan is that runs elsewhere",
		Long: `Status tells of each optimizer on each problem how many runs are done, which are being made and where, and about how long the
rest takes, from the records and claims in the results folder; and of the jobs that bench submit submitted what the queue of
Slurm says of them. A run whose harness has died is made by another, at the latest five minutes after that looks for it.`,
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
			var numbers []string
			for _, j := range jobs {
				numbers = append(numbers, j.Number)
			}
			queue, queueErr := slurm.Queue(cmd.Context(), numbers)
			claims, err := claim.List(records.dir)
			if err != nil {
				return err
			}
			owners := map[string]*claim.Claim{}
			for i := range claims {
				owners[claims[i].ID] = &claims[i]
			}
			cells, due := there.campaign.Cells(there.store.Find)
			forecast := there.campaign.Forecast()
			rows := [][]string{{"PROBLEM", "OPTIMIZER", "DONE", "FAILED", "LEFT", "RUNNING", "DEAD", "TIME LEFT"}}
			var done, left, running int
			var time1 time.Duration // of what is left, with one run at a time
			for i, c := range cells {
				if c.Impossible != "" {
					continue
				}
				all := slices.Concat(c.Tuning, c.Runs, c.OneShot)
				n := len(due[i])
				if c.Setting == nil {
					n = max(n, forecast[i].Runs-len(all))
				}
				where, dead := map[string]int{}, 0
				for _, task := range due[i] {
					switch owner := owners[task.ID]; {
					case owner == nil:
					case owner.Gone || queueErr == nil && ended(owner.Owner.Job, numbers, queue):
						dead++
					default:
						where[owner.Owner.Machine]++
						running++
					}
				}
				remaining := meanTime(all) * time.Duration(n)
				time1 += remaining
				done, left = done+len(all), left+n
				rows = append(rows, []string{
					c.Problem, c.Optimizer, fmt.Sprint(len(all)), dash(len(c.Failed)), dash(n), places(where), dash(dead), leftText(remaining, n),
				})
			}
			out := cmd.OutOrStdout()
			if err := printColumns(out, rows, "FAILED", "DEAD"); err != nil {
				return err
			}
			printText(out, fmt.Sprintf("\n%s done, at most %d left, %d being made", text.Count(done, "run"), left, running))
			if left > 0 && time1 > 0 {
				printText(out, fmt.Sprintf("about %s left at this pace", short(time1/time.Duration(max(1, running)))))
			}
			for _, j := range jobs {
				printText(out, jobText(&j, queue, queueErr))
			}
			return nil
		},
	}
	records.add(cmd)
	return cmd
}

// ended reports whether an owner was a task of one of these jobs and is in the queue no more.
func ended(task string, jobs []string, queue []slurm.Task) bool {
	job, _, _ := strings.Cut(task, "_")
	return slices.Contains(jobs, job) && !slices.ContainsFunc(queue, func(t slurm.Task) bool { return t.ID() == task })
}

// jobText tells how a job stands.
func jobText(j *slurm.Job, queue []slurm.Task, queueErr error) string {
	if queueErr != nil {
		return fmt.Sprintf("job %s: %v", j.Number, queueErr)
	}
	states, nodes, reasons := map[string]int{}, map[string]bool{}, map[string]bool{}
	var least time.Duration = -1
	for _, t := range queue {
		if t.Job != j.Number {
			continue
		}
		states[strings.ToLower(t.State)]++
		if t.Node != "" {
			nodes[t.Node] = true
			if t.State == "RUNNING" && t.Left >= 0 && (least < 0 || t.Left < least) {
				least = t.Left
			}
		} else if t.Reason != "None" {
			reasons[t.Reason] = true
		}
	}
	if len(states) == 0 {
		return fmt.Sprintf("job %s has ended; its output is in %s", j.Number, strings.NewReplacer("%A", j.Number, "%a", "*").Replace(j.Log))
	}
	var parts []string
	for _, s := range slices.Sorted(maps.Keys(states)) {
		parts = append(parts, fmt.Sprintf("%d %s", states[s], s))
	}
	text := fmt.Sprintf("job %s: %s of %s", j.Number, strings.Join(parts, ", "), text.Count(j.Tasks, "task"))
	if len(nodes) > 0 {
		text += " on " + strings.Join(slices.Sorted(maps.Keys(nodes)), ", ")
	}
	if least >= 0 {
		text += fmt.Sprintf(", the first ends in %s", short(least))
	}
	if len(reasons) > 0 {
		text += "; waiting for " + strings.Join(slices.Sorted(maps.Keys(reasons)), ", ")
	}
	return text
}

// meanTime is what the runs took on average.
func meanTime(runs []*results.Record) time.Duration {
	var seconds float64
	for _, r := range runs {
		h := &r.Host
		seconds += h.ProblemTime + h.OptimizerTime + h.EvaluateTime + h.HarnessTime
	}
	return time.Duration(seconds / float64(max(1, len(runs))) * float64(time.Second))
}

// leftText tells the time for n runs.
func leftText(d time.Duration, n int) string {
	switch {
	case n == 0:
		return "–"
	case d == 0:
		return "unknown"
	}
	return short(d)
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
