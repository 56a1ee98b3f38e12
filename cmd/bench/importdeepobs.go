package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/results"
	"noisebench/results/bridge"
)

func newImportDeepOBS() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "deepobs DIR",
		Short: "Read a results folder of DeepOBS, such as its published baselines",
		Long: `Deepobs reads a results folder of DeepOBS 1.1 or 1.2: all files
PROBLEM/OPTIMIZER/num_epochs__…/random_seed__….json in DIR. Test problems get the names they have
here (fmnist_2c2d is fmnist-2c2d), optimizers keep theirs; the learning rate is step_size.

The setting with the most runs counts as the one that tuning chose, and among several of these the
one with the best mean test metric at the end, which is DeepOBS' own rule. NaN and Infinity are
diverged runs. DeepOBS has no validation data and evaluates the last point, so even on the same
problem its numbers differ from those of another protocol in more than the optimizer; the plan
deepobs-small follows its protocol.`,
		Example: `  bench import deepobs baselines
  bench import deepobs results/quadratic_deep -o /scratch/me/runs
  bench table deepobs-small`,
		Args: oneArg("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return importDeepOBS(cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], dir)
		},
	}
	addResults(cmd, &dir)
	return cmd
}

func importDeepOBS(out, warnings io.Writer, from, dir string) error {
	store, err := results.Open(dir)
	if err != nil {
		return err
	}
	records, notes, err := bridge.ReadDeepOBS(from, builtInProblem)
	if err != nil {
		return err
	}
	added := 0
	kept := map[string][]*results.Record{} // by problem
	for _, r := range records {
		isNew, err := store.Import(r)
		var conflict *results.ConflictError
		switch {
		case errors.As(err, &conflict):
			notes = append(notes,
				fmt.Sprintf("%s is left out: the run was imported before with another outcome, "+
					"as %s; remove that file to replace it", conflict.Other, conflict.Kept))
			continue
		case err != nil:
			return err
		case isNew:
			added++
		}
		kept[r.Run.Problem.Name] = append(kept[r.Run.Problem.Name], r)
	}
	for _, note := range notes {
		fmt.Fprintf(warnings, "note: %s\n", note)
	}
	if len(kept) == 0 {
		return fmt.Errorf("no run of %s was imported into %s: all that it holds is left out, for "+
			"the reasons above", from, dir)
	}
	fmt.Fprintf(out, "%s imported into %s, %d of them new\n", text.Count(len(records), "run"), dir,
		added)
	fmt.Fprintln(out)
	rows := [][]string{{"PROBLEM", "OPTIMIZER", "TUNING RUNS", "REPLICATES", "DIVERGED", "CHOSEN"}}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		for _, c := range bridge.Cells(name, kept[name]) {
			diverged := 0
			for _, r := range c.Runs {
				if r.Diverged() {
					diverged++
				}
			}
			rows = append(rows, []string{
				name, c.Optimizer, fmt.Sprint(len(c.Tuning)), fmt.Sprint(len(c.Runs)),
				fmt.Sprint(diverged), c.Setting.String(),
			})
		}
	}
	return printColumns(out, rows)
}
