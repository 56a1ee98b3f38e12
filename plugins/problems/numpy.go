package problems

import (
	"math"

	"gonum.org/v1/gonum/mathext/prng"
)

// numpyRandom draws the numbers of numpy.random.RandomState, with which the problems of DeepOBS
// were made: the Mersenne Twister MT19937 and the polar method for Gaussians.
type numpyRandom struct {
	source *prng.MT19937
	spare  float64 // the second Gaussian of a pair, if there is one
	paired bool
}

func newNumpyRandom(seed uint32) *numpyRandom {
	source := prng.NewMT19937()
	source.Seed(uint64(seed))
	return &numpyRandom{source: source}
}

// uniform draws from [0, 1) with 53 random bits.
func (r *numpyRandom) uniform() float64 {
	high, low := r.source.Uint32()>>5, r.source.Uint32()>>6
	return (float64(high)*(1<<26) + float64(low)) / (1 << 53)
}

// normal draws from N(0, 1): Marsaglia's polar method, which yields two Gaussians at a time. The
// second is kept for the next call, whatever is drawn in between.
func (r *numpyRandom) normal() float64 {
	if r.paired {
		r.paired = false
		return r.spare
	}
	for {
		a, b := 2*r.uniform()-1, 2*r.uniform()-1
		square := a*a + b*b
		if square >= 1 || square == 0 {
			continue
		}
		scale := math.Sqrt(-2 * math.Log(square) / square)
		r.spare, r.paired = scale*a, true
		return scale * b
	}
}
