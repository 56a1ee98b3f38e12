package protocoltest_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

// toy is a problem implemented term by term: slow, but obviously correct.
type toy[T protocol.Float] struct {
	spec   protocol.ProblemSpec
	lambda float64 // of the regulariser λ/2 ‖x‖²
	// term returns fᵢ(x) for an example at a position and writes its gradient.
	term func(x []T, example int, position int64, seed uint64, g []T) float64
}

func (p *toy[T]) Init(x []T, seed uint64) error {
	r := protocol.Stream(seed, protocol.PurposeInit)
	for j := range x {
		x[j] = T(0.5 * r.NormFloat64())
	}
	return nil
}

func (p *toy[T]) Measure(x []T, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[T]) error {
	n := float64(len(b.Examples))
	mean, square := make([]float64, len(x)), make([]float64, len(x))
	all := make([][]T, len(b.Examples))
	loss, half := 0.0, 0.0
	for i, e := range b.Examples {
		all[i] = make([]T, len(x))
		loss += p.term(x, e, b.Position+int64(i), b.Seed, all[i]) / n
		for j, v := range all[i] {
			mean[j] += float64(v) / n
		}
	}
	norm := 0.0
	for j, xj := range x {
		half += float64(xj) * float64(xj) / 2
		for i := range all {
			square[j] += (float64(all[i][j]) - mean[j]) * (float64(all[i][j]) - mean[j])
		}
		norm += square[j] / (n - 1)
		if want.Has(protocol.Gradient) {
			m.Gradient[j] = T(mean[j] + p.lambda*float64(xj))
		}
		if want.Has(protocol.Variance) {
			m.Variance[j] = T(square[j] / (n - 1))
		}
	}
	m.Loss = loss + p.lambda*half
	if want.Has(protocol.VarianceNorm) {
		m.VarianceNorm = norm
	}
	m.Have, m.BatchSize = want, len(b.Examples)
	return nil
}

func (p *toy[T]) Evaluate(x []T, part protocol.Part) (protocol.Evaluation, error) {
	if part != protocol.TrainPart && part != protocol.TestPart {
		return protocol.Evaluation{}, fmt.Errorf("there is no %s part", part)
	}
	b := protocol.Batch{Examples: []int{0, 1, 2, 3}}
	var m protocol.Measurement[T]
	err := p.Measure(x, b, 0, &m)
	return protocol.Evaluation{Loss: m.Loss, Metric: m.Loss}, err
}

const everything = protocol.Gradient | protocol.VarianceNorm | protocol.Variance

// table returns n rows of d Gaussian numbers.
func table[T protocol.Float](n, d int) [][]T {
	r := rand.New(rand.NewPCG(3, 4))
	rows := make([][]T, n)
	for i := range rows {
		rows[i] = make([]T, d)
		for j := range rows[i] {
			rows[i][j] = T(r.NormFloat64())
		}
	}
	return rows
}

// leastSquares has fᵢ(x) = ½ (aᵢ·x − 1)². With augmentation, the target varies with the position in
// the stream.
func leastSquares[T protocol.Float](d int, augmented bool) *toy[T] {
	rows := table[T](40, d)
	return &toy[T]{
		spec: protocol.ProblemSpec{
			Dim: d, DType: protocol.DTypeOf[T](), Train: 40, Test: 10, Measures: everything, BatchSize: 8, Budget: 4000,
			Metric: protocol.Metric{Name: "loss"}, Constants: map[string]float64{"optimum": 0},
		},
		lambda: 0.3,
		term: func(x []T, example int, position int64, seed uint64, g []T) float64 {
			target := 1.0
			if augmented {
				target += 0.1 * protocol.Stream(seed, "augmentation", uint64(position)).NormFloat64()
			}
			residual := -target
			for j, a := range rows[example] {
				residual += float64(a) * float64(x[j])
			}
			for j, a := range rows[example] {
				g[j] = T(residual * float64(a))
			}
			return residual * residual / 2
		},
	}
}

// noisyRosenbrock is endless: fᵢ(x) = (1−x₀)² + 100 (x₁−x₀²)² + nᵢ·x.
func noisyRosenbrock() *toy[float64] {
	return &toy[float64]{
		spec: protocol.ProblemSpec{
			Dim: 2, DType: protocol.Float64, Measures: everything, BatchSize: 1, Budget: 1000, Test: 10,
			Metric: protocol.Metric{Name: "loss"},
		},
		term: func(x []float64, example int, _ int64, seed uint64, g []float64) float64 {
			r := protocol.Stream(seed, protocol.PurposeNoise, uint64(example))
			n := []float64{r.NormFloat64(), r.NormFloat64()}
			a, b := 1-x[0], x[1]-x[0]*x[0]
			g[0] = -2*a - 400*x[0]*b + n[0]
			g[1] = 200*b + n[1]
			return a*a + 100*b*b + n[0]*x[0] + n[1]*x[1]
		},
	}
}

// network is a classifier with one layer of 10 rectified units: 8 inputs, 4 classes, all arithmetic
// in T.
func network[T protocol.Float]() *toy[T] {
	const inputs, hidden, classes = 8, 10, 4
	rows := table[T](40, inputs)
	blocks := []protocol.Block{
		{Name: "w1", Len: inputs * hidden},
		{Name: "b1", Len: hidden},
		{Name: "w2", Len: hidden * classes},
		{Name: "b2", Len: classes},
	}
	d := 0
	for i := range blocks {
		blocks[i].Offset = d
		d += blocks[i].Len
	}
	return &toy[T]{
		spec: protocol.ProblemSpec{
			Dim: d, DType: protocol.DTypeOf[T](), Train: 40, Test: 10, Measures: everything, BatchSize: 32, Budget: 4000,
			Metric: protocol.Metric{Name: "error"}, Blocks: blocks,
		},
		lambda: 0.001,
		term: func(x []T, example int, _ int64, _ uint64, g []T) float64 {
			in, label := rows[example], example%classes
			part := func(v []T, i int) []T { return v[blocks[i].Offset : blocks[i].Offset+blocks[i].Len] }
			w1, b1, w2, b2 := part(x, 0), part(x, 1), part(x, 2), part(x, 3)
			h, out := slices.Clone(b1), slices.Clone(b2)
			for u := range h {
				for i, v := range in {
					h[u] += w1[u*inputs+i] * v
				}
				h[u] = max(h[u], 0)
				for c := range out {
					out[c] += w2[c*hidden+u] * h[u]
				}
			}
			top, sum := slices.Max(out), T(0)
			for c := range out {
				out[c] = T(math.Exp(float64(out[c] - top)))
				sum += out[c]
			}
			loss := -math.Log(float64(out[label] / sum))
			back := make([]T, hidden)
			for c := range out {
				delta := out[c] / sum
				if c == label {
					delta--
				}
				part(g, 3)[c] = delta
				for u := range h {
					part(g, 2)[c*hidden+u] = delta * h[u]
					back[u] += delta * w2[c*hidden+u]
				}
			}
			for u := range h {
				if h[u] == 0 {
					continue
				}
				part(g, 1)[u] = back[u]
				for i, v := range in {
					part(g, 0)[u*inputs+i] = back[u] * v
				}
			}
			return loss
		},
	}
}

func (p *toy[T]) def(twist func() protocol.Problem[T]) protocol.ProblemDef {
	def := protocol.ProblemDef{
		Name: "toy", Version: "1", Doc: "a toy", Source: "this file",
		Spec: func(protocol.Setting) (protocol.ProblemSpec, error) { return p.spec, nil },
	}
	if twist == nil {
		twist = func() protocol.Problem[T] { return p }
	}
	open := func(protocol.Setting) (protocol.Problem[T], error) { return twist(), nil }
	switch open := any(open).(type) {
	case func(protocol.Setting) (protocol.Problem[float32], error):
		def.New32 = open
	case func(protocol.Setting) (protocol.Problem[float64], error):
		def.New64 = open
	}
	return def
}

func TestGoodProblems(t *testing.T) {
	gradientOnly := leastSquares[float64](5, false)
	gradientOnly.spec.Measures = protocol.Gradient
	for name, def := range map[string]protocol.ProblemDef{
		"least squares":          leastSquares[float64](5, false).def(nil),
		"one coordinate":         leastSquares[float64](1, false).def(nil),
		"float32":                leastSquares[float32](5, false).def(nil),
		"augmented":              leastSquares[float64](5, true).def(nil),
		"many coordinates":       leastSquares[float64](300, false).def(nil),
		"endless":                noisyRosenbrock().def(nil),
		"network in float32":     network[float32]().def(nil),
		"network in float64":     network[float64]().def(nil),
		"gradient and no more":   gradientOnly.def(nil),
		"no noise, one example":  single().def(nil),
		"a minimum at the start": bowl().def(nil),
	} {
		t.Run(name, func(t *testing.T) {
			if err := protocoltest.Problem(def, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// single is least squares on one example.
func single() *toy[float64] {
	p := leastSquares[float64](5, false)
	p.spec.Train = 1
	p.term = func(x []float64, _ int, _ int64, _ uint64, g []float64) float64 {
		sum := 0.0
		for j := range x {
			g[j] = math.Cos(x[j])
			sum += math.Sin(x[j])
		}
		return sum
	}
	p.spec.Constants = nil
	return p
}

// bowl is ½ ‖x‖².
func bowl() *toy[float64] {
	p := single()
	p.lambda = 1
	p.term = func([]float64, int, int64, uint64, []float64) float64 { return 0 }
	return p
}

// twisted is a problem with replaced calls.
type twisted[T protocol.Float] struct {
	protocol.Problem[T]
	// after Init
	init func(x []T, seed uint64)
	// before Measure
	before func(x []T, b *protocol.Batch, want *protocol.Quantity)
	// after it
	after func(x []T, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[T])
	// in place of it
	fail func(x []T, b protocol.Batch, want protocol.Quantity) error
	// after Evaluate
	evaluate func(x []T, part protocol.Part, e *protocol.Evaluation) error
}

func (p twisted[T]) Init(x []T, seed uint64) error {
	err := p.Problem.Init(x, seed)
	if p.init != nil {
		p.init(x, seed)
	}
	return err
}

func (p twisted[T]) Measure(x []T, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[T]) error {
	if p.fail != nil {
		if err := p.fail(x, b, want); err != nil {
			return err
		}
	}
	asked := want
	if p.before != nil {
		p.before(x, &b, &want)
	}
	err := p.Problem.Measure(x, b, want, m)
	if p.after != nil {
		p.after(x, b, asked, m)
	}
	return err
}

func (p twisted[T]) Evaluate(x []T, part protocol.Part) (protocol.Evaluation, error) {
	e, err := p.Problem.Evaluate(x, part)
	if p.evaluate != nil {
		err = p.evaluate(x, part, &e)
	}
	return e, err
}

// notShort skips a test with -short, which is how tests run with the race detector: it takes
// seconds there, and the goroutines of the suite are those of TestGoodOptimizers and
// TestGoodProblems.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("the suite runs many times")
	}
}

// failing returns the names of the checks that failed.
func failing(t *testing.T, checks []protocoltest.Check) []string {
	t.Helper()
	var names []string
	for _, c := range checks {
		if c.Name == "" || c.Rule == "" {
			t.Errorf("check %q has rule %q, want both", c.Name, c.Rule)
		}
		if c.Err != nil {
			names = append(names, c.Name)
			t.Logf("%s (%s): %v", c.Name, c.Rule, c.Err)
		}
	}
	return names
}

type (
	measurement = protocol.Measurement[float64]
	batch       = protocol.Batch
	quantity    = protocol.Quantity
)

func TestBrokenProblems(t *testing.T) {
	notShort(t)
	scaleBy := func(factor float64) func([]float64, batch, quantity, *measurement) {
		return func(_ []float64, _ batch, _ quantity, m *measurement) {
			for j := range m.Gradient {
				m.Gradient[j] *= factor
			}
		}
	}
	variance := func(factor func(n float64) float64) func([]float64, batch, quantity, *measurement) {
		return func(_ []float64, b batch, _ quantity, m *measurement) {
			for j := range m.Variance {
				m.Variance[j] *= factor(float64(len(b.Examples)))
			}
			m.VarianceNorm *= factor(float64(len(b.Examples)))
		}
	}
	var calls atomic.Int64
	for name, c := range map[string]struct {
		twist func() twisted[float64] // once per opening
		want  []string
	}{
		"gradient 0.1 % too large": {
			func() twisted[float64] { return twisted[float64]{after: scaleBy(1.001)} },
			[]string{"gradient", "variance"}, // whose reference is the gradient
		},
		"one coordinate of the gradient 0.1 % too small": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				if m.Gradient != nil {
					m.Gradient[3] *= 0.999
				}
			}}
		}, []string{"gradient", "variance"}},
		"regulariser missing from the gradient": {func() twisted[float64] {
			return twisted[float64]{after: func(x []float64, _ batch, _ quantity, m *measurement) {
				for j := range m.Gradient {
					m.Gradient[j] -= 0.3 * x[j]
				}
			}}
		}, []string{"gradient"}},
		"sum of gradients": {func() twisted[float64] {
			return twisted[float64]{after: func(x []float64, b batch, w quantity, m *measurement) {
				scaleBy(float64(len(b.Examples)))(x, b, w, m)
			}}
		}, []string{"means", "gradient"}},
		"sum of losses and gradients": {func() twisted[float64] {
			return twisted[float64]{after: func(x []float64, b batch, w quantity, m *measurement) {
				scaleBy(float64(len(b.Examples)))(x, b, w, m)
				m.Loss *= float64(len(b.Examples))
			}}
		}, []string{"means"}},
		"variance off by (m-1)/m": {func() twisted[float64] {
			return twisted[float64]{after: variance(func(n float64) float64 { return (n - 1) / n })}
		}, []string{"variance"}},
		"variance of the mean": {func() twisted[float64] {
			return twisted[float64]{after: variance(func(n float64) float64 { return 1 / n })}
		}, []string{"variance"}},
		"variance norm 0 where it is asked for alone": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, w quantity, m *measurement) {
				if w == protocol.VarianceNorm {
					m.VarianceNorm = 0
				}
			}}
		}, []string{"variance"}},
		"norm of the variance not ‖s‖₁": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				m.VarianceNorm = math.Sqrt(m.VarianceNorm)
			}}
		}, []string{"variance"}},
		"variance with the regulariser": {func() twisted[float64] {
			return twisted[float64]{after: func(x []float64, _ batch, _ quantity, m *measurement) {
				for j := range m.Variance {
					m.Variance[j] += 0.3 * 0.3 * x[j] * x[j]
					m.VarianceNorm += 0.3 * 0.3 * x[j] * x[j]
				}
			}}
		}, []string{"variance"}},
		"variance below 0 far out": {func() twisted[float64] {
			return twisted[float64]{after: func(x []float64, _ batch, _ quantity, m *measurement) {
				if math.Abs(x[0]) > 1e20 {
					m.Loss, m.VarianceNorm = 1e60, -1
				}
			}}
		}, []string{"possible"}},
		"gradient that is NaN where the loss is low": {func() twisted[float64] {
			return twisted[float64]{after: func(x []float64, _ batch, _ quantity, m *measurement) {
				if math.Abs(x[0]) > 1e20 && m.Gradient != nil {
					m.Loss, m.Gradient[0] = -1e9, math.NaN()
				}
			}}
		}, []string{"possible"}},
		"gradient that is NaN where the loss is high": {func() twisted[float64] {
			return twisted[float64]{after: func(x []float64, _ batch, _ quantity, m *measurement) {
				if math.Abs(x[0]) > 1e20 && m.Gradient != nil {
					m.Loss, m.Gradient[0] = 1e60, math.NaN()
				}
			}}
		}, nil},
		"metric that is NaN where the loss is low": {func() twisted[float64] {
			return twisted[float64]{evaluate: func(x []float64, part protocol.Part, e *protocol.Evaluation) error {
				if math.Abs(x[0]) > 1e20 {
					e.Loss, e.Metric = -1e9, math.NaN()
				}
				return refuseValidation(part)
			}}
		}, []string{"possible"}},
		"state of an instance": {func() twisted[float64] {
			n := 0.0
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				n++
				m.Loss *= 1 + 1e-12*n
			}}
		}, []string{"repeatable"}},
		"state of the package": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				if m.Gradient != nil {
					m.Gradient[0] *= 1 + 1e-14*float64(calls.Add(1))
				}
			}}
		}, []string{"repeatable"}},
		"what an earlier call left behind": {func() twisted[float64] {
			var last []float64
			return twisted[float64]{before: func(x []float64, _ *batch, _ *quantity) {
				if last == nil {
					last = slices.Clone(x)
				}
			}, after: func(_ []float64, _ batch, _ quantity, m *measurement) { m.Loss += last[0] }}
		}, []string{"repeatable"}},
		"evaluation depends on the calls before": {func() twisted[float64] {
			n := 0.0
			return twisted[float64]{
				after: func([]float64, batch, quantity, *measurement) { n++ },
				evaluate: func(_ []float64, part protocol.Part, e *protocol.Evaluation) error {
					e.Loss += n
					e.Metric += n
					return refuseValidation(part)
				},
			}
		}, []string{"evaluate"}},
		"changes the batch": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, b batch, _ quantity, _ *measurement) { slices.Sort(b.Examples) }}
		}, []string{"inputs-unchanged"}},
		"changes x in Measure": {func() twisted[float64] {
			return twisted[float64]{after: func(x []float64, _ batch, _ quantity, _ *measurement) { x[1] = 0 }}
		}, []string{"inputs-unchanged"}},
		"changes x in Evaluate": {func() twisted[float64] {
			return twisted[float64]{evaluate: func(x []float64, part protocol.Part, _ *protocol.Evaluation) error {
				x[1] = 0
				return refuseValidation(part)
			}}
		}, []string{"inputs-unchanged"}},
		"changes what is the harness's": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) { m.StepScale = 1 }}
		}, []string{"inputs-unchanged"}},
		"writes behind the gradient": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				_ = append(m.Gradient, 1)
			}}
		}, []string{"within-bounds"}},
		"gradient of wrong length": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				if m.Gradient != nil {
					m.Gradient = m.Gradient[:4]
				}
			}}
		}, []string{"within-bounds"}},
		"own slice for the gradient": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				m.Gradient = slices.Clone(m.Gradient)
			}}
		}, []string{"within-bounds"}},
		"start writes behind the end": {func() twisted[float64] {
			return twisted[float64]{init: func(x []float64, _ uint64) { _ = append(x, 1) }}
		}, []string{"within-bounds"}},
		"start too short": {func() twisted[float64] {
			var before [5]float64
			return twisted[float64]{Problem: shortStart{leastSquares[float64](5, false)}, init: func(x []float64, _ uint64) {
				copy(before[:], x)
			}}
		}, []string{"start"}},
		"start from global randomness": {func() twisted[float64] {
			return twisted[float64]{init: func(x []float64, _ uint64) { x[0] = rand.Float64() }}
		}, []string{"start"}},
		"loss not finite at the start": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) { m.Loss = math.Inf(1) }}
		}, []string{"finite"}},
		"gradient not finite at the start": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				if m.Gradient != nil {
					m.Gradient[4] = math.NaN()
				}
			}}
		}, []string{"finite"}},
		"variance claimed and not delivered": {func() twisted[float64] {
			return twisted[float64]{
				before: func(_ []float64, _ *batch, w *quantity) { *w &^= protocol.Variance },
				after:  func(_ []float64, _ batch, w quantity, m *measurement) { m.Have = w },
			}
		}, []string{"finite", "outputs-complete"}},
		"variance norm not delivered": {func() twisted[float64] {
			return twisted[float64]{before: func(_ []float64, _ *batch, w *quantity) { *w &^= protocol.VarianceNorm }}
		}, []string{"outputs-complete"}},
		"gradient added to what the slice held": {func() twisted[float64] {
			return twisted[float64]{Problem: adding{leastSquares[float64](5, false)}}
		}, []string{"finite", "outputs-complete"}},
		"batch size not set": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) { m.BatchSize = 1 }}
		}, []string{"outputs-complete"}},
		"overflow as an error": {func() twisted[float64] {
			return twisted[float64]{fail: func(x []float64, _ batch, _ quantity) error {
				if math.Abs(x[0]) > 1e20 {
					return errors.New("overflow")
				}
				return nil
			}}
		}, []string{"overflow"}},
		"NaN lost": {func() twisted[float64] {
			return twisted[float64]{after: func(_ []float64, _ batch, _ quantity, m *measurement) {
				if math.IsNaN(m.Loss) {
					m.Loss = 0
				}
			}}
		}, []string{"overflow"}},
		"a part that the spec does not have": {func() twisted[float64] {
			return twisted[float64]{evaluate: func([]float64, protocol.Part, *protocol.Evaluation) error { return nil }}
		}, []string{"evaluate"}},
		"metric is not the loss": {func() twisted[float64] {
			return twisted[float64]{evaluate: func(_ []float64, part protocol.Part, e *protocol.Evaluation) error {
				e.Metric++
				return refuseValidation(part)
			}}
		}, []string{"evaluate"}},
		"below the optimum": {func() twisted[float64] {
			return twisted[float64]{evaluate: func(_ []float64, part protocol.Part, e *protocol.Evaluation) error {
				e.Loss, e.Metric = -1, -1
				return refuseValidation(part)
			}}
		}, []string{"evaluate"}},
		"panics on a single example": {func() twisted[float64] {
			return twisted[float64]{fail: func(_ []float64, b batch, _ quantity) error {
				_ = b.Examples[1]
				return nil
			}}
		}, []string{"repeatable"}},
		"augmentation by number of calls": {func() twisted[float64] {
			n := 0
			return twisted[float64]{before: func(_ []float64, b *batch, _ *quantity) {
				n++
				b.Examples = slices.Clone(b.Examples)
				b.Examples[0] = (b.Examples[0] + n) % 40
			}}
		}, []string{"repeatable"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := leastSquares[float64](5, false)
			def := p.def(func() protocol.Problem[float64] {
				twist := c.twist()
				if twist.Problem == nil {
					twist.Problem = p
				}
				return twist
			})
			if got := failing(t, protocoltest.ProblemChecks(def, nil)); !slices.Equal(got, c.want) {
				t.Errorf("failing checks are %v, want %v", got, c.want)
			}
		})
	}
}

func refuseValidation(part protocol.Part) error {
	if part != protocol.TrainPart && part != protocol.TestPart {
		return errors.New("no such part")
	}
	return nil
}

// shortStart does not write the last coordinate of the start.
type shortStart struct{ protocol.Problem[float64] }

func (p shortStart) Init(x []float64, seed uint64) error { return p.Problem.Init(x[:len(x)-1], seed) }

// adding adds the gradient to the contents of the caller's slice.
type adding struct{ protocol.Problem[float64] }

func (p adding) Measure(x []float64, b batch, want quantity, m *measurement) error {
	held := slices.Clone(m.Gradient)
	err := p.Problem.Measure(x, b, want, m)
	for j := range m.Gradient {
		m.Gradient[j] = held[j] + m.Gradient[j]
	}
	return err
}

// TestBrokenNetwork finds errors of 0.1 % where rounding to float32 hides most of them from finite
// differences.
func TestBrokenNetwork(t *testing.T) {
	notShort(t)
	p := network[float32]()
	start := make([]float32, p.spec.Dim)
	if err := p.Init(start, 1); err != nil {
		t.Fatal(err)
	}
	for name, twist := range map[string]func(g []float32){
		"everywhere": func(g []float32) {
			for j := range g {
				g[j] *= 1.001
			}
		},
		"one layer": func(g []float32) {
			for j := range p.spec.Blocks[0].Len {
				g[j] *= 0.999
			}
		},
		"one layer's biases": func(g []float32) {
			for j := p.spec.Blocks[3].Offset; j < len(g); j++ {
				g[j] *= 1.001
			}
		},
		"the largest element": func(g []float32) {
			most := 0
			for j := range g {
				if math.Abs(float64(g[j])) > math.Abs(float64(g[most])) {
					most = j
				}
			}
			g[most] *= 1.001
		},
	} {
		t.Run(name, func(t *testing.T) {
			def := p.def(func() protocol.Problem[float32] {
				after := func(_ []float32, _ batch, _ quantity, m *protocol.Measurement[float32]) {
					if m.Gradient != nil {
						twist(m.Gradient)
					}
				}
				return twisted[float32]{Problem: p, after: after}
			})
			if got := failing(t, protocoltest.ProblemChecks(def, nil)); !slices.Contains(got, "gradient") {
				t.Errorf("failing checks are %v, want the gradient among them", got)
			}
		})
	}
}

// TestDependentExamples takes a problem whose batches have the loss ½ (ā·x − 1)², with ā the mean
// of the examples' rows. It is no mean over examples, and offers no variance; a sum over them is
// still a finding.
func TestDependentExamples(t *testing.T) {
	const d = 5
	rows := table[float64](40, d)
	p := leastSquares[float64](d, false)
	p.spec.Measures, p.spec.BatchSize = protocol.Gradient, 64
	for name, c := range map[string]struct {
		scale func(n float64) float64
		want  []string
	}{
		"mean": {func(float64) float64 { return 1 }, nil},
		"sum":  {func(n float64) float64 { return n }, []string{"means"}},
	} {
		t.Run(name, func(t *testing.T) {
			def := p.def(func() protocol.Problem[float64] {
				return twisted[float64]{Problem: p, after: func(x []float64, b batch, want quantity, m *measurement) {
					n := float64(len(b.Examples))
					var mean [d]float64
					residual := -1.0
					for _, e := range b.Examples {
						for j, v := range rows[e] {
							mean[j] += v / n
							residual += v * x[j] / n
						}
					}
					m.Loss = c.scale(n) * residual * residual / 2
					for j := range m.Gradient {
						m.Gradient[j] = c.scale(n) * residual * mean[j]
					}
				}}
			})
			if got := failing(t, protocoltest.ProblemChecks(def, nil)); !slices.Equal(got, c.want) {
				t.Errorf("failing checks are %v, want %v", got, c.want)
			}
		})
	}
}

// TestHiddenGradient checks that a gradient hidden by rounding is a finding.
func TestHiddenGradient(t *testing.T) {
	p := leastSquares[float32](5, false)
	def := p.def(func() protocol.Problem[float32] {
		return twisted[float32]{Problem: p, after: func(_ []float32, _ batch, _ quantity, m *protocol.Measurement[float32]) {
			m.Loss = float64(float32(m.Loss + 1e5))
		}}
	})
	if got := failing(t, protocoltest.ProblemChecks(def, nil)); !slices.Contains(got, "gradient") {
		t.Errorf("failing checks are %v, want the gradient among them", got)
	}
}

func TestSameNoiseForAllSeeds(t *testing.T) {
	p := noisyRosenbrock()
	def := p.def(func() protocol.Problem[float64] {
		return twisted[float64]{Problem: p, before: func(_ []float64, b *batch, _ *quantity) { b.Seed = 0 }}
	})
	if got, want := failing(t, protocoltest.ProblemChecks(def, nil)), []string{"seed"}; !slices.Equal(got, want) {
		t.Errorf("failing checks are %v, want %v", got, want)
	}
}

func TestBrokenProblemDefs(t *testing.T) {
	n := 0
	for name, c := range map[string]struct {
		change func(*protocol.ProblemDef)
		want   []string
	}{
		"name":      {func(d *protocol.ProblemDef) { d.Name = "My Problem" }, []string{"definition"}},
		"doc":       {func(d *protocol.ProblemDef) { d.Doc = "" }, []string{"definition"}},
		"source":    {func(d *protocol.ProblemDef) { d.Source = "" }, []string{"definition"}},
		"parameter": {func(d *protocol.ProblemDef) { d.Parameters[0].Default = 2 }, []string{"definition"}},
		"no Spec":   {func(d *protocol.ProblemDef) { d.Spec = nil }, []string{"spec"}},
		"wrong spec": {func(d *protocol.ProblemDef) {
			d.Spec = func(protocol.Setting) (protocol.ProblemSpec, error) { return protocol.ProblemSpec{}, nil }
		}, []string{"spec"}},
		"changing spec": {func(d *protocol.ProblemDef) {
			spec := d.Spec
			d.Spec = func(s protocol.Setting) (protocol.ProblemSpec, error) {
				n++
				given, err := spec(s)
				given.Budget += int64(n)
				return given, err
			}
		}, []string{"spec"}},
		"setting changed": {func(d *protocol.ProblemDef) {
			open := d.New64
			d.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
				s["noise"] = 0.75
				return open(s)
			}
		}, []string{"open"}},
		"opens in another precision": {func(d *protocol.ProblemDef) {
			d.New64, d.New32 = nil, leastSquares[float32](5, false).def(nil).New32
		}, []string{"open"}},
		"data missing": {func(d *protocol.ProblemDef) {
			d.New64 = func(protocol.Setting) (protocol.Problem[float64], error) { return nil, errors.New("no data") }
		}, []string{"open"}},
		"panic": {func(d *protocol.ProblemDef) {
			d.New64 = func(protocol.Setting) (protocol.Problem[float64], error) { panic("no data") }
		}, []string{"open"}},
	} {
		t.Run(name, func(t *testing.T) {
			def := leastSquares[float64](5, false).def(nil)
			def.Parameters = []protocol.Hyperparameter{protocol.Fraction("noise", "noise ν", 0.5)}
			c.change(&def)
			if got := failing(t, protocoltest.ProblemChecks(def, nil)); !slices.Equal(got, c.want) {
				t.Errorf("failing checks are %v, want %v", got, c.want)
			}
			if err := protocoltest.Problem(def, nil); err == nil {
				t.Error("Problem returns no error")
			}
		})
	}
	unknown := protocoltest.ProblemChecks(leastSquares[float64](5, false).def(nil), protocol.Setting{"nose": 1})
	if got := failing(t, unknown); !slices.Equal(got, []string{"spec"}) {
		t.Errorf("with an unknown parameter failing checks are %v, want spec", got)
	}
}
