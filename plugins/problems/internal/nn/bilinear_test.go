package nn

import (
	"testing"
)

// TestBilinear holds convolutions of few channels, which are computed by bilinears here only,
// against the reference: odd and even sizes, with borders and without, with bias and without.
func TestBilinear(t *testing.T) {
	defer func(was int) { fewest = was }(fewest)
	fewest = 1
	for _, c := range []struct {
		name   string
		input  Shape
		layers []Layer
	}{
		{"3 taps", Image(5, 4, 3), []Layer{
			Conv{Size: 3, Channels: 5}, ReLU{}, Conv{Size: 3, Channels: 2, NoBias: true}, SoftmaxCrossEntropy{},
		}},
		{"5 taps", Image(7, 6, 2), []Layer{
			Conv{Size: 5, Channels: 3}, Sigmoid{}, Conv{Size: 5, Channels: 2}, SquaredLoss{},
		}},
		{"valid", Image(9, 8, 1), []Layer{
			Conv{Size: 3, Channels: 9, Padding: Valid}, Sigmoid{}, Conv{Size: 3, Channels: 2, Padding: Valid}, SquaredLoss{},
		}},
		{"valid, 5 taps", Image(8, 9, 1), []Layer{
			Conv{Size: 3, Channels: 2}, Sigmoid{}, Conv{Size: 5, Channels: 2, Padding: Valid}, SquaredLoss{},
		}},
		{"transposed", Image(3, 2, 2), []Layer{
			Deconv{Size: 3, Channels: 3, Stride: 2}, Sigmoid{}, Deconv{Size: 5, Channels: 1}, SquaredLoss{},
		}},
		{"more places than at a time", Image(21, 20, 1), []Layer{
			Conv{Size: 3, Channels: 2}, MaxPool{Size: 20}, SoftmaxCrossEntropy{},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(c.input, 3, c.layers)
			testReference(t, f)
			found := false
			for _, s := range f.net.stages {
				for _, l := range s.locals {
					if k, ok := l.(*conv); ok && k.forwards != nil {
						found = true
					}
				}
			}
			if !found {
				t.Error("no convolution was computed by a bilinear")
			}
		})
	}
}
