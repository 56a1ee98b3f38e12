package nn

import (
	"math"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// BatchNorm shifts and scales each channel to mean 0 and variance 1 over all examples of the batch
// and all positions, and then by parameters of its own: y = γ (x − mean)/√(variance + Epsilon) + β
// (Ioffe & Szegedy 2015). In an evaluation, mean and variance are those that [Network.Calibrate]
// found.
//
// It makes the loss of an example depend on the others in its batch. Per-example gradients do not
// exist then: a network with a BatchNorm measures no variance. It takes batches as one slice, so
// that memory grows with the batch.
type BatchNorm struct {
	Epsilon float64 // added to the variance; > 0
}

type batchNorm struct {
	net     *Network
	in, out *tensor
	γ, β    *block
	ε       float64
	c       int

	mean, inverse []float32 // of each channel: the mean and 1/√(variance + ε)
	sums          *strip    // two for each channel
	totals        []float64 // two for each channel
	shares        []float32 // two for each channel: means in the backward pass

	means, variances []float64 // for evaluations
}

func (l BatchNorm) build(net *Network, in *tensor) *tensor {
	name, c := net.name("norm"), in.shape.Channels
	b := &batchNorm{net: net, in: in, ε: l.Epsilon, c: c}
	b.γ = net.block(name+"/scale", protocol.Scale, block{init: Constant(1)}, c)
	b.β = net.bias(name, nil, c)
	b.out = net.tensor(in.shape)
	b.mean, b.inverse, b.shares = make([]float32, c), make([]float32, c), make([]float32, 2*c)
	b.totals = make([]float64, 2*c)
	net.norms = append(net.norms, b)
	b.sums = net.keep(2 * c)
	net.addWhole(b, in, b.out)
	return b.out
}

func (b *batchNorm) grow(int, int) {}

type (
	normMean     struct{ *batchNorm }
	normVariance struct{ *batchNorm }
	normForward  struct{ *batchNorm }
	normSums     struct{ *batchNorm }
	normBack     struct{ *batchNorm }
)

// pair is the i-th example's two sums for each channel.
func (b *batchNorm) pair(i int) (first, second []float32) {
	s := b.sums.of(i)
	return s[:b.c], s[b.c:]
}

// total sums the examples' pairs in their order.
func (b *batchNorm) total() {
	clear(b.totals)
	for i := range b.net.n {
		for j, v := range b.sums.of(i) {
			b.totals[j] += float64(v)
		}
	}
}

// count is the number of elements of a channel in the batch.
func (b *batchNorm) count() float64 { return float64(b.net.n * b.in.shape.Positions()) }

func (b *batchNorm) forwardAll() {
	if b.net.training {
		b.net.do(b.net.n, normMean{b})
		b.total()
		for c := range b.c {
			b.mean[c] = float32(b.totals[c] / b.count())
		}
		b.net.do(b.net.n, normVariance{b})
		b.total()
		for c := range b.c {
			b.inverse[c] = float32(1 / math.Sqrt(b.totals[c]/b.count()+b.ε))
			if b.net.calibrating > 0 {
				b.means[c] += b.net.calibrating * float64(b.mean[c])
				b.variances[c] += b.net.calibrating * b.totals[c] / b.count()
			}
		}
	} else {
		if b.means == nil {
			panic("nn: Evaluate before Calibrate on a network with BatchNorm")
		}
		for c := range b.c {
			b.mean[c] = float32(b.means[c])
			b.inverse[c] = float32(1 / math.Sqrt(b.variances[c]+b.ε))
		}
	}
	b.net.do(b.net.n, normForward{b})
}

func (b *batchNorm) backwardAll() {
	b.net.do(b.net.n, normSums{b})
	b.total()
	γ, β := b.γ.at(b.net.g), b.β.at(b.net.g)
	for c := range b.c {
		β[c], γ[c] = float32(b.totals[c]), float32(b.totals[b.c+c])
		b.shares[c], b.shares[b.c+c] = float32(b.totals[c]/b.count()), float32(b.totals[b.c+c]/b.count())
	}
	if b.in.needed() {
		b.net.do(b.net.n, normBack{b})
	}
}

// task sums the channels of one example.
func (b normMean) task(_ *thread, i int) {
	sum, _ := b.pair(i)
	clear(b.sums.of(i))
	simd.NormAdd(sum, b.in.values(i))
}

// task sums (x − mean)².
func (b normVariance) task(_ *thread, i int) {
	sum, _ := b.pair(i)
	clear(sum)
	simd.NormVariance(sum, b.in.values(i), b.mean)
}

func (b normForward) task(_ *thread, i int) {
	simd.Normalize(b.out.values(i), b.in.values(i), b.mean, b.inverse, b.γ.at(b.net.x),
		b.β.at(b.net.x))
}

// task sums δ and δ z, where z is the normalised input.
func (b normSums) task(_ *thread, i int) {
	clear(b.sums.of(i))
	sum, product := b.pair(i)
	simd.NormSums(sum, product, b.out.deltas(i), b.in.values(i), b.mean, b.inverse)
}

func (b normBack) task(_ *thread, i int) {
	simd.NormBack(b.in.deltas(i), b.out.deltas(i), b.in.values(i), b.mean, b.inverse, b.γ.at(b.net.x),
		b.shares[:b.c], b.shares[b.c:])
}

// Calibrate sets what evaluations of a network with BatchNorm normalise by: the means over the
// batches of the given size, into which the n examples of load are cut in their order, of each
// batch's mean and variance at x. Dropout is active, as in training, with the streams of seed 0. A
// remainder smaller than a batch takes no part. Without BatchNorm it does nothing.
func (net *Network) Calibrate(x []float32, n, batch int, load Loader) {
	if len(net.norms) == 0 {
		return
	}
	batch = min(batch, n)
	for _, b := range net.norms {
		b.means, b.variances = make([]float64, b.c), make([]float64, b.c)
	}
	for start := 0; start+batch <= n; start += batch {
		net.call = call{
			x: x, training: true, calibrating: 1 / float64(n/batch), m: batch,
			load: func(i int, input, target []float32) { load(start+i, input, target) },
		}
		net.batch.Position = int64(start)
		net.sweep(false)
	}
	net.call = call{}
}
