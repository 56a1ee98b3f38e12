// Package testbundle makes small bundles for tests and examples.
package testbundle

import (
	"context"
	"fmt"
	"path/filepath"

	"noisebench/harness"
	"noisebench/harness/publish"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

// Here is bench's own definitions, in this process.
type Here struct{}

// Problem implements harness.Definitions.
func (Here) Problem(name string) (protocol.ProblemDef, error) {
	for _, d := range problems.All() {
		if d.Name == name {
			d.Origin.Plugin = protocol.BuiltIn
			return d, nil
		}
	}
	return protocol.ProblemDef{}, protocol.Unknown("problem", name, nil)
}

// Optimizer implements harness.Definitions.
func (Here) Optimizer(name string) (protocol.OptimizerDef, error) {
	for _, d := range optimizers.All() {
		if d.Name == name {
			d.Origin.Plugin = protocol.BuiltIn
			return d, nil
		}
	}
	return protocol.OptimizerDef{}, protocol.Unknown("optimizer", name, nil)
}

// BuiltIn is the same as what bundles are compared with.
func BuiltIn() check.Here {
	return check.Here{BuiltIn: check.Served{Optimizers: optimizers.All(), Problems: problems.All()}}
}

// Plan is a plan of some optimizers on the problem branin: four runs of each, none of which tunes.
func Plan(name string, names ...string) protocol.Plan {
	plan := protocol.Plan{
		Name: name, Problems: []protocol.ProblemEntry{{Problem: "branin", Budget: 64}},
		Replicates: 4, Evaluations: 2,
	}
	for _, o := range names {
		plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{
			Optimizer: o, Set: protocol.Setting{protocol.StepSize: 0.01},
		})
	}
	return plan
}

// Make makes the runs of a plan of built-in optimizers and problems in a results folder within dir,
// and packs them into the bundle dir/NAME.noisebench.tar.zst.
func Make(dir string, plan protocol.Plan) (path string, err error) {
	campaign, err := harness.NewCampaign(plan, Here{})
	if err != nil {
		return "", err
	}
	store, err := results.Open(filepath.Join(dir, "results-"+plan.Name))
	if err != nil {
		return "", err
	}
	if _, err := campaign.Execute(context.Background(), harness.Options{
		Store: store, Parallel: 2, Host: harness.ThisHost(),
	}); err != nil {
		return "", err
	}
	contents := publish.Gather(&publish.Source{
		Campaign: campaign, Definitions: Here{}, Store: store,
		Find: func(id string) *results.Record {
			record, _, err := store.Lookup(id)
			if err != nil {
				panic(fmt.Sprintf("testbundle: %v", err)) // it was just written
			}
			return record
		},
	})
	path = filepath.Join(dir, bundle.FileName(plan.Name))
	_, err = contents.Pack(path,
		bundle.About{Title: "Bundle " + plan.Name, Authors: []string{"A. Tester"}})
	return path, err
}
