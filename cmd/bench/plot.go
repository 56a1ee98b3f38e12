package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot/vg"

	"noisebench/results/report/figure"
)

// plotFlags are the options of figures.
type plotFlags struct {
	records              finder
	problems, optimizers []string
	out, format          string
	width                float64 // inches
	list                 bool
}

func newPlot() *cobra.Command {
	var f plotFlags
	cmd := &cobra.Command{
		Use:   "plot PLAN|FILE [KIND…]",
		Short: "Draw figures of a plan from its records",
		Long: `Plot draws figures of a plan from its records, for papers and screens, and prints the
names of the files that it wrote: PLAN--PROBLEM--KIND.svg, or PLAN--KIND.svg for figures over all
problems. Next to each is a text file of the same name, .txt, for the caption: what was run, how
many seeds, what a band means, and what may mislead.

Without KIND it draws all kinds; "bench plot --list" lists them. Figures without data are left out,
and named with the reason. An optimizer has the same style in all figures of a plan. If there are
more than eight in one figure, the best are in colour, the others in grey; --optimizer selects
some.`,
		Example: `  bench plot quick --out figures
  bench plot quick loss metric --problem digits-softmax --format pdf
  bench plot my-plan.yaml ranks profile --width 7
  bench plot quick loss --optimizer sgd,adam --optimizer cabs`,
		Args:              f.checkArgs,
		ValidArgsFunction: completePlotArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return listKinds(cmd)
			}
			return f.draw(cmd, args[0], args[1:])
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.problems, "problem", nil,
		"draw these problems only, by their `NAME`s in the plan")
	flags.StringSliceVar(&f.optimizers, "optimizer", nil,
		"draw these optimizers only, by their `NAME`s in the plan")
	flags.StringVar(&f.out, "out", ".", "`DIR` for the files; created if it does not exist")
	flags.StringVar(&f.format, "format", "svg", "of the files: "+strings.Join(figure.Formats, ", "))
	flags.Float64Var(&f.width, "width", float64(figure.Column/vg.Inch),
		"of figures, in `INCHES`: 3.4 fits a column of two, 7 the page")
	flags.BoolVar(&f.list, "list", false, "list the kinds of figures")
	f.records.add(cmd)
	completeFlag(cmd, "format", figure.Formats)
	return cmd
}

func (f *plotFlags) checkArgs(cmd *cobra.Command, args []string) error {
	switch {
	case f.list && len(args) > 0:
		return usagef(cmd, "unexpected argument %q beside --list", args[0])
	case !f.list && len(args) == 0:
		return usagef(cmd, "no plan given; usage: %s", cmd.UseLine())
	case !slices.Contains(figure.Formats, f.format):
		return usagef(cmd, "--format is %q, want one of %s", f.format,
			strings.Join(figure.Formats, ", "))
	case !(f.width >= 2 && f.width <= 50):
		return usagef(cmd, "--width is %g inches, want 2 to 50", f.width)
	}
	return nil
}

// draw writes the figures of some kinds, or of all if none is named.
func (f *plotFlags) draw(cmd *cobra.Command, arg string, names []string) error {
	kinds, err := figure.FindKinds(names...)
	if err != nil {
		return usagef(cmd, "%w", err)
	}
	f.records.traces = slices.ContainsFunc(kinds, func(k figure.Kind) bool { return k.Traced })
	plan, cells, err := f.records.find(cmd, arg)
	if err != nil {
		return err
	}
	if err := figure.CheckNames(plan, f.problems, f.optimizers); err != nil {
		return err
	}
	if err := os.MkdirAll(f.out, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder for figures: %w", err)
	}
	source := figure.NewSource(plan, cells, f.optimizers)
	source.Width = vg.Length(f.width) * vg.Inch
	drawn := 0
	for _, kind := range kinds {
		missing, err := kind.SaveEach(source, f.problems, f.out, f.format, func(path string) {
			drawn++
			fmt.Fprintln(cmd.OutOrStdout(), path)
		})
		if err != nil {
			return err
		}
		for _, m := range missing {
			on := ""
			if len(m.Problems) > 0 {
				on = " on " + strings.Join(m.Problems, ", ")
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "no figure %s%s: %s\n", kind.Name, on, m.Reason)
		}
	}
	if drawn == 0 {
		return errors.New("there are no data for any of the figures")
	}
	return nil
}
