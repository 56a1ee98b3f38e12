package bridge

import (
	"cmp"
	"fmt"
	"maps"

	"noisebench/protocol"
	"noisebench/results"
)

// ImportedCells returns the cells of imported runs in a results folder that are on problems of a
// plan, its defaults filled in. They are unranked, with the reasons. define finds the definition of
// a problem by its name; problems that it does not find have no imported runs. warn gets a line for
// each import that cannot be read.
func ImportedCells(
	store *results.Store, plan *protocol.Plan,
	define func(name string) (protocol.ProblemDef, error), warn func(line string),
) []results.Cell {
	var records []*results.Record
	for r, err := range store.Imports() {
		if err != nil {
			warn(fmt.Sprintf("unreadable import: %v", err))
			continue
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return nil
	}
	var cells []results.Cell
	for _, entry := range plan.Problems {
		def, err := define(entry.Problem)
		if err != nil {
			continue
		}
		parameters, err := protocol.Resolve(def.Parameters, entry.With)
		if err != nil {
			continue // the plan's campaign reports it
		}
		spec, err := def.Spec(parameters)
		if err != nil {
			continue // likewise
		}
		// DeepOBS has no validation part, whatever the plan does.
		delete(parameters, protocol.ValidationParameter)
		var same []*results.Record
		for _, r := range records {
			if r.Run.Problem.Name == def.Name && maps.Equal(r.Run.Problem.Parameters, parameters) {
				same = append(same, r)
			}
		}
		for _, c := range Cells(entry.Name, same) {
			if n := c.Runs[0].Run.BatchSize; n != cmp.Or(entry.BatchSize, spec.BatchSize) {
				c.Unranked += fmt.Sprintf(", batch size %d", n)
			}
			part := results.PartFor(&spec, plan.Selection)
			if plan.Report == protocol.Best && part != protocol.TrainPart {
				c.Unranked += ", judged at the last point"
			}
			cells = append(cells, c)
		}
	}
	return cells
}
