package nn

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// Positions adds a vector of its own, which is learned, to each position. Its weights are stored as
// positions × features.
type Positions struct {
	Weights Initializer // nil means GlorotUniform
}

type positions struct {
	net     *Network
	in, out *tensor
	w       *block
	gather  gathered
}

func (l Positions) build(net *Network, in *tensor) *tensor {
	n, c := in.shape.Positions(), in.shape.Channels
	p := &positions{net: net, in: in}
	p.w = net.weights(net.name("positions"), l.Weights, protocol.Embedding, n, c, n, c)
	p.gather = net.gathered(p.w)
	p.out = net.tensor(in.shape)
	net.addLocal(p, in, p.out)
	return p.out
}

func (p *positions) grow(int, int) {}

func (p *positions) forward(_ *thread, i int) {
	simd.Add(p.out.values(i), p.in.values(i), p.w.at(p.net.x))
}

func (p *positions) backward(_ *thread, i int) {
	if p.in.needed() {
		copy(p.in.deltas(i), p.out.deltas(i))
	}
}

func (p *positions) tasks() int { return 1 }

// gradient: an example uses each weight once, and its gradient is the delta.
func (p *positions) gradient(*thread, int) { p.gather.sum(p.out.delta) }
