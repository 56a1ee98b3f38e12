package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var oracleBatchSGD = protocol.OptimizerDef{
	Name:    "oracle-batch-sgd",
	Version: "1",
	Doc: `SGD with the ideal batch size for its step size, an oracle

	x ← x − α g
	next batch size ← 2γ η² / (2 − γ) rounded, from 1 to m_max, with γ = α L and η² = Σ σ² / ‖∇f‖²`,
	Source: "Balles 2021, Eq. 4.13: the decrease of f that is guaranteed per example is greatest. " +
		"∇f and the variance σ² of one example's gradient are those of the whole distribution, which " +
		"no optimizer can know. L is the problem's constant smoothness; where it declares none, α is " +
		"taken for 1/L, as in the derivation of cabs. The batch size is that for the point of the last " +
		"measurement, as in cabs; the first is the plan's. Half rounds to even. At ∇f = 0 and for γ ≥ " +
		"2, where no batch size will do, it is m_max.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.1),
		protocol.Count("max_batch_size", "greatest batch size m_max", 2048, 1),
	},
	Needs:            protocol.Gradient | protocol.Oracle,
	ChoosesBatchSize: true,
	Saves:            true,
	Reports:          []string{"batch_size_rule"},
	New32:            newOracleBatchSGD[float32],
	New64:            newOracleBatchSGD[float64],
}

type oracleBatchState[T protocol.Float] struct {
	α, L, most float64
	rule       float64 // batch size before rounding and clipping
}

func (o *oracleBatchState[T]) State() []any { return []any{&o.rule} }

func newOracleBatchSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	o := &oracleBatchState[T]{
		α: start.Setting[protocol.StepSize], L: start.Constants["smoothness"],
		most: start.Setting["max_batch_size"],
	}
	if o.L == 0 {
		o.L = 1 / o.α
	}
	return o, protocol.Request{BatchSize: start.BatchSize}, nil
}

func (o *oracleBatchState[T]) Step(
	x []T, batch *protocol.Measurement[T],
) (protocol.Request, error) {
	α := o.α * batch.StepScale
	simd.Axpy(x, T(-α), batch.Gradient)
	signal, noise := signalAndNoise(batch)
	γ := α * o.L
	o.rule = 2 * γ * noise / ((2 - γ) * signal)
	if γ >= 2 || signal == 0 {
		o.rule = o.most
	}
	if math.IsNaN(o.rule) {
		return protocol.Request{BatchSize: batch.BatchSize}, nil // the run has diverged
	}
	return protocol.Request{BatchSize: int(min(max(math.RoundToEven(o.rule), 1), o.most))}, nil
}

func (o *oracleBatchState[T]) Report(values []float64) { values[0] = o.rule }
