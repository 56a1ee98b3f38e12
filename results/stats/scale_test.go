package stats

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exact returns mean and sample standard deviation by rational-like arithmetic of 4000 bits.
func exact(x []float64) (mean, std float64) {
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(4000).SetFloat64(v) }
	sum, n := number(0), number(float64(len(x)))
	for _, v := range x {
		sum.Add(sum, number(v))
	}
	m := number(0).Quo(sum, n)
	squares := number(0)
	for _, v := range x {
		d := number(0).Sub(number(v), m)
		squares.Add(squares, d.Mul(d, d))
	}
	mean, _ = m.Float64()
	if len(x) > 1 {
		squares.Quo(squares, number(float64(len(x)-1)))
		std, _ = squares.Sqrt(squares).Float64()
	}
	return mean, std
}

// At every scale of the scores, mean, standard deviation and interval are those of exact arithmetic
// up to rounding.
func TestMomentsAtAnyScale(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	samples := [][]float64{
		{6e-180, 5e-180, 7e-180},
		{1e294, 2e294, 1.5e294},
		{1e300, -1e300, 3e299, 1e-300},
		{1e-300, 1e300},
		{1, 1e-300, 1e200},
		{math.MaxFloat64, math.MaxFloat64, math.MaxFloat64},
		{math.MaxFloat64, 0, math.MaxFloat64 / 2},
		{5e-324, 1e-323, 5e-323},
		{3e-310, 4e-310},
		{0, 0, 0},
		{0, 1e-320},
		{1e8, 1e8 + 1, 1e8 + 2},
		{-1e155, 1e155},
		{-2e-170, 1e-170},
	}
	for _, size := range []float64{1e-300, 1e-180, 1e-150, 1, 1e150, 1e180, 1e300} {
		for _, spread := range []float64{1, 1e-3, 1e-9} {
			x := make([]float64, 10)
			for i := range x {
				x[i] = size * (1 + spread*random.NormFloat64())
			}
			samples = append(samples, x)
		}
	}
	const least = 5e-324 // below it there are no numbers
	for _, x := range samples {
		wantMean, wantStd := exact(x)
		size := 0.0
		for _, v := range x {
			size = max(size, math.Abs(v))
		}
		mean, std := Mean(x), Std(x)
		if !(math.Abs(mean-wantMean) <= 1e-15*size+least) {
			t.Errorf("%v: the mean is %g, want %g", x, mean, wantMean)
		}
		if !(math.Abs(std-wantStd) <= 1e-15*size+1e-14*wantStd+least) {
			t.Errorf("%v: the standard deviation is %g, want %g", x, std, wantStd)
		}
		if wantStd > 1e-5*size && !(math.Abs(std/wantStd-1) <= 1e-10+least/wantStd) {
			t.Errorf("%v: the standard deviation is %g, want %g", x, std, wantStd)
		}
		low, high := TInterval(x, .95)
		if half := high/2 - low/2; !math.IsInf(high-low, 0) && !(math.Abs(half-studentQuantile(t, len(x))*StdErr(x)) <= 1e-14*size+1e-12*half+2*least) {
			t.Errorf("%v: the interval is [%g, %g], want half its width to be t·s/√n", x, low, high)
		}
	}
}

// studentQuantile is the half width of the 95 % interval of a sample of n values with standard
// error 1.
func studentQuantile(t *testing.T, n int) float64 {
	t.Helper()
	x := make([]float64, n)
	x[0] = 1
	low, high := TInterval(x, .95)
	return (high - low) / 2 / StdErr(x)
}

// Dimensionless results do not depend on the unit, and all others scale with it.
func TestStatisticsAtAnyScale(t *testing.T) {
	x := []float64{1.1, 1.3, 0.8, 1.05, 1.2, 3.1, 3.3, 2.9, 3.05, 3.2}
	y := []float64{1.0, 1.2, 0.9, 1.00, 1.1, 3.0, 3.1, 2.8, 3.00, 3.1}
	times := []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	long := make([]float64, 30) // more than exactLimit
	for i := range long {
		long[i] = x[i%10] - 1.1*y[(i+3)%10]
	}
	at := func(unit float64, x []float64) []float64 {
		all := make([]float64, len(x))
		for i := range x {
			all[i] = unit * x[i]
		}
		return all
	}
	draws := Resample([]int{10}, 50, 1)
	for _, unit := range []float64{0x1p-1000, 0x1p-600, 0x1p-400, 0x1p-100, 0x1p400, 0x1p600, 0x1p1020} {
		u, v, l := at(unit, x), at(unit, y), at(unit, long)
		d, e := at(unit, differences(x, y)), differences(x, y)
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"mean", Mean(u), unit * Mean(x)},
			{"standard deviation", Std(u), unit * Std(x)},
			{"standard error", StdErr(u), unit * StdErr(x)},
			{"p of sign-flip", SignFlip(d), SignFlip(e)},
			{"p of sign-flip of many", SignFlip(l), SignFlip(long)},
			{"p of paired t", PairedT(d), PairedT(e)},
			{"separation", separation(u), separation(x)},
			{"IQM", IQM(u), unit * IQM(x)},
			{"median", Median(u), unit * Median(x)},
			{"tunability", Tunability(u), unit * Tunability(x)},
			{"AUC", AUC(times, u, 12), unit * AUC(times, x, 12)},
			{"IQM of a draw", draws.IQM([][][]float64{{u}})[0][7], unit * draws.IQM([][][]float64{{x}})[0][7]},
			{"mean at seeds", meanAt(u, []int32{5, 5, 6, 9}), unit * meanAt(x, []int32{5, 5, 6, 9})},
			{"anchored", Anchored(u[0], v[1], u[7]), Anchored(x[0], y[1], x[7])},
		} {
			if !(math.Abs(c.got-c.want) <= 1e-13*math.Abs(c.want)) {
				t.Errorf("in units of %g: %s is %g, want %g", unit, c.name, c.got, c.want)
			}
		}
		got, want := Welch(u, v, .95), Welch(x, y, .95)
		if !(math.Abs(got.P-want.P) <= 1e-12) || !(math.Abs(got.Low/unit-want.Low) <= 1e-12) || !(math.Abs(got.High/unit-want.High) <= 1e-12) {
			t.Errorf("in units of %g: Welch gives %+v, want %+v in that unit", unit, got, want)
		}
		if got, want := Rank(Problem{Scores: [][]float64{u, v}}), Rank(Problem{Scores: [][]float64{x, y}}); got[0] != want[0] || got[1] != want[1] || got[0] == got[1] {
			t.Errorf("in units of %g: ranks are %v, want %v", unit, got, want)
		}
	}
	// A sample without any spread beside one of a scale whose squares are no numbers.
	w := Welch([]float64{1e-200, 1e-200, 1e-200}, []float64{2e-200, 2.1e-200, 2.2e-200}, .95)
	// t = 1.1/(0.1/√3) = 19.05 with 2 degrees of freedom: p = .00274
	if !(w.P > .001 && w.P < .01) {
		t.Errorf("p of Welch is %g, want .0027", w.P)
	}
}

// Entries that differ only by rounding share a rank, whatever the sign of the difference.
func TestRoundingDoesNotRank(t *testing.T) {
	x, above := around(1, 10), around(1, 10)
	for s := range above {
		above[s] *= 1 + 3e-15
	}
	far := around(1, 10)
	for s := range far {
		far[s] *= 1 + 1e-9
	}
	worse := around(2, 10)
	for _, c := range []struct {
		name   string
		scores [][]float64
		want   []int
	}{
		{"the last bit", [][]float64{x, above, worse}, []int{1, 1, 3}},
		{"the other way round", [][]float64{above, x, worse}, []int{1, 1, 3}},
		{"behind a leader", [][]float64{around(2, 10), above, x, around(.5, 10)}, []int{4, 2, 2, 1}},
		{"a billionth is a difference", [][]float64{far, x}, []int{2, 1}},
	} {
		for _, higher := range []bool{false, true} {
			scores, want := c.scores, c.want
			if higher {
				scores = nil
				for _, s := range c.scores {
					scores = append(scores, scale(s, -1))
				}
			}
			got := Rank(Problem{Scores: scores, HigherBetter: higher})
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("%s: ranks are %v, want %v", c.name, got, want)
					break
				}
			}
		}
	}
	if got := PairedImprovement(above, x); got != .5 {
		t.Errorf("an entry that is better by rounding wins a share of %g, want ½", got)
	}
	if d, n := Paired(above, x, 2, .95); d.P != 1 || d.Mean != 0 || n != 10 {
		t.Errorf("differences by rounding: %+v of %d pairs, want none with p = 1 of 10", d, n)
	}
	if got := MidRanks([]float64{1 + 1e-15, 2, 1}); got[0] != 1.5 || got[1] != 3 || got[2] != 1.5 {
		t.Errorf("ranks of two values that differ by rounding, and a third, are %v, want 1.5, 3, 1.5", got)
	}
	if got := Kendall([]float64{1, 1 + 1e-15, 3}, []float64{5, 5, 9}); got != 1 {
		t.Errorf("τ of two rankings with one tie is %g, want 1", got)
	}
}

func scale(x []float64, by float64) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = by * x[i]
	}
	return y
}

func TestLevel(t *testing.T) {
	in := []float64{2, 1 + 1e-15, nan, 1, inf, 2 - 1e-15, -inf, 0, 1e-300, inf}
	want := []float64{2 - 1e-15, 1, nan, 1, inf, 2 - 1e-15, -inf, 0, 1e-300, inf}
	for i, got := range Level(in) {
		if got != want[i] && !(math.IsNaN(got) && math.IsNaN(want[i])) {
			t.Errorf("value %d of %v becomes %v, want %v", i, in, got, want[i])
		}
	}
	for _, c := range []struct {
		a, b float64
		want bool
	}{
		{1, 1 + 1e-13, true},
		{1, 1 + 1e-11, false},
		{0, 5e-324, false},
		{0, 0, true},
		{inf, inf, true},
		{inf, 1, false},
		{inf, -inf, false},
		{nan, nan, false},
		{nan, 1, false},
		{1e-300, 1e-300 * (1 + 1e-14), true},
		{math.MaxFloat64, -math.MaxFloat64, false},
		{1, -1, false},
	} {
		if got := Equal(c.a, c.b); got != c.want || Equal(c.b, c.a) != c.want {
			t.Errorf("Equal(%g, %g) is %t, want %t both ways", c.a, c.b, got, c.want)
		}
	}
}
