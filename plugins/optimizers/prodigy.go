package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var prodigy = protocol.OptimizerDef{
	Name:    "prodigy",
	Version: "1",
	Doc: `Adam whose step size d is an estimate of the distance to the solution

	m ← β1 m + (1−β1) d g, v ← β2 v + (1−β2) d² g²    from 0
	r ← √β2 r + (d/d0) d α gᵀ(x_0 − x)
	s ← √β2 s + (d/d0) d α g
	d' ← max(d, r/‖s‖₁)                               d = d0 at first
	x ← x − d α (m / (√v + d' ε) + λ x), then d ← d'

x stays where it is while s is 0. α = 1 is meant to fit all problems, and is not tuned.`,
	Source: "Mishchenko & Defazio, Prodigy, ICML 2024, in its form for Adam, as in ProdigyReference " +
		"of konstmish/prodigy with its defaults: no bias correction, β3 = √β2, no limit on growth; x " +
		"takes a step of the old d. Weights alone decay, by role.",
	Hyperparameters: append([]protocol.Hyperparameter{
		factor("factor", "α, the factor on d"),
		protocol.Fraction("beta1", "decay rate β1 of the average of d g", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the average of d² g²", 0.999),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
		{
			Name: "d0", Doc: "d0, the first d", Default: 1e-6, Max: math.Inf(1), MinOpen: true,
			MaxOpen: true,
		},
	}, weightDecayParameters(0, "weight decay λ, multiplied by d α")...),
	Needs:   protocol.Gradient,
	Saves:   true,
	Reports: []string{"d"},
	New32:   newProdigy[float32],
	New64:   newProdigy[float64],
}

// factor declares the factor α of a method that determines its own step size. It is not tuned.
func factor(name, doc string) protocol.Hyperparameter {
	return protocol.Hyperparameter{
		Name: name, Doc: doc, Default: 1, Max: math.Inf(1), MinOpen: true, MaxOpen: true,
	}
}

type prodigyState[T protocol.Float] struct {
	α, β1, β2, β3, ε, d0 float64
	decay                weightDecay[T]
	begun                bool
	d, r                 float64
	start, s, m, v       []T // x_0, and sums
	u                    [simd.Block]T
}

func newProdigy[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	set := start.Setting
	return &prodigyState[T]{
		α: set["factor"], β1: set["beta1"], β2: set["beta2"], β3: math.Sqrt(set["beta2"]),
		ε: set["epsilon"], d0: set["d0"], d: set["d0"], decay: newWeightDecay[T](start),
		start: make([]T, start.Dim), s: make([]T, start.Dim), m: make([]T, start.Dim),
		v: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *prodigyState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	if !o.begun {
		copy(o.start, x)
		o.begun = true
	}
	dα := o.d * o.α * batch.StepScale
	weight := o.d / o.d0 * dα
	along, length := 0.0, 0.0
	for i, g := range batch.Gradient {
		along += float64(g) * float64(o.start[i]-x[i])
		o.s[i] = T(o.β3)*o.s[i] + T(weight)*g
		length += math.Abs(float64(o.s[i]))
	}
	o.r = o.β3*o.r + weight*along
	for i, j := range blocks(len(x)) {
		m, v, u := o.m[i:j], o.v[i:j], o.u[:j-i]
		simd.Scale(u, T(o.d), batch.Gradient[i:j])
		simd.Average(m, T(o.β1), u)
		simd.AverageSquare(v, T(o.β2), u)
	}
	if length == 0 {
		return protocol.Request{}, nil
	}
	o.d = max(o.d, o.r/length)
	o.decay.add(x, -dα, x)
	for i, j := range blocks(len(x)) {
		u := o.u[:j-i]
		simd.Sqrt(u, o.v[i:j])
		simd.Shift(u, T(o.d*o.ε), u)
		simd.Over(u, o.m[i:j], u)
		simd.Axpy(x[i:j], T(-dα), u)
	}
	return protocol.Request{}, nil
}

func (o *prodigyState[T]) Report(values []float64) { values[0] = o.d }

func (o *prodigyState[T]) State() []any {
	return []any{&o.begun, &o.d, &o.r, &o.start, &o.s, &o.m, &o.v}
}
