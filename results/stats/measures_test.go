package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestAnchored(t *testing.T) {
	for _, c := range []struct{ x, start, reference, want float64 }{
		{.9, .1, .9, 1},
		{.1, .1, .9, 0},
		{.98, .1, .9, 1.1},
		{2, 10, 2, 1}, // lower is better
		{6, 10, 2, .5},
		{12, 10, 2, -.25},
		{1, 5, 5, nan},
		{1, inf, 5, nan},
		{1, nan, 5, nan},
	} {
		checkNear(t, fmt.Sprintf("anchored score %v", c), Anchored(c.x, c.start, c.reference), c.want, 1e-15)
	}
}

func TestIQM(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want float64
	}{
		{nil, nan},
		{[]float64{3}, 3},
		{[]float64{1, 2, 6}, 3}, // ⌊3/4⌋ = 0
		{[]float64{100, 2, 3, -7}, 2.5},
		{[]float64{5, 5, 5, 5, 5}, 5},
		// scipy.stats.trim_mean(range(20), .25) drops five at each end; of ten values two are
		// dropped at each end.
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 90}, 4.5},
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7, 8}, 4},
		{[]float64{-inf, 1, 2, inf}, 1.5},
		{[]float64{1, nan}, nan},
	} {
		checkNear(t, fmt.Sprintf("IQM of %v", c.x), IQM(c.x), c.want, 1e-15)
	}
}

func TestPairedImprovement(t *testing.T) {
	for _, c := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{2, 3}, []float64{1, 2}, 1},
		{[]float64{1, 2, 3}, []float64{1, 2, 3}, .5},
		{[]float64{1, 1}, []float64{2, 2}, 0},
		{[]float64{1, nan, 5}, []float64{1, 0, 4}, .75},
		{[]float64{nan}, []float64{1}, nan},
		{nil, nil, nan},
	} {
		name := fmt.Sprintf("%v > %v", c.x, c.y)
		checkNear(t, name, PairedImprovement(c.x, c.y), c.want, 1e-15)
		checkNear(t, name+" and the reverse", PairedImprovement(c.x, c.y)+PairedImprovement(c.y, c.x), 1+0*c.want, 1e-15)
	}
}

// drawnBy returns the seeds of each draw, by problem.
func drawnBy(r Resamples) [][][]int32 {
	all := make([][][]int32, r.draws)
	r.each(func(b int, drawn [][]int32) {
		for _, seeds := range drawn {
			all[b] = append(all[b], slices.Clone(seeds))
		}
	})
	return all
}

// The mean over draws of the exact bootstrap of two seeds on one problem: (x₁, x₁), (x₁, x₂), (x₂,
// x₁), (x₂, x₂).
func TestResample(t *testing.T) {
	r := Resample([]int{2, 3}, 40_000, 1)
	patterns := map[string]int{}
	for _, drawn := range drawnBy(r) {
		patterns[fmt.Sprint(drawn[0])]++
		if len(drawn[1]) != 3 || slices.Min(drawn[1]) < 0 || slices.Max(drawn[1]) > 2 {
			t.Fatalf("draw of three seeds is %v", drawn[1])
		}
	}
	for pattern, n := range patterns {
		checkNear(t, "share of "+pattern, float64(n)/40_000, .25, .01)
	}
	if len(patterns) != 4 {
		t.Errorf("%d patterns of two seeds, want 4", len(patterns))
	}
	if low, high := Percentiles(slices.Repeat([]float64{7}, 9), .95); low != 7 || high != 7 {
		t.Errorf("interval of a constant is [%g, %g]", low, high)
	}
	if low, high := Percentiles([]float64{nan, 0, 1, 2, 3, 4}, .5); low != 1 || high != 3 {
		t.Errorf("middle half of 0…4 is [%g, %g], want [1, 3]", low, high)
	}
	if low, high := Percentiles([]float64{nan}, .5); !math.IsNaN(low) || !math.IsNaN(high) {
		t.Errorf("interval of nothing is [%g, %g], want NaN", low, high)
	}
}

// The fast interquartile mean of draws is that of the drawn scores.
func TestResamplesIQM(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	scores := [][]float64{make([]float64, 7), make([]float64, 10), make([]float64, 1)}
	for p := range scores {
		for s := range scores[p] {
			scores[p][s] = float64(random.IntN(12)) // with ties
		}
	}
	scores[1][3] = nan
	scores = append(scores, nil)
	r := Resample([]int{7, 10, 1, 4}, 200, 2)
	got := r.IQM([][][]float64{scores})[0]
	for b, drawn := range drawnBy(r) {
		var pool []float64
		for p := range 3 {
			for _, s := range drawn[p] {
				if v := scores[p][s]; !math.IsNaN(v) {
					pool = append(pool, v)
				}
			}
		}
		checkNear(t, fmt.Sprintf("IQM of draw %d", b), got[b], IQM(pool), 1e-12)
	}
	if none := r.IQM([][][]float64{{none(7), none(10), none(1), nil}})[0]; !math.IsNaN(none[0]) {
		t.Errorf("IQM of nothing is %g, want NaN", none[0])
	}
}

// The shares of wins in draws are those of the drawn scores, for more comparisons and more seeds
// than are added up at once.
func TestResamplesShare(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	seeds := []int{7, 40_000, 1}
	var x, y [][][]float64
	var wins [][][]int8
	for k := range 6 {
		x, y, wins = append(x, nil), append(y, nil), append(wins, nil)
		for p, n := range seeds {
			one := [2][]float64{make([]float64, n), make([]float64, n)}
			for s := range n {
				one[0][s], one[1][s] = float64(random.IntN(k+2)), float64(random.IntN(4)) // with ties
			}
			if k == 4 && p < 2 {
				one[k%2][n/2] = nan
			}
			x[k], y[k] = append(x[k], one[0]), append(y[k], one[1])
			wins[k] = append(wins[k], HalfWins(one[0], one[1]))
		}
	}
	r := Resample(seeds, 3, 2)
	got := r.Share(wins)
	for b, drawn := range drawnBy(r) {
		for k := range wins {
			want := 0.
			for p := range seeds {
				var a, c []float64
				for _, s := range drawn[p] {
					a, c = append(a, x[k][p][s]), append(c, y[k][p][s])
				}
				want += PairedImprovement(a, c) / 3
			}
			checkNear(t, fmt.Sprintf("share of comparison %d in draw %d", k, b), got[k][b], want, 1e-14)
		}
	}
}

// The interval of the mean has nearly its nominal coverage; a percentile interval of ten values is
// somewhat short.
func TestBootstrapCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("2 s")
	}
	random := rand.New(rand.NewPCG(15, 16))
	const trials = 1000
	covered := 0
	for k := range trials {
		scores := gaussian(random, 5, 10, 0) // five problems of one entry
		r := Resample([]int{10, 10, 10, 10, 10}, 300, uint64(k))
		low, high := Percentiles(r.IQM([][][]float64{scores})[0], .95)
		if low <= 0 && 0 <= high {
			covered++
		}
	}
	if share := float64(covered) / trials; share < .88 || share > .97 {
		t.Errorf("interval of the IQM covers in a share of %.3f, want .88 to .97", share)
	}
}

// Areas under the curve of four variants of C4.5 on 14 data sets: Demšar 2006, Table 6. Before
// rounding to three digits, which the ranks printed there come from, the third of the last but one
// data set was above the fourth.
var demsar = [][]float64{
	{.763, .768, .771, .798},
	{.599, .591, .590, .569},
	{.954, .971, .968, .967},
	{.628, .661, .654, .657},
	{.882, .888, .886, .898},
	{.936, .931, .916, .931},
	{.661, .668, .609, .685},
	{.583, .583, .563, .625},
	{.775, .838, .866, .875},
	{1, 1, 1, 1},
	{.940, .962, .965, .962},
	{.619, .666, .614, .669},
	{.972, .981, .97501, .975},
	{.957, .978, .946, .970},
}

func TestFriedman(t *testing.T) {
	costs := make([][]float64, len(demsar))
	for p, row := range demsar {
		for _, v := range row {
			costs[p] = append(costs[p], -v)
		}
	}
	got := Friedman(costs)
	for i, want := range []float64{3.143, 2.000, 2.893, 1.964} { // ibid.
		checkNear(t, fmt.Sprintf("mean rank %d", i), got.MeanRanks[i], want, 5e-4)
	}
	checkNear(t, "χ²", got.ChiSquare, 9.28, 5e-3) // ibid.
	checkNear(t, "F", got.F, 3.69, 5e-3)          // ibid.
	if !(got.P > .01 && got.P < .05) {            // F(3, 39) is 2.85 at .05 and 4.33 at .01
		t.Errorf("p is %g, want between .01 and .05", got.P)
	}

	tied := Friedman([][]float64{{1, 1, 1}, {2, 2, 2}})
	if tied.ChiSquare != 0 || tied.F != 0 || tied.P != 1 {
		t.Errorf("all tied: %+v, want χ² = 0, F = 0, p = 1", tied)
	}
	agree := Friedman([][]float64{{1, 2, 3}, {4, 5, 6}, {0, 7, 9}})
	if agree.ChiSquare != 6 || !math.IsInf(agree.F, 1) || agree.P != 0 {
		t.Errorf("all agree: %+v, want χ² = P(k−1) = 6, F = ∞, p = 0", agree)
	}
	for _, few := range [][][]float64{nil, {{1, 2}}, {{1}, {2}}} {
		if got := Friedman(few); !math.IsNaN(got.P) {
			t.Errorf("p of %v is %g, want NaN", few, got.P)
		}
	}
}

func TestNemenyi(t *testing.T) {
	// Critical values of the studentized range at infinite degrees of freedom over √2: Demšar 2006,
	// Table 5a, rounded there.
	for i, want := range []float64{1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164} {
		k := i + 2
		checkNear(t, fmt.Sprintf("q of %d entries at .05", k), rangeQuantile(k, .95)/math.Sqrt2, want, 1e-3)
	}
	for i, want := range []float64{1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920} {
		k := i + 2
		checkNear(t, fmt.Sprintf("q of %d entries at .10", k), rangeQuantile(k, .90)/math.Sqrt2, want, 1e-3)
	}
	checkNear(t, "q of two entries, a normal quantile", rangeQuantile(2, .95)/math.Sqrt2, 1.959963984540054, 1e-9)
	checkNear(t, "critical difference of Demšar's example", Nemenyi(4, 14, .05), 1.25, 5e-3)
	checkNear(t, "critical difference of 8 entries on 10 problems", Nemenyi(8, 10, .05), 3.3, .05)
	checkNear(t, "critical difference of one entry", Nemenyi(1, 10, .05), nan, 0)
}

func TestKendall(t *testing.T) {
	// The example of scipy.stats.kendalltau.
	checkNear(t, "τ_b", Kendall([]float64{12, 2, 1, 12, 2}, []float64{1, 4, 7, 1, 0}), -.47140452079103173, 1e-15)
	checkNear(t, "τ of equals", Kendall([]float64{1, 2, 2, 4}, []float64{1, 2, 2, 4}), 1, 1e-15)
	checkNear(t, "τ of the reverse", Kendall([]float64{1, 2, 3}, []float64{3, 2, 1}), -1, 1e-15)
	checkNear(t, "τ of a constant", Kendall([]float64{1, 1, 1}, []float64{3, 2, 1}), nan, 0)
	checkNear(t, "τ with NaN", Kendall([]float64{1, nan, 3}, []float64{3, 2, 4}), 1, 0)
}

func TestIntegratedProfile(t *testing.T) {
	check := func(name string, times [][]float64, reference []float64, want ...float64) {
		t.Helper()
		got := IntegratedProfile(times, reference)
		for i := range want {
			checkNear(t, fmt.Sprintf("%s: B of %d", name, i), got[i], want[i], 1e-15)
		}
	}
	check("r = 1, 2, 4, 5, ∞", [][]float64{{10, 20, 40, 50, inf}}, nil, 1, 2./3, 0, 0, 0)
	check("nobody there", [][]float64{{inf, inf}}, nil, 0, 0)
	check("two problems", [][]float64{{10, 20}, {inf, 5}}, nil, .5, (2./3+1)/2)
	check("by a reference", [][]float64{{10, 20, 80}}, []float64{20}, 1, 1, 0)
	check("reference that never got there", [][]float64{{10, inf}}, []float64{inf}, 1, 0)
	check("one took no part", [][]float64{{10, nan}, {nan, 5}, {20, 5}}, nil, nan, nan)
	check("one takes no part", [][]float64{{10, 20, nan}}, nil, 1, 2./3, nan)
	check("there at once", [][]float64{{0, 0, 5}}, nil, 1, 1, 0)
	if IntegratedProfile(nil, nil) != nil {
		t.Error("no problems: want no scores")
	}
}

// The closed form is the integral of the performance profile, here by the midpoint rule.
func TestIntegratedProfileBySum(t *testing.T) {
	random := rand.New(rand.NewPCG(19, 20))
	times := make([][]float64, 6)
	for p := range times {
		for range 4 {
			times[p] = append(times[p], math.Exp(random.NormFloat64()))
		}
	}
	times[2][1] = inf
	got := IntegratedProfile(times, nil)
	const steps = 30_000
	for i := range got {
		area := 0.
		for k := range steps {
			τ := 1 + 3*(float64(k)+.5)/steps
			for p := range times {
				if times[p][i]/slices.Min(times[p]) <= τ {
					area += 1. / steps / float64(len(times))
				}
			}
		}
		checkNear(t, fmt.Sprintf("B of %d", i), got[i], area, 1e-4)
	}
}

func TestAUC(t *testing.T) {
	checkNear(t, "constant", AUC([]float64{0, 50, 100}, []float64{3, 3, 3}, 100), 3, 1e-15)
	checkNear(t, "line", AUC([]float64{0, 20, 100}, []float64{0, 2, 10}, 100), 5, 1e-15)
	checkNear(t, "line that stops", AUC([]float64{0, 50}, []float64{0, 2}, 100), 1.5, 1e-15)
	checkNear(t, "beyond the budget", AUC([]float64{0, 110}, []float64{2, 2}, 100), 2, 1e-15)
	checkNear(t, "start alone", AUC([]float64{0}, []float64{2}, 100), 2, 1e-15)
	checkNear(t, "nothing", AUC(nil, nil, 100), nan, 0)
}

func TestBestOf(t *testing.T) {
	v := []float64{3, 1, 2, 10}
	checkNear(t, "k = 1", BestOf(v, 1), 4, 1e-15)
	checkNear(t, "k = n", BestOf(v, 4), 10, 1e-15)
	// Pairs: 12 13 1,10 23 2,10 3,10.
	checkNear(t, "k = 2", BestOf(v, 2), (2+3+10+3+10+10)/6., 1e-14)
	checkNear(t, "k > n", BestOf(v, 5), nan, 0)
	checkNear(t, "k = 0", BestOf(v, 0), nan, 0)
	checkNear(t, "NaN", BestOf([]float64{1, nan}, 1), nan, 0)
	checkNear(t, "plug-in, k = 1", bestOfPlugIn(v, 1), 4, 1e-15)
	// Of the 16 ordered pairs with replacement 1, 3, 5, 7 have the maximum 1, 2, 3, 10.
	checkNear(t, "plug-in, k = 2", bestOfPlugIn(v, 2), (1+3*2+5*3+7*10)/16., 1e-14)
	// Weights 4, 3, 2, 1 on 4, 19/3, (3+3·10)/4, 10.
	checkNear(t, "tunability", Tunability(v), (4*4+3*(38./6)+2*(33./4)+10)/10, 1e-14)
	checkNear(t, "tunability of nothing", Tunability(nil), nan, 0)
}

// bestOfPlugIn is the estimate of the same by the empirical distribution (Dodge et al. 2019, Eq.
// 8), k runs with replacement:
//
//	E = Σᵢ v₍ᵢ₎ ((i/n)ᵏ − ((i−1)/n)ᵏ).
//
// It is biased, and never above BestOf.
func bestOfPlugIn(values []float64, k int) float64 {
	n := float64(len(values))
	sum := 0.0
	for i, v := range slices.Sorted(slices.Values(values)) {
		sum += v * (math.Pow(float64(i+1)/n, float64(k)) - math.Pow(float64(i)/n, float64(k)))
	}
	return sum
}

// All choices of k of up to 8 values, and E1 ≥ E2.
func TestBestOfBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	for range 50 {
		v := make([]float64, 1+random.IntN(8))
		for i := range v {
			v[i] = random.NormFloat64()
		}
		for k := 1; k <= len(v); k++ {
			sum, choices := 0., 0.
			for pattern := range 1 << len(v) {
				most, size := -inf, 0
				for i, x := range v {
					if pattern>>i&1 == 1 {
						most = max(most, x)
						size++
					}
				}
				if size == k {
					sum += most
					choices++
				}
			}
			checkNear(t, fmt.Sprintf("best of %d of %v", k, v), BestOf(v, k), sum/choices, 1e-12)
			if BestOf(v, k) < bestOfPlugIn(v, k)-1e-12 {
				t.Errorf("best of %d of %v: %g is below the plug-in's %g", k, v, BestOf(v, k), bestOfPlugIn(v, k))
			}
		}
	}
}

func TestWidth(t *testing.T) {
	for _, c := range []struct {
		name          string
		steps, values []float64
		margin, width float64
		open          bool
	}{
		// A tent of slope 1 a decade around 1: half a unit below the top on both sides.
		{"tent", []float64{.01, 100, 10, 1, .1}, []float64{-2, -2, -1, 0, -1}, .5, 1, false},
		{"tent, one and a half below", []float64{.01, 100, 10, 1, .1}, []float64{-2, -2, -1, 0, -1}, 1.5, 3, false},
		{"edge", []float64{1, 10}, []float64{0, 1}, .5, .5, true},
		{"flat", []float64{1, 10, 100}, []float64{1, 1, 1}, .5, 2, true},
		{"a second peak does not count", []float64{1, 10, 100, 1000, 1e4}, []float64{0, 1, 0, 1, 0}, .5, 1, false},
		{"repeated", []float64{.1, 1, 1, 10}, []float64{0, 0, 1, 0}, .5, 1, false},
		{"failure beyond", []float64{.1, 1, 10}, []float64{0, 1, -inf}, .5, .5, false},
		{"one", []float64{1}, []float64{0}, .5, 0, true},
		{"nothing", nil, nil, .5, nan, false},
		{"NaN", []float64{1, 2}, []float64{0, nan}, .5, nan, false},
	} {
		width, open := Width(c.steps, c.values, c.margin)
		checkNear(t, c.name+": width", width, c.width, 1e-12)
		if open != c.open {
			t.Errorf("%s: open is %t, want %t", c.name, open, c.open)
		}
	}
}

func TestClopperPearson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 1 - math.Pow(.025, .1)}, // (1−p)ⁿ = α/2
		{10, 10, math.Pow(.025, .1), 1},
		{1, 10, .00252858, .44501612}, // R: binom.test(1, 10)
		{3, 10, .06673951, .65245285}, // R: binom.test(3, 10)
		{0, 0, nan, nan},
	} {
		low, high := ClopperPearson(c.k, c.n, .95)
		checkNear(t, fmt.Sprintf("low of %d/%d", c.k, c.n), low, c.low, 1e-8)
		checkNear(t, fmt.Sprintf("high of %d/%d", c.k, c.n), high, c.high, 1e-8)
	}
	// The exact coverage is at least the level, whatever the probability.
	for _, p := range []float64{.01, .05, .2, .5, .7} {
		covered, chance := 0., math.Pow(1-p, 10)
		for k := range 11 {
			if low, high := ClopperPearson(k, 10, .95); low <= p && p <= high {
				covered += chance
			}
			chance *= float64(10-k) / float64(k+1) * p / (1 - p)
		}
		if covered < .95 {
			t.Errorf("interval covers %g with probability %g, want at least .95", p, covered)
		}
	}
}

func TestSeedBias(t *testing.T) {
	bias, limit := SeedBias(7, []float64{4, 5, 6}, .95)
	checkNear(t, "bias", bias, 2, 1e-15)
	// t quantile at 2 degrees of freedom
	checkNear(t, "limit", limit, 4.302652729911275*math.Sqrt(4./3), 1e-9)
	bias, _ = SeedBias(7, []float64{4, 4}, .95)
	checkNear(t, "bias without spread", bias, nan, 0)
	_, limit = SeedBias(7, []float64{4}, .95)
	checkNear(t, "limit of one replicate", limit, nan, 0)

	random := rand.New(rand.NewPCG(23, 24))
	beyond := 0
	const trials = 5000
	for range trials {
		x := gaussian(random, 1, 11, 0)[0]
		if bias, limit := SeedBias(x[0], x[1:], .95); math.Abs(bias) > limit {
			beyond++
		}
	}
	checkNear(t, "share of unbiased results beyond the limit", float64(beyond)/trials, .05, .01)
}

func TestSignTest(t *testing.T) {
	checkNear(t, "19 of 24", SignTest(19, 24), .006610751152038574, 1e-12) // R: binom.test(19, 24)
	checkNear(t, "5 of 24", SignTest(5, 24), SignTest(19, 24), 1e-15)
	checkNear(t, "half", SignTest(5, 10), 1, 0)
	checkNear(t, "all of 6", SignTest(6, 6), 2./64, 1e-12)
	checkNear(t, "none", SignTest(0, 0), 1, 0)
}

func TestBimodal(t *testing.T) {
	for _, c := range []struct {
		name string
		x    []float64
		want bool
	}{
		{"two basins", []float64{.90, .91, .92, .905, .915, .10, .11, .12, .105, .115}, true},
		{"two of ten elsewhere", []float64{.90, .91, .92, .905, .915, .912, .908, .903, .10, .11}, true},
		{"one of ten elsewhere is an outlier", []float64{.90, .91, .92, .905, .915, .912, .908, .903, .917, .1}, false},
		{"evenly spaced", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, false},
		{"constant", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false},
		{"constant but for rounding", []float64{.1 + .2, .1 + .2, .1 + .2, .3, .3, .3}, false},
		{"two values", []float64{1, 1, 1, 1, 1, 2, 2, 2, 2, 2}, true},
		{"few", []float64{1, 1, 1, 2, 2}, false},
		{"NaN", []float64{1, 1, 1, 2, 2, 2, nan}, false},
	} {
		if got := Bimodal(c.x); got != c.want {
			t.Errorf("%s: bimodal is %t, want %t (C = %g)", c.name, got, c.want, separation(c.x))
		}
	}
	// The best division, by all of them.
	x := []float64{3, 1, 4, 1, 5, 9, 2, 6}
	slices.Sort(x)
	best := 0.
	for k := 2; k <= len(x)-2; k++ {
		within := Std(x[:k])*Std(x[:k])*float64(k-1) + Std(x[k:])*Std(x[k:])*float64(len(x)-k-1)
		total := Std(x) * Std(x) * float64(len(x)-1)
		best = max(best, (total-within)/within)
	}
	checkNear(t, "C", separation(x), best, 1e-12)
}

// The rates at which normal samples, and two groups eight standard deviations apart, are called
// bimodal.
func TestBimodalCalibration(t *testing.T) {
	trials := 40_000
	if testing.Short() {
		trials = 10_000
	}
	random := rand.New(rand.NewPCG(25, 26))
	for _, n := range []int{6, 10, 11, 17, 40, 150, 1000} {
		wrong, found := 0, 0
		for range trials * 10 / max(10, n) {
			x := make([]float64, n)
			for i := range x {
				x[i] = random.NormFloat64()
			}
			if Bimodal(x) {
				wrong++
			}
			for i := range n / 2 {
				x[i] += 8
			}
			if Bimodal(x) {
				found++
			}
		}
		N := float64(trials * 10 / max(10, n))
		checkNear(t, fmt.Sprintf("share of normal samples of %d called bimodal", n), float64(wrong)/N, .01, 4*math.Sqrt(.01/N))
		if n >= 10 && float64(found)/N < .9 {
			t.Errorf("groups of %d values eight standard deviations apart are found in a share of %g, want .9", n, float64(found)/N)
		}
	}
}
