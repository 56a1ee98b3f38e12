package protocol

import (
	"fmt"
	"math"
	"slices"
)

// Accuracy is the name of the metric that is a share of correct answers, in [0, 1].
const Accuracy = "accuracy"

// Check returns an error that names what no problem can measure, wherever the point is: a negative variance at a finite loss.
func (m *Measurement[T]) Check() error {
	if !Finite(m.Loss) {
		return nil // nothing is said of the rest
	}
	if m.Have.Has(VarianceNorm) && m.VarianceNorm < 0 {
		return fmt.Errorf("it measured ‖s‖₁ = %g at a loss of %g, want a number that is not negative: it is a sum of squares", m.VarianceNorm, m.Loss)
	}
	for _, v := range m.Slices() {
		if v.Of != Variance && v.At != &m.TrueVariance || !m.Have.Has(v.Of) {
			continue
		}
		for j, s := range *v.At {
			if s < 0 {
				return fmt.Errorf("it measured %g as element %d of the %v at a loss of %g, want a number that is not negative: it is a sum of squares",
					s, j, v.Of, m.Loss)
			}
		}
	}
	return nil
}

// NotFinite returns the name of the first quantity beside the loss that is not finite, and its value; empty: all are.
func (m *Measurement[T]) NotFinite() (name string, value float64) {
	if m.Have.Has(VarianceNorm) && !Finite(m.VarianceNorm) {
		return "‖s‖₁", m.VarianceNorm
	}
	for _, v := range m.Slices() {
		if !m.Have.Has(v.Of) || allFinite(*v.At) {
			continue
		}
		for j, e := range *v.At {
			if !Finite(float64(e)) {
				return fmt.Sprintf("%v[%d]", v.Of, j), float64(e)
			}
		}
	}
	return "", 0
}

// allFinite reports whether no element is NaN or infinite. It passes over millions of elements at each step: v − v is 0 for
// numbers and NaN for the rest, and so is a sum of these.
func allFinite[T Float](x []T) bool {
	var a, b, c, d T
	for len(x) >= 4 {
		a += x[0] - x[0]
		b += x[1] - x[1]
		c += x[2] - x[2]
		d += x[3] - x[3]
		x = x[4:]
	}
	for _, v := range x {
		a += v - v
	}
	return a+b+c+d == 0
}

// Check returns an error that names what no problem can find at a finite loss, wherever the point is: an accuracy outside
// [0, 1]. NaN is another matter, see [Caused].
func (e Evaluation) Check(m Metric) error {
	if m.Name == Accuracy && Finite(e.Loss) && (e.Metric < 0 || e.Metric > 1) {
		return fmt.Errorf("the accuracy is %g at a loss of %g, want a share of examples, in [0, 1]", e.Metric, e.Loss)
	}
	return nil
}

// Caused reports whether an optimizer can have caused that something beside the loss is not finite at x, where the loss is
// finite (R7). It cannot have at the start; nor later where the loss is not above that at the start and no element of x is so
// large that its eighth power overflows in T.
//
// A point that is not worse than the start and not far out is one that any optimizer may reach, and a problem has to measure
// there. The eighth power leaves room for networks of eight layers, and for the fourth power that a variance is of a
// product of two; an optimizer that goes farther has only itself to blame, whatever the loss.
func Caused[T Float](x []T, moved bool, loss, atStart float64) bool {
	if !moved {
		return false
	}
	if loss > atStart {
		return true
	}
	most := 0x1p16
	if DTypeOf[T]() == Float64 {
		most = 0x1p128
	}
	return slices.ContainsFunc(x, func(v T) bool { return !(math.Abs(float64(v)) < most) })
}
