package verify

import (
	"sync"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

// Options are what [Open] may be told. The zero value is good.
type Options struct {
	// Known finds the plan of a name that a bundle's plan may claim to be: the built-in ones of
	// noisebench/cmd/bench/plans, for example. nil: none is known.
	Known  func(name string) (protocol.Plan, bool)
	Traces bool // records are wanted with their traces
}

// Open reads the bundle at path, derives every decision of its plan again, and checks what can be
// checked by its contents alone. That it cannot be read is a finding, not an error.
func Open(path string, o Options) *check.Checked {
	return check.Open(path, check.Options{Decide: decide, Known: o.Known, Traces: o.Traces})
}

// decide derives the decisions of a bundle's plan from its records.
func decide(b *bundle.Bundle) (*check.Decisions, error) {
	var others []harness.Definitions
	for i := range b.Definitions.Others {
		others = append(others, &b.Definitions.Others[i])
	}
	campaign, err := harness.NewCampaign(b.Plan, &b.Definitions, others...)
	if err != nil {
		return nil, err
	}
	campaign.Contract(b.About.Protocol)
	d := &check.Decisions{Plan: campaign.Plan, Used: map[string]bool{}}
	var mu sync.Mutex // cells are derived side by side
	cells, due := campaign.Cells(func(id string) *results.Record {
		record := b.Records[id]
		if record != nil {
			mu.Lock()
			d.Used[id] = true
			mu.Unlock()
		}
		return record
	})
	d.Cells, d.Missing = cells, harness.Missing(cells, due)
	return d, nil
}
