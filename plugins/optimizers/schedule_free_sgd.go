package optimizers

import "noisebench/protocol"

var scheduleFreeSGD = protocol.OptimizerDef{
	Name:    "schedule-free-sgd",
	Version: "1",
	Doc: `SGD that averages in place of a schedule

	z ← z − γ (g + λ x)          γ = α min(1, (t+1)/warmup)
	x̄ ← (1−c) x̄ + c z            c = max γ² / Σ max γ², over all steps so far
	x ← x̄ + (1−β) (z − x̄)`,
	Source: "Defazio et al., The Road Less Scheduled, NeurIPS 2024, as in SGDScheduleFreeReference " +
		"of facebookresearch/schedule_free, with its weighting by γ² and no power of t. Evaluation " +
		"judges x̄. Weights alone decay, by role.",
	Hyperparameters: scheduleFreeParameters(1),
	Needs:           protocol.Gradient,
	Averages:        true,
	Saves:           true,
	New32:           newScheduleFreeSGD[float32],
	New64:           newScheduleFreeSGD[float64],
}

type scheduleFreeSGDState[T protocol.Float] struct{ scheduleFree[T] }

func newScheduleFreeSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &scheduleFreeSGDState[T]{newScheduleFree[T](start)}, protocol.Request{}, nil
}

func (o *scheduleFreeSGDState[T]) Step(
	x []T, batch *protocol.Measurement[T],
) (protocol.Request, error) {
	γ, c := o.begin(x, batch.StepScale, 1)
	for i, j := range blocks(len(x)) {
		o.move(x[i:j], o.z[i:j], o.mean[i:j], γ, c, batch.Gradient[i:j])
	}
	return protocol.Request{}, nil
}
