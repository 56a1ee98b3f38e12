package nn

import (
	"fmt"

	"noisebench/plugins/internal/linalg"
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// slice is the number of examples that go through the network together. Larger batches are cut into
// slices, so that memory is bounded whatever the batch size.
const slice = 128

// chunk is the number of examples that go back through layers which treat each by itself before
// these layers sum their gradients, unless there are more threads.
const chunk = 16

// Layer describes one layer of a network: a type of this package with its parameters as exported
// fields.
type Layer interface {
	// build adds the layer to a network and returns its output.
	build(net *Network, in *tensor) *tensor
}

// Loader writes the i-th example of a batch, or of a part of the data, to input, and to target what
// the loss asks for. It is called from several goroutines at once.
type Loader func(i int, input, target []float32)

// Network computes the loss of a network, its gradient, and the variance of that gradient over the
// examples of a batch. It owns its buffers and is for one goroutine at a time; inside, it uses
// several threads.
type Network struct {
	input  Shape
	blocks []block
	dim    int
	flops  int // see [Cost]
	l2     float32

	memory
	stages   []*stage
	loss     *lossNode
	slots    []float64 // for ‖s‖₁, one for each task that computes gradients
	largest  int       // slice that there is room for
	dropouts uint64
	norms    []*batchNorm
	latents  []*latent
	own      []float32 // room for a gradient that is needed and not wanted

	*threadPool
	call
}

// call is the state of the current call of a network.
type call struct {
	x, g, s  []float32 // the point; room for gradient and variance, nil if not computed
	norm     bool      // ‖s‖₁ is wanted
	sampling bool      // g is for the gradient at targets that are drawn
	training bool      // batch is set, and layers such as Dropout are active
	batch    protocol.Batch
	load     Loader
	// calibrating, if above 0, is the batch's weight in the statistics that BatchNorm keeps for
	// evaluations.
	calibrating float64
	m           int // examples in the batch
	start, n    int // the slice: its first example, and how many there are in it
	from, to    int // the chunk: its first example in the slice, and the one after its last
}

// first and last say where the chunk is in the batch.
func (c *call) first() bool { return c.start+c.from == 0 }
func (c *call) last() bool  { return c.start+c.to == c.m }

// position is where the slice's i-th example is in the stream of examples.
func (c *call) position(i int) uint64 { return uint64(c.batch.Position) + uint64(c.start+i) }

// New builds the network that leads from the input through the layers to a loss, the last of them.
// It panics if they do not fit each other. Memory for examples is allocated on first use and kept;
// a later call that needs no more allocates nothing.
func New(input Shape, layers ...Layer) *Network {
	net := &Network{input: input}
	t := net.tensor(input)
	source := &source{net: net, out: t}
	net.addLocal(source, t)
	for _, l := range layers {
		if net.loss != nil {
			panic(fmt.Sprintf("nn: layer %T follows the loss", l))
		}
		t = l.build(net, t)
	}
	if net.loss == nil {
		panic("nn: the last layer is not a loss")
	}
	source.loss = net.loss
	for _, s := range net.stages {
		s.finish()
	}
	net.plan(net.stages)
	net.SetThreads(linalg.Threads())
	return net
}

// SetThreads sets the number of threads; until then it is [linalg.Threads]. Results do not depend
// on it.
func (net *Network) SetThreads(threads int) {
	net.threadPool = newThreadPool(threads)
	net.largest = 0 // some layers keep buffers for each thread
}

// Measures returns what Measure offers: the gradient at the targets and at sampled ones, and the
// variance of the former unless examples depend on each other.
func (net *Network) Measures() protocol.Quantity {
	if len(net.norms) > 0 {
		return protocol.Gradient | protocol.SampledGradient
	}
	return protocol.Gradient | protocol.VarianceNorm | protocol.Variance | protocol.SampledGradient
}

// Dim is the number of parameters.
func (net *Network) Dim() int { return net.dim }

// Measure computes the mean loss at x over the examples of the batch and what else is wanted, and
// writes it to m, whose vectors are the caller's. The example that load knows as i is the batch's
// i-th. An L2 regulariser is part of loss and gradient, and adds nothing to the variance.
//
// The gradient has the same bits whatever else is wanted. Variance comes from sums of squares in
// float32, and is off by a rounding error of that sum: a few 1e-7 of the mean square of the
// per-example gradients. It is never below 0.
//
// The sampled gradient takes a second way through the network, unless it alone is wanted.
func (net *Network) Measure(x []float32, batch protocol.Batch, want protocol.Quantity, load Loader,
	m *protocol.Measurement[float32],
) {
	size := len(batch.Examples)
	net.call = call{x: x, training: true, batch: batch, load: load, m: size}
	sampled, others := want.Has(protocol.SampledGradient), want&^protocol.SampledGradient
	if others != 0 {
		net.g = m.Gradient
		if !want.Has(protocol.Gradient) {
			net.own = room(net.own, net.dim)
			net.g = net.own
		}
	}
	if want.Has(protocol.Variance) {
		net.s = m.Variance
	}
	net.norm = want.Has(protocol.VarianceNorm)
	clear(net.slots)
	loss := 0.0
	if others != 0 || !sampled {
		loss, _ = net.sweep(net.g != nil)
	}
	regulariser := net.regularise()
	if net.norm {
		sum := 0.0
		for _, v := range net.slots {
			sum += v
		}
		m.VarianceNorm = max(sum, 0) // NaN stays
	}
	if sampled {
		net.call = call{
			x: x, training: true, batch: batch, load: load, m: size, sampling: true, g: m.SampledGradient,
		}
		loss, _ = net.sweep(true) // the same bits as before
	}
	m.Loss = loss/float64(size) + regulariser
	m.Have, m.BatchSize = want, size
	net.call = call{}
}

// Evaluate returns the mean loss at x over n examples, regulariser and what a [Latent] adds
// included, and the metric of the loss layer: accuracy for [SoftmaxCrossEntropy], that same loss
// for others.
func (net *Network) Evaluate(x []float32, n int, load Loader) protocol.Evaluation {
	net.call = call{x: x, load: load, m: n}
	loss, metric := net.sweep(false)
	e := protocol.Evaluation{Loss: loss/float64(n) + net.regularise(), Metric: metric / float64(n)}
	if net.loss.ranks {
		e.Metric = e.Loss
	}
	net.call = call{}
	return e
}

// sweep takes the examples through the network slice by slice and returns the sums of losses and
// metrics.
func (net *Network) sweep(back bool) (loss, metric float64) {
	size := slice
	if len(net.norms) > 0 && net.training {
		size = net.m
	}
	net.grow(min(size, net.m))
	net.do(len(net.stages), prepareWork{net})
	for net.start < net.m {
		net.n = min(size, net.m-net.start)
		for _, s := range net.stages {
			s.forward()
		}
		for i := range net.n {
			loss += net.loss.losses[i]
			metric += net.loss.metrics[i]
		}
		if back {
			for i := len(net.stages) - 1; i >= 0; i-- {
				net.stages[i].backward()
			}
		}
		net.start += net.n
	}
	return loss, metric
}

// chunkSize is the number of examples of a chunk, at least one for each thread.
func (net *Network) chunkSize() int { return max(chunk, len(net.threads)) }

// grow makes room for slices of n examples.
func (net *Network) grow(n int) {
	if n <= net.largest {
		return
	}
	net.memory.grow(n, net.chunkSize())
	for _, s := range net.stages {
		s.grow(n, len(net.threads))
	}
	net.largest = n
}

// regularise returns λ/2 ‖w‖² and adds λ w to the gradient, for the weights w.
func (net *Network) regularise() float64 {
	if net.l2 == 0 {
		return 0
	}
	sum := 0.0
	for _, b := range net.blocks {
		if !b.weights {
			continue
		}
		w := net.x[b.Offset:][:b.Len]
		sum += simd.Dot(w, w)
		if net.g != nil {
			simd.Axpy(net.g[b.Offset:][:b.Len], net.l2, w)
		}
	}
	return float64(net.l2) / 2 * sum
}

// addNorm adds one example's ‖ĝᵢ‖² to a slot, ĝᵢ = ∇fᵢ/m, where only the norm of the variance is
// wanted.
func (net *Network) addNorm(slot int, square float64) {
	m := float64(net.m)
	net.slots[slot] += m * m / (m - 1) * square
}

// conclude turns sums over the batch into the variance once all slices are summed, for some of the
// parameters: g holds Σ ĝᵢ and s holds Σ ĝᵢ², or slots hold Σ ‖ĝᵢ‖² where only the norm is wanted.
// Then s = 1/(m−1) (Σ ∇fᵢ² − m g²) = m/(m−1) (m Σ ĝᵢ² − g²) (Balles 2021, Eq. 3.30).
func (net *Network) conclude(slot int, g, s []float32) {
	if !net.last() {
		return
	}
	switch {
	case net.s != nil:
		factor, weight := net.spread()
		net.slots[slot] += simd.Spread(s, factor, g, weight)
	case net.norm:
		m := float64(net.m)
		net.slots[slot] -= m / (m - 1) * simd.Dot(g, g)
	}
}

// spread returns what Σ ĝᵢ² and g² are multiplied by in the variance.
func (net *Network) spread() (factor, weight float32) {
	m := float64(net.m)
	return float32(m * m / (m - 1)), float32(m / (m - 1))
}
