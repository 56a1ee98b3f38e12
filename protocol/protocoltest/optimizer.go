package protocoltest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"noisebench/protocol"
)

// OptimizerChecks runs the optimizer that def defines on small quadratics, in each of its
// precisions, and checks it against the contract. If the optimizer has a step size, a small one is
// used instead of the declared default.
func OptimizerChecks(def protocol.OptimizerDef) []Check {
	s := &suite{}
	if !s.check("definition", "OptimizerDef", func(f *findings) { checkOptimizerDef(f, def) }) {
		return s.checks
	}
	setting, err := protocol.Resolve(def.Hyperparameters, nil)
	if err != nil {
		panic("protocoltest: defaults do not resolve: " + err.Error())
	}
	for _, h := range def.Hyperparameters {
		if h.Name == protocol.StepSize && h.Check(saneStepSize) == nil {
			setting[h.Name] = saneStepSize
		}
	}
	single := checkOptimizer(s, def, setting, def.New32)
	double := checkOptimizer(s, def, setting, def.New64)
	if single != nil && double != nil {
		s.check("precisions-agree", "OptimizerDef",
			func(f *findings) { checkPrecisions(f, single, double) })
	}
	return s.checks
}

const (
	saneStepSize = 0.01 // a hundredth of 1/L for the quadratics
	dimension    = 7
	steps        = 25
	blockSteps   = 12 // on large blocks
)

func checkOptimizerDef(f *findings, def protocol.OptimizerDef) {
	checkTexts(f, def.Name, def.Version, def.Doc, def.Source)
	checkDeclared(f, def.Hyperparameters)
	if def.New32 == nil && def.New64 == nil {
		f.addf("New32 and New64 are nil, want at least one")
	}
	if !def.Needs.Valid() {
		f.addf("needs are %v, want known quantities", def.Needs)
	}
	for i, name := range def.Reports {
		if name == "" || slices.Contains(def.Reports[:i], name) {
			f.addf("reports are %q, want names that differ", def.Reports)
		}
	}
}

type optimizerSuite[T protocol.Float] struct {
	*suite
	def     protocol.OptimizerDef
	setting protocol.Setting
	new     func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error)
	// Findings about the runs of all checks, other than their courses.
	steps, asked, inputs, moved, bounds, observers findings
}

// checkOptimizer makes all checks in one precision. It returns the plain run for comparison with
// the other precision, or nil if the optimizer is randomized, since its random numbers may differ
// between precisions.
func checkOptimizer[T protocol.Float](s *suite, def protocol.OptimizerDef, setting protocol.Setting,
	open func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error),
) *trace[T] {
	if open == nil {
		return nil
	}
	o := &optimizerSuite[T]{suite: s, def: def, setting: setting, new: open}
	plain := o.run()
	s.list("steps", "Optimizer.Step", &o.steps)
	s.list("requests", "Request", &o.asked)
	s.list("inputs-unchanged", "Measurement", &o.inputs)
	s.list("point-unchanged", "Optimizer.Step", &o.moved)
	s.list("within-bounds", "Measurement", &o.bounds)
	s.list("observers", "OptimizerDef", &o.observers)
	return plain
}

// run makes the checks in order, until one fails on which the others depend.
func (s *optimizerSuite[T]) run() *trace[T] {
	var plain *trace[T]
	if !s.check("run", "Optimizer", func(f *findings) { plain = s.checkRun(f) }) {
		return nil
	}
	if !s.check("repeatable", "R2", func(f *findings) {
		s.compare(f, "in a second run of the same seed", plain, s.startOf(dimension, 1),
			course[T]{})
	}) {
		return nil
	}
	s.check("runs-apart", "R2", s.checkApart)
	s.check("side-by-side", "R2", s.checkSideBySide)
	s.check("keeps-no-slices", "Optimizer.Step", func(f *findings) {
		s.compare(f, "where the slices of earlier calls are overwritten", plain,
			s.startOf(dimension, 1),
			course[T]{scatter: true})
	})
	s.check("unwatched", "Reporter", func(f *findings) {
		s.compare(f, "without calls of Report and Estimate", plain, s.startOf(dimension, 1),
			course[T]{silent: true})
		s.compare(f, "where time passes between the steps", plain, s.startOf(dimension, 1),
			course[T]{pause: true})
	})
	s.check("finite", "Optimizer.Step", s.checkFinite)
	s.check("nan-propagates", "R7", s.checkNaN)
	if _, declared := s.setting[protocol.StepSize]; declared {
		s.check("step-scale", "Measurement.StepScale",
			func(f *findings) { s.checkStepScale(f, plain) })
	}
	s.check("settings", "Hyperparameter", s.checkSettings)
	s.check("starts", "Start", s.checkStarts)
	s.check("blocks", "Block", s.checkBlocks)
	if s.def.Saves {
		s.check("saved-state", "Stateful", func(f *findings) { s.checkState(f, plain) })
	}

	if other := s.play(&findings{}, s.startOf(dimension, 2), course[T]{}); other == nil ||
		other.same(plain) != nil {
		return nil
	}
	return plain
}

// play runs the optimizer for a few steps and returns its trace, or nil if it did not open.
func (s *optimizerSuite[T]) play(f *findings, begin protocol.Start, c course[T]) *trace[T] {
	r := s.open(f, begin, c)
	if r == nil {
		return nil
	}
	defer r.close()
	for range steps {
		r.step()
	}
	return &r.trace
}

// compare plays a run and compares it bit by bit with want.
func (s *optimizerSuite[T]) compare(f *findings, circumstance string, want *trace[T], begin protocol.Start,
	c course[T],
) {
	got := s.play(f, begin, c)
	if got == nil || want == nil {
		return
	}
	if err := got.same(want); err != nil {
		f.addf("%s: %w; want the same bits", circumstance, err)
	}
}

func (s *optimizerSuite[T]) checkRun(f *findings) *trace[T] {
	r := s.open(f, s.startOf(dimension, 1), course[T]{})
	if r == nil {
		return nil
	}
	defer r.close()
	_, reports := r.optimizer.(protocol.Reporter)
	_, averages := r.optimizer.(protocol.Averager[T])
	_, saves := r.optimizer.(protocol.Stateful)
	if _, saver := r.optimizer.(protocol.Saver); saver {
		saves = true
	}
	// Proxies of optimizers in plugins may have all methods.
	remote := s.def.Origin.Path != ""
	switch {
	case len(s.def.Reports) > 0 && !reports:
		f.addf("reports %q are declared, and the optimizer is no Reporter", s.def.Reports)
	case s.def.Averages && !averages:
		f.addf("averages is declared, and the optimizer is no Averager")
	case reports && len(s.def.Reports) == 0 && !remote:
		f.addf("the optimizer is a Reporter, and no reports are declared: Report will not be " +
			"called")
	case s.def.Saves && !saves:
		f.addf("saves is declared, and the optimizer is not Stateful: it has no method State() " +
			"[]any")
	case averages && !s.def.Averages && !remote:
		f.addf("the optimizer is an Averager, and averages is not declared: Estimate will not be " +
			"called")
	case saves && !s.def.Saves && !remote:
		f.addf("the optimizer is Stateful, and saves is not declared: State will not be called")
	}
	for range steps {
		r.step()
	}
	if len(r.points) < 2 {
		f.addf("the run ended after %d steps with %d of %d examples seen, want at least 2 steps",
			len(r.points), r.seen,
			r.begin.Budget)
		return &r.trace
	}
	asks, judged := r.first.BatchSize > 0, !r.first.Trial
	for _, q := range r.requests {
		asks = asks || q.BatchSize > 0 || q.Draw == protocol.All
		judged = judged || !q.Trial
	}
	if s.def.ChoosesBatchSize && !asks {
		s.asked.addf("chooses_batch_size is declared, and no request names a batch size")
	}
	if !judged {
		s.asked.addf("every point is marked as a trial: the optimizer is never judged")
	}
	return &r.trace
}

// checkApart runs three optimizers, which differ in seed, dimension and course, alternately step by
// step.
func (s *optimizerSuite[T]) checkApart(f *findings) {
	halved := course[T]{scale: func(int) float64 { return 0.5 }}
	runs := []struct {
		begin  protocol.Start
		course course[T]
	}{
		{s.startOf(dimension, 1), course[T]{}},
		{s.startOf(dimension, 2), halved},
		{s.startOf(dimension+4, 1), course[T]{}},
	}
	var alone []*trace[T]
	var inTurn []*session[T]
	for _, r := range runs {
		alone = append(alone, s.play(f, r.begin, r.course))
	}
	for _, r := range runs {
		if session := s.open(f, r.begin, r.course); session != nil {
			defer session.close()
			inTurn = append(inTurn, session)
		}
	}
	if len(inTurn) < len(runs) {
		return
	}
	for range steps {
		for _, r := range inTurn {
			r.step()
		}
	}
	for i, r := range inTurn {
		if err := r.trace.same(alone[i]); err != nil {
			f.addf("in turn with other runs: %w; want the same bits as alone", err)
		}
	}
}

// checkSideBySide runs two optimizers concurrently.
func (s *optimizerSuite[T]) checkSideBySide(f *findings) {
	var runs sync.WaitGroup
	for seed := range uint64(2) {
		alone := s.play(f, s.startOf(dimension, seed), course[T]{})
		runs.Go(func() {
			s.compare(f, "with another run at the same time", alone, s.startOf(dimension, seed),
				course[T]{})
		})
	}
	runs.Wait()
}

// checkFinite detects points that are not finite after finite measurements.
func (s *optimizerSuite[T]) checkFinite(f *findings) {
	for _, c := range []struct {
		name  string
		alter func(int, *protocol.Measurement[T])
	}{
		{"on a quadratic with curvatures up to 1", nil},
		{"where gradient and variance are 0", vanish[T]},
		{"where loss, gradient and variance are 0", solve[T]},
		{"where the loss is negative", sink[T]},
		{"where the gradient is always the same and the variance 0", steady[T]},
	} {
		t := s.play(f, s.startOf(dimension, 1), course[T]{alter: c.alter})
		if t == nil {
			return
		}
		if n := t.lost(); n >= 0 {
			f.addf("x after step %d is %v at %s %s, want finite numbers", n, t.points[n],
				s.setting, c.name)
		}
	}
}

// lost returns the first step after which the point is not finite, or -1.
func (t *trace[T]) lost() int {
	return slices.IndexFunc(t.points, func(x []T) bool { return !finite(x) })
}

// checkNaN measures NaN, which must reach x, since the harness detects divergence by it.
func (s *optimizerSuite[T]) checkNaN(f *findings) {
	begin := s.startOf(dimension, 1)
	begin.Budget = 1 << 20
	swallowed := func(alter func(int, *protocol.Measurement[T])) bool {
		t := s.play(f, begin, course[T]{alter: alter})
		// Another check reports runs that ended early.
		return t != nil && len(t.points) == steps && t.lost() < 0
	}
	if s.def.Needs.Has(protocol.Gradient) && swallowed(spoil[T]) {
		f.addf("x is finite at the end of a run at %s in which an element of the gradient was "+
			"NaN: let NaN through", s.setting)
	}
	if swallowed(lose[T]) {
		f.addf("x is finite at the end of a run at %s in which loss and gradient were NaN: let "+
			"NaN through", s.setting)
	}
}

// checkStepScale checks that half the factor on the step size gives half the step, or the step of
// half the step size if that differs, as for implicit steps.
func (s *optimizerSuite[T]) checkStepScale(f *findings, plain *trace[T]) {
	begin := s.startOf(dimension, 1)
	small := begin
	small.Setting = maps.Clone(begin.Setting)
	small.Setting[protocol.StepSize] /= 2
	scaled := s.play(f, begin, course[T]{scale: func(int) float64 { return 0.5 }})
	smaller := s.play(f, small, course[T]{})
	if scaled == nil || smaller == nil {
		return
	}
	if smaller.same(plain) == nil {
		f.addf("the run at %s is that at %s: the step size is not used", small.Setting,
			begin.Setting)
	}
	first := slices.IndexFunc(plain.points, func(x []T) bool { return differ(x, plain.start) >= 0 })
	if first < 0 {
		f.addf("x did not move in %d steps", len(plain.points))
		return
	}
	first = plain.judged(first)
	if len(scaled.points) <= first || len(smaller.points) <= first {
		f.addf("with half the step size the run ended before step %d, the first that moves x",
			first)
		return
	}
	for j, x := range plain.start {
		full := float64(plain.points[first][j] - x)
		half := float64(scaled.points[first][j] - x)
		other := float64(smaller.points[first][j] - x)
		rounding := 8 * epsilon[T]() * (math.Abs(float64(x)) + math.Abs(full))
		if !(math.Abs(half-full/2) <= rounding || math.Abs(half-other) <= rounding) {
			f.addf("the first step moves x[%d] by %g, and by %g with StepScale 0.5, want half as "+
				"much", j, full, half)
			return
		}
	}
	// The factor may change at any step. A trial that begins there is compared at its end.
	late := len(plain.points) / 2
	for late < len(plain.points)-1 && differ(plain.points[late], plain.points[late-1]) < 0 {
		late++
	}
	dropped := s.play(f, begin, course[T]{scale: func(t int) float64 {
		if t >= late {
			return 0.5
		}
		return 1
	}})
	end := plain.judged(late)
	if dropped != nil && len(dropped.points) > end &&
		differ(dropped.points[end], plain.points[end]) < 0 {
		f.addf("step %d moves x as far with StepScale 0.5 as with 1", late)
	}
}

// judged returns the first step from step n on that ends at a point which is no trial, or the last
// step of the run.
func (t *trace[T]) judged(n int) int {
	for n < len(t.points)-1 && t.requests[n].Trial {
		n++
	}
	return n
}

// checkSettings opens the optimizer at settings that its declarations allow. Values on a grid must
// be accepted. New may reject the least or the greatest value, which may be incompatible with the
// other defaults, but an accepted value must not fail later.
func (s *optimizerSuite[T]) checkSettings(f *findings) {
	for _, h := range s.def.Hyperparameters {
		for _, v := range append(slices.Clone(h.Grid), h.Min, h.Max) {
			if h.Check(v) != nil {
				continue
			}
			begin := s.startOf(dimension, 1)
			begin.Setting = maps.Clone(begin.Setting)
			begin.Setting[h.Name] = v
			var found findings
			s.play(&found, begin, course[T]{})
			for _, err := range found.errs {
				if slices.Contains(h.Grid, v) || errors.Is(err, errPanicked) {
					f.add(err)
				}
			}
		}
	}
}

// checkStarts opens the optimizer on different kinds of problem.
func (s *optimizerSuite[T]) checkStarts(f *findings) {
	plain := s.startOf(dimension, 1)
	bare := s.startOf(1, 1)
	bare.Blocks, bare.Constants = nil, nil
	brief := plain
	brief.Budget = 3*int64(plain.BatchSize) + 1
	single := plain
	single.BatchSize = s.def.Needs.MinBatch()
	for _, c := range []struct {
		name  string
		begin protocol.Start
	}{
		{"a problem of one coordinate, without blocks and constants", bare},
		{"a budget of 25 examples", brief},
		{"the least batch size", single},
	} {
		t := s.play(f, c.begin, course[T]{})
		if t != nil && t.lost() >= 0 {
			f.addf("x is not finite after step %d at %s on %s", t.lost(), s.setting, c.name)
		}
	}
	endless := plain
	endless.Train = 0
	if t := s.play(&findings{}, endless, course[T]{}); t != nil && t.lost() >= 0 {
		f.addf("x is not finite after step %d at %s on endless data", t.lost(), s.setting)
	}
}

// checkBlocks opens the optimizer on matrices of many shapes, with one block of every role and a
// vector in each run, and on a point without blocks. New must accept all of them.
func (s *optimizerSuite[T]) checkBlocks(f *findings) {
	run := func(name string, d int, blocks []protocol.Block) {
		begin := s.startOf(d, 1)
		begin.Blocks = blocks
		begin.Budget = blockSteps * int64(begin.BatchSize)
		t := s.play(f, begin, course[T]{on: name})
		if t != nil && t.lost() >= 0 {
			f.addf("x is not finite after step %d at %s on %s", t.lost(), s.setting, name)
		}
	}
	run("a point without blocks", dimension, nil)
	for _, shape := range [][]int{{1, 1}, {1, 9}, {9, 1}, {7, 3}, {3, 7}, {3, 2, 2, 4}, {64, 64}} {
		if s.def.Needs&protocol.Matrices != 0 && slices.Max(shape) > 9 {
			continue // a matrix would have too many elements
		}
		for _, output := range []int{0, len(shape) - 1} {
			d, blocks := everyRole(shape, output)
			run(fmt.Sprintf("blocks of shape %v with output axis %d", shape, output), d, blocks)
		}
	}
}

// everyRole returns a block of the shape for each role and for none, and a bias vector; d is their
// total length.
func everyRole(shape []int, output int) (d int, blocks []protocol.Block) {
	size := 1
	for _, n := range shape {
		size *= n
	}
	roles := []protocol.Role{
		"", protocol.Weight, protocol.Bias, protocol.Scale, protocol.Embedding,
		protocol.OutputLayer,
	}
	for _, role := range roles {
		blocks = append(blocks, protocol.Block{
			Name: "the " + string(role) + " block", Offset: d, Len: size,
			Shape: slices.Clone(shape), Output: output, Role: role,
		})
		d += size
	}
	return d + 3, append(blocks, protocol.Block{
		Name: "vector", Offset: d, Len: 3,
		Role: protocol.Bias,
	})
}

// checkPrecisions compares the first steps of a run in float32 and float64, up to the first
// differing request, since batch sizes may be rounded differently.
func checkPrecisions(f *findings, single *trace[float32], double *trace[float64]) {
	same := single.first == double.first
	travelled := 0.0
	for n := 0; same && n < min(5, len(single.points), len(double.points)); n++ {
		for j, x := range double.points[n] {
			travelled = max(travelled, math.Abs(x-double.start[j]))
		}
		for j, x := range double.points[n] {
			got := float64(single.points[n][j])
			if !(math.Abs(got-x) <= 1e-3*travelled+16*epsilon[float32]()*math.Abs(x)) {
				f.addf("x[%d] after step %d is %g in float32 and %g in float64", j, n, got, x)
				return
			}
		}
		same = single.requests[n] == double.requests[n]
	}
}
