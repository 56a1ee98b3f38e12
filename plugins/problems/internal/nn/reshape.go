package nn

// Reshape gives the elements of its input another shape of the same size, in the order in which
// they are stored. It costs nothing.
type Reshape struct{ Height, Width, Channels int }

func (l Reshape) build(net *Network, in *tensor) *tensor {
	shape := Shape(l)
	if shape.Size() != in.shape.Size() {
		panic("nn: a Reshape leads from " + in.shape.String() + " to " + shape.String() +
			", want the same size")
	}
	return &tensor{shape: shape, value: in.value, delta: in.delta, shared: in.shared}
}
