package optimizers

import (
	"fmt"
	"math"

	"noisebench/protocol"
)

// norm is a norm ‖·‖ in which steepest descent measures its steps (Balles 2021, Table 6.1).
type norm[T protocol.Float] interface {
	// dual returns ‖g‖⋆, the greatest gᵀd of all d with ‖d‖ = 1. It is NaN if an element of g is.
	dual(g []T) float64
	// move subtracts α ‖g‖⋆/r d from x, where d is the d of dual, which was called for the same g before and did not
	// return 0. Rounding leaves the step exact for r = 1 and for r = ‖g‖⋆, each where it can be.
	move(x []T, α, r float64, g []T)
}

// steepestState is steepest descent in any norm: plain, normalised, and all that lies between.
type steepestState[T protocol.Float] struct {
	α, c, q float64
	t       int
	norm    norm[T]
	next    protocol.Request
}

func (o *steepestState[T]) State() []any { return []any{&o.t} }

// steepestParameters declares the hyperparameters of steepest descent: where the search for α starts, the default of c,
// and the name of the problem's constant L, the smoothness in the norm.
func steepestParameters(start, c float64, constant string) []protocol.Hyperparameter {
	list := []protocol.Hyperparameter{
		protocol.StepSizeParameter(start),
		{
			Name: "normalization", Doc: "c; 0: the step grows with the gradient's dual norm, 1: it does not",
			Default: c, Max: 1,
		},
		{Name: "decay", Doc: "exponent q of the step size's decay, α / (t+1)^q", Max: math.Inf(1), MaxOpen: true},
		{Name: "full_batch", Doc: "1: every step uses all training examples", Max: 1, Integer: true},
	}
	if constant != "" {
		list = append(list, protocol.Hyperparameter{
			Name: "relative", Doc: "1: step_size is in units of 1/L, where L is the problem's constant " + constant,
			Max: 1, Integer: true,
		})
	}
	return list
}

// newSteepest opens steepest descent in a norm, whose smoothness has the given name among the problem's constants.
func newSteepest[T protocol.Float](start protocol.Start, norm norm[T], constant string) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	s := start.Setting
	o := &steepestState[T]{α: s[protocol.StepSize], c: s["normalization"], q: s["decay"], norm: norm}
	if s["relative"] == 1 {
		L, ok := start.Constants[constant]
		if !ok || !(L > 0) {
			return nil, o.next, fmt.Errorf("relative is 1, but the problem declares no %s above 0; "+
				"set relative to 0 and step_size to a step size", constant)
		}
		o.α /= L
	}
	if s["full_batch"] == 1 {
		if start.Train == 0 {
			return nil, o.next, fmt.Errorf("full_batch is 1, but the problem's data are endless; set it to 0")
		}
		o.next.Draw = protocol.All
	}
	return o, o.next, nil
}

func (o *steepestState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α := o.α * batch.StepScale * math.Pow(float64(o.t+1), -o.q)
	o.t++
	if u := o.norm.dual(batch.Gradient); u != 0 {
		o.norm.move(x, α, (1-o.c)+o.c*u, batch.Gradient)
	}
	return o.next, nil
}

// euclidean returns ‖g‖₂, summed in float64. Below 1e-162 it is 0.
func euclidean[T protocol.Float](g []T) float64 { return math.Sqrt(squares(g)) }

// squares returns ‖g‖₂².
func squares[T protocol.Float](g []T) float64 {
	sum := 0.0
	for _, g := range g {
		sum += float64(g) * float64(g)
	}
	return sum
}

// add adds a v to x. The product is rounded once, whatever the size of a.
func add[T protocol.Float](x []T, a float64, v []T) {
	for i, v := range v {
		x[i] += T(a * float64(v))
	}
}
