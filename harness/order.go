package harness

import (
	"math/bits"

	"noisebench/protocol"
)

// mostShuffled is the greatest number of examples whose order is a shuffled list, which takes
// memory in proportion to their number. More examples, of which a run may see few, are numbered by
// a keyed permutation, which takes none. The list stays for all others since published numbers
// depend on it.
const mostShuffled = 1 << 20

// order deals out the examples of one run (R5). It depends on the seed, the number of examples and
// the mode alone.
type order struct {
	n        int // number of training examples; 0: endless
	seed     uint64
	frozen   bool
	perm     []int32          // of the current epoch; nil if there are more than mostShuffled
	keyed    keyedPermutation // of the current epoch, then
	epoch    uint64
	at       int   // next place in the epoch
	position int64 // examples dealt out so far
}

func newOrder(n int, seed uint64, mode protocol.Order) *order {
	o := &order{n: n, seed: seed, frozen: mode == protocol.Frozen}
	if n <= mostShuffled {
		o.perm = make([]int32, n)
	}
	if n > 0 {
		o.shuffle()
	}
	return o
}

// shuffle draws the permutation of the current epoch.
func (o *order) shuffle() {
	o.at = 0
	stream := protocol.Stream(o.seed, protocol.PurposeOrder, o.epoch)
	if o.perm == nil {
		o.keyed = newKeyedPermutation(uint64(o.n), stream.Uint64)
		return
	}
	for i := range o.perm {
		o.perm[i] = int32(i)
	}
	stream.Shuffle(o.n, func(i, j int) { o.perm[i], o.perm[j] = o.perm[j], o.perm[i] })
}

// next appends the next m examples to dst and returns it with the stream position of the first. In
// a frozen order a batch that would cross the end of the epoch starts at its beginning instead, and
// m must not exceed n.
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
		for i := o.at; i < o.at+k; i++ {
			if o.perm != nil {
				dst = append(dst, int(o.perm[i]))
			} else {
				dst = append(dst, int(o.keyed.at(uint64(i))))
			}
		}
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

// keyedPermutation is a permutation of the numbers below n that is computed number by number: a
// Feistel network over the least even number of bits that holds them all, applied again where it
// leads to n or beyond (Black and Rogaway, Ciphers with Arbitrary Finite Domains, CT-RSA 2002,
// method 3).
type keyedPermutation struct {
	n    uint64
	half int // bits of each half
	keys [8]uint64
}

// newKeyedPermutation draws the keys of a permutation of the numbers below n, of which there are at
// least 2 and at most 2⁶².
func newKeyedPermutation(n uint64, draw func() uint64) keyedPermutation {
	p := keyedPermutation{n: n, half: (bits.Len64(n-1) + 1) / 2}
	for i := range p.keys {
		p.keys[i] = draw()
	}
	return p
}

// at returns the number in place i.
func (p *keyedPermutation) at(i uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	for {
		left, right := i>>p.half, i&mask
		for _, key := range p.keys {
			left, right = right, left^mix(right^key)&mask
		}
		if i = left<<p.half | right; i < p.n { // at most 3 of 4 numbers are beyond
			return i
		}
	}
}

// mix is the finalizer of SplitMix64, a permutation in which every bit depends on all.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
