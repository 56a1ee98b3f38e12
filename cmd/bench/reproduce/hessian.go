package reproduce

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
	"noisebench/results/stats"
)

// hessian is the Hessian matrix H of f at x, of d×d elements, known by its products with vectors:
// Hv is the central difference of ∇f along v. It is exact for quadratics, and else of second order
// in the length of the difference.
type hessian struct {
	x        []float64
	gradient func(x []float64) ([]float64, error) // a slice of its own for each call
	length   float64                              // of the difference to each side of x
}

// newHessian chooses a difference of a thousandth of ‖x‖, or of 1 if that is more: gradients in
// float32, whose rounding is 1e-7 of them, then give products to about 1e-4.
func newHessian(x []float64, gradient func(x []float64) ([]float64, error)) *hessian {
	return &hessian{x, gradient, 1e-3 * max(1, floats.Norm(x, 2))}
}

// times returns Hv for v ≠ 0.
func (h *hessian) times(v []float64) ([]float64, error) {
	scale := h.length / floats.Norm(v, 2)
	at := make([]float64, len(v))
	product, err := h.gradient(floats.AddScaledTo(at, h.x, scale, v))
	if err != nil {
		return nil, err
	}
	other, err := h.gradient(floats.AddScaledTo(at, h.x, -scale, v))
	if err != nil {
		return nil, err
	}
	floats.Sub(product, other)
	floats.Scale(1/(2*scale), product)
	return product, nil
}

// extremes returns the least and the greatest eigenvalue, λmin and λmax, by Lanczos' method (1950)
// with complete reorthogonalization from a random vector. It ends once an eigenvalue is known to be
// within a part in 10⁴ of what it returns for the greatest, which is never above λmax; that for the
// least is only known not to be below λmin. An error if that takes more than the given number of
// products, and d is more.
func (h *hessian) extremes(seed uint64, products int) (least, greatest float64, err error) {
	d := len(h.x)
	random := protocol.Stream(seed, protocol.PurposeNoise)
	v := make([]float64, d)
	for j := range v {
		v[j] = random.NormFloat64()
	}
	floats.Scale(1/floats.Norm(v, 2), v)
	var basis [][]float64
	var diagonal, beside []float64 // of the tridiagonal matrix of H in the basis
	for k := range min(d, products) {
		basis = append(basis, v)
		w, err := h.times(v)
		if err != nil {
			return 0, 0, err
		}
		diagonal = append(diagonal, floats.Dot(v, w))
		for range 2 { // the second pass takes the rounding of the first away
			for _, u := range basis {
				floats.AddScaled(w, -floats.Dot(u, w), u)
			}
		}
		rest := floats.Norm(w, 2)
		if !protocol.Finite(rest + diagonal[k]) {
			return 0, 0, errors.New("the Hessian is not finite")
		}
		values, last, err := eigenvaluesOfTridiagonal(diagonal, beside)
		if err != nil {
			return 0, 0, err
		}
		if greatest = values[k]; rest*math.Abs(last) <= 1e-4*math.Abs(greatest) || k+1 == d {
			return values[0], greatest, nil
		}
		beside = append(beside, rest)
		floats.Scale(1/rest, w)
		v = w
	}
	return 0, 0, fmt.Errorf("the greatest eigenvalue is not known after %d products with the "+
		"Hessian", products)
}

// eigenvaluesOfTridiagonal returns the eigenvalues of a symmetric tridiagonal matrix, which ascend,
// and the last element of the eigenvector of norm 1 of the greatest.
func eigenvaluesOfTridiagonal(diagonal, beside []float64) (
	values []float64, last float64, err error,
) {
	n := len(diagonal)
	t := mat.NewSymDense(n, nil)
	for i, v := range diagonal {
		t.SetSym(i, i, v)
		if i+1 < n {
			t.SetSym(i, i+1, beside[i])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(t, true) {
		return nil, 0, errors.New("the eigenvalues of Lanczos' matrix do not converge")
	}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	return e.Values(nil), vectors.At(n-1, n-1), nil
}

// mean returns λ̄ = tr(H)/d with its standard error: the mean of vᵀHv/d over random vectors of
// signs v (Hutchinson, Communications in Statistics 19, 1990).
func (h *hessian) mean(seed uint64, draws int) (mean, standardError float64, err error) {
	d := len(h.x)
	random := protocol.Stream(seed, protocol.PurposeNoise)
	v, quotients := make([]float64, d), make([]float64, draws)
	for k := range quotients {
		for j := range v {
			v[j] = float64(1 - 2*random.IntN(2))
		}
		w, err := h.times(v)
		if err != nil {
			return 0, 0, err
		}
		quotients[k] = floats.Dot(v, w) / float64(d)
	}
	return stats.Mean(quotients), stats.StdErr(quotients), nil
}

// diagonalShare returns ρ_diag = Σᵢ |Hᵢᵢ| / Σᵢⱼ |Hᵢⱼ| (Balles 2021, Sec. 6.4, Eq. 6.21; Balles,
// Pedregosa and Le Roux 2020), which is 1 for a diagonal matrix and 1/d for one of equal elements,
// with its standard error. The sums are over the given number of columns, chosen at random; exact
// if that is d. The error is that of a quotient of sums over a sample without replacement.
func (h *hessian) diagonalShare(seed uint64, columns int) (
	share, standardError float64, err error,
) {
	d := len(h.x)
	columns = min(columns, d)
	var diagonal, all []float64 // |Hⱼⱼ| and Σᵢ |Hᵢⱼ| of each column
	v := make([]float64, d)
	for _, j := range protocol.Stream(seed, protocol.PurposeSplit).Perm(d)[:columns] {
		clear(v)
		v[j] = 1
		column, err := h.times(v)
		if err != nil {
			return 0, 0, err
		}
		diagonal = append(diagonal, math.Abs(column[j]))
		all = append(all, floats.Norm(column, 1))
	}
	share = floats.Sum(diagonal) / floats.Sum(all)
	floats.AddScaled(diagonal, -share, all)
	left := 1 - float64(columns)/float64(d)
	return share, stats.StdErr(diagonal) / stats.Mean(all) * math.Sqrt(left), nil
}

// density returns φ(v) = ‖v‖₁² / (d ‖v‖₂²), which is 1 where all elements are of one size, and 1/d
// where all but one are 0 (Bernstein et al., ICML 2018).
func density(v []float64) float64 {
	sum := floats.Norm(v, 1)
	return sum * sum / (float64(len(v)) * floats.Dot(v, v))
}
