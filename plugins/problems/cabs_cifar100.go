package problems

import "slices"

func cabsCIFAR100() network {
	whole := cabsView
	whole.side = 32
	images := pictures{cifar100, whole}
	return network{
		name:    "cabs-cifar100",
		version: "3",
		doc: `convolutional network of the CABS paper on CIFAR-100 (data: bench data fetch cifar-100)
Three convolutions of 5 × 5 with 64 channels, each with ReLU and max pooling over 3 × 3 with stride 2, and dense layers
of 512, 256 and 100 units. It sees whole images, in training mirrored at random and with random brightness and contrast;
each is shifted and scaled to mean 0 and variance 1. The regulariser is λ/2 ‖w‖² on the weights, λ = 0.002.
Ours: λ, as in DeepOBS cifar100_3c3d; starting point and distortion as in cabs-cifar10; padding (same), batch size and
budget.`,
		source:   "Balles 2021, Sec. 4.4 and App. A.2",
		examples: images,
		layers:   slices.Concat(cabsBlock(0), cabsBlock(0.1), cabsBlock(0.1), cabsHead(512, 256, 100)),
		l2:       0.002,
		batch:    128,
		budget:   passes(100, images),
	}
}
