package problems

import "noisebench/plugins/problems/internal/nn"

func cifar100AllCNNC() network {
	images := pictures{cifar100, mirroredView}
	conv := func(size, channels, stride int, padding nn.Padding) nn.Conv {
		return nn.Conv{
			Size: size, Channels: channels, Stride: stride, Padding: padding,
			Weights: nn.GlorotNormal(), Bias: nn.Constant(0.1),
		}
	}
	return network{
		name:    "cifar100-allcnnc",
		version: "3",
		doc: `network of convolutions only (All-CNN-C) on CIFAR-100 (data: bench data fetch cifar-100)
Nine convolutions with ReLU, two of them with stride 2, with 96, 192 and at last 100 channels, whose means over all
positions are the scores of the classes. Dropout of 0.2 on the input and of 0.5 after the third and sixth convolution.
The regulariser is λ/2 ‖w‖² on the weights, λ = 0.0005. The step size is constant, as in the published baselines of
DeepOBS.
` + shiftedDoc + mirroredDoc,
		source:   "DeepOBS cifar100_allcnnc (Schneider et al. 2019), after Springenberg et al. 2015",
		examples: images,
		layers: []nn.Layer{
			nn.Dropout{Rate: 0.2},
			conv(3, 96, 1, nn.Same),
			nn.ReLU{},
			conv(3, 96, 1, nn.Same),
			nn.ReLU{},
			conv(3, 96, 2, nn.Same),
			nn.ReLU{},
			nn.Dropout{Rate: 0.5},
			conv(3, 192, 1, nn.Same),
			nn.ReLU{},
			conv(3, 192, 1, nn.Same),
			nn.ReLU{},
			conv(3, 192, 2, nn.Same),
			nn.ReLU{},
			nn.Dropout{Rate: 0.5},
			conv(3, 192, 1, nn.Valid),
			nn.ReLU{},
			conv(1, 192, 1, nn.Same),
			nn.ReLU{},
			conv(1, 100, 1, nn.Same),
			nn.ReLU{},
			nn.AveragePool{},
			nn.SoftmaxCrossEntropy{},
		},
		l2:     0.0005,
		batch:  256,
		budget: passes(350, images),
	}
}
