// Package check checks bundles that others published, without making any of their runs again.
//
// [Open] checks the contents of a bundle: that the file is intact, that every decision of its plan
// follows from its records, and that the records fit the rules and each other. [Checked.Compare]
// compares the bundle's optimizers, problems and data with those of this machine. Findings are
// values, with a verdict each: [Report] holds them, prints as JSON, and can be kept beside the
// bundle.
//
// Package noisebench/harness/verify calls this package and makes runs again; that is what most
// callers want. This package does not import the harness: its caller passes the function that
// derives decisions from records.
package check
