package harness

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// twisted is a problem whose measurements and evaluations are changed; x is where they are made.
type twisted struct {
	protocol.Problem[float64]
	measured  func(call int, x []float64, m *protocol.Measurement[float64])
	evaluated func(call int, part protocol.Part, e *protocol.Evaluation)
	measures  int
	evaluates map[protocol.Part]int
}

func (b *twisted) Measure(x []float64, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	err := b.Problem.Measure(x, batch, want, m)
	if b.measured != nil {
		b.measured(b.measures, x, m)
	}
	b.measures++
	return err
}

func (b *twisted) Evaluate(x []float64, part protocol.Part) (protocol.Evaluation, error) {
	e, err := b.Problem.Evaluate(x, part)
	if b.evaluated != nil {
		b.evaluated(b.evaluates[part], part, &e)
	}
	b.evaluates[part]++
	return e, err
}

// R7: a loss that is not finite is divergence. Other values that are not finite at a finite loss
// are the problem's fault if the optimizer cannot have caused them: at the start, or where the loss
// is not above that at the start and the point not far out. Otherwise they are divergence, or
// passed to the optimizer. Impossible values are the problem's fault everywhere.
func TestWhoIsToBlame(t *testing.T) {
	type measurement = protocol.Measurement[float64]
	at := func(call int, change func(m *measurement)) func(int, []float64, *measurement) {
		return func(n int, _ []float64, m *measurement) {
			if n == call {
				change(m)
			}
		}
	}
	// where the loss is above that at the start
	away := func(change func(m *measurement)) func(int, []float64, *measurement) {
		return at(3, func(m *measurement) { m.Loss = 1000; change(m) })
	}
	on := func(call int, where protocol.Part, change func(e *protocol.Evaluation)) func(int, protocol.Part, *protocol.Evaluation) {
		return func(n int, part protocol.Part, e *protocol.Evaluation) {
			if n == call && part == where {
				change(e)
			}
		}
	}
	metric := func(v float64) func(e *protocol.Evaluation) { return func(e *protocol.Evaluation) { e.Metric = v } }
	const train, validation, test = protocol.TrainPart, protocol.ValidationPart, protocol.TestPart
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name      string
		measured  func(int, []float64, *measurement)
		evaluated func(int, protocol.Part, *protocol.Evaluation)
		accuracy  bool
		far       bool // the optimizer jumps to 1e40, where the problem claims a small loss
		status    results.Status
		reason    string
	}{
		{name: "nothing", status: results.OK},
		{
			name: "NaN metric at a low loss", evaluated: on(1, test, metric(nan)), status: results.Failed,
			reason: "(points): Evaluate: the loss on the test part is NaN at a loss of",
		},
		{name: "infinite metric at a low loss", evaluated: on(2, train, metric(-inf)), status: results.Failed, reason: "on the train part is -Inf"},
		{
			name: "NaN metric at a high loss", evaluated: on(1, validation, func(e *protocol.Evaluation) { e.Loss, e.Metric = 1e4, nan }),
			status: results.Diverged, reason: "the loss on the validation part after batch 5 is NaN, want a finite number",
		},
		{name: "NaN metric far out", far: true, evaluated: on(1, test, metric(nan)), status: results.Diverged, reason: "on the test part after batch"},
		{
			name: "infinite loss on the test part", evaluated: on(1, test, func(e *protocol.Evaluation) { e.Loss = inf }),
			status: results.Diverged, reason: "the loss on the test part after batch 5 is +Inf, want a finite number",
		},
		{name: "metric at the start", evaluated: on(0, validation, metric(inf)), status: results.Failed, reason: "at the starting point"},
		{
			name: "accuracy above 1", accuracy: true, evaluated: on(1, test, metric(1.5)), status: results.Failed,
			reason: "(points): Evaluate: on the test part, the accuracy is 1.5 at a loss of",
		},
		{name: "accuracy below 0", accuracy: true, evaluated: on(1, train, metric(-.1)), status: results.Failed, reason: "the accuracy is -0.1"},
		{
			name: "accuracy above 1 at a high loss", accuracy: true, evaluated: on(1, test, func(e *protocol.Evaluation) { e.Loss, e.Metric = 1e9, 2 }),
			status: results.Failed, reason: "the accuracy is 2",
		},
		{name: "accuracy of 0 and 1", accuracy: true, status: results.OK},

		{
			name: "loss of the first batch", measured: at(0, func(m *measurement) { m.Loss = inf }), status: results.Failed,
			reason: "(points): Measure: the loss of the first batch, at the starting point, is +Inf",
		},
		{
			name: "gradient at the start", measured: at(0, func(m *measurement) { m.Loss, m.Gradient[1] = 1000, nan }), status: results.Failed,
			reason: "(points): Measure: gradient[1] is NaN at a loss of 1000, which is at the starting point",
		},
		{
			name: "gradient at a low loss", measured: at(3, func(m *measurement) { m.Gradient[0] = inf }), status: results.Failed,
			reason: "(points): Measure: gradient[0] is +Inf at a loss of",
		},
		{
			name: "gradient at a high loss", measured: away(func(m *measurement) { m.Gradient[0] = inf }), status: results.Diverged,
			reason: "the loss of batch 5 is",
		},
		{
			name: "gradient far out", far: true, measured: at(3, func(m *measurement) { m.Gradient[0] = nan }), status: results.Diverged,
			reason: "is NaN, want a finite number",
		},
		{
			name: "variance at a low loss", measured: at(3, func(m *measurement) { m.Variance[1] = nan }), status: results.Failed,
			reason: "(points): Measure: variance[1] is NaN at a loss of",
		},
		{
			name: "variance norm at a low loss", measured: at(3, func(m *measurement) { m.VarianceNorm = inf }), status: results.Failed,
			reason: "(points): Measure: ‖s‖₁ is +Inf at a loss of",
		},
		{name: "variance norm at a high loss", measured: away(func(m *measurement) { m.VarianceNorm = inf }), status: results.OK},
		{
			name: "variance norm at a loss that is NaN", measured: at(3, func(m *measurement) { m.Loss, m.VarianceNorm = nan, -1 }),
			status: results.Diverged, reason: "the loss of batch 4 is NaN",
		},
		{
			name: "negative variance norm at a high loss", measured: away(func(m *measurement) { m.VarianceNorm = -1e-9 }), status: results.Failed,
			reason: "(points): Measure: it measured ‖s‖₁ = -1e-09 at a loss of 1000, want a number that is not negative",
		},
		{
			name: "negative variance", measured: at(3, func(m *measurement) { m.Variance[1] = -2 }), status: results.Failed,
			reason: "(points): Measure: it measured -2 as element 1 of the variance at a loss of",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, o := pointsDef(10, &callLog{}), scriptedDef(nil, nil)
			spec := p.Spec
			p.Spec = func(s protocol.Setting) (protocol.ProblemSpec, error) {
				full, err := spec(s)
				if c.accuracy {
					full.Metric = protocol.Metric{Name: protocol.Accuracy, HigherBetter: true}
				}
				return full, err
			}
			open := p.New64
			p.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
				q, err := open(s)
				b := &twisted{Problem: q, evaluates: map[protocol.Part]int{}}
				b.measured = func(n int, x []float64, m *measurement) {
					if c.far && math.Abs(x[0]) > 1e39 {
						m.Loss = .1
						m.Gradient[0], m.Gradient[1] = 0, 0
						m.Variance[0], m.Variance[1], m.VarianceNorm = 1, 1, 2
					}
					if c.measured != nil {
						c.measured(n, x, m)
					}
				}
				b.evaluated = func(n int, part protocol.Part, e *protocol.Evaluation) {
					if c.far && n > 0 && protocol.Finite(e.Loss) {
						e.Loss, e.Metric = .1, .1
					}
					if c.accuracy {
						e.Metric = float64(n % 2)
					}
					if c.evaluated != nil {
						c.evaluated(n, part, e)
					}
				}
				return b, err
			}
			o.Needs |= protocol.Variance | protocol.VarianceNorm
			if c.far {
				create := o.New64
				o.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
					inner, request, err := create(s)
					return jumper{inner}, request, err
				}
			}
			r, err := Run(context.Background(), p, o, runOf(p, o, 0, 100), nil)
			var fault *protocol.Fault
			if failed := errors.As(err, &fault); failed != (c.status == results.Failed) || !failed && err != nil {
				t.Fatalf("error is %v, want the status %s", err, c.status)
			}
			if r.End.Status != c.status || !strings.Contains(r.End.Reason, c.reason) || c.reason == "" && r.End.Reason != "" {
				t.Errorf("the run ended %s: %q, want %s: %q", r.End.Status, r.End.Reason, c.status, c.reason)
			}
			if r.Diverged() != (c.status == results.Diverged) {
				t.Errorf("a run that ended %s has diverged: %t", r.End.Status, r.Diverged())
			}
		})
	}
}

// jumper goes far out with its first step.
type jumper struct{ protocol.Optimizer[float64] }

func (j jumper) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	q, err := j.Optimizer.Step(x, m)
	if m.Step == 0 {
		x[0] = 1e40
	}
	return q, err
}

// A point of float32 is far out long before one of float64 is.
func TestFarOutDependsOnTheType(t *testing.T) {
	for v, want := range map[float64][2]bool{1: {false, false}, 65535: {false, false}, 65536: {true, false}, -1e10: {true, false}, 1e38: {true, false}} {
		if got := protocol.Caused([]float32{0, float32(v)}, true, 1, 1); got != want[0] {
			t.Errorf("float32 %g at the loss of the start: caused is %t, want %t", v, got, want[0])
		}
		if got := protocol.Caused([]float64{0, v}, true, 1, 1); got != want[1] {
			t.Errorf("float64 %g at the loss of the start: caused is %t, want %t", v, got, want[1])
		}
	}
	for _, c := range []struct {
		x           float64
		moved       bool
		loss, start float64
		want        bool
	}{
		{1e40, true, 1, 1, true},
		{math.NaN(), true, 1, 1, true},
		{math.Inf(-1), true, 1, 1, true},
		{1e40, false, 9, 1, false},
		{1, true, 1.001, 1, true},
		{1, true, .9, 1, false},
		{1, true, -2, -1, false},
	} {
		if got := protocol.Caused([]float64{c.x}, c.moved, c.loss, c.start); got != c.want {
			t.Errorf("%+v: caused is %t", c, got)
		}
	}
}

// plateau is f(x) = ½·10⁻⁷ x² in float32, started at 1: a step of size .1 does not reach the next
// number.
type plateau struct{}

func (plateau) Init(x []float32, _ uint64) error { x[0] = 1; return nil }

func (plateau) Measure(x []float32, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float32]) error {
	m.Have, m.BatchSize, m.Loss = want, len(b.Examples), .5e-7*float64(x[0])*float64(x[0])
	if want.Has(protocol.Gradient) {
		m.Gradient[0] = 1e-7 * x[0]
	}
	return nil
}

func (plateau) Evaluate(x []float32, _ protocol.Part) (protocol.Evaluation, error) {
	loss := .5e-7 * float64(x[0]) * float64(x[0])
	return protocol.Evaluation{Loss: loss, Metric: loss}, nil
}

type descent struct{ α float32 }

func (d descent) Step(x []float32, m *protocol.Measurement[float32]) (protocol.Request, error) {
	x[0] -= d.α * m.Gradient[0]
	return protocol.Request{}, nil
}

func TestCampaignLeavesPlateaus(t *testing.T) {
	spec := protocol.ProblemSpec{
		Dim: 1, DType: protocol.Float32, Train: 10, Measures: protocol.Gradient, Metric: protocol.Metric{Name: "loss"}, BatchSize: 1, Budget: 100,
	}
	p := protocol.ProblemDef{
		Name: "plateau", Version: "1", Spec: func(protocol.Setting) (protocol.ProblemSpec, error) { return spec, nil },
		New32: func(protocol.Setting) (protocol.Problem[float32], error) { return plateau{}, nil },
	}
	o := protocol.OptimizerDef{
		Name: "descent", Version: "1", Needs: protocol.Gradient, Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(.1)},
		New32: func(s protocol.Start) (protocol.Optimizer[float32], protocol.Request, error) {
			return descent{float32(s.Setting[protocol.StepSize])}, protocol.Request{}, nil
		},
	}
	c, err := NewCampaign(protocol.Plan{
		Name: "test", Problems: []protocol.ProblemEntry{{Problem: "plateau"}}, Optimizers: []protocol.OptimizerEntry{{Optimizer: "descent"}},
	}, definitions{p, []protocol.OptimizerDef{o}})
	if err != nil {
		t.Fatal(err)
	}
	cell := mustExecute(t, c, newMemoryStore(), 1)[0]
	if α := cell.Setting[protocol.StepSize]; α != 1e7 || len(cell.Edges) > 0 {
		t.Errorf("chose step size %v at the edges %v, want 1e7 = 1/f″, inside", α, cell.Edges)
	}
	if r := cell.Runs[0]; r.Score(protocol.Final, protocol.TrainPart, protocol.TrainPart) > 1e-12 {
		t.Errorf("the chosen step size ends at %v", r.Points[len(r.Points)-1])
	}
}
