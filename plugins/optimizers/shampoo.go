package optimizers

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var shampoo = protocol.OptimizerDef{
	Name:    "shampoo",
	Version: "1",
	Doc: `gradients between inverse roots of their second moments, at Adam's length

	m, v ← averages of G and G² as in Adam
	L ← average of G Gᵀ, R ← average of Gᵀ G    with decay rate β2 and bias correction
	S ← (L + δI)^(−1/4) m (R + δI)^(−1/4), A ← m / (√v + ε)
	x ← x − α (‖A‖/‖S‖ S + λ x)

Roots are taken every f steps, in float64; until the first of them, and for what is no matrix, the step is that of AdamW.
A side that is longer than max_side keeps the identity, at no cost, and the other one has −1/2 as its exponent. A step costs
3 (m² n + m n²) FLOPs per m × n matrix, and every f-th some 12 (m³ + n³) more.`,
	Source: "Gupta, Koren & Singer, ICML 2018, Alg. 1; averages, grafting and one-sided roots from " +
		"Anil et al., Scalable second order optimization, 2020; put together as in Shi et al., " +
		"Distributed Shampoo, 2023, with Adam's graft, which leaves the steps before the first roots " +
		"to Adam. Long sides are not divided, as they are there, and a block of more than two " +
		"dimensions is outputs × the rest. Weights alone decay, by role.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.001),
		protocol.Fraction("beta1", "decay rate β1 of the average of G", 0.9),
		protocol.Fraction("beta2", "decay rate β2 of the other averages", 0.999),
		protocol.NonNegative("epsilon", "ε of Adam, outside the root; at 0, 0/0 is 0", 1e-8),
		protocol.NonNegative("delta", "δ, added to the diagonals of L and R", 1e-12),
		protocol.Count("every", "steps f from one root to the next", 20, 1),
		protocol.Count("max_side", "longest side of a matrix that is preconditioned", 1024, 0),
	}, weightDecayParameters(0, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newShampoo[float32],
	New64: newShampoo[float64],
}

type shampooState[T protocol.Float] struct {
	α, β1, β2, ε, δ float64
	every           int
	t               int
	matrices        []twoSided[T]
	adam            *adamPart[T]
	decay           weightDecay[T]
	kronecker[T]
}

func newShampoo[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	matrices, rest := splitMatrices(start, false)
	return &shampooState[T]{
		α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"], δ: s["delta"],
		every:    int(s["every"]),
		adam:     newAdamPart[T](start, s["beta1"], s["beta2"], s["epsilon"], rest),
		matrices: newTwoSided[T](matrices, s["max_side"]), decay: newWeightDecay[T](start),
		kronecker: newKronecker[T](matrices),
	}, protocol.Request{}, nil
}

func (o *shampooState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α := o.α * batch.StepScale
	β1, β2 := decay(o.β1, o.t), decay(o.β2, o.t)
	o.t++
	for i := range o.matrices {
		b := &o.matrices[i]
		w, g := of(x, &b.matrix), view(batch.Gradient, &b.matrix)
		if spoil(w, g.Data) {
			continue
		}
		o.average(&b.left, g.T(), β2)
		o.average(&b.right, g, β2)
		if o.t%o.every == 0 && !spoil(w, b.left.a.Data) && !spoil(w, b.right.a.Data) {
			o.roots(b)
		}
		a, s := o.u[:b.Len], b.as(o.w)
		adamDirection(a, b.m, b.v, β1, β2, o.ε, g.Data)
		simd.Axpy(w, T(-α*o.decay.of(b.Block)), w)
		if o.t < o.every {
			simd.Axpy(w, T(-α), a)
			continue
		}
		o.between(s, b.left.q, b.as(b.m), b.right.q)
		if length := euclidean(s.Data); length != 0 {
			simd.Axpy(w, T(-α*euclidean(a)/length), s.Data)
		}
	}
	o.adam.step(x, α, batch.Gradient)
	return protocol.Request{}, nil
}

// roots updates the roots, of order 4, or 2 if there is only one side.
func (o *shampooState[T]) roots(b *twoSided[T]) {
	sides := []*side[T]{&b.left, &b.right}
	order := 0.0
	for _, s := range sides {
		if s.n > 0 {
			order += 2
		}
	}
	for _, s := range sides {
		if s.n > 0 {
			o.InverseRoot(s.q, s.a, o.δ, order)
		}
	}
}

func (o *shampooState[T]) State() []any {
	return append([]any{&o.t, o.adam}, statesOf(o.matrices)...)
}
