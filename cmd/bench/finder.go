package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

// finder finds the records of a plan, for the commands that show results and run nothing.
type finder struct {
	plugins    pluginFlags
	dir, build string
	traces     bool   // wanted with the records
	source     []byte // text of the plan that was found
}

func (f *finder) add(cmd *cobra.Command) {
	f.plugins.add(cmd)
	addResults(cmd, &f.dir)
	cmd.Flags().StringVar(&f.build, "build", "",
		"show records that name the build of bench that made them: the first digits of its "+
			"`SHA256`")
}

// found is a plan with what the results folder has of it.
type found struct {
	campaign *harness.Campaign
	store    *folder.Store
	notes    folder.Notes

	definitions bundle.Lookup // by the names of the plan
}

// find returns the plan that an argument names, its defaults filled in, and the state of its cells.
// That there are no records at all is an error.
func (f *finder) find(cmd *cobra.Command, arg string) (*protocol.Plan, []results.Cell, error) {
	there, err := f.open(cmd, arg)
	if err != nil {
		return nil, nil, err
	}
	cells := there.cells()
	imported, err := there.imported(cmd, arg)
	if err != nil {
		return nil, nil, err
	}
	return &there.campaign.Plan, append(cells, imported...), nil
}

// cells returns the state of the cells. Those with runs from bundles name the bundles.
func (f *found) cells() []results.Cell {
	cells, mark := f.store.Cells(f.campaign), f.notes.TakenMarker()
	for i := range cells {
		mark(&cells[i])
	}
	return cells
}

// each passes the state of the cells to a function, from several goroutines, and keeps none: there
// may be more records than fit into memory. arg is what the user calls the plan. That there are no
// records at all is an error.
func (f *found) each(cmd *cobra.Command, arg string, do func(results.Cell)) error {
	mark := f.notes.TakenMarker()
	f.store.Each(f.campaign, func(c results.Cell) {
		mark(&c)
		do(c)
	})
	imported, err := f.imported(cmd, arg)
	for _, c := range imported {
		do(c)
	}
	return err
}

// imported returns the cells of imported runs. It is an error if there are none and no records have
// been found.
func (f *found) imported(cmd *cobra.Command, arg string) ([]results.Cell, error) {
	cells := importedCells(f.store.Records, &f.campaign.Plan, cmd.ErrOrStderr())
	if f.store.Empty() && len(cells) == 0 {
		return nil, noRecords(cmd, f, arg)
	}
	return cells, nil
}

// open looks up all that the plan names: in the results folder's notes on plans that were run in it
// and on bundles that runs were taken from, and otherwise among built-in definitions and plugins.
// No plugin is needed for records that are there.
func (f *finder) open(cmd *cobra.Command, arg string) (*found, error) {
	stderr := cmd.ErrOrStderr()
	store, err := openResults(f.dir, stderr)
	if err != nil {
		return nil, err
	}
	store.Traces = f.traces
	notes := notesIn(f.dir, stderr)
	there := &found{store: store, notes: notes}
	plan, source, err := plans.Find(arg, notes.Saved)
	if err != nil {
		return nil, err
	}
	f.source = source
	plan = plan.WithDefaults()
	f.plugins.isolate = false // nothing is run
	var own *catalogue.Catalogue
	defer func() {
		if own != nil {
			own.Close()
		}
	}()
	rest := func() (bundle.Lookup, error) {
		if own == nil {
			f.plugins.results = f.dir
			if own, err = f.plugins.open(cmd, plan.Plugins...); err != nil {
				return nil, err
			}
		}
		return own, nil
	}
	if f.build != "" {
		if _, err := rest(); err != nil {
			return nil, err
		}
		build, contract, err := store.Build(plan.Name, f.build)
		if err != nil {
			return nil, err
		}
		own.SetBuild(build)
		there.definitions = own
		if there.campaign, err = harness.NewCampaign(plan, own); err != nil {
			return nil, err
		}
		there.campaign.Contract(contract)
		return there, nil
	}
	if there.campaign, there.definitions, err = notes.Recall(&plan, rest); err != nil {
		return nil, err
	}
	noteChanges(stderr, notes.Plan(plan.Name))
	return there, nil
}

// noRecords is the error for a plan without records in the results folder. arg is what the
// user calls the plan.
func noRecords(cmd *cobra.Command, there *found, arg string) error {
	plan, dir := &there.campaign.Plan, there.store.Records.Dir()
	others := there.store.OtherCode(there.campaign)
	if len(others) == 0 {
		return fmt.Errorf("there are no runs of plan %s in %s; make them by: bench run %s",
			plan.Name, dir, arg)
	}
	return fmt.Errorf("%s holds no runs of plan %s by its optimizers and problems as they are "+
		"now, but %s; bench run %s makes them again, and %s %s --build SHA256 shows the runs of "+
		"a build of bench that records name",
		dir, plan.Name, strings.Join(others, " and "), arg, cmd.CommandPath(), arg)
}
