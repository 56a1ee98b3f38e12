package harness

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"noisebench/protocol"
)

const (
	sampleEach = 20 * time.Millisecond // limit for one sample
	// limit for all samples of a plan together, though each makes at least two calls
	sampleAll = time.Second
)

// Cost is an estimate of the time of one run of a cell.
type Cost struct {
	Time time.Duration
	// Fault is the error of the optimizer when it was opened or given an artificial measurement;
	// the time is then unknown. nil if there was none.
	Fault error
}

// Estimate returns the cost of a run of each cell that only selects by the names of its entries
// (nil: all), in the order of [Campaign.Forecast]; zero for the others, and if the optimizer cannot
// run. It adds up separately sampled times, each sampled once for all cells that share it: of one
// example and one evaluation of a problem, at its starting point, and of one step of an optimizer,
// on artificial measurements. It assumes that an optimizer measures all that it needs at each step
// and keeps the usual batch size. The harness's own time and contention between concurrent runs are
// not counted.
func (c *Campaign) Estimate(
	ctx context.Context, alloc Alloc, only func(problem, optimizer string) bool,
) ([]Cost, error) {
	skipped := func(cell *cell) bool {
		return cell.impossible != "" || only != nil && !only(cell.pEntry.Name, cell.oEntry.Name)
	}
	// The samples, by all that they depend on.
	evaluations, examples, steps := map[string]*sample{}, map[string]*sample{}, map[string]*sample{}
	need := func(of map[string]*sample, key string, cell *cell,
		take func(*cell, time.Duration, Alloc) (float64, error),
	) *sample {
		if of[key] == nil {
			of[key] = &sample{cell: cell, take: take}
		}
		return of[key]
	}
	samples := make([][3]*sample, len(c.cells))
	for i, cell := range c.cells {
		if skipped(cell) {
			continue
		}
		o, spec, m := &cell.optimizer, &cell.spec, cell.batchSize()
		samples[i] = [3]*sample{
			need(evaluations, cell.pEntry.Name, cell,
				typed(evaluationCost[float32], evaluationCost[float64])),
			need(examples, fmt.Sprint(cell.pEntry.Name, o.Needs, m), cell,
				typed(exampleCost[float32], exampleCost[float64])),
			need(steps, fmt.Sprint(o.Name, o.Version, o.Origin, spec.Dim, spec.DType, spec.Blocks,
				spec.Train, m, cell.sweep.fixed), cell,
				typed(stepCost[float32], stepCost[float64])),
		}
	}
	limit := min(sampleEach, sampleAll/time.Duration(1+len(evaluations)+len(examples)+len(steps)))
	costs := make([]Cost, len(c.cells))
	for i, cell := range c.cells {
		if skipped(cell) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		evaluation, err1 := samples[i][0].seconds(limit, alloc)
		example, err2 := samples[i][1].seconds(limit, alloc)
		if err := cmp.Or(err1, err2); err != nil {
			return nil, fmt.Errorf("problem %s: %w", cell.pEntry.Name, err)
		}
		step, err := samples[i][2].seconds(limit, alloc)
		if err != nil {
			costs[i].Fault = err
			continue
		}
		seconds := evaluation*float64(c.Plan.Evaluations+1) + (example+step)*float64(cell.budget)
		costs[i].Time = time.Duration(seconds * float64(time.Second))
	}
	return costs, nil
}

// Total returns the estimated time of all runs of the plan, at most, if one is made after the
// other. costs are those of [Campaign.Estimate].
func (c *Campaign) Total(costs []Cost) time.Duration {
	var total time.Duration
	for i, cell := range c.cells {
		total += time.Duration(cell.mostRuns()) * costs[i].Time
	}
	return total
}

// sample is a cost that several cells may share. It is measured when it is first needed.
type sample struct {
	cell  *cell
	take  func(*cell, time.Duration, Alloc) (float64, error)
	taken bool
	value float64 // seconds
	err   error
}

func (s *sample) seconds(limit time.Duration, alloc Alloc) (float64, error) {
	if !s.taken {
		s.value, s.err = s.take(s.cell, limit, alloc)
		s.taken = true
	}
	return s.value, s.err
}

// typed selects the function for the problem's element type.
func typed(
	take32, take64 func(*cell, time.Duration, Alloc) (float64, error),
) func(*cell, time.Duration, Alloc) (float64, error) {
	return func(c *cell, limit time.Duration, alloc Alloc) (float64, error) {
		if c.spec.DType == protocol.Float32 {
			return take32(c, limit, alloc)
		}
		return take64(c, limit, alloc)
	}
}

// timed calls f until limit has passed, and at least four times. It returns the times of the calls
// in seconds, without the first one, which may read data.
func timed(limit time.Duration, f func() error) ([]float64, error) {
	if err := f(); err != nil {
		return nil, err
	}
	var times []float64
	for began := time.Now(); len(times) < 3 || time.Since(began) < limit; {
		call := time.Now()
		if err := f(); err != nil {
			return nil, err
		}
		times = append(times, time.Since(call).Seconds())
	}
	return times, nil
}

// typical is the median: measurements and evaluations all cost about the same, and a call that had
// to wait for other processes tells nothing.
func typical(times []float64) float64 {
	slices.Sort(times)
	return times[len(times)/2]
}

// mean is for steps, of which some may cost much more than others: each tenth one of SOAP's, say.
func mean(times []float64) float64 {
	sum := 0.0
	for _, t := range times {
		sum += t
	}
	return sum / float64(len(times))
}

// constructors returns the constructors of a cell's problem and optimizer for the problem's element
// type, which is T.
func constructors[T protocol.Float](c *cell) (func(protocol.Setting) (protocol.Problem[T], error),
	func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error),
) {
	var p, o any = c.problem.New64, c.optimizer.New64
	if c.spec.DType == protocol.Float32 {
		p, o = c.problem.New32, c.optimizer.New32
	}
	return p.(func(protocol.Setting) (protocol.Problem[T], error)),
		o.(func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error))
}

// stage calls use with a point and a measurement whose slices are allocated for the call.
func stage[T protocol.Float](
	c *cell, alloc Alloc, use func(x []T, m *protocol.Measurement[T]) error,
) error {
	var m protocol.Measurement[T]
	sizes := []int{c.spec.Dim}
	slices := m.Slices()
	for _, s := range slices {
		if room(&c.optimizer, s.Of) {
			sizes = append(sizes, s.Of.Elements(c.spec.Dim))
		}
	}
	memory := newVectors[T](alloc, sizes)
	defer memory.free()
	x := memory.next(c.spec.Dim)
	for _, s := range slices {
		if room(&c.optimizer, s.Of) {
			*s.At = memory.next(s.Of.Elements(c.spec.Dim))
		}
	}
	return use(x, &m)
}

// atStart opens a cell's problem and calls use at its starting point.
func atStart[T protocol.Float](
	c *cell, alloc Alloc, use func(p protocol.Problem[T], x []T, m *protocol.Measurement[T]) error,
) error {
	newProblem, _ := constructors[T](c)
	return stage(c, alloc, func(x []T, m *protocol.Measurement[T]) error {
		p, err := newProblem(c.params)
		if err != nil {
			return fault(c.problem.Origin, c.problem.Name, "open", err)
		}
		defer closed(p)
		if err := p.Init(x, c.plan.Tuning.SweepSeed()); err != nil {
			return fault(c.problem.Origin, c.problem.Name, "Init", err)
		}
		return use(p, x, m)
	})
}

// closed closes a problem or an optimizer after a sample.
func closed(v any) {
	if closer, ok := v.(io.Closer); ok {
		_ = closer.Close() // the sample is complete
	}
}

// evaluationCost returns the time of one evaluation of all parts, in seconds.
func evaluationCost[T protocol.Float](
	c *cell, limit time.Duration, alloc Alloc,
) (seconds float64, err error) {
	err = atStart(c, alloc, func(p protocol.Problem[T], x []T,
		_ *protocol.Measurement[T],
	) (err error) {
		times, err := timed(limit, func() error {
			for part, n := range map[protocol.Part]int{
				protocol.TrainPart: 1, protocol.ValidationPart: c.spec.Validation,
				protocol.TestPart: c.spec.Test,
			} {
				if n == 0 {
					continue
				}
				if _, err := p.Evaluate(x, part); err != nil {
					return fault(c.problem.Origin, c.problem.Name, "Evaluate", err)
				}
			}
			return nil
		})
		if err == nil {
			seconds = typical(times)
		}
		return err
	})
	return seconds, err
}

// exampleCost returns the time to measure one example with all that the optimizer needs, in
// seconds.
func exampleCost[T protocol.Float](
	c *cell, limit time.Duration, alloc Alloc,
) (seconds float64, err error) {
	m := max(c.batchSize(), c.optimizer.Needs.MinBatch())
	if c.plan.Order == protocol.Frozen && c.spec.Train > 0 {
		m = min(m, c.spec.Train)
	}
	order := newOrder(c.spec.Train, c.plan.Tuning.SweepSeed(), c.plan.Order)
	batch := protocol.Batch{Seed: c.plan.Tuning.SweepSeed()}
	err = atStart(c, alloc, func(p protocol.Problem[T], x []T,
		measurement *protocol.Measurement[T],
	) (err error) {
		times, err := timed(limit, func() error {
			batch.Examples, batch.Position = order.next(m, batch.Examples[:0])
			if err := p.Measure(x, batch, c.optimizer.Needs, measurement); err != nil {
				return fault(c.problem.Origin, c.problem.Name, "Measure", err)
			}
			return nil
		})
		if err == nil {
			seconds = typical(times)
		}
		return err
	})
	return seconds / float64(m), err
}

// stepCost returns the time that an optimizer takes per example: the time of steps on artificial
// measurements, divided by the examples that these would have cost.
func stepCost[T protocol.Float](
	c *cell, limit time.Duration, alloc Alloc,
) (seconds float64, err error) {
	_, newOptimizer := constructors[T](c)
	size := max(c.batchSize(), c.optimizer.Needs.MinBatch())
	examples, calls := int64(0), 0
	err = stage(c, alloc, func(x []T, m *protocol.Measurement[T]) error {
		o, request, err := newOptimizer(protocol.Start{
			Setting: c.sweep.fixed, Dim: c.spec.Dim, DType: c.spec.DType, Blocks: c.spec.Blocks,
			BatchSize: size,
			Train:     c.spec.Train, Budget: c.budget, Seed: c.plan.Tuning.SweepSeed(),
			Constants: c.spec.Constants,
		})
		if err != nil {
			return fault(c.optimizer.Origin, c.optimizer.Name, "open", err)
		}
		defer closed(o)
		invent(m, c.spec.Dim)
		m.Have, m.BatchSize, m.StepScale = c.optimizer.Needs, size, 1
		times, err := timed(limit, func() error {
			switch request.Draw {
			case protocol.New:
				m.BatchSize = size
			case protocol.All:
				m.BatchSize = max(1, c.spec.Train)
			}
			m.Step = calls
			calls++
			examples += int64(m.BatchSize)
			m.Seen = min(examples, c.budget)
			if request, err = o.Step(x, m); err != nil {
				return fault(c.optimizer.Origin, c.optimizer.Name, "Step", err)
			}
			return nil
		})
		if err == nil {
			seconds = mean(times)
		}
		return err
	})
	return seconds * float64(calls) / float64(examples), err
}

// invent fills in a plausible measurement: small equal gradients with little noise, and identity
// matrices.
func invent[T protocol.Float](m *protocol.Measurement[T], dim int) {
	m.Loss, m.VarianceNorm = 1, 1e-6*float64(dim)
	for _, s := range m.Slices() {
		v := *s.At
		switch {
		case s.Of&protocol.Matrices != 0 && len(v) > 0:
			for i := range dim {
				v[i*dim+i] = 1
			}
		case s.Of == protocol.Variance:
			fill(v, 1e-6)
		default:
			fill(v, 1e-3)
		}
	}
}

func fill[T protocol.Float](v []T, value T) {
	for i := range v {
		v[i] = value
	}
}
