package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"noisebench/protocol"
	"noisebench/results"
)

// The mean distances at which a run with a definition of an outside plugin checks whether that is
// pure (R2). A repeated measurement costs a measurement, a watched step a copy of x and a
// comparison, which is little beside a call of another process if x has few elements.
const (
	watchEvery  = 16 // steps, if x has more than fewElements; else every step is watched
	fewElements = 512
	repeatEvery = 256 // steps, for measurements; evaluations, for these
)

// probeSteps is the number of steps of a probe, see [cell.prove].
const probeSteps = 2

// outside reports whether a definition is that of an outside plugin.
func outside(o protocol.Origin) bool { return o.Plugin != "" && o.Plugin != protocol.BuiltIn }

// impurity is the cause in a Fault of a definition that is not pure.
type impurity struct {
	problem bool // it is the problem's
	text    string
}

func (i *impurity) Error() string { return i.text }

// purity checks whether the outside definitions of one run are pure. What it repeats is neither
// charged nor recorded, and the optimizer does not notice it. A nil *purity checks nothing.
type purity[T protocol.Float] struct {
	problem, optimizer bool // is outside
	stream             *rand.Rand
	seed               maphash.Seed
	probe              *probe // nil: an ordinary run

	watch, repeat, evaluation int // the next step, step and evaluation that is checked
	evaluations               int // so far
	watched, repeated         bool
	x                         []T // since the last Step or Init, if that is watched
	judged                    []T // at the evaluation
}

// probe is the state of a probe, which is two short runs.
type probe struct {
	evaluates bool // it also repeats the evaluation of the starting point
	seed      maphash.Seed
	sums      []uint64 // of what the first run computed
	second    bool
	at        int // next of sums, in the second run
}

// agrees records a hash of what the first run computed, and compares that of the second.
func (p *probe) agrees(sum uint64) bool {
	if !p.second {
		p.sums = append(p.sums, sum)
		return true
	}
	p.at++
	return p.at > len(p.sums) || p.sums[p.at-1] == sum
}

func newPurity[T protocol.Float](
	p protocol.Origin, o protocol.Origin, run *results.Run, dim int, probe *probe,
) *purity[T] {
	if !outside(p) && !outside(o) {
		return nil
	}
	u := &purity[T]{
		problem: outside(p), optimizer: outside(o), probe: probe, seed: maphash.MakeSeed(),
		stream: protocol.Stream(run.Seed, protocol.PurposePurity), x: make([]T, dim),
		judged: make([]T, dim),
	}
	if probe != nil {
		u.seed = probe.seed
	}
	u.repeat, u.evaluation = u.distance(repeatEvery), u.distance(repeatEvery)
	return u
}

// distance draws a distance with the given mean.
func (u *purity[T]) distance(mean int) int { return 1 + u.stream.IntN(2*mean-1) }

func (u *purity[T]) probing() bool { return u != nil && u.probe != nil }

// due reports whether now has reached next, which is then moved on. In a probe everything is due.
func (u *purity[T]) due(now int, next *int, mean int) bool {
	if u.probe != nil {
		return true
	}
	if now < *next {
		return false
	}
	*next = now + u.distance(mean)
	return true
}

// impure returns the fault of the problem or, if only that is outside, of the optimizer; problem
// reports which is the likelier cause.
func (r *runner[T]) impure(problem bool, call, format string, args ...any) error {
	u := r.purity
	if problem && !u.problem {
		problem, call = false, "Step"
	} else if !problem && !u.optimizer {
		problem, call = true, "Measure"
	}
	cause := &impurity{problem, fmt.Sprintf(format, args...)}
	if problem {
		return fault(r.problemDef.Origin, r.problemDef.Name, call, cause)
	}
	return fault(r.optimizerDef.Origin, r.optimizerDef.Name, call, cause)
}

// differ returns the first element at which the bits of two vectors differ, or −1.
func differ[T protocol.Float](a, b []T) int {
	if bytes.Equal(raw(a), raw(b)) {
		return -1
	}
	for j := range a {
		if !bytes.Equal(raw(a[j:j+1]), raw(b[j:j+1])) {
			return j
		}
	}
	return -1
}

// watch keeps a copy of x, which must not change before the next Step. It is called after Init
// and after each Step, with the number of steps and the optimizer's request.
func (r *runner[T]) watch(step int, request protocol.Request) error {
	u := r.purity
	if u == nil {
		return nil
	}
	u.watched = len(r.x) <= fewElements || u.due(step, &u.watch, watchEvery)
	if u.watched {
		copy(u.x, r.x)
	}
	if u.probe == nil {
		return nil
	}
	if !u.probe.agrees(maphash.Bytes(u.seed, raw(r.x))) {
		if step == 0 {
			return r.impure(true, "Init",
				"two calls with the same seed give different starting points; want the same bits")
		}
		return r.impure(false, "Step", "step %d of two runs with the same measurements leads to "+
			"different points; want the same bits", step-1)
	}
	if !u.probe.agrees(maphash.String(u.seed, fmt.Sprint(request))) {
		return r.impure(false, "Step", "two runs with the same measurements differ in the "+
			"request for measurement %d; want the same", step)
	}
	if averager, ok := r.optimizer.(protocol.Averager[T]); ok && r.optimizerDef.Averages {
		for range 2 {
			averager.Estimate(r.x, r.judged)
			if !u.probe.agrees(maphash.Bytes(u.seed, raw(r.judged))) {
				return r.impure(false, "Estimate", "the estimates of two runs with the same "+
					"measurements differ; want the same bits")
			}
		}
	}
	return nil
}

// unmoved returns a fault if x has changed since the last Step or Init, if that was watched.
func (r *runner[T]) unmoved() error {
	u := r.purity
	if u == nil || !u.watched {
		return nil
	}
	if j := differ(r.x, u.x); j >= 0 {
		return r.impure(false, "Step", "x[%d] changed from %g to %g between two calls; only Step "+
			"may change x, before it returns",
			j, u.x[j], r.x[j])
	}
	return nil
}

// moves reports whether a call of the problem changes its point, which is a copy that no other
// plugin can reach.
func (u *purity[T]) moves(x []T, call func(x []T) error) bool {
	y := slices.Clone(x)
	return call(y) == nil && differ(y, x) >= 0
}

// measured checks whether a measurement left x unchanged and, now and then, whether it is
// repeatable. The second measurement takes the place of the first.
func (r *runner[T]) measured(want protocol.Quantity) error {
	u := r.purity
	if u == nil {
		return nil
	}
	m := &r.measurement
	if u.watched {
		if err := r.unmoved(); err != nil {
			if u.moves(u.x, func(x []T) error { return r.problem.Measure(x, r.batch, want, m) }) {
				return r.impure(true, "Measure",
					"it changes x, which only the optimizer's Step may change")
			}
			return err
		}
	}
	if !u.problem || !u.due(r.step, &u.repeat, repeatEvery) || !protocol.Finite(m.Loss) {
		return nil
	}
	loss, norm := m.Loss, m.VarianceNorm
	was := u.sums(m, want)
	for _, sum := range was {
		if u.probe != nil && !u.probe.agrees(sum) {
			return r.impure(true, "Measure", "two instances measure different values at the same "+
				"point on the same batch; want the same bits")
		}
	}
	if u.probe != nil && u.probe.second {
		return nil
	}
	if err := r.problem.Measure(r.x, r.batch, want, m); err != nil {
		return err
	}
	now := u.sums(m, want)
	if was != now {
		// An optimizer may move x at any time: then it was not the same point.
		if err := r.unmoved(); err != nil {
			return err
		}
	}
	for i, s := range m.Slices() {
		if was[i] != now[i] {
			return r.impure(true, "Measure", "a second call at the same point on the same batch "+
				"gives another %v; want the same bits", s.Of)
		}
	}
	if was != now {
		return r.impure(true, "Measure",
			"a second call at the same point on the same batch gives loss %g and variance norm "+
				"%g after %g and %g; want the same bits",
			m.Loss, m.VarianceNorm, loss, norm)
	}
	return nil
}

// sums returns hashes of what was measured: those of the slices in order, then that of the numbers.
func (u *purity[T]) sums(
	m *protocol.Measurement[T], want protocol.Quantity,
) (all [protocol.NumSlices + 2]uint64) {
	for i, s := range m.Slices() {
		if want.Has(s.Of) {
			all[i] = maphash.Bytes(u.seed, raw(*s.At))
		}
	}
	all[protocol.NumSlices] = math.Float64bits(m.Loss)
	if want.Has(protocol.VarianceNorm) {
		all[protocol.NumSlices+1] = math.Float64bits(m.VarianceNorm)
	}
	return all
}

// evaluates prepares for the evaluation of r.judged, which must not change it.
func (r *runner[T]) evaluates() error {
	u := r.purity
	if u == nil {
		return nil
	}
	copy(u.judged, r.judged)
	u.repeated = u.problem && u.due(u.evaluations, &u.evaluation, repeatEvery)
	u.evaluations++
	return r.unmoved()
}

// evaluated checks whether the evaluation of a part left the point unchanged and, now and then,
// whether it is repeatable.
func (r *runner[T]) evaluated(part protocol.Part, e protocol.Evaluation) error {
	u := r.purity
	if u == nil {
		return nil
	}
	if j := differ(r.judged, u.judged); j >= 0 {
		to := r.judged[j]
		problem := u.moves(u.judged, func(x []T) error {
			_, err := r.problem.Evaluate(x,
				part)
			return err
		})
		call := "Step"
		if problem {
			call = "Evaluate"
		}
		return r.impure(problem, call, "x[%d] changed from %g to %g while it was evaluated; only "+
			"Step may change x, before it returns",
			j, u.judged[j], to)
	}
	if !u.repeated {
		return nil
	}
	again, err := r.problem.Evaluate(r.judged, part)
	if err != nil {
		return err
	}
	if math.Float64bits(again.Loss) != math.Float64bits(e.Loss) ||
		math.Float64bits(again.Metric) != math.Float64bits(e.Metric) {
		return r.impure(true, "Evaluate",
			"a second call at the same point gives loss %g and metric %g on the %s part after %g "+
				"and %g; want the same bits",
			again.Loss, again.Metric, part, e.Loss, e.Metric)
	}
	return nil
}

// proof keeps what probes on one problem of a campaign have found.
type proof struct {
	mu        sync.Mutex
	evaluated bool  // the evaluation was proved
	problem   error // the fault of the problem, if it is not pure
}

// prove makes a probe of the cell's definitions, if one of them is outside, and returns the fault
// of the one that is not pure. A probe is two runs of a few steps, which are stored nowhere: in the
// first each measurement is repeated, and for the first cell of a problem the evaluation of the
// starting point, too; the second, of fresh instances, must compute the same bits. Each cell has
// one probe, before its first run. Other faults than impurity show in the run itself.
func (c *cell) prove(ctx context.Context, run results.Run, alloc Alloc) error {
	if !outside(c.problem.Origin) && !outside(c.optimizer.Origin) {
		return nil
	}
	c.proof.mu.Lock()
	defer c.proof.mu.Unlock()
	if c.proof.problem != nil {
		return c.proof.problem
	}
	if c.proved {
		return c.impure
	}
	p := &probe{
		evaluates: outside(c.problem.Origin) && !c.proof.evaluated,
		seed:      maphash.MakeSeed(),
	}
	run.Trace, run.Diagnostics = 0, false
	for range 2 {
		_, err := runWith(ctx, c.problem, c.optimizer, run, alloc, nil, p)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if cause := (*impurity)(nil); errors.As(err, &cause) {
			if cause.problem {
				c.proof.problem = err
			} else {
				c.impure = err
			}
			break
		} else if err != nil {
			break
		}
		p.second = true
	}
	c.proved, c.proof.evaluated = true, c.proof.evaluated || p.evaluates
	if c.proof.problem != nil {
		return c.proof.problem
	}
	return c.impure
}
