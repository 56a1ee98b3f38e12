package protocol

import "strings"

// Quantity is a set of things that can be measured on a batch. The loss comes with every measurement.
type Quantity uint32

// The quantities. A problem declares which it offers, an optimizer which it needs.
const (
	Gradient     Quantity = 1 << iota // g = (1/m) Σ ∇fᵢ(x), plus the regulariser's gradient; d elements
	VarianceNorm                      // ‖s‖₁, a scalar: the estimate of tr Σ; needs a batch of at least 2
	Variance                          // s = 1/(m−1) Σ (∇fᵢ − g)², d elements; needs a batch of at least 2
	quantityEnd
)

var quantityNames = []string{"gradient", "variance-norm", "variance"}

// Has reports whether q contains all of other.
func (q Quantity) Has(other Quantity) bool { return q&other == other }

// Valid reports whether q consists of known quantities only.
func (q Quantity) Valid() bool { return q&^(quantityEnd-1) == 0 }

// MinBatch is the least batch size at which all of q is defined: 2 where a variance is in it, else 1.
func (q Quantity) MinBatch() int {
	if q&(VarianceNorm|Variance) != 0 {
		return 2
	}
	return 1
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
