// Package verify checks bundles that others published, and makes some of their runs again.
//
// [Open] reads a bundle and checks its contents; [Rerun] makes a sample of its runs again and compares;
// [Take] puts runs of a bundle into a results folder. Findings are values of package
// noisebench/results/bundle/check, which has the checks that make no runs.
//
// A run that is made again has to give the same bits where the platform, the Go version, and the
// versions of optimizer and problem are the same. Elsewhere rounding differs and stochastic runs drift
// apart; there, a run has to end with the same status, after the same number of steps (unless the
// optimizer chooses its batch size), start from the same values within a relative 1e-5 (float32) or 1e-9
// (float64), and reach a score that differs by no more than what ranking takes for equal, see
// [results.Equivalence].
package verify
