package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// maxSmoothness is L∞ by its definition (Eq. 6.11), the least L with ‖H(x−y)‖₁ ≤ L‖x−y‖∞, for a
// matrix H of d rows. The left side is convex, so that its maximum over the cube ‖x−y‖∞ = 1 is at a
// corner, and the same at the opposite one.
func maxSmoothness(h []float64, d int) float64 {
	l, corner := 0.0, make([]float64, d)
	for signs := range 1 << (d - 1) {
		for j := range corner {
			corner[j] = float64(1 - 2*(signs>>j&1))
		}
		sum := 0.0
		for i := range d {
			sum += math.Abs(floats.Dot(h[i*d:(i+1)*d], corner))
		}
		l = max(l, sum)
	}
	return l
}

// separableSmoothness is L_sep by its definition, the least sum l₁ + l₂ for which diag(l) − H has
// no negative eigenvalue: given l₁ > a, the least l₂ is d + b²/(l₁−a), and the sum is convex in l₁,
// so that a search by thirds finds its minimum.
func separableSmoothness(a, b, d float64) float64 {
	if b == 0 {
		return a + d
	}
	sum := func(excess float64) float64 { return a + excess + d + b*b/excess }
	// of the logarithm of the excess, convex in it as well
	low, high := math.Log(1e-30), math.Log(1e9)
	for range 200 {
		third := (high - low) / 3
		if sum(math.Exp(low+third)) < sum(math.Exp(high-third)) {
			high -= third
		} else {
			low += third
		}
	}
	return sum(math.Exp((low + high) / 2))
}

// euclideanSmoothness is L₂, the largest eigenvalue of a matrix H of d rows.
func euclideanSmoothness(h []float64, d int) float64 {
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(d, h), false) {
		return math.NaN()
	}
	return e.Values(nil)[d-1]
}

// slack61 are the least and the greatest quotient of a bound and of xᵀHx over directions, of which
// the corners of the square and the axes are some.
func slack61(bound bound61, a, b, d float64) (least, greatest float64) {
	f := bound(a, b, d)
	least = math.Inf(1)
	const n = 3600
	for i := range n {
		y, x := math.Sincos(math.Pi * float64(i) / n)
		if i%(n/4) == 0 { // without rounding
			x, y = math.Round(x*math.Sqrt2), math.Round(y*math.Sqrt2)
		}
		q := f(x, y) / (a*x*x + 2*b*x*y + d*y*y)
		least, greatest = min(least, q), max(greatest, q)
	}
	return least, greatest
}

// each61 calls f for quadratics at all eigenvalues and all angles by degrees.
func each61(h quadratic, f func(λ, a, b, d float64)) {
	for _, λ := range eigenvalues61 {
		for i := range 181 {
			a, b, d := h(λ, float64(i)*math.Pi/180)
			f(λ, a, b, d)
		}
	}
}

const on61 = "all angles by degrees"

// touches61 judges that the curve of a figure is a bound, and that no smaller one of its kind is.
func touches61(text string, h quadratic, bound bound61) Finding {
	low, high := math.Inf(1), 0.0
	each61(h, func(_, a, b, d float64) {
		least, _ := slack61(bound, a, b, d)
		low, high = min(low, least), max(high, least)
	})
	note := fmt.Sprintf("least quotient of bound and quadratic over 3600 directions: from 1 − "+
		"%.1e to 1 + %.1e", 1-low, high-1)
	return exactly("", text, on61, math.Abs(low-1) < 1e-12 && math.Abs(high-1) < 1e-12, note)
}

func claims61(h quadratic, bound bound61) []Finding {
	formula, turned, below := 0.0, 0.0, 0.0
	each61(h, func(λ, a, b, d float64) {
		h := []float64{a, b, b, d}
		lInf, l2 := maxSmoothness(h, 2), euclideanSmoothness(h, 2)
		drawn := bound(a, b, d)(1, 1)
		formula = max(formula, math.Abs(drawn/lInf-1))
		turned = max(turned, math.Abs(l2/λ-1))
		below = max(below, l2/drawn, drawn/(2*l2))
	})
	return []Finding{
		exactly("", "the square's L∞ is the least L with ‖H(x−y)‖₁ ≤ L‖x−y‖∞", on61,
			formula < 1e-14,
			fmt.Sprintf("greatest departure %.1e", formula)),
		touches61("the square is the smallest that bounds the quadratic", h, bound),
		exactly("", "L₂ does not depend on the angle", on61, turned < 1e-14,
			fmt.Sprintf("greatest departure %.1e", turned)),
		exactly("", "L₂ ≤ L∞ ≤ d L₂", on61, below <= 1+1e-14,
			fmt.Sprintf("greatest quotient %.15g", below)),
	}
}

func claims62(h quadratic, bound bound61) []Finding {
	equal, formula := 0.0, 0.0
	each61(h, func(_, a, b, d float64) {
		lSep := separableSmoothness(a, b, d)
		f := bound(a, b, d)
		equal = max(equal, math.Abs(lSep/maxSmoothness([]float64{a, b, b, d}, 2)-1))
		formula = max(formula, math.Abs((f(1, 0)+f(0, 1))/lSep-1))
	})
	return []Finding{
		exactly("", "L∞ = L_sep in two dimensions", on61+", both from their definitions",
			equal < 1e-12,
			fmt.Sprintf("greatest departure %.1e", equal)),
		exactly("", "the ellipse's lengths are those of the least sum", on61, formula < 1e-12,
			fmt.Sprintf("greatest departure from L_sep %.1e", formula)),
		touches61("the ellipse bounds the quadratic and touches it", h, bound),
	}
}
