package nn

import (
	"fmt"
	"runtime"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// slice is the number of examples that go through the network together. Larger batches are cut into slices, so that memory
// is bounded whatever the batch size.
const slice = 128

// Layer describes one layer of a network: what the types of this package with exported fields are.
type Layer interface {
	// build adds the layer to a network and returns its output.
	build(b *builder, in *tensor) *tensor
}

// Loader writes the i-th example of a batch, or of a part of the data, to input. To target it writes what the loss asks
// for. It is called from several goroutines at once, and gets the same slices' room again later.
type Loader func(i int, input, target []float32)

// Network computes the loss of a network, its gradient and the variance of that gradient over the examples of a batch.
// It owns its buffers: it is for one goroutine at a time, and uses as many threads as it was told.
type Network struct {
	builder
	crew
	call
	stages []stage
	loss   loss
	l2     float32
	losses []float64 // per example of a slice
	hits   []float64
}

// call is what all layers know about the work in hand.
type call struct {
	x, g, s []float32 // the point, room for gradient and variance; g and s nil if not wanted
	norm    bool      // ‖s‖₁ is wanted
	m       int       // examples in the batch
	n       int       // examples in the slice
	start   int       // the slice's first example
	load    Loader
	batch   protocol.Batch
	train   bool // with dropout and the like
}

// first and last say where the slice is in the batch.
func (c *call) first() bool { return c.start == 0 }
func (c *call) last() bool  { return c.start+c.n == c.m }

// New builds the network that leads from the input through the layers, the last of which is a loss. It panics if they do
// not fit together. Memory for examples is allocated on first use and kept.
func New(input Shape, layers ...Layer) *Network {
	net := new(Network)
	net.builder.net = net
	in := net.tensor(input, false)
	net.add(&source{net: net, out: in})
	t := in
	for _, l := range layers {
		if net.loss != nil {
			panic(fmt.Sprintf("nn: layer %T after the loss", l))
		}
		t = l.build(&net.builder, t)
	}
	if net.loss == nil {
		panic("nn: the last layer is not a loss")
	}
	net.stages = cut(net.nodes)
	net.SetThreads(runtime.GOMAXPROCS(0))
	return net
}

// SetThreads sets the number of threads, GOMAXPROCS if it is never called. Results do not depend on it.
func (n *Network) SetThreads(threads int) { n.crew.threads = newCrew(threads).threads }
