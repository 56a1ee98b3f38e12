package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var nadam = protocol.OptimizerDef{
	Name:    "nadam",
	Version: "1",
	Doc: `Adam with Nesterov momentum

	μ ← β1 (1 − ½ 0.96^((t+1)ψ)), μ' ← that of t+1, Π ← product of all μ so far
	m ← β1 m + (1−β1) g    without bias correction
	v ← average of g² with decay rate β2 and bias correction
	u ← (1−μ)/(1−Π) g + μ'/(1−Πμ') m
	x ← x − α u / (√v + ε) − α λ x`,
	Source: "Dozat, ICLR 2016 workshop, Alg. 2, as PyTorch has it: m decays with β1 (Dozat: with " +
		"μ), ψ = 0.004. PyTorch before 2.0 has μ'/(1−Πμμ') in the place of μ'/(1−Πμ') unless foreach " +
		"is set, a mistake. λ is decoupled, as with PyTorch's decoupled_weight_decay, and biases and " +
		"scales do not decay.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.002),
		protocol.Fraction("beta1", "decay rate β1 of the average of g", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the average of g²", 0.999),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
		protocol.NonNegative("momentum_decay", "ψ, speed at which μ goes from β1/2 to β1", 4e-3),
	}, weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newNAdam[float32],
	New64: newNAdam[float64],
}

type nadamState[T protocol.Float] struct {
	α, β1, β2, ε, ψ float64
	decay           weightDecay[T]
	t               int
	Π               float64
	m, v            []T // averages of g, from 0, and of g², bias-corrected
	u, root         [simd.Block]T
}

func newNAdam[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &nadamState[T]{
		α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"], ψ: s["momentum_decay"],
	}
	o.decay, o.Π, o.m, o.v = newWeightDecay[T](start), 1, make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *nadamState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2, ε := o.α*batch.StepScale, T(o.β1), T(decay(o.β2, o.t)), T(o.ε)
	o.t++
	μ, next := o.momentum(o.t), o.momentum(o.t+1)
	o.Π *= μ
	now, past := T((1-μ)/(1-o.Π)), T(next/(1-o.Π*next))
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, v, u, root := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j], o.u[:j-i], o.root[:j-i]
		simd.Average(m, β1, g)
		simd.AverageSquare(v, β2, g)
		simd.Scale(u, now, g)
		simd.Axpy(u, past, m)
		simd.Sqrt(root, v)
		simd.Shift(root, ε, root)
		simd.Over(u, u, root)
		simd.Axpy(x, T(-α), u)
	}
	return protocol.Request{}, nil
}

// momentum returns μ of the n-th step, counted from 1.
func (o *nadamState[T]) momentum(n int) float64 {
	return o.β1 * (1 - 0.5*math.Pow(0.96, float64(n)*o.ψ))
}

func (o *nadamState[T]) State() []any { return []any{&o.t, &o.Π, &o.m, &o.v} }
