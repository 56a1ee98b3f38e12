// Package verify checks bundles that others published, and makes some of their runs again.
//
// [Verify] makes all checks of a bundle, in two steps that can be taken alone: [Open] reads it and
// checks its contents, and [Rerun] makes a sample of its runs again and compares. [Take] puts runs
// of a bundle into a results folder. Findings are values of package
// noisebench/results/bundle/check, which has the checks that make no runs.
//
// # Comparison
//
// A run that is made again has to give the same bits if its record names the platform and the Go
// version of this machine, or if the fingerprints of its problem and its optimizer are those here,
// whatever platform the record names. Otherwise rounding differs and stochastic runs drift apart;
// then a run has to end with the same status, after the same number of steps (unless the optimizer
// chooses its batch size), start from the same values within a relative 1e-5 (float32) or 1e-9
// (float64), and reach a score that differs by no more than the difference that ranking treats as
// equal, see [results.Equivalence].
//
// # Direction
//
// Within these tolerances, every run of an optimizer could be better than it should be by some
// percent. Rounding errors have no preferred sign, so many runs together show a systematic
// difference that single runs cannot show. For each run that was compared within tolerances and did
// not diverge, the difference between the record and the run made again is taken relative to the
// larger value, on each part: of the loss at the end, of the mean loss over the run, and of the
// score where the metric is not the loss. A difference counts as 0 up to the relative 1e-5 or 1e-9
// from above plus, since terms may cancel, a thousandth of that times the loss at the start or the
// optimum. Runs that are the same under any seed count once.
//
// For the runs of each optimizer, of each optimizer on each problem, and of all optimizers, two
// hypotheses are tested for each of these quantities: that positive and negative differences are
// equally probable, by the exact two-sided sign test, and, but for accuracies, that their mean is
// 0, by the paired t-test, which needs few runs to find a constant factor. All tests of one
// verification together have level 0.001 by the procedure of Holm 1979. A rejected hypothesis is a
// failed check. With fewer than 11 runs, only the t-test can reject; the report says so.
//
// # What decides
//
// Everything that decides how a record is judged is covered by its digest (the lines before the
// last) or, as plan and definitions are, by the root. The last line of a record, which the digest
// does not cover, names platform, Go version and times. Its platform and version can only cause a
// comparison of bits where otherwise tolerances would apply; they are shown, and compared with
// those in about.json. Times are shown and decide nothing; which runs are cheap to make again
// follows from budget and size. The root does not cover the name of the file, its signature with
// the list of signers, the report that bench verify saves beside it, and the plans, optimizers,
// problems and data of this machine.
package verify
