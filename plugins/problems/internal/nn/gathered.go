package nn

import "noisebench/plugins/internal/simd"

// gathered computes the gradient of a block of parameters, and its second moment, from the
// gradients of the slice's examples.
type gathered struct {
	net   *Network
	block *block
	slot  int
}

func (net *Network) gathered(b *block) gathered { return gathered{net, b, net.slot(1)} }

// sum takes examples in their order.
func (s *gathered) sum(examples *strip) {
	net := s.net
	g := s.block.at(net.g)
	var squares []float32
	if net.s != nil {
		squares = s.block.at(net.s)
	}
	if net.first() {
		clear(g)
		clear(squares)
	}
	var products [simd.Block]float32
	for i := net.from; i < net.to; i++ {
		one := examples.of(i)
		simd.Add(g, g, one)
		if net.norm && squares == nil {
			net.addNorm(s.slot, simd.Dot(one, one))
		}
		for from := 0; from < len(squares); from += simd.Block {
			to := min(from+simd.Block, len(squares))
			p := products[:to-from]
			simd.Mul(p, one[from:to], one[from:to])
			simd.Add(squares[from:to], squares[from:to], p)
		}
	}
	net.conclude(s.slot, g, squares)
}
