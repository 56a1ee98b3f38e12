// Package verify checks bundles that others published, and makes some of their runs again.
//
// [Verify] makes all checks of a bundle, in two steps that can be taken alone: [Open] reads it and
// checks its contents, and [Rerun] makes a sample of its runs again and compares. [Take] puts runs
// of a bundle into a results folder. Findings are values of package
// noisebench/results/bundle/check, which has the checks that make no runs.
//
// # Comparison
//
// A run that is made again has to give the same bits where its record names the platform and the Go
// version of this machine, or, whatever it names, where the fingerprints of its problem and its
// optimizer are those here. Elsewhere rounding differs and stochastic runs drift apart; there, a
// run has to end with the same status, after the same number of steps (unless the optimizer chooses
// its batch size), start from the same values within a relative 1e-5 (float32) or 1e-9 (float64),
// and reach a score that differs by no more than what ranking takes for equal, see
// [results.Equivalence].
//
// # Direction
//
// These tolerances would let a gain of some percent pass, if every run had it. Rounding favours no
// side, so that what single runs cannot show, many do. Of each run that was compared within
// tolerances and did not diverge, by how much the record differs from the run made again is taken
// relative to the larger value, on each part: of the loss at the end, of the mean loss over the
// run, and of the score where the metric is not the loss. A difference counts as 0 if it is below
// the relative 1e-5 or 1e-9 from above, or below a thousandth of that of the starting loss or the
// optimum from which cancellation comes. Runs that are the same under any seed count once.
//
// For the runs of each optimizer, of each optimizer on each problem, and of all optimizers, two
// hypotheses are tested for each of these quantities: that positive and negative differences are
// equally probable, by the exact two-sided sign test, and, but for accuracies, that their mean is
// 0, by the paired t-test, which needs few runs to find a constant factor. All tests of one
// verification together have level 0.001 by the procedure of Holm 1979. A rejected hypothesis is a
// finding that fails. Of fewer than 11 runs, only the t-test can find anything; the report says so.
//
// # What decides
//
// What decides how a record is judged is covered by its digest (the lines before the last) or, as
// plan and definitions are, by the root. The last line of a record, which the digest does not
// cover, names platform, Go version and times. Its platform and version can only have bits compared
// where they would not be otherwise; they are shown, and compared with what about.json says of
// them. Times are shown and decide nothing; which runs are cheap to make again follows from budget
// and size. Outside of the root are the name of the file, its signature with the list of signers,
// the report that bench verify saves beside it, and what this machine has: plans, optimizers,
// problems, data.
package verify
