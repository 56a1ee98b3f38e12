package reproduce

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"noisebench/results/stats"
)

// exactly judges a claim in which nothing is measured and nothing random: an identity or a theorem.
// ok reports whether it holds up to rounding.
func exactly(claim, text, on string, ok bool, note string) Finding {
	f := untested(claim, text, on, ok, note)
	if f.Basis = Exact; ok {
		f.Verdict = Proved
	}
	return f
}

// measured judges a claim about the outcome of one deterministic computation. Its bound is the
// thesis' or follows from theory, and was fixed before the computation.
func measured(claim, text, on string, ok bool, note string) Finding {
	return untested(claim, text, on, ok, note)
}

// impossible reports that claims could not be judged.
func impossible(on string, err error) Finding {
	if err == nil {
		err = errors.New("runs are missing")
	}
	return untested("", "the claims can be judged", on, false, err.Error())
}

func untested(claim, text, on string, ok bool, note string) Finding {
	nan := math.NaN()
	f := Finding{
		Claim: claim, Text: text, On: on, Verdict: Contradicted, Note: note,
		Delta: nan, Low: nan, High: nan, P: nan, pFor: nan, pAgainst: nan,
	}
	if ok {
		f.Verdict = Confirmed
	}
	return f
}

// better judges the claim that x is above y, given as many paired values; with higher false, below.
// It has the p-values of the one-sided sign-flip test of the differences: half the two-sided one on
// the side of the mean, since the sums of all sign patterns are distributed symmetrically.
func better(claim, text, on string, x, y []float64, higher bool) Finding {
	return betterBy(claim, text, on, x, y, higher, 0)
}

// betterBy is [better] for claims in strong words: the difference has to be more than the least
// effect that the word stands for, and the claim is false if it is less.
func betterBy(claim, text, on string, x, y []float64, higher bool, least float64) Finding {
	d := differences(x, y, higher)
	f := describe(claim, text, on, d, 0.95)
	if least != 0 {
		f.Note = fmt.Sprintf("by more than %.3g", least)
	}
	if len(d) == 0 {
		return f
	}
	excess := make([]float64, len(d))
	for i := range d {
		excess[i] = d[i] - least
	}
	half := stats.SignFlip(excess) / 2
	switch mean := stats.Mean(excess); {
	case mean > 0:
		f.pFor, f.pAgainst = half, 1-half
	case mean < 0:
		f.pFor, f.pAgainst = 1-half, half
	default:
		f.pFor, f.pAgainst = half, half // a half, or NaN
	}
	return f
}

// betterWithin is [better] for claims about slight differences: the difference has to be above 0
// and below the greatest that is slight, and the claim is false if it is below 0 or above that.
func betterWithin(
	claim, text, on string, x, y []float64, higher bool, greatest float64,
) Finding {
	f := better(claim, text, on, x, y, higher)
	f.Note = fmt.Sprintf("by less than %.3g", greatest)
	d := differences(x, y, higher)
	limit := make([]float64, len(d))
	for i := range limit {
		limit[i] = greatest
	}
	below := better("", "", "", limit, d, true)
	f.pFor = max(f.pFor, below.pFor)
	f.pAgainst = either(f.pAgainst, below.pAgainst)
	return f
}

// either is the p-value of the tests that one of two things is true, by Bonferroni's correction.
func either(p, q float64) float64 { return min(1, 2*min(p, q)) }

// same judges the claim that x and y, as many paired values, have means that differ by less than δ.
// The claim is true by two one-sided t-tests (Schuirmann 1987), and false by those that the
// difference is beyond δ or −δ.
func same(claim, text, on string, x, y []float64, δ float64) Finding {
	f := describe(claim, text, on, differences(x, y, true), 0.90)
	f.Note = fmt.Sprintf("equal means within ±%.3g", δ)
	above, below := f.tails(-δ), f.tails(δ)
	f.pFor = max(above.greater, below.less)
	f.pAgainst = either(above.less, below.greater)
	return f
}

// notWorse judges the claim that the mean of x is not below that of y by δ or more.
func notWorse(claim, text, on string, x, y []float64, δ float64) Finding {
	f := describe(claim, text, on, differences(x, y, true), 0.90)
	f.Note = fmt.Sprintf("not worse means: by less than %.3g", δ)
	t := f.tails(-δ)
	f.pFor, f.pAgainst = t.greater, t.less
	return f
}

// around judges the claim that the values, one for each random stream, have a mean within ±δ of a
// number that the thesis or theory gives.
func around(claim, text, on string, values []float64, want, δ float64) Finding {
	expected := make([]float64, len(values))
	for i := range expected {
		expected[i] = want
	}
	f := same(claim, text, on, values, expected, δ)
	f.Note = fmt.Sprintf("mean %.4g, want %.4g ± %.2g", stats.Mean(values), want, δ)
	return f
}

// describe is a finding about differences without p-values.
func describe(claim, text, on string, d []float64, level float64) Finding {
	f := untested(claim, text, on, false, "")
	f.Verdict, f.Level, f.N, f.Delta = "", level, len(d), stats.Mean(d)
	f.Low, f.High = stats.TInterval(d, level)
	return f
}

// tails are p-values of the one-sided t-tests that the mean is greater and less than a number.
type tails struct{ greater, less float64 }

func (f *Finding) tails(than float64) tails {
	if f.N < 2 || math.IsNaN(f.Delta) {
		return tails{math.NaN(), math.NaN()}
	}
	ν := float64(f.N - 1)
	half := distuv.StudentsT{Sigma: 1, Nu: ν}.Quantile((1 + f.Level) / 2)
	standardError := (f.High - f.Low) / 2 / half
	switch {
	case standardError > 0:
		student := distuv.StudentsT{Sigma: 1, Nu: ν}
		t := (f.Delta - than) / standardError
		return tails{student.CDF(-t), student.CDF(t)}
	case f.Delta > than:
		return tails{0, 1}
	}
	return tails{1, 0}
}

// differences returns x − y, or y − x where lower is better.
func differences(x, y []float64, higher bool) []float64 {
	d := make([]float64, min(len(x), len(y)))
	for i := range d {
		d[i] = x[i] - y[i]
		if !higher {
			d[i] = -d[i]
		}
	}
	return d
}
