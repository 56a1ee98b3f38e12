package problems

import "noisebench/plugins/problems/internal/nn"

func fashionLeNet5() network {
	return network{
		name: "fmnist-lenet5",
		doc: `LeNet-5 with ReLU and max pooling on Fashion-MNIST (data: bench data fetch fashion-mnist)
Convolutions of 5 × 5 with 6 channels (padding: same) and 16 (valid), each with ReLU and max pooling
over 2 × 2, and dense layers of 120, 84 and 10 units. Weights start from N(0, 2/inputs), biases at
0. Pixels are divided by 255. No regulariser, no augmentation.` + sampledDoc(10),
		source: "form: LeCun et al. 1998, Sec. II.B, with ReLU, max pooling and dense " +
			"connections; budget: ours",
		examples: pictures{album: fashionMNIST.sampled(10)},
		layers: []nn.Layer{
			nn.Conv{Size: 5, Channels: 6, Weights: nn.HeNormal()},
			nn.ReLU{},
			nn.MaxPool{Size: 2},
			nn.Conv{Size: 5, Channels: 16, Padding: nn.Valid, Weights: nn.HeNormal()},
			nn.ReLU{},
			nn.MaxPool{Size: 2},
			nn.Dense{Units: 120, Weights: nn.HeNormal()},
			nn.ReLU{},
			nn.Dense{Units: 84, Weights: nn.HeNormal()},
			nn.ReLU{},
			nn.Dense{Units: 10, Weights: nn.HeNormal()},
			nn.SoftmaxCrossEntropy{},
		},
		batch:  32,
		budget: 1500 * 32,
	}
}
