package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results/bundle"
)

func newImport() *cobra.Command {
	var dir string
	var flags pluginFlags
	var take baselines
	cmd := &cobra.Command{
		Use:   "import BUNDLE",
		Short: "Import the runs of a published bundle, or results of another tool",
		Long: `Import copies the runs of a published bundle (bench publish) into the results folder,
after the bundle has been checked and a few of its runs have been made again here and compared. Runs
that the folder already has are kept. Tables mark the rows that contain imported runs, with their
origin and how many were made again.

BUNDLE is a file, or the name of a published bundle. Results of other tools are read by the commands
below, stored in a separate folder, and never mixed with your own runs: tables show them next to the
ranking of the same problem.`,
		Example: `  bench import quick.noisebench.tar.zst
  bench import standard --check 10
  bench import deepobs baselines`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 { // a tool and its folder
				return usagef(cmd, "%w", protocol.Unknown("command", args[0], []string{"deepobs"}))
			}
			return oneArg("bundle")(cmd, args)
		},
		ValidArgsFunction: func(
			*cobra.Command, []string, string,
		) ([]string, cobra.ShellCompDirective) {
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

// importBundle puts all finished runs of a bundle into a results folder.
func importBundle(cmd *cobra.Command, name, dir string, b *baselines, flags *pluginFlags) error {
	x, err := openBaseline(cmd, name)
	if err != nil {
		return err
	}
	c, err := flags.open(cmd)
	if err != nil {
		return err
	}
	defer c.Close()
	store, err := openResults(dir, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if err := store.Prepare(); err != nil {
		return err
	}
	ids := x.Bundle.Finished()
	if len(ids) == 0 {
		return fmt.Errorf("%s holds no finished run", name)
	}
	if err := b.takeFrom(cmd, x, c, store.Records, ids, 1); err != nil {
		return err
	}
	if err := x.Bundle.SavePlan(dir); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "bench table %s shows them\n", text.Quoted(x.Plan))
	return nil
}
