package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/reproduce"
	"noisebench/harness"
	"noisebench/harness/folder"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

// inThisProcess is how bench's own plugins are called by reproduce, which needs no others: there is
// nothing to be kept apart, grids of ten thousand tiny runs would spend most of their time between
// processes, and the bits are the same (R2).
func inThisProcess() *pluginFlags { return listed(nil) }

// reproduce makes an item's runs, draws it and judges its claims.
func (o *reproduction) reproduce(cmd *cobra.Command, item reproduce.Item) error {
	size, err := item.SizeOf(o.size)
	if err != nil {
		return err
	}
	if threadsOfEnvironment() == 0 {
		setThreads(threadsEach(o.parallel))
	}
	if item.Plans == nil { // it is computed
		return o.draw(cmd, item, &reproduce.Input{Size: size})
	}
	catalogue, err := inThisProcess().open(cmd)
	if err != nil {
		return err
	}
	defer catalogue.Close()
	in, err := item.Make(size, func(plan protocol.Plan) (*protocol.Plan, []results.Cell, error) {
		campaign, err := harness.NewCampaign(plan, catalogue)
		if err != nil {
			return nil, nil, err
		}
		store, _, err := execute(cmd, campaign, catalogue, catalogue,
			&making{dir: o.dir, parallel: o.parallel})
		if err != nil {
			return nil, nil, err
		}
		store.Traces = campaign.Plan.Trace > 0
		return &campaign.Plan, store.Cells(campaign), nil
	})
	if err != nil {
		return err
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

// claims judges the claims of the items whose runs are in the results folder, and lists what the
// others wait for.
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
	findings, waiting, err := reproduce.JudgeAll(items, o.size,
		func(plan protocol.Plan) (*harness.Campaign, error) {
			plan = plan.WithDefaults()
			notes := notesIn(store.Records.Dir(), cmd.ErrOrStderr())
			campaign, _, err := notes.Recall(&plan, func() (bundle.Lookup, error) { return catalogue, nil })
			return campaign, err
		}, store.Find)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	if err := printFindings(w, findings); err != nil {
		return err
	}
	for _, item := range waiting {
		fmt.Fprintf(w, "not judged: %s at size %s waits for %s (%s): bench reproduce %[1]s --size "+
			"%[2]s\n",
			item.Item.Name, item.Size, text.Count(item.Missing, "run"), item.Item.Time[item.Size])
	}
	return nil
}
