package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
)

// dryRun prints what a plan would run, and how long it would take, estimated from samples of its
// problems and optimizers, which are not stored. Pairs of which the results folder and bundles have
// all runs are left out.
func dryRun(
	cmd *cobra.Command, plan protocol.Plan, c *catalogue.Catalogue, m *making, b *baselines,
) error {
	campaign, _, from, err := b.campaign(cmd, plan, c, m.dir)
	if err != nil {
		return err
	}
	finished, err := b.finished(cmd, campaign, from, m.dir)
	if err != nil {
		return err
	}
	selected, err := m.selection(&campaign.Plan)
	if err != nil {
		return err
	}
	only := func(problem, optimizer string) bool {
		return !finished[[2]string{problem, optimizer}] &&
			(selected == nil || selected(problem, optimizer))
	}
	costs, err := campaign.Estimate(cmd.Context(), c.Alloc, only)
	if err != nil {
		return err
	}
	parallel := m.parallel
	rows := [][]string{{
		"PROBLEM", "OPTIMIZER", "RUNS", "BATCH SIZE", "EXAMPLES A RUN",
		"TIME A RUN", "TIME",
	}}
	total := campaign.Total(costs)
	var runs, done int
	var examples int64
	var notes []string           // on pairs that cannot run, or may fail
	where := map[string]string{} // problems, by note
	note := func(text, problem string) {
		if where[text] == "" {
			notes = append(notes, text)
			where[text] = problem
		} else {
			where[text] += ", " + problem
		}
	}
	for i, f := range campaign.Forecast() {
		if f.Impossible == "" && finished[[2]string{f.Problem, f.Optimizer}] {
			done++
		}
		if selected != nil && !selected(f.Problem, f.Optimizer) ||
			f.Impossible == "" && !only(f.Problem, f.Optimizer) {
			continue
		}
		if f.Impossible != "" {
			note(fmt.Sprintf("%s cannot run: %s", f.Optimizer, f.Impossible), f.Problem)
			rows = append(rows, []string{f.Problem, f.Optimizer, "cannot run", "–", "–", "–", "–"})
			continue
		}
		if !f.Saves {
			note(fmt.Sprintf("%s does not save its state: an interrupted run of it starts again",
				f.Optimizer), f.Problem)
		}
		size := fmt.Sprint(f.BatchSize)
		if f.Chooses {
			size = "chosen"
		}
		each, all := "unknown", "unknown"
		cost := time.Duration(f.Runs) * costs[i].Time
		if fault := costs[i].Fault; fault == nil {
			each, all = text.Duration(costs[i].Time), text.Duration(cost/time.Duration(parallel))
		} else {
			note(fmt.Sprintf("%s may fail: %v", f.Optimizer, fault), f.Problem)
		}
		rows = append(rows, []string{
			f.Problem, f.Optimizer, fmt.Sprint(f.Runs), size,
			fmt.Sprint(f.Examples), each, all,
		})
		runs, examples = runs+f.Runs, examples+int64(f.Runs)*f.Examples
	}
	if err := printColumns(cmd.OutOrStdout(), rows, "EXAMPLES A RUN", "BATCH SIZE", "TIME A RUN",
		"RUNS"); err != nil {
		return err
	}
	for _, text := range notes {
		printText(cmd.OutOrStdout(), fmt.Sprintf("note: on %s: %s\n", where[text], text))
	}
	if done > 0 {
		printText(cmd.OutOrStdout(), fmt.Sprintf("note: %s left out, whose runs are all in %s or in "+
			"bundles\n", text.CountIs(done, "optimizer-problem pair"), m.dir))
	}
	printText(cmd.OutOrStdout(),
		fmt.Sprintf("\nat most %s, %d examples, about %s with %s side by side\n",
			text.Count(runs, "run"), examples, text.Duration(total/time.Duration(parallel)),
			text.Count(parallel, "run")))
	return nil
}
