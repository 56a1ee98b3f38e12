package protocol

import "fmt"

// Fault is the error of a broken plugin: it crashed, hung, or broke a rule of the contract. A run with a Fault has failed
// and is no result.
type Fault struct {
	Plugin string // who: path or name of the plugin, and which of its problems or optimizers
	Call   string // in which call: "Step", "Measure", …
	Err    error  // what is wrong, got and want
}

func (f *Fault) Error() string { return fmt.Sprintf("plugin %s: %s: %v", f.Plugin, f.Call, f.Err) }

// Unwrap returns Err.
func (f *Fault) Unwrap() error { return f.Err }
