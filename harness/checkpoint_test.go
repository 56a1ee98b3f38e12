package harness

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"noisebench/protocol"
	"noisebench/results"
)

// busy is an optimizer that uses all that the contract offers: momentum, an averaged estimate,
// trial points, batches that grow, are drawn again, or are all examples.
type busy struct {
	momentum, average [2]float64
	t                 int
	endless           bool // there is no batch of all examples
}

func busyDef(endless bool) protocol.OptimizerDef {
	return protocol.OptimizerDef{
		Name: "busy", Version: "1", Needs: protocol.Gradient, Trials: true, ChoosesBatchSize: true, Averages: true,
		Saves: true, Reports: []string{"momentum"},
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.01)},
		New64: func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
			return &busy{endless: endless}, protocol.Request{BatchSize: 3}, nil
		},
	}
}

func (o *busy) State() []any { return []any{&o.momentum, &o.average, &o.t} }

func (o *busy) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for j, g := range m.Gradient {
		o.momentum[j] = 0.5*o.momentum[j] + g
		x[j] -= 0.01 * m.StepScale * o.momentum[j]
		o.average[j] = 0.9*o.average[j] + 0.1*x[j]
	}
	o.t++
	switch o.t % 7 {
	case 1:
		return protocol.Request{Draw: protocol.Again, Trial: true}, nil
	case 3:
		return protocol.Request{BatchSize: 2 + o.t%5}, nil
	case 5:
		if !o.endless {
			return protocol.Request{Draw: protocol.All}, nil
		}
	}
	return protocol.Request{}, nil
}

func (o *busy) Estimate(_, out []float64) { copy(out, o.average[:]) }
func (o *busy) Report(out []float64)      { out[0] = o.momentum[0] }

// memory are checkpoints that end a context after some of them.
type memory struct {
	data   []byte
	saves  int
	after  int
	cancel context.CancelFunc
}

func (m *memory) checkpoints(by string, refused func(error)) *Checkpoints {
	return &Checkpoints{
		By:   by,
		Load: func() ([]byte, error) { return m.data, nil },
		Save: func(data []byte) error {
			m.data = data
			if m.saves++; m.saves == m.after {
				m.cancel()
			}
			return nil
		},
		Refused: refused,
	}
}

// sameNumbers compares bit by bit, but for NaNs.
var sameNumbers = cmp.Comparer(func(a, b protocol.Number) bool {
	return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || a != a && b != b
})

// A run that is interrupted again and again has the bits of one that was not.
func TestResumedRunsHaveTheSameBits(t *testing.T) {
	for name, change := range map[string]func(*results.Run){
		"reshuffled":  func(*results.Run) {},
		"frozen":      func(r *results.Run) { r.Order = protocol.Frozen },
		"short trace": func(r *results.Run) { r.Trace = 3 },
		"no trace":    func(r *results.Run) { r.Trace = 0 },
		"diagnostics": func(r *results.Run) { r.Diagnostics = true },
		"clipped":     func(r *results.Run) { r.Clip = 2 },
		"scheduled":   func(r *results.Run) { r.Schedule = protocol.Schedule{Warmup: 0.1, Decay: protocol.Cosine} },
		"endless":     func(*results.Run) {},
	} {
		t.Run(name, func(t *testing.T) {
			examples := 11
			if name == "endless" {
				examples = 0
			}
			p, o := pointsDef(examples, &callLog{}), busyDef(name == "endless")
			run := runOf(p, o, 1, 500)
			change(&run)
			want := mustRun(t, p, o, run)
			if want.End.Steps < 50 || want.End.Status != results.OK {
				t.Fatalf("the run ended %s after %d steps, want many", want.End.Status, want.End.Steps)
			}
			m, legs := &memory{}, 0
			for {
				ctx, cancel := context.WithCancel(context.Background())
				m.saves, m.after, m.cancel = 0, 2+legs%5, cancel
				got, err := RunResumable(ctx, p, o, run, nil, m.checkpoints("here", func(err error) { t.Error(err) }))
				cancel()
				if legs++; errors.Is(err, context.Canceled) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(results.Record{}, "Host"), sameNumbers); diff != "" {
					t.Errorf("a run in %d parts differs (-whole +parts):\n%s", legs, diff)
				}
				if legs < 10 {
					t.Errorf("the run was made in %d parts, want many", legs)
				}
				return
			}
		})
	}
}

func TestResumeRefuses(t *testing.T) {
	p, o := pointsDef(11, &callLog{}), busyDef(false)
	run := runOf(p, o, 1, 200)
	want := mustRun(t, p, o, run)
	whole := &memory{}
	ctx, cancel := context.WithCancel(context.Background())
	whole.after, whole.cancel = 9, cancel
	if _, err := RunResumable(ctx, p, o, run, nil, whole.checkpoints("here", nil)); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want that of the context", err)
	}
	other := run
	other.Seed = 2
	rebuilt := o
	rebuilt.Origin.Executable = "another"
	for name, test := range map[string]struct {
		data []byte
		o    protocol.OptimizerDef
		run  results.Run
		by   string
		want string
	}{
		"cut short":  {whole.data[:20], o, run, "here", "cut short, it has 20 bytes"},
		"damaged":    {append(whole.data[:len(whole.data)-1:len(whole.data)-1], 'x'), o, run, "here", "is damaged"},
		"platform":   {whole.data, o, run, "there", "was saved by here, this is there"},
		"run":        {whole.data, o, other, "here", "is that of run"},
		"executable": {whole.data, rebuilt, run, "here", "another executable"},
	} {
		t.Run(name, func(t *testing.T) {
			var refused error
			m := &memory{data: test.data}
			got, err := RunResumable(context.Background(), p, test.o, test.run, nil,
				m.checkpoints(test.by, func(err error) { refused = err }))
			if err != nil {
				t.Fatal(err)
			}
			if refused == nil || !strings.Contains(refused.Error(), test.want) {
				t.Errorf("refused because of %v, want %q", refused, test.want)
			}
			if test.run.Seed == run.Seed && !cmp.Equal(got.End, want.End) {
				t.Errorf("the run ended as %+v, want %+v", got.End, want.End)
			}
		})
	}
}

// An optimizer that forgets a part of its state is detected by comparison, so this test shows that
// the one above can fail.
func TestForgottenStateShows(t *testing.T) {
	p, o := pointsDef(11, &callLog{}), busyDef(false)
	inner := o.New64
	o.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		opt, request, err := inner(s)
		return &forgetful{opt.(*busy)}, request, err
	}
	run := runOf(p, o, 1, 200)
	want := mustRun(t, p, o, run)
	m := &memory{after: 10}
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	_, _ = RunResumable(ctx, p, o, run, nil, m.checkpoints("", nil))
	got, err := RunResumable(context.Background(), p, o, run, nil, m.checkpoints("", nil))
	if err != nil {
		t.Fatal(err)
	}
	if last := len(want.Points) - 1; want.Points[last].Train == got.Points[last].Train {
		t.Error("a forgotten momentum changed nothing")
	}
}

type forgetful struct{ *busy }

func (o *forgetful) State() []any { return []any{&o.average, &o.t} }

// A checkpoint that cannot be written ends the run with an error that says so, and is no fault of a
// plugin. An optimizer that does not save its state has no checkpoints.
func TestCheckpointsThatFail(t *testing.T) {
	p, o := pointsDef(11, &callLog{}), busyDef(false)
	run := runOf(p, o, 1, 200)
	full := errors.New("no space left")
	c := &Checkpoints{Load: func() ([]byte, error) { return nil, nil }, Save: func([]byte) error { return full }}
	record, err := RunResumable(context.Background(), p, o, run, nil, c)
	if fault := (*protocol.Fault)(nil); record != nil || !errors.Is(err, full) || errors.As(err, &fault) {
		t.Errorf("record %v, error %v; want that of the store alone", record, err)
	}
	o.Saves = false
	if _, err := RunResumable(context.Background(), p, o, run, nil, c); err != nil {
		t.Error(err)
	}
}

// The losses of a run that diverged after it was resumed are judged by the start that was saved.
func TestResumedRunDiverges(t *testing.T) {
	p := pointsDef(11, &callLog{})
	inner := p.New64
	p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
		problem, err := inner(s)
		calls := 0
		problem.(*points).loss = func(_ int, loss float64) float64 {
			if calls++; calls > 20 {
				return math.Inf(1)
			}
			return loss
		}
		return problem, err
	}
	o := busyDef(false)
	run := runOf(p, o, 1, 500)
	m := &memory{after: 15}
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	_, _ = RunResumable(ctx, p, o, run, nil, m.checkpoints("", nil))
	got, err := RunResumable(context.Background(), p, o, run, nil, m.checkpoints("", nil))
	if err != nil || got.End.Status != results.Diverged || got.End.Steps < 30 {
		t.Errorf("%+v, error %v; want a run that diverged past step 30", got.End, err)
	}
}
