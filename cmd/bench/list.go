package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/internal/text"
	"noisebench/plugins"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
)

func newList() *cobra.Command {
	var paths []string
	lists := map[string]func(*cobra.Command, *catalogue) error{
		"optimizers": listOptimizers,
		"problems":   listProblems,
		"plans":      func(cmd *cobra.Command, _ *catalogue) error { return listPlans(cmd) },
		"plugins":    listPlugins,
		"data":       func(cmd *cobra.Command, _ *catalogue) error { return listData(cmd) },
	}
	order := []string{"optimizers", "problems", "plans", "plugins", "data"}
	cmd := &cobra.Command{
		Use:   "list [" + strings.Join(order, "|") + "]",
		Short: "List optimizers, problems, plans, plugins or data sets",
		Long: `List prints what there is: of one kind, or of all kinds. Optimizers and problems that outside plugins serve are listed with
bench's own.`,
		Example:   "  bench list\n  bench list optimizers\n  bench list problems --plugin ./my-plugin",
		ValidArgs: order,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef(cmd, "%d arguments, want one of %s, or none for all", len(args), strings.Join(order, ", "))
			}
			if len(args) == 1 && lists[args[0]] == nil {
				return usagef(cmd, "%w", protocol.Unknown("kind", args[0], order))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := listed(paths).open(cmd)
			if err != nil {
				return err
			}
			defer c.Close()
			if len(args) == 1 {
				return lists[args[0]](cmd, c)
			}
			for i, kind := range order {
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				if err := lists[kind](cmd, c); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&paths, "plugin", nil, "launch the plugin at this `PATH` too (may be repeated)")
	return cmd
}

// all lists the plugins that are there, discovered ones included.
func (c *catalogue) all() []*plugins.Plugin { return slices.Concat(c.own, c.named, c.found()) }

func listOptimizers(cmd *cobra.Command, c *catalogue) error {
	rows := [][]string{{"OPTIMIZER", "PLUGIN", "HYPERPARAMETERS", "WHAT"}}
	for _, p := range c.all() {
		for _, d := range p.Optimizers {
			rows = append(rows, []string{d.Name, p.Name, defaults(d.Hyperparameters), firstLine(d.Doc)})
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

func listProblems(cmd *cobra.Command, c *catalogue) error {
	rows := [][]string{{"PROBLEM", "PLUGIN", "d", "N", "BATCH", "BUDGET", "METRIC", "MEASURES", "WHAT"}}
	for _, p := range c.all() {
		specs, errs := make([]*protocol.ProblemSpec, len(p.Problems)), make([]error, len(p.Problems))
		var wg sync.WaitGroup
		for i := range p.Problems { // side by side: some look for eigenvalues
			wg.Go(func() { specs[i], errs[i] = specOf(&p.Problems[i]) })
		}
		wg.Wait()
		for i, d := range p.Problems {
			spec := specs[i]
			if errs[i] != nil {
				return fmt.Errorf("problem %s: %w", d.Name, errs[i])
			}
			rows = append(rows, []string{
				d.Name, p.Name, fmt.Sprint(spec.Dim), train(spec), fmt.Sprint(spec.BatchSize), fmt.Sprint(spec.Budget),
				spec.Metric.Name, spec.Measures.String(), firstLine(d.Doc),
			})
		}
	}
	return printColumns(cmd.OutOrStdout(), rows, "PLUGIN", "MEASURES", "BUDGET", "BATCH", "METRIC", "N", "d")
}

// specOf is a problem's specification at the defaults of its parameters.
func specOf(d *protocol.ProblemDef) (*protocol.ProblemSpec, error) {
	setting, err := protocol.Resolve(d.Parameters, nil)
	if err != nil {
		return nil, err
	}
	spec, err := d.Spec(setting)
	return &spec, err
}

func train(spec *protocol.ProblemSpec) string {
	if spec.Train == 0 {
		return "endless"
	}
	return fmt.Sprint(spec.Train)
}

func listPlans(cmd *cobra.Command) error {
	rows := [][]string{{"PLAN", "PROBLEMS", "OPTIMIZERS", "WHAT"}}
	for _, name := range plans.Names() {
		plan, err := plans.Load(name)
		if err != nil {
			return err
		}
		rows = append(rows, []string{
			name, fmt.Sprint(len(plan.Problems)), fmt.Sprint(len(plan.Optimizers)), firstLine(plan.Description),
		})
	}
	return printColumns(cmd.OutOrStdout(), rows, "OPTIMIZERS", "PROBLEMS")
}

func listPlugins(cmd *cobra.Command, c *catalogue) error {
	rows := [][]string{{"PLUGIN", "SHA256", "SERVES", "PATH"}}
	for _, p := range c.all() {
		serves := fmt.Sprintf("%s, %s", text.Count(len(p.Optimizers), "optimizer"), text.Count(len(p.Problems), "problem"))
		rows = append(rows, []string{p.Name, p.SHA256[:12], serves, p.Path})
	}
	return printColumns(cmd.OutOrStdout(), rows, "SHA256")
}

// completePlans completes the first argument to the name of a plan or a file.
func completePlans(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return plans.Names(), cobra.ShellCompDirectiveDefault
}

// completeNames completes the first argument to the name of anything that bench itself has.
func completeNames(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := plans.Names()
	for _, d := range optimizers.All() {
		names = append(names, d.Name)
	}
	for _, d := range problems.All() {
		names = append(names, d.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
