package reproduce

import (
	"context"
	"fmt"
	"slices"

	"noisebench/harness"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/results"
)

// path is a run of one of bench's own float64 problems, in this process, of which the points are
// kept: records do not contain them, and some pictures show only them.
type path struct {
	problem   string
	with      protocol.Setting
	optimizer string
	set       protocol.Setting
	seed      uint64
	batch     int
	budget    int64
	// nil: the problem's
	start []float64
	// after each step; may be nil
	see func(x []float64, m *protocol.Measurement[float64], next []float64)
	// measured for see, besides what the optimizer needs
	needs protocol.Quantity
}

// follow makes the run and returns its points x₀, x₁, …, and its record.
func (p *path) follow() (points [][]float64, record *results.Record, err error) {
	problem, err := problemNamed(p.problem)
	if err != nil {
		return nil, nil, err
	}
	optimizer, err := optimizerNamed(p.optimizer)
	if err != nil {
		return nil, nil, err
	}
	with, err := protocol.Resolve(problem.Parameters, p.with)
	if err != nil {
		return nil, nil, err
	}
	set, err := protocol.Resolve(optimizer.Hyperparameters, p.set)
	if err != nil {
		return nil, nil, err
	}
	if open := problem.New64; p.start != nil {
		problem.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
			inner, err := open(s)
			return startAt{inner, p.start}, err
		}
	}
	open := optimizer.New64
	optimizer.Needs |= p.needs
	optimizer.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request,
		error,
	) {
		inner, request, err := open(s)
		return follower{inner, p, &points}, request, err
	}
	record, err = harness.Run(context.Background(), problem, optimizer, results.Run{
		Problem:   results.ProblemID{Name: problem.Name, Parameters: with},
		Optimizer: results.OptimizerID{Name: optimizer.Name, Setting: set},
		Seed:      p.seed, Budget: p.budget, BatchSize: p.batch, Order: protocol.Reshuffled,
		Evaluations: 1, Trace: 1 << 20,
	}, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("%s on %s: %w", p.optimizer, p.problem, err)
	}
	return points, record, nil
}

// What this process serves; tests of claims replace some of it.
var (
	allProblems   = problems.All
	allOptimizers = optimizers.All
)

func problemNamed(name string) (protocol.ProblemDef, error) {
	for _, d := range allProblems() {
		if d.Name == name {
			return d, nil
		}
	}
	return protocol.ProblemDef{}, fmt.Errorf("bench has no problem %s", name)
}

func optimizerNamed(name string) (protocol.OptimizerDef, error) {
	for _, d := range allOptimizers() {
		if d.Name == name {
			return d, nil
		}
	}
	return protocol.OptimizerDef{}, fmt.Errorf("bench has no optimizer %s", name)
}

// whole is one of bench's own float64 problems with its batch of all training examples.
type whole struct {
	spec    protocol.ProblemSpec
	problem protocol.Problem[float64]
	batch   protocol.Batch
}

// openWhole opens a problem; parameters that are not given have their defaults.
func openWhole(name string, with protocol.Setting) (*whole, error) {
	def, err := problemNamed(name)
	if err != nil {
		return nil, err
	}
	if with, err = protocol.Resolve(def.Parameters, with); err != nil {
		return nil, err
	}
	w := &whole{}
	if w.spec, err = def.Spec(with); err != nil {
		return nil, err
	}
	for i := range w.spec.Train {
		w.batch.Examples = append(w.batch.Examples, i)
	}
	w.problem, err = def.New64(with)
	return w, err
}

// measure returns the wanted quantities on a batch at x, in slices of their own.
func (w *whole) measure(
	x []float64, batch protocol.Batch, want protocol.Quantity,
) (*protocol.Measurement[float64], error) {
	m := &protocol.Measurement[float64]{}
	for _, s := range m.Slices() {
		if want.Has(s.Of) {
			*s.At = make([]float64, s.Of.Elements(len(x)))
		}
	}
	return m, w.problem.Measure(x, batch, want, m)
}

// stepOf is the first step that one of bench's own optimizers makes, given a measurement at a point
// of d elements.
func stepOf(
	name string, set protocol.Setting, blocks []protocol.Block, d int,
	m *protocol.Measurement[float64],
) ([]float64, error) {
	def, err := optimizerNamed(name)
	if err != nil {
		return nil, err
	}
	if set, err = protocol.Resolve(def.Hyperparameters, set); err != nil {
		return nil, err
	}
	o, _, err := def.New64(protocol.Start{
		Setting: set, Dim: d, DType: protocol.Float64, Blocks: blocks, BatchSize: 1, Train: 1,
		Budget: 1,
	})
	if err != nil {
		return nil, err
	}
	step, at := make([]float64, d), *m // from 0, the point is the step
	at.StepScale = 1
	_, err = o.Step(step, &at)
	return step, err
}

// startAt is a problem with a starting point of its own.
type startAt struct {
	protocol.Problem[float64]
	x []float64
}

func (s startAt) Init(x []float64, _ uint64) error {
	copy(x, s.x)
	return nil
}

// follower is an optimizer whose points are kept.
type follower struct {
	protocol.Optimizer[float64]
	path   *path
	points *[][]float64
}

func (f follower) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	if len(*f.points) == 0 {
		*f.points = append(*f.points, slices.Clone(x))
	}
	before := (*f.points)[len(*f.points)-1]
	request, err := f.Optimizer.Step(x, m)
	*f.points = append(*f.points, slices.Clone(x))
	if f.path.see != nil {
		f.path.see(before, m, x)
	}
	return request, err
}
