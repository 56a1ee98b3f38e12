package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/harness/slurm"
)

func newCancel() *cobra.Command {
	var records finder
	cmd := &cobra.Command{
		Use:   "cancel PLAN|FILE",
		Short: "End the jobs that bench submit submitted for a plan",
		Long: `Cancel ends the jobs of a plan that were submitted by bench submit and have not
ended. Their tasks save unfinished runs; bench submit or bench run resumes them.`,
		Example:           `  bench cancel my-plan.yaml --results /shared/runs`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			there, err := records.open(cmd, args[0])
			if err != nil {
				return err
			}
			name := there.campaign.Plan.Name
			jobs, err := slurm.Jobs(records.dir, name)
			if err != nil {
				return err
			}
			queue, err := slurm.Queue(cmd.Context(), slurm.Numbers(jobs))
			if err != nil {
				return err
			}
			var live []string
			for _, t := range queue {
				if !slices.Contains(live, t.Job) {
					live = append(live, t.Job)
				}
			}
			if len(live) == 0 {
				return fmt.Errorf("no job of plan %s in %s is waiting or running", name,
					records.dir)
			}
			if err := slurm.Cancel(cmd.Context(), live); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "cancelled job %s\n", strings.Join(live, ", "))
			return nil
		},
	}
	records.add(cmd)
	return cmd
}
