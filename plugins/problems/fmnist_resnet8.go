package problems

import "noisebench/plugins/problems/internal/nn"

func fashionResNet8() network {
	return network{
		name: "fmnist-resnet8",
		doc: `residual network of 8 layers with group normalization on Fashion-MNIST (data: bench data fetch fashion-mnist)
A convolution of 3 × 3 with 8 channels and stride 2; three blocks with 8, 16 and 32 channels, the
last two with stride 2, of two convolutions of 3 × 3 and a shortcut, which is a convolution of 1 × 1
where the shape changes; the mean over positions and a dense layer of 10 units. Each convolution of
3 × 3 is followed by group normalization in 4 groups, and by ReLU after the sum where there is one.
Weights of convolutions start from N(0, 2/inputs), those of the dense layer uniformly by Glorot's
rule, biases at 0. Pixels are divided by 255. No regulariser, no augmentation. Examples do not
depend on each other, so that variance is defined.` + sampledDoc(20),
		source: "form: He et al. 2016, Sec. 4.2, at n = 1, with the normalization of Wu and He " +
			"2018; first stride, widths and budget: ours",
		examples: pictures{album: fashionMNIST.sampled(20)},
		layers:   residual8(8, 4, 10),
		batch:    32,
		budget:   1000 * 32,
	}
}

func residual8(width, groups, classes int) []nn.Layer {
	conv := func(size, channels, stride int) nn.Layer {
		return nn.Conv{
			Size: size, Channels: channels, Stride: stride, NoBias: true, Weights: nn.HeNormal(),
		}
	}
	norm := nn.GroupNorm{Groups: groups}
	layers := []nn.Layer{conv(3, width, 2), norm, nn.ReLU{}}
	for block := range 3 {
		channels := width << block
		r := nn.Residual{}
		stride := 1
		if block > 0 {
			stride = 2
			r.Shortcut = []nn.Layer{conv(1, channels, stride)}
		}
		r.Layers = []nn.Layer{conv(3, channels, stride), norm, nn.ReLU{}, conv(3, channels, 1), norm}
		layers = append(layers, r, nn.ReLU{})
	}
	return append(layers, nn.AveragePool{}, nn.Dense{Units: classes}, nn.SoftmaxCrossEntropy{})
}
