package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

func newImport() *cobra.Command {
	var dir string
	var flags pluginFlags
	var take baselines
	cmd := &cobra.Command{
		Use: "import BUNDLE",
		Short: "Put the runs of a published bundle, or another tool's results, into the results " +
			"folder",
		Long: `Import puts the runs of a bundle that somebody published (bench publish) into the
results folder: after the bundle was checked, and a few of its runs were made again here and
compared. Runs that are there stay as they are. Tables say which rows have runs that were made
elsewhere, where, and how many were made again.

BUNDLE is a file, or the name of a published bundle. What other tools measured is read by the
commands below, kept in a folder of its own and never taken for runs of yours: tables show it beside
the ranking of the same problem.`,
		Example: `  bench import quick.noisebench.tar.zst
  bench import standard --check 10
  bench import deepobs baselines`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 { // a tool and its folder
				return usagef(cmd, "%w", protocol.Unknown("command", args[0], []string{"deepobs"}))
			}
			return oneArg("bundle")(cmd, args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string,
			cobra.ShellCompDirective,
		) {
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
	x, err := openBaseline(name)
	if err != nil {
		return err
	}
	flags.inProcess = true
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
	ids := map[string]bool{}
	for id, r := range x.Bundle.Records {
		if r.End.Status != results.Failed {
			ids[id] = true
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s holds no finished run", name)
	}
	if err := b.takeFrom(cmd, x, c, store.Records, ids, 1); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "plans",
		results.FileName(x.Plan)+".json")); errors.Is(err, fs.ErrNotExist) {
		err := bundle.Save(dir, &bundle.Saved{
			Plan:        x.Bundle.Plan,
			Definitions: x.Bundle.Definitions, When: x.Bundle.About.Last,
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "bench table %s shows them\n", text.Quoted(x.Plan))
	return nil
}
