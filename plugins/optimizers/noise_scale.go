package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var noiseScale = protocol.OptimizerDef{
	Name:    "noise-scale",
	Version: "1",
	Doc: `SGD with the batch size at which noise and gradient are equally large

	x ← x − α g
	σ², g² ← averages of ‖s‖₁ and of ‖g‖² − ‖s‖₁/m with decay rate μ    m: batch size
	next batch size ← σ² / g², rounded and clipped to [m_min, m_max]`,
	Source: "McCandlish, Kaplan & Amodei, arXiv:1812.06162 (2018): the simple noise scale tr Σ / " +
		"‖∇f‖², Eq. 2.9, as the batch size of every step. As in App. A.1 unbiased estimates are " +
		"averaged before they are divided; here they come from one batch and its variance, there from " +
		"two batch sizes. App. D has a rule that also weighs the price of time, which this is not. α " +
		"does not follow the batch size. While g² is not positive the batch size is m_max; while an " +
		"average is not finite it stays and rule_invalid is 1.",
	Hyperparameters: append([]protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		batchRuleParameters()...),
	Needs:            protocol.Gradient | protocol.VarianceNorm,
	ChoosesBatchSize: true,
	Saves:            true,
	Reports: []string{
		"batch_size_rule", "variance_norm_average", "gradient_square_average", "rule_invalid",
	},
	New32: newNoiseScale[float32],
	New64: newNoiseScale[float64],
}

type noiseScaleState[T protocol.Float] struct {
	α float64
	batchRule
}

func newNoiseScale[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	rule, err := newBatchRule(start.Setting)
	if err != nil {
		return nil, protocol.Request{}, err
	}
	return &noiseScaleState[T]{start.Setting[protocol.StepSize], rule}, protocol.Request{
		BatchSize: rule.m,
	}, nil
}

func (o *noiseScaleState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	simd.Axpy(x, T(-o.α*batch.StepScale), batch.Gradient)
	σ2, g2 := o.average(batch.VarianceNorm,
		squares(batch.Gradient)-batch.VarianceNorm/float64(batch.BatchSize))
	if g2 <= 0 {
		return o.follow(math.Inf(1), true), nil
	}
	return o.follow(σ2/g2, true), nil
}

func (o *noiseScaleState[T]) State() []any {
	return []any{&o.m, &o.t, &o.σ2, &o.y, &o.rule, &o.invalid}
}
