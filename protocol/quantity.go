package protocol

import (
	"slices"
	"strings"
)

// Quantity is a set of things that can be measured on a batch. The loss comes with every measurement.
type Quantity uint32

// The quantities. A problem declares which it offers, an optimizer which it needs.
//
// A matrix has d×d elements, row-major and exactly symmetric. It is a mean over the batch, as losses and gradients are
// (R1), and the regulariser adds to the Hessian alone. For Fisher, SampledFisher and GaussNewton the problem must be a
// model: fᵢ(x) = −log p(yᵢ|zᵢ) + const with z = zᵢ(x) the model's output and p the predictive distribution of its loss,
// N(z, 1) for the squared loss ½(z − y)². Equations are those of Balles 2021, with averages in the place of sums.
const (
	Gradient        Quantity = 1 << iota // g = (1/m) Σ ∇fᵢ(x), plus the regulariser's gradient; d elements
	VarianceNorm                         // ‖s‖₁, a scalar: the estimate of tr Σ; needs a batch of at least 2
	Variance                             // s = 1/(m−1) Σ (∇fᵢ − g)², d elements; needs a batch of at least 2
	Fisher                               // F = (1/m) Σ E[∇ log p(ỹ|zᵢ) ∇ log p(ỹ|zᵢ)ᵀ], the expectation over ỹ ~ p(·|zᵢ) exact
	EmpiricalFisher                      // F̃ = (1/m) Σ ∇fᵢ ∇fᵢᵀ, the regulariser's gradient left out of ∇fᵢ (Eq. 7.3)
	SampledFisher                        // F with one ỹᵢ ~ p(·|zᵢ) per example in the place of the expectation (Eq. 7.24), see PurposeLabel
	Hessian                              // H = ∇g: (1/m) Σ ∇²fᵢ, plus the regulariser's Hessian
	GaussNewton                          // G = (1/m) Σ Jᵢᵀ (∇²_z fᵢ) Jᵢ with Jᵢ the Jacobian of zᵢ(x): the generalised Gauss-Newton matrix
	Covariance                           // 1/(m−1) Σ (∇fᵢ − g)(∇fᵢ − g)ᵀ, so that s is its diagonal; needs a batch of at least 2
	// Oracle is the knowledge of the whole distribution of examples, not of the batch: ∇f(x), and σ²(x) = E (∇fᵢ − ∇f)²,
	// elementwise and per example, where E is (1/N) Σ over the training examples or the expectation over endless ones; two
	// vectors of d elements. It is what idealised methods assume (Thm. 5.1, Eqs. 4.11 and 4.13) and what no real one has:
	// it costs nothing of the budget, and so whatever used it is marked in records and tables.
	Oracle
	// SampledGradient is (1/m) Σ ∇(−log p(ỹᵢ|zᵢ)) with one ỹᵢ ~ p(·|zᵢ) per example, without the regulariser; d elements. Its
	// labels are those of SampledFisher, see PurposeLabel. Where fᵢ is a mean over the positions of a sequence, so is −log p, and
	// each position draws a label. It costs what a gradient does (R3).
	SampledGradient
	quantityEnd
)

// Matrices are the quantities with d×d elements.
const Matrices = Fisher | EmpiricalFisher | SampledFisher | Hessian | GaussNewton | Covariance

// MaxMatrixDim is the greatest d of a problem that offers one of Matrices: its matrix has 128 MiB in float64.
const MaxMatrixDim = 4096

var quantityNames = []string{
	"gradient", "variance-norm", "variance", "fisher", "empirical-fisher", "sampled-fisher", "hessian", "gauss-newton",
	"covariance", "oracle", "sampled-gradient",
}

// Has reports whether q contains all of other.
func (q Quantity) Has(other Quantity) bool { return q&other == other }

// Valid reports whether q consists of known quantities only.
func (q Quantity) Valid() bool { return q&^(quantityEnd-1) == 0 }

// MinBatch is the least batch size at which all of q is defined: 2 where a variance is in it, else 1.
func (q Quantity) MinBatch() int {
	if q&(VarianceNorm|Variance|Covariance) != 0 {
		return 2
	}
	return 1
}

// Elements is the number of elements of a slice that holds q, one quantity, at points of d elements; 0 for a scalar.
func (q Quantity) Elements(d int) int {
	switch {
	case q&Matrices != 0:
		return d * d
	case q == VarianceNorm:
		return 0
	}
	return d
}

// String lists the names of q's members, joined by "+"; the empty set is "loss".
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

// ParseQuantity reads what String writes.
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
