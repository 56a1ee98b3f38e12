package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var amsGrad = protocol.OptimizerDef{
	Name:    "amsgrad",
	Version: "1",
	Doc: `Adam with the greatest average of squared gradients so far

	m, v ← averages of g and g² as in Adam
	w ← max(w (1−β2^t)/(1−β2^(t+1)), v)
	x ← x − α m / (√w + ε) − α λ x`,
	Source: "Reddi, Kale & Kumar, ICLR 2018, Alg. 2, with bias correction as in PyTorch, which " +
		"takes the maximum before it corrects: w (1−β2^(t+1)) is the greatest uncorrected average. " +
		"Alg. 2 has no bias correction and no ε. λ is decoupled as in adamw, and biases and scales do " +
		"not decay.",
	Hyperparameters: append(adam.Hyperparameters[:4:4],
		weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAMSGrad[float32],
	New64: newAMSGrad[float64],
}

type amsGradState[T protocol.Float] struct {
	α, β1, β2, ε float64
	decay        weightDecay[T]
	t            int
	m, v, w      []T // averages of g and g², bias-corrected, and the maximum of v
	u            [simd.Block]T
}

func newAMSGrad[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &amsGradState[T]{α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"]}
	o.decay = newWeightDecay[T](start)
	o.m, o.v, o.w = make([]T, start.Dim), make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *amsGradState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α, ε := o.α*batch.StepScale, T(o.ε)
	β1, β2, c := T(decay(o.β1, o.t)), T(decay(o.β2, o.t)), T(0)
	if o.t > 0 {
		c = T(math.Expm1(float64(o.t)*math.Log(o.β2)) / math.Expm1(float64(o.t+1)*math.Log(o.β2)))
	}
	o.t++
	o.decay.add(x, -α, x)
	for i, j := range blocks(len(x)) {
		x, g, m, v, w, u := x[i:j], batch.Gradient[i:j], o.m[i:j], o.v[i:j], o.w[i:j], o.u[:j-i]
		simd.Average(m, β1, g)
		simd.AverageSquare(v, β2, g)
		for k, v := range v {
			w[k] = max(c*w[k], v)
		}
		simd.Sqrt(u, w)
		simd.Shift(u, ε, u)
		simd.Over(u, m, u) // m / (√w + ε)
		simd.Axpy(x, T(-α), u)
	}
	return protocol.Request{}, nil
}

func (o *amsGradState[T]) State() []any { return []any{&o.t, &o.m, &o.v, &o.w} }
