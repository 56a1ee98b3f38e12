package protocoltest

import (
	"math"

	"noisebench/protocol"
)

// derivative compares a gradient with differences of the loss near one point.
type derivative[T protocol.Float] struct {
	loss  func(x []T) (float64, error)
	x     []T
	at    float64 // loss at x
	g     []T     // the gradient under test
	noise float64 // standard deviation of the loss' rounding error, estimated
}

// rates are the outcome of one comparison along a direction u of length 1.
type rates struct {
	claimed float64 // g·u
	excess  float64 // (derivative of the loss along u) − g·u
	err     float64 // of excess, estimated
}

// wrong reports whether the gradient differs from the derivative by more than what the difference's own error, and the
// rounding of the gradient's elements (of size up to most), can explain. Romberg's error estimate is no bound: it counts
// fourfold.
func (r rates) wrong(eps, most float64) bool { return !(math.Abs(r.excess) <= 4*r.err+32*eps*most) }

// resolved reports whether an error of 0.1 % along u would have been noticed.
func (r rates) resolved(eps, most float64) bool {
	return 4*r.err+32*eps*most < 0.9e-3*math.Abs(r.claimed)
}

// residual is loss(x+v) − loss(x) − g·v for the v ≈ hu that the element type can represent: subtracting the claim from
// the v really taken removes the rounding of x+v to first order. It returns v too.
func (d *derivative[T]) residual(u []float64, h float64) (float64, error) {
	y := make([]T, len(d.x))
	claim := 0.0
	for i, xi := range d.x {
		y[i] = T(float64(xi) + h*u[i])
		claim += float64(d.g[i]) * (float64(y[i]) - float64(xi))
	}
	f, err := d.loss(y)
	return f - d.at - claim, err
}

// estimateNoise estimates the loss' rounding error from third differences at nine closely spaced points along u, in which
// whatever is smooth cancels (Moré and Wild, 2011, Estimating computational noise, Sec. 3: σ² ≈ mean (Δᵏf)²·(k!)²/(2k)!).
func (d *derivative[T]) estimateNoise(u []float64, h float64) error {
	table := make([]float64, 9)
	for i := range table {
		var err error
		if table[i], err = d.residual(u, float64(i-4)*h); err != nil {
			return err
		}
	}
	for order := range 3 {
		for i := 0; i < len(table)-1-order; i++ {
			table[i] = table[i+1] - table[i]
		}
	}
	sum := 0.0
	for _, v := range table[:6] {
		sum += v * v
	}
	d.noise = max(math.Sqrt(sum/6/20), 0x1p-53*math.Abs(d.at))
	return nil
}

// along compares along u, of length 1, by central differences with step sizes h, h/2, h/4, …, extrapolated to 0 (Romberg;
// Ridders, 1982, Accurate computation of F'(x)). It stops as soon as an error of 0.1 % would show, and returns the best
// of what it found.
func (d *derivative[T]) along(u []float64, h float64) (rates, error) {
	const halvings = 12
	r := rates{err: math.Inf(1)}
	for i, ui := range u {
		r.claimed += float64(d.g[i]) * ui
	}
	var row, last []float64
	for k := range halvings {
		plus, err := d.residual(u, h)
		if err != nil {
			return r, err
		}
		minus, err := d.residual(u, -h)
		if err != nil {
			return r, err
		}
		last, row = row, []float64{(plus - minus) / (2 * h)}
		power := 1.0
		for j := 1; j <= min(k, 3); j++ {
			power *= 4
			next := (power*row[j-1] - last[j-1]) / (power - 1)
			e := max(math.Abs(next-row[j-1]), math.Abs(next-last[j-1])) + 4*d.noise/h
			row = append(row, next)
			if e < r.err {
				r.err, r.excess = e, next
			}
		}
		if k >= 2 && 4*r.err <= 2e-4*math.Abs(r.claimed) {
			break
		}
		h /= 2
	}
	return r, nil
}
