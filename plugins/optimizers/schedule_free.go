package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// scheduleFree is the common part of Schedule-Free methods: steps move z, the average x̄ of all z
// is evaluated, and gradients are measured at x between the two (Defazio et al. 2024; their y, z
// and x are x, z and x̄ here).
type scheduleFree[T protocol.Float] struct {
	α, β, warmup float64
	decay        weightDecay[T]
	t            int
	most, sum    float64 // maximum of γ so far, and the sum of squares of these maxima
	z, mean      []T     // z and x̄
}

// scheduleFreeParameters declares α, with its default, β, warm-up and weight decay, and more.
func scheduleFreeParameters(α float64, more ...protocol.Hyperparameter) []protocol.Hyperparameter {
	return append(append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(α),
		protocol.Fraction("beta", "β, how near x is to x̄; at 0, x is z", 0.9),
		protocol.Count("warmup", "steps in which γ rises linearly from 0", 0, 0),
	}, more...), weightDecayParameters(0, "weight decay λ, multiplied by γ and taken at x")...)
}

func newScheduleFree[T protocol.Float](start protocol.Start) scheduleFree[T] {
	return scheduleFree[T]{
		α: start.Setting[protocol.StepSize], β: start.Setting["beta"], warmup: start.Setting["warmup"],
		decay: newWeightDecay[T](start), z: make([]T, start.Dim), mean: make([]T, start.Dim),
	}
}

// begin starts a step at x: it returns γ, which is α times the factors of the schedule, of warm-up
// and a further one, and c = max γ² / Σ max γ², the weight of the next z in x̄, and makes the step
// z ← z − γ λ x.
func (o *scheduleFree[T]) begin(x []T, scale, factor float64) (γ, c float64) {
	if o.t == 0 {
		copy(o.z, x)
		copy(o.mean, x)
	}
	o.t++
	γ = o.α * scale * factor
	if o.warmup > 0 {
		γ *= min(1, float64(o.t)/o.warmup)
	}
	o.most = max(o.most, γ)
	o.sum += o.most * o.most
	if o.sum > 0 {
		c = o.most * o.most / o.sum
	}
	o.decay.add(o.z, -γ, x)
	return γ, c
}

// move makes the step z ← z − γ d in some coordinates, and updates x̄ and x.
func (o *scheduleFree[T]) move(x, z, mean []T, γ, c float64, d []T) {
	simd.Axpy(z, T(-γ), d)
	simd.Average(mean, T(1-c), z)
	copy(x, mean)
	simd.Average(x, T(o.β), z)
}

func (o *scheduleFree[T]) Estimate(x, out []T) {
	if o.t == 0 {
		copy(out, x)
		return
	}
	copy(out, o.mean)
}

func (o *scheduleFree[T]) State() []any { return []any{&o.t, &o.most, &o.sum, &o.z, &o.mean} }
