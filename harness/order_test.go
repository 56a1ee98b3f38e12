package harness

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"noisebench/protocol"
)

// The shuffled list is the permutation that package math/rand/v2 makes of the epoch's stream, as it
// was before there was another kind of order.
func TestShuffledOrderIsThatOfPublishedNumbers(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 1797, 60000, mostShuffled} {
		o := newOrder(n, 7, protocol.Reshuffled)
		for epoch := range uint64(2) {
			got, position := o.next(n, nil)
			want := make([]int, n)
			for i := range want {
				want[i] = i
			}
			protocol.Stream(7, protocol.PurposeOrder, epoch).
				Shuffle(n, func(i, j int) { want[i], want[j] = want[j], want[i] })
			if !slices.Equal(got, want) || position != int64(epoch)*int64(n) {
				t.Errorf("%d examples, epoch %d, from position %d: another order than before", n, epoch, position)
			}
		}
	}
}

// A keyed permutation has every number once.
func TestKeyedPermutation(t *testing.T) {
	for _, n := range []uint64{2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 1<<20 + 1} {
		p := newKeyedPermutation(n, protocol.Stream(n, protocol.PurposeOrder).Uint64)
		seen := make([]bool, n)
		for i := range n {
			at := p.at(i)
			if at >= n || seen[at] {
				t.Fatalf("of %d: place %d has %d, which is out of range or has another place too", n, i, at)
			}
			seen[at] = true
		}
	}
}

// Of a huge number of examples a run gets a random sample, which depends on seed and epoch, in
// memory for what it draws.
func TestHugeOrder(t *testing.T) {
	const n, m = 1 << 40, 4096
	draw := func(seed, epoch uint64, size int) []int {
		o := newOrder(n, seed, protocol.Reshuffled)
		o.epoch = epoch
		o.shuffle()
		var all []int
		for len(all) < m {
			all, _ = o.next(size, all)
		}
		return all
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a := draw(1, 0, 16)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("drawing %d of %d examples takes %d bytes", m, n, used)
	}
	if b := draw(1, 0, 64); !slices.Equal(a, b) {
		t.Error("batch sizes 16 and 64 see different examples")
	}
	for name, b := range map[string][]int{"seed": draw(2, 0, 16), "epoch": draw(1, 1, 16)} {
		same := 0
		for i := range a {
			if a[i] == b[i] {
				same++
			}
		}
		if same > 0 {
			t.Errorf("another %s: %d of %d examples are the same", name, same, m)
		}
	}
	// Uniform: 16 intervals of equal size have 256 examples each, with a standard deviation of
	// 15.5; neighbours are uncorrelated, and parity is a coin's.
	var count [16]int
	var sum, odd float64
	for i, e := range a {
		if e < 0 || e >= n {
			t.Fatalf("example %d, want 0 to 2⁴⁰ − 1", e)
		}
		count[e>>36]++
		odd += float64(e & 1)
		if i > 0 {
			sum += (float64(e)/n - 0.5) * (float64(a[i-1])/n - 0.5)
		}
	}
	chi := 0.0
	for _, c := range count {
		chi += (float64(c) - m/16) * (float64(c) - m/16) / (m / 16)
	}
	if chi > 37.7 { // 0.1 % of 15 degrees of freedom
		t.Errorf("sixteenths have %v examples: χ² is %.1f", count, chi)
	}
	if r := 12 * sum / math.Sqrt(m); math.Abs(r) > 3.3 {
		t.Errorf("neighbours are correlated: %.2f standard deviations", r)
	}
	if z := (odd - m/2) / math.Sqrt(m/4); math.Abs(z) > 3.3 {
		t.Errorf("parity is %.2f standard deviations from a coin's", z)
	}
	sorted := slices.Clone(a)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != m {
		t.Error("an example came twice within an epoch")
	}
	// A saved run goes on at any place of the epoch.
	o := newOrder(n, 1, protocol.Reshuffled)
	o.next(100, nil)
	resumed := newOrder(n, 1, protocol.Reshuffled)
	resumed.restore(o.state())
	if got, position := resumed.next(50, nil); !slices.Equal(got, a[100:150]) || position != 100 {
		t.Errorf("resumed at %d with other examples", position)
	}
}
