package main

import (
	"fmt"
	"slices"
	"strings"

	"noisebench/protocol"
)

// selection reads --only. It returns which pairs are selected, by the names of the plan's entries;
// nil: all.
func (m *making) selection(plan *protocol.Plan) (func(problem, optimizer string) bool, error) {
	if len(m.only) == 0 {
		return nil, nil
	}
	names := map[string][]string{}
	for _, e := range plan.Problems {
		names["problem"] = append(names["problem"], e.Name)
	}
	for _, e := range plan.Optimizers {
		names["optimizer"] = append(names["optimizer"], e.Name)
	}
	var pairs []map[string]string
	for _, text := range m.only {
		pair := map[string]string{}
		for rest := text; len(pair) == 0 || rest != ""; {
			key, name, ok := strings.Cut(rest, "=")
			if !ok || names[key] == nil || pair[key] != "" {
				return nil, fmt.Errorf("--only is %q, want optimizer=NAME, problem=NAME, or both "+
					"with a comma between them", text)
			}
			name, rest = cutPart(name)
			if !slices.Contains(names[key], name) {
				return nil, fmt.Errorf("--only %s: plan %s: %w", text, plan.Name,
					protocol.Unknown(key, name, names[key]))
			}
			pair[key] = name
		}
		pairs = append(pairs, pair)
	}
	return func(problem, optimizer string) bool {
		return slices.ContainsFunc(pairs, func(pair map[string]string) bool {
			p, o := pair["problem"], pair["optimizer"]
			return (p == "" || p == problem) && (o == "" || o == optimizer)
		})
	}, nil
}

// cutPart returns the name at the start of a part of --only, and the parts after it. Names may have
// commas: one ends a name only where the next part begins.
func cutPart(text string) (name, rest string) {
	name = text
	for _, next := range []string{",optimizer=", ",problem="} {
		if before, _, ok := strings.Cut(name, next); ok {
			name = before
		}
	}
	return name, strings.TrimPrefix(text[len(name):], ",")
}
