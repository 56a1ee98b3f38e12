package problems

import "noisebench/plugins/problems/internal/nn"

func cabsMNIST() network {
	w, b := nn.TruncatedNormal(0.01), nn.Constant(0.05)
	return network{
		name:    "cabs-mnist",
		version: "3",
		doc: `convolutional network of the CABS paper on MNIST (data: bench data fetch mnist)
Two convolutions of 5 × 5 with 32 and 64 channels, each with ReLU and max pooling over 2 × 2, and dense layers of 1024
and 10 units. Pixels are divided by 255. No regulariser, no augmentation.
Ours: padding (same), batch size and budget, which the source does not state.`,
		source:   "Balles 2021, Sec. 4.4 and App. A.2; starting point of the CABS code",
		examples: pictures{album: mnist},
		layers: []nn.Layer{
			nn.Conv{Size: 5, Channels: 32, Weights: w, Bias: b},
			nn.ReLU{},
			nn.MaxPool{Size: 2},
			nn.Conv{Size: 5, Channels: 64, Weights: w, Bias: b},
			nn.ReLU{},
			nn.MaxPool{Size: 2},
			nn.Dense{Units: 1024, Weights: w, Bias: b},
			nn.ReLU{},
			nn.Dense{Units: 10, Weights: w, Bias: b},
			nn.SoftmaxCrossEntropy{},
		},
		batch:  128,
		budget: passes(20, pictures{album: mnist}),
	}
}
