package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"noisebench/harness/folder"
	"noisebench/plugins"
	"noisebench/results/bundle"
)

// openResults opens the records of a results folder; what is wrong with them is printed as
// warnings.
func openResults(dir string, warnings io.Writer) (*folder.Store, error) {
	return folder.OpenStore(dir, warnTo(warnings))
}

// notesIn reads a results folder's notes on plans and on bundles. What is unreadable is left out
// with a warning.
func notesIn(dir string, warnings io.Writer) folder.Notes {
	notes, errs := folder.Read(dir)
	for _, err := range errs {
		fmt.Fprintf(warnings, "bench: %v\n", err)
	}
	return notes
}

// noteChanges prints which plugins have changed since the plan was run: the results shown were made
// by the code of that time.
func noteChanges(stderr io.Writer, saved *bundle.Saved) {
	if saved == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(saved.Executables)) {
		e := saved.Executables[name]
		if sum, err := plugins.SumFile(e.Path); err == nil && sum != e.SHA256 {
			fmt.Fprintf(stderr, "note: %s has changed since these runs of %s were made; bench run "+
				"makes the missing runs with the new one\n", e.Path, name)
		}
	}
}
