package problems

import "noisebench/plugins/problems/internal/nn"

func mnistMLP() network {
	return mlp(network{
		name:   "mnist-mlp",
		doc:    "multi-layer perceptron on MNIST (data: bench data fetch mnist)",
		source: "DeepOBS mnist_mlp (Schneider et al. 2019)",
	}, mnist)
}

func fashionMLP() network {
	return mlp(network{
		name:   "fmnist-mlp",
		doc:    "multi-layer perceptron on Fashion-MNIST (data: bench data fetch fashion-mnist)",
		source: "DeepOBS fmnist_mlp (Schneider et al. 2019)",
	}, fashionMNIST)
}

func mlp(n network, images album) network {
	n.doc += `
Dense layers of 1000, 500, 100 and 10 units with ReLU between them. Pixels are divided by 255. No regulariser, no
augmentation.`
	n.examples = pictures{album: images}
	w := nn.TruncatedNormal(0.03)
	n.layers = []nn.Layer{
		nn.Dense{Units: 1000, Weights: w},
		nn.ReLU{},
		nn.Dense{Units: 500, Weights: w},
		nn.ReLU{},
		nn.Dense{Units: 100, Weights: w},
		nn.ReLU{},
		nn.Dense{Units: 10, Weights: w},
		nn.SoftmaxCrossEntropy{},
	}
	n.batch = 128
	n.budget = passes(100, n.examples)
	return n
}
