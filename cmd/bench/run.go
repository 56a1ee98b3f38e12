package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/internal/text"
	"noisebench/results"
)

func newRun() *cobra.Command {
	var flags pluginFlags
	var format string
	var dry bool
	making := &making{}
	taking := &baselines{}
	cmd := &cobra.Command{
		Use:   "run PLAN|FILE",
		Short: "Make all runs of a plan and print its tables",
		Long: `Run makes all runs of a plan that the results folder does not hold yet, and prints
ranked tables.

A plan is a built-in one (bench list plans) or a YAML file of your own (bench show quick prints one
to start from). It may be interrupted at any time, by Ctrl-C or worse: what is finished is kept, and
the same command goes on from there.

An optimizer or problem of a plan is one of bench's own, or one that a plugin serves: by its name,
if the plugin is in $NOISEBENCH_PLUGIN_PATH, .noisebench/plugins, ~/.local/share/noisebench/plugins,
or on $PATH as noisebench-…, or is named by --plugin or under "plugins:" in the plan; or by its
path, as ./my-plugin or ./my-plugin:my-optimizer. Paths under "plugins:" are relative to the plan's
file, all others to the working directory. python:torch.optim:NAdam is an optimizer of a Python
module, found as Python finds it, or path/to/file.py in the module's place: a class of PyTorch, a
function on numpy arrays, or whatever the package noisebench for Python has made (plugins/python).

A pair that does not fit, since the optimizer needs what the problem does not measure, cannot run
and is not ranked; the rest of the plan goes on. The time that --dry-run prints is estimated from
short samples of each problem and each optimizer.

Runs that take long are saved every few minutes, and when bench is told to stop: by Ctrl-C, by the
signal of a batch system, or by --stop-after. The next bench run resumes them to the same bits, on
the same kind of machine, unless their optimizer does not save its state. Several bench run may
share a results folder, on any number of machines: each run is made by one of them. Where no folder
is shared, --launch starts workers by any command (ssh NODE, srun, …) whose runs are kept here. See
also bench submit.

Runs belong to what computes them: a rebuild of bench finds its runs again, and a change of an
optimizer makes that one's runs anew. With --baselines, runs that somebody published in a bundle
(bench publish) are taken instead of made again, after the bundle was checked and a few of its runs
were made again here and compared; tables say which rows they are in. So to rank an optimizer
against published ones costs its own runs alone.`,
		Example: `  bench run quick
  bench run quick --dry-run
  bench run my-plan.yaml --plugin ./my-plugin --results /scratch/me/runs -j 8
  bench run my-plan.yaml --baselines standard
  bench run my-plan.yaml --only optimizer=adam,problem=beale --only optimizer=cabs
  bench run my-plan.yaml --stop-after 3h55m || echo "run it again to resume"
  bench run my-plan.yaml --launch 'ssh node7' --launch 'ssh node8'
  bench run quick --format markdown > table.md`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := making.check(cmd); err != nil {
				return err
			}
			if err := checkFormat(cmd, format); err != nil {
				return err
			}
			dir, parallel := making.dir, making.parallel
			plan, err := plans.Load(args[0])
			if err != nil {
				return err
			}
			making.plugins, making.flags = plan.Plugins, flags.args()
			flags.threads = max(1, runtime.NumCPU()/parallel)
			making.threads = flags.threads
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
				return dryRun(cmd, campaign, catalogue.Alloc, making)
			}
			cells, err := execute(cmd, campaign, definitions, catalogue, making)
			if err != nil {
				return err
			}
			if len(making.only) > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "the selected part of plan %s is done; see: bench "+
					"table %s\n", campaign.Plan.Name, args[0])
				return failures(cells)
			}
			store, err := results.Open(dir)
			if err != nil {
				return err
			}
			beside := importedCells(store, &campaign.Plan, cmd.ErrOrStderr())
			notes := notesIn(dir, cmd.ErrOrStderr())
			notes.MarkTaken(cells)
			if err := printTables(cmd.OutOrStdout(), format, &campaign.Plan,
				append(cells, beside...)); err != nil {
				return err
			}
			return failures(cells)
		},
	}
	flags.add(cmd)
	making.add(cmd)
	taking.add(cmd)
	addFormat(cmd, &format)
	cmd.Flags().BoolVar(&dry, "dry-run", false,
		"print what would be run and how long it would take, and run nothing")
	return cmd
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
	do := "do"
	if n == 1 {
		do = "does"
	}
	return fmt.Errorf("%s failed and %s not count; the same command tries them again",
		text.Count(n, "run"), do)
}
