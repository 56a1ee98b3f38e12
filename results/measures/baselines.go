package measures

import (
	"cmp"
	"slices"

	"noisebench/protocol"
)

// DefaultBaselines are the optimizers that others are compared with, whichever are in a plan.
var DefaultBaselines = []string{"sgd", "m-sgd", "m-svag", "cabs", "adam"}

// Baselines returns the entries of a plan that stand for the named optimizers or entries: the entry
// of that very name, else, of the entries of that optimizer, the one of least batch size, 0 being
// the problem's, first by name. A name that nothing has is an error.
func Baselines(plan *protocol.Plan, names []string) ([]string, error) {
	var entries []string
	for _, name := range names {
		entry, ok := baseline(plan, name)
		if !ok {
			var known []string
			for _, e := range plan.Optimizers {
				known = append(known, e.Name, e.Optimizer)
			}
			slices.Sort(known)
			return nil, protocol.Unknown("baseline", name, slices.Compact(known))
		}
		if !slices.Contains(entries, entry) {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

func baseline(plan *protocol.Plan, name string) (string, bool) {
	var candidates []protocol.OptimizerEntry
	for _, e := range plan.Optimizers {
		if e.Name == name {
			return name, true
		}
		if e.Optimizer == name {
			candidates = append(candidates, e)
		}
	}
	if candidates == nil {
		return "", false
	}
	return slices.MinFunc(candidates, func(a, b protocol.OptimizerEntry) int {
		return cmp.Or(cmp.Compare(a.BatchSize, b.BatchSize), cmp.Compare(a.Name, b.Name))
	}).Name, true
}

// chooseBaselines fills in Baselines and Anchor. Without names, it takes those of DefaultBaselines
// that the plan has.
func (r *Report) chooseBaselines(plan *protocol.Plan, names []string) {
	if len(names) == 0 {
		names = DefaultBaselines
	}
	for _, name := range names {
		if entry, ok := baseline(plan, name); ok && !slices.Contains(r.Baselines, entry) {
			r.Baselines = append(r.Baselines, entry)
		}
	}
	if len(r.Baselines) == 0 {
		r.warn(NoAnchor, "none of the usual baselines is among the entries: nothing is anchored, "+
			"and there are no targets; "+
			"name a baseline")
		return
	}
	r.Anchor = r.Baselines[0]
	if entry, ok := baseline(plan, anchorName); ok && slices.Contains(r.Baselines, entry) {
		r.Anchor = entry
	}
}
