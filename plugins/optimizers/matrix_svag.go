package optimizers

import (
	"fmt"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var matrixSVAG = protocol.OptimizerDef{
	Name:    "matrix-svag",
	Version: "1",
	Doc: `SVAG with a matrix in the place of the factors γ

	m ← average of g   with decay rate β  and bias correction
	R ← average of S/b with decay rate β² and bias correction    S: covariance, b: batch size
	x ← x − α (mmᵀ + R + λI)⁻¹ m (mᵀg)`,
	Source: "Balles 2021, Eq. 7.23 as printed, with estimates as in svag-mb: m for ∇f and mmᵀ + R " +
		"for the second moment of g. The matrix M that makes E‖Mg − ∇f‖² least is the transpose, whose " +
		"steps are along m. In one dimension both are svag-mb at λ = 0. S has at most rank b − 1, and " +
		"R + λI has to be invertible.",
	Hyperparameters: append(stepSizeAndDecay(0.1), dampedParameters(1e-8)[1]),
	Needs:           protocol.Gradient | protocol.Covariance,
	Saves:           true,
	New32:           newMatrixSVAG[float32],
	New64:           newMatrixSVAG[float64],
}

type matrixSVAGState[T protocol.Float] struct {
	*dampedState[T]
	β    float64
	t    int
	m, r []T // averages of g and S/b, bias-corrected
	s    []T // S/b
}

func (o *matrixSVAGState[T]) State() []any { return []any{&o.t, &o.m, &o.r} }

func newMatrixSVAG[T protocol.Float](start protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	d := start.Dim
	return &matrixSVAGState[T]{
		dampedState: newDampedOnBatches[T](start, "R", nil), β: start.Setting["beta"],
		m: make([]T, d), r: make([]T, d*d), s: make([]T, d*d),
	}, protocol.Request{}, nil
}

func (o *matrixSVAGState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	if batch.BatchSize < 2 {
		return protocol.Request{}, fmt.Errorf("batch size is %d, want at least 2 for a covariance",
			batch.BatchSize)
	}
	simd.Average(o.m, T(decay(o.β, o.t)), batch.Gradient)
	simd.Scale(o.s, 1/T(batch.BatchSize), batch.Covariance)
	simd.Average(o.r, T(decay(o.β*o.β, o.t)), o.s)
	o.t++
	if !o.solve(o.r, o.m) {
		return protocol.Request{}, o.singular()
	}
	along, norm := 0.0, 1.0 // mᵀg and 1 + mᵀ(R + λI)⁻¹m
	for i, m := range o.m {
		along += float64(m) * float64(batch.Gradient[i])
		norm += float64(m) * o.d.Data[i]
	}
	// By the formula of Sherman and Morrison (mmᵀ + R + λI)⁻¹m is (R + λI)⁻¹m/norm. It avoids the
	// sum mmᵀ + R, whose rounding exceeds a small λ.
	α := o.α * batch.StepScale * along / norm
	for j, d := range o.d.Data {
		x[j] -= T(α * d)
	}
	return protocol.Request{}, nil
}
