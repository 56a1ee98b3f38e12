package optimizers

import (
	"fmt"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var svagMB = protocol.OptimizerDef{
	Name:    "svag-mb",
	Version: "1",
	Doc: `SVAG with the variance measured within each batch

	m ← average of g   with decay rate β  and bias correction
	r ← average of s/b with decay rate β² and bias correction    b: batch size
	γ ← m² / (m² + r)
	x ← x − α γ g`,
	Source: "Balles 2021, Alg. 4 with the variance of Alg. 6, of which App. B.3.3 asks; s/b is the " +
		"unbiased estimate of the variance of g. The first step is adapted too.",
	Hyperparameters: stepSizeAndDecay(0.1),
	Needs:           protocol.Gradient | protocol.Variance,
	Saves:           true,
	Reports:         []string{"mean_gamma"},
	New32:           newSVAGmb[float32],
	New64:           newSVAGmb[float64],
}

type svagMBState[T protocol.Float] struct {
	α, β float64
	t    int
	m, r []T // averages of g and s/b, bias-corrected
	meanGamma
	sb, m2, γ [simd.Block]T
}

func (o *svagMBState[T]) State() []any { return []any{&o.t, &o.m, &o.r, &o.meanGamma} }

func newSVAGmb[T protocol.Float](start protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	o := &svagMBState[T]{α: start.Setting[protocol.StepSize], β: start.Setting["beta"]}
	o.m, o.r = make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *svagMBState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	if batch.BatchSize < 2 {
		return protocol.Request{}, fmt.Errorf("batch size is %d, want at least 2 for a variance",
			batch.BatchSize)
	}
	α, β, ββ := T(o.α*batch.StepScale), T(decay(o.β, o.t)), T(decay(o.β*o.β, o.t))
	b, sum := T(batch.BatchSize), 0.0
	o.t++
	for i, j := range blocks(len(x)) {
		x, g, s, m, r := x[i:j], batch.Gradient[i:j], batch.Variance[i:j], o.m[i:j], o.r[i:j]
		sb, m2, γ := o.sb[:j-i], o.m2[:j-i], o.γ[:j-i]
		simd.Average(m, β, g)
		simd.Scale(sb, 1/b, s)
		simd.Average(r, ββ, sb)
		simd.Mul(m2, m, m)
		simd.Add(γ, m2, r)
		simd.Over(γ, m2, γ) // m² / (m² + r)
		sum += float64(simd.Sum(γ))
		simd.Mul(γ, γ, g)
		simd.Axpy(x, -α, γ)
	}
	o.meanGamma = meanGamma(sum / float64(len(x)))
	return protocol.Request{}, nil
}
