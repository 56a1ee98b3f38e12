package optimizers

import (
	"math"

	"noisebench/protocol"
)

var lBFGS = protocol.OptimizerDef{
	Name:    "l-bfgs",
	Version: "1",
	Doc: `limited-memory BFGS with a line search, on all training examples

	d ← −H ∇f    H: BFGS's from (sᵀy/yᵀy) I, of the last accepted step, by up to M pairs s, y
	η ← step with f(x + η d) ≤ f(x) + c1 η ∇fᵀd and |∇f(x + η d)ᵀd| ≤ c2 |∇fᵀd|, from α on; at first from α/‖∇f‖₂
	x ← x + η d    s: the step, y: the difference of ∇f that it made`,
	Source: "Nocedal, Mathematics of Computation 35 (1980); Liu & Nocedal, Mathematical Programming " +
		"45 (1989); Nocedal & Wright, 2nd ed. 2006, Algs. 7.4 and 7.5. Every look at the data is " +
		"charged. A pair is kept if sᵀy > 2⁻⁵² yᵀy. A search that is given up after 15 looks goes to " +
		"its best point and starts anew, without pairs. Evaluation judges the last accepted point, " +
		"while measurements are at the next trial.",
	Hyperparameters: []protocol.Hyperparameter{
		{
			Name: protocol.StepSize, Doc: "first trial α of each search, in units of the quasi-Newton step",
			Default: 1, Max: math.Inf(1), MinOpen: true, Tuned: true,
		},
		protocol.Count("memory", "M, number of pairs", 10, 1),
		{
			Name: "armijo", Doc: "c1, the part of the predicted decrease to reach", Default: 1e-4, Max: 1,
			MinOpen: true, MaxOpen: true,
		},
		{
			Name: "curvature", Doc: "c2, the part of the slope that may be left", Default: 0.9, Max: 1,
			MinOpen: true, MaxOpen: true,
		},
	},
	FullBatch: true,
	Needs:     protocol.Gradient,
	Averages:  true,
	Trials:    true,
	Saves:     true,
	Reports:   []string{"accepted_step_size"},
	New32:     newLBFGS[float32],
	New64:     newLBFGS[float64],
}

type lbfgsState[T protocol.Float] struct {
	α         float64
	line      wolfe
	searching bool
	η         float64 // the last accepted step; 0 if there was none
	x, g, d   []T     // last accepted point, ∇f there, and direction from there
	h         inverseHessian[T]
	begun     bool
}

func newLBFGS[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s, n := start.Setting, start.Dim
	o := &lbfgsState[T]{α: s[protocol.StepSize], line: wolfe{c1: s["armijo"], c2: s["curvature"]}}
	o.x, o.g, o.d, o.h = make([]T, n), make([]T, n), make([]T, n),
		newInverseHessian[T](int(s["memory"]), n)
	first, err := all(start)
	return o, first, err
}

func (o *lbfgsState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	if o.searching {
		switch o.line.judge(batch.Loss, dot(o.d, batch.Gradient)) {
		case tryNext:
			o.move(x)
			return protocol.Request{Draw: protocol.All, Trial: true}, nil
		case givenUp:
			o.searching, o.h.n = false, 0
			o.move(x)
			return protocol.Request{Draw: protocol.All}, nil
		}
		o.η = o.line.η
		o.h.add(x, o.x, batch.Gradient, o.g)
	}
	copy(o.x, x)
	copy(o.g, batch.Gradient)
	o.begun = true
	o.h.direction(o.d, o.g)
	η, slope := o.α*batch.StepScale, dot(o.d, o.g)
	if o.h.n == 0 && slope != 0 {
		η /= math.Sqrt(-slope) // ‖∇f‖₂
	}
	o.line.begin(batch.Loss, slope, η)
	o.searching = slope < 0 && !math.IsInf(slope, 0)
	if slope != 0 {
		o.move(x)
	}
	// The scale of steps without a pair is unknown, so their loss must not end the run.
	return protocol.Request{Draw: protocol.All, Trial: o.searching && o.h.n == 0}, nil
}

// move moves x to the trial point of the line search.
func (o *lbfgsState[T]) move(x []T) {
	copy(x, o.x)
	add(x, o.line.η, o.d)
}

// Estimate writes the last accepted point to out.
func (o *lbfgsState[T]) Estimate(x, out []T) {
	if o.begun {
		x = o.x
	}
	copy(out, x)
}

// Report reports the last accepted step, in units of d, 0 if none was.
func (o *lbfgsState[T]) Report(values []float64) { values[0] = o.η }

func (o *lbfgsState[T]) State() []any {
	return []any{&o.line, &o.searching, &o.η, &o.x, &o.g, &o.d, &o.h, &o.begun}
}
