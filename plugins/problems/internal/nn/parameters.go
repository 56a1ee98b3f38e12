package nn

import (
	"fmt"
	"slices"

	"noisebench/protocol"
)

// block is a named range of the parameters.
type block struct {
	protocol.Block
	init          Initializer
	fanIn, fanOut int
	weights       bool // the L2 regulariser applies
}

// at is the block's part of a vector of all parameters.
func (b *block) at(v []float32) []float32 { return v[b.Offset:][:b.Len] }

// rows is the part of rows from to to of a vector of all parameters, where the block is a matrix
// with n columns.
func (b *block) rows(v []float32, from, to, n int) []float32 { return b.at(v)[from*n : to*n] }

// weights adds a block of weights whose last axis numbers the layer's outputs; a nil initializer
// means [GlorotUniform].
func (net *Network) weights(
	layer string, init Initializer, role protocol.Role, fanIn, fanOut int, shape ...int,
) *block {
	if init == nil {
		init = GlorotUniform()
	}
	b := block{init: init, fanIn: fanIn, fanOut: fanOut, weights: true}
	return net.block(layer+"/weights", role, b, shape...)
}

// bias adds a block of biases; a nil initializer means 0.
func (net *Network) bias(layer string, init Initializer, size int) *block {
	if init == nil {
		init = Constant(0)
	}
	return net.block(layer+"/bias", protocol.Bias, block{init: init}, size)
}

func (net *Network) block(name string, role protocol.Role, b block, shape ...int) *block {
	size := 1
	for _, n := range shape {
		size *= n
	}
	b.Block = protocol.Block{
		Name: name, Offset: net.dim, Len: size, Shape: shape, Output: len(shape) - 1, Role: role,
	}
	net.blocks = append(net.blocks, b)
	net.dim += size
	return &b
}

// tensor adds a tensor; its delta is needed if there are parameters by now.
func (net *Network) tensor(shape Shape) *tensor {
	t := &tensor{shape: shape, value: net.keep(shape.Size())}
	if net.dim > 0 {
		t.delta = net.pass(shape.Size())
	}
	return t
}

// name numbers the layers of a kind: conv1, conv2, …
func (net *Network) name(kind string) string {
	for i := 1; ; i++ {
		name := fmt.Sprintf("%s%d", kind, i)
		taken := false
		for _, b := range net.blocks {
			taken = taken || len(b.Name) > len(name) && b.Name[:len(name)+1] == name+"/"
		}
		if !taken {
			return name
		}
	}
}

// Blocks lists the parameters' names, ranges, shapes and roles. Outputs are along the last axis of
// every block. The last weights are those of the output layer.
func (net *Network) Blocks() []protocol.Block {
	blocks := make([]protocol.Block, len(net.blocks))
	last := -1
	for i, b := range net.blocks {
		blocks[i] = b.Block
		blocks[i].Shape = slices.Clone(b.Shape)
		if b.Role == protocol.Weight {
			last = i
		}
	}
	if last >= 0 {
		blocks[last].Role = protocol.OutputLayer
	}
	return blocks
}

// Init writes the starting point of runs with this seed to x. Each block has its own random stream,
// keyed by its number.
func (net *Network) Init(x []float32, seed uint64) {
	for i := range net.blocks {
		b := &net.blocks[i]
		b.init(protocol.Stream(seed, protocol.PurposeInit, uint64(i)), b.at(x), b.fanIn, b.fanOut)
	}
}

// L2 adds λ/2 ‖w‖² to the loss, where w are the weights of all layers, without biases.
func (net *Network) L2(λ float64) *Network {
	net.l2 = float32(λ)
	return net
}
