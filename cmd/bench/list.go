package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/internal/text"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
)

func newList() *cobra.Command {
	var paths []string
	lists := map[string]func(*cobra.Command, *catalogue.Lister) error{
		"optimizers": listOptimizers,
		"problems":   listProblems,
		"plans":      func(cmd *cobra.Command, _ *catalogue.Lister) error { return listPlans(cmd) },
		"plugins":    listPlugins,
		"data":       func(cmd *cobra.Command, _ *catalogue.Lister) error { return listData(cmd) },
	}
	order := []string{"optimizers", "problems", "plans", "plugins", "data"}
	cmd := &cobra.Command{
		Use:   "list [" + strings.Join(order, "|") + "]",
		Short: "List optimizers, problems, plans, plugins or data sets",
		Long: `List prints what is available, of one kind or of all. Optimizers and problems that
outside plugins serve are listed together with bench's own. What an executable serves is cached by
its SHA-256 in the user's cache folder, so that it need not be started again; what a script serves
is cached for at most an hour, and as long as the files in its folder do not change.`,
		Example: "  bench list\n  bench list optimizers\n  bench list problems --plugin " +
			"./my-plugin",
		ValidArgs: order,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef(cmd, "%d arguments, want one of %s, or none for all", len(args),
					strings.Join(order, ", "))
			}
			if len(args) == 1 && lists[args[0]] == nil {
				return usagef(cmd, "%w", protocol.Unknown("kind", args[0], order))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := listed(nil).options(cmd)
			if err != nil {
				return err
			}
			l := catalogue.NewLister(cmd.Context(), catalogue.ListerOptions{
				Plugins: options, Paths: paths, Warn: warnTo(cmd.ErrOrStderr()),
			})
			defer l.Close()
			if len(args) == 1 {
				return lists[args[0]](cmd, l)
			}
			for i, kind := range order {
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				if err := lists[kind](cmd, l); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&paths, "plugin", nil,
		"also launch the plugin at this `PATH` (may be repeated)")
	return cmd
}

func listOptimizers(cmd *cobra.Command, l *catalogue.Lister) error {
	all, err := l.All()
	if err != nil {
		return err
	}
	rows := [][]string{{"OPTIMIZER", "PLUGIN", "HYPERPARAMETERS", "WHAT"}}
	for _, p := range all {
		for _, d := range p.Optimizers {
			rows = append(rows, []string{d.Name, p.Name, defaults(d.Hyperparameters), d.Doc})
		}
	}
	return printColumns(cmd.OutOrStdout(), rows, "PLUGIN", "HYPERPARAMETERS")
}

// defaults writes hyperparameters with their defaults, and an asterisk where they are tuned.
func defaults(declared []protocol.Hyperparameter) string {
	var parts []string
	for _, h := range declared {
		mark := ""
		if h.Tuned {
			mark = "*"
		}
		parts = append(parts, fmt.Sprintf("%s%s=%g", h.Name, mark, h.Default))
	}
	return strings.Join(parts, " ")
}

func listProblems(cmd *cobra.Command, l *catalogue.Lister) error {
	all, err := l.All()
	if err != nil {
		return err
	}
	rows := [][]string{{
		"PROBLEM", "PLUGIN", "d", "N", "BATCH", "BUDGET", "METRIC", "MEASURES",
		"WHAT",
	}}
	for _, p := range all {
		for _, d := range p.Problems {
			if d.Err != nil {
				return fmt.Errorf("problem %s: %w", d.Name, d.Err)
			}
			rows = append(rows, []string{
				d.Name, p.Name, fmt.Sprint(d.Spec.Dim), train(&d.Spec),
				fmt.Sprint(d.Spec.BatchSize), fmt.Sprint(d.Spec.Budget),
				d.Spec.Metric.Name, d.Spec.Measures.String(), d.Doc,
			})
		}
	}
	return printColumns(cmd.OutOrStdout(), rows, "PLUGIN", "MEASURES", "BUDGET", "BATCH", "METRIC",
		"N", "d")
}

func train(spec *protocol.ProblemSpec) string {
	if spec.Train == 0 {
		return "endless"
	}
	return fmt.Sprint(spec.Train)
}

func listPlugins(cmd *cobra.Command, l *catalogue.Lister) error {
	all, err := l.All()
	if err != nil {
		return err
	}
	rows := [][]string{{"PLUGIN", "SHA256", "SERVES", "PATH"}}
	for _, p := range all {
		serves := fmt.Sprintf("%s, %s", text.Count(len(p.Optimizers), "optimizer"),
			text.Count(len(p.Problems), "problem"))
		rows = append(rows, []string{p.Name, p.SHA256[:12], serves, p.Path})
	}
	return printColumns(cmd.OutOrStdout(), rows, "SHA256")
}
