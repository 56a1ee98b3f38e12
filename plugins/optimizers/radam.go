package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var radam = protocol.OptimizerDef{
	Name:    "radam",
	Version: "1",
	Doc: `Adam whose first steps are those of momentum, until v is worth something

	m, v ← averages of g and g² as in Adam
	ρ∞ ← 2/(1−β2) − 1, ρ ← ρ∞ − 2 n β2^n / (1−β2^n)    n = t+1
	r ← √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ))
	x ← x − α r m / (√v + ε/√(1−β2^n)) − α λ x    if ρ > 5
	x ← x − α m − α λ x                           else`,
	Source: "Liu et al., ICLR 2020, Alg. 2, with the threshold 5 of the authors' code and of " +
		"PyTorch in the place of 4, and with their ε, added before bias correction (Alg. 2 has none). " +
		"λ is decoupled, as in the authors' code and in PyTorch with decoupled_weight_decay; biases " +
		"and scales do not decay.",
	Hyperparameters: append(adam.Hyperparameters[:4:4],
		weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newRAdam[float32],
	New64: newRAdam[float64],
}

type radamState[T protocol.Float] struct {
	α, β1, β2, ε float64
	decay        weightDecay[T]
	t            int
	m, v         []T // averages of g and g², bias-corrected
	u            [simd.Block]T
}

func newRAdam[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &radamState[T]{α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"]}
	o.decay, o.m, o.v = newWeightDecay[T](start), make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *radamState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, β1, β2 := o.α*batch.StepScale, T(decay(o.β1, o.t)), T(decay(o.β2, o.t))
	o.t++
	bias := -math.Expm1(float64(o.t) * math.Log(o.β2)) // 1 − β2^n
	ρmax := 2/(1-o.β2) - 1
	ρ := ρmax - 2*float64(o.t)*(1-bias)/bias
	r, ε := 1.0, T(o.ε/math.Sqrt(bias))
	if ρ > 5 {
		r = math.Sqrt((ρ - 4) * (ρ - 2) * ρmax / ((ρmax - 4) * (ρmax - 2) * ρ))
	}
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, v, u := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j], o.u[:j-i]
		simd.Average(m, β1, g)
		simd.AverageSquare(v, β2, g)
		if ρ > 5 {
			simd.Sqrt(u, v)
			simd.Shift(u, ε, u)
			simd.Over(u, m, u)
		} else {
			copy(u, m)
		}
		simd.Axpy(x, T(-α*r), u)
	}
	return protocol.Request{}, nil
}

func (o *radamState[T]) State() []any { return []any{&o.t, &o.m, &o.v} }
