package optimizers

import (
	"math"

	"noisebench/protocol"
)

var lineSearchSGD = protocol.OptimizerDef{
	Name:    "line-search-sgd",
	Version: "1",
	Doc: `SGD that shortens each step until the loss of its batch falls enough

	η ← min(α, κ η)
	while f(x − η g) > f(x) − c η ‖g‖₂², on the same batch:  η ← β η
	x ← x − η g`,
	Source: "Armijo, Pacific Journal of Mathematics 16 (1966); Vaswani et al., NeurIPS 2019, Alg. " +
		"1, with c = 0.1 as there. Every look at the batch is charged, so β is 0.5 (there: 0.9), and η " +
		"grows by a factor κ from batch to batch (there: 2 in an epoch, which endless data do not " +
		"have). The first search starts at α, and so does the one after a search that came down to " +
		"1e-6 of its start and was given up, without a step. A gradient that is 0 or not finite is not " +
		"searched along.",
	Hyperparameters: []protocol.Hyperparameter{
		{
			Name: protocol.StepSize, Doc: "greatest step size α",
			Default: 1, Max: math.Inf(1), MinOpen: true, Tuned: true,
		},
		{
			Name: "armijo", Doc: "c, the part of the predicted decrease to reach", Default: 0.1, Max: 1,
			MinOpen: true, MaxOpen: true,
		},
		{
			Name: "shrink", Doc: "β, factor on a step that is too long", Default: 0.5, Max: 1, MinOpen: true,
			MaxOpen: true,
		},
		{
			Name: "growth", Doc: "κ, factor on η from one batch to the next", Default: 1.1, Min: 1,
			Max: math.Inf(1), MaxOpen: true,
		},
	},
	Needs:   protocol.Gradient,
	Trials:  true,
	Saves:   true,
	Reports: []string{"accepted_step_size"},
	New32:   newLineSearchSGD[float32],
	New64:   newLineSearchSGD[float64],
}

type lineSearchState[T protocol.Float] struct {
	α, c, β, κ float64
	x, g       []T     // starting point of the search, and the gradient there
	f, slope   float64 // loss and ‖g‖₂² there
	η, first   float64 // step size of the trial point, and of the first one
	accepted   float64 // step size of the last search; 0 if there was none or it was abandoned
	searching  bool    // the next measurement is at the trial point
}

func (o *lineSearchState[T]) State() []any {
	return []any{&o.x, &o.g, &o.f, &o.slope, &o.η, &o.first, &o.accepted, &o.searching}
}

func newLineSearchSGD[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	o := &lineSearchState[T]{α: s[protocol.StepSize], c: s["armijo"], β: s["shrink"], κ: s["growth"]}
	o.x, o.g = make([]T, start.Dim), make([]T, start.Dim)
	return o, protocol.Request{}, nil
}

func (o *lineSearchState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	switch {
	case !o.searching: // a new batch
		o.η = o.α * batch.StepScale
		if o.accepted > 0 {
			o.η = min(o.η, o.κ*o.accepted)
		}
		o.first, o.f, o.slope = o.η, batch.Loss, squares(batch.Gradient)
		copy(o.x, x)
		copy(o.g, batch.Gradient)
		o.searching = o.slope > 0 && protocol.Finite(o.slope)
		add(x, -o.η, o.g)
	case batch.Loss <= o.f-o.c*o.η*o.slope:
		o.accepted, o.searching = o.η, false
	default: // NaN is no decrease
		if o.η *= o.β; o.η >= 1e-6*o.first {
			copy(x, o.x)
			add(x, -o.η, o.g)
			break
		}
		copy(x, o.x)
		o.accepted, o.searching = 0, false
	}
	if o.searching {
		return protocol.Request{Draw: protocol.Again, Trial: true}, nil
	}
	return protocol.Request{}, nil
}

// Report reports the step size of the last search, 0 if it was abandoned.
func (o *lineSearchState[T]) Report(values []float64) { values[0] = o.accepted }
