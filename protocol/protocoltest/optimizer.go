package protocoltest

import (
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
func (s *optimizerSuite[T]) compare(
	f *findings, circumstance string, want *trace[T], begin protocol.Start, c course[T],
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
