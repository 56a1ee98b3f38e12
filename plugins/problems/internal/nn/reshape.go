package nn

// Reshape gives the elements of its input another shape of the same size, in the order in which they are stored. It
// costs nothing.
type Reshape struct{ Height, Width, Channels int }

func (l Reshape) build(net *Network, in *tensor) *tensor {
	shape := Shape(l)
	if shape.Size() != in.shape.Size() {
		panic("nn: a Reshape leads from " + in.shape.String() + " to " + shape.String() + ", want the same size")
	}
	out := net.tensor(shape)
	out.of, out.same, out.needed, out.shared = in, true, in.needed, in.shared
	return out
}
