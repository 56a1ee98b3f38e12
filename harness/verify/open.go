package verify

import (
	"fmt"
	"sync"

	"noisebench/harness"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
	"noisebench/results/bundle/signature"
)

// Options are the options of [Open]. The zero value is valid.
type Options struct {
	// Known finds the plan of a name that a bundle's plan may claim to be: the built-in ones of
	// noisebench/cmd/bench/plans, for example. nil: none is known.
	Known   func(name string) (protocol.Plan, bool)
	Read    bundle.Options
	Signers signature.Signers // whose keys are known
}

// Open reads the bundle at path, derives every decision of its plan again, and checks what can be
// checked by its contents alone. That it cannot be read is a finding, not an error.
func Open(path string, o Options) *check.Checked {
	return check.Open(path, check.Options{Decide: decide, Known: o.Known, Read: o.Read, Signers: o.Signers})
}

// decide derives the decisions of a bundle's plan from its records.
func decide(b *bundle.Bundle) (*check.Decisions, error) {
	if err := affordable(b); err != nil {
		return nil, err
	}
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

// mostValues is the greatest number of values, of about fifty bytes each, that decide may hold in
// memory for a plan.
const mostValues = 2_000_000

// affordable returns an error for a plan whose decisions would take much memory. A small file can
// name many optimizers and problems, and each pair takes memory for its definitions, settings and
// runs, even those that are missing. A bundle with as many records would be too large to be read.
func affordable(b *bundle.Bundle) error {
	plan := b.Plan.WithDefaults()
	const perRun, perPair = 12, 60 // values
	var sum float64
	for _, e := range plan.Optimizers {
		declared := float64(len(b.Definitions.Optimizers[e.Optimizer].Hyperparameters))
		settings := float64(plan.Tuning.Runs)
		if len(e.Sweep) > 0 {
			settings = 1
			for _, values := range e.Sweep {
				settings *= float64(len(values))
			}
		}
		ties := float64(max(0, plan.Tuning.TieSeeds)) * min(settings, float64(plan.Tuning.TieSettings))
		runs := float64(plan.Replicates)*2 + settings + ties
		sum += runs*perRun + settings*declared + 2*declared + perPair
	}
	sum *= float64(len(plan.Problems))
	for _, e := range plan.Problems {
		sum += float64(len(plan.Optimizers) * len(b.Definitions.Problems[e.Problem].Parameters))
	}
	if !(sum*float64(1+len(b.Definitions.Others)) <= mostValues) {
		return fmt.Errorf("its %d optimizers on %d problems, with definitions of %s, ask for more runs "+
			"and settings than a bundle can hold", len(plan.Optimizers), len(plan.Problems),
			text.Count(1+len(b.Definitions.Others), "platform"))
	}
	return nil
}
