package harness

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"noisebench/protocol"
	"noisebench/results"
)

// points is a test problem: fᵢ(x) = ½ Σ_j h_j (x_j − c_ij)², with N training examples, and the mean
// over other examples as validation and test part. Every call is logged.
type points struct {
	spec  protocol.ProblemSpec
	calls *callLog
	fail  func(call int) error // for Measure
	loss  func(call int, loss float64) float64
}

// callLog records the calls of a problem, in order. Several runs may share it.
type callLog struct {
	mu          sync.Mutex
	measured    [][]int
	positions   []int64
	wanted      []protocol.Quantity
	evaluatedAt []float64 // x[0]
	closed      int
}

func pointsDef(train int, calls *callLog) protocol.ProblemDef {
	spec := protocol.ProblemSpec{
		Dim: 2, DType: protocol.Float64, Train: train, Validation: 5, Test: 7,
		Measures:  protocol.Gradient | protocol.VarianceNorm | protocol.Variance,
		Metric:    protocol.Metric{Name: "loss"},
		BatchSize: 4, Budget: 100,
	}
	return protocol.ProblemDef{
		Name: "points", Version: "1",
		Parameters: []protocol.Hyperparameter{protocol.NonNegative("spread", "scale of the centres", 1)},
		Spec:       func(protocol.Setting) (protocol.ProblemSpec, error) { return spec, nil },
		New64: func(protocol.Setting) (protocol.Problem[float64], error) {
			return &points{spec: spec, calls: calls}, nil
		},
	}
}

var curvature = [2]float64{1, 10}

func centre(i, j int) float64 { return math.Sin(float64(3*i + j)) }

func (p *points) Init(x []float64, seed uint64) error {
	x[0], x[1] = 5+float64(seed%10)/100, -3
	return nil
}

func (p *points) Measure(x []float64, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	p.calls.mu.Lock()
	call := len(p.calls.measured)
	p.calls.measured = append(p.calls.measured, append([]int(nil), b.Examples...))
	p.calls.positions = append(p.calls.positions, b.Position)
	p.calls.wanted = append(p.calls.wanted, want)
	p.calls.mu.Unlock()
	if p.fail != nil {
		if err := p.fail(call); err != nil {
			return err
		}
	}
	m.Have, m.BatchSize = want, len(b.Examples)
	m.Loss = meanLoss(x, b.Examples)
	if p.loss != nil {
		m.Loss = p.loss(call, m.Loss)
	}
	n := float64(len(b.Examples))
	m.VarianceNorm = 0
	if want.Has(protocol.Hessian) {
		copy(m.Hessian, []float64{curvature[0], 0, 0, curvature[1]})
	}
	for j := range m.SampledGradient {
		m.SampledGradient[j] = float64(b.Position) + 1
	}
	for j := range x {
		var sum, squares float64
		for _, i := range b.Examples {
			g := curvature[j] * (x[j] - centre(i, j))
			sum += g
			squares += g * g
		}
		m.Gradient[j] = sum / n
		m.Variance[j] = math.Max(0, (squares-sum*sum/n)/(n-1))
		m.VarianceNorm += m.Variance[j]
	}
	return nil
}

func meanLoss(x []float64, examples []int) float64 {
	var loss float64
	for _, i := range examples {
		for j := range x {
			loss += curvature[j] * (x[j] - centre(i, j)) * (x[j] - centre(i, j)) / 2
		}
	}
	return loss / float64(len(examples))
}

func (p *points) Evaluate(x []float64, part protocol.Part) (protocol.Evaluation, error) {
	first, n := map[protocol.Part]int{protocol.ValidationPart: 1000, protocol.TestPart: 2000}[part], 5
	p.calls.mu.Lock()
	if part == protocol.TrainPart {
		p.calls.evaluatedAt = append(p.calls.evaluatedAt, x[0])
		n = max(1, p.spec.Train)
	}
	p.calls.mu.Unlock()
	examples := make([]int, n)
	for i := range examples {
		examples[i] = first + i
	}
	loss := meanLoss(x, examples)
	return protocol.Evaluation{Loss: loss, Metric: loss}, nil
}

func (p *points) Close() error {
	p.calls.mu.Lock()
	p.calls.closed++
	p.calls.mu.Unlock()
	return nil
}

// scripted is a test optimizer: SGD whose requests come from ask, called with the step t; t = −1
// gives the first request.
type scripted struct {
	α    float64
	ask  func(t int) protocol.Request
	seen *[]protocol.Measurement[float64]
}

func scriptedDef(ask func(t int) protocol.Request, seen *[]protocol.Measurement[float64]) protocol.OptimizerDef {
	if ask == nil {
		ask = func(int) protocol.Request { return protocol.Request{} }
	}
	return protocol.OptimizerDef{
		Name: "scripted", Version: "1", Needs: protocol.Gradient, Trials: true, ChoosesBatchSize: ask(-1).BatchSize > 0,
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		New64: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return &scripted{α: s.Setting[protocol.StepSize], ask: ask, seen: seen}, ask(-1), nil
		},
	}
}

func (o *scripted) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	if o.seen != nil {
		*o.seen = append(*o.seen, *m)
	}
	for j, g := range m.Gradient {
		x[j] -= o.α * m.StepScale * g
	}
	q := o.ask(m.Step)
	if q.BatchSize == -99 {
		return q, errors.New("scripted fault")
	}
	return q, nil
}

// runOf returns a run of the two with a budget.
func runOf(p protocol.ProblemDef, o protocol.OptimizerDef, seed uint64, budget int64) results.Run {
	params, err := protocol.Resolve(p.Parameters, nil)
	if err != nil {
		panic(err)
	}
	setting, err := protocol.Resolve(o.Hyperparameters, nil)
	if err != nil {
		panic(err)
	}
	return results.Run{
		Protocol:  protocol.Version,
		Problem:   results.ProblemID{Name: p.Name, Version: p.Version, Parameters: params},
		Optimizer: results.OptimizerID{Name: o.Name, Version: o.Version, Setting: setting},
		Seed:      seed, Budget: budget, BatchSize: 4, Order: protocol.Reshuffled, Evaluations: 5, Trace: 100,
	}
}

// memoryStore is a Store without a disk.
type memoryStore struct {
	mu      sync.Mutex
	records map[string]*results.Record
	commits []string
	full    int // commits that fit; 0: any number
}

func newMemoryStore() *memoryStore { return &memoryStore{records: map[string]*results.Record{}} }

func (s *memoryStore) Lookup(id string) (*results.Record, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.records[id]
	if !ok || r.End.Status == results.Failed {
		return nil, false, nil
	}
	clone := *r
	return &clone, true, nil
}

func (s *memoryStore) Commit(r *results.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full > 0 && len(s.commits) >= s.full {
		return errors.New("no space left")
	}
	id := r.Run.ID()
	if old, ok := s.records[id]; ok && old.End.Status != results.Failed {
		return fmt.Errorf("run %s was made twice", id)
	}
	clone := *r
	s.records[id] = &clone
	s.commits = append(s.commits, id)
	return nil
}

// definitions is a Definitions of one problem and some optimizers.
type definitions struct {
	problem    protocol.ProblemDef
	optimizers []protocol.OptimizerDef
}

func (d definitions) Problem(name string) (protocol.ProblemDef, error) {
	if name != d.problem.Name {
		return protocol.ProblemDef{}, protocol.Unknown("problem", name, []string{d.problem.Name})
	}
	return d.problem, nil
}

func (d definitions) Optimizer(name string) (protocol.OptimizerDef, error) {
	var known []string
	for _, o := range d.optimizers {
		if o.Name == name {
			return o, nil
		}
		known = append(known, o.Name)
	}
	return protocol.OptimizerDef{}, protocol.Unknown("optimizer", name, known)
}
