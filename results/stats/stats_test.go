package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

func checkNear(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) && got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Errorf("%s is %.17g, want %.17g", what, got, want)
	}
}

func TestMoments(t *testing.T) {
	for _, c := range []struct {
		x                              []float64
		mean, std, stderr, median, q25 float64
		low, high                      float64
	}{
		{x: nil, mean: nan, std: nan, stderr: nan, median: nan, q25: nan, low: nan, high: nan},
		{x: []float64{3}, mean: 3, std: nan, stderr: nan, median: 3, q25: 3, low: nan, high: nan},
		// Σ(x−5)² = 9+1+1+1+0+0+4+16 = 32; √(32/7); t quantile .975 at 7 degrees of freedom is
		// 2.364624.
		{
			x: []float64{9, 4, 4, 2, 5, 5, 7, 4}, mean: 5, std: math.Sqrt(32. / 7), stderr: math.Sqrt(32. / 7 / 8),
			median: 4.5, q25: 4, low: 5 - 2.364624251*math.Sqrt(32./56), high: 5 + 2.364624251*math.Sqrt(32./56),
		},
		{
			x: []float64{1, 2, 3, 4}, mean: 2.5, std: math.Sqrt(5. / 3), stderr: math.Sqrt(5. / 12),
			median: 2.5, q25: 1.75,
			low: 2.5 - 3.182446305*math.Sqrt(5./12), high: 2.5 + 3.182446305*math.Sqrt(5./12),
		},
		{x: []float64{2, 2, 2}, mean: 2, std: 0, stderr: 0, median: 2, q25: 2, low: 2, high: 2},
	} {
		name := fmt.Sprint(c.x)
		checkNear(t, "mean of "+name, Mean(c.x), c.mean, 1e-12)
		checkNear(t, "std of "+name, Std(c.x), c.std, 1e-12)
		checkNear(t, "stderr of "+name, StdErr(c.x), c.stderr, 1e-12)
		checkNear(t, "median of "+name, Median(c.x), c.median, 0)
		checkNear(t, "quantile .25 of "+name, Quantile(c.x, .25), c.q25, 1e-12)
		low, high := TInterval(c.x, .95)
		checkNear(t, "interval's low of "+name, low, c.low, 1e-8)
		checkNear(t, "interval's high of "+name, high, c.high, 1e-8)
	}
}

func TestQuantileInfinity(t *testing.T) {
	x := []float64{inf, 1, 2, inf}
	checkNear(t, "median with one ∞ in the middle", Median(x), inf, 0)
	checkNear(t, "minimum", Quantile(x, 0), 1, 0)
	checkNear(t, "quantile 1/3", Quantile(x, 1./3), 2, 0)
	checkNear(t, "maximum", Quantile(x, 1), inf, 0)
	checkNear(t, "median of ∞, 1, 2", Median([]float64{inf, 1, 2}), 2, 0)
	checkNear(t, "median of −∞, −∞", Median([]float64{-inf, -inf}), -inf, 0)
	checkNear(t, "median with NaN", Median([]float64{1, nan, 2}), nan, 0)
	if !slices.Equal(x, []float64{inf, 1, 2, inf}) {
		t.Errorf("Quantile changed its input to %v", x)
	}
}

func TestSignFlip(t *testing.T) {
	for _, c := range []struct {
		d    []float64
		want float64
	}{
		{nil, 1},
		{[]float64{5}, 1},
		{[]float64{0, 0, 0}, 1},
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 2. / 1024},
		{[]float64{-1, -2, -3, -4, -5, -6, -7, -8, -9, -10}, 2. / 1024},
		{[]float64{1, -1, 2, -2, 3, -3}, 1},
		// Of the 8 patterns of ±.1 ± .2 ± .3 only those that sum to ±.6 reach .6, and rounding must
		// not hide it.
		{[]float64{.1, .2, .3}, 2. / 8},
		{[]float64{.3, .2, .1}, 2. / 8},
		// Sums of ±1 ±2 ±3 at least 4 in size: ±6, ±4.
		{[]float64{-1, 2, 3}, 4. / 8},
		{[]float64{1, nan}, nan},
		{[]float64{1, inf}, nan},
		{[]float64{-inf, inf}, nan},
	} {
		checkNear(t, fmt.Sprintf("p of %v", c.d), SignFlip(c.d), c.want, 0)
	}
}

func TestSignFlipBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		d := make([]float64, 1+random.IntN(6))
		for i := range d {
			d[i] = float64(random.IntN(9) - 4) // small integers: sums are exact and often tie
		}
		sum := 0.
		for _, v := range d {
			sum += v
		}
		count := 0
		for pattern := range 1 << len(d) {
			flipped := 0.
			for i, v := range d {
				if pattern>>i&1 == 1 {
					v = -v
				}
				flipped += v
			}
			if math.Abs(flipped) >= math.Abs(sum) {
				count++
			}
		}
		checkNear(t, fmt.Sprintf("p of %v", d), SignFlip(d), float64(count)/float64(int(1)<<len(d)), 0)
		scaled := slices.Clone(d)
		for i := range scaled {
			scaled[i] *= -1e-7 / 3
		}
		checkNear(t, fmt.Sprintf("p of %v, scaled", d), SignFlip(scaled), SignFlip(d), 0)
	}
}

// The normal distribution that replaces counting is near it where the one takes over from the
// other.
func TestSignFlipManyPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, shift := range []float64{0, .3, .6} {
		d := make([]float64, exactLimit)
		for i := range d {
			d[i] = random.NormFloat64() + shift
		}
		checkNear(t, fmt.Sprintf("p at shift %g", shift), signFlip(d, 0), SignFlip(d), .03)
	}
}

func TestPairedT(t *testing.T) {
	// Student's sleep data (1908): t = 4.0621 with 9 degrees of freedom, p = .002833.
	checkNear(t, "p of the sleep data", PairedT([]float64{1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, .8, 4.6, 1.4}), .002833, 1e-6)
	checkNear(t, "p of one pair", PairedT([]float64{1}), nan, 0)
	checkNear(t, "p of no difference", PairedT([]float64{0, 0}), 1, 0)
	checkNear(t, "p of a constant difference", PairedT([]float64{1, 1}), 0, 0)
	checkNear(t, "p with ∞", PairedT([]float64{1, inf}), nan, 0)
}

func TestHolm(t *testing.T) {
	for _, c := range []struct {
		p    []float64
		want []bool
	}{
		{nil, []bool{}},
		{[]float64{.05}, []bool{true}},
		{[]float64{.051}, []bool{false}},
		// Thresholds .0125, .0167, .025, .05: .005 and .01 pass, .03 stops at .025, and .04 with
		// it.
		{[]float64{.01, .04, .03, .005}, []bool{true, false, false, true}},
		// Bonferroni would keep .02.
		{[]float64{.01, .02}, []bool{true, true}},
		{[]float64{.03, .03}, []bool{false, false}},
		{[]float64{nan, .01}, []bool{false, true}},
		{[]float64{nan, .04}, []bool{false, false}},
	} {
		if got := Holm(c.p, .05); !slices.Equal(got, c.want) {
			t.Errorf("Holm of %v rejects %v, want %v", c.p, got, c.want)
		}
	}
}

func TestHolmAdjusted(t *testing.T) {
	// R: p.adjust(c(.01, .04, .03, .005), "holm").
	for i, got := range HolmAdjusted([]float64{.01, .04, .03, .005}) {
		checkNear(t, fmt.Sprintf("adjusted p %d", i), got, []float64{.03, .06, .06, .02}[i], 1e-15)
	}
	got := HolmAdjusted([]float64{nan, .4, .7})
	checkNear(t, "adjusted NaN", got[0], nan, 0)
	checkNear(t, "adjusted, one NaN among three", got[1], 1, 0)
	// Adjusted p-values reject what Holm rejects.
	random := rand.New(rand.NewPCG(27, 28))
	for range 200 {
		p := make([]float64, 1+random.IntN(8))
		for i := range p {
			p[i] = random.Float64() * .1
		}
		rejected := Holm(p, .05)
		for i, adjusted := range HolmAdjusted(p) {
			if (adjusted <= .05) != rejected[i] && math.Abs(adjusted-.05) > 1e-12 {
				t.Errorf("p = %v: adjusted p %d is %g, but Holm's rejection is %t", p, i, adjusted, rejected[i])
			}
		}
	}
}

func TestPaired(t *testing.T) {
	// Student's sleep data (1908): R's paired t.test gives the interval [-2.4598858, -0.7001142].
	x := []float64{.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2, nan}
	y := []float64{1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4, 7}
	d, n := Paired(x, y, 2, .95)
	if n != 10 {
		t.Errorf("%d pairs, want 10", n)
	}
	checkNear(t, "difference", d.Mean, -1.58, 1e-12)
	checkNear(t, "low", d.Low, -2.4598858, 1e-7)
	checkNear(t, "high", d.High, -.7001142, 1e-7)
	checkNear(t, "p of nine differences of one sign and a zero", d.P, 4./1024, 1e-15)
	d, _ = Paired(x[:3], y[:3], 2, .95)
	checkNear(t, "p of three pairs, by the t-test", d.P, PairedT([]float64{-1.2, -2.4, -1.3}), 1e-12)
}
