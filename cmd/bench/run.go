package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/internal/text"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/report"
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
		Long: `Run executes all runs of a plan that are not yet in the results folder, and prints
ranked tables.

A plan is a built-in one (bench list plans) or a YAML file of your own (bench show quick prints one
to start from). Run can be interrupted at any time: finished runs are kept, and the same command
resumes the plan.

The optimizers and problems of a plan are those of bench and those that plugins serve. A plugin's
are found by name if the plugin is in $NOISEBENCH_PLUGIN_PATH, .noisebench/plugins or
~/.local/share/noisebench/plugins, on $PATH as noisebench-…, or named by --plugin or under
"plugins:" in the plan; and by path, as ./my-plugin or ./my-plugin:my-optimizer. Paths under
"plugins:" are relative to the plan's file, all others to the working directory.
python:torch.optim:NAdam is an optimizer of a Python module, found as Python finds it;
path/to/file.py may replace the module. It can be a class of PyTorch, a function on numpy arrays, or
an object that the Python package noisebench (plugins/python) has made.

Plugins run in processes of their own, so that one that crashes or hangs fails its own runs alone;
bench's own optimizers and problems are called in the process of bench, unless --isolate is given.
The bits are the same.

A pair whose optimizer needs a quantity that the problem does not measure cannot run and is not
ranked; the rest of the plan is executed. The time that --dry-run prints is estimated from short
samples of each problem and each optimizer.

Long runs are saved every few minutes, and when bench is stopped: by Ctrl-C, by a signal of the
batch system, or by --stop-after. The next bench run resumes them to the same bits on the same kind
of machine, unless their optimizer does not save its state. Several bench run commands may share a
results folder, on any number of machines: each run is made by one of them. Where no folder is
shared, --launch starts workers by any command (ssh NODE, srun, …), whose runs are stored here. See
also bench submit.

Runs belong to the code that computed them: a rebuilt bench finds its runs again, and if an
optimizer changes, its runs are made again. With --baselines, runs of a published bundle (bench
publish) are used instead of being made again, after the bundle has been checked and a few of its
runs have been made again here and compared; tables mark their rows. So ranking an optimizer against
published ones costs only its own runs.`,
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
			flags.threads = threadsEach(parallel)
			making.threads = flags.threads
			flags.results = dir
			catalogue, err := flags.open(cmd, plan.Plugins...)
			if err != nil {
				return err
			}
			defer catalogue.Close()
			if dry {
				return dryRun(cmd, plan, catalogue, making, taking)
			}
			campaign, definitions, err := taking.take(cmd, plan, catalogue, dir, parallel)
			if err != nil {
				return err
			}
			store, failed, err := execute(cmd, campaign, definitions, catalogue, making)
			if err != nil {
				return err
			}
			if len(making.only) > 0 {
				if len(failed) == 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "the selected part of plan %s is done; see: "+
						"bench table %s\n", campaign.Plan.Name, args[0])
				}
				return failures(failed)
			}
			there := &found{
				campaign: campaign, store: store, notes: notesIn(dir, cmd.ErrOrStderr()),
			}
			tables, w := measures.NewBuilder(&campaign.Plan), cmd.OutOrStdout()
			if err := there.each(cmd, args[0], tables.Add); err != nil {
				return err
			}
			if err := formats[format](report.Ranking{
				Report: tables.Report(), Width: terminalWidth(w),
			}, w); err != nil {
				return err
			}
			return failures(failed)
		},
	}
	flags.add(cmd)
	making.add(cmd)
	taking.add(cmd)
	addFormat(cmd, &format)
	cmd.Flags().BoolVar(&dry, "dry-run", false,
		"print what would be run and how long it would take, without running it")
	return cmd
}

// failures is an error if runs failed, with the reason of one of them.
func failures(failed map[string]*results.Record) error {
	if len(failed) == 0 {
		return nil
	}
	do := "do"
	if len(failed) == 1 {
		do = "does"
	}
	run := failed[slices.Min(slices.Collect(maps.Keys(failed)))]
	return fmt.Errorf("%s failed and %s not count; the same command tries them again. One of them, "+
		"%s on %s, seed %d: %s", text.Count(len(failed), "run"), do, run.Run.Optimizer.Name,
		run.Run.Problem.Name, run.Run.Seed, text.OneLine(run.End.Reason))
}
