package problems

import "slices"

func cabsSVHN() network {
	images := pictures{svhn, cabsView}
	return network{
		name:    "cabs-svhn",
		version: "3",
		doc: `convolutional network of the CABS paper on street view house numbers (data: bench data fetch svhn)
Two convolutions of 5 × 5 with 64 channels, each with ReLU and max pooling over 3 × 3 with stride 2, and dense layers of
256, 128 and 10 units. It sees parts of 24 × 24 pixels, in training at random, mirrored, and with random brightness and
contrast; each is shifted and scaled to mean 0 and variance 1. The regulariser is λ/2 ‖w‖² on the weights, λ = 0.002.
Ours: λ, as in DeepOBS svhn_3c3d; starting point and distortion as in cabs-cifar10; padding (same), batch size and
budget.`,
		source:   "Balles 2021, Sec. 4.4 and App. A.2",
		examples: images,
		layers:   slices.Concat(cabsBlock(0), cabsBlock(0.1), cabsHead(256, 128, 10)),
		l2:       0.002,
		batch:    128,
		budget:   passes(100, images),
	}
}
