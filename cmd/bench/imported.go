package main

import (
	"io"

	"noisebench/harness/folder"
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

// completed returns a plan's cells as tables and pages show them: those with runs from bundles name
// the bundles, and the cells of imported runs on the plan's problems follow. What is unreadable is
// left out with a warning.
func completed(
	cells []results.Cell, plan *protocol.Plan, store *results.Store, notes *folder.Notes,
	warnings io.Writer,
) []results.Cell {
	notes.MarkTaken(cells)
	imported := bridge.ImportedCells(store, plan, builtInProblem, warnTo(warnings))
	return append(cells, imported...)
}
