package problems

import "noisebench/plugins/problems/internal/nn"

func mnistAutoencoder() network {
	var layers []nn.Layer
	for _, units := range []int{256, 64, 16, 64, 256, 784} {
		layers = append(layers, nn.Dense{Units: units})
		switch units {
		case 16:
		case 784:
			layers = append(layers, nn.Sigmoid{})
		default:
			layers = append(layers, nn.ReLU{})
		}
	}
	return network{
		name: "mnist-autoencoder",
		doc: `deep autoencoder on MNIST (data: bench data fetch mnist)
Dense layers of 256, 64, 16, 64, 256 and 784 units, the last with sigmoid, the others with ReLU but
for the code of 16 numbers. Weights start uniformly by Glorot's rule, biases at 0. Loss and metric
are half the squared distance from the image, summed over its pixels, which are divided by 255. No
regulariser, no augmentation.` + sampledDoc(10),
		source: "form: Hinton and Salakhutdinov 2006, smaller, with ReLU and squared loss; " +
			"budget: ours",
		examples: portraits{pictures{album: mnist.sampled(10)}},
		layers:   append(layers, nn.SquaredLoss{}),
		batch:    64,
		budget:   1500 * 64,
	}
}
