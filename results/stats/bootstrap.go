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
	for b := range r {
		r[b] = make([][]int32, len(seeds))
		for p, n := range seeds {
			r[b][p] = make([]int32, n)
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

// IQM returns in each draw the interquartile mean of one entry's scores, scores[p][s] at seed s of problem p, pooled over the
// problems. NaNs do not count, nor does a problem whose scores are nil.
func (r Resamples) IQM(scores [][]float64) []float64 {
	// Sorting once and counting how often each score was drawn is several times faster than sorting each draw.
	type item struct {
		score float64
		at    int32
	}
	var pool []item
	offset := make([]int, len(scores))
	all := 0
	for p := range scores {
		offset[p] = all
		for s, v := range scores[p] {
			if !math.IsNaN(v) {
				pool = append(pool, item{v, int32(all + s)})
			}
		}
		all += len(scores[p])
	}
	slices.SortFunc(pool, func(a, b item) int {
		if a.score < b.score {
			return -1
		} else if a.score > b.score {
			return 1
		}
		return 0
	})
	counts := sync.Pool{New: func() any { c := make([]int, all); return &c }}
	return r.Values(func(drawn [][]int32) float64 {
		count := *counts.Get().(*[]int)
		defer counts.Put(&count)
		clear(count)
		for p, seeds := range drawn {
			if scores[p] == nil {
				continue
			}
			for _, s := range seeds {
				count[offset[p]+int(s)]++
			}
		}
		n := 0
		for _, it := range pool {
			n += count[it.at]
		}
		low, high := n/4, n-n/4 // ordinal numbers of the scores that stay
		sum, seen := 0.0, 0
		for _, it := range pool {
			c := count[it.at]
			if stay := min(high, seen+c) - max(low, seen); stay > 0 {
				sum += float64(stay) * it.score
			}
			seen += c
		}
		return sum / float64(high-low)
	})
}
