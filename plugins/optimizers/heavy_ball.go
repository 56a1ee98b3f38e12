package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var heavyBall = protocol.OptimizerDef{
	Name:    "heavy-ball",
	Version: "1",
	Doc: `SGD with heavy-ball momentum

	v ← β v − α g
	x ← x + v`,
	Source: "Polyak, USSR Computational Mathematics and Mathematical Physics 4 (1964); Balles 2021, " +
		"Eq. 3.24. The step size is inside the velocity: when a schedule lowers it, steps already in v " +
		"keep their length. PyTorch's SGD has α outside and rescales them too; at constant α both are " +
		"the same.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.01),
		protocol.Fraction("beta", "momentum β", 0.9),
	},
	Needs: protocol.Gradient,
	Saves: true,
	New32: newHeavyBall[float32],
	New64: newHeavyBall[float64],
}

type heavyBallState[T protocol.Float] struct {
	α, β float64
	v    []T // velocity
}

func (o *heavyBallState[T]) State() []any { return []any{&o.v} }

func newHeavyBall[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &heavyBallState[T]{
		α: start.Setting[protocol.StepSize],
		β: start.Setting["beta"],
		v: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *heavyBallState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β := T(o.α*batch.StepScale), T(o.β)
	for i, j := range blocks(len(x)) {
		x, g, v := x[i:j], batch.Gradient[i:j], o.v[i:j]
		simd.Scale(v, β, v)
		simd.Axpy(v, -α, g)
		simd.Add(x, x, v)
	}
	return protocol.Request{}, nil
}
