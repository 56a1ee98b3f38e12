package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/plugins"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

func newCheck() *cobra.Command {
	var flags pluginFlags
	cmd := &cobra.Command{
		Use:   "check PLUGIN [NAME]",
		Short: "Check whether a plugin keeps the rules",
		Long: `Check launches a plugin and checks each optimizer and problem that it serves, or the one of the given NAME, against the
contract (see package noisebench/protocol), as the harness would use it and in ways that bring mistakes to light: twice,
with vectors in shared memory where the plugin can, and inside messages. Then it compares what each computes when it is told to
use one, two and three threads, in processes of their own: the bits must be the same (R2), since runs belong to them.

PLUGIN is a path, the name of an executable that bench list plugins shows, or an object of a Python module, such as
python:my_optimizer:MyAdam.`,
		Example: `  bench check ./my-plugin
  bench check ./my-plugin my-optimizer
  bench check noisebench-qhm -v
  bench check python:torch.optim:NAdam`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usagef(cmd, "%d arguments, want a plugin and at most one name; usage: %s", len(args), cmd.UseLine())
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			only := ""
			if len(args) == 2 {
				only = args[1]
			}
			failed := 0
			for _, transport := range []string{"auto", "messages"} {
				flags.transport = transport
				n, err := checkOver(cmd, &flags, args[0], only)
				if err != nil {
					return err
				}
				failed += n
			}
			n, err := checkThreads(cmd, &flags, args[0], only)
			if err != nil {
				return err
			}
			if failed += n; failed > 0 {
				return fmt.Errorf("%s of %s failed", text.Count(failed, "check"), args[0])
			}
			return nil
		},
	}
	flags.add(cmd)
	for _, name := range []string{"plugin", "in-process", "transport"} {
		cmd.Flags().Lookup(name).Hidden = true
	}
	return cmd
}

// checkOver checks a plugin over one transport, prints what comes out, and returns how many checks failed.
func checkOver(cmd *cobra.Command, flags *pluginFlags, plugin, only string) (failed int, err error) {
	options, err := flags.options(cmd)
	if err != nil {
		return 0, err
	}
	host, err := plugins.NewHost(options)
	if err != nil {
		return 0, err
	}
	defer host.Close()
	p, err := catalogue.Launch(cmd.Context(), host, plugin, flags.python)
	if err != nil {
		return 0, err
	}
	var names []string
	chosen := func(name string) bool {
		names = append(names, name)
		return only == "" || name == only
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "plugin %s speaks contract version %d\n", p.Name, p.ContractVersion())
	checked := false
	for _, d := range p.Optimizers {
		if chosen(d.Name) && cmd.Context().Err() == nil {
			checked = true
			failed += printChecks(out, "optimizer "+d.Name, p.Transport(), protocoltest.OptimizerChecks(d))
		}
	}
	for _, d := range p.Problems {
		if chosen(d.Name) && cmd.Context().Err() == nil {
			checked = true
			failed += printChecks(out, "problem "+d.Name, p.Transport(), protocoltest.ProblemChecks(d, protocol.Setting{}))
		}
	}
	switch {
	case cmd.Context().Err() != nil:
		return failed, interruption("interrupted: the checks are not complete")
	case !checked:
		return failed, fmt.Errorf("plugin %s: %w", plugin, protocol.Unknown("optimizer or problem", only, names))
	}
	return failed, nil
}

// printChecks prints one line per check, and below a failed one what is wrong. It returns how many failed.
func printChecks(w io.Writer, what string, transport plugins.Transport, checks []protocoltest.Check) (failed int) {
	fmt.Fprintf(w, "%s, by %s\n", what, transport)
	for _, c := range checks {
		if c.Err != nil {
			failed++
		}
		printCheck(w, c)
	}
	return failed
}

func printCheck(w io.Writer, c protocoltest.Check) {
	if c.Err == nil {
		fmt.Fprintf(w, "  ok      %s (%s)\n", c.Name, c.Rule)
		return
	}
	fmt.Fprintf(w, "  FAILED  %s (%s)\n", c.Name, c.Rule)
	for line := range strings.Lines(c.Err.Error()) {
		fmt.Fprintf(w, "          %s\n", strings.TrimRight(line, "\n"))
	}
}
