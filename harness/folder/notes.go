package folder

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"noisebench/harness"
	"noisebench/harness/verify"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

// Notes are what a results folder contains besides records.
type Notes struct {
	Saved []*bundle.Saved // plans that were run in it, the one that was run last first
	Taken []*bundle.Taken // bundles that runs were taken from
}

// Read reads the notes in a results folder. What cannot be read is left out, with an error each.
func Read(dir string) (n Notes, errs []error) {
	var err error
	if n.Saved, err = bundle.SavedPlans(dir); err != nil {
		errs = append(errs, err)
	}
	if n.Taken, err = bundle.TakenBundles(dir); err != nil {
		errs = append(errs, err)
	}
	return n, errs
}

// Plan returns the plan of a name that was run last in the folder; nil if none was.
func (n *Notes) Plan(name string) *bundle.Saved {
	i := slices.IndexFunc(n.Saved, func(s *bundle.Saved) bool { return s.Plan.Name == name })
	if i < 0 {
		return nil
	}
	return n.Saved[i]
}

// Others are the definitions of bundles whose runs were made on other platforms, see
// harness.NewCampaign.
func (n *Notes) Others() (others []harness.Definitions) {
	for _, t := range n.Taken {
		if verify.Elsewhere(t.Platforms) {
			others = append(others, &t.Definitions)
		}
	}
	return others
}

// Resolve finds the definitions that the names of a plan, its defaults filled in, had when it was
// last run, when other plans were run, or in bundles. It calls rest only for names that have none.
func (n *Notes) Resolve(
	plan *protocol.Plan, rest func() (bundle.Lookup, error),
) (bundle.Lookup, error) {
	var known []*bundle.Definitions
	for _, same := range []bool{true, false} {
		for _, s := range n.Saved {
			if same == (s.Plan.Name == plan.Name) {
				known = append(known, &s.Definitions)
			}
		}
	}
	for _, t := range n.Taken {
		known = append(known, &t.Definitions)
	}
	return bundle.Resolve(plan, known, rest)
}

// Campaign returns the campaign of a plan whose runs are made by the definitions that served finds,
// or taken from bundles: those that runs were taken from before, and those that are given. The
// lookup finds what the plan names in any of them.
func (n *Notes) Campaign(
	plan protocol.Plan, served bundle.Lookup, from ...*check.Checked,
) (*harness.Campaign, bundle.Lookup, error) {
	definitions := bundle.Lookups{served}
	others := n.Others()
	for _, t := range n.Taken {
		definitions = append(definitions, &t.Definitions)
	}
	for _, x := range from {
		definitions = append(definitions, &x.Bundle.Definitions)
		if verify.Elsewhere(x.Platforms()) {
			others = append(others, &x.Bundle.Definitions)
		}
	}
	campaign, err := harness.NewCampaign(plan, definitions, others...)
	return campaign, definitions, err
}

// Recall returns the campaign of a plan, its defaults filled in, for looking at its records: its
// names mean what [Notes.Resolve] finds, which the lookup finds too.
func (n *Notes) Recall(
	plan *protocol.Plan, rest func() (bundle.Lookup, error),
) (*harness.Campaign, bundle.Lookup, error) {
	definitions, err := n.Resolve(plan, rest)
	if err != nil {
		return nil, nil, err
	}
	campaign, err := harness.NewCampaign(*plan, definitions, n.Others()...)
	return campaign, definitions, err
}

// TakenMarker returns a function that sets Taken of a cell that has runs which were taken from
// bundles. It may be called concurrently.
func (n *Notes) TakenMarker() func(*results.Cell) {
	from, again := make([]map[string]bool, len(n.Taken)), make([]int, len(n.Taken))
	for i, t := range n.Taken {
		from[i] = map[string]bool{}
		for _, id := range t.Runs {
			from[i][id] = true
		}
		for _, c := range t.Checks {
			if c.Bits {
				again[i]++
			}
		}
	}
	return func(c *results.Cell) {
		if len(n.Taken) == 0 {
			return
		}
		all := c.Records()
		runs := make([]int, len(n.Taken))
		var ids results.IDs
		for _, r := range all {
			id := ids.Of(&r.Run)
			for i := range from {
				if from[i][id] {
					runs[i]++
				}
			}
		}
		for i, t := range n.Taken {
			if runs[i] > 0 {
				c.Taken = append(c.Taken, results.Taken{
					Runs: runs[i], Of: len(all), Root: t.Root, Title: cmp.Or(t.Title, t.Plan),
					Platforms: strings.Join(t.Platforms, ", "), Checked: len(t.Checks), Bits: again[i],
				})
			}
		}
	}
}

// SavePlan keeps in a results folder what the plan's names mean now, so that its records can be
// read without plugins.
func SavePlan(dir string, plan *protocol.Plan, definitions bundle.Lookup) error {
	described, err := bundle.Describe(plan, definitions,
		maps.Values(map[string]*results.Record(nil)))
	if err != nil {
		return err
	}
	s := &bundle.Saved{
		Plan: *plan, Definitions: *described, Executables: map[string]bundle.Executable{},
		When: time.Now().UTC().Format(time.RFC3339),
	}
	note := func(name string, o protocol.Origin) {
		if o.Plugin != protocol.BuiltIn && o.Path != "" {
			s.Executables[name] = bundle.Executable{Path: o.Path, SHA256: o.Executable}
		}
	}
	for _, e := range plan.Optimizers {
		if def, err := definitions.Optimizer(e.Optimizer); err == nil {
			note(e.Optimizer, def.Origin)
		}
	}
	for _, e := range plan.Problems {
		if def, err := definitions.Problem(e.Problem); err == nil {
			note(e.Problem, def.Origin)
		}
	}
	return bundle.Save(dir, s)
}
