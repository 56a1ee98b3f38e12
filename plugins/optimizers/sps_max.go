package optimizers

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var spsMax = protocol.OptimizerDef{
	Name:    "sps-max",
	Version: "1",
	Doc: `SGD with the bounded stochastic Polyak step size

	γ ← min((f − f*) / (c ‖g‖₂²), b)    0 where f is below f* or g is 0
	x ← x − γ g
	b ← τ^(m/N) γ                       of the last γ above 0; b = α at first

m/N is the batch's part of the training examples. At τ = 0, and on endless data, b stays α. α = 1 is meant to fit all
problems, and is not tuned. A schedule scales γ in the step.`,
	Source: "Loizou et al., Stochastic Polyak step-size for SGD, AISTATS 2021: SPS_max with the " +
		"smoothing of its experiments, and c, τ and b of IssamLaradji/sps. f* is a hyperparameter: the " +
		"method means the least loss of the batch, 0 for models that fit all examples, so a problem's " +
		"optimum, which is that of the mean, is not used. A γ of 0 is no bound here. Their ε in the " +
		"denominator is 0.",
	Hyperparameters: []protocol.Hyperparameter{
		factor("bound", "α, the first bound b on γ"),
		{
			Name: "c", Doc: "c; 0.2 is for what is not convex", Default: 0.5, Max: math.Inf(1),
			MinOpen: true, MaxOpen: true,
		},
		protocol.NonNegative("growth", "τ, growth of the bound in an epoch; 0: the bound is α", 2),
		{
			Name: "f_star", Doc: "f*, least loss of a batch", Min: math.Inf(-1), MinOpen: true,
			Max: math.Inf(1), MaxOpen: true,
		},
	},
	Needs:   protocol.Gradient,
	Saves:   true,
	Reports: []string{"gamma"},
	New32:   newSPSMax[float32],
	New64:   newSPSMax[float64],
}

type spsMaxState[T protocol.Float] struct {
	c, τ, least, examples float64
	bound, γ              float64
}

func newSPSMax[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	return &spsMaxState[T]{
		c: s["c"], τ: s["growth"], least: s["f_star"], examples: float64(start.Train), bound: s["bound"],
	}, protocol.Request{}, nil
}

func (o *spsMaxState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	o.γ = 0
	if norm := squares(batch.Gradient); norm != 0 {
		o.γ = min(max(0, batch.Loss-o.least)/(o.c*norm), o.bound)
	}
	simd.Axpy(x, T(-o.γ*batch.StepScale), batch.Gradient)
	if o.γ > 0 && o.τ > 0 && o.examples > 0 {
		o.bound = o.γ * math.Pow(o.τ, float64(batch.BatchSize)/o.examples)
	}
	return protocol.Request{}, nil
}

func (o *spsMaxState[T]) Report(values []float64) { values[0] = o.γ }

func (o *spsMaxState[T]) State() []any { return []any{&o.bound, &o.γ} }
