package nn

// Cost is what one example costs.
type Cost struct {
	FLOPs int // of the matrix products, forward and backward; a multiplication and an addition are two
	// of what is kept of each example of a slice for the backward pass, or passed between layers there
	Bytes int
}

// Cost is what one example costs, as the layers state it.
func (net *Network) Cost() Cost {
	bytes, _ := net.bytes()
	return Cost{net.flops, bytes}
}

// Memory is the number of bytes that examples take when a batch of some size is measured, on up to
// 16 threads. It does not grow beyond a slice's, unless there is a BatchNorm.
func (net *Network) Memory(batch int) int {
	if len(net.norms) == 0 {
		batch = min(batch, slice)
	}
	whole, part := net.bytes()
	return batch*whole + min(batch, chunk)*part
}

// multiplies states that a layer multiplies its input by weights, with some multiplications for
// each example. The way back takes as many for the weights' gradient, and for the in delta if it is
// needed.
func (net *Network) multiplies(in *tensor, multiplications int) {
	products := 2
	if in.needed() {
		products = 3
	}
	net.flops += products * 2 * multiplications
}
