package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Difference is an estimate of the difference between the means of x and y.
type Difference struct {
	Mean      float64 // x̄ − ȳ; NaN if a sample is empty
	Low, High float64 // interval of Mean; NaN if there is none
	P         float64 // two-sided p-value of the corresponding test; NaN if there is none
}

// Welch compares the means of two unpaired samples by the t-test of Welch 1947, and returns the
// interval that covers the difference with probability level:
//
//	t = (x̄ − ȳ)/√(a+b),  a = s²ₓ/n, b = s²ᵧ/m,
//	ν = (a+b)² / (a²/(n−1) + b²/(m−1))  (Satterthwaite 1946).
//
// It needs two values on each side.
func Welch(x, y []float64, level float64) Difference {
	d := Difference{Mean: Mean(x) - Mean(y), Low: math.NaN(), High: math.NaN(), P: math.NaN()}
	ex, ey := StdErr(x), StdErr(y)
	se := math.Hypot(ex, ey)
	switch {
	case math.IsNaN(ex + ey + d.Mean):
		return d
	case se == 0:
		d.Low, d.High, d.P = d.Mean, d.Mean, 0
		if Equal(Mean(x), Mean(y)) {
			d.P = 1
		}
		return d
	}
	// Ratios of the squares, which themselves may overflow or underflow.
	u, v := (ex/se)*(ex/se), (ey/se)*(ey/se)
	student := distuv.StudentsT{
		Mu: 0, Sigma: 1,
		Nu: 1 / (u*u/float64(len(x)-1) + v*v/float64(len(y)-1)),
	}
	half := student.Quantile((1+level)/2) * se
	d.Low, d.High, d.P = d.Mean-half, d.Mean+half, 2*student.Survival(math.Abs(d.Mean)/se)
	return d
}
