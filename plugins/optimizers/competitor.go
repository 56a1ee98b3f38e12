package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var competitor = protocol.OptimizerDef{
	Name:    "competitor",
	Version: "1",
	Doc: `SGD with the batch size that makes −g a descent direction

	x ← x − α g
	σ², g² ← averages of ‖s‖₁ and of ‖g‖² with decay rate μ
	next batch size ← σ² / (θ² g²), rounded and clipped to [m_min, m_max]`,
	Source: "the rule of Byrd et al., Mathematical Programming 134 (2012), and De et al., AISTATS " +
		"2017, as Balles 2021 compares it to CABS: Eq. 4.18, averaged, rounded and clipped as in cabs. " +
		"Its criterion needs θ < 1, the experiments have θ = 1 too. At g² = 0 the batch size is m_max; " +
		"while an average is not finite it stays and rule_invalid is 1.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.1),
		{
			Name: "theta", Doc: "bound θ on the relative error of g", Default: 0.8, Max: 1, MinOpen: true,
			Tuned: true, Grid: []float64{0.6, 0.8, 1},
		},
	}, batchRuleParameters()...),
	Needs:            protocol.Gradient | protocol.VarianceNorm,
	ChoosesBatchSize: true,
	Saves:            true,
	Reports: []string{
		"batch_size_rule", "variance_norm_average", "gradient_square_average", "rule_invalid",
	},
	New32: newCompetitor[float32],
	New64: newCompetitor[float64],
}

type competitorState[T protocol.Float] struct {
	α, θ float64
	batchRule
}

func newCompetitor[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	rule, err := newBatchRule(start.Setting)
	if err != nil {
		return nil, protocol.Request{}, err
	}
	o := &competitorState[T]{start.Setting[protocol.StepSize], start.Setting["theta"], rule}
	return o, protocol.Request{BatchSize: rule.m}, nil
}

func (o *competitorState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	simd.Axpy(x, T(-o.α*batch.StepScale), batch.Gradient)
	norm2 := 0.0
	for _, g := range batch.Gradient {
		norm2 += float64(g) * float64(g)
	}
	σ2, g2 := o.average(batch.VarianceNorm, norm2)
	if g2 == 0 {
		return o.follow(math.Inf(1), true), nil
	}
	return o.follow(σ2/(o.θ*o.θ*g2), true), nil
}
