package protocol

import "fmt"

// Role is the function of a block of parameters in a model. Optimizers that treat some blocks
// differently, such as matrix optimizers and those with weight decay, distinguish blocks by it.
type Role string

// The roles. A block without a role counts as a weight.
const (
	Weight      Role = "weight"    // of a linear map or convolution between layers
	Bias        Role = "bias"      // added to the output of a layer
	Scale       Role = "scale"     // of a normalization
	Embedding   Role = "embedding" // one row per token or position
	OutputLayer Role = "output"    // weights of the layer whose outputs are the input of the loss
)

// Block is a named range of a point, such as the weights of a layer.
type Block struct {
	Name   string `json:"name"`
	Offset int    `json:"offset"`
	Len    int    `json:"len"`
	// Shape lists the block's dimensions, row-major; their product is Len. nil means a vector of
	// Len elements.
	Shape []int `json:"shape,omitempty"`
	// Output is the axis of Shape that indexes the outputs of the layer: 0 or the last one.
	Output int  `json:"output,omitempty"`
	Role   Role `json:"role,omitempty"`
}

// Matrix returns the size of a block of two or more dimensions as a row-major matrix, with the
// output axis against all other axes together. If outputsFirst, each row belongs to one output,
// otherwise each column does. ok is false for a vector.
func (b *Block) Matrix() (rows, cols int, outputsFirst, ok bool) {
	if len(b.Shape) < 2 {
		return 0, 0, false, false
	}
	if b.Output == 0 {
		return b.Shape[0], b.Len / b.Shape[0], true, true
	}
	last := b.Shape[len(b.Shape)-1]
	return b.Len / last, last, false, true
}

// check returns an error that names the first inconsistent field.
func (b *Block) check() error {
	product := 1
	for _, n := range b.Shape {
		if n < 1 || product > b.Len/n {
			return fmt.Errorf("block %q has shape %v, want positive numbers whose product is its "+
				"length %d", b.Name, b.Shape, b.Len)
		}
		product *= n
	}
	switch {
	case len(b.Shape) > 0 && product != b.Len:
		return fmt.Errorf("block %q has shape %v, want numbers whose product is its length %d",
			b.Name, b.Shape, b.Len)
	case b.Output != 0 && b.Output != len(b.Shape)-1:
		return fmt.Errorf("block %q of shape %v has output axis %d, want 0 or the last", b.Name,
			b.Shape, b.Output)
	}
	switch b.Role {
	case "", Weight, Bias, Scale, Embedding, OutputLayer:
		return nil
	}
	return fmt.Errorf("block %q has role %q, want %s, %s, %s, %s or %s", b.Name, b.Role, Weight,
		Bias, Scale, Embedding, OutputLayer)
}
