package optimizers

import "math"

// wolfe searches along a line for a step η that meets the strong Wolfe conditions for φ(η) = f(x +
// ηd) with slope φ':
//
//	φ(η) ≤ φ(0) + c1 η φ'(0)    and    |φ'(η)| ≤ c2 |φ'(0)|
//
// It is the algorithm of Nocedal & Wright, Numerical Optimization, 2nd ed. 2006, Algs. 3.5 and 3.6
// combined: lo is the best step so far, and once there is a hi, an upper end, a solution lies
// between the two. Trials are the minima of cubics (Eq. 3.59), with the safeguards of Moré &
// Thuente, ACM TOMS 20 (1994): the midpoint if a cubic has no minimum between lo and hi or if two
// trials left more than 2/3 of the width; before there is a hi, an extrapolation by 1.1 to 4 times
// the last increment.
type wolfe struct {
	c1, c2       float64
	φ, slope     float64 // φ(0) and φ'(0) < 0
	lo, hi       trial
	bracketed    bool // there is a hi
	width, older float64
	η            float64 // the trial to measure
	trials       int     // measured so far
}

type trial struct{ η, φ, slope float64 }

type verdict int

const (
	tryNext  verdict = iota // measure at η
	accepted                // η is the step
	givenUp                 // η is the best step so far, possibly 0
)

// maxTrials is the number of trials after which a search is abandoned.
const maxTrials = 15

func (w *wolfe) begin(φ, slope, η float64) {
	w.φ, w.slope, w.lo, w.bracketed = φ, slope, trial{0, φ, slope}, false
	w.width, w.older, w.η, w.trials = math.Inf(1), math.Inf(1), η, 0
}

// judge processes the measurement at η. If φ is acceptable and its slope is not finite, η is
// accepted, so that the next step propagates it to x.
func (w *wolfe) judge(φ, slope float64) verdict {
	now, before := trial{w.η, φ, slope}, w.lo
	w.trials++
	switch {
	case !(φ <= w.φ+w.c1*w.η*w.slope) || φ > w.lo.φ: // too far, also for NaN
		w.hi, w.bracketed = now, true
	case !(math.Abs(slope) > -w.c2*w.slope) || math.IsInf(slope, 0):
		return accepted
	default:
		if w.bracketed && slope*(w.hi.η-w.lo.η) >= 0 || !w.bracketed && slope >= 0 {
			w.hi, w.bracketed = w.lo, true
		}
		w.lo = now
	}
	if w.bracketed {
		w.inside()
	} else {
		w.η = min(max(cubic(before, now), now.η+1.1*(now.η-before.η)), now.η+4*(now.η-before.η))
		if math.IsNaN(w.η) {
			w.η = now.η + 4*(now.η-before.η)
		}
	}
	if w.trials == maxTrials || w.η == w.lo.η || w.bracketed && w.η == w.hi.η {
		w.η = w.lo.η
		return givenUp
	}
	return tryNext
}

// inside chooses the next trial between lo and hi.
func (w *wolfe) inside() {
	width := math.Abs(w.hi.η - w.lo.η)
	w.η = cubic(w.lo, w.hi)
	if !(math.Abs(w.η-w.lo.η) < width && math.Abs(w.η-w.hi.η) < width) || width > w.older*2/3 {
		w.η = w.lo.η + (w.hi.η-w.lo.η)/2
	}
	w.width, w.older = width, w.width
}

// cubic returns the minimizer of the cubic with the values and slopes of a and b; NaN if it has
// none.
func cubic(a, b trial) float64 {
	d1 := a.slope + b.slope - 3*(a.φ-b.φ)/(a.η-b.η)
	d2 := math.Copysign(math.Sqrt(d1*d1-a.slope*b.slope), b.η-a.η)
	return b.η - (b.η-a.η)*(b.slope+d2-d1)/(b.slope-a.slope+2*d2)
}

func (w *wolfe) State() []any {
	return []any{
		&w.φ, &w.slope, &w.lo.η, &w.lo.φ, &w.lo.slope, &w.hi.η, &w.hi.φ, &w.hi.slope, &w.bracketed,
		&w.width, &w.older, &w.η, &w.trials,
	}
}
