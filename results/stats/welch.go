package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Difference is an estimate of how far the mean of x is from that of y.
type Difference struct {
	Mean      float64 // x̄ − ȳ; NaN if a sample is empty
	Low, High float64 // interval of Mean; NaN if there is none
	P         float64 // two-sided p-value of the test that belongs to the interval; NaN if there is none
}

// Welch compares the means of two samples that are not paired, by the t-test of Welch 1947, and gives the interval that
// covers the difference with probability level:
//
//	t = (x̄ − ȳ)/√(a+b),  a = s²ₓ/n, b = s²ᵧ/m,  ν = (a+b)² / (a²/(n−1) + b²/(m−1))  (Satterthwaite 1946).
//
// It needs two values on each side.
func Welch(x, y []float64, level float64) Difference {
	d := Difference{Mean: Mean(x) - Mean(y), Low: math.NaN(), High: math.NaN(), P: math.NaN()}
	a, b := StdErr(x)*StdErr(x), StdErr(y)*StdErr(y)
	switch {
	case math.IsNaN(a + b + d.Mean):
		return d
	case a+b == 0:
		d.Low, d.High, d.P = d.Mean, d.Mean, 0
		if d.Mean == 0 {
			d.P = 1
		}
		return d
	}
	ν := (a + b) * (a + b) / (a*a/float64(len(x)-1) + b*b/float64(len(y)-1))
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: ν}
	se := math.Sqrt(a + b)
	half := student.Quantile((1+level)/2) * se
	d.Low, d.High, d.P = d.Mean-half, d.Mean+half, 2*student.Survival(math.Abs(d.Mean)/se)
	return d
}
