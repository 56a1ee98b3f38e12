package problems

func p2CIFAR10() network {
	return network{
		name:    "p2-cifar10",
		version: "3",
		doc: `P2 of the M-SVAG experiments: a convolutional network on CIFAR-10 (data: bench data fetch cifar-10)
The network, the regulariser and the augmentation of cifar10-3c3d. The budget is 40,000 steps with batches of 128.
Ours, as in DeepOBS cifar10_3c3d: padding, starting point, λ and the distortion of colours.`,
		source:   "Balles 2021, Sec. 5.6 and App. B.1",
		examples: pictures{cifar10, mirroredView},
		layers:   conv3dense3(10),
		l2:       0.002,
		batch:    128,
		budget:   40_000 * 128,
	}
}
