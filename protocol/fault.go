package protocol

import "fmt"

// Fault is the error of a plugin that crashed, hung, or violated the contract. A run with a Fault
// has failed and is no result.
type Fault struct {
	Plugin string // path or name of the plugin, and the problem or optimizer
	Call   string // the call: "Step", "Measure", …
	Err    error  // the cause, with the actual and the expected value
}

func (f *Fault) Error() string { return fmt.Sprintf("plugin %s: %s: %v", f.Plugin, f.Call, f.Err) }

// Unwrap returns Err.
func (f *Fault) Unwrap() error { return f.Err }
