package reproduce

import (
	"math"
	"slices"
	"testing"
)

// judged is what an item with these findings at a size has.
func judged(size Size, shortened bool, f ...Finding) []Finding {
	item := Item{Shortened: shortened, Claims: func(*Input) []Finding { return slices.Clone(f) }}
	return item.Judge(&Input{Size: size})
}

func TestBetter(t *testing.T) {
	for _, c := range []struct {
		what   string
		x, y   []float64
		higher bool
		least  float64
		want   Verdict
		p      float64
	}{
		// Five pairs on one side: of the 2⁵ sign patterns one has so large a sum, 1/32 ≤ 0.05.
		{"five of five", []float64{1, 2, 3, 4, 5}, []float64{0, 1, 1, 2, 2}, true, 0, Confirmed, 1. / 32},
		{"four of four", []float64{1, 2, 3, 4}, []float64{0, 1, 1, 2}, true, 0, Inconclusive, 1. / 16},
		{"the other way", []float64{0, 1, 1, 2, 2}, []float64{1, 2, 3, 4, 5}, true, 0, Contradicted, 1. / 32},
		{"lower is better", []float64{0, 1, 1, 2, 2}, []float64{1, 2, 3, 4, 5}, false, 0, Confirmed, 1. / 32},
		{"no difference", []float64{1, 1, 1, 1, 1}, []float64{1, 1, 1, 1, 1}, true, 0, Inconclusive, 0.5},
		// −1 + 2 + 3 = 4; the sums of ±1 ±2 ±3 are 6, 4, 2, 0, 0, −2, −4 and −6, two of them 4 or
		// more.
		{"three, mixed", []float64{-1, 2, 3}, []float64{0, 0, 0}, true, 0, Inconclusive, 2. / 8},
		{"a strong word", []float64{3, 4, 5, 6, 7}, make([]float64, 5), true, 2, Confirmed, 1. / 32},
		{"less than a strong word", []float64{1, 1.1, 1.2, 1.3, 1.4}, make([]float64, 5), true, 2, Contradicted, 1. / 32},
		{"nothing", nil, nil, true, 0, Inconclusive, math.NaN()},
	} {
		f := judged(Full, false, betterBy("S-00", "", "", c.x, c.y, c.higher, c.least))[0]
		if f.Verdict != c.want || len(c.x) > 0 && math.Abs(f.P-c.p) > 1e-15 {
			t.Errorf("%s: %s with p = %v, want %s with %v", c.what, f.Verdict, f.P, c.want, c.p)
		}
	}
}

// A slight difference is above 0 and below what is still slight.
func TestSlightly(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want Verdict
		p    float64
	}{
		{[]float64{.1, .2, .3, .2, .1}, Confirmed, 1. / 32},
		{[]float64{-.1, -.2, -.3, -.2, -.1, -.1}, Contradicted, 2. / 64},
		{[]float64{1.1, 1.2, 1.3, 1.2, 1.1, 1.1}, Contradicted, 2. / 64},
		// .9 + .8 − .3 + .8 + .9 below 1: without the minus the sum is greater, 2 of 32 patterns.
		{[]float64{.1, .2, 1.3, .2, .1}, Inconclusive, 2. / 32},
		// Above 0: of 1, 1, 2, 2 and 3, eleven subsets have a sum of 3 or less.
		{[]float64{-.1, .2, .3, -.2, .1}, Inconclusive, 11. / 32},
	} {
		f := judged(Full, false, betterWithin("", "", "", c.x, make([]float64, len(c.x)), true, 1))[0]
		if f.Verdict != c.want || math.Abs(f.P-c.p) > 1e-15 {
			t.Errorf("%v: %s with p = %v, want %s with %v", c.x, f.Verdict, f.P, c.want, c.p)
		}
	}
}

func TestSame(t *testing.T) {
	y := make([]float64, 10)
	// Differences 0.1 ± 0.05: the 90 % interval is 0.1 ± 1.833·0.0527/√10 = 0.1 ± 0.0306.
	x := []float64{.05, .15, .05, .15, .05, .15, .05, .15, .05, .15}
	for _, c := range []struct {
		δ    float64
		want Verdict
	}{{0.14, Confirmed}, {0.12, Inconclusive}, {0.08, Inconclusive}, {0.06, Contradicted}} {
		if f := judged(Full, false, same("", "", "", x, y, c.δ))[0]; f.Verdict != c.want {
			t.Errorf("within ±%g: %s for [%g, %g], want %s", c.δ, f.Verdict, f.Low, f.High, c.want)
		}
	}
	ones := []float64{1, 1, 1}
	for _, c := range []struct {
		want float64
		v    Verdict
	}{{1, Confirmed}, {1.05, Confirmed}, {1.2, Contradicted}, {0.8, Contradicted}} {
		if f := judged(Full, false, around("", "", "", ones, c.want, 0.1))[0]; f.Verdict != c.v {
			t.Errorf("1 without spread around %g ± 0.1: %s, want %s", c.want, f.Verdict, c.v)
		}
	}
	for _, c := range []struct {
		less float64 // than y by this much
		want Verdict
	}{{-1, Confirmed}, {0.02, Confirmed}, {0.1, Inconclusive}, {0.2, Contradicted}} {
		y := make([]float64, 10)
		for i := range y {
			y[i] = 0.1 + c.less
		}
		if f := judged(Full, false, notWorse("", "", "", x, y, 0.1))[0]; f.Verdict != c.want {
			t.Errorf("lower by %g, not worse means 0.1: %s, want %s", c.less, f.Verdict, c.want)
		}
	}
}

// One of two claims at p = 1/32 is confirmed on its own, and neither in a figure that makes both.
func TestFamily(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5}
	one := better("", "", "", x, make([]float64, 5), true)
	if f := judged(Full, false, one, measured("", "", "", true, "")); f[0].Verdict != Confirmed {
		t.Errorf("%s beside a claim without a test, want confirmed", f[0].Verdict)
	}
	for _, f := range judged(Full, false, one, one) {
		if f.Verdict != Inconclusive || f.P != 2./32 {
			t.Errorf("%s with p = %g, want inconclusive with 1/16", f.Verdict, f.P)
		}
	}
}

// Runs that end early judge nothing, smaller ones are counted apart, and what is exact is neither.
func TestSizes(t *testing.T) {
	one := better("", "", "", []float64{1, 2, 3, 4, 5}, make([]float64, 5), true)
	for _, c := range []struct {
		f         Finding
		size      Size
		shortened bool
		verdict   Verdict
		basis     Basis
	}{
		{one, Full, true, Confirmed, InFull},
		{one, Reduced, false, Confirmed, Smaller},
		{one, Reduced, true, NotJudged, Smaller},
		{measured("", "", "", false, ""), Reduced, true, NotJudged, Smaller},
		{exactly("", "", "", true, ""), Reduced, true, Proved, Exact},
		{exactly("", "", "", false, ""), Full, false, Contradicted, Exact},
	} {
		f := judged(c.size, c.shortened, c.f)[0]
		if f.Verdict != c.verdict || f.Basis != c.basis {
			t.Errorf("size %s: %s, %s; want %s, %s", c.size, f.Verdict, f.Basis, c.verdict, c.basis)
		}
	}
	got := Count([]Finding{
		{Basis: Exact, Verdict: Proved},
		{Basis: InFull, Verdict: Confirmed},
		{Basis: InFull, Verdict: Inconclusive},
		{Basis: InFull, Verdict: Confirmed},
	})
	want := []string{
		"exact: 1 (1 proved)", "measured in full: 3 (2 confirmed, 1 inconclusive)", "measured reduced: 0 (none)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("counts %q, want %q", got, want)
	}
}
