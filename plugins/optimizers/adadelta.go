package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adaDelta = protocol.OptimizerDef{
	Name:    "adadelta",
	Version: "1",
	Doc: `SGD in units of its own past steps

	v ← ρ v + (1−ρ) g²
	Δ ← √(w + ε) / √(v + ε) g
	w ← ρ w + (1−ρ) Δ²
	x ← x − α Δ`,
	Source: "Zeiler, arXiv:1212.5701 (2012), Alg. 1, with a step size α that is 1 there. ρ and ε " +
		"are PyTorch's; the paper's experiments have ρ = 0.95. Both averages start at 0, without bias " +
		"correction. The first steps are of the order √ε.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(1),
		protocol.Fraction("rho", "decay rate ρ of both averages", 0.9),
		protocol.NonNegative("epsilon", "ε, inside both roots; at 0 nothing moves", 1e-6),
	},
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdaDelta[float32],
	New64: newAdaDelta[float64],
}

type adaDeltaState[T protocol.Float] struct {
	α, ρ, ε float64
	v, w    []T // averages of g² and Δ²
	Δ, u    [simd.Block]T
}

func newAdaDelta[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &adaDeltaState[T]{
		α: start.Setting[protocol.StepSize],
		ρ: start.Setting["rho"], ε: start.Setting["epsilon"],
		v: make([]T, start.Dim), w: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *adaDeltaState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, ρ, ε := T(o.α*batch.StepScale), T(o.ρ), T(o.ε)
	for i, j := range blocks(len(x)) {
		x, g, v, w, Δ, u := x[i:j], batch.Gradient[i:j], o.v[i:j], o.w[i:j], o.Δ[:j-i], o.u[:j-i]
		simd.AverageSquare(v, ρ, g)
		simd.Shift(u, ε, v)
		simd.Sqrt(u, u)
		simd.Shift(Δ, ε, w)
		simd.Sqrt(Δ, Δ)
		simd.Over(Δ, Δ, u)
		simd.Mul(Δ, Δ, g) // √(w + ε) / √(v + ε) g
		simd.AverageSquare(w, ρ, Δ)
		simd.Axpy(x, -α, Δ)
	}
	return protocol.Request{}, nil
}

func (o *adaDeltaState[T]) State() []any { return []any{&o.v, &o.w} }
