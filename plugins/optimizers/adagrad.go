package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adaGrad = protocol.OptimizerDef{
	Name:    "adagrad",
	Version: "1",
	Doc: `SGD divided by the root of the sum of squared gradients

	v ← v + g²
	x ← x − α g / √(v + ε)`,
	Source: "Duchi, Hazan & Singer, JMLR 12 (2011), diagonal version; Balles 2021, Eq. 3.26, with ε " +
		"inside the root. Duchi et al., and PyTorch, add it to the root.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.01),
		protocol.NonNegative("epsilon", "ε, inside the root; at 0, 0/0 is 0", 1e-10),
	},
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdaGrad[float32],
	New64: newAdaGrad[float64],
}

type adaGradState[T protocol.Float] struct {
	α, ε float64
	v    []T // sum of g²
	u    [simd.Block]T
}

func (o *adaGradState[T]) State() []any { return []any{&o.v} }

func newAdaGrad[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &adaGradState[T]{
		α: start.Setting[protocol.StepSize],
		ε: start.Setting["epsilon"],
		v: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *adaGradState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, ε := T(o.α*batch.StepScale), T(o.ε)
	for i, j := range blocks(len(x)) {
		x, g, v, u := x[i:j], batch.Gradient[i:j], o.v[i:j], o.u[:j-i]
		simd.Mul(u, g, g)
		simd.Add(v, v, u)
		simd.Shift(u, ε, v)
		simd.Sqrt(u, u)
		simd.Over(u, g, u) // g / √(v + ε)
		simd.Axpy(x, -α, u)
	}
	return protocol.Request{}, nil
}
