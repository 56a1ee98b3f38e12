package harness

import "noisebench/protocol"

// order deals out the examples of one run (R5). It depends on the seed, the number of examples and the mode alone.
type order struct {
	n        int // number of training examples; 0: endless
	seed     uint64
	frozen   bool
	perm     []int // of the current epoch
	epoch    uint64
	at       int   // next place in perm
	position int64 // examples dealt out so far
}

func newOrder(n int, seed uint64, mode protocol.Order) *order {
	o := &order{n: n, seed: seed, frozen: mode == protocol.Frozen, perm: make([]int, n)}
	if n > 0 {
		o.shuffle()
	}
	return o
}

// shuffle draws the permutation of the current epoch.
func (o *order) shuffle() {
	for i := range o.perm {
		o.perm[i] = i
	}
	protocol.Stream(o.seed, protocol.PurposeOrder, o.epoch).
		Shuffle(o.n, func(i, j int) { o.perm[i], o.perm[j] = o.perm[j], o.perm[i] })
	o.at = 0
}

// next appends the next m examples to dst and returns it with the stream position of the first. In a frozen order a batch
// that would cross the end of the epoch starts at its beginning instead, and m must not exceed n.
func (o *order) next(m int, dst []int) ([]int, int64) {
	position := o.position
	o.position += int64(m)
	if o.n == 0 {
		for i := range m {
			dst = append(dst, int(position)+i)
		}
		return dst, position
	}
	if o.frozen && o.at+m > o.n {
		o.at = 0
	}
	for m > 0 {
		if o.at == o.n {
			o.epoch++
			o.shuffle()
		}
		k := min(m, o.n-o.at)
		dst = append(dst, o.perm[o.at:o.at+k]...)
		o.at += k
		m -= k
	}
	return dst, position
}

// all appends every training example to dst.
func (o *order) all(dst []int) []int {
	for i := range o.n {
		dst = append(dst, i)
	}
	return dst
}
