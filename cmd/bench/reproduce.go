package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/reproduce"
	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/protocol/planfile"
	"noisebench/results/bundle"
	"noisebench/results/report/figure"
)

func newReproduce() *cobra.Command {
	var o reproduction
	var list, claims, plan bool
	cmd := &cobra.Command{
		Use:   "reproduce [FIGURE|TABLE…]",
		Short: "Run what is behind a figure or table of the thesis, and draw it",
		Long: `Reproduce makes the runs behind a figure or table of L. Balles' thesis that the results folder does not hold yet, draws our
version of it, and says which of the thesis' claims about it are proved, and which the runs confirm, contradict, or leave open.

What needs a cluster or days exists at two sizes: full, as in the thesis, and reduced, which two cores finish and which is the
default. Both say in what they differ from the thesis, and their runs are never mixed. The runs are ordinary ones: --plan
prints them for bench run, each as a document of its own where an item has several.

--claims judges every claim whose runs are in the results folder, and lists what is missing for the others. Claims that are
exact, that were measured in full, and that were measured at a reduced size are counted apart.`,
		Example: `  bench reproduce --list
  bench reproduce fig-6.3
  bench reproduce fig-5.4 --size full -o /scratch/me/runs
  bench reproduce fig-7.3 --out paper/figures --format pdf
  bench reproduce --claims
  bench reproduce fig-6.3 --plan > my-plan.yaml`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
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
			var items []reproduce.Item
			for _, name := range args {
				item, err := reproduce.Find(name)
				if err != nil {
					return usagef(cmd, "%w", err)
				}
				items = append(items, item)
			}
			if len(args) == 0 {
				items = reproduce.All()
			}
			switch {
			case list:
				return listItems(cmd.OutOrStdout(), items)
			case claims:
				return o.claims(cmd, items)
			case len(args) == 0:
				return usagef(cmd, "no figure or table given; bench reproduce --list lists them")
			case plan:
				return o.print(cmd, items)
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
	cmd.Flags().StringVar(&o.size, "size", "", "full or reduced (default: reduced where there is such a size)")
	cmd.Flags().StringVar(&o.out, "out", ".", "`DIR` of the pictures")
	cmd.Flags().StringVar(&o.format, "format", "svg", "of the pictures: svg, pdf or png")
	cmd.Flags().IntVarP(&o.parallel, "parallel", "j", runtime.NumCPU(), "runs side by side")
	cmd.Flags().BoolVar(&list, "list", false, "list figures and tables with their sizes and how long they take")
	cmd.Flags().BoolVar(&claims, "claims", false, "run nothing, judge the claims whose runs are there")
	cmd.Flags().BoolVar(&plan, "plan", false, "run nothing, print the plans behind the item as YAML")
	cmd.MarkFlagsMutuallyExclusive("list", "claims", "plan")
	return cmd
}

// inThisProcess is how bench's own plugins are called by reproduce, which needs no others: there is nothing to be kept apart,
// grids of ten thousand tiny runs would spend most of their time between processes, and the bits are the same (R2).
func inThisProcess() *pluginFlags { return listed(nil) }

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

// sizeOf is the size at which an item is reproduced.
func (o *reproduction) sizeOf(cmd *cobra.Command, item *reproduce.Item) (reproduce.Size, error) {
	size, err := item.SizeOf(o.size)
	if err != nil {
		return "", usagef(cmd, "%w", err)
	}
	return size, nil
}

// reproduce makes an item's runs, draws it and judges its claims.
func (o *reproduction) reproduce(cmd *cobra.Command, item reproduce.Item) error {
	size, err := o.sizeOf(cmd, &item)
	if err != nil {
		return err
	}
	if threadsOfEnvironment() == 0 {
		setThreads(max(1, runtime.NumCPU()/o.parallel))
	}
	in := &reproduce.Input{Size: size}
	if item.Plans != nil {
		catalogue, err := inThisProcess().open(cmd)
		if err != nil {
			return err
		}
		defer catalogue.Close()
		for _, plan := range item.Plans(size) {
			campaign, err := harness.NewCampaign(plan, catalogue)
			if err != nil {
				return err
			}
			cells, err := execute(cmd, campaign, catalogue, catalogue, &making{dir: o.dir, parallel: o.parallel})
			if err != nil {
				return err
			}
			if err := reproduce.Undecided(cells); err != nil {
				return fmt.Errorf("%s: %w", item.Name, err)
			}
			if campaign.Plan.Trace > 0 { // which execute has no use for
				store, err := openTraced(o.dir, cmd.ErrOrStderr())
				if err != nil {
					return err
				}
				cells, _ = campaign.Cells(store.Find)
			}
			in.Done = append(in.Done, reproduce.Done{Plan: campaign.Plan, Cells: cells})
		}
	}
	return o.draw(cmd, item, in)
}

// openTraced opens a results folder of which records are read with their traces.
func openTraced(dir string, warnings io.Writer) (*folder.Store, error) {
	store, err := openResults(dir, warnings)
	if err == nil {
		store.Traces = true
	}
	return store, err
}

// print writes the plans of items as YAML, one document each.
func (o *reproduction) print(cmd *cobra.Command, items []reproduce.Item) error {
	first := true
	for _, item := range items {
		size, err := o.sizeOf(cmd, &item)
		if err != nil {
			return err
		}
		plans, err := item.PlansOf(size)
		if err != nil {
			return err
		}
		for _, plan := range plans {
			text, err := planfile.Marshal(new(plan.WithDefaults()))
			if err != nil {
				return err
			}
			if !first {
				fmt.Fprintln(cmd.OutOrStdout(), "---")
			}
			first = false
			fmt.Fprintf(cmd.OutOrStdout(), "%s", text)
		}
	}
	return nil
}

// claims judges the claims of the items whose runs are in the results folder, and lists what the others
// wait for.
func (o *reproduction) claims(cmd *cobra.Command, items []reproduce.Item) error {
	catalogue, err := inThisProcess().open(cmd)
	if err != nil {
		return err
	}
	defer catalogue.Close()
	store, err := openTraced(o.dir, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	open := func(plan protocol.Plan) (*harness.Campaign, error) {
		plan = plan.WithDefaults()
		served := func() (bundle.Lookup, error) { return catalogue, nil }
		notes := notesIn(store.Records.Dir(), cmd.ErrOrStderr())
		definitions, err := notes.Resolve(&plan, served)
		if err != nil {
			return nil, err
		}
		return harness.NewCampaign(plan, definitions, notes.Others()...)
	}
	collect := func(item *reproduce.Item, size reproduce.Size) (*reproduce.Input, int, error) {
		return item.Collect(size, open, store.Find)
	}
	findings, waiting, err := reproduce.JudgeAll(items, o.size, collect)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	if err := printFindings(w, findings); err != nil {
		return err
	}
	for _, item := range waiting {
		fmt.Fprintf(w, "not judged: %s at size %s waits for %s (%s): bench reproduce %[1]s --size %[2]s\n",
			item.Item.Name, item.Size, text.Count(item.Missing, "run"), item.Item.Time[item.Size])
	}
	return nil
}
