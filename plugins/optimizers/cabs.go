package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var cabs = protocol.OptimizerDef{
	Name:    "cabs",
	Version: "1",
	Doc: `SGD with coupled adaptive batch size

	x ← x − α g
	σ², f ← averages of ‖s‖₁ and of the loss with decay rate μ
	next batch size ← α σ² / f, rounded and clipped to [m_min, m_max]`,
	Source: "Balles, Romero & Hennig, UAI 2017; Balles 2021, Alg. 1 and Eq. 4.20. Both averages " +
		"start at 0; the bias cancels in the quotient, and reports are bias-corrected (the authors' " +
		"code starts f at 1). s has the factor 1/(m−1) of Eq. 3.30 (their code: 1/m). α includes the " +
		"schedule. Half rounds to even, as in their code. The rule needs a loss whose optimum is near " +
		"0: while f is not positive and finite, or σ² not finite, the batch size stays as it is and " +
		"rule_invalid is 1.",
	Hyperparameters: append([]protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		batchRuleParameters()...),
	Needs:            protocol.Gradient | protocol.VarianceNorm,
	ChoosesBatchSize: true,
	Saves:            true,
	Reports: []string{
		"batch_size_rule", "variance_norm_average", "loss_average", "rule_invalid",
	},
	New32: newCABS[float32],
	New64: newCABS[float64],
}

type cabsState[T protocol.Float] struct {
	α float64
	batchRule
}

func newCABS[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	rule, err := newBatchRule(start.Setting)
	if err != nil {
		return nil, protocol.Request{}, err
	}
	return &cabsState[T]{start.Setting[protocol.StepSize], rule}, protocol.Request{BatchSize: rule.m},
		nil
}

func (o *cabsState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α := o.α * batch.StepScale
	simd.Axpy(x, T(-α), batch.Gradient)
	σ2, f := o.average(batch.VarianceNorm, batch.Loss)
	return o.follow(α*σ2/f, f > 0), nil
}
