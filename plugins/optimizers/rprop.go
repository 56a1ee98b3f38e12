package optimizers

import (
	"fmt"
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var rprop = protocol.OptimizerDef{
	Name:    "rprop",
	Version: "1",
	Doc: `resilient backpropagation: step sizes by coordinate, by signs of ∇f

	Δ ← κ Δ where ∇f has the sign of the last step's, β Δ where it has the other; from α at first, within bounds
	∇f ← 0 where it has the other sign
	x ← x − η Δ sign(∇f)    η: factor of the schedule`,
	Source: "Riedmiller & Braun, ICNN 1993, in the form iRprop− of Igel & Hüsken, NC 2000, without " +
		"going back, as in PyTorch. It uses all training examples in every step.",
	Hyperparameters: []protocol.Hyperparameter{
		{
			Name: protocol.StepSize, Doc: "first step size α of all coordinates",
			Default: 0.01, Max: math.Inf(1), MinOpen: true, Tuned: true,
		},
		{
			Name: "shrink", Doc: "β, factor on Δ where the sign changes", Default: 0.5, Max: 1,
			MinOpen: true, MaxOpen: true,
		},
		{
			Name: "growth", Doc: "κ, factor on Δ where it does not", Default: 1.2, Min: 1, Max: math.Inf(1),
			MaxOpen: true,
		},
		protocol.NonNegative("min_step", "least Δ", 1e-6),
		protocol.NonNegative("max_step", "greatest Δ", 50),
	},
	FullBatch: true,
	Needs:     protocol.Gradient,
	Saves:     true,
	New32:     newRprop[float32],
	New64:     newRprop[float64],
}

type rpropState[T protocol.Float] struct {
	β, κ, least, most T
	last, Δ           []T // ∇f of the last step, 0 where the sign changed, and step sizes
	u                 [simd.Block]T
}

func newRprop[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &rpropState[T]{
		β: T(s["shrink"]), κ: T(s["growth"]), least: T(s["min_step"]), most: T(s["max_step"]),
	}
	if o.most < o.least {
		return nil, protocol.Request{}, fmt.Errorf("max_step is %g, want at least min_step (%g)", o.most,
			o.least)
	}
	o.last, o.Δ = make([]T, start.Dim), make([]T, start.Dim)
	for i := range o.Δ {
		o.Δ[i] = T(s[protocol.StepSize])
	}
	first, err := all(start)
	return o, first, err
}

func (o *rpropState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	for i, j := range blocks(len(x)) {
		x, last, Δ, u := x[i:j], o.last[i:j], o.Δ[i:j], o.u[:j-i]
		for k, g := range batch.Gradient[i:j] {
			factor := T(1)
			switch {
			case g > 0 && last[k] > 0 || g < 0 && last[k] < 0:
				factor = o.κ
			case g > 0 && last[k] < 0 || g < 0 && last[k] > 0:
				factor, g = o.β, g*0 // NaN where g is infinite
			}
			Δ[k], last[k] = min(max(factor*Δ[k], o.least), o.most), g
		}
		simd.Sign(u, last)
		simd.Mul(u, u, Δ)
		simd.Axpy(x, T(-batch.StepScale), u)
	}
	return protocol.Request{Draw: protocol.All}, nil
}

func (o *rpropState[T]) State() []any { return []any{&o.last, &o.Δ} }
