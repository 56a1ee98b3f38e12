package stats

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// Resamples are the draws of a bootstrap over seeds (Efron 1979), stratified by problem and paired: Resamples[b][p] are the
// numbers of the seeds drawn in draw b, with replacement, from those of problem p. They are the same for all entries, so
// that what optimizers have in common at a seed cancels.
type Resamples [][][]int32

// Resample draws as many seeds of each problem as it has, again and again.
func Resample(seeds []int, draws int, seed uint64) Resamples {
	random := rand.New(rand.NewPCG(seed, 0))
	r := make(Resamples, draws)
	all := 0
	for _, n := range seeds {
		all += n
	}
	for b := range r {
		r[b] = make([][]int32, len(seeds))
		drawn := make([]int32, all)
		for p, n := range seeds {
			r[b][p], drawn = drawn[:n:n], drawn[n:]
			for k := range n {
				r[b][p][k] = int32(random.IntN(n))
			}
		}
	}
	return r
}

// Values computes a statistic in each draw. statistic is called from several goroutines with the draw's seeds by problem,
// which it must not change.
func (r Resamples) Values(statistic func(drawn [][]int32) float64) []float64 {
	values := make([]float64, len(r))
	r.each(func(b int) { values[b] = statistic(r[b]) })
	return values
}

// each calls f for all draws, on all cores.
func (r Resamples) each(f func(b int)) {
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(r))
	for w := range workers {
		wg.Go(func() {
			for b := w; b < len(r); b += workers {
				f(b)
			}
		})
	}
	wg.Wait()
}

// Percentiles returns the interval between the (1−level)/2 and (1+level)/2 quantiles of the values of a bootstrap. NaNs do
// not count; both ends are NaN if there is nothing else.
func Percentiles(values []float64, level float64) (low, high float64) {
	values = slices.Sorted(slices.Values(present(values)))
	return quantileSorted(values, (1-level)/2), quantileSorted(values, (1+level)/2)
}

// IQM returns for each entry, in each draw, the interquartile mean of its scores, pooled over the problems: scores[i][p][s] is
// that of entry i at seed s of problem p. NaNs do not count, nor does a problem whose scores are nil.
func (r Resamples) IQM(scores [][][]float64) [][]float64 {
	// Counting how often each seed was drawn, once for all entries, whose scores are sorted once for all draws, is many times
	// faster than sorting each draw.
	if len(r) == 0 {
		return make([][]float64, len(scores))
	}
	offset := make([]int, len(r[0])+1) // of each problem's seeds in the counts
	for p, seeds := range r[0] {
		offset[p+1] = offset[p] + len(seeds)
	}
	all := offset[len(r[0])]
	pools := make([]pool, len(scores))
	means := make([][]float64, len(scores))
	for i := range scores {
		pools[i] = newPool(scores[i], offset)
		means[i] = make([]float64, len(r))
	}
	counts := sync.Pool{New: func() any { c := make([]int32, all); return &c }}
	r.each(func(b int) {
		count := *counts.Get().(*[]int32)
		defer counts.Put(&count)
		clear(count)
		for p, seeds := range r[b] {
			mine := count[offset[p]:offset[p+1]]
			for _, s := range seeds {
				mine[s]++
			}
		}
		for i := range pools {
			means[i][b] = pools[i].iqm(count)
		}
	})
	return means
}

// pool holds the scores of an entry in ascending order, and where each is counted.
type pool struct {
	scores []float64
	e      int // they are in units of 2ᵉ
	at     []int32
}

func newPool(scores [][]float64, offset []int) pool {
	type item struct {
		score float64
		at    int32
	}
	var items []item
	for p := range scores {
		for s, v := range scores[p] {
			if !math.IsNaN(v) {
				items = append(items, item{v, int32(offset[p] + s)})
			}
		}
	}
	slices.SortFunc(items, func(a, b item) int {
		if a.score < b.score {
			return -1
		} else if a.score > b.score {
			return 1
		}
		return 0
	})
	var po pool
	for _, it := range items {
		po.scores, po.at = append(po.scores, it.score), append(po.at, it.at)
	}
	po.scores, po.e = scaled(po.scores)
	return po
}

// iqm is the interquartile mean of the scores, each taken as often as it was counted.
func (po *pool) iqm(count []int32) float64 {
	n := 0
	for _, at := range po.at {
		n += int(count[at])
	}
	low, high := n/4, n-n/4 // ordinal numbers of the scores that stay
	sum, seen := 0.0, 0
	for k, at := range po.at {
		c := int(count[at])
		if c == 0 {
			continue
		}
		if stay := min(high, seen+c) - max(low, seen); stay > 0 {
			sum += float64(stay) * po.scores[k]
		}
		if seen += c; seen >= high {
			break
		}
	}
	return math.Ldexp(sum/float64(high-low), po.e)
}

// Share returns in each draw the mean over the problems of the share of wins at the problem's seeds: wins[p][s] is 1, ½ for a
// tie, 0, or NaN for a seed that does not count.
func (r Resamples) Share(wins [][]float64) []float64 {
	// Two whole numbers in one: half wins below, seeds that count above. Their sums are exact.
	codes := make([][]uint64, len(wins))
	for p := range wins {
		codes[p] = make([]uint64, len(wins[p]))
		for s, w := range wins[p] {
			if !math.IsNaN(w) {
				codes[p][s] = 1<<32 | uint64(2*w)
			}
		}
	}
	return r.Values(func(drawn [][]int32) float64 {
		total := 0.0
		for p, seeds := range drawn {
			sum, code := uint64(0), codes[p]
			for _, s := range seeds {
				sum += code[s]
			}
			total += float64(uint32(sum)) / 2 / float64(sum>>32)
		}
		return total / float64(len(drawn))
	})
}
