package stats

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// Resamples are the draws of a bootstrap over seeds (Efron 1979), stratified by problem and paired:
// Resamples[b][p] are the indices of the seeds drawn in draw b, with replacement, from those of
// problem p. They are the same for all entries, so that effects of a seed that the optimizers share
// cancel.
type Resamples [][][]int32

// Resample makes a number of draws, each with as many seeds of every problem as it has.
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

// Values computes a statistic of each draw. It calls statistic from several goroutines with the
// draw's seeds by problem, which must not be modified.
func (r Resamples) Values(statistic func(drawn [][]int32) float64) []float64 {
	values := make([]float64, len(r))
	r.each(func(b int) { values[b] = statistic(r[b]) })
	return values
}

// each calls f for all draws concurrently.
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

// Percentiles returns the interval between the (1−level)/2 and (1+level)/2 quantiles of the values
// of a bootstrap. NaNs are ignored; both ends are NaN if there are no other values.
func Percentiles(values []float64, level float64) (low, high float64) {
	values = slices.Sorted(slices.Values(present(values)))
	return quantileSorted(values, (1-level)/2), quantileSorted(values, (1+level)/2)
}

// IQM returns, for each entry and draw, the interquartile mean of the scores pooled over the
// problems: scores[i][p][s] is that of entry i at seed s of problem p. NaNs and problems whose
// scores are nil are ignored.
func (r Resamples) IQM(scores [][][]float64) [][]float64 {
	// The scores of each entry are sorted once for all draws, and the number of times that each
	// seed was drawn is counted once for all entries. That is many times faster than sorting each
	// draw.
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

// pool holds the scores of an entry in ascending order, and the index of the count of each.
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

// iqm returns the interquartile mean of the scores, each repeated by its count.
func (po *pool) iqm(count []int32) float64 {
	n := 0
	for _, at := range po.at {
		n += int(count[at])
	}
	low, high := n/4, n-n/4 // range of the remaining scores in ascending order
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

// Share returns, for each draw, the mean over the problems of the share of wins at the problem's
// seeds: wins[p][s] is 1, ½ for a tie, 0, or NaN for a seed to ignore.
func (r Resamples) Share(wins [][]float64) []float64 {
	// One integer holds two: half wins in the low part, the number of seeds in the high part. Their
	// sums are exact.
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
