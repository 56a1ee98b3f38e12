package optimizers

import (
	"math"

	"noisebench/plugins/internal/linalg"
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var muon = protocol.OptimizerDef{
	Name:    "muon",
	Version: "1",
	Doc: `orthogonalized momentum for hidden matrices, AdamW for the rest

	B ← μ B + (1−μ) g
	U ← μ B + (1−μ) g                 Nesterov
	O ← five steps of Newton–Schulz on U, nearly the orthogonal matrix next to it
	x ← x − α (√max(1, outputs/inputs) O + λ x)

A step costs 15 m n² + 5 n³ FLOPs per matrix with sides m ≥ n. Where x has no hidden matrix, AdamW is all there is, and
step_size is its step size.`,
	Source: "Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024, as in " +
		"KellerJordan/Muon (MuonWithAuxAdam), in the element type where that has bfloat16. A " +
		"convolution is outputs × the rest, and its scale goes by these, where that takes the kernel's " +
		"height and width. Weights alone decay, by role.",
	Hyperparameters: muonParameters(0.02,
		weightDecayParameters(0, "weight decay λ, multiplied by the step sizes")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newMuon[float32],
	New64: newMuon[float64],
}

// twoStepSizes declares α, with its default, and the step size of AdamW for the other blocks.
func twoStepSizes(α float64) []protocol.Hyperparameter {
	return []protocol.Hyperparameter{
		protocol.StepSizeParameter(α),
		{
			Name: "adam_step_size", Doc: "step size of AdamW, where x has hidden matrices",
			Default: 3e-4, Max: math.Inf(1), MinOpen: true, MaxOpen: true,
			Tuned: true, Grid: []float64{1e-4, 3e-4, 1e-3, 3e-3, 1e-2},
		},
	}
}

// muonParameters declares the common hyperparameters of muon and muonh, α with its default, and
// more.
func muonParameters(α float64, more ...protocol.Hyperparameter) []protocol.Hyperparameter {
	return append(append(twoStepSizes(α),
		protocol.Fraction("momentum", "momentum μ", 0.95),
		protocol.Fraction("adam_beta1", "decay rate β1 of AdamW", 0.9),
		protocol.Fraction("adam_beta2", "decay rate β2 of AdamW", 0.95),
		protocol.NonNegative("adam_epsilon", "ε of AdamW, outside the root; at 0, 0/0 is 0", 1e-10),
	), more...)
}

type muonState[T protocol.Float] struct {
	α, αAdam, μ float64
	matrices    []matrix
	adam        *adamPart[T]
	decay       weightDecay[T]
	momentum    []T // B, in the order of the matrices
	u           []T // work space for the largest matrix
	newtonSchulz[T]
}

func newMuon[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	return newMuonState[T](start), protocol.Request{}, nil
}

func newMuonState[T protocol.Float](start protocol.Start) *muonState[T] {
	s := start.Setting
	matrices, rest := splitMatrices(start, true)
	o := &muonState[T]{
		α: s[protocol.StepSize], αAdam: s["adam_step_size"], μ: s["momentum"], matrices: matrices,
		adam:  newAdamPart[T](start, s["adam_beta1"], s["adam_beta2"], s["adam_epsilon"], rest),
		decay: newWeightDecay[T](start), newtonSchulz: newNewtonSchulz[T](matrices),
		momentum: make([]T, total(matrices)),
	}
	o.u = make([]T, len(o.x))
	if len(matrices) == 0 {
		o.αAdam = o.α
	}
	return o
}

func (o *muonState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α := o.α * batch.StepScale
	o.each(x, batch.Gradient, func(w, u []T, b *matrix) {
		simd.Axpy(w, T(-α*o.decay.of(b.Block)), w)
		simd.Axpy(w, T(-α), u)
	})
	o.adam.step(x, o.αAdam*batch.StepScale, batch.Gradient)
	return protocol.Request{}, nil
}

// each calls move with each matrix and its direction √max(1, outputs/inputs) O.
func (o *muonState[T]) each(x, g []T, move func(w, u []T, b *matrix)) {
	momentum := o.momentum
	for i := range o.matrices {
		b := &o.matrices[i]
		g, m, u := of(g, b), momentum[:b.Len], o.u[:b.Len]
		momentum = momentum[b.Len:]
		simd.Average(m, T(o.μ), g)
		copy(u, m)
		simd.Average(u, T(o.μ), g)
		o.orthogonalize(linalg.Matrix[T]{Rows: b.rows, Cols: b.cols, Data: u})
		simd.Scale(u, T(math.Sqrt(max(1, float64(b.outputs)/float64(b.inputs)))), u)
		move(of(x, b), u, b)
	}
}

func (o *muonState[T]) State() []any { return []any{&o.momentum, o.adam} }
