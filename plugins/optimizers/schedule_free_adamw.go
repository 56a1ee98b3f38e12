package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var scheduleFreeAdamW = protocol.OptimizerDef{
	Name:    "schedule-free-adamw",
	Version: "1",
	Doc: `AdamW that averages in place of a schedule and of momentum

	v ← β2 v + (1−β2) g²                  from 0
	z ← z − γ (g / (√v + ε) + λ x)        γ = α min(1, (t+1)/warmup) √(1−β2^(t+1))
	x̄ ← (1−c) x̄ + c z                     c = max γ² / Σ max γ², over all steps so far
	x ← x̄ + (1−β) (z − x̄)`,
	Source: "Defazio et al., The Road Less Scheduled, NeurIPS 2024, Alg. 1, as in " +
		"AdamWScheduleFreePaper of facebookresearch/schedule_free: γ has the bias correction of v, " +
		"which counts in c, too. Decay is taken at x, where gradients are. Evaluation judges x̄. " +
		"Weights alone decay, by role.",
	Hyperparameters: scheduleFreeParameters(
		0.0025,
		protocol.Fraction("beta2", "decay rate β2 of the average of g²", 0.999),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
	),
	Needs:    protocol.Gradient,
	Averages: true,
	Saves:    true,
	New32:    newScheduleFreeAdamW[float32],
	New64:    newScheduleFreeAdamW[float64],
}

type scheduleFreeAdamWState[T protocol.Float] struct {
	scheduleFree[T]
	β2, ε float64
	v     []T // average of g²
	u     [simd.Block]T
}

func newScheduleFreeAdamW[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &scheduleFreeAdamWState[T]{
		scheduleFree: newScheduleFree[T](start),
		β2:           start.Setting["beta2"], ε: start.Setting["epsilon"],
		v: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *scheduleFreeAdamWState[T]) Step(
	x []T, batch *protocol.Measurement[T],
) (protocol.Request, error) {
	γ, c := o.begin(x, batch.StepScale, math.Sqrt(1-math.Pow(o.β2, float64(o.t+1))))
	for i, j := range blocks(len(x)) {
		g, v, u := batch.Gradient[i:j], o.v[i:j], o.u[:j-i]
		simd.AverageSquare(v, T(o.β2), g)
		simd.Sqrt(u, v)
		simd.Shift(u, T(o.ε), u)
		simd.Over(u, g, u) // g / (√v + ε)
		o.move(x[i:j], o.z[i:j], o.mean[i:j], γ, c, u)
	}
	return protocol.Request{}, nil
}

func (o *scheduleFreeAdamWState[T]) State() []any { return append(o.scheduleFree.State(), &o.v) }
