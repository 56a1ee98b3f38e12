package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adEMAMix = protocol.OptimizerDef{
	Name:    "ademamix",
	Version: "1",
	Doc: `Adam with a second, slow momentum

	m, v ← averages of g and g² as in Adam
	w ← β w + (1−β) g    from 0, without bias correction
	x ← x − α (m + c w) / (√v + ε) − α λ x
	c = a s, β = min(β3, e^(1/((1−s)/ln β1 + s/ln β3)))    s: part of the budget that is used`,
	Source: "Pagliardini, Ablin & Grangier, arXiv:2409.03137 (2024), ICLR 2025, Alg. 1. a is α " +
		"there; a and β3 warm up over all of the budget, as in its experiments (T_α = T_β3 = T), β3 " +
		"linearly in its half-life. Defaults are those of apple/ml-ademamix; the paper's language " +
		"models have a = 8. Biases and scales do not decay.",
	Hyperparameters: append(append(adam.Hyperparameters[:4:4],
		protocol.Fraction("beta3", "decay rate β3 of the slow average of g", 0.9999),
		protocol.NonNegative("slow", "weight a of the slow average", 2),
	), weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdEMAMix[float32],
	New64: newAdEMAMix[float64],
}

type adEMAMixState[T protocol.Float] struct {
	α, β1, β2, β3, ε, a float64
	budget              float64 // examples
	decay               weightDecay[T]
	t                   int
	m, v, w             []T // averages of g and g², bias-corrected, and slow average of g, from 0
	u, sum              [simd.Block]T
}

func newAdEMAMix[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s, n := start.Setting, start.Dim
	o := &adEMAMixState[T]{
		α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], β3: s["beta3"], ε: s["epsilon"],
	}
	o.a, o.budget, o.decay = s["slow"], float64(start.Budget), newWeightDecay[T](start)
	o.m, o.v, o.w = make([]T, n), make([]T, n), make([]T, n)
	return o, protocol.Request{}, nil
}

func (o *adEMAMixState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2, ε := o.α*batch.StepScale, T(decay(o.β1, o.t)), T(decay(o.β2, o.t)), T(o.ε)
	o.t++
	s := min(float64(batch.Seen)/o.budget, 1)
	c, β := T(o.a*s), T(min(o.β3, math.Exp(1/((1-s)/math.Log(o.β1)+s/math.Log(o.β3)))))
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, v, w := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j], o.w[i:j]
		u, sum := o.u[:j-i], o.sum[:j-i]
		simd.Average(m, β1, g)
		simd.AverageSquare(v, β2, g)
		simd.Average(w, β, g)
		simd.Sqrt(u, v)
		simd.Shift(u, ε, u)
		copy(sum, m)
		simd.Axpy(sum, c, w)
		simd.Over(u, sum, u) // (m + c w) / (√v + ε)
		simd.Axpy(x, T(-α), u)
	}
	return protocol.Request{}, nil
}

func (o *adEMAMixState[T]) State() []any { return []any{&o.t, &o.m, &o.v, &o.w} }
