package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var nesterov = protocol.OptimizerDef{
	Name:    "nesterov",
	Version: "1",
	Doc: `SGD with Nesterov momentum

	v ← β v − α g
	x ← x + β v − α g`,
	Source: "Nesterov, Soviet Mathematics Doklady 27 (1983), in the form of Sutskever et al., ICML " +
		"2013, which takes the gradient at the look-ahead point θ + β v. Here x is the look-ahead " +
		"point itself (Bengio et al., ICASSP 2013), so that gradient and evaluation belong to the same " +
		"point; theirs is θ = x − β v. As in Sutskever et al., and unlike PyTorch, α is inside the " +
		"velocity: a schedule does not rescale steps already taken. At constant α it is PyTorch's SGD " +
		"with nesterov=True.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.01),
		protocol.Fraction("beta", "momentum β", 0.9),
	},
	Needs: protocol.Gradient,
	Saves: true,
	New32: newNesterov[float32],
	New64: newNesterov[float64],
}

type nesterovState[T protocol.Float] struct {
	α, β float64
	v    []T // velocity
}

func (o *nesterovState[T]) State() []any { return []any{&o.v} }

func newNesterov[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &nesterovState[T]{
		α: start.Setting[protocol.StepSize],
		β: start.Setting["beta"],
		v: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *nesterovState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β := T(o.α*batch.StepScale), T(o.β)
	for i, j := range blocks(len(x)) {
		x, g, v := x[i:j], batch.Gradient[i:j], o.v[i:j]
		simd.Scale(v, β, v)
		simd.Axpy(v, -α, g)
		simd.Axpy(x, β, v)
		simd.Axpy(x, -α, g)
	}
	return protocol.Request{}, nil
}
