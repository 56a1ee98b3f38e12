package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var lars = protocol.OptimizerDef{
	Name:    "lars",
	Version: "1",
	Doc: `momentum SGD with a step size for each block (layer-wise adaptive rate scaling)

	ρ ← η ‖x_B‖₂ / (‖g_B‖₂ + λ ‖x_B‖₂)    in each block B; 1 where either norm is 0
	m ← β m + α ρ (g + λ x)
	x ← x − m`,
	Source: "You, Gitman & Ginsburg, Large batch training of convolutional networks, 2017, Alg. 1, " +
		"with its η, β and λ. α is inside the momentum, as there; PyTorch's variants have it outside. " +
		"Biases and scales have ρ = 1 and no decay, by role, as in later use (MLPerf), unless " +
		"decay_all is 1.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(1),
		protocol.Fraction("beta", "momentum β", 0.9),
		protocol.NonNegative("trust", "trust coefficient η", 0.001),
	}, weightDecayParameters(5e-4, "weight decay λ, multiplied by α ρ, and in ρ")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newLARS[float32],
	New64: newLARS[float64],
}

type larsState[T protocol.Float] struct {
	α, β, η float64
	layerwise[T]
	m []T // momentum
}

func newLARS[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &larsState[T]{
		α: start.Setting[protocol.StepSize], β: start.Setting["beta"], η: start.Setting["trust"],
		layerwise: newLayerwise[T](start), m: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *larsState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	for _, b := range o.blocks {
		i, j := b.Offset, b.Offset+b.Len
		x, g, m := x[i:j], batch.Gradient[i:j], o.m[i:j]
		α, λ := o.α*batch.StepScale, o.decay.of(b)
		if o.adapts(b) {
			if w, g := euclidean(x), euclidean(g); w != 0 && g != 0 {
				α *= o.η * w / (g + λ*w)
			}
		}
		simd.Scale(m, T(o.β), m)
		simd.Axpy(m, T(α), g)
		simd.Axpy(m, T(α*λ), x)
		simd.Sub(x, x, m)
	}
	return protocol.Request{}, nil
}

func (o *larsState[T]) State() []any { return []any{&o.m} }
