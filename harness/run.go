package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"noisebench/protocol"
	"noisebench/results"
)

// Alloc returns zeroed memory that plugins can map, 64-byte aligned, and a function that frees it.
type Alloc func(bytes int) (mem []byte, free func())

// Faulter is implemented by problems and optimizers that can report a fault of a call without an
// error result, such as Estimate.
type Faulter interface{ Fault() error }

// Run makes one run of an optimizer on a problem. run must agree with the definitions, as the runs
// of a [Campaign] do. With a nil alloc, vectors lie in plain memory.
//
// The record's status is ok or diverged, or failed if a plugin broke the contract; then the error
// is a *protocol.Fault and the record holds the points recorded up to then. With any other error,
// such as that of an ended ctx, the record is nil.
func Run(
	ctx context.Context, p protocol.ProblemDef, o protocol.OptimizerDef, run results.Run, alloc Alloc,
) (*results.Record, error) {
	return RunResumable(ctx, p, o, run, alloc, nil)
}

// RunResumable is [Run], but resumes from a checkpoint, if there is one, and saves checkpoints.
// With nil checkpoints, or if the optimizer does not save its state, it is Run. When ctx has ended,
// it saves a checkpoint and returns ctx's error.
func RunResumable(
	ctx context.Context, p protocol.ProblemDef, o protocol.OptimizerDef, run results.Run, alloc Alloc,
	checkpoints *Checkpoints,
) (*results.Record, error) {
	return runWith(ctx, p, o, run, alloc, checkpoints, nil)
}

// runWith is RunResumable, or one of the two runs of a probe.
func runWith(
	ctx context.Context, p protocol.ProblemDef, o protocol.OptimizerDef, run results.Run, alloc Alloc,
	checkpoints *Checkpoints, probe *probe,
) (*results.Record, error) {
	if !o.Saves {
		checkpoints = nil
	}
	spec, err := p.Spec(run.Problem.Parameters)
	if err != nil {
		return nil, fault(p.Origin, p.Name, "Spec", err)
	}
	if err := spec.Check(); err != nil {
		return nil, fault(p.Origin, p.Name, "Spec", err)
	}
	if err := Fits(&spec, &o); err != nil {
		return nil, err
	}
	if spec.DType == protocol.Float32 {
		return runTyped(ctx, p, o, p.New32, o.New32, spec, run, alloc, checkpoints, probe)
	}
	return runTyped(ctx, p, o, p.New64, o.New64, spec, run, alloc, checkpoints, probe)
}

// Fits returns an error that names what the optimizer needs and the problem does not offer; nil if
// the optimizer can run on the problem.
func Fits(spec *protocol.ProblemSpec, o *protocol.OptimizerDef) error {
	if missing := o.Needs &^ spec.Measures; missing != 0 {
		return fmt.Errorf("optimizer %s needs %v, which the problem does not measure (it offers %v)",
			o.Name, missing, spec.Measures)
	}
	if o.FullBatch && spec.Train == 0 {
		return fmt.Errorf("optimizer %s measures all training examples at once, and the problem's "+
			"data are endless", o.Name)
	}
	if !o.Offers(spec.DType) {
		return fmt.Errorf("optimizer %s has no %s version, which the problem needs", o.Name, spec.DType)
	}
	return nil
}

func fault(origin protocol.Origin, name, call string, err error) error {
	if f := (*protocol.Fault)(nil); errors.As(err, &f) {
		return err
	}
	plugin := origin.Plugin
	if plugin == "" {
		plugin = "in process"
	}
	return &protocol.Fault{Plugin: plugin + " (" + name + ")", Call: call, Err: err}
}

// runner is the state of one run.
type runner[T protocol.Float] struct {
	problemDef   protocol.ProblemDef
	optimizerDef protocol.OptimizerDef
	problem      protocol.Problem[T]
	optimizer    protocol.Optimizer[T]
	spec         protocol.ProblemSpec
	run          results.Run
	record       *results.Record

	x []T // the point at which the optimizer measures
	// the last x that was no trial point; x itself unless the optimizer makes trials
	iterate     []T
	judged      []T // the point that is evaluated; the iterate itself unless the optimizer averages
	measurement protocol.Measurement[T]
	batch       protocol.Batch
	order       *order

	seen     int64
	step     int
	scale    float64 // the schedule's factor on the step size of this step
	size     int     // the batch size last requested
	limit    float64
	nextMark int
	trace    *tracer

	diagnostics []float64 // of this step, if requested

	purity *purity[T] // nil: neither definition is an outside plugin's

	checkpoints *checkpointing // nil: none
	earlier     results.Clocks // clocks of the processes that made the run so far
}

// runTyped is runWith for the element type of the problem.
func runTyped[T protocol.Float](
	ctx context.Context, p protocol.ProblemDef, o protocol.OptimizerDef,
	newProblem func(protocol.Setting) (protocol.Problem[T], error),
	newOptimizer func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error),
	spec protocol.ProblemSpec, run results.Run, alloc Alloc, checkpoints *Checkpoints, probe *probe,
) (record *results.Record, err error) {
	if newProblem == nil {
		return nil, fault(p.Origin, p.Name, "open", fmt.Errorf("its specification names %s, but the "+
			"definition has no constructor for it", spec.DType))
	}
	began := time.Now()
	r := &runner[T]{
		problemDef: p, optimizerDef: o, spec: spec, run: run,
		record: &results.Record{Run: run, Spec: spec},
		order:  newOrder(spec.Train, run.Seed, run.Order),
		batch:  protocol.Batch{Seed: run.Seed},
		size:   run.BatchSize,
		purity: newPurity[T](p.Origin, o.Origin, &run, spec.Dim, probe),
	}
	defer func() {
		h, e := &r.record.Host, &r.earlier
		h.HarnessTime = e.HarnessTime + time.Since(began).Seconds() -
			(h.ProblemTime - e.ProblemTime) - (h.OptimizerTime - e.OptimizerTime) -
			(h.EvaluateTime - e.EvaluateTime)
	}()
	if checkpoints != nil {
		r.checkpoints = &checkpointing{*checkpoints, began}
	}
	defer func() {
		if p := recover(); p != nil {
			_ = r.close() // the panic is the fault to report
			record, err = r.failed(panicked(&r.problemDef, &o, p))
		}
	}()

	sizes := []int{spec.Dim, spec.Dim, spec.Dim} // x, iterate, judged
	slices := r.measurement.Slices()
	for _, s := range slices {
		if room(&o, s.Of) {
			sizes = append(sizes, s.Of.Elements(spec.Dim))
		}
	}
	memory := newVectors[T](alloc, sizes)
	defer memory.free()
	r.x = memory.next(spec.Dim)
	for _, s := range slices {
		if room(&o, s.Of) {
			*s.At = memory.next(s.Of.Elements(spec.Dim))
		}
	}
	r.iterate, r.judged = r.x, r.x
	if o.Trials {
		r.iterate = memory.next(spec.Dim)
		r.judged = r.iterate
	}
	if o.Averages {
		r.judged = memory.next(spec.Dim)
	}

	if r.problem, err = newProblem(run.Problem.Parameters); err != nil {
		return r.failed(fault(p.Origin, p.Name, "open", err))
	}
	var request protocol.Request
	r.optimizer, request, err = newOptimizer(protocol.Start{
		Setting: run.Optimizer.Setting, Dim: spec.Dim, DType: spec.DType, Blocks: spec.Blocks,
		BatchSize: run.BatchSize, Train: spec.Train, Budget: run.Budget, Seed: run.Seed,
		Constants: spec.Constants,
	})
	if err != nil {
		_ = r.close() // the optimizer's fault is the one to report
		return r.failed(fault(o.Origin, o.Name, "open", err))
	}
	r.record.Host.Executables = executables(p.Origin, o.Origin)
	r.record.Host.Transport = map[string]string{
		"problem": transport(r.problem), "optimizer": transport(r.optimizer),
	}
	r.record.Host.Sandbox = sandboxes(r.problem, r.optimizer)

	err = r.loop(ctx, request)
	if closeErr := r.close(); err == nil && !inClose(closeErr) {
		err = closeErr // such as a fault in Estimate, which returns no error
	}
	switch {
	case errors.Is(err, errNotSaved):
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return r.failed(err)
	}
	return r.record, nil
}

// panicked is the fault of a definition that is called in this process and panics. (Panics in
// other processes come back as errors.)
func panicked(p *protocol.ProblemDef, o *protocol.OptimizerDef, value any) error {
	where := "an unknown place"
	var callers [32]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") {
			where = fmt.Sprintf("%s (%s:%d)", f.Function, filepath.Base(f.File), f.Line)
			break
		}
	}
	return &protocol.Fault{
		Plugin: fmt.Sprintf("in process (%s, %s)", p.Name, o.Name), Call: "panic in " + where,
		Err: fmt.Errorf("%v", value),
	}
}

// room reports whether a run of o needs a slice for q. Gradient and variance always have one, since
// diagnostics may measure the gradient when the optimizer does not.
func room(o *protocol.OptimizerDef, q protocol.Quantity) bool {
	return q == protocol.Gradient || q == protocol.Variance || o.Needs.Has(q)
}

// maxBatch is the greatest number of examples of one batch: their numbers take 128 MiB.
const maxBatch = 1 << 24

// inClose reports whether an error is a fault of Close, which does not affect the numbers of a run
// that has ended.
func inClose(err error) bool {
	var f *protocol.Fault
	return errors.As(err, &f) && f.Call == "Close"
}

// close closes the optimizer and the problem if they have a method Close. It returns the first
// fault.
func (r *runner[T]) close() error {
	var first error
	end := func(v any, origin protocol.Origin, name string) {
		if c, ok := v.(io.Closer); ok {
			if err := c.Close(); err != nil && first == nil {
				first = fault(origin, name, "Close", err)
			}
		}
	}
	end(r.optimizer, r.optimizerDef.Origin, r.optimizerDef.Name)
	end(r.problem, r.problemDef.Origin, r.problemDef.Name)
	return first
}

// loop runs the protocol. It returns nil when the run has a result: the budget is used up or the
// run has diverged.
func (r *runner[T]) loop(ctx context.Context, request protocol.Request) error {
	if err := r.problem.Init(r.x, r.run.Seed); err != nil {
		return fault(r.problemDef.Origin, r.problemDef.Name, "Init", err)
	}
	at, resumed, err := r.resume()
	if err != nil {
		return err
	}
	if resumed {
		request = at
	} else if err := r.begin(); err != nil {
		return err
	}
	if err := r.watch(r.step, request); err != nil {
		return err
	}
	reporter, _ := r.optimizer.(protocol.Reporter)
	reports := make([]float64, len(r.optimizerDef.Reports))
	end := &r.record.End
	end.Status = results.OK
	for !r.purity.probing() || r.step < probeSteps {
		if r.checkpoints.due(ctx) {
			if err := r.checkpoint(request); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		want, more, err := r.draw(request)
		if err != nil {
			return fault(r.optimizerDef.Origin, r.optimizerDef.Name, "Step", err)
		}
		if !more {
			break
		}
		r.scale = r.run.Schedule.Factor(r.seen, len(r.batch.Examples), r.run.Budget)
		if err := r.unmoved(); err != nil {
			return err
		}
		diagnose := r.run.Diagnostics && r.trace.wants(r.step)
		if err := r.measure(want, diagnose); err != nil {
			return fault(r.problemDef.Origin, r.problemDef.Name, "Measure", err)
		}
		m := &r.measurement
		r.charge(want, m.BatchSize)
		if !request.Trial && !r.sensible(m.Loss) { // the optimizer judges the loss of a trial
			r.diverge("the loss of batch", m.Loss, r.limit)
			return nil
		}
		m.Step, m.Seen, m.StepScale = r.step, r.seen, r.scale

		own, began := ownSeconds(r.optimizer), time.Now()
		request, err = r.optimizer.Step(r.x, m)
		r.record.Host.OptimizerTime += r.took(r.optimizer, own, began)
		if err != nil {
			return fault(r.optimizerDef.Origin, r.optimizerDef.Name, "Step", err)
		}
		if request.Trial && !r.optimizerDef.Trials {
			return fault(r.optimizerDef.Origin, r.optimizerDef.Name, "Step",
				errors.New("it marks a trial point, but its definition does not declare Trials"))
		}
		if err := r.watch(r.step+1, request); err != nil {
			return err
		}
		if reporter != nil {
			reporter.Report(reports)
		}
		r.trace.add(r.step, r.seen, m.Loss, m.BatchSize, reports, r.diagnostics)
		r.step++
		if !request.Trial && !r.purity.probing() {
			if r.optimizerDef.Trials {
				copy(r.iterate, r.x)
			}
			if r.seen >= r.mark(r.nextMark) && r.seen < r.run.Budget {
				if err := r.evaluate(false); err != nil || end.Status == results.Diverged {
					return err
				}
			}
		}
	}
	end.Unused = r.run.Budget - r.seen
	if r.purity.probing() {
		return r.unmoved()
	}
	return r.evaluate(true)
}

// begin evaluates the starting point, which x is.
func (r *runner[T]) begin() error {
	copy(r.iterate, r.x)
	if r.purity.probing() && (r.purity.probe.second || !r.purity.probe.evaluates) {
		r.record.Points = make([]results.Point, 1)
		r.start()
		r.limit = math.Inf(1)
		return nil
	}
	if err := r.evaluate(false); err != nil {
		return err
	}
	for _, part := range parts {
		v, ok := r.record.Points[0].At(part)
		if ok && (!protocol.Finite(float64(v.Loss)) || !protocol.Finite(float64(v.Metric))) {
			return fault(r.problemDef.Origin, r.problemDef.Name, "Evaluate",
				fmt.Errorf("loss and metric at the starting point are %g and %g on the %s part, want "+
					"finite numbers",
					v.Loss, v.Metric, part))
		}
	}
	r.start()
	return nil
}

// draw chooses the examples of the next measurement by the optimizer's request. more is false if
// they exceed the remaining budget.
func (r *runner[T]) draw(q protocol.Request) (want protocol.Quantity, more bool, err error) {
	want = q.Want
	if want == 0 {
		want = r.optimizerDef.Needs
	}
	if extra := want &^ r.optimizerDef.Needs; extra != 0 {
		return 0, false, fmt.Errorf("it asks for %v, but its definition declares only %v as needed",
			extra, r.optimizerDef.Needs)
	}
	left := r.run.Budget - r.seen
	switch q.Draw {
	case protocol.New:
		if q.BatchSize < 0 {
			return 0, false, fmt.Errorf("it asks for a batch of %d examples, want at least 1, or 0 "+
				"to keep the size", q.BatchSize)
		}
		if q.BatchSize > 0 && q.BatchSize != r.size {
			if !r.optimizerDef.ChoosesBatchSize {
				return 0, false, fmt.Errorf("it asks for a batch of %d examples in place of %d, but its "+
					"definition does not declare ChoosesBatchSize",
					q.BatchSize, r.size)
			}
			r.size = q.BatchSize
		}
		if r.size < want.MinBatch() {
			return 0, false, fmt.Errorf("it asks for %v of %d example, want a batch of at least %d", want,
				r.size, want.MinBatch())
		}
		if r.size > maxBatch {
			return 0, false, fmt.Errorf("it asks for a batch of %d examples, want at most %d", r.size,
				maxBatch)
		}
		m := int(min(int64(r.size), left))
		if r.run.Order == protocol.Frozen && r.spec.Train > 0 {
			m = min(m, r.spec.Train)
		}
		if m < want.MinBatch() {
			return want, false, nil
		}
		r.batch.Examples, r.batch.Position = r.order.next(m, r.batch.Examples[:0])
	case protocol.Again:
		if len(r.batch.Examples) == 0 {
			return 0, false, errors.New("it asks for the last batch again, but there was none yet")
		}
	case protocol.All:
		if r.spec.Train == 0 {
			return 0, false, errors.New("it asks for all training examples, but the problem's " +
				"data are endless")
		}
		if int64(r.spec.Train) > left {
			return want, false, nil
		}
		if r.spec.Train > maxBatch {
			return 0, false, fmt.Errorf("it asks for all %d training examples at once, want at most %d",
				r.spec.Train, maxBatch)
		}
		r.batch.Examples, r.batch.Position = r.order.all(r.batch.Examples[:0]), r.seen
	default:
		return 0, false, fmt.Errorf("it asks for draw %d, want new, again or all", q.Draw)
	}
	if len(r.batch.Examples) < want.MinBatch() {
		return 0, false, fmt.Errorf("it asks for %v of %d example, want a batch of at least %d", want,
			len(r.batch.Examples), want.MinBatch())
	}
	return want, int64(len(r.batch.Examples)) <= left, nil
}

// measure measures the batch at x, checks the measurement, and clips it if the run has a limit.
// With diagnose it also measures what the diagnostics need and computes them before clipping; the
// optimizer does not see these quantities.
func (r *runner[T]) measure(want protocol.Quantity, diagnose bool) error {
	m := &r.measurement
	asked := want
	if diagnose {
		want |= protocol.Gradient
		if len(r.batch.Examples) > 1 {
			want |= protocol.VarianceNorm & r.spec.Measures
		}
	}
	if r.run.Clip > 0 {
		want |= protocol.Gradient // whose norm also determines the scaling of the variance
	}
	before := *m
	own, began := ownSeconds(r.problem), time.Now()
	err := r.problem.Measure(r.x, r.batch, want, m)
	r.record.Host.ProblemTime += r.took(r.problem, own, began)
	if err == nil {
		err = r.measured(want)
	}
	switch {
	case err != nil:
		return err
	case !m.Have.Has(want):
		return fmt.Errorf("it measured %v, want %v", m.Have, want)
	case m.BatchSize != len(r.batch.Examples):
		return fmt.Errorf("it measured a batch of %d examples, want %d", m.BatchSize,
			len(r.batch.Examples))
	}
	m.Have = want
	given := before.Slices()
	for i, s := range m.Slices() {
		if got, want := *s.At, *given[i].At; !same(got, want) {
			return fmt.Errorf("it replaced the measurement's vectors (that of the %v has length %d, want "+
				"%d); write to their elements",
				s.Of, len(got), len(want))
		}
	}
	if err := r.possible(); err != nil {
		return err
	}
	if diagnose {
		r.diagnostics = r.diagnose()
	}
	if r.run.Clip > 0 {
		clip(m, r.run.Clip)
	}
	m.Have = asked
	return nil
}

// possible returns an error that names a quantity that no correct problem measures at x (R7). Other
// values that are not finite are passed on to the optimizer.
func (r *runner[T]) possible() error {
	m := &r.measurement
	if err := m.Check(); err != nil {
		return err
	}
	if !protocol.Finite(m.Loss) {
		if r.step == 0 {
			return fmt.Errorf("the loss of the first batch, at the starting point, is %g, want "+
				"a finite number", m.Loss)
		}
		return nil
	}
	start := float64(r.record.Points[0].Train.Loss)
	if name, v := m.NotFinite(); name != "" && !protocol.Caused(r.x, r.step > 0, m.Loss, start) {
		return fmt.Errorf("%s is %g at a loss of %g, which is %s; want a finite number", name, v, m.Loss,
			r.where(start))
	}
	return nil
}

// where describes, for error messages, why the optimizer cannot have caused a value at a point.
func (r *runner[T]) where(start float64) string {
	if r.step == 0 {
		return "at the starting point"
	}
	return fmt.Sprintf("not above that at the start, %g", start)
}

// clip scales a measurement as if each example's gradient were multiplied by c = min(1,
// limit/‖g‖₂): the gradient by c, and the second moments of the examples' gradients (variance, its
// norm, covariance and empirical Fisher) by c². Other quantities do not depend on these gradients
// and stay. A gradient whose norm is not finite also stays, so that the optimizer sees it.
func clip[T protocol.Float](m *protocol.Measurement[T], limit float64) {
	squares := 0.0
	for _, g := range m.Gradient {
		// the conversion prevents fused multiply-add, which only some machines have
		squares += float64(float64(g) * float64(g))
	}
	norm := math.Sqrt(squares)
	if norm <= limit || !protocol.Finite(norm) {
		return
	}
	c := limit / norm
	for _, s := range m.Slices() {
		factor := c * c
		switch s.Of {
		case protocol.Gradient:
			factor = c
		case protocol.Variance, protocol.Covariance, protocol.EmpiricalFisher:
		default:
			continue
		}
		if m.Have.Has(s.Of) {
			for i, v := range *s.At {
				(*s.At)[i] = T(factor * float64(v))
			}
		}
	}
	m.VarianceNorm *= c * c
}

// same reports whether two slices share length and memory.
func same[T protocol.Float](a, b []T) bool {
	return len(a) == len(b) && unsafe.SliceData(a) == unsafe.SliceData(b)
}

// diagnose returns the values of diagnosticNames for the measurement.
func (r *runner[T]) diagnose() []float64 {
	m := &r.measurement
	squares, norm := 0.0, math.NaN()
	for _, g := range m.Gradient {
		squares += float64(g) * float64(g)
	}
	if m.Have.Has(protocol.VarianceNorm) {
		norm = m.VarianceNorm
	}
	α, ok := r.run.Optimizer.Setting[protocol.StepSize]
	if !ok {
		α = math.NaN()
	}
	return []float64{math.Sqrt(squares), norm, norm / squares, α * r.scale * norm / m.Loss}
}

// charge charges the measurement of m examples to the budget (R3).
func (r *runner[T]) charge(want protocol.Quantity, m int) {
	r.seen += int64(m)
	end := &r.record.End
	end.Seen = r.seen
	end.Steps = r.step + 1
	if want&(protocol.Gradient|protocol.SampledGradient) != 0 {
		end.Gradients += int64(m)
	}
	if want.MinBatch() > 1 {
		end.Variances += int64(m)
	}
	if want&protocol.Matrices != 0 {
		end.Curvatures += int64(m)
	}
	end.Oracle = end.Oracle || want.Has(protocol.Oracle)
	if end.MinBatch == 0 || m < end.MinBatch {
		end.MinBatch = m
	}
	end.MaxBatch = max(end.MaxBatch, m)
}

// mark returns the k-th evaluation mark, in examples.
func (r *runner[T]) mark(k int) int64 {
	return r.run.Budget * int64(k) / int64(r.run.Evaluations)
}

// evaluate evaluates the current point on every part that the problem has, and records it at the
// last mark passed, or at the budget at the end of the run.
func (r *runner[T]) evaluate(last bool) error {
	began := time.Now()
	defer func() { r.record.Host.EvaluateTime += time.Since(began).Seconds() }()
	k := r.nextMark
	for k < r.run.Evaluations && r.mark(k+1) <= r.seen {
		k++
	}
	if last {
		k = r.run.Evaluations
	}
	r.nextMark = k + 1
	point := results.Point{Mark: r.mark(k), Seen: r.seen, Step: r.step}
	if r.step > 0 {
		point.BatchSize = r.measurement.BatchSize
	}
	if averager, ok := r.optimizer.(protocol.Averager[T]); ok && r.optimizerDef.Averages {
		averager.Estimate(r.iterate, r.judged)
		if err := r.checkEstimate(); err != nil {
			return fault(r.optimizerDef.Origin, r.optimizerDef.Name, "Estimate", err)
		}
	}
	if err := r.evaluates(); err != nil {
		return err
	}
	judge := func(part protocol.Part) (results.Value, error) {
		e, err := r.problem.Evaluate(r.judged, part)
		if err == nil {
			err = r.evaluated(part, e)
		}
		if err != nil {
			return results.Value{}, fault(r.problemDef.Origin, r.problemDef.Name, "Evaluate", err)
		}
		if err := e.Check(r.spec.Metric); err != nil {
			return results.Value{}, fault(r.problemDef.Origin, r.problemDef.Name, "Evaluate",
				fmt.Errorf("on the %s part, %w", part, err))
		}
		return results.Value{Loss: protocol.Number(e.Loss), Metric: protocol.Number(e.Metric)}, nil
	}
	var err error
	if point.Train, err = judge(protocol.TrainPart); err != nil {
		return err
	}
	if r.spec.Validation > 0 {
		v, err := judge(protocol.ValidationPart)
		if err != nil {
			return err
		}
		point.Validation = &v
	}
	if r.spec.Test > 0 {
		v, err := judge(protocol.TestPart)
		if err != nil {
			return err
		}
		point.Test = &v
	}
	r.record.Points = append(r.record.Points, point)
	r.record.Trace = r.trace.columns()
	if r.step == 0 {
		return nil // loop checks that the start is finite
	}
	return r.verdict(&point)
}

// verdict ends the run as diverged if a loss or metric at the point r.judged requires it, and
// returns a fault if a metric is not finite where the optimizer cannot have caused it (R7).
func (r *runner[T]) verdict(point *results.Point) error {
	if loss := float64(point.Train.Loss); !r.sensible(loss) {
		r.diverge("the training loss after batch", loss, r.limit)
		return nil
	}
	for _, part := range parts {
		v, ok := point.At(part)
		if loss := float64(v.Loss); ok && !protocol.Finite(loss) {
			r.diverge(fmt.Sprintf("the loss on the %s part after batch", part), loss, math.Inf(1))
			return nil
		}
	}
	for _, part := range parts {
		v, ok := point.At(part)
		loss, metric := float64(v.Loss), float64(v.Metric)
		if !ok || protocol.Finite(metric) {
			continue
		}
		first, _ := r.record.Points[0].At(part)
		if start := float64(first.Loss); !protocol.Caused(r.judged, true, loss, start) {
			return fault(r.problemDef.Origin, r.problemDef.Name, "Evaluate",
				fmt.Errorf("the %s on the %s part is %g at a loss of %g, which is %s; want a finite number",
					r.spec.Metric.Name, part, metric, loss, r.where(start)))
		}
		r.diverge(fmt.Sprintf("the %s on the %s part after batch", r.spec.Metric.Name, part), metric,
			math.Inf(1))
		return nil
	}
	return nil
}

// checkEstimate returns the fault that Estimate itself cannot return, so that a value at a faulty
// estimate is not reported as a fault of the problem. Before the first step an estimate must be
// finite, as the starting point is.
func (r *runner[T]) checkEstimate() error {
	if f, ok := r.optimizer.(Faulter); ok {
		if err := f.Fault(); err != nil {
			return err
		}
	}
	if r.step > 0 {
		return nil
	}
	for j, v := range r.judged {
		if !protocol.Finite(float64(v)) && protocol.Finite(float64(r.iterate[j])) {
			return fmt.Errorf("its estimate before the first step has %g at element %d, want finite "+
				"numbers, such as the point itself", v, j)
		}
	}
	return nil
}

var parts = []protocol.Part{protocol.TrainPart, protocol.ValidationPart, protocol.TestPart}

// sensible reports whether a loss is finite and within the limit; −∞ is no more a result than +∞.
func (r *runner[T]) sensible(loss float64) bool { return loss <= r.limit && protocol.Finite(loss) }

// diverge ends the run as diverged (R7) because the value that what names exceeds the limit, which
// may be infinite.
func (r *runner[T]) diverge(what string, value, limit float64) {
	r.record.Trace = r.trace.columns()
	r.record.End.Status = results.Diverged
	r.record.End.Unused = r.run.Budget - r.seen
	r.record.End.Reason = fmt.Sprintf("%s %d is %g, want a finite number", what, r.record.End.Steps,
		value)
	if !math.IsInf(limit, 0) {
		r.record.End.Reason += fmt.Sprintf(" up to %g", limit)
	}
}

// failed completes the record of a run that failed by a plugin's fault.
func (r *runner[T]) failed(err error) (*results.Record, error) {
	r.record.Trace = r.trace.columns()
	r.record.End.Status = results.Failed
	r.record.End.Reason = fmt.Sprintf("step %d: %v", r.step, err)
	return r.record, err
}

// executables returns the SHA-256 of the executables that serve problem and optimizer, where known.
func executables(problem, optimizer protocol.Origin) map[string]string {
	if problem.Executable == "" && optimizer.Executable == "" {
		return nil
	}
	return map[string]string{"problem": problem.Executable, "optimizer": optimizer.Executable}
}

// transport names the transport of the calls to a problem or optimizer, which only those in other
// processes have.
func transport(v any) string {
	if t, ok := v.(interface{ Transport() string }); ok {
		return t.Transport()
	}
	return "in process"
}

// sandboxes describes how outside plugins are confined; nil if neither is an outside plugin's.
func sandboxes(problem, optimizer any) map[string]string {
	all := map[string]string{}
	for name, v := range map[string]any{"problem": problem, "optimizer": optimizer} {
		if s, ok := v.(interface{ Sandbox() string }); ok && s.Sandbox() != "" {
			all[name] = s.Sandbox()
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// ownSeconds returns the time that the code of a problem or optimizer in another process reports to
// have taken so far; 0 if it is in this process or does not report it.
func ownSeconds(v any) float64 {
	if t, ok := v.(interface{ OwnSeconds() float64 }); ok {
		return t.OwnSeconds()
	}
	return 0
}

// took returns the seconds of a call that began when the code of v had taken own seconds, and adds
// those that the call spent in transport to the record.
func (r *runner[T]) took(v any, own float64, began time.Time) float64 {
	all := time.Since(began).Seconds()
	if now := ownSeconds(v); now > own {
		r.record.Host.TransportTime += max(0, all-(now-own))
	}
	return all
}

// vectors allocates zeroed vectors, each aligned to 64 bytes, from one block of memory.
type vectors[T protocol.Float] struct {
	mem  []byte // nil means plain memory
	at   int
	free func()
}

// newVectors allocates room for vectors of the given lengths.
func newVectors[T protocol.Float](alloc Alloc, lengths []int) *vectors[T] {
	v := &vectors[T]{free: func() {}}
	if alloc != nil {
		size := 0
		for _, n := range lengths {
			size += v.stride(n)
		}
		v.mem, v.free = alloc(size)
	}
	return v
}

func (v *vectors[T]) stride(n int) int { return (n*protocol.DTypeOf[T]().Size() + 63) &^ 63 }

func (v *vectors[T]) next(n int) []T {
	if v.mem == nil {
		return make([]T, n)
	}
	vector := unsafe.Slice((*T)(unsafe.Pointer(&v.mem[v.at])), n)
	v.at += v.stride(n)
	return vector
}
