package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adopt = protocol.OptimizerDef{
	Name:    "adopt",
	Version: "1",
	Doc: `Adam whose v does not know the gradient that it divides

	u ← g / max(√v, ε), clipped to ±t^¼    not at t = 0
	m ← β1 m + (1−β1) u                    from 0, without bias correction
	x ← x − α m − α λ x                    not at t = 0
	v ← β2 v + (1−β2) g²                   g² at t = 0`,
	Source: "Taniguchi et al., NeurIPS 2024, Alg. 2, clipped as since the authors' update of " +
		"November 2024, of paper and code. The first step sets v alone. The paper's first version does " +
		"not clip, and newer code of theirs has an ε that falls from 1 instead. λ is decoupled, as " +
		"with decouple=True there; biases and scales do not decay.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.001),
		protocol.Fraction("beta1", "decay rate β1 of the average of u", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the average of g²", 0.9999),
		protocol.NonNegative("epsilon", "ε, least denominator; at 0, g/0 is 0", 1e-6),
	}, weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newADOPT[float32],
	New64: newADOPT[float64],
}

type adoptState[T protocol.Float] struct {
	α, β1, β2, ε float64
	decay        weightDecay[T]
	t            int
	m, v         []T // averages of u, from 0, and of g²
	u            [simd.Block]T
}

func newADOPT[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &adoptState[T]{α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"]}
	o.decay, o.m, o.v = newWeightDecay[T](start), make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *adoptState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2, ε := o.α*batch.StepScale, T(o.β1), T(o.β2), T(o.ε)
	bound := T(math.Pow(float64(o.t), 0.25))
	if o.t == 0 {
		α, β2 = 0, 0
	}
	o.t++
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, v, u := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j], o.u[:j-i]
		simd.Sqrt(u, v)
		simd.AtLeast(u, ε, u)
		simd.Over(u, g, u) // g / max(√v, ε)
		clip(u, bound)
		simd.Axpy(u, 0, g) // clipping must not hide an infinite g
		simd.Average(m, β1, u)
		simd.Axpy(x, T(-α), m)
		simd.AverageSquare(v, β2, g)
	}
	return protocol.Request{}, nil
}

// clip clips the elements of u to [−bound, bound], except NaN.
func clip[T protocol.Float](u []T, bound T) {
	simd.AtLeast(u, -bound, u)
	simd.Scale(u, -1, u)
	simd.AtLeast(u, -bound, u)
	simd.Scale(u, -1, u)
}

func (o *adoptState[T]) State() []any { return []any{&o.t, &o.m, &o.v} }
