// Package protocol defines the contract between test problems, optimizers and the harness. It
// depends on the standard library alone and is independent of the transport. It is the
// authoritative reference: behaviour that deviates from this text is a bug.
//
// # Control flow
//
// The harness is in control. It asks a [Problem] for a [Measurement] of one batch and passes it to
// an [Optimizer], which moves the point and returns its next [Request]:
//
//	x ← problem.Init(seed)
//	request ← optimizer's first request
//	until the budget is used up:
//		batch ← the next examples of the data order, as many as requested
//		m ← problem.Measure(x, batch, request.Want)      charged to the budget
//		request ← optimizer.Step(x, m)                   moves x
//		at each evaluation mark: problem.Evaluate(x, …)  free of charge
//
// # Terms
//
//	example        one term fᵢ of f(x) = (1/N) Σ fᵢ(x), named by a number
//	measurement    the quantities of one batch at one point, which the optimizer gets
//	evaluation     the harness's assessment of a point, which no optimizer sees
//	batch size m   the number of examples in a batch
//	step size α    also known as the learning rate
//	examples seen  progress, and the unit of the budget; epochs are derived from it
//	variance s     per-example elementwise sample variance, 1/(m−1) Σ (∇fᵢ − g)², a vector (Balles
//	               2021, Eq. 3.30); the variance of the batch gradient g is s/m
//	setting        one point in the space of hyperparameters
//	run            one setting under one seed on one problem
//	sweep          the runs that tune one optimizer on one problem
//	schedule       factor on the step size as a function of examples seen: warm-up, decay, drops
//	plan           problems × optimizers × sweep × seeds × budget
//	diverged       a result: the optimizer left the region where the loss is finite and moderate
//	failed         no result: a plugin or the machine was at fault
//
// # Rules
//
// R1 (means). A loss is a mean over examples, plus the regulariser that the problem states.
// Gradients are means, never sums, and per-example gradients have no factor 1/m. A deterministic
// regulariser contributes to loss and gradient, but not to the variance.
//
// R2 (purity). The same point, examples and seed give the same bits, independently of the number of
// threads, the order of runs, the transport, concurrent runs and interruptions. Problems keep no
// state between calls. Optimizers keep state only between the steps of one run, and a restored
// optimizer continues with the same bits as an uninterrupted one (see [SaveState]). The guarantee
// holds per platform (GOARCH, CPU feature level, Go version). The number of threads that a plugin
// is told to use (NOISEBENCH_THREADS) changes its speed, never its bits.
//
// R3 (budget). The budget counts examples. Every example whose loss or gradient an optimizer sees
// is charged, also when the same batch is measured again. The harness does the accounting. The last
// batch shrinks to the remaining budget, so that all runs end with the same count; a remainder
// smaller than the least measurable batch stays unused and is recorded. Matrices cost the same as a
// gradient and are counted separately. A sampled gradient is a gradient: alone it is charged and
// counted as one; both gradients of one batch in one measurement count once, since the examples
// were seen once. An [Oracle] is free, and runs that use it are marked. What the harness repeats to
// find out whether an outside plugin is pure is not shown to the optimizer and is not charged.
//
// R4 (evaluation). Evaluation is free and follows a schedule in examples seen that is the same for
// every optimizer of a plan: at zero, and at the first step boundary at or past each mark. Trial
// points are never evaluated.
//
// All entries of a plan have the same budget on a problem. A pair cannot run if the optimizer needs
// quantities that the problem does not measure, or lacks a version for its element type. Tables
// list such pairs outside the ranking, and the rest of the plan is run.
//
// R5 (randomness). All randomness comes from named streams of (seed, purpose), see [Stream]. An
// optimizer's hyperparameters never affect the data order: at equal seed and batch size all
// optimizers see the same batches. Data are reshuffled every epoch, unless the plan's order is
// [Frozen].
//
// R6 (selection). Tuning seeds and reporting seeds are disjoint. Settings are selected on
// validation data and reported on test data; on a problem without validation part they are selected
// on the training objective. A plan may follow the deviating rules of the thesis or of DeepOBS; its
// tables then state the deviation.
//
// All entries have the same number of tuning runs, for the search of the step size or for settings
// that fill the ranges in the plan's entry, on the scales that the optimizer declares. The search
// goes from the declared default up and down by decades, until the best is two decades behind or a
// run is unstable, and then along the grid 1, 3, 6 × 10ᵏ from the best; see package harness. The
// selection among settings does not depend on how they were found.
//
// R7 (divergence). A diverged run is a result: it enters every statistic with the worse of its
// initial and its last finite value, and tables flag and count it. The loss at a trial point never
// makes a run diverge; the optimizer measured it in order to judge it. A failed run is never a
// result, and never silently missing.
//
// A run has diverged when the loss of a batch, or the training loss at an evaluation, is not finite
// or more than 100 times the initial one (if that is negative, above it by more than 99 times its
// absolute value), or when a loss on another part is not finite. If another quantity (metric,
// gradient, variance, …) is not finite at a finite loss, it matters whether the optimizer can have
// caused it, see [Caused]. It cannot at the starting point, nor where the loss on that part is not
// above its initial value and no element of the point has an absolute value of 2¹⁶ or more in
// float32, 2¹²⁸ in float64, from which networks of a few layers could overflow. There such a value
// is a fault of the problem, and the run has failed. Elsewhere numbers may overflow before the loss
// does: a metric that is not finite is divergence, and a gradient or variance is passed to the
// optimizer. A negative variance or ‖s‖₁ at a finite loss, an accuracy outside [0, 1], and a loss
// of the first batch that is not finite cannot result from overflow and are always faults of the
// problem. In records of other tools, and of harnesses that did not check the metric, a run with
// any value that is not finite counts as diverged.
//
// A run whose steps are so small that the loss stays at its initial value, up to rounding, does not
// indicate too large a step size: the search for the step size then goes up.
//
// R8 (durability). No finished run is lost or made twice, whatever the interruption: Ctrl-C,
// SIGKILL, a full disk, a crash of a plugin, a second harness on the same folder.
//
// R9 (provenance). A record contains its provenance: protocol version, plan, hashes of executables
// and data, platform, versions, threads, and the separate times of problem, optimizer and harness.
//
// R10 (identity). A record is used only for code that computes the same bits. A built-in definition
// is identified by what it computes: its name, version and measured fingerprint (package
// fingerprint), so that a rebuild finds its runs. An outside plugin is additionally identified by
// the code that it loads: the digest and environment that it declares, or else the bytes of its
// executable. Place and build of a record's making are provenance (R9) and not part of its
// identity.
//
// # Modified measurements
//
// Schedule. Each measurement contains the schedule's factor on the step size, StepScale, which is a
// function of the examples charged before it, the size of its batch, and the budget; see
// [Schedule.Factor]. The schedule of an optimizer's entry in a plan takes precedence over that of
// the problem's entry, which takes precedence over the plan's, and that over the problem's own.
//
// Clipping. An optimizer's entry may limit the norm of gradients. With c = min(1, limit/‖g‖₂), the
// optimizer gets the measurement that results if each example's gradient ∇fᵢ is multiplied by c: g
// times c; s, ‖s‖₁, the covariance and the empirical Fisher, which are second moments of the ∇fᵢ,
// times c². Loss, Hessian, Gauss–Newton, the Fishers of the model's own labels, the sampled
// gradient and the oracle do not depend on these gradients and stay. A gradient whose norm is not
// finite stays, too. Clipping is free. Diagnostics are computed before clipping.
package protocol

// Version is the version of this contract. It is raised by every change that alters recorded
// numbers or that existing plugins do not understand. Tables never mix versions.
const Version = 2
