package nn

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// purposeDropout names the streams that dropout draws from, keyed by the example's position in the
// run and the layer.
const purposeDropout = "dropout"

// Dropout sets each element to 0 with probability Rate and divides the others by 1 − Rate
// (Srivastava et al. 2014); in an evaluation it does nothing. What it drops depends on the run's
// seed and the position of the example in the stream of examples alone, so that a second look at a
// batch is the same.
type Dropout struct{ Rate float64 } // in [0, 1)

type dropout struct {
	inPlace
	net   *Network
	rate  float64
	layer uint64
	mask  *strip
}

func (a Dropout) build(net *Network, in *tensor) *tensor {
	l := &dropout{
		inPlace: net.inPlace(in), net: net, rate: a.Rate, layer: net.dropouts,
		mask: net.keep(in.shape.Size()),
	}
	net.dropouts++
	net.addLocal(l, in, l.out)
	return l.out
}

func (l *dropout) forward(_ *thread, i int) {
	x, y := l.in.values(i), l.out.values(i)
	if !l.net.training {
		copy(y, x)
		return
	}
	mask := l.mask.of(i)
	random := protocol.Stream(l.net.batch.Seed, purposeDropout, l.net.position(i), l.layer)
	keep := float32(1 / (1 - l.rate))
	for j := range mask {
		mask[j] = 0
		if random.Float64() >= l.rate {
			mask[j] = keep
		}
	}
	simd.Mul(y, x, mask)
}

func (l *dropout) backward(_ *thread, i int) {
	δ, _ := l.delta(i)
	simd.Mul(δ, δ, l.mask.of(i))
}
