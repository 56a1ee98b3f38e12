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
	cell := results.Cell{Problem: "branin", Optimizer: "sgd", Missing: 2}
	d := progress.Start(os.Stdout, progress.Options{Cells: func() []results.Cell { return []results.Cell{cell} }})
	d.Update(harness.Progress{Left: 2, Remaining: -1})
	d.Note("the plugin ./my-plugin declares no digest")
	cell.Setting, cell.Missing = protocol.Setting{protocol.StepSize: 0.01}, 0
	d.Stop()
	// Output:
	// at most 2 runs to go
	// note: the plugin ./my-plugin declares no digest
	// sgd on branin: finished
}
