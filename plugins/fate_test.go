package plugins

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

var fates = flag.Int("fates", 2, "plugins of TestFates")

// fate is how a plugin fails: at which call of a function, and in which way.
type fate struct {
	call, way string
	at        int // 1, 2 or 3

	mu    sync.Mutex
	calls int
}

var (
	fateCalls = []string{"Spec", "New", "Init", "Measure", "Step", "Evaluate", "Close"}
	fateWays  = []string{"exit", "kill", "panic", "hang", "error", "lie", "shout"}
)

func fateOf(seed uint64) *fate {
	r := protocol.Stream(seed, "fate")
	return &fate{call: fateCalls[r.IntN(len(fateCalls))], way: fateWays[r.IntN(len(fateWays))], at: 1 + r.IntN(3)}
}

func (f *fate) String() string { return fmt.Sprintf("%s at %s %d", f.way, f.call, f.at) }

// meets does what the fate wants at a call. lies reports that the answer has to be a wrong one.
func (f *fate) meets(call string) (lies bool, err error) {
	f.mu.Lock()
	if call == f.call {
		f.calls++
	}
	now := call == f.call && f.calls >= f.at
	f.mu.Unlock()
	if !now {
		return false, nil
	}
	switch f.way {
	case "exit":
		os.Exit(3)
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "panic":
		panic("fate")
	case "hang":
		select {}
	case "error":
		return false, errors.New("fate")
	case "shout": // and go on
		fmt.Fprintln(os.Stderr, strings.Repeat("fate\x1b[2J\x00", 5000))
	}
	return f.way == "lie", nil
}

type fateProblem struct {
	bowl[float64]
	*fate
}

func (p *fateProblem) Init(x []float64, seed uint64) error {
	lies, err := p.meets("Init")
	if err = errors.Join(err, p.bowl.Init(x, seed)); lies {
		x[0] = math.NaN()
	}
	return err
}

func (p *fateProblem) Measure(x []float64, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	lies, err := p.meets("Measure")
	if err = errors.Join(err, p.bowl.Measure(x, b, want, m)); lies {
		m.BatchSize++
	}
	return err
}

func (p *fateProblem) Evaluate(x []float64, part protocol.Part) (protocol.Evaluation, error) {
	lies, err := p.meets("Evaluate")
	e, _ := p.bowl.Evaluate(x, part)
	if lies {
		e.Metric = math.NaN()
	}
	return e, err
}

func (p *fateProblem) Close() error {
	_, err := p.meets("Close")
	return err
}

type fateOptimizer struct{ *fate }

func (o fateOptimizer) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		x[i] -= 0.01 * g
	}
	lies, err := o.meets("Step")
	if lies {
		return protocol.Request{BatchSize: -5}, err
	}
	return protocol.Request{}, err
}

func (o fateOptimizer) Close() error {
	_, err := o.meets("Close")
	return err
}

func (f *fate) definitions() []protocol.Definition {
	p := problemDef("fated")
	spec := p.Spec
	p.Spec = func(s protocol.Setting) (protocol.ProblemSpec, error) {
		lies, err := f.meets("Spec")
		described, _ := spec(s)
		if lies {
			described.Dim = -described.Dim
		}
		return described, err
	}
	p.New32, p.New64 = nil, func(s protocol.Setting) (protocol.Problem[float64], error) {
		_, err := f.meets("New")
		return &fateProblem{bowl[float64]{int(s["dim"])}, f}, err
	}
	o := protocol.OptimizerDef{
		Name: "fated", Version: "1", Doc: "a walk", Source: "this test", Needs: protocol.Gradient,
		New64: func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			_, err := f.meets("New")
			return fateOptimizer{f}, protocol.Request{}, err
		},
	}
	return []protocol.Definition{p, o}
}

// shop finds definitions of two plugins, and keeps records in memory.
type shop struct {
	healthy, fated *Plugin
	t              *testing.T
	records        *sync.Map // of *results.Record by ID
}

func (s shop) Problem(name string) (protocol.ProblemDef, error) {
	if name == "fated" {
		return s.fated.problem(s.t, name), nil
	}
	return s.healthy.problem(s.t, name), nil
}

func (s shop) Optimizer(name string) (protocol.OptimizerDef, error) {
	if name == "fated" {
		return s.fated.optimizer(s.t, name), nil
	}
	return s.healthy.optimizer(s.t, name), nil
}

func (s shop) Lookup(id string) (*results.Record, bool, error) {
	record, found := s.records.Load(id)
	if !found {
		return nil, false, nil
	}
	return record.(*results.Record), true, nil
}

func (s shop) Commit(record *results.Record) error {
	s.records.Store(record.Run.ID(), record)
	return nil
}

// Plugins that die, hang or lie at any of their calls fail none but their own runs: those of
// healthy pairs are all there, and every failure names the plugin. go test -run Fates -fates 100
// takes many.
func TestFates(t *testing.T) {
	h := newHost(t, Options{CallTimeout: time.Second})
	healthy := launch(t, h, "impure") // of whose definitions two are not
	for seed := range uint64(*fates) {
		f := fateOf(seed)
		name := fmt.Sprint("fated-", seed)
		fated, err := h.Launch(t.Context(), name, os.Args[0], "plugin:fate", fmt.Sprint(seed))
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		s := shop{healthy, fated, t, new(sync.Map)}
		plan := protocol.Plan{
			Name:     "fates",
			Problems: []protocol.ProblemEntry{{Problem: "pure", Budget: 200}, {Problem: "fated", Budget: 200}}, Replicates: 2, Evaluations: 2,
			Optimizers: []protocol.OptimizerEntry{{Optimizer: "straight"}, {Optimizer: "fated"}},
		}
		var cells []results.Cell
		campaign, err := harness.NewCampaign(plan, s)
		if err == nil {
			cells, err = campaign.Execute(context.Background(), harness.Options{Store: s, Parallel: 2, Alloc: h.Alloc})
		}
		if err != nil {
			// An error that Spec or New returns is one of the user, such as missing data: before
			// the first run, the plan ends with it.
			if f.way != "error" || f.call != "Spec" && f.call != "New" || !strings.HasSuffix(err.Error(), "problem fated: fate") {
				t.Errorf("%v: the plan ends: %v", f, err)
			}
			continue
		}
		failed := 0
		for _, c := range cells {
			reasons := c.Failed
			if c.Impossible != "" {
				reasons = append(reasons, c.Impossible)
			}
			failed += len(reasons)
			if c.Problem != "fated" && c.Optimizer != "fated" {
				if len(c.Runs) != 2 || len(reasons) > 0 {
					t.Errorf("%v: the healthy pair has %d runs, want 2: %q", f, len(c.Runs), reasons)
				}
				continue
			}
			if len(c.Runs) < 2 && len(reasons) == 0 {
				t.Errorf("%v: of %s on %s runs are missing without a reason", f, c.Optimizer, c.Problem)
			}
			for _, reason := range reasons {
				if !strings.Contains(reason, name) || strings.ContainsAny(reason, "\x1b\x00") {
					t.Errorf("%v: the reason %q does not name %s", f, reason, name)
				}
			}
		}
		// What every run meets is never overlooked, and what concerns no number and ends no process
		// fails no run.
		lives := f.way == "error" || f.way == "lie" || f.way == "panic"
		switch always := f.call == "Measure" || f.call == "Step"; {
		case f.way == "shout" || f.call == "Close" && lives:
			if failed > 0 {
				t.Errorf("%v: %d failures, want none", f, failed)
			}
		case always && failed == 0:
			t.Errorf("%v is not noticed", f)
		}
	}
}
