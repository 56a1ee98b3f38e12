package reproduce

import (
	"fmt"
	"math"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/stats"
)

// Verdict is what the runs say about a claim.
type Verdict string

// The verdicts.
const (
	Confirmed    Verdict = "confirmed"
	Contradicted Verdict = "contradicted"
	Inconclusive Verdict = "inconclusive"
)

// Finding is a claim with its verdict. A claim about a difference has Delta, what is claimed to be positive, with its
// interval; a claim that is counted has neither.
type Finding struct {
	Claim     string // its number, such as "S-06"; empty for one that only the figure makes
	Text      string // what is claimed
	On        string // problem, part, point
	Verdict   Verdict
	Delta     float64 // NaN: there is none
	Low, High float64 // of Delta; NaN if n < 2
	Level     float64 // of the interval: 0.95, or 0.90 where equivalence is claimed
	N         int     // pairs of runs, or runs
	P         float64 // one-sided, of the test that decided; NaN: no test
	Note      string  // what a reader should know of it
	δ         float64 // what counts as no difference, where equivalence is claimed
}

// better judges the claim that x is above y, given as many paired values; with higher false, below.
//
// The claim is confirmed if the one-sided sign-flip test of the differences has p ≤ 0.05, contradicted if the test of the
// opposite has, and inconclusive otherwise. The one-sided p-value is half the two-sided one on the side of the mean: the
// sums of all sign patterns are distributed symmetrically.
func better(claim, text, on string, x, y []float64, higher bool) Finding {
	f := Finding{Claim: claim, Text: text, On: on, Level: 0.95}
	d := differences(x, y, higher)
	f.describe(d)
	half := stats.SignFlip(d) / 2
	f.Verdict, f.P = Inconclusive, half
	switch {
	case f.Delta <= 0 && half <= stats.Alpha && f.Delta != 0:
		f.Verdict = Contradicted
	case f.Delta <= 0:
		f.P = 1 - half
	case half <= stats.Alpha:
		f.Verdict = Confirmed
	}
	return f
}

// same judges the claim that x and y, as many paired values, differ by less than δ. It is confirmed if the 90 % interval of
// the mean difference lies within ±δ (two one-sided t-tests at 0.05, Schuirmann 1987), contradicted if it lies outside of
// it, and inconclusive otherwise.
func same(claim, text, on string, x, y []float64, δ float64) Finding {
	f := Finding{Claim: claim, Text: text, On: on, Level: 0.90, P: math.NaN(), δ: δ}
	f.describe(differences(x, y, true))
	f.Verdict = Inconclusive
	switch {
	case f.Low > -δ && f.High < δ:
		f.Verdict = Confirmed
	case f.Low > δ || f.High < -δ:
		f.Verdict = Contradicted
	}
	f.Note = fmt.Sprintf("equal means within ±%.3g", δ)
	return f
}

// holds judges a claim that needs no test, because nothing in it is random: it holds or it does not.
func holds(claim, text, on string, ok bool, note string) Finding {
	f := Finding{
		Claim: claim, Text: text, On: on, Verdict: Contradicted, Note: note,
		Delta: math.NaN(), Low: math.NaN(), High: math.NaN(), P: math.NaN(),
	}
	if ok {
		f.Verdict = Confirmed
	}
	return f
}

func (f *Finding) describe(d []float64) {
	f.N, f.Delta = len(d), stats.Mean(d)
	f.Low, f.High = stats.TInterval(d, f.Level)
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

// paired returns the values that two cells' replicates have at the seeds that both have, in the same order.
func paired(a, b *results.Cell, value func(*results.Record) float64) (x, y []float64) {
	if a == nil || b == nil {
		return nil, nil
	}
	for _, r := range a.Runs {
		for _, s := range b.Runs {
			if r.Run.Seed == s.Run.Seed {
				x, y = append(x, value(r)), append(y, value(s))
			}
		}
	}
	return x, y
}

// final is the metric on a part at the end of a run, by R7 where it diverged.
func final(part protocol.Part) func(*results.Record) float64 {
	return func(r *results.Record) float64 { return r.Score(protocol.Final, protocol.TestPart, part) }
}

// lossAt is the loss on the train part at a share of the budget, by R7 where a run has diverged by then.
func lossAt(share float64) func(*results.Record) float64 {
	return func(r *results.Record) float64 {
		return measures.ValueAt(r, measures.Quantity{Part: protocol.TrainPart}, int64(share*float64(r.Run.Budget)))
	}
}
