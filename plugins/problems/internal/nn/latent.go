package nn

import (
	"math"

	"noisebench/protocol"
)

// purposeLatent names the streams that Latent draws from, keyed by the example's position in the
// run and the layer.
const purposeLatent = "latent"

// Latent is the middle of a variational autoencoder (Kingma & Welling 2014): its input is a mean μ
// and the logarithm v of a variance, n features each, and its output is z = μ + eˢ ε with ε ∼ N(0,
// 1) and s = ½v, the logarithm of the standard deviation. It adds the divergence from the prior
// N(0, 1), −½ Σ (1 + 2s − μ² − e²ˢ) (App. B there), to the example's loss.
//
// ε depends on the run's seed and the position of the example in the stream of examples alone. An
// evaluation draws it too, since the loss at z = μ is another function than the objective of
// training. There the seed is 0 and the position is the example's number, so that all points are
// judged by the same noise.
//
// A sampled gradient is that of the decoder's −log p(ỹ|z) at the same z, without the divergence.
type Latent struct{}

type latent struct {
	net     *Network
	in, out *tensor
	n       int
	layer   uint64
	noise   *strip // eˢ ε
	losses  []float64
}

func (Latent) build(net *Network, in *tensor) *tensor {
	size := in.shape.Size()
	if size%2 != 0 {
		panic("nn: the input of a Latent is " + in.shape.String() + ", want an even number of features")
	}
	l := &latent{
		net: net, in: in, out: net.tensor(Vector(size / 2)), n: size / 2, layer: uint64(len(net.latents)),
		noise: net.keep(size / 2),
	}
	net.latents = append(net.latents, l)
	net.addLocal(l, in, l.out)
	return l.out
}

func (l *latent) grow(n, _ int) {
	l.losses = room(l.losses, n)
}

func (l *latent) forward(_ *thread, i int) {
	x, z, noise := l.in.values(i), l.out.values(i), l.noise.of(i)
	random := protocol.Stream(l.net.batch.Seed, purposeLatent, l.net.position(i), l.layer)
	l.losses[i] = 0
	for j := range z {
		μ, s := float64(x[j]), float64(x[l.n+j])/2
		noise[j] = float32(math.Exp(s) * random.NormFloat64())
		z[j] = x[j] + noise[j]
		l.losses[i] -= (1 + 2*s - μ*μ - math.Exp(2*s)) / 2
	}
}

// backward: ∂z/∂μ = 1, ∂z/∂v = ½ eˢ ε; the divergence has the derivatives μ and ½ (eᵛ − 1).
func (l *latent) backward(_ *thread, i int) {
	if !l.in.needed() {
		return
	}
	x, δ, δz, noise := l.in.values(i), l.in.deltas(i), l.out.deltas(i), l.noise.of(i)
	if l.net.sampling { // the divergence is no part of −log p
		for j := range δz {
			δ[j], δ[l.n+j] = δz[j], δz[j]*noise[j]/2
		}
		return
	}
	m := float64(l.net.m)
	for j := range δz {
		δ[j] = δz[j] + float32(float64(x[j])/m)
		δ[l.n+j] = δz[j]*noise[j]/2 + float32(math.Expm1(float64(x[l.n+j]))/(2*m))
	}
}
