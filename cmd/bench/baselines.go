package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/harness"
	"noisebench/harness/progress"
	"noisebench/harness/verify"
	"noisebench/internal/text"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
	"noisebench/protocol/platform"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

// baselines takes runs from bundles that others published.
type baselines struct {
	names []string // of files, or of bundles in results/published
	check int      // how many of the runs are made again first
}

func (b *baselines) addCheck(cmd *cobra.Command) {
	cmd.Flags().IntVar(&b.check, "check", 3,
		"number of runs, cheap ones, to make again and compare before runs are taken")
}

func (b *baselines) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&b.names, "baselines", nil,
		"take runs that the plan needs from this `BUNDLE`, a file or the name of a published one, "+
			"and make only the others (may be repeated)")
	b.addCheck(cmd)
}

// openBaseline reads and checks a bundle that runs are to be taken from.
func openBaseline(cmd *cobra.Command, name string) (*check.Checked, error) {
	counter := counting(cmd, name)
	defer counter.Stop()
	return verify.Source(name, verify.Options{Known: plans.Known, Read: reading(counter)})
}

// reading are the options for reading a bundle whose files are counted.
func reading(counter *progress.Counter) bundle.Options {
	return bundle.Options{
		Progress: func(done, of int) { counter.Update("files checked", done, of) },
	}
}

// counting returns a counter of what is done with a bundle.
func counting(cmd *cobra.Command, name string) *progress.Counter {
	stderr := cmd.ErrOrStderr()
	return progress.Count(stderr, name, progress.Options{Width: lineWidth(stderr)})
}

// campaign returns a plan's campaign, and the bundles that runs can be taken from. Runs that were
// taken before count without --baselines, too.
func (b *baselines) campaign(
	cmd *cobra.Command, plan protocol.Plan, c *catalogue.Catalogue, dir string,
) (*harness.Campaign, bundle.Lookup, []*check.Checked, error) {
	notes := notesIn(dir, cmd.ErrOrStderr())
	var from []*check.Checked
	for _, name := range b.names {
		x, err := openBaseline(cmd, name)
		if err != nil {
			return nil, nil, nil, err
		}
		from = append(from, x)
	}
	campaign, definitions, err := notes.Campaign(plan, c, from...)
	return campaign, definitions, from, err
}

// take puts all runs that a plan needs and that bundles hold into the results folder, and returns
// the plan's campaign with them.
func (b *baselines) take(
	cmd *cobra.Command, plan protocol.Plan, c *catalogue.Catalogue, dir string, parallel int,
) (*harness.Campaign, bundle.Lookup, error) {
	campaign, definitions, from, err := b.campaign(cmd, plan, c, dir)
	if err != nil || len(from) == 0 {
		return campaign, definitions, err
	}
	store, err := openResults(dir, cmd.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	for i, ids := range store.Needed(campaign, from) {
		if err := b.takeFrom(cmd, from[i], c, store.Records, ids, parallel); err != nil {
			return nil, nil, err
		}
	}
	return campaign, definitions, nil
}

// finished returns the pairs of problem and optimizer of which the results folder and bundles have
// all runs. It takes none.
func (b *baselines) finished(
	cmd *cobra.Command, campaign *harness.Campaign, from []*check.Checked, dir string,
) (map[[2]string]bool, error) {
	store, err := openResults(dir, cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	find := func(id string) *results.Record {
		if record := store.Find(id); record != nil {
			return record
		}
		for _, x := range from {
			if record := x.Bundle.Records[id]; record != nil {
				return record
			}
		}
		return nil
	}
	done := map[[2]string]bool{}
	cells, due := campaign.Cells(find)
	for i := range cells {
		if c := &cells[i]; c.Missing == 0 && len(c.Failed) == 0 && len(due[i]) == 0 {
			done[[2]string{c.Problem, c.Optimizer}] = true
		}
	}
	return done, nil
}

// takeFrom makes a sample of some runs of a bundle again and puts them into a results folder.
func (b *baselines) takeFrom(
	cmd *cobra.Command, x *check.Checked, c *catalogue.Catalogue, store *results.Store,
	ids map[string]bool, parallel int,
) error {
	stderr := cmd.ErrOrStderr()
	found := x.Compare(here(c, false))
	for _, f := range x.Failed() {
		fmt.Fprintf(stderr, "note: %s: %s\n", x.File, f.Text)
		for _, d := range f.Details {
			fmt.Fprintf(stderr, "note:   %s\n", d)
		}
	}
	if len(ids) == 0 {
		fmt.Fprintf(stderr, "%s: no run taken: the runs that the plan needs of it are all "+
			"in the results folder, or it has none\n", x.File)
		return nil
	}
	counter := counting(cmd, x.File)
	taken, err := verify.Take(cmd.Context(), x, found, store, ids, verify.Again{
		Selection: verify.Selection{Cheapest: b.check}, Seed: rand.Uint64N(1_000_000),
		Parallel: parallel, Alloc: c.Alloc, Progress: counter.Update,
	})
	counter.Stop()
	if cmd.Context().Err() != nil {
		return interruption(fmt.Sprintf("interrupted: %s taken from %s; the same command goes on "+
			"from there", text.CountIs(taken.Runs, "run"), x.File))
	}
	if err != nil {
		return err
	}
	printTaken(stderr, x, &taken, b.check > 0)
	return nil
}

// printTaken prints what was taken from a bundle, and how many of its runs were made again first.
func printTaken(w io.Writer, x *check.Checked, taken *verify.Taken, again bool) {
	for _, conflict := range taken.Conflicts {
		fmt.Fprintf(w, "note: %v; that of the results folder stays\n", conflict)
	}
	checked := "none of them made again here"
	if again {
		checked = fmt.Sprintf("%d of them made again here: %d with the same bits",
			taken.Again.Made, taken.Again.Bits)
		if taken.Again.Near > 0 {
			checked += fmt.Sprintf(", %d within the tolerance for another platform",
				taken.Again.Near)
		}
	}
	fmt.Fprintf(w, "%s taken from %s (root %.12s), %s\n", text.Count(taken.Runs, "run"), x.File,
		x.Root, checked)
	if list := x.Platforms(); verify.Elsewhere(list) {
		fmt.Fprintf(w, "note: they were made on %s, not on %s like this machine: values differ by "+
			"rounding and what follows from it\n",
			strings.Join(list, ", "), platform.Name())
	}
}
