package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"

	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bridge"
)

// builtInProblem looks up a problem that bench serves, by its name or DeepOBS' spelling of it.
func builtInProblem(name string) (protocol.ProblemDef, error) {
	name = bridge.ProblemName(name)
	var known []string
	for _, d := range problems.All() {
		if d.Name == name {
			return d, nil
		}
		known = append(known, d.Name)
	}
	return protocol.ProblemDef{}, protocol.Unknown("problem", name, known)
}

// importedCells are the cells of imported runs on the problems of a plan. What is unreadable is left out with a warning.
func importedCells(store *results.Store, plan *protocol.Plan, warnings io.Writer) []results.Cell {
	var records []*results.Record
	for r, err := range store.Imports() {
		if err != nil {
			fmt.Fprintf(warnings, "bench: unreadable import: %v\n", err)
			continue
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return nil
	}
	var cells []results.Cell
	for _, entry := range plan.Problems {
		def, err := builtInProblem(entry.Problem)
		if err != nil {
			continue // of an outside plugin
		}
		parameters, err := protocol.Resolve(def.Parameters, entry.With)
		if err != nil {
			continue // a campaign has said so
		}
		spec, err := def.Spec(parameters)
		if err != nil {
			continue // likewise
		}
		// DeepOBS holds nothing out, whatever the plan does.
		delete(parameters, protocol.ValidationParameter)
		var same []*results.Record
		for _, r := range records {
			if r.Run.Problem.Name == def.Name && maps.Equal(r.Run.Problem.Parameters, parameters) {
				same = append(same, r)
			}
		}
		for _, c := range bridge.Cells(entry.Name, same) {
			if n := c.Runs[0].Run.BatchSize; n != cmp.Or(entry.BatchSize, spec.BatchSize) {
				c.Unranked += fmt.Sprintf(", batch size %d", n)
			}
			if plan.Report == protocol.Best && results.PartFor(&spec, plan.Selection) != protocol.TrainPart {
				c.Unranked += ", judged at the last point"
			}
			cells = append(cells, c)
		}
	}
	return cells
}
