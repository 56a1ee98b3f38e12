// Package bridge exchanges results with other tools. It writes
//
//   - tables of runs, evaluations and traces as Parquet, CSV and JSON, for pandas, R and other
//     programs ([Tables]);
//   - benchopt's result file ([Benchopt]);
//   - the folders that IOHanalyzer and iohinspector read ([WriteIOH]);
//
// and it reads DeepOBS' result folders ([ReadDeepOBS]). The functions document what a foreign
// format cannot express. The descriptions of formats are taken from the sources of the tools that
// read them.
package bridge

import (
	"noisebench/protocol"
	"noisebench/results"
)

// Source is the input of an export: a plan with its defaults filled in, and its cells. Records
// without traces give an empty table of traces.
type Source struct {
	Plan  *protocol.Plan
	Cells []results.Cell
}
