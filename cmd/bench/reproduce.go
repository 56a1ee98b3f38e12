package main

import (
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/reproduce"
	"noisebench/results/report/figure"
)

func newReproduce() *cobra.Command {
	var o reproduction
	var list, claims, plan bool
	cmd := &cobra.Command{
		Use:   "reproduce [FIGURE|TABLE…]",
		Short: "Make the runs behind a figure or table of the thesis, and draw it",
		Long: `Reproduce makes the runs behind a figure or table of L. Balles' thesis that are not
yet in the results folder, draws our version of it, and lists which of the thesis' claims about it
are proved, and which the runs confirm, contradict, or leave open.

Items that need a cluster or days come in two sizes: full, as in the thesis, and reduced, which two
cores can finish and which is the default. Both list their differences from the thesis, and their
runs are never mixed. The runs are ordinary ones: --plan prints their plans for bench run, one
document each if an item has several.

--claims judges every claim whose runs are in the results folder, and lists the runs that are
missing for the others. Claims that are exact, that were measured in full, and that were measured at
a reduced size are counted separately.`,
		Example: `  bench reproduce --list
  bench reproduce fig-6.3
  bench reproduce fig-5.4 --size full -o /scratch/me/runs
  bench reproduce fig-7.3 --out paper/figures --format pdf
  bench reproduce --claims
  bench reproduce fig-6.3 --plan > my-plan.yaml`,
		ValidArgsFunction: func(
			*cobra.Command, []string, string,
		) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, item := range reproduce.All() {
				names = append(names, item.Name+"\t"+item.Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			items, err := reproduce.Select(args)
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			switch {
			case list:
				return listItems(cmd.OutOrStdout(), items)
			case claims:
				return o.claims(cmd, items)
			case len(args) == 0:
				return usagef(cmd, "no figure or table given; bench reproduce --list lists them")
			}
			if err := o.checkSizes(cmd, items); err != nil {
				return err
			}
			if plan {
				return reproduce.WritePlans(cmd.OutOrStdout(), items, o.size)
			}
			for _, item := range items {
				if err := o.reproduce(cmd, item); err != nil {
					return err
				}
			}
			return nil
		},
	}
	addResults(cmd, &o.dir)
	cmd.Flags().StringVar(&o.size, "size", "",
		"full or reduced (default: reduced if the item has that size)")
	cmd.Flags().StringVar(&o.out, "out", ".", "`DIR` of the pictures")
	cmd.Flags().StringVar(&o.format, "format", "svg", "of the pictures: svg, pdf or png")
	cmd.Flags().IntVarP(&o.parallel, "parallel", "j", runtime.NumCPU(), "runs side by side")
	cmd.Flags().BoolVar(&list, "list", false,
		"list figures and tables with their sizes and how long they take")
	cmd.Flags().BoolVar(&claims, "claims", false,
		"judge the claims whose runs are in the results folder, and run nothing")
	cmd.Flags().BoolVar(&plan, "plan", false,
		"print the plans behind the item as YAML, and run nothing")
	cmd.MarkFlagsMutuallyExclusive("list", "claims", "plan")
	return cmd
}

// reproduction is how items are reproduced.
type reproduction struct {
	dir, size, out, format string
	parallel               int
}

func (o *reproduction) check(cmd *cobra.Command) error {
	switch {
	case !slices.Contains([]string{"", string(reproduce.Full), string(reproduce.Reduced)}, o.size):
		return usagef(cmd, "--size is %q, want full or reduced", o.size)
	case !slices.Contains(figure.Formats, o.format):
		return usagef(cmd, "--format is %q, want svg, pdf or png", o.format)
	case o.parallel < 1:
		return usagef(cmd, "--parallel is %d, want at least 1", o.parallel)
	}
	return nil
}

// checkSizes returns a usage error if one of the items does not have the size.
func (o *reproduction) checkSizes(cmd *cobra.Command, items []reproduce.Item) error {
	for _, item := range items {
		if _, err := item.SizeOf(o.size); err != nil {
			return usagef(cmd, "%w", err)
		}
	}
	return nil
}
