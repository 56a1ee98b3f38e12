package problems

import "noisebench/plugins/problems/internal/nn"

// cabsBlock is what the networks of Balles 2021, Ch. 4 on colour images are built from. They start
// as TensorFlow's tutorial on CIFAR-10 does, from which the CABS code has them.
func cabsBlock(bias float32) []nn.Layer {
	return []nn.Layer{
		nn.Conv{Size: 5, Channels: 64, Weights: nn.TruncatedNormal(0.05), Bias: nn.Constant(bias)},
		nn.ReLU{},
		nn.MaxPool{Size: 3, Stride: 2},
	}
}

// cabsHead leads through two dense layers to the classes.
func cabsHead(first, second, classes int) []nn.Layer {
	w, b := nn.TruncatedNormal(0.04), nn.Constant(0.1)
	return []nn.Layer{
		nn.Dense{Units: first, Weights: w, Bias: b},
		nn.ReLU{},
		nn.Dense{Units: second, Weights: w, Bias: b},
		nn.ReLU{},
		nn.Dense{Units: classes, Weights: nn.TruncatedNormal(1 / float64(second))},
		nn.SoftmaxCrossEntropy{},
	}
}

// cabsView is the distortion of TensorFlow's tutorial on CIFAR-10.
var cabsView = view{
	side:        24,
	mirror:      true,
	brightness:  63,
	contrast:    factor{0.2, 1.8},
	standardise: true,
}
