package problems

import "noisebench/plugins/problems/internal/nn"

func svhnWRN164() network {
	images := pictures{svhn, shiftedView}
	return network{
		name:    "svhn-wrn164",
		version: "3",
		doc: `wide residual network on street view house numbers (data: bench data fetch svhn)
WRN-16-4 with the augmentation of svhn-3c3d and the regulariser λ/2 ‖w‖² on the weights, λ = 0.0005. The
step size is constant, as in the published baselines of DeepOBS.
` + wideResidualDoc,
		source:   "DeepOBS svhn_wrn164 (Schneider et al. 2019), after Zagoruyko & Komodakis 2016",
		examples: images,
		layers:   wideResidual(16, 4, 10),
		l2:       0.0005,
		batch:    128,
		budget:   passes(160, images),
	}
}

// wideResidual is the wide residual network WRN-depth-width (Zagoruyko & Komodakis 2016, Table 1),
// in the layout of DeepOBS: three groups of blocks with 16, 32 and 64 times width channels, (depth
// − 4)/6 blocks each. Batch normalization and ReLU come before each convolution, and for the first
// block of a group before its shortcut too.
func wideResidual(depth, width, classes int) []nn.Layer {
	const ε = 1e-5
	conv := func(size, channels, stride int) nn.Layer {
		return nn.Conv{Size: size, Channels: channels, Stride: stride, NoBias: true}
	}
	layers := []nn.Layer{conv(3, 16, 1)}
	for group := range 3 {
		channels, stride := 16*width<<group, 2
		if group == 0 {
			stride = 1
		}
		layers = append(layers, nn.BatchNorm{Epsilon: ε}, nn.ReLU{}, nn.Residual{
			Layers: []nn.Layer{
				conv(3, channels, stride), nn.BatchNorm{Epsilon: ε}, nn.ReLU{}, conv(3, channels, 1),
			},
			Shortcut: []nn.Layer{conv(1, channels, stride)},
		})
		for range (depth-4)/6 - 1 {
			layers = append(layers, nn.Residual{Layers: []nn.Layer{
				nn.BatchNorm{Epsilon: ε},
				nn.ReLU{},
				conv(3, channels, 1),
				nn.BatchNorm{Epsilon: ε},
				nn.ReLU{},
				conv(3, channels, 1),
			}})
		}
	}
	return append(layers,
		nn.BatchNorm{Epsilon: ε}, nn.ReLU{}, nn.AveragePool{}, nn.Dense{Units: classes},
		nn.SoftmaxCrossEntropy{})
}

const wideResidualDoc = `Batch normalization makes the loss of an example depend on the others in its batch, so that
there are no per-example gradients, and no variance is offered. Evaluations normalise by means over batches of the train
part, computed at the point that is judged, where published ones use running averages of training. Memory grows with the
batch size.`
