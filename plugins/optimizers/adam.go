package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adam = protocol.OptimizerDef{
	Name:    "adam",
	Version: "1",
	Doc: `Adam

	m ← average of g  with decay rate β1 and bias correction
	v ← average of g² with decay rate β2 and bias correction
	x ← x − α m / (√v + ε)`,
	Source: "Kingma & Ba, ICLR 2015, Alg. 1; Balles 2021, Eq. 5.1–5.4. ε is outside the root and " +
		"after bias correction. TensorFlow has the ε̂ of the text above Alg. 1, added before bias " +
		"correction.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.001),
		protocol.Fraction("beta1", "decay rate β1 of the average of g", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the average of g²", 0.999),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
	},
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdam[float32],
	New64: newAdam[float64],
}

type adamState[T protocol.Float] struct {
	α, β1, β2, ε float64
	t            int
	m, v         []T // averages of g and g², bias-corrected
	u            [simd.Block]T
}

func (o *adamState[T]) State() []any { return []any{&o.t, &o.m, &o.v} }

func newAdam[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &adamState[T]{
		α:  start.Setting[protocol.StepSize],
		β1: start.Setting["beta1"], β2: start.Setting["beta2"],
		ε: start.Setting["epsilon"],
		m: make([]T, start.Dim), v: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *adamState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, ε := T(o.α*batch.StepScale), T(o.ε)
	β1, β2 := T(decay(o.β1, o.t)), T(decay(o.β2, o.t))
	o.t++
	for i, j := range blocks(len(x)) {
		x, g, m, v, u := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j], o.u[:j-i]
		simd.Average(m, β1, g)
		simd.AverageSquare(v, β2, g)
		simd.Sqrt(u, v)
		simd.Shift(u, ε, u)
		simd.Over(u, m, u) // m / (√v + ε)
		simd.Axpy(x, -α, u)
	}
	return protocol.Request{}, nil
}
