package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var dog = protocol.OptimizerDef{
	Name:    "dog",
	Version: "1",
	Doc: `SGD whose step size is distance over gradients, and whose iterates are averaged

	r ← max(r, ‖x − x_0‖₂)       ρ (1 + ‖x_0‖₂) at first
	G ← G + ‖g‖₂²                ε at first
	x ← x − α r/√G g
	x̄ ← x̄ + (γ+1)/(γ+t) (x − x̄)  t = 1, 2, …

α = 1 is meant to fit all problems, and is not tuned.`,
	Source: "Ivgi, Hinder & Carmon, DoG is SGD's best friend, ICML 2023, as in formll/dog, with its " +
		"ρ, ε and polynomial average (Shamir & Zhang, ICML 2013), which it calls crucial: evaluation " +
		"judges x̄. ρ = 1e-4 is meant for batch normalization. All of x is one layer, not each its own " +
		"as in LDoG. No weight decay.",
	Hyperparameters: []protocol.Hyperparameter{
		factor("factor", "α, the factor on r/√G"),
		{
			Name: "distance", Doc: "ρ, first distance relative to 1 + ‖x_0‖", Default: 1e-6,
			Max: math.Inf(1), MinOpen: true, MaxOpen: true,
		},
		protocol.NonNegative("epsilon", "ε, at 0 of the sum; at 0, 0/0 is 0", 1e-8),
		protocol.NonNegative("averaging", "γ, power with which the weights in x̄ rise", 8),
	},
	Needs:    protocol.Gradient,
	Averages: true,
	Saves:    true,
	Reports:  []string{"step_size"},
	New32:    newDoG[float32],
	New64:    newDoG[float64],
}

type dogState[T protocol.Float] struct {
	α, ρ, γ     float64
	t           int
	r, sum      float64 // r and G
	η           float64 // last step size
	start, mean []T     // x_0 and x̄
}

func newDoG[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	return &dogState[T]{
		α: s["factor"], ρ: s["distance"], γ: s["averaging"], sum: s["epsilon"],
		start: make([]T, start.Dim), mean: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *dogState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	if o.t == 0 {
		copy(o.start, x)
		o.r = o.ρ * (1 + euclidean(x))
	}
	o.t++
	away := 0.0
	for i, x0 := range o.start {
		d := float64(x[i]) - float64(x0)
		away += d * d
	}
	o.r = max(o.r, math.Sqrt(away))
	o.sum += squares(batch.Gradient)
	if o.η = 0; o.sum != 0 {
		o.η = o.α * batch.StepScale * o.r / math.Sqrt(o.sum)
	}
	share := (o.γ + 1) / (o.γ + float64(o.t))
	for i, j := range blocks(len(x)) {
		simd.Axpy(x[i:j], T(-o.η), batch.Gradient[i:j])
		simd.Average(o.mean[i:j], T(1-share), x[i:j])
	}
	return protocol.Request{}, nil
}

func (o *dogState[T]) Estimate(x, out []T) {
	if o.t == 0 {
		copy(out, x)
		return
	}
	copy(out, o.mean)
}

func (o *dogState[T]) Report(values []float64) { values[0] = o.η }

func (o *dogState[T]) State() []any { return []any{&o.t, &o.r, &o.sum, &o.η, &o.start, &o.mean} }
