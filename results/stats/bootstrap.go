package stats

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// Resamples are the draws of a bootstrap over seeds (Efron 1979), stratified by problem and paired:
// each has, of every problem, as many seeds as the problem has, drawn with replacement. They are the
// same for all entries, so that effects of a seed that the optimizers share cancel. Since they take
// much memory, they are drawn anew each time that they are used.
type Resamples struct {
	seeds []int // numbers of seeds, by problem
	draws int
	seed  uint64
}

// Resample makes a number of draws from so many seeds of each problem.
func Resample(seeds []int, draws int, seed uint64) Resamples { return Resamples{seeds, draws, seed} }

// each calls f for all draws, from several goroutines. drawn[p] are the indices of the seeds of
// problem p in draw b, which f must not keep.
func (r Resamples) each(f func(b int, drawn [][]int32)) {
	random := rand.New(rand.NewPCG(r.seed, 0))
	next := 0
	var mu sync.Mutex // of random and next
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), r.draws) {
		wg.Go(func() {
			drawn := make([][]int32, len(r.seeds))
			for p, n := range r.seeds {
				drawn[p] = make([]int32, n)
			}
			for {
				mu.Lock()
				b := next
				if next < r.draws {
					next++
					for _, mine := range drawn {
						for k := range mine {
							mine[k] = int32(random.IntN(len(mine)))
						}
					}
				}
				mu.Unlock()
				if b == r.draws {
					return
				}
				f(b, drawn)
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
	offset := make([]int, len(r.seeds)+1) // of each problem's seeds in the counts
	for p, n := range r.seeds {
		offset[p+1] = offset[p] + n
	}
	pools := make([]pool, len(scores))
	means := make([][]float64, len(scores))
	var wg sync.WaitGroup
	for i := range scores {
		means[i] = make([]float64, r.draws)
		wg.Go(func() { pools[i] = newPool(scores[i], offset) })
	}
	wg.Wait()
	counts := sync.Pool{New: func() any { c := make([]int32, offset[len(r.seeds)]); return &c }}
	r.each(func(b int, drawn [][]int32) {
		count := *counts.Get().(*[]int32)
		defer counts.Put(&count)
		clear(count)
		for p, seeds := range drawn {
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
	items := make([]item, 0, offset[len(scores)])
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
	po := pool{scores: make([]float64, len(items)), at: make([]int32, len(items))}
	for k, it := range items {
		po.scores[k], po.at[k] = it.score, it.at
	}
	po.scores, po.e = scaled(po.scores)
	return po
}

// iqm returns the interquartile mean of the scores, each repeated by its count.
func (po *pool) iqm(count []int32) float64 {
	n := len(count) // as often as any seed was drawn
	if len(po.at) < len(count) {
		n = 0
		for _, at := range po.at {
			n += int(count[at])
		}
	}
	low, high := n/4, n-n/4 // range of the remaining scores in ascending order
	sum, seen, k := 0.0, 0, 0
	for ; k < len(po.at) && seen+int(count[po.at[k]]) <= low; k++ {
		seen += int(count[po.at[k]])
	}
	for ; k < len(po.at) && seen < high; k++ {
		c := int(count[po.at[k]])
		stay := c
		if seen < low || seen+c > high { // at an end of the range
			stay = min(high, seen+c) - max(low, seen)
		}
		if seen += c; stay > 0 {
			sum += float64(stay) * po.scores[k]
		}
	}
	return math.Ldexp(sum/float64(high-low), po.e)
}

// HalfWins compares scores seed by seed: 2 if x is greater, 1 if they are [Equal], 0 if y is, and −1
// if one is NaN.
func HalfWins(x, y []float64) []int8 {
	wins := make([]int8, len(x))
	for s := range x {
		switch {
		case math.IsNaN(x[s]) || math.IsNaN(y[s]):
			wins[s] = -1
		case Equal(x[s], y[s]):
			wins[s] = 1
		case x[s] > y[s]:
			wins[s] = 2
		}
	}
	return wins
}

// Share returns, for each of some comparisons and each draw, the mean over the problems of the
// share of wins at the problem's seeds: wins[k][p] are the [HalfWins] of comparison k on problem p,
// of which −1 is ignored.
func (r Resamples) Share(wins [][][]int8) [][]float64 {
	// Of each seed, four comparisons are in one integer: their half wins in 16 bits each. They are
	// added up exactly, for all comparisons at once. Behind them are in the same way the seeds that
	// count, on problems where not all do.
	const lanes, most = 4, 1 << 14 // seeds whose sums fit in 16 bits
	words := (len(wins) + lanes - 1) / lanes
	codes, width := make([][]uint64, len(r.seeds)), make([]int, len(r.seeds))
	for p, n := range r.seeds {
		width[p] = words
		for k := range wins {
			if slices.Contains(wins[k][p], -1) {
				width[p] = 2 * words
				break
			}
		}
		codes[p] = make([]uint64, n*width[p])
		for k := range wins {
			for s, w := range wins[k][p] {
				at, shift := s*width[p]+k/lanes, 16*(k%lanes)
				if w >= 0 {
					codes[p][at] |= uint64(w) << shift
					if width[p] > words {
						codes[p][at+words] |= 1 << shift
					}
				}
			}
		}
	}
	shares := make([][]float64, len(wins))
	for k := range shares {
		shares[k] = make([]float64, r.draws)
	}
	r.each(func(b int, drawn [][]int32) {
		sums, part := make([]uint64, 2*lanes*words), make([]uint64, 2*words)
		for p, seeds := range drawn {
			clear(sums)
			w := width[p]
			part := part[:w]
			for some := range slices.Chunk(seeds, most) {
				clear(part)
				for _, s := range some {
					for i, code := range codes[p][int(s)*w : (int(s)+1)*w] {
						part[i] += code
					}
				}
				for i := range lanes * w {
					sums[i] += part[i/lanes] >> (16 * (i % lanes)) & (1<<16 - 1)
				}
			}
			for k := range shares {
				n := uint64(len(seeds))
				if w > words {
					n = sums[lanes*words+k]
				}
				shares[k][b] += float64(sums[k]) / 2 / float64(n)
			}
		}
		for k := range shares {
			shares[k][b] /= float64(len(drawn))
		}
	})
	return shares
}
