// Command lion is an optimizer plugin: one file, built into one executable that bench finds, checks, tunes and ranks.
package main

import (
	"noisebench/plugins"
	"noisebench/protocol"
)

func main() { plugins.Serve(definition) }

var definition = protocol.OptimizerDef{
	Name:    "lion",
	Version: "1",
	Doc:     "Lion: the sign of an interpolation between momentum and gradient",
	Source:  "Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023, Algorithm 2",
	Hyperparameters: []protocol.Hyperparameter{
		protocol.StepSizeParameter(1e-3),
		protocol.Fraction("beta1", "interpolation β₁ of the update", 0.9),
		protocol.Fraction("beta2", "decay β₂ of the momentum", 0.99),
		protocol.NonNegative("weight_decay", "decoupled weight decay λ", 0),
	},
	Needs: protocol.Gradient,
	Saves: true,
	New32: newLion[float32],
	New64: newLion[float64],
}

type lion[T protocol.Float] struct {
	α, λ   float64
	β1, β2 T
	m      []T // momentum, zero at the start
}

func newLion[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return &lion[T]{
		α: s.Setting[protocol.StepSize], λ: s.Setting["weight_decay"],
		β1: T(s.Setting["beta1"]), β2: T(s.Setting["beta2"]),
		m: make([]T, s.Dim),
	}, protocol.Request{}, nil
}

func (o *lion[T]) State() []any { return []any{&o.m} }

// Step: c = β₁m + (1−β₁)g; x ← x − α(sign(c) + λx); m ← β₂m + (1−β₂)g.
func (o *lion[T]) Step(x []T, b *protocol.Measurement[T]) (protocol.Request, error) {
	α, λ := T(o.α*b.StepScale), T(o.λ)
	for i, g := range b.Gradient {
		c := o.β1*o.m[i] + (1-o.β1)*g
		x[i] -= α * (sign(c) + λ*x[i])
		o.m[i] = o.β2*o.m[i] + (1-o.β2)*g
	}
	return protocol.Request{}, nil
}

// sign is −1, 0 or 1, and NaN for NaN: a broken gradient must show.
func sign[T protocol.Float](v T) T {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v
}
