package optimizers

import (
	"noisebench/plugins/internal/linalg"
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

var soap = protocol.OptimizerDef{
	Name:    "soap",
	Version: "1",
	Doc: `Adam in the eigenbasis of Shampoo, for matrices; AdamW for the rest

	m, v ← averages of Q_Lᵀ G Q_R and its square as in Adam
	x ← x − α Q_L m / (√v + ε) Q_Rᵀ, then x ← x − α λ x
	L ← average of G Gᵀ, R ← average of Gᵀ G    with decay rate β2

Every f steps the columns of Q_L, and v with them, are sorted by the diagonal of Q_Lᵀ L Q_L, Q_L ← the Q of a QR decomposition
of L Q_L, so for R, and m turns from the old basis into the new. The first step leaves matrices as they are and sets Q_L and
Q_R to eigenvectors.

A step costs 5 (m² n + m n²) FLOPs per m × n matrix, and every f-th as many and 5 (m³ + n³) more. The eigenvectors of the first step
take some 10 n³ for a side n. A longer side than max_side keeps the identity, at no cost.`,
	Source: "Vyas et al., SOAP, ICLR 2025, Alg. 3 and 4, as in nikhilvyas/SOAP; copies that keep m " +
		"outside the basis are the same up to rounding. ε is added after bias correction, as in Adam " +
		"here, and before it there. A block of more than two dimensions is outputs × the rest, where " +
		"that has a basis for each. max_side is 10000 there. Copies in use have f = 2 and β1 = 0.9. " +
		"Weights alone decay, by role, where that decays all.",
	Hyperparameters: append([]protocol.Hyperparameter{
		protocol.StepSizeParameter(0.003),
		protocol.Fraction("beta1", "decay rate β1 of the average of G", 0.95),
		protocol.Fraction("beta2", "decay rate β2 of the other averages", 0.95),
		protocol.NonNegative("epsilon", "ε, outside the root; at 0, 0/0 is 0", 1e-8),
		protocol.Count("every", "steps f from one basis to the next", 10, 1),
		protocol.Count("max_side", "longest side of a matrix that has a basis", 1024, 0),
	}, weightDecayParameters(0.01, "weight decay λ, multiplied by α")...),
	Needs: protocol.Gradient,
	Saves: true,
	New32: newSOAP[float32],
	New64: newSOAP[float64],
}

type soapState[T protocol.Float] struct {
	α, β1, β2, ε float64
	every        int
	t            int
	matrices     []twoSided[T]
	adam         *adamPart[T]
	decay        weightDecay[T]
	kronecker[T]
}

func newSOAP[T protocol.Float](
	start protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	s := start.Setting
	matrices, rest := splitMatrices(start, false)
	return &soapState[T]{
		α: s[protocol.StepSize], β1: s["beta1"], β2: s["beta2"], ε: s["epsilon"], every: int(s["every"]),
		adam:     newAdamPart[T](start, s["beta1"], s["beta2"], s["epsilon"], rest),
		matrices: newTwoSided[T](matrices, s["max_side"]),
		decay:    newWeightDecay[T](start), kronecker: newKronecker[T](matrices),
	}, protocol.Request{}, nil
}

func (o *soapState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	α := o.α * batch.StepScale
	for i := range o.matrices {
		b := &o.matrices[i]
		w, g := of(x, &b.matrix), view(batch.Gradient, &b.matrix)
		if spoil(w, g.Data) {
			continue
		}
		if o.t > 0 {
			o.move(w, α, g, b)
		}
		o.average(&b.left, g.T(), decay(o.β2, o.t))
		o.average(&b.right, g, decay(o.β2, o.t))
		if o.t%o.every == 0 && !spoil(w, b.left.a.Data) && !spoil(w, b.right.a.Data) {
			o.turn(b)
		}
	}
	o.adam.step(x, α, batch.Gradient)
	o.t++
	return protocol.Request{}, nil
}

// move makes Adam's step in the basis.
func (o *soapState[T]) move(w []T, α float64, g linalg.Matrix[T], b *twoSided[T]) {
	u, v := b.as(o.u), b.as(o.w)
	o.between(u, b.left.q.T(), g, b.right.q)
	adamDirection(v.Data, b.m, b.v, decay(o.β1, o.t-1), decay(o.β2, o.t-1), o.ε, u.Data)
	o.between(u, b.left.q, v, b.right.q.T())
	simd.Axpy(w, T(-α), u.Data)
	simd.Axpy(w, T(-α*o.decay.of(b.Block)), w)
}

// turn updates the basis: m is transformed from the old to the new one, and v is sorted like the
// basis.
func (o *soapState[T]) turn(b *twoSided[T]) {
	if o.t == 0 {
		b.left.decompose(&o.Decomposer)
		b.right.decompose(&o.Decomposer)
		return
	}
	m, sorted := b.as(o.u), o.w[:b.Len]
	o.between(m, b.left.q, b.as(b.m), b.right.q.T())
	rows, cols := b.left.turn(&o.kronecker), b.right.turn(&o.kronecker)
	o.between(b.as(b.m), b.left.q.T(), m, b.right.q)
	for i := range b.rows {
		for j := range b.cols {
			sorted[i*b.cols+j] = b.v[place(rows, i)*b.cols+place(cols, j)]
		}
	}
	copy(b.v, sorted)
}

// place returns the previous index of a sorted row or column; without an order, the same index.
func place(order []int, i int) int {
	if order == nil {
		return i
	}
	return order[i]
}

func (o *soapState[T]) State() []any { return append([]any{&o.t, o.adam}, statesOf(o.matrices)...) }
