package fingerprint

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"

	"noisebench/protocol"
)

// steps is the number of steps of the longest trajectory.
const steps = 512

// course is one trajectory of an optimizer.
type course struct {
	setting protocol.Setting
	dim     int
	blocks  []protocol.Block
	steps   int
	event   string // kind of gradients in some steps: "", "zero", "tiny", "huge" or "nan"
}

// blocks61 has blocks of all roles and both output axes.
var blocks61 = []protocol.Block{
	{Name: "a", Len: 20, Shape: []int{4, 5}, Role: protocol.Weight},
	{Name: "b", Offset: 20, Len: 4, Shape: []int{4}, Role: protocol.Bias},
	{Name: "c", Offset: 24, Len: 12, Shape: []int{3, 2, 2}, Output: 2, Role: protocol.Weight},
	{Name: "d", Offset: 36, Len: 3, Shape: []int{3}, Role: protocol.Scale},
	{Name: "e", Offset: 39, Len: 10, Shape: []int{5, 2}, Output: 1, Role: protocol.Embedding},
	{Name: "f", Offset: 49, Len: 10, Shape: []int{5, 2}, Output: 1, Role: protocol.OutputLayer},
	{Name: "g", Offset: 59, Len: 2},
}

// courses returns the trajectories of a fingerprint, the defaults first.
func courses(def *protocol.OptimizerDef) ([]course, error) {
	defaults, err := protocol.Resolve(def.Hyperparameters, nil)
	if err != nil {
		return nil, err
	}
	all := []course{
		{defaults, 61, blocks61, steps, ""},
		{defaults, 7, nil, 16, "zero"},
		{defaults, 7, nil, 16, "tiny"},
		{defaults, 7, nil, 16, "huge"},
		{defaults, 7, nil, 8, "nan"},
	}
	// longer than the chunks of vector loops, and no multiple of 8
	if def.Needs&protocol.Matrices == 0 {
		all = append(all, course{defaults, 4099, []protocol.Block{
			{Name: "a", Len: 3200, Shape: []int{64, 50}, Role: protocol.Weight},
			{Name: "b", Offset: 3200, Len: 899, Role: protocol.Bias},
		}, 6, ""})
	}
	for _, h := range def.Hyperparameters {
		for _, v := range others(&h) {
			setting := maps.Clone(defaults)
			setting[h.Name] = v
			all = append(all, course{setting, 61, blocks61, 24, ""})
		}
	}
	random := protocol.Stream(5, "fingerprint")
	for range 3 {
		setting := protocol.Setting{}
		for _, h := range def.Hyperparameters {
			values := append(others(&h), h.Default)
			setting[h.Name] = values[random.IntN(len(values))]
		}
		all = append(all, course{setting, 61, blocks61, 24, ""})
	}
	return all, nil
}

// others returns allowed values of a hyperparameter other than its default.
func others(h *protocol.Hyperparameter) []float64 {
	var values []float64
	for _, v := range []float64{
		0, h.Default + 1, 3 * h.Default, h.Default / 8,
		(1 + 3*h.Default) / 4, h.Min, h.Max,
	} {
		if h.Integer {
			v = math.Trunc(v)
		}
		if v != h.Default && h.Check(v) == nil && len(values) < 3 &&
			(len(values) == 0 || values[len(values)-1] != v) {
			values = append(values, v)
		}
	}
	return values
}

// Optimizer returns the fingerprint of an optimizer. If the optimizer rejects a setting by an
// error, that is part of the fingerprint. The error is a fault of the optimizer's plugin, or
// [ErrImpure].
func Optimizer(def *protocol.OptimizerDef) (string, error) {
	sum := func(list []course) (string, error) {
		w := newWriter()
		for _, c := range list {
			if def.New32 != nil {
				if err := follow(w, def, def.New32, protocol.Float32, &c); err != nil {
					return "", err
				}
			}
			if def.New64 != nil {
				if err := follow(w, def, def.New64, protocol.Float64, &c); err != nil {
					return "", err
				}
			}
		}
		return w.String(), nil
	}
	all, err := courses(def)
	if err != nil {
		return "", err
	}
	short := all[1:3] // measured before and after all others, to check R2
	first, err := sum(short)
	if err != nil {
		return "", err
	}
	print, err := sum(all)
	if err != nil {
		return "", err
	}
	if again, err := sum(short); err != nil || again != first {
		return "", errors.Join(err, ErrImpure)
	}
	return print, nil
}

// follow hashes one trajectory.
func follow[T protocol.Float](w *writer, def *protocol.OptimizerDef,
	open func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error), dtype protocol.DType,
	c *course,
) (err error) {
	const batchSize, train = 8, 48
	o, request, err := open(protocol.Start{
		Setting: maps.Clone(c.setting), Dim: c.dim, DType: dtype, Blocks: c.blocks,
		BatchSize: batchSize, Train: train,
		Budget: int64(c.steps * batchSize), Seed: 11,
		Constants: map[string]float64{
			"optimum": -0.25, "smoothness": 2,
			"strong_convexity": 0.5,
		},
	})
	if fault := (*protocol.Fault)(nil); errors.As(err, &fault) {
		return err
	}
	w.whole(c.dim, c.steps)
	if err != nil {
		w.text("refused")
		return nil
	}
	if closer, ok := o.(io.Closer); ok {
		defer func() { err = errors.Join(err, closer.Close()) }()
	}
	s := newSource[T](c.dim, def.Needs)
	estimate := make([]T, c.dim)
	reports := make([]float64, len(def.Reports))
	size, budget := batchSize, int64(c.steps*batchSize)
	var seen int64
	for t := range c.steps {
		w.whole(request.BatchSize, int(request.Draw), int(request.Want))
		if request.Trial {
			w.text("trial")
		}
		want := request.Want
		if want == 0 {
			want = def.Needs
		}
		if want&^def.Needs != 0 {
			return nil // the harness rejects such a request, which ends the run
		}
		switch {
		case request.Draw == protocol.All:
			s.draw(train, true)
		case request.Draw == protocol.New || s.m.BatchSize == 0:
			if request.BatchSize > 0 {
				size = request.BatchSize
			}
			s.draw(min(size, 1<<20), false)
		}
		s.measure(want, c.event, t)
		seen += int64(s.m.BatchSize)
		// the budget does not end the run, whatever the batch sizes
		s.m.Step, s.m.Seen, s.m.StepScale = t, min(seen, budget), 1
		if 2*t >= c.steps {
			s.m.StepScale = 0.25
		}
		if request, err = o.Step(s.x, &s.m); err != nil {
			if fault := (*protocol.Fault)(nil); errors.As(err, &fault) {
				return err
			}
			w.text("error")
			return nil
		}
		vector(w, s.x)
		if r, ok := o.(protocol.Reporter); ok && len(reports) > 0 {
			r.Report(reports)
			w.numbers(reports...)
		}
		if a, ok := o.(protocol.Averager[T]); ok && def.Averages {
			a.Estimate(s.x, estimate)
			vector(w, estimate)
		}
	}
	return nil
}

// source is a noisy quadratic f(x) = Σ hⱼ(xⱼ − cⱼ)²/2 + Σ nⱼ(xⱼ − cⱼ) − 1/4 with new n for every
// batch. It measures every quantity that an optimizer may need; matrices are general products LLᵀ,
// not the curvature of f.
type source[T protocol.Float] struct {
	x, h, c, n []T
	number     uint64 // of the batch
	m          protocol.Measurement[T]
}

func newSource[T protocol.Float](d int, needs protocol.Quantity) *source[T] {
	s := &source[T]{x: make([]T, d), h: make([]T, d), c: make([]T, d), n: make([]T, d)}
	random := protocol.Stream(6, "fingerprint")
	for j := range d {
		s.h[j] = T(0.5 + 1.5*random.Float64())
		s.c[j] = T(random.Float64() - 0.5)
		s.x[j] = T(2*random.Float64() - 1)
	}
	for _, v := range s.m.Slices() {
		if needs.Has(v.Of) {
			*v.At = make([]T, v.Of.Elements(d))
		}
	}
	return s
}

// draw draws a batch of m examples; the batch of all examples has no noise.
func (s *source[T]) draw(m int, all bool) {
	s.number++
	s.m.BatchSize = m
	random := protocol.Stream(7, "fingerprint", s.number)
	for j := range s.n {
		s.n[j] = 0
		if !all {
			s.n[j] = T(random.Float64() - 0.5)
		}
	}
}

// measure measures the batch at x. The event applies to steps 0 to 2 and 5 to 6.
func (s *source[T]) measure(want protocol.Quantity, event string, t int) {
	m := &s.m
	m.Have, m.Loss, m.VarianceNorm = want, -0.25, 0
	random := protocol.Stream(8, "fingerprint", s.number)
	scale := T(1)
	if t < 3 || t == 5 || t == 6 {
		switch event {
		case "zero":
			scale = 0
		case "tiny":
			scale = 1e-30
		case "huge":
			scale = 1e12
		}
	}
	for j := range s.x {
		r := s.x[j] - s.c[j]
		m.Loss += float64(s.h[j]*r*r/2 + s.n[j]*r)
		g, v := scale*(s.h[j]*r+s.n[j]), scale*T(random.Float64())*4
		if event == "nan" && t == 4 && j == 0 {
			g = T(math.NaN())
		}
		if want.Has(protocol.Gradient) {
			m.Gradient[j] = g
		}
		m.VarianceNorm += float64(v)
		if want.Has(protocol.Variance) {
			m.Variance[j] = v
		}
		if want.Has(protocol.SampledGradient) {
			m.SampledGradient[j] = g + v - 2
		}
		if want.Has(protocol.Oracle) {
			m.TrueGradient[j], m.TrueVariance[j] = scale*s.h[j]*r, v+0.25
		}
	}
	if !want.Has(protocol.VarianceNorm) {
		m.VarianceNorm = 0
	}
	for _, a := range m.Slices() {
		if a.Of&protocol.Matrices != 0 && want.Has(a.Of) {
			product(*a.At, len(s.x), protocol.Stream(9, fmt.Sprint("fingerprint ", a.Of),
				s.number).Float64)
		}
	}
}

// product writes LLᵀ + I/8 to a, with random L of four columns.
func product[T protocol.Float](a []T, d int, random func() float64) {
	const k = 4
	l := make([]T, d*k)
	for i := range l {
		l[i] = T(random() - 0.5)
	}
	for i := range d {
		for j := range i + 1 {
			var sum T
			for c := range k {
				sum += l[i*k+c] * l[j*k+c]
			}
			if i == j {
				sum += 0.125
			}
			a[i*d+j], a[j*d+i] = sum, sum
		}
	}
}
