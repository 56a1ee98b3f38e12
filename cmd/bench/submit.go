package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/harness/folder"
	"noisebench/harness/slurm"
	"noisebench/internal/text"
)

func newSubmit() *cobra.Command {
	var flags pluginFlags
	var dir, limit string
	var nodes, parallel, gpus int
	cmd := &cobra.Command{
		Use:   "submit PLAN|FILE [-- SBATCH OPTIONS]",
		Short: "Submit a plan to Slurm as an array of jobs",
		Long: `Submit submits a job array to Slurm. All of its tasks run bench run PLAN on the same
results folder, which they must share; each run is made by one of them. There are at most --nodes
tasks, fewer if the estimated time of the plan (bench run --dry-run) needs fewer. A task stops some
time before its limit and saves its unfinished runs. Nothing is resubmitted automatically: bench
submit or bench run continues with what is left.

Arguments after -- are passed to sbatch. bench status shows the progress of a plan, and bench cancel
ends its jobs.

Other batch systems need only an array of the same command: all tasks can run the same bench run.

  PBS           qsub -J 0-9 -l walltime=4:00:00 -- \
                  /usr/bin/env bench run my-plan.yaml -o /shared/runs --stop-after 3h50m
  Kubernetes    an Indexed Job with completions: 10, parallelism: 10 and that command on a shared
                volume
  GNU parallel  parallel -j 10 -N0 --sshlogin n1,n2 \
                  'bench run my-plan.yaml -o /shared/runs -j 2' ::: {1..10}`,
		Example: `  bench submit my-plan.yaml --nodes 8 --time 4:00:00 -o /shared/runs
  bench submit my-plan.yaml --nodes 8 --time 4:00:00 -j 16 -- --partition=long --mem=32G
  bench submit gpu-plan.yaml --nodes 4 --time 1-00:00:00 --gpus-per-run 1`,
		Args: func(cmd *cobra.Command, args []string) error {
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				args = args[:n]
			}
			return oneArg("plan")(cmd, args)
		},
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case nodes < 1:
				return usagef(cmd, "--nodes is %d, want at least 1", nodes)
			case parallel < 1:
				return usagef(cmd, "--parallel is %d, want at least 1", parallel)
			case gpus < 0:
				return usagef(cmd, "--gpus-per-run is %d, want at least 0", gpus)
			}
			each, err := slurm.ParseTime(limit)
			if err != nil {
				return usagef(cmd, "--time: %w", err)
			}
			if each < 2*time.Minute {
				return usagef(cmd, "--time is %v, want at least 2 minutes", each)
			}
			plan, err := plans.Load(args[0])
			if err != nil {
				return err
			}
			flags.results = dir
			catalogue, err := flags.open(cmd, plan.Plugins...)
			if err != nil {
				return err
			}
			defer catalogue.Close()
			notes := notesIn(dir, cmd.ErrOrStderr())
			campaign, definitions, err := notes.Campaign(plan, catalogue)
			if err != nil {
				return err
			}
			costs, err := campaign.Estimate(cmd.Context(), catalogue.Alloc, nil)
			if err != nil {
				return err
			}
			total := campaign.Total(costs)
			array := slurm.Array{
				Name: "bench-" + campaign.Plan.Name, CPUs: parallel, GPUs: gpus * parallel,
				Tasks: min(nodes, slurm.Rounds(total, each, parallel, 1)),
				Time:  each, Options: args[1:],
			}
			array.Command, err = submitted(args[0], dir, parallel, slurm.StopAfter(each),
				flags.args())
			if err != nil {
				return err
			}
			if array.Dir, err = os.Getwd(); err != nil {
				return err
			}
			if err := folder.SavePlan(dir, &campaign.Plan, definitions); err != nil {
				return err
			}
			job, err := slurm.SubmitPlan(cmd.Context(), dir, campaign.Plan.Name, &array)
			if err != nil {
				return err
			}
			printText(cmd.OutOrStdout(),
				fmt.Sprintf("submitted job %s: %s of %s, each with %s side by side\n",
					job.Number, text.Count(array.Tasks, "task"), job.Time,
					text.Count(parallel, "run")))
			printText(cmd.OutOrStdout(), fmt.Sprintf("the plan takes at most about %s with all of "+
				"them", text.Duration(total/time.Duration(parallel*array.Tasks))))
			if n := slurm.Rounds(total, each, parallel, array.Tasks); n > 1 {
				printText(cmd.OutOrStdout(), fmt.Sprintf("so submit it about %s more, or with "+
					"more nodes or time\n", text.Count(n-1, "time")))
			}
			printText(cmd.OutOrStdout(),
				fmt.Sprintf("what it does: bench status %[1]s; the end of it: bench cancel "+
					"%[1]s\n", args[0]))
			return nil
		},
	}
	flags.add(cmd)
	addResults(cmd, &dir)
	cmd.Flags().IntVar(&nodes, "nodes", 1, "tasks of the array, at most")
	cmd.Flags().StringVar(&limit, "time", "1:00:00",
		"`LIMIT` of each task: HH:MM:SS, D-HH:MM:SS or a duration such as 3h55m")
	cmd.Flags().IntVarP(&parallel, "parallel", "j", 1,
		"runs side by side in each task, each with a processor")
	cmd.Flags().IntVar(&gpus, "gpus-per-run", 0, "GPUs for each run")
	return cmd
}

// submitted is the command of each task, which launches plugins as flags say.
func submitted(
	plan, dir string, parallel int, work time.Duration, flags []string,
) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find the executable for Slurm: %w", err)
	}
	command := []string{
		self, "run", plan, "--results", dir, "--parallel", fmt.Sprint(parallel), "--stop-after",
		work.String(), "--format", "csv",
	}
	return append(command, flags...), nil
}
