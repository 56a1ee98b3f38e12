package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// around returns n scores about a mean with small common fluctuations.
func around(mean float64, n int) []float64 {
	x := make([]float64, n)
	for s := range x {
		x[s] = mean + .01*math.Sin(float64(s)) + .001*math.Sin(mean*float64(s*s))
	}
	return x
}

// noisy returns n scores that alternate between two values.
func noisy(a, b float64, n int) []float64 {
	x := make([]float64, n)
	for s := range x {
		x[s] = a
		if s%2 == 1 {
			x[s] = b
		}
	}
	return x
}

func none(n int) []float64 {
	x := make([]float64, n)
	for s := range x {
		x[s] = nan
	}
	return x
}

func TestRank(t *testing.T) {
	within := func(δ float64) func(float64) float64 { return func(float64) float64 { return δ } }
	for _, c := range []struct {
		name string
		p    Problem
		want []int
	}{
		{"no entries", Problem{}, []int{}},
		{"one entry", Problem{Scores: [][]float64{around(1, 10)}}, []int{1}},
		{"lower is better", Problem{Scores: [][]float64{around(3, 10), around(1, 10), around(2, 10)}}, []int{3, 1, 2}},
		{
			"higher is better",
			Problem{Scores: [][]float64{around(3, 10), around(1, 10), around(2, 10)}, HigherBetter: true},
			[]int{1, 3, 2},
		},
		{"equal", Problem{Scores: [][]float64{around(1, 10), around(1, 10), around(2, 10)}}, []int{1, 1, 3}},
		{
			"equivalent to the leader",
			Problem{Scores: [][]float64{around(1, 10), around(1.4, 10), around(1.6, 10)}, Equivalence: within(.5)},
			[]int{1, 1, 3},
		},
		{
			"equivalence is asked for the leader's mean, whatever its sign",
			Problem{
				Scores: [][]float64{around(-3, 10), around(-1, 10)}, HigherBetter: true,
				Equivalence: func(leader float64) float64 { return max(0, -leader) * 3 },
			},
			[]int{1, 1},
		},
		{
			"a noisy entry does not overtake one of better mean",
			Problem{Scores: [][]float64{around(1, 10), around(1.1, 10), noisy(-3, 6, 10)}},
			[]int{1, 2, 2},
		},
		{
			"unstable entries come last, in order",
			Problem{
				Scores:   [][]float64{around(1, 10), around(3, 10), around(2, 10), around(0, 10)},
				Unstable: []bool{true, false, false, true},
			},
			[]int{4, 2, 1, 3},
		},
		{
			"equal means: the noisy one of two is not promoted, wherever it stands",
			Problem{Scores: [][]float64{noisy(-2, 4, 10), noisy(0, 0, 10), noisy(1, 1, 10)}},
			[]int{2, 1, 2},
		},
		{
			"equal means, the other way round",
			Problem{Scores: [][]float64{noisy(1, 1, 10), noisy(0, 0, 10), noisy(-2, 4, 10)}},
			[]int{2, 1, 2},
		},
		{"no scores", Problem{Scores: [][]float64{around(2, 10), none(10), around(1, 10)}}, []int{2, 0, 1}},
		{
			"missing scores: the pairs that there are",
			Problem{Scores: [][]float64{append(around(1, 9), nan), append([]float64{nan}, around(2, 10)[1:]...)}},
			[]int{1, 2},
		},
		{"three seeds, clear", Problem{Scores: [][]float64{around(2, 3), around(1, 3)}}, []int{2, 1}},
		{"three seeds, not clear", Problem{Scores: [][]float64{{1, 2, 3}, {3, 1, 2.5}}}, []int{1, 1}},
		{"one seed", Problem{Scores: [][]float64{{1}, {2}}}, []int{1, 1}},
		{"no difference at all", Problem{Scores: [][]float64{{1, 1, 1}, {1, 1, 1}}}, []int{1, 1}},
	} {
		if got := Rank(c.p); !slices.Equal(got, c.want) {
			t.Errorf("%s: ranks are %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCanTest(t *testing.T) {
	for _, c := range []struct {
		n, k int
		want bool
	}{
		{0, 2, false}, {5, 2, false}, {6, 2, true}, // 2/32 = .0625, 2/64 = .03125
		{10, 26, true}, {10, 27, false}, // .05·1024/2 = 25.6 comparisons
	} {
		if got := CanTest(c.n, c.k); got != c.want {
			t.Errorf("CanTest(%d, %d) is %t, want %t", c.n, c.k, got, c.want)
		}
	}
}

// gaussian returns k×n standard normal scores of which any two at one seed have correlation ρ.
func gaussian(random *rand.Rand, k, n int, ρ float64) [][]float64 {
	scores := make([][]float64, k)
	for i := range scores {
		scores[i] = make([]float64, n)
	}
	for s := range n {
		common := random.NormFloat64()
		for i := range scores {
			scores[i][s] = math.Sqrt(ρ)*common + math.Sqrt(1-ρ)*random.NormFloat64()
		}
	}
	return scores
}

// The leader is chosen by its mean before it is tested, so that six equal entries are split in
// about 10 % of the cases, not 5 %. The seed is fixed, so that the test is deterministic.
func TestRankCalibration(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const trials = 3000
	split, found := 0, 0
	for range trials {
		if ranks := Rank(Problem{Scores: gaussian(random, 6, 10, 0)}); slices.Max(ranks) > 1 {
			split++
		}
		scores := gaussian(random, 6, 10, .5)
		for s := range scores[0] {
			scores[0][s] -= 1.5
		}
		if ranks := Rank(Problem{Scores: scores}); ranks[0] == 1 && slices.Min(ranks[1:]) > 1 {
			found++
		}
	}
	checkNear(t, "share of false splits", float64(split)/trials, .10, .02)
	if share := float64(found) / trials; share < .9 {
		t.Errorf("a leader 1.5 standard deviations ahead is found in a share of %.3f, want at least .9", share)
	}
}

func TestOverall(t *testing.T) {
	const n = 10
	problems := []Problem{
		{Scores: [][]float64{around(1, n), around(2, n), around(3, n), around(4, n)}},
		{Scores: [][]float64{around(1, n), around(3, n), around(2, n), none(n)}},
	}
	got := Overall(problems, Resample(Seeds(problems), 200, 1))
	for i, want := range []Place{
		{1, 1, 1, 1, false},
		{2, 2.5, 2.5, 2.5, true},
		{2, 2.5, 2.5, 2.5, false},
		{0, nan, nan, nan, false},
	} {
		if fmt.Sprint(got[i]) != fmt.Sprint(want) {
			t.Errorf("entry %d: %+v, want %+v", i, got[i], want)
		}
	}
	if Overall(nil, Resamples{}) != nil {
		t.Error("no problems: want no places")
	}
}

// Equal sums of ranks give equal means, to the bit, whatever the order of the summands.
func TestMeanRanks(t *testing.T) {
	ranks := [][]int{{7, 4}, {6, 1}, {2, 4}, {1, 1}, {1, 8}, {6, 5}}
	got := meanRanks(len(ranks), func(p int) []int { return ranks[p] })
	if want := 23. / 6; got[0] != want || got[1] != want {
		t.Errorf("mean ranks are %v, want %v for both", got, want)
	}
}

func TestOverallSharesPlaces(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var problems []Problem
	for range 4 {
		p := Problem{Scores: gaussian(random, 4, 10, .5)}
		for s := range p.Scores[3] {
			p.Scores[3][s] += 10
		}
		problems = append(problems, p)
	}
	got := Overall(problems, Resample(Seeds(problems), 300, 1))
	for i, want := range []int{1, 1, 1, 4} {
		if got[i].Place != want {
			t.Errorf("entry %d has place %d, want %d: three equal entries and one far behind", i, got[i].Place, want)
		}
		if got[i].Behind != (i == 3) {
			t.Errorf("entry %d, behind the next better: %t", i, got[i].Behind)
		}
		if !(got[i].Low <= got[i].MeanRank && got[i].MeanRank <= got[i].High) {
			t.Errorf("entry %d: mean rank %g is outside [%g, %g]", i, got[i].MeanRank, got[i].Low, got[i].High)
		}
	}
	if again := Overall(problems, Resample(Seeds(problems), 300, 1)); !slices.Equal(got, again) {
		t.Error("the same seed gives other places")
	}
	// The order of the entries changes nothing but the order of the places.
	for p := range problems {
		slices.Reverse(problems[p].Scores)
	}
	reversed := Overall(problems, Resample(Seeds(problems), 300, 1))
	slices.Reverse(reversed)
	if !slices.Equal(got, reversed) {
		t.Errorf("entries in another order give %v, want %v", reversed, got)
	}
}

func BenchmarkOverall(b *testing.B) {
	random := rand.New(rand.NewPCG(9, 10))
	var problems []Problem
	for range 5 {
		problems = append(problems, Problem{Scores: gaussian(random, 10, 10, .5)})
	}
	for b.Loop() {
		Overall(problems, Resample(Seeds(problems), 1000, 1))
	}
}

// No test distinguishes an entry with large variance from a leader, although it distinguishes
// another with small variance and a better mean.
func TestUntolds(t *testing.T) {
	p := Problem{Scores: [][]float64{noisy(-3, 6, 10), around(1, 10), around(1.1, 10), around(9, 10)}}
	if got, want := Rank(p), []int{2, 1, 2, 4}; !slices.Equal(got, want) {
		t.Errorf("ranks are %v, want %v", got, want)
	}
	if got, want := Untolds(p), []Untold{{Entry: 0, Leader: 1, Between: 2}}; !slices.Equal(got, want) {
		t.Errorf("untold are %v, want %v", got, want)
	}
	for _, steady := range []Problem{
		{},
		{Scores: [][]float64{around(1, 10)}},
		{Scores: [][]float64{around(1, 10), around(2, 10), around(3, 10)}},
		{Scores: [][]float64{around(1, 10), around(1, 10), around(3, 10)}},
		{Scores: [][]float64{noisy(-3, 6, 10), around(1, 10)}},
		{Scores: [][]float64{noisy(-3, 6, 10), around(1, 10), around(1.1, 10)}, Unstable: []bool{true, false, false}},
	} {
		if got := Untolds(steady); len(got) > 0 {
			t.Errorf("%v: untold are %v, want none", steady.Scores, got)
		}
	}
}
