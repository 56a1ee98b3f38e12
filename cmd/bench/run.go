package main

import (
	"fmt"
	"maps"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

func newRun() *cobra.Command {
	var flags pluginFlags
	var dir, format string
	var parallel int
	var dry bool
	taking := &baselines{}
	cmd := &cobra.Command{
		Use:   "run PLAN|FILE",
		Short: "Make all runs of a plan and print its tables",
		Long: `Run makes all runs of a plan that the results folder does not hold yet, and prints ranked tables.

A plan is a built-in one (bench list plans) or a YAML file of your own (bench show quick prints one to start from). It may
be interrupted at any time, by Ctrl-C or worse: what is finished is kept, and the same command goes on from there.

An optimizer or problem of a plan is one of bench's own, or one that a plugin serves: by its name, if the plugin is in
$NOISEBENCH_PLUGIN_PATH, .noisebench/plugins, ~/.local/share/noisebench/plugins, or on $PATH as noisebench-…, or is named by
--plugin or under "plugins:" in the plan; or by its path, as ./my-plugin or ./my-plugin:my-optimizer. Paths under "plugins:" are
relative to the plan's file, all others to the working directory.

A pair that does not fit, since the optimizer needs what the problem does not measure, cannot run and is not ranked; the rest of
the plan goes on. The time that --dry-run prints is estimated from short samples of each problem and each optimizer.

Runs belong to what computes them: a rebuild of bench finds its runs again, and a change of an optimizer makes that one's runs
anew. With --baselines, runs that somebody published in a bundle (bench publish) are taken instead of made again, after the
bundle was checked and a few of its runs were made again here and compared; tables say which rows they are in. So to rank an
optimizer against published ones costs its own runs alone.`,
		Example: `  bench run quick
  bench run quick --dry-run
  bench run my-plan.yaml --plugin ./my-plugin --results /scratch/me/runs -j 8
  bench run my-plan.yaml --baselines standard
  bench run quick --format markdown > table.md`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			if parallel < 1 {
				return usagef(cmd, "--parallel is %d, want at least 1", parallel)
			}
			if err := checkFormat(cmd, format); err != nil {
				return err
			}
			plan, err := plans.Load(args[0])
			if err != nil {
				return err
			}
			flags.threads = max(1, runtime.NumCPU()/parallel)
			catalogue, err := flags.open(cmd, plan.Plugins...)
			if err != nil {
				return err
			}
			defer catalogue.Close()
			var from baselines
			if !dry {
				from = *taking
			}
			campaign, definitions, err := from.take(cmd, plan, catalogue, dir, parallel)
			if err != nil {
				return err
			}
			if dry {
				return dryRun(cmd, campaign, catalogue.host.Alloc, parallel)
			}
			cells, err := execute(cmd, campaign, definitions, catalogue, dir, parallel)
			if err != nil {
				return err
			}
			store, err := results.Open(dir)
			if err != nil {
				return err
			}
			beside := importedCells(store, &campaign.Plan, cmd.ErrOrStderr())
			_, taken := notesIn(dir, cmd.ErrOrStderr())
			markTaken(cells, taken)
			if err := printTables(cmd.OutOrStdout(), format, &campaign.Plan, append(cells, beside...)); err != nil {
				return err
			}
			return failures(cells)
		},
	}
	flags.add(cmd)
	addResults(cmd, &dir)
	taking.add(cmd)
	addFormat(cmd, &format)
	cmd.Flags().IntVarP(&parallel, "parallel", "j", runtime.NumCPU(), "runs side by side")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what would be run and how long it would take, and run nothing")
	return cmd
}

// execute makes the runs of a campaign that the results folder does not hold.
func execute(cmd *cobra.Command, campaign *harness.Campaign, definitions bundle.Lookup, c *catalogue, dir string, parallel int,
) ([]results.Cell, error) {
	stderr := cmd.ErrOrStderr()
	store, err := openResults(dir, stderr)
	if err != nil {
		return nil, err
	}
	if err := store.prepare(); err != nil {
		return nil, err
	}
	if err := savePlan(dir, &campaign.Plan, definitions); err != nil {
		return nil, err
	}
	started := time.Now()
	display := newProgress(stderr, func() []results.Cell {
		cells, _ := campaign.Cells(store.known)
		return cells
	})
	host := thisHost()
	host.Threads = c.threads
	cells, err := campaign.Execute(cmd.Context(), harness.Options{
		Store: store, Parallel: parallel, Alloc: c.host.Alloc, Host: host,
		Progress: func(p harness.Progress) {
			if p.Record == nil && p.Found == 0 {
				for _, other := range store.otherCode(campaign) {
					fmt.Fprintf(stderr, "note: %s holds %s; they stay, but are not these runs\n", dir, other)
				}
			}
			display.update(p)
		},
	})
	display.finish()
	switch {
	case cmd.Context().Err() != nil:
		return nil, interruption(fmt.Sprintf("interrupted: %s safe in %s; the same command goes on from there",
			isAre(store.finished(), "finished run"), dir))
	case err != nil:
		return nil, err
	}
	fmt.Fprintf(stderr, "%s made in %s, %s found in %s\n",
		count(store.finished()-display.last.Found, "run"), short(time.Since(started)), count(display.last.Found, "run"), dir)
	return cells, nil
}

// failures is an error if runs failed.
func failures(cells []results.Cell) error {
	n := 0
	for _, cell := range cells {
		n += len(cell.Failed)
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s failed and do not count; the same command tries them again", count(n, "run"))
}

// savePlan keeps in the results folder what the plan's names mean now, so that its records can be read without plugins.
func savePlan(dir string, plan *protocol.Plan, definitions bundle.Lookup) error {
	described, err := bundle.Describe(plan, definitions, maps.Values(map[string]*results.Record(nil)))
	if err != nil {
		return err
	}
	s := &bundle.Saved{
		Plan: *plan, Definitions: *described, Executables: map[string]bundle.Executable{}, When: time.Now().UTC().Format(time.RFC3339),
	}
	note := func(name string, o protocol.Origin) {
		if o.Plugin != builtIn && o.Path != "" {
			s.Executables[name] = bundle.Executable{Path: o.Path, SHA256: o.Executable}
		}
	}
	for _, e := range plan.Optimizers {
		if def, err := definitions.Optimizer(e.Optimizer); err == nil {
			note(e.Optimizer, def.Origin)
		}
	}
	for _, e := range plan.Problems {
		if def, err := definitions.Problem(e.Problem); err == nil {
			note(e.Problem, def.Origin)
		}
	}
	return bundle.Save(dir, s)
}
