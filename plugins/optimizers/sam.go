package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var sam = protocol.OptimizerDef{
	Name:    "sam",
	Version: "1",
	Doc: `sharpness-aware minimization: SGD with the gradient of a worse point near by

	g ← gradient of the batch at x
	g' ← gradient of the same batch at x + ρ g / ‖g‖₂
	x ← x − α g'`,
	Source: "Foret et al., ICLR 2021, Alg. 1 with p = 2 and plain SGD as the base. Both looks at " +
		"the batch are charged. The point between them is a trial. Where g is 0 both looks are at x.",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(0.1),
		protocol.NonNegative("rho", "radius ρ of the neighbourhood", 0.05),
	},
	Needs:  protocol.Gradient,
	Trials: true,
	Saves:  true,
	New32:  newSAM[float32],
	New64:  newSAM[float64],
}

type samState[T protocol.Float] struct {
	α, ρ  float64
	x     []T  // starting point of the trial
	trial bool // the next measurement is at the trial point
}

func (o *samState[T]) State() []any { return []any{&o.x, &o.trial} }

func newSAM[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return &samState[T]{
		α: start.Setting[protocol.StepSize],
		ρ: start.Setting["rho"],
		x: make([]T, start.Dim),
	}, protocol.Request{}, nil
}

func (o *samState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	o.trial = !o.trial
	if o.trial {
		copy(o.x, x)
		if u := euclidean(batch.Gradient); u != 0 {
			add(x, o.ρ/u, batch.Gradient)
		}
		return protocol.Request{Draw: protocol.Again, Trial: true}, nil
	}
	copy(x, o.x)
	simd.Axpy(x, T(-o.α*batch.StepScale), batch.Gradient)
	return protocol.Request{}, nil
}
