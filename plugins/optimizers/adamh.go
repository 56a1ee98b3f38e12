package optimizers

import "noisebench/protocol"

var adamH = protocol.OptimizerDef{
	Name:    "adamh",
	Version: "1",
	Doc: `Adam that keeps the norm of hidden matrices (hyperball), AdamW for the rest

	u ← m / (√v + ε) as in Adam
	y ← x − α ‖x‖ u/‖u‖                   in each hidden matrix, with Frobenius norms
	x ← x − (x − ‖x‖/‖y‖ y)

A matrix of zeros stays so. Where x has no hidden matrix, AdamW is all there is, and step_size is its step size.`,
	Source: "AdamH in KellerJordan/modded-nanogpt, records/track_3_optimization, 2026: " +
		"scale_invariant_update_, with its α, β and ε, which AdamW has, too. Hidden matrices do not " +
		"decay; of the rest weights alone do, by role.",
	Hyperparameters: append(append(twoStepSizes(0.018),
		protocol.Fraction("beta1", "decay rate β1 of the average of g", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the average of g²", 0.95),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
	), weightDecayParameters(0, "weight decay λ of AdamW, multiplied by its step size")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newAdamH[float32],
	New64: newAdamH[float64],
}

type adamHState[T protocol.Float] struct {
	α, αAdam, β1, β2, ε float64
	t                   int
	matrices            []matrix
	// averages of g and g², bias-corrected, in the order of the matrices; work space
	m, v, u []T
	adam    *adamPart[T]
}

func newAdamH[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	matrices, rest := splitMatrices(start, true)
	n := total(matrices)
	o := &adamHState[T]{
		α: s[protocol.StepSize], αAdam: s["adam_step_size"], β1: s["beta1"], β2: s["beta2"],
		ε: s["epsilon"], matrices: matrices, m: make([]T, n), v: make([]T, n), u: make([]T, n),
		adam: newAdamPart[T](start, s["beta1"], s["beta2"], s["epsilon"], rest),
	}
	if len(matrices) == 0 {
		o.αAdam = o.α
	}
	return o, protocol.Request{}, nil
}

func (o *adamHState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	β1, β2 := decay(o.β1, o.t), decay(o.β2, o.t)
	o.t++
	i := 0
	for k := range o.matrices {
		b := &o.matrices[k]
		j := i + b.Len
		adamDirection(o.u[i:j], o.m[i:j], o.v[i:j], β1, β2, o.ε, of(batch.Gradient, b))
		hyperball(of(x, b), o.α*batch.StepScale, o.u[i:j])
		i = j
	}
	o.adam.step(x, o.αAdam*batch.StepScale, batch.Gradient)
	return protocol.Request{}, nil
}

func (o *adamHState[T]) State() []any { return []any{&o.t, &o.m, &o.v, o.adam} }
