package optimizers

import (
	"fmt"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var adaScale = protocol.OptimizerDef{
	Name:    "adascale",
	Version: "1",
	Doc: `SGD whose steps are as much longer than those of a small batch as noise allows

	σ², μ² ← averages of ‖s‖₁/b and of ‖g‖² − ‖s‖₁/m with decay rate 1 − S/1000 and bias correction
	r ← (σ² + μ²) / (σ²/S + μ²)    S = m/b: batch size in units of b; μ² at least 0
	x ← x − r α g`,
	Source: "Johnson, Agrawal, Gu & Guestrin, ICML 2020, Alg. 1: the gain r, between 1 and S, with " +
		"the estimates of App. B.3 but from the variance within the batch, where they have S workers. " +
		"α is the step size for batches of b, and the schedule stays in examples seen, where Alg. 1 " +
		"counts scale-invariant steps, Σ r. Averages have bias correction, as in fairscale, which " +
		"keeps every estimate at 0 or above; here their average is. Where σ² and μ² are 0, r is 1.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.1),
		protocol.Count("base_batch_size", "batch size b at which the gain is 1", 16, 1),
	},
	Needs:   protocol.Gradient | protocol.VarianceNorm,
	Saves:   true,
	Reports: []string{"gain"},
	New32:   newAdaScale[float32],
	New64:   newAdaScale[float64],
}

type adaScaleState[T protocol.Float] struct {
	α, b, θ      float64 // θ: decay rate
	t            int
	σ2, μ2, gain float64
}

func newAdaScale[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	b := start.Setting["base_batch_size"]
	θ := max(1-float64(start.BatchSize)/b/1000, 0)
	return &adaScaleState[T]{α: start.Setting[protocol.StepSize], b: b, θ: θ}, protocol.Request{}, nil
}

func (o *adaScaleState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	if batch.BatchSize < 2 {
		return protocol.Request{}, fmt.Errorf("batch size is %d, want at least 2 for a variance",
			batch.BatchSize)
	}
	m, θ := float64(batch.BatchSize), decay(o.θ, o.t)
	o.t++
	σ2, μ2 := batch.VarianceNorm/o.b, squares(batch.Gradient)-batch.VarianceNorm/m
	o.σ2, o.μ2 = σ2+θ*(o.σ2-σ2), μ2+θ*(o.μ2-μ2)
	o.gain = 1
	if μ2 := max(o.μ2, 0); o.σ2 != 0 || μ2 != 0 {
		o.gain = (o.σ2 + μ2) / (o.σ2*o.b/m + μ2)
	}
	simd.Axpy(x, T(-o.gain*o.α*batch.StepScale), batch.Gradient)
	return protocol.Request{}, nil
}

// Report reports the gain r.
func (o *adaScaleState[T]) Report(values []float64) { values[0] = o.gain }

func (o *adaScaleState[T]) State() []any { return []any{&o.t, &o.σ2, &o.μ2, &o.gain} }
