package optimizers

import (
	"fmt"
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var growingBatchSGD = protocol.OptimizerDef{
	Name:    "growing-batch-sgd",
	Version: "1",
	Doc: `SGD with a batch size that grows by a fixed factor

	x ← x − α g
	next batch size ← m_min growth^(t+1), rounded and at most m_max`,
	Source: "Friedlander & Schmidt, SIAM J. Sci. Comput. 34 (2012), Sec. 3; Byrd, Chin, Nocedal & Wu, " +
		"Math. Program. 134 (2012), Sec. 4; Balles 2021, Sec. 8.1, has it as the alternative to a " +
		"decreasing step size. Half rounds to even. At growth = 1 it is sgd with m_min.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.1),
		{Name: "growth", Doc: "factor per step", Default: 1.01, Min: 1, Max: 2},
		protocol.Count("min_batch_size", "first batch size m_min", 16, 1),
		protocol.Count("max_batch_size", "greatest batch size m_max", 2048, 1),
	},
	Needs:            protocol.Gradient,
	ChoosesBatchSize: true,
	Saves:            true,
	Reports:          []string{"batch_size_rule"},
	New32:            newGrowingBatchSGD[float32],
	New64:            newGrowingBatchSGD[float64],
}

type growingBatchSGDState[T protocol.Float] struct {
	α, growth, most float64
	m               float64 // size of the next batch, before it is rounded and clipped
}

func (o *growingBatchSGDState[T]) State() []any { return []any{&o.m} }

func newGrowingBatchSGD[T protocol.Float](start protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	s := start.Setting
	o := &growingBatchSGDState[T]{
		s[protocol.StepSize], s["growth"], s["max_batch_size"], s["min_batch_size"],
	}
	if o.most < o.m {
		return nil, protocol.Request{}, fmt.Errorf(
			"max_batch_size is %g, want at least min_batch_size (%g)", o.most, o.m)
	}
	return o, protocol.Request{BatchSize: int(o.m)}, nil
}

func (o *growingBatchSGDState[T]) Step(x []T, batch *protocol.Measurement[T]) (
	protocol.Request, error,
) {
	simd.Axpy(x, T(-o.α*batch.StepScale), batch.Gradient)
	o.m *= o.growth
	return protocol.Request{BatchSize: int(min(math.RoundToEven(o.m), o.most))}, nil
}

// Report reports the batch size before rounding and clipping.
func (o *growingBatchSGDState[T]) Report(values []float64) { values[0] = o.m }
