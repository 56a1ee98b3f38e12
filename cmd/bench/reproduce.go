package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/reproduce"
	"noisebench/harness"
	"noisebench/internal/text"
	"noisebench/protocol/planfile"
	"noisebench/results"
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
version of it, and says which of the thesis' claims about it the runs confirm, contradict, or leave open.

What needs a cluster or days exists at two sizes: full, as in the thesis, and reduced, which two cores finish and which is the
default. Both say in what they differ from the thesis, and their runs are never mixed. The runs are ordinary ones: --plan
prints them for bench run, each as a document of its own where an item has several.

--claims judges every claim whose runs are in the results folder, and lists what is missing for the others.`,
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
	size := reproduce.Size(o.size)
	if size == "" {
		return item.Default(), nil
	}
	if !item.Has(size) {
		return "", usagef(cmd, "%s has no size %s, only %s", item.Name, size, item.Default())
	}
	return size, nil
}

func listItems(w io.Writer, items []reproduce.Item) error {
	rows := [][]string{{"NAME", "SIZE", "TIME", "WHAT"}}
	for _, item := range items {
		name, title := item.Name, item.Title
		for _, size := range []reproduce.Size{reproduce.Reduced, reproduce.Full} {
			if item.Has(size) {
				rows = append(rows, []string{name, string(size), item.Time[size], title})
				name, title = "", ""
			}
		}
	}
	return printColumns(w, rows)
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
			if err := undecided(cells); err != nil {
				return fmt.Errorf("%s: %w", item.Name, err)
			}
			if campaign.Plan.Trace > 0 { // which execute has no use for
				store, err := openTraced(o.dir, cmd.ErrOrStderr())
				if err != nil {
					return err
				}
				cells, _ = campaign.Cells(store.find)
			}
			in.Done = append(in.Done, reproduce.Done{Plan: campaign.Plan, Cells: cells})
		}
	}
	return o.draw(cmd, item, in)
}

// openTraced opens a results folder of which records are read with their traces.
func openTraced(dir string, warnings io.Writer) (*keeper, error) {
	store, err := openResults(dir, warnings)
	if err == nil {
		store.traces = true
	}
	return store, err
}

// undecided is an error if a cell has no result because its runs failed. Single failures in a grid are results of a kind: a
// singular matrix, say, which no setting that wins has.
func undecided(cells []results.Cell) error {
	for _, c := range cells {
		if len(c.Failed) > 0 && (c.Setting == nil || c.Missing > 0 || len(c.Runs) == 0) {
			return fmt.Errorf("%s of %s on %s failed, such as: %s", text.Count(len(c.Failed), "run"), c.Optimizer, c.Problem, c.Failed[0])
		}
	}
	return nil
}

// draw saves the item's pictures, and prints its tables, its caption and what became of its claims.
func (o *reproduction) draw(cmd *cobra.Command, item reproduce.Item, in *reproduce.Input) error {
	drawn, err := item.Draw(in)
	if err != nil {
		return fmt.Errorf("%s: %w", item.Name, err)
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder of the pictures: %w", err)
	}
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "%s: %s\n", item.Name, item.Title)
	for _, picture := range drawn.Pictures {
		name := item.Name
		if picture.Name != "" {
			name += "-" + picture.Name
		}
		if in.Size != reproduce.Full {
			name += "-" + string(in.Size)
		}
		if picture.Caption == "" { // it is saved beside the picture
			picture.Caption = drawn.Caption
		}
		path := filepath.Join(o.out, results.FileName(name)+"."+o.format)
		if err := picture.Save(path); err != nil {
			return fmt.Errorf("%s: %w", item.Name, err)
		}
		fmt.Fprintf(w, "picture: %s\n", path)
	}
	for _, table := range drawn.Tables {
		fmt.Fprintf(w, "\n%s\n", table.Title)
		if err := printColumns(w, slices.Concat([][]string{table.Header}, table.Rows)); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\n%s\n", drawn.Caption)
	for _, departure := range item.Departs[in.Size] {
		fmt.Fprintf(w, "differs from the thesis: %s\n", departure)
	}
	if item.Claims == nil {
		return nil
	}
	fmt.Fprintln(w)
	return printFindings(w, item.Claims(in))
}

// print writes the plans of items as YAML, one document each.
func (o *reproduction) print(cmd *cobra.Command, items []reproduce.Item) error {
	first := true
	for _, item := range items {
		size, err := o.sizeOf(cmd, &item)
		if err != nil {
			return err
		}
		if item.Plans == nil {
			return fmt.Errorf("%s is computed; there is no plan behind it", item.Name)
		}
		for _, plan := range item.Plans(size) {
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

// claims judges the claims of the items whose runs are in the results folder, and lists what the others wait for.
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
	w := cmd.OutOrStdout()
	var findings []reproduce.Finding
	var waiting []string
	for _, item := range items {
		if item.Claims == nil {
			continue
		}
		for _, size := range []reproduce.Size{reproduce.Full, reproduce.Reduced} {
			if !item.Has(size) || o.size != "" && o.size != string(size) {
				continue
			}
			in, missing, err := known(&item, size, catalogue, store)
			if err != nil {
				return err
			}
			if missing > 0 {
				waiting = append(waiting, fmt.Sprintf("%s at size %s waits for %s (%s): bench reproduce %s --size %s",
					item.Name, size, text.Count(missing, "run"), item.Time[size], item.Name, size))
				continue
			}
			for _, f := range item.Claims(in) {
				f.On = fmt.Sprintf("%s %s, %s", item.Name, size, f.On)
				findings = append(findings, f)
			}
		}
	}
	if err := printFindings(w, findings); err != nil {
		return err
	}
	for _, text := range waiting {
		fmt.Fprintf(w, "not judged: %s\n", text)
	}
	return nil
}

// known is what the results folder holds of an item, and how many of its runs are missing.
func known(item *reproduce.Item, size reproduce.Size, c *catalogue, store *keeper) (*reproduce.Input, int, error) {
	in, missing := &reproduce.Input{Size: size}, 0
	if item.Plans == nil {
		return in, 0, nil
	}
	for _, plan := range item.Plans(size) {
		plan := plan.WithDefaults()
		notes := notesIn(store.store.Dir(), store.warnings)
		definitions, err := notes.Resolve(&plan, func() (bundle.Lookup, error) { return c, nil })
		if err != nil {
			return nil, 0, err
		}
		campaign, err := harness.NewCampaign(plan, definitions, notes.Others()...)
		if err != nil {
			return nil, 0, err
		}
		cells, _ := campaign.Cells(store.find)
		for _, cell := range cells {
			missing += cell.Missing
		}
		in.Done = append(in.Done, reproduce.Done{Plan: campaign.Plan, Cells: cells})
	}
	return in, missing, nil
}

// printFindings writes what became of claims, one paragraph each.
func printFindings(w io.Writer, findings []reproduce.Finding) error {
	var b strings.Builder
	for _, f := range findings {
		claim := f.Text
		if f.Claim != "" {
			claim = f.Claim + ": " + claim
		}
		fmt.Fprintf(&b, "%-13s %s\n%14son %s", f.Verdict, claim, "", f.On)
		if !math.IsNaN(f.Delta) {
			fmt.Fprintf(&b, "; Δ = %.3g", f.Delta)
			if !math.IsNaN(f.Low) {
				fmt.Fprintf(&b, ", %.0f %% interval [%.3g, %.3g]", 100*f.Level, f.Low, f.High)
			}
			fmt.Fprintf(&b, ", n = %d", f.N)
		}
		if !math.IsNaN(f.P) {
			fmt.Fprintf(&b, ", p = %.2g", f.P)
		}
		if f.Note != "" {
			fmt.Fprintf(&b, "; %s", f.Note)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
