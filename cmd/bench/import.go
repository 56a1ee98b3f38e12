package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bridge"
	"noisebench/results/bundle"
)

func newImport() *cobra.Command {
	var dir string
	var flags pluginFlags
	var take baselines
	cmd := &cobra.Command{
		Use:   "import BUNDLE",
		Short: "Put the runs of a published bundle, or another tool's results, into the results folder",
		Long: `Import puts the runs of a bundle that somebody published (bench publish) into the results folder: after the bundle was
checked, and a few of its runs were made again here and compared. Runs that are there stay as they are. Tables say which rows
have runs that were made elsewhere, where, and how many were made again.

BUNDLE is a file, or the name of a published bundle. What other tools measured is read by the commands below, kept in a folder of
its own and never taken for runs of yours: tables show it beside the ranking of the same problem.`,
		Example: `  bench import quick.noisebench.tar.zst
  bench import standard --check 10
  bench import deepobs baselines`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 { // a tool and its folder
				return usagef(cmd, "%w", protocol.Unknown("command", args[0], []string{"deepobs"}))
			}
			return oneArg("bundle")(cmd, args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return slices.Sorted(maps.Keys(bundle.Published())), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if take.check < 0 {
				return usagef(cmd, "--check is %d, want 0 or more", take.check)
			}
			return importBundle(cmd, args[0], dir, &take, &flags)
		},
	}
	flags.add(cmd)
	addResults(cmd, &dir)
	take.addCheck(cmd)
	cmd.AddCommand(newImportDeepOBS())
	return cmd
}

func newImportDeepOBS() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "deepobs DIR",
		Short: "Read a results folder of DeepOBS, such as its published baselines",
		Long: `Deepobs reads a results folder of DeepOBS 1.1 or 1.2: all files PROBLEM/OPTIMIZER/num_epochs__…/random_seed__….json in DIR.
Test problems get our names (fmnist_2c2d is fmnist-2c2d here), optimizers keep theirs; the learning rate is step_size.

The setting with the most runs counts as the one that tuning chose, among equals that with the best mean test metric at the
end: DeepOBS' own rule. NaN and Infinity are runs that diverged. DeepOBS holds no validation data out and judges the last
point, so that even on the same problem its numbers and those of another protocol differ in more than the optimizer; the plan
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
			notes = append(notes, fmt.Sprintf("%s is left out: the run was imported before with another outcome, as %s; "+
				"remove that file to replace it", conflict.Other, conflict.Kept))
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
		return fmt.Errorf("no run of %s was imported into %s: all that it holds is left out, for the reasons above", from, dir)
	}
	fmt.Fprintf(out, "%s imported into %s, %d of them new\n", text.Count(len(records), "run"), dir, added)
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
				name, c.Optimizer, fmt.Sprint(len(c.Tuning)), fmt.Sprint(len(c.Runs)), fmt.Sprint(diverged), c.Setting.String(),
			})
		}
	}
	return printColumns(out, rows)
}

// builtInProblem looks up a problem that bench serves.
func builtInProblem(name string) (protocol.ProblemDef, error) {
	var known []string
	for _, d := range problems.All() {
		if d.Name == name {
			return d, nil
		}
		known = append(known, d.Name)
	}
	return protocol.ProblemDef{}, protocol.Unknown("problem", name, known)
}

// importedCells are the cells of imported runs on the problems of a plan. What is unreadable is left out with a warning.
func importedCells(store *results.Store, plan *protocol.Plan, warnings io.Writer) []results.Cell {
	var records []*results.Record
	for r, err := range store.Imports() {
		if err != nil {
			fmt.Fprintf(warnings, "bench: unreadable import: %v\n", err)
			continue
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return nil
	}
	var cells []results.Cell
	for _, entry := range plan.Problems {
		def, err := builtInProblem(entry.Problem)
		if err != nil {
			continue // of an outside plugin
		}
		parameters, err := protocol.Resolve(def.Parameters, entry.With)
		if err != nil {
			continue // a campaign has said so
		}
		spec, err := def.Spec(parameters)
		if err != nil {
			continue // likewise
		}
		var same []*results.Record
		for _, r := range records {
			if r.Run.Problem.Name == def.Name && maps.Equal(r.Run.Problem.Parameters, parameters) {
				same = append(same, r)
			}
		}
		for _, c := range bridge.Cells(entry.Name, same) {
			if n := c.Runs[0].Run.BatchSize; n != cmp.Or(entry.BatchSize, spec.BatchSize) {
				c.Unranked += fmt.Sprintf(", batch size %d", n)
			}
			if plan.Report == protocol.Best && results.PartFor(&spec, plan.Selection) != protocol.TrainPart {
				c.Unranked += ", judged at the last point"
			}
			cells = append(cells, c)
		}
	}
	return cells
}
