package problems

import "noisebench/plugins/problems/internal/nn"

func cifar10net3c3d() network {
	return net3c3d(network{
		name:    "cifar10-3c3d",
		version: "3",
		doc:     "convolutional network on CIFAR-10 (data: bench data fetch cifar-10)",
		source:  "DeepOBS cifar10_3c3d (Schneider et al. 2019)",
	}, pictures{cifar10, mirroredView}, 10)
}

func cifar100net3c3d() network {
	return net3c3d(network{
		name:    "cifar100-3c3d",
		version: "3",
		doc: `convolutional network on CIFAR-100 (data: bench data fetch cifar-100)
Ours: batch size and budget, as in cifar10-3c3d.`,
		source: "DeepOBS cifar100_3c3d (Schneider et al. 2019)",
	}, pictures{cifar100, mirroredView}, 100)
}

func svhn3c3d() network {
	return net3c3d(network{
		name:    "svhn-3c3d",
		version: "3",
		doc:     "convolutional network on street view house numbers (data: bench data fetch svhn)",
		source:  "DeepOBS svhn_3c3d (Schneider et al. 2019)",
	}, pictures{svhn, shiftedView}, 10)
}

func net3c3d(n network, images pictures, classes int) network {
	n.doc += `
Convolutions of 5 × 5 with 64 channels (valid padding), 3 × 3 with 96 (valid) and 3 × 3 with 128 (same), each with ReLU
and max pooling over 3 × 3 with stride 2, and three dense layers, of 512 and 256 units and one for each class. The
regulariser is λ/2 ‖w‖² on the weights, λ = 0.002.
` + shiftedDoc
	if images.mirror {
		n.doc += mirroredDoc
	}
	n.examples = images
	n.layers = conv3dense3(classes)
	n.l2 = 0.002
	n.batch = 128
	n.budget = passes(100, images)
	return n
}

// conv3dense3 is three convolutions, each followed by a pooling, and three dense layers.
func conv3dense3(classes int) []nn.Layer {
	w, pool := nn.GlorotNormal(), nn.MaxPool{Size: 3, Stride: 2}
	return []nn.Layer{
		nn.Conv{Size: 5, Channels: 64, Padding: nn.Valid, Weights: w},
		nn.ReLU{},
		pool,
		nn.Conv{Size: 3, Channels: 96, Padding: nn.Valid, Weights: w},
		nn.ReLU{},
		pool,
		nn.Conv{Size: 3, Channels: 128, Weights: w},
		nn.ReLU{},
		pool,
		nn.Dense{Units: 512},
		nn.ReLU{},
		nn.Dense{Units: 256},
		nn.ReLU{},
		nn.Dense{Units: classes},
		nn.SoftmaxCrossEntropy{},
	}
}

// shiftedView is how DeepOBS shows SVHN, and mirroredView how it shows CIFAR. The brightness
// changes by at most a quarter of a grey level: DeepOBS gives a fraction of 1, and its images have
// values up to 255.
var (
	shiftedView = view{
		side:        32,
		pad:         2,
		brightness:  63. / 255,
		saturation:  factor{0.5, 1.5},
		contrast:    factor{0.2, 1.8},
		standardise: true,
	}
	mirroredView = shiftedView.mirrored()
)

const (
	shiftedDoc = `Training images are shifted by up to 2 pixels and change their saturation by 0.5 to 1.5 and their contrast by 0.2 to
1.8, at random; all images are shifted and scaled to mean 0 and variance 1.`
	mirroredDoc = ` Half of the training images are mirrored.`
)
