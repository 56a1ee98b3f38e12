package optimizers

import (
	"fmt"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adamStarMB = protocol.OptimizerDef{
	Name:    "adam-star-mb",
	Version: "1",
	Doc: `Adam* with the variance measured within each batch

	m ← average of g   with decay rate β  and bias correction
	r ← average of s/b with decay rate β² and bias correction    b: batch size
	γ ← √(m² / (m² + ρ(β,t) r))
	x ← x − α γ sign(m)`,
	Source: "Balles 2021, Alg. 5 with the variance of Alg. 6; ρ is Eq. 5.15. The first step is " +
		"adapted too, sign(0) = 0.",
	Hyperparameters: stepSizeAndDecay(0.001),
	Needs:           protocol.Gradient | protocol.Variance,
	Saves:           true,
	Reports:         []string{"mean_gamma"},
	New32:           newAdamStarMB[float32],
	New64:           newAdamStarMB[float64],
}

type adamStarMBState[T protocol.Float] struct {
	α, β float64
	t    int
	m, r []T // averages of g and s/b, bias-corrected
	meanGamma
	sb, m2, γ, sign [simd.Block]T
}

func (o *adamStarMBState[T]) State() []any { return []any{&o.t, &o.m, &o.r, &o.meanGamma} }

func newAdamStarMB[T protocol.Float](start protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	o := &adamStarMBState[T]{α: start.Setting[protocol.StepSize], β: start.Setting["beta"]}
	o.m, o.r = make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *adamStarMBState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	if batch.BatchSize < 2 {
		return protocol.Request{}, fmt.Errorf("batch size is %d, want at least 2 for a variance",
			batch.BatchSize)
	}
	α, β, ββ := T(o.α*batch.StepScale), T(decay(o.β, o.t)), T(decay(o.β*o.β, o.t))
	ρ, b, sum := T(rho(o.β, o.t)), T(batch.BatchSize), 0.0
	o.t++
	for i, j := range blocks(len(x)) {
		x, g, s, m, r := x[i:j], batch.Gradient[i:j], batch.Variance[i:j], o.m[i:j], o.r[i:j]
		sb, m2, γ, sign := o.sb[:j-i], o.m2[:j-i], o.γ[:j-i], o.sign[:j-i]
		simd.Average(m, β, g)
		simd.Scale(sb, 1/b, s)
		simd.Average(r, ββ, sb)
		simd.Mul(m2, m, m)
		simd.Scale(γ, ρ, r)
		simd.Add(γ, m2, γ)
		simd.Over(γ, m2, γ)
		simd.Sqrt(γ, γ) // √(m² / (m² + ρ r))
		sum += float64(simd.Sum(γ))
		simd.Sign(sign, m)
		simd.Mul(γ, γ, sign)
		simd.Axpy(x, -α, γ)
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}
