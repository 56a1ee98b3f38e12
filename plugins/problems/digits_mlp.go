package problems

import "noisebench/plugins/problems/internal/nn"

func digitsMLP() network {
	return network{
		name: "digits-mlp",
		doc: `multi-layer perceptron on small handwritten digits (8 × 8 pixels, embedded)
Dense layers of 64, 64 and 10 units with ReLU between them. Weights start from N(0, 2/inputs),
biases at 0. Pixels are divided by 16. No regulariser, no augmentation. The test examples are those
of digits-softmax.`,
		source:   "ours; data: Alpaydin and Kaynak 1998, as in scikit-learn's load_digits",
		examples: pictures{digits, view{white: 16}},
		layers: []nn.Layer{
			nn.Dense{Units: 64, Weights: nn.HeNormal()},
			nn.ReLU{},
			nn.Dense{Units: 64, Weights: nn.HeNormal()},
			nn.ReLU{},
			nn.Dense{Units: 10, Weights: nn.HeNormal()},
			nn.SoftmaxCrossEntropy{},
		},
		batch:  32,
		budget: 30 * digitsTrain,
	}
}
