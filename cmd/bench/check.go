package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/plugins"
	"noisebench/plugins/conformance"
	"noisebench/protocol/protocoltest"
)

func newCheck() *cobra.Command {
	var flags pluginFlags
	cmd := &cobra.Command{
		Use:   "check PLUGIN [NAME]",
		Short: "Check whether a plugin obeys the rules",
		Long: `Check launches a plugin and checks each optimizer and problem that it serves, or only
the given NAME, against the contract (see package noisebench/protocol): by the calls that the
harness makes, and by others that reveal mistakes. It does so twice, with vectors in shared memory
if the plugin can map it, and inside messages. Then it compares what each computes when told to use
one, two and three threads, in separate processes: the bits must be the same (R2).

PLUGIN is a path, the name of an executable that bench list plugins shows, or an object of a Python
module, such as python:my_optimizer:MyAdam.`,
		Example: `  bench check ./my-plugin
  bench check ./my-plugin my-optimizer
  bench check noisebench-qhm -v
  bench check python:torch.optim:NAdam`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usagef(cmd, "%d arguments, want a plugin and at most one name; usage: %s",
					len(args), cmd.UseLine())
			}
			return nil
		},
		ValidArgsFunction: func(
			_ *cobra.Command, args []string, _ string,
		) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := flags.options(cmd)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			suite := conformance.Suite{
				Plugin: args[0], Python: flags.python, Options: options,
				Launched: func(p *plugins.Plugin) {
					fmt.Fprintf(out, "plugin %s speaks contract version %d\n", p.Name,
						p.ContractVersion())
				},
				Checked: func(d conformance.Definition, checks []protocoltest.Check) {
					printChecks(out, d, checks)
				},
			}
			if len(args) == 2 {
				suite.Name = args[1]
			}
			failed, err := suite.Run(cmd.Context())
			switch {
			case cmd.Context().Err() != nil:
				return interruption("interrupted: the checks are not complete")
			case err != nil:
				return err
			case failed > 0:
				return fmt.Errorf("%s of %s failed", text.Count(failed, "check"), args[0])
			}
			return nil
		},
	}
	flags.add(cmd)
	for _, name := range []string{"plugin", "isolate", "transport"} {
		cmd.Flags().Lookup(name).Hidden = true
	}
	return cmd
}

// printChecks prints a line for each check of a definition, and the findings below a failed one.
func printChecks(w io.Writer, d conformance.Definition, checks []protocoltest.Check) {
	fmt.Fprintf(w, "%s %s", d.Kind, d.Name)
	if d.Transport != "" {
		fmt.Fprintf(w, ", by %s", d.Transport)
	}
	fmt.Fprintln(w)
	for _, c := range checks {
		if c.Err == nil {
			fmt.Fprintf(w, "  ok      %s (%s)\n", c.Name, c.Rule)
			continue
		}
		fmt.Fprintf(w, "  FAILED  %s (%s)\n", c.Name, c.Rule)
		for line := range strings.Lines(c.Err.Error()) {
			fmt.Fprintf(w, "          %s\n", strings.TrimRight(line, "\n"))
		}
	}
}
