package problems

import "noisebench/plugins/problems/internal/nn"

func mnist2c2d() network {
	return net2c2d(network{
		name:    "mnist-2c2d",
		version: "3",
		doc:     "convolutional network on MNIST (data: bench data fetch mnist)",
		source:  "DeepOBS mnist_2c2d (Schneider et al. 2019)",
	}, mnist)
}

func fashion2c2d() network {
	return net2c2d(network{
		name:    "fmnist-2c2d",
		version: "3",
		doc:     "convolutional network on Fashion-MNIST (data: bench data fetch fashion-mnist)",
		source:  "DeepOBS fmnist_2c2d (Schneider et al. 2019)",
	}, fashionMNIST)
}

func net2c2d(n network, images album) network {
	n.doc += `
Two convolutions of 5 × 5 with 32 and 64 channels, each with ReLU and max pooling over 2 × 2, and dense layers of 1024
and 10 units. Pixels are divided by 255. No regulariser, no augmentation.`
	n.examples = pictures{album: images}
	n.layers = conv2dense2(nn.MaxPool{Size: 2})
	n.batch = 128
	n.budget = passes(100, n.examples)
	return n
}

// conv2dense2 is two convolutions, each followed by a pooling, and two dense layers.
func conv2dense2(pool nn.MaxPool) []nn.Layer {
	w, b := nn.TruncatedNormal(0.05), nn.Constant(0.05)
	return []nn.Layer{
		nn.Conv{Size: 5, Channels: 32, Weights: w, Bias: b},
		nn.ReLU{},
		pool,
		nn.Conv{Size: 5, Channels: 64, Weights: w, Bias: b},
		nn.ReLU{},
		pool,
		nn.Dense{Units: 1024, Weights: w, Bias: b},
		nn.ReLU{},
		nn.Dense{Units: 10, Weights: w, Bias: b},
		nn.SoftmaxCrossEntropy{},
	}
}
