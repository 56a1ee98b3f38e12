package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var mcFisherNGD = protocol.OptimizerDef{
	Name:    "mc-fisher-ngd",
	Version: "2",
	Doc: `natural gradient descent with the Fisher matrix of sampled labels

	F̂ ← (1/k) Σ F̂ⱼ, the mean over k draws of the labels at x
	x ← x − α (F̂ + λI)⁻¹ ∇f`,
	Source: "Balles 2021, Eq. 7.24, where k is 1: in each draw one label for each example, from the " +
		"predictive distribution of the model; more are in Martens, JMLR 21 (2020). F̂ is an unbiased " +
		"estimate of the Fisher matrix for every k, with 1/k of the variance. Each draw is a pass over " +
		"all training examples and is charged as one. Damped as in Eq. D.31.",
	Hyperparameters: append(dampedParameters(1e-4),
		protocol.Count("labels", "k, draws of the labels in a step", 1, 1)),
	FullBatch: true,
	Needs:     protocol.Gradient | protocol.SampledFisher,
	Saves:     true,
	New32:     newMCFisherNGD[float32],
	New64:     newMCFisherNGD[float64],
}

type mcFisherNGDState[T protocol.Float] struct {
	*dampedState[T]
	k, drawn int // draws of a step, and those made so far
	mean     []T // (1/k) Σ F̂ⱼ over the draws made
}

func (o *mcFisherNGDState[T]) State() []any { return []any{&o.drawn, &o.mean} }

func newMCFisherNGD[T protocol.Float](start protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	o := &mcFisherNGDState[T]{
		k: int(start.Setting["labels"]), mean: make([]T, start.Dim*start.Dim),
	}
	mean := func(*protocol.Measurement[T]) []T { return o.mean }
	o.dampedState = newDampedOnBatches(start, "F̂", mean)
	_, err := all(start)
	return o, o.request(), err
}

// request is for the next draw. All have the same gradient, which the last one measures.
func (o *mcFisherNGDState[T]) request() protocol.Request {
	if o.drawn < o.k-1 {
		return protocol.Request{Draw: protocol.All, Want: protocol.SampledFisher}
	}
	return protocol.Request{Draw: protocol.All}
}

func (o *mcFisherNGDState[T]) Step(x []T, batch *protocol.Measurement[T]) (
	protocol.Request, error,
) {
	if o.drawn == 0 {
		clear(o.mean)
	}
	simd.Axpy(o.mean, 1/T(o.k), batch.SampledFisher)
	if o.drawn++; o.drawn < o.k {
		return o.request(), nil
	}
	o.drawn = 0
	_, err := o.dampedState.Step(x, batch)
	return o.request(), err
}
