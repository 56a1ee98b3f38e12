package optimizers

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"

	"noisebench/protocol"
)

// dampedState is x ← x − α (A + λI)⁻¹ g, where A is one of the measurable matrices, and g and A are
// of all training examples or of a batch. The system is solved in float64, by Cholesky
// factorization or, if A + λI is not positive definite, by LU.
type dampedState[T protocol.Float] struct {
	α, λ   float64
	name   string // of A, in formulas
	matrix func(*protocol.Measurement[T]) []T
	next   protocol.Request // of each step

	a      blas64.General // A + λI, then its factors
	d      blas64.General // g, then the direction
	pivots []int
}

func (*dampedState[T]) State() []any { return nil }

// dampedParameters declares α and λ. The thesis tunes them on grids of 241 and 41 values, from
// 1e-20 and 1e-10 to 1e10, which a plan can specify.
func dampedParameters(λ float64) []protocol.Hyperparameter {
	return []protocol.Hyperparameter{
		protocol.StepSizeParameter(1),
		{
			Name: "damping", Doc: "λ ≥ 0, added to the diagonal", Default: λ, Max: math.Inf(1),
			MaxOpen: true, Tuned: true, Grid: []float64{0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1},
		},
	}
}

// newDamped opens the method on all training examples.
func newDamped[T protocol.Float](
	start protocol.Start, name string, matrix func(*protocol.Measurement[T]) []T,
) (protocol.Optimizer[T], protocol.Request, error) {
	o := newDampedOnBatches(start, name, matrix)
	var err error
	o.next, err = all(start)
	return o, o.next, err
}

// newDampedOnBatches opens the method on batches of the plan's size.
func newDampedOnBatches[T protocol.Float](
	start protocol.Start, name string, matrix func(*protocol.Measurement[T]) []T,
) *dampedState[T] {
	n := start.Dim
	return &dampedState[T]{
		α: start.Setting[protocol.StepSize], λ: start.Setting["damping"], name: name, matrix: matrix,
		a:      blas64.General{Rows: n, Cols: n, Stride: n, Data: make([]float64, n*n)},
		d:      blas64.General{Rows: n, Cols: 1, Stride: 1, Data: make([]float64, n)},
		pivots: make([]int, n),
	}
}

func (o *dampedState[T]) Step(x []T, batch *protocol.Measurement[T]) (protocol.Request, error) {
	a, g := o.matrix(batch), batch.Gradient
	if !o.solve(a, g) {
		return protocol.Request{}, o.singular()
	}
	α := o.α * batch.StepScale
	for j, d := range o.d.Data {
		x[j] -= T(α * d)
	}
	return o.next, nil
}

func (o *dampedState[T]) singular() error {
	return fmt.Errorf("%s + λI is singular at λ = %g; choose a greater damping", o.name, o.λ)
}

// solve writes (A + λI)⁻¹ g to d, and reports whether the inverse exists. NaN and infinities in A
// give NaN.
func (o *dampedState[T]) solve(a, g []T) bool {
	if !o.load(a, g) {
		for j := range o.d.Data {
			o.d.Data[j] = math.NaN()
		}
		return true
	}
	symmetric := blas64.Symmetric{N: o.a.Rows, Stride: o.a.Stride, Data: o.a.Data, Uplo: blas.Upper}
	if factor, ok := lapack64.Potrf(symmetric); ok {
		lapack64.Potrs(factor, o.d)
		return true
	}
	o.load(a, g)
	if !lapack64.Getrf(o.a, o.pivots) {
		return false
	}
	lapack64.Getrs(blas.NoTrans, o.a, o.d, o.pivots)
	return true
}

// load copies A + λI and g to the work space, and reports whether A is finite.
func (o *dampedState[T]) load(a, g []T) bool {
	nothing := 0.0
	for k, v := range a {
		o.a.Data[k] = float64(v)
		nothing += float64(v) * 0
	}
	for j, v := range g {
		o.a.Data[j*o.a.Stride+j] += o.λ
		o.d.Data[j] = float64(v)
	}
	return nothing == 0
}
