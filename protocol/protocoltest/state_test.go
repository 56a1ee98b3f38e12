package protocoltest_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

// mindful is a toy with a state of every kind: momentum, a second average that is restarted, a
// count, a trial, a random choice, and an estimate.
type mindful[T protocol.Float] struct {
	α       float64
	budget  int64
	t       int
	v       []T
	mean    []float64
	sign    [2]float32
	trial   bool
	from    []T // made at the first trial
	drawn   string
	restart protocol.Stateful
	leave   int // out of the state; -1: nothing
}

// window is the largest gradient since the last restart.
type window struct{ most float64 }

func (w *window) State() []any { return []any{&w.most} }

func openMindful[T protocol.Float](leave int) opening[T] {
	return func(s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
		return &mindful[T]{
			α: s.Setting[protocol.StepSize], budget: s.Budget, v: make([]T, s.Dim), mean: make([]float64, s.Dim), restart: &window{},
			leave: leave,
		}, protocol.Request{}, nil
	}
}

var mindfulState = []string{"t", "v", "mean", "sign", "trial", "from", "drawn", "restart"}

func (o *mindful[T]) State() []any {
	all := []any{&o.t, &o.v, &o.mean, &o.sign, &o.trial, &o.from, &o.drawn, o.restart}
	if o.leave >= 0 {
		all = slices.Delete(all, o.leave, o.leave+1)
	}
	return all
}

func (o *mindful[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	if o.trial { // back, with the gradient found there
		copy(x, o.from)
	}
	w := o.restart.(*window)
	if o.t%6 == 0 {
		w.most = 0
	}
	left := 1 - float64(m.Seen)/float64(o.budget)
	for j, g := range m.Gradient {
		w.most = max(w.most, math.Abs(float64(g)))
		o.v[j] = 0.9*o.v[j] + g
		step := o.α * m.StepScale * left * (float64(o.v[j]) + 1e-3*float64(o.sign[j%2]))
		x[j] -= T(step / (1 + w.most) * (1 + float64(len(o.drawn))/10))
		o.mean[j] += (float64(x[j]) - o.mean[j]) / float64(o.t+1)
	}
	o.sign[o.t%2] = float32(math.Copysign(1, float64(m.Gradient[0])))
	o.drawn = strings.Repeat("x", int(7*math.Abs(math.Sin(float64(o.t)))))
	o.t++
	if o.trial = !o.trial && o.t%3 == 0; o.trial {
		if o.from == nil {
			o.from = make([]T, len(x))
		}
		copy(o.from, x)
		x[0] += T(0.01 * o.α)
		return protocol.Request{Draw: protocol.Again, Trial: true}, nil
	}
	return protocol.Request{}, nil
}

func (o *mindful[T]) Estimate(x, out []T) {
	if copy(out, x); o.t > 0 {
		for j, v := range o.mean {
			out[j] = T(v)
		}
	}
}

func mindfulDef(leave int) protocol.OptimizerDef {
	def := define(protocol.Gradient, openMindful[float32](leave), openMindful[float64](leave))
	def.Saves, def.Averages, def.Trials = true, true, true
	return def
}

func TestStateIsComplete(t *testing.T) {
	if err := protocoltest.Optimizer(mindfulDef(-1)); err != nil {
		t.Error(err)
	}
}

// Every omission from the state is found.
func TestStateLeftOut(t *testing.T) {
	notShort(t)
	for i, field := range mindfulState {
		t.Run(field, func(t *testing.T) {
			checks := protocoltest.OptimizerChecks(mindfulDef(i))
			if got := failing(t, checks); !slices.Equal(got, []string{"saved-state"}) {
				t.Errorf("failing checks are %v, want saved-state", got)
			}
			var err error
			for _, c := range checks {
				if c.Name == "saved-state" {
					err = c.Err
				}
			}
			if err == nil || !strings.Contains(err.Error(), "step_size=0.01, saved after") {
				t.Errorf("the finding is %v, want one that names the setting and the step", err)
			}
		})
	}
}

// saver writes its state itself, with optional mistakes.
type saver struct {
	protocol.Optimizer[float64]
	save    func() ([]byte, error)
	restore func([]byte) error
}

func (s saver) SaveState() ([]byte, error)     { return s.save() }
func (s saver) RestoreState(data []byte) error { return s.restore(data) }

func TestBrokenSavers(t *testing.T) {
	refuse := func(data []byte) error {
		if len(data) > 0 {
			return errors.New("no")
		}
		return nil
	}
	calls := 0
	for name, c := range map[string]struct {
		saver  saver
		broken bool
		want   string
	}{
		"nothing to save": {saver: saver{save: func() ([]byte, error) { return nil, nil }, restore: refuse}},
		"cannot save":     {saver{save: func() ([]byte, error) { return nil, errors.New("no room") }, restore: refuse}, true, "no room"},
		"cannot restore": {saver{
			save:    func() ([]byte, error) { return []byte("state"), nil },
			restore: func([]byte) error { return errors.New("no idea") },
		}, true, "no idea"},
		"restores anything": {saver{
			save:    func() ([]byte, error) { return []byte("state"), nil },
			restore: func([]byte) error { return nil },
		}, true, "RestoreState accepts"},
		"panics": {saver{save: func() ([]byte, error) { panic("oh") }, restore: refuse}, true, "SaveState panicked: oh"},
		"counts": {saver{save: func() ([]byte, error) {
			calls++
			return fmt.Appendf(nil, "%d", calls), nil
		}, restore: func([]byte) error { return nil }}, true, "two saves in a row differ"},
	} {
		t.Run(name, func(t *testing.T) {
			def := define(protocol.Gradient, nil, func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				o, first, err := openSGD[float64](s)
				made := c.saver
				made.Optimizer = o
				return made, first, err
			})
			def.Saves = true
			checks := protocoltest.OptimizerChecks(def)
			var want []string
			if c.broken {
				want = []string{"saved-state"}
			}
			if got := failing(t, checks); !slices.Equal(got, want) {
				t.Fatalf("failing checks are %v, want %v", got, want)
			}
			if err := protocoltest.Optimizer(def); c.broken && !strings.Contains(err.Error(), c.want) {
				t.Errorf("the finding is %v, want %q", err, c.want)
			}
		})
	}
}

func TestStateDeclared(t *testing.T) {
	def := define(protocol.Gradient, nil, openSGD[float64])
	def.Saves = true
	if err := protocoltest.Optimizer(def); err == nil || !strings.Contains(err.Error(), "no method State() []any") {
		t.Errorf("saves declared only: the finding is %v", err)
	}
	def = mindfulDef(-1)
	def.Saves = false
	if err := protocoltest.Optimizer(def); err == nil || !strings.Contains(err.Error(), "State will not be called") {
		t.Errorf("saves undeclared: the finding is %v", err)
	}
}

// Optimizers that fail for one kind of block are found, and the finding names the block and the
// setting.
func TestBrokenOnBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		bad  func(b *protocol.Block) bool
		want string
	}{
		"wide":         {func(b *protocol.Block) bool { r, n, _, ok := b.Matrix(); return ok && n > 4*r }, "shape [1 9]"},
		"tall":         {func(b *protocol.Block) bool { r, n, _, ok := b.Matrix(); return ok && r > 4*n }, "shape [9 1]"},
		"large":        {func(b *protocol.Block) bool { return b.Len >= 64*64 }, "shape [64 64]"},
		"four axes":    {func(b *protocol.Block) bool { return len(b.Shape) == 4 }, "shape [3 2 2 4]"},
		"output first": {func(b *protocol.Block) bool { return len(b.Shape) == 2 && b.Len == 21 && b.Output == 0 }, "axis 0"},
		"output last":  {func(b *protocol.Block) bool { return len(b.Shape) == 2 && b.Len == 21 && b.Output == 1 }, "axis 1"},
		"embedding":    {func(b *protocol.Block) bool { return b.Role == protocol.Embedding }, "shape [1 1]"},
		"output layer": {func(b *protocol.Block) bool { return b.Role == protocol.OutputLayer }, "shape [1 1]"},
		"scale":        {func(b *protocol.Block) bool { return b.Role == protocol.Scale }, "shape [1 1]"},
		"no role":      {func(b *protocol.Block) bool { return b.Role == "" }, "shape [1 1]"},
	} {
		t.Run(name, func(t *testing.T) {
			refuses := func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				if slices.ContainsFunc(s.Blocks, func(b protocol.Block) bool { return c.bad(&b) }) {
					return nil, protocol.Request{}, errors.New("not this one")
				}
				return openSGD[float64](s)
			}
			fails := func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				bad := slices.ContainsFunc(s.Blocks, func(b protocol.Block) bool { return c.bad(&b) })
				return after(func(protocol.Start) step {
					return func(x []float64, m *measurement) (protocol.Request, error) {
						if bad && m.Step == 10 {
							x[0] = math.NaN()
						}
						return protocol.Request{}, nil
					}
				})(s)
			}
			for _, open := range []opening[float64]{refuses, fails} {
				def := define(protocol.Gradient, nil, open)
				if got := failing(t, protocoltest.OptimizerChecks(def)); !slices.Equal(got, []string{"blocks"}) {
					t.Errorf("failing checks are %v, want blocks", got)
				}
				err := protocoltest.Optimizer(def)
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "step_size=0.01") {
					t.Errorf("the finding is %v, want one with %q and the setting", err, c.want)
				}
			}
		})
	}
}

// A step that fails names the setting.
func TestFailuresNameTheSetting(t *testing.T) {
	def := define(protocol.Gradient, nil, func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		return after(func(s protocol.Start) step {
			return func(_ []float64, m *measurement) (protocol.Request, error) {
				if s.Setting["beta"] == 0.5 && m.Step == 2 {
					return protocol.Request{}, errors.New("not at a half")
				}
				return protocol.Request{}, nil
			}
		})(s)
	})
	beta := protocol.Fraction("beta", "decay rate β", 0.9)
	beta.Tuned, beta.Grid = true, []float64{0.5, 0.9}
	def.Hyperparameters = append(def.Hyperparameters, beta)
	err := protocoltest.Optimizer(def)
	if err == nil || !strings.Contains(err.Error(), "at beta=0.5 step_size=0.01: Step 2 returned an error: not at a half") {
		t.Errorf("the finding is %v, want one that names the setting", err)
	}
}
