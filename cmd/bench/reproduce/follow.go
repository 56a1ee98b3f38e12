package reproduce

import (
	"context"
	"fmt"
	"slices"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// path is a run of one of bench's own problems, in this process, of which points are kept: records
// do not contain them, and some pictures show only them.
type path struct {
	problem   string
	with      protocol.Setting
	optimizer string
	set       protocol.Setting
	seed      uint64
	batch     int
	budget    int64
	// nil: the problem's; for problems in float64
	start []float64
	// at, if not nil, are the steps after which points are kept, beside the first and the last
	// point
	at []int
	// after each step; may be nil; for problems in float64
	see func(m *protocol.Measurement[float64])
	// measured for see, besides what the optimizer needs
	needs protocol.Quantity
}

// follow makes the run and returns its points x₀, x₁, …, or those that are kept, and its record.
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
	optimizer.Needs |= p.needs
	optimizer.New32 = followed(optimizer.New32, p, &points)
	optimizer.New64 = followed(optimizer.New64, p, &points)
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

// followed has the optimizers that a constructor opens kept track of by a path.
func followed[T protocol.Float](
	open func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error),
	p *path, points *[][]float64,
) func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	if open == nil {
		return nil
	}
	return func(s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
		inner, request, err := open(s)
		return &follower[T]{Optimizer: inner, path: p, points: points}, request, err
	}
}

// follower is an optimizer whose points are kept: the last of points is the latest.
type follower[T protocol.Float] struct {
	protocol.Optimizer[T]
	path   *path
	points *[][]float64
	passed int  // steps
	keep   bool // the latest point
}

func (f *follower[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	if f.passed == 0 {
		*f.points, f.keep = append(*f.points, widened(x)), true
	}
	request, err := f.Optimizer.Step(x, m)
	if !f.keep {
		*f.points = (*f.points)[:len(*f.points)-1]
	}
	f.passed++
	*f.points, f.keep = append(*f.points, widened(x)), f.path.at == nil ||
		slices.Contains(f.path.at, f.passed)
	if own, ok := any(m).(*protocol.Measurement[float64]); ok && f.path.see != nil {
		f.path.see(own)
	}
	return request, err
}

// widened is v in float64.
func widened[T protocol.Float](v []T) []float64 {
	wide := make([]float64, len(v))
	for i, u := range v {
		wide[i] = float64(u)
	}
	return wide
}
