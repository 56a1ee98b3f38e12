// Package protocol is what test problems, optimizers and the harness agree on. It depends on the standard library alone,
// knows no transport, and is the authoritative reference: behaviour that departs from this text is a bug.
//
// # Who does what
//
// The harness drives. It asks a [Problem] for a [Measurement] of one batch, hands it to an [Optimizer], which moves the
// point and answers with its next [Request]:
//
//	x ← problem.Init(seed)
//	request ← optimizer's first request
//	until the budget is used up:
//		batch ← the next examples of the data order, as many as requested
//		m ← problem.Measure(x, batch, request.Want)      charged to the budget
//		request ← optimizer.Step(x, m)                   moves x
//		at each evaluation mark: problem.Evaluate(x, …)  free of charge
//
// # Words
//
//	example        one term fᵢ of f(x) = (1/N) Σ fᵢ(x), named by a number
//	measurement    what an optimizer learns about one batch at one point
//	evaluation     the harness's verdict on a point; no optimizer ever sees it
//	batch size m   the number of examples in a batch
//	step size α    what much of the literature calls the learning rate
//	examples seen  progress, and the unit of the budget; epochs are derived from it
//	variance s     per-example elementwise sample variance, 1/(m−1) Σ (∇fᵢ − g)², a vector (Balles 2021, Eq. 3.30);
//	               the variance of the batch gradient g is s/m
//	setting        one point in the space of hyperparameters
//	run            one setting under one seed on one problem
//	sweep          the runs that tune one optimizer on one problem
//	schedule       the factor on the step size as a function of examples seen: warm-up, decay, drops
//	plan           problems × optimizers × sweep × seeds × budget
//	diverged       a result: the optimizer left the region where the loss is finite and sensible
//	failed         no result: a plugin or the machine broke
//
// # Rules
//
// R1 (means). A loss is a mean over examples, plus the regulariser that the problem states. Gradients are means, never
// sums, and per-example gradients carry no factor 1/m. A deterministic regulariser adds to loss and gradient and nothing
// to the variance.
//
// R2 (purity). The same point, examples and seed give the same bits: whatever the number of threads, the order of runs,
// the transport, the other runs in flight, or an interruption in between. Problems keep no state between calls;
// optimizers keep state only between the steps of one run, and go on from a saved one as if nothing had been (see
// [SaveState]). The promise holds per platform (GOARCH, CPU feature level, Go version). How many threads a plugin is told
// to use (NOISEBENCH_THREADS) changes its speed, never its bits.
//
// R3 (budget). The budget counts examples. Every example whose loss or gradient an optimizer gets to see is charged, a
// second look at the same batch too. The harness meters. The last batch shrinks to what is left, so that all runs end on
// the same count; a remainder smaller than the least measurable batch stays unused and is recorded. Matrices cost what a
// gradient does, and are counted apart. A sampled gradient is a gradient: by itself it is charged and counted as one; both
// of one batch in one measurement count once, since the examples were seen once. An [Oracle] costs nothing, and marks
// whatever used it.
//
// R4 (evaluation). Evaluation is free and happens on a schedule fixed in examples seen, the same for every optimizer of a
// plan: at zero, and at the first step boundary at or past each mark. A trial point is never evaluated.
//
// Each entry of a plan has the same budget on a problem. A pair of which the optimizer needs what the problem does not measure, or
// has no version of its element type, cannot run: tables say so, outside the ranking, and the rest of the plan goes on.
//
// R5 (randomness). All randomness comes from named streams of (seed, purpose), see [Stream]. An optimizer's
// hyperparameters never touch the data order: at equal seed and batch size all optimizers see the same batches. Data are
// reshuffled every epoch, unless the plan says [Frozen].
//
// R6 (selection). Tuning seeds and reporting seeds are disjoint. Settings are selected on validation data and reported on
// test data; on a problem without validation part they are selected on the training objective. A plan may deviate in the
// way that the thesis or DeepOBS did; its tables then say so.
//
// Each entry has the same number of tuning runs: for the search of its step size, or for settings that fill the ranges that its
// entry declares, on the scales that the optimizer declares. A setting is judged in one way, however it was found.
//
// R7 (divergence). A diverged run is a result: it stays in every statistic at the worse of its initial and its last finite
// value, and tables flag and count it. The loss at a trial point makes no run diverge: to judge it is what the optimizer
// paid for. A failed run is never a result, and never silently missing.
//
// A run has diverged when the loss of a batch, or the training loss at an evaluation, is not finite or is more than 100 times the
// initial one (above it by 99 times its size, where that is negative), or when a loss on another part is not finite. Whatever
// else is not finite at a finite loss (metric, gradient, variance, …) is a fault of the problem, and the run has failed, where an
// optimizer cannot have caused it, see [Caused]: at the starting point; or where the loss on that part is not above that at the
// start, and the point has no element of 2¹⁶ or more in float32, 2¹²⁸ in float64, which networks of a few layers could make
// overflow. Elsewhere numbers may overflow before the loss does: there a metric that is not finite is divergence, and a gradient
// or variance is passed on, for the optimizer to deal with. No overflow makes a variance or ‖s‖₁ negative at a finite loss, nor an
// accuracy lie outside [0, 1]: these, and a loss of the first batch that is not finite, are faults of the problem wherever they occur.
// In records of other tools, and of harnesses that did not watch the metric, a run with any value that is not finite counts
// as diverged.
//
// A run whose steps are so small that the loss stays at its start, up to rounding, is no sign of too large a step size: the search
// of the step size goes up from there.
//
// R8 (durability). Nothing that was finished is lost or run twice, whatever interrupts: Ctrl-C, SIGKILL, a full disk, a
// crash of a plugin, a second harness on the same folder.
//
// R9 (provenance). A record says what produced it: protocol version, plan, hashes of executables and data, platform, versions,
// threads, and the time that problem, optimizer and harness took, apart.
//
// R10 (identity). A record is served for code that computes its bits, and for no other. A built-in is what it computes: its
// name, version and measured fingerprint (package fingerprint), so that a rebuild finds its runs. An outside plugin is that
// and all that it loads: the digest and environment that it declares, or else the bytes of its executable. Whatever only says
// where a record was made, and by which build, is provenance (R9) and identifies nothing.
//
// # What the harness does to a measurement
//
// Schedule. Each measurement carries the schedule's factor on the step size, StepScale, which is a function of the examples
// charged before it, the size of its batch, and the budget; see [Schedule.Factor]. The schedule of an optimizer's entry in a
// plan goes before that of the problem's entry, that before the plan's, and that before the problem's own.
//
// Clipping. An optimizer's entry may limit the norm of gradients. With c = min(1, limit/‖g‖₂), the optimizer is given the
// measurement that it would be given if each example's gradient ∇fᵢ were multiplied by c: g times c; s, ‖s‖₁, the covariance and the
// empirical Fisher, which are second moments of the ∇fᵢ, times c². Loss, Hessian, Gauss–Newton, the Fishers of the model's own
// labels, the sampled gradient and the oracle are not of these gradients and stay. So does a gradient whose norm is not finite.
// Clipping is free of charge. Diagnostics are taken before it.
package protocol

// Version is the version of this contract. A change that alters any recorded number, or that an existing plugin
// would not understand, raises it; tables never mix versions.
const Version = 2
