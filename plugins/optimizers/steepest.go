package optimizers

import (
	"errors"
	"fmt"
	"math"

	"noisebench/protocol"
)

// norm is the norm ‖·‖ of a method of steepest descent (Balles 2021, Table 6.1).
type norm[T protocol.Float] interface {
	// dual returns ‖g‖⋆, the maximum of gᵀd over all d with ‖d‖ = 1. It is NaN if an element of g
	// is NaN.
	dual(g []T) float64
	// move subtracts α ‖g‖⋆/r d from x, where d attains the maximum in dual, which must have been
	// called for the same g before and not have returned 0. For r = 1 and r = ‖g‖⋆ the step has no
	// unnecessary rounding.
	move(x []T, α, r float64, g []T)
}

// steepestState is steepest descent in any norm: plain, normalised, and softly normalised.
type steepestState[T protocol.Float] struct {
	α, c, q float64
	t       int
	norm    norm[T]
	next    protocol.Request
}

func (o *steepestState[T]) State() []any { return []any{&o.t} }

// steepestParameters declares the hyperparameters of steepest descent: the starting point of the
// search for α, the default of c, and the name of the problem's constant L, the smoothness in the
// norm.
func steepestParameters(start, c float64, constant string) []protocol.Hyperparameter {
	list := []protocol.Hyperparameter{
		protocol.StepSizeParameter(start),
		{
			Name: "normalization", Doc: "c; 0: the step grows with the gradient's dual norm, 1: it does not",
			Default: c, Max: 1,
		},
		{
			Name: "decay", Doc: "exponent q of the step size's decay, α / (t+1)^q", Max: math.Inf(1),
			MaxOpen: true,
		},
		{Name: "full_batch", Doc: "1: every step uses all training examples", Max: 1, Integer: true},
	}
	if constant != "" {
		list = append(list, protocol.Hyperparameter{
			Name: "relative", Max: 1, Integer: true,
			Doc: "1: step_size is in units of 1/L, where L is the problem's constant " + constant,
		})
	}
	return list
}

// newSteepest opens steepest descent in a norm, of which the smoothness is the problem's constant
// of the given name.
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
			return nil, o.next, errors.New("full_batch is 1, but the problem's data are endless; " +
				"set it to 0")
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

// add adds a v to x. The product is rounded once, for every a.
func add[T protocol.Float](x []T, a float64, v []T) {
	for i, v := range v {
		x[i] += T(a * float64(v))
	}
}
