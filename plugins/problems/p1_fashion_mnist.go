package problems

import "noisebench/plugins/problems/internal/nn"

func p1FashionMNIST() network {
	return network{
		name:    "p1-fashion-mnist",
		version: "3",
		doc: `P1 of the M-SVAG experiments: a convolutional network on Fashion-MNIST (data: bench data fetch fashion-mnist)
Two convolutions of 5 × 5 with 32 and 64 channels, each with ReLU and max pooling over 3 × 3 with stride 2, and dense
layers of 1024 and 10 units. Pixels are divided by 255. No regulariser, no augmentation. The budget is 6000 steps with
batches of 64.
Ours: padding (same), starting point as in DeepOBS fmnist_2c2d.`,
		source:   "Balles 2021, Sec. 5.6 and App. B.1",
		examples: pictures{album: fashionMNIST},
		layers:   conv2dense2(nn.MaxPool{Size: 3, Stride: 2}),
		batch:    64,
		budget:   6000 * 64,
	}
}
