package protocol

import (
	"fmt"
	"math"
	"slices"
)

// Accuracy is the name of the metric that is the fraction of correct answers, in [0, 1].
const Accuracy = "accuracy"

// Check returns an error for a measurement that is impossible at every point: a negative variance
// at a finite loss.
func (m *Measurement[T]) Check() error {
	if !Finite(m.Loss) {
		return nil // the other values are unspecified
	}
	if m.Have.Has(VarianceNorm) && m.VarianceNorm < 0 {
		return fmt.Errorf("it measured ‖s‖₁ = %g at a loss of %g, want a number that is not "+
			"negative: it is a sum of squares", m.VarianceNorm, m.Loss)
	}
	for _, v := range m.Slices() {
		if v.Of != Variance && v.At != &m.TrueVariance || !m.Have.Has(v.Of) {
			continue
		}
		for j, s := range *v.At {
			if s < 0 {
				return fmt.Errorf("it measured %g as element %d of the %v at a loss of %g, want "+
					"a number that is not negative: it is a sum of squares",
					s, j, v.Of, m.Loss)
			}
		}
	}
	return nil
}

// NotFinite returns name and value of the first quantity other than the loss that is not finite; an
// empty name if all are finite.
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

// allFinite reports whether no element is NaN or infinite. It is fast, since it reads millions of
// elements at each step: v − v is 0 for finite v and NaN otherwise, and so are sums of these
// differences.
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

// Check returns an error for an evaluation that is impossible at every point: an accuracy outside
// [0, 1] at a finite loss. For NaN see [Caused].
func (e Evaluation) Check(m Metric) error {
	if m.Name == Accuracy && Finite(e.Loss) && (e.Metric < 0 || e.Metric > 1) {
		return fmt.Errorf("the accuracy is %g at a loss of %g, want a share of examples, in [0, "+
			"1]", e.Metric, e.Loss)
	}
	return nil
}

// Caused reports whether an optimizer can have caused that a quantity other than the loss is not
// finite at x, where the loss is finite (R7). It cannot have caused it at the starting point, nor
// later where the loss is not above its initial value and no element of x is so large that its
// eighth power overflows in T.
//
// Any optimizer may reach a point that is no worse than the start and of moderate size, so a
// problem must measure there. The eighth power allows for networks of eight layers, and for
// variances, which are fourth powers of products of two factors. Beyond that the optimizer is
// responsible, whatever the loss.
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
