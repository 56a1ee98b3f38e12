package reproduce

import (
	"context"
	"fmt"
	"slices"

	"noisebench/harness"
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
	optimizer.New64 = func(
		s protocol.Start,
	) (protocol.Optimizer[float64], protocol.Request, error) {
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
