package protocol

import (
	"slices"
	"strings"
)

// Quantity is a set of quantities that can be measured on a batch. Every measurement includes the
// loss.
type Quantity uint32

// The quantities. A problem declares which it offers, an optimizer which it needs.
//
// A matrix has d×d elements, row-major and exactly symmetric. It is a mean over the batch, as
// losses and gradients are (R1), and the regulariser contributes only to the Hessian. For Fisher,
// SampledFisher and GaussNewton the problem must be a model: fᵢ(x) = −log p(yᵢ|zᵢ) + const with z =
// zᵢ(x) the model's output and p the predictive distribution of its loss, N(z, 1) for the squared
// loss ½(z − y)². Equations are those of Balles 2021, with means instead of sums.
const (
	// g = (1/m) Σ ∇fᵢ(x), plus the regulariser's gradient; d elements
	Gradient Quantity = 1 << iota
	// ‖s‖₁, a scalar: the estimate of tr Σ; needs a batch of at least 2
	VarianceNorm
	// s = 1/(m−1) Σ (∇fᵢ − g)², d elements; needs a batch of at least 2
	Variance
	// F = (1/m) Σ E[∇ log p(ỹ|zᵢ) ∇ log p(ỹ|zᵢ)ᵀ], the expectation over ỹ ~ p(·|zᵢ) exact
	Fisher
	// F̃ = (1/m) Σ ∇fᵢ ∇fᵢᵀ, the regulariser's gradient left out of ∇fᵢ (Eq. 7.3)
	EmpiricalFisher
	// F with one ỹᵢ ~ p(·|zᵢ) per example instead of the expectation (Eq. 7.24), see PurposeLabel
	SampledFisher
	Hessian // H = ∇g: (1/m) Σ ∇²fᵢ, plus the regulariser's Hessian
	// G = (1/m) Σ Jᵢᵀ (∇²_z fᵢ) Jᵢ with Jᵢ the Jacobian of zᵢ(x): the generalised Gauss-Newton
	// matrix
	GaussNewton
	// 1/(m−1) Σ (∇fᵢ − g)(∇fᵢ − g)ᵀ, so that s is its diagonal; needs a batch of at least 2
	Covariance
	// Oracle is knowledge of the whole distribution of examples instead of the batch: ∇f(x), and
	// σ²(x) = E (∇fᵢ − ∇f)², elementwise and per example, where E is (1/N) Σ over the training
	// examples or the expectation over endless ones; two vectors of d elements. Idealised methods
	// assume it (Thm. 5.1, Eqs. 4.11 and 4.13), real ones cannot have it. It is free, and records
	// and tables mark runs that used it.
	Oracle
	// SampledGradient is (1/m) Σ ∇(−log p(ỹᵢ|zᵢ)) with one ỹᵢ ~ p(·|zᵢ) per example, without the
	// regulariser; d elements. Its labels are those of SampledFisher, see PurposeLabel. If fᵢ is a
	// mean over the positions of a sequence, so is −log p, and a label is drawn for each position.
	// It costs the same as a gradient (R3).
	SampledGradient
	quantityEnd
)

// Matrices are the quantities with d×d elements.
const Matrices = Fisher | EmpiricalFisher | SampledFisher | Hessian | GaussNewton | Covariance

// MaxMatrixDim is the greatest dimension d of a problem that offers one of Matrices. A matrix then
// has 128 MiB in float64.
const MaxMatrixDim = 4096

var quantityNames = []string{
	"gradient", "variance-norm", "variance", "fisher", "empirical-fisher", "sampled-fisher",
	"hessian", "gauss-newton",
	"covariance", "oracle", "sampled-gradient",
}

// Has reports whether q contains all of other.
func (q Quantity) Has(other Quantity) bool { return q&other == other }

// Valid reports whether q consists of known quantities only.
func (q Quantity) Valid() bool { return q&^(quantityEnd-1) == 0 }

// MinBatch returns the least batch size at which all of q is defined: 2 if q contains a variance,
// else 1.
func (q Quantity) MinBatch() int {
	if q&(VarianceNorm|Variance|Covariance) != 0 {
		return 2
	}
	return 1
}

// Elements returns the number of elements of a slice that holds q, a single quantity, at points of
// d elements; 0 for a scalar.
func (q Quantity) Elements(d int) int {
	switch {
	case q&Matrices != 0:
		return d * d
	case q == VarianceNorm:
		return 0
	}
	return d
}

// String returns the names of q's members, joined by "+"; that of the empty set is "loss".
func (q Quantity) String() string {
	var names []string
	for i, name := range quantityNames {
		if q&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if !q.Valid() {
		names = append(names, "unknown")
	}
	if len(names) == 0 {
		return "loss"
	}
	return strings.Join(names, "+")
}

// ParseQuantity parses the output of String.
func ParseQuantity(text string) (q Quantity, err error) {
	if text == Quantity(0).String() {
		return 0, nil
	}
	for name := range strings.SplitSeq(text, "+") {
		i := slices.Index(quantityNames, name)
		if i < 0 {
			return 0, Unknown("quantity", name, quantityNames)
		}
		q |= 1 << i
	}
	return q, nil
}
