package problems

import "noisebench/protocol"

func p3CIFAR100() network {
	return network{
		name:    "p3-cifar100",
		version: "3",
		doc: `P3 of the M-SVAG experiments: a wide residual network on CIFAR-100 (data: bench data fetch cifar-100)
WRN-40-4 with the augmentation of cifar10-3c3d and the regulariser λ/2 ‖w‖² on the weights, λ = 0.0005. The budget is
80,000 steps with batches of 128; the step size drops to a fifth after 24,000, 48,000 and 64,000 of them.
Ours: λ of Zagoruyko & Komodakis; starting point and distortion of colours as in DeepOBS cifar100_wrn404.
` + wideResidualDoc,
		source:   "Balles 2021, Sec. 5.6 and App. B.1; Zagoruyko & Komodakis 2016",
		examples: pictures{cifar100, mirroredView},
		layers:   wideResidual(40, 4, 100),
		l2:       0.0005,
		batch:    128,
		budget:   80_000 * 128,
		schedule: []protocol.Drop{
			{At: 24. / 80, Factor: 0.2},
			{At: 48. / 80, Factor: 0.2},
			{At: 64. / 80, Factor: 0.2},
		},
	}
}
