package problems

import "slices"

func cabsCIFAR10() network {
	images := pictures{cifar10, cabsView}
	return network{
		name:    "cabs-cifar10",
		version: "3",
		doc: `convolutional network of the CABS paper on CIFAR-10 (data: bench data fetch cifar-10)
Two convolutions of 5 × 5 with 64 channels, each with ReLU and max pooling over 3 × 3 with stride 2, and dense layers of
384, 192 and 10 units. It sees parts of 24 × 24 pixels, in training at random, mirrored, and with random brightness and
contrast; each is shifted and scaled to mean 0 and variance 1. No regulariser.
Ours: the distortion, which is that of TensorFlow's tutorial on CIFAR-10; padding (same), batch size and budget.`,
		source:   "Balles 2021, Sec. 4.4 and App. A.2; starting point of the CABS code",
		examples: images,
		layers:   slices.Concat(cabsBlock(0), cabsBlock(0.1), cabsHead(384, 192, 10)),
		batch:    128,
		budget:   passes(100, images),
	}
}
