// Package bridge carries results to and from other tools. It writes
//
//   - tables of runs, evaluations and traces as Parquet, CSV and JSON, for pandas, R and everything else ([Tables]);
//   - benchopt's result file ([Benchopt]);
//   - the folders that IOHanalyzer and iohinspector read ([WriteIOH]);
//
// and it reads DeepOBS' result folders ([ReadDeepOBS]). What a foreign format has no word for is
// said at the function that writes it. Formats are described from the sources of the tools that
// read them.
package bridge

import (
	"noisebench/protocol"
	"noisebench/results"
)

// Source is what is exported: a plan with its defaults filled in, and what is known of it. Records
// without their traces give an empty table of traces.
type Source struct {
	Plan  *protocol.Plan
	Cells []results.Cell
}
