package progress_test

import (
	"os"

	"noisebench/harness"
	"noisebench/harness/progress"
	"noisebench/protocol"
	"noisebench/results"
)

// Where there is no terminal, a few plain lines tell how far a campaign is.
func ExampleStart() {
	d := progress.Start(os.Stdout, progress.Options{})
	d.Update(harness.Progress{Left: 2, Remaining: -1})
	d.Note("the plugin ./my-plugin declares no digest")
	done := results.Cell{Problem: "branin", Optimizer: "sgd", Setting: protocol.Setting{protocol.StepSize: 0.01}}
	d.Update(harness.Progress{Done: 2, Changed: []harness.CellState{{Cell: done}}})
	d.Stop()
	// Output:
	// at most 2 runs to go
	// note: the plugin ./my-plugin declares no digest
	// sgd on branin: finished
}
