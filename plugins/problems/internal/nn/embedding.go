package nn

import (
	"fmt"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// Embedding replaces each element of a sequence, a word's number in [0, Words), by that word's
// vector. Its weights are stored as words × units.
type Embedding struct {
	Words, Units int
	Weights      Initializer // nil means GlorotUniform
}

type embedding struct {
	net     *Network
	in, out *tensor
	w       *block
	words   int
	units   int
	sums    []float32 // one example's gradient
	slot    int
}

// embeddingUnits is how many units one gradient task takes.
const embeddingUnits = 32

func (l Embedding) build(net *Network, in *tensor) *tensor {
	if in.shape.Channels != 1 {
		panic("nn: the input of an Embedding is " + in.shape.String() + ", want one channel")
	}
	e := &embedding{net: net, in: in, words: l.Words, units: l.Units}
	e.w = net.weights(net.name("embedding"), l.Weights, protocol.Embedding, l.Words, l.Units, l.Words,
		l.Units)
	e.out = net.tensor(Shape{in.shape.Height, in.shape.Width, l.Units})
	e.sums = make([]float32, l.Words*l.Units)
	e.slot = net.slot(e.tasks())
	net.addLocal(e, in, e.out)
	return e.out
}

func (e *embedding) grow(int, int) {}

func (e *embedding) forward(_ *thread, i int) {
	w, out := e.w.at(e.net.x), e.out.values(i)
	for p, v := range e.in.values(i) {
		word := int(v)
		if word < 0 || word >= e.words {
			panic(fmt.Sprintf("nn: input is word %v, want one of [0, %d)", v, e.words))
		}
		copy(out[p*e.units:][:e.units], w[word*e.units:])
	}
}

func (e *embedding) backward(*thread, int) {}

func (e *embedding) tasks() int { return (e.units + embeddingUnits - 1) / embeddingUnits }

// gradient computes some columns. An example's gradient is summed over its positions before it is
// squared.
func (e *embedding) gradient(_ *thread, task int) {
	net := e.net
	from := task * embeddingUnits
	n := min(embeddingUnits, e.units-from)
	g := e.w.at(net.g)
	var s []float32
	if net.s != nil {
		s = e.w.at(net.s)
	}
	if net.first() {
		for at := from; at < len(g); at += e.units {
			clear(g[at:][:n])
			if s != nil {
				clear(s[at:][:n])
			}
		}
	}
	for i := net.from; i < net.to; i++ {
		words, δ := e.in.values(i), e.out.deltas(i)
		for p, word := range words {
			sum := e.sums[int(word)*e.units+from:][:n]
			simd.Add(sum, sum, δ[p*e.units+from:])
		}
		for _, word := range words { // a word that comes again finds 0
			at := int(word)*e.units + from
			sum := e.sums[at:][:n]
			simd.Add(g[at:][:n], g[at:], sum)
			if net.norm && s == nil {
				net.addNorm(e.slot+task, simd.Dot(sum, sum))
			}
			if s != nil {
				simd.Mul(sum, sum, sum)
				simd.Add(s[at:][:n], s[at:], sum)
			}
			clear(sum)
		}
	}
	for at := from; at < len(g); at += e.units {
		var row []float32
		if s != nil {
			row = s[at:][:n]
		}
		net.conclude(e.slot+task, g[at:][:n], row)
	}
}
