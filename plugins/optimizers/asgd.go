package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var asgd = protocol.OptimizerDef{
	Name:    "asgd",
	Version: "1",
	Doc: `SGD whose iterates are averaged (Polyak–Ruppert)

	x ← x − α g
	x̄ ← mean of all x so far, without the starting point`,
	Source: "Ruppert, Cornell technical report 781 (1988); Polyak & Juditsky, SIAM Journal on " +
		"Control and Optimization 30 (1992). Uniform average from the first step on; the step size is " +
		"constant up to the schedule, as in Bach & Moulines, NIPS 2013, where the original lets it " +
		"fall. Evaluation judges x̄.",
	Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
	Needs:           protocol.Gradient,
	Averages:        true,
	Saves:           true,
	New32:           newASGD[float32],
	New64:           newASGD[float64],
}

type asgdState[T protocol.Float] struct {
	α    float64
	t    int
	mean []float64 // x̄; a float32 would stop moving once |x−x̄| is below t·2⁻²⁵ |x̄|
}

func (o *asgdState[T]) State() []any { return []any{&o.t, &o.mean} }

func newASGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &asgdState[T]{
		α:    start.Setting[protocol.StepSize],
		mean: make([]float64, start.Dim),
	}, protocol.Request{}, nil
}

func (o *asgdState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	simd.Axpy(x, T(-o.α*batch.StepScale), batch.Gradient)
	o.t++
	share := 1 / float64(o.t)
	mean := o.mean[:len(x)]
	for i, x := range x {
		mean[i] += share * (float64(x) - mean[i])
	}
	return protocol.Request{}, nil
}

func (o *asgdState[T]) Estimate(x, out []T) {
	if o.t == 0 {
		copy(out, x)
		return
	}
	for i, v := range o.mean {
		out[i] = T(v)
	}
}
