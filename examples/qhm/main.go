// Command qhm is an optimizer plugin: one file, built into one executable that bench finds, checks,
// tunes and ranks.
package main

import (
	"noisebench/plugins"
	"noisebench/protocol"
)

func main() { plugins.Serve(definition) }

var definition = protocol.OptimizerDef{
	Name:    "qhm",
	Version: "1",
	Doc:     "quasi-hyperbolic momentum: a step along a mix of gradient and momentum",
	Source: "Ma & Yarats, Quasi-hyperbolic momentum and Adam for deep learning, ICLR 2019, " +
		"Eqs. 3 and 4, and its rule-of-thumb ν and β",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(1),
		protocol.Fraction("nu", "weight ν of the momentum in the step", 0.7),
		protocol.Fraction("beta", "decay rate β of the momentum", 0.999),
	},
	Needs: protocol.Gradient,
	Saves: true,
	New32: newQHM[float32],
	New64: newQHM[float64],
}

type qhm[T protocol.Float] struct {
	α    float64
	ν, β T
	m    []T // momentum, zero at the start
}

func newQHM[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return &qhm[T]{
		α: s.Setting[protocol.StepSize], ν: T(s.Setting["nu"]), β: T(s.Setting["beta"]),
		m: make([]T, s.Dim),
	}, protocol.Request{}, nil
}

// State lists what Step changes, so that a run can be saved and go on elsewhere.
func (o *qhm[T]) State() []any { return []any{&o.m} }

// Step: m ← βm + (1−β)g; x ← x − α((1−ν)g + νm).
func (o *qhm[T]) Step(x []T, b *protocol.Measurement[T]) (protocol.Request, error) {
	α := T(o.α * b.StepScale)
	for i, g := range b.Gradient {
		o.m[i] = o.β*o.m[i] + (1-o.β)*g
		x[i] -= α * ((1-o.ν)*g + o.ν*o.m[i])
	}
	return protocol.Request{}, nil
}
