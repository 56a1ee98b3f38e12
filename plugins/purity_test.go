package plugins

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// slant is a bowl with the flaw of its name.
type slant struct {
	bowl[float64]
	name  string
	calls int
}

func (s *slant) Measure(x []float64, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	err := s.bowl.Measure(x, b, want, m)
	s.calls++
	switch s.name {
	case "random-gradient":
		m.Gradient[0] += 1e-9 * rand.Float64()
	case "counted-gradient":
		m.Gradient[0] *= 1 + 1e-9*float64(s.calls)
	case "moves-x":
		x[3] = 0
	case "late-random-gradient":
		if s.calls > 100 {
			m.Gradient[0] += 1e-9 * rand.Float64()
		}
	}
	return err
}

func (s *slant) Evaluate(x []float64, part protocol.Part) (protocol.Evaluation, error) {
	e, err := s.bowl.Evaluate(x, part)
	switch s.name {
	case "random-evaluation":
		e.Loss += rand.Float64()
	case "evaluation-moves-x":
		x[3] = 0
	}
	return e, err
}

// stroll is SGD with the flaw of its name.
type stroll struct {
	name          string
	stop, stopped chan struct{} // of what moves x
}

func (s *stroll) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for j, g := range m.Gradient {
		x[j] -= 0.01 * g
	}
	switch s.name {
	case "random-step":
		x[0] += 1e-9 * rand.Float64()
	case "moves-between":
		if s.stop == nil {
			s.stop, s.stopped = make(chan struct{}), make(chan struct{})
			go func() {
				defer close(s.stopped)
				for tick := time.Tick(50 * time.Microsecond); ; {
					select {
					case <-tick:
						x[1]++
					case <-s.stop:
						return
					}
				}
			}()
		}
	}
	return protocol.Request{}, nil
}

func (s *stroll) Close() error {
	if s.stop != nil {
		close(s.stop)
		<-s.stopped
	}
	return nil
}

var slants = []string{"pure", "random-gradient", "counted-gradient", "moves-x", "late-random-gradient", "random-evaluation", "evaluation-moves-x"}

var strolls = []string{"straight", "random-step", "moves-between"}

func impureDefinitions() (defs []protocol.Definition) {
	for _, name := range slants {
		d := problemDef(name)
		d.New32, d.New64 = nil, func(s protocol.Setting) (protocol.Problem[float64], error) {
			return &slant{bowl: bowl[float64]{int(s["dim"])}, name: name}, nil
		}
		defs = append(defs, d)
	}
	for _, name := range strolls {
		defs = append(defs, protocol.OptimizerDef{
			Name: name, Version: "1", Doc: "a walk", Source: "this test", Needs: protocol.Gradient,
			New64: func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				return &stroll{name: name}, protocol.Request{}, nil
			},
		})
	}
	return defs
}

// shelf is a store of a campaign, and its definitions.
type shelf struct {
	*Plugin
	t  *testing.T
	mu sync.Mutex
	ok int // records of runs that did not fail
}

func (s *shelf) Problem(name string) (protocol.ProblemDef, error) { return s.problem(s.t, name), nil }

func (s *shelf) Optimizer(name string) (protocol.OptimizerDef, error) {
	return s.optimizer(s.t, name), nil
}

func (s *shelf) Lookup(string) (*results.Record, bool, error) { return nil, false, nil }

func (s *shelf) Commit(r *results.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.End.Status != results.Failed {
		s.ok++
	}
	return nil
}

// Problems and optimizers of other processes that are not pure are refused by name, whatever way
// their vectors travel.
func TestImpurePlugins(t *testing.T) {
	for _, transport := range []Transport{Doorbell, Messages} {
		h := newHost(t, Options{Transport: transport})
		p := launch(t, h, "impure")
		for _, c := range []struct{ problem, optimizer, want string }{
			{"pure", "straight", ""},
			{"random-gradient", "straight", "impure (random-gradient): Measure: a second call"},
			{"counted-gradient", "straight", "impure (counted-gradient): Measure: a second call"},
			{"moves-x", "straight", "impure (moves-x): Measure: it changes x"},
			{"late-random-gradient", "straight", "impure (late-random-gradient): Measure: a second call"},
			{"random-evaluation", "straight", "impure (random-evaluation): Evaluate: a second call"},
			{"evaluation-moves-x", "straight", "impure (evaluation-moves-x): Evaluate: x[3] changed"},
			{"pure", "random-step", "impure (random-step): Step: step 0 of two runs"},
			{"pure", "moves-between", "impure (moves-between): Step: "},
		} {
			if transport == Messages && strings.Contains(c.problem+c.optimizer, "moves") {
				continue // the host's x cannot be reached
			}
			s := &shelf{Plugin: p, t: t}
			campaign, err := harness.NewCampaign(protocol.Plan{
				Name:     "impure",
				Problems: []protocol.ProblemEntry{{Problem: c.problem, Budget: 8 * 4000}}, Replicates: 2,
				Optimizers: []protocol.OptimizerEntry{{Optimizer: c.optimizer}},
			}, s)
			if err != nil {
				t.Fatal(err)
			}
			cells, err := campaign.Execute(context.Background(), harness.Options{Store: s, Parallel: 1, Alloc: h.Alloc})
			if err != nil && !errors.As(err, new(*protocol.Fault)) {
				t.Fatal(err)
			}
			if c.want == "" {
				if s.ok != 2 {
					t.Errorf("%s: %d runs of pure definitions are results, want 2: %v", transport, s.ok, cells[0].Failed)
				}
				continue
			}
			if s.ok != 0 || len(cells[0].Failed) == 0 || !strings.Contains(cells[0].Failed[0], c.want) {
				t.Errorf("%s: %s on %s: %d runs are results, and failed are %q; want none, and %q",
					transport, c.optimizer, c.problem, s.ok, cells[0].Failed, c.want)
			}
		}
	}
}
