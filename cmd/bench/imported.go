package main

import (
	"io"

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

// importedCells are the cells of imported runs on the problems of a plan. What is unreadable is
// left out with a warning.
func importedCells(store *results.Store, plan *protocol.Plan, warnings io.Writer) []results.Cell {
	return bridge.ImportedCells(store, plan, builtInProblem, warnTo(warnings))
}
