package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/harness/worker"
	"noisebench/internal/text"
)

func newWorker() *cobra.Command {
	var flags pluginFlags
	cmd := &cobra.Command{
		Use:    "worker",
		Hidden: true,
		Short:  "Make runs for another bench, which starts this by --launch",
		Long: `Worker reads runs from its standard input, makes them, and writes their records to
its standard output. bench run --launch COMMAND starts it on another machine, where bench and the
plugins of the plan must have the same paths.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return worker.Serve(cmd.Context(), os.Stdin, text.Raw(cmd.OutOrStdout()),
				func(_ context.Context, o worker.Opening) (*worker.Workplace, error) {
					// Where the folder is not there, only absolute paths and names are found.
					_ = os.Chdir(o.Dir)
					if err := cmd.ParseFlags(o.Flags); err != nil {
						return nil,
							fmt.Errorf("%w; install the same version of bench on both machines",
								err)
					}
					catalogue, err := flags.open(cmd, o.Plugins...)
					if err != nil {
						return nil, err
					}
					campaign, err := harness.NewCampaign(o.Plan, catalogue)
					if err != nil {
						catalogue.Close()
						return nil, err
					}
					return &worker.Workplace{
						Campaign: campaign, Alloc: catalogue.Alloc,
						Host: harness.ThisHost(), Close: catalogue.Close,
					}, nil
				})
		},
	}
	flags.add(cmd)
	return cmd
}
