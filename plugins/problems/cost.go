package problems

import (
	"fmt"

	"noisebench/plugins/problems/internal/nn"
)

// cost is what one example costs in a network, by the shapes of its layers.
type cost struct {
	parameters int
	flops      int // of all matrix products, forward and backward; a multiplication and an addition are two
	bytes      int // of the values between layers and their derivatives
}

func (c cost) String() string {
	return fmt.Sprintf("It has %d parameters. One example costs %.4g MFLOP (matrix products, forward and backward) and\n"+
		"%.3g MB (values between layers, and their derivatives).",
		c.parameters, float64(c.flops)/1e6, float64(c.bytes)/1e6)
}

func (n network) cost() cost {
	var c cost
	shape := n.examples.shape()
	c.bytes = 4 * shape.Size()
	for _, l := range n.layers {
		shape = c.add(shape, l)
	}
	return c
}

// add adds a layer and returns the shape of its output.
func (c *cost) add(in nn.Shape, layer nn.Layer) nn.Shape {
	out := in
	switch l := layer.(type) {
	case nn.Dense:
		out = nn.Vector(l.Units)
		c.weights(in.Size(), l.Units, 1, !l.NoBias)
	case nn.Conv:
		out = windows(in, l.Size, l.Stride, l.Padding)
		out.Channels = l.Channels
		c.weights(l.Size*l.Size*in.Channels, l.Channels, out.Positions(), !l.NoBias)
	case nn.Deconv:
		if l.Padding != nn.Same {
			panic("problems: the cost of a transposed convolution is known with padding Same only")
		}
		stride := max(l.Stride, 1)
		out = nn.Image(in.Height*stride, in.Width*stride, l.Channels)
		c.weights(l.Size*l.Size*in.Channels, l.Channels, in.Positions(), true)
	case nn.LSTM:
		out.Channels = l.Units
		c.weights(in.Channels+l.Units, 4*l.Units, in.Positions(), true)
		c.bytes += 4 * in.Positions() * 6 * l.Units // gates, cell and its tanh
	case nn.Embedding:
		out.Channels = l.Units
		c.parameters += l.Words * l.Units
	case nn.Positions:
		c.parameters += in.Size()
	case nn.Attention: // Q Kᵀ and P V: one product each, and two and one of the first again on the way back
		n := in.Positions()
		out.Channels /= 3
		c.flops += 7 * 2 * n * n * out.Channels
	case nn.GELU:
		c.bytes += 4 * in.Size() // its slope
	case nn.LayerNorm, nn.GroupNorm:
		c.parameters += 2 * in.Channels
		c.bytes += 4 * in.Size() // the normalised input
	case nn.BatchNorm:
		c.parameters += 2 * in.Channels
	case nn.MaxPool:
		if l.Stride == 0 {
			l.Stride = l.Size
		}
		out = windows(in, l.Size, l.Stride, l.Padding)
	case nn.AveragePool:
		if l.Size > 0 {
			panic("problems: the cost of an average pooling with windows is unknown")
		}
		out = nn.Vector(in.Channels)
	case nn.Residual:
		for _, inner := range l.Layers {
			out = c.add(out, inner)
		}
		for shape := in; len(l.Shortcut) > 0; l.Shortcut = l.Shortcut[1:] {
			shape = c.add(shape, l.Shortcut[0])
		}
	case nn.Latent:
		out = nn.Vector(in.Size() / 2)
	case nn.Reshape:
		return nn.Shape(l)
	case nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Dropout, nn.SoftmaxCrossEntropy, nn.SquaredLoss: // in place
		return in
	default:
		panic(fmt.Sprintf("problems: the cost of a %T is unknown", layer))
	}
	c.bytes += 2 * 4 * out.Size()
	return out
}

// weights adds a matrix of inputs × outputs that is applied at some positions. The way back takes a product for the
// matrix' gradient, and one for its input's unless no parameters come before.
func (c *cost) weights(inputs, outputs, positions int, bias bool) {
	products := 3
	if c.parameters == 0 {
		products = 2
	}
	c.flops += products * 2 * inputs * outputs * positions
	c.parameters += inputs * outputs
	if bias {
		c.parameters += outputs
	}
}

// windows is the shape that windows over an image lead to.
func windows(in nn.Shape, size, stride int, padding nn.Padding) nn.Shape {
	stride = max(stride, 1)
	line := func(n int) int {
		if padding == nn.Valid {
			n -= size - 1
		}
		return (n + stride - 1) / stride
	}
	return nn.Image(line(in.Height), line(in.Width), in.Channels)
}
