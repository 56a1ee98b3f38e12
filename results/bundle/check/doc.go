// Package check checks bundles that others published, without making any of their runs again.
//
// [Open] checks what the contents of a bundle say: that the file is whole, that every decision of its
// plan follows from its records, and that the records fit the rules and each other. [Checked.Compare]
// compares what the bundle says of its optimizers, problems and data with those that are here.
// Findings are values, with a verdict each: [Report] holds them, prints as JSON, and can be kept beside
// the bundle.
//
// Package noisebench/harness/verify calls this package and makes runs again; that is what most callers
// want. This one knows no harness: how decisions follow from records is handed to it.
package check
