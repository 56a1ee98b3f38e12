package problems

import (
	"math"

	"noisebench/plugins/problems/internal/nn"
)

func fashionViT() network {
	return network{
		name: "fmnist-vit",
		doc: `small vision transformer on Fashion-MNIST (data: bench data fetch fashion-mnist)
16 patches of 7 × 7 pixels, mapped linearly to 32 dimensions, and embeddings of their positions; two
blocks, each of layer normalization, attention with two heads to all positions and a linear map, and
of layer normalization, a linear map to 128 units, GELU and one back, with residual connections;
layer normalization, the mean over positions, and a dense layer of 10 units. Weights start from N(0,
0.02²), those before a residual connection from N(0, 0.02²/4), biases at 0. Pixels are divided by
255. No regulariser, no dropout, no augmentation.` + sampledDoc(20),
		source: "form: Dosovitskiy et al. 2021, with the mean over positions in place of a " +
			"class token, and GPT-2's starting point; sizes: ours",
		examples: pictures{album: fashionMNIST.sampled(20)},
		layers:   vit(7, 2, 2, 32, 10),
		batch:    16,
		budget:   2500 * 16,
	}
}

// vit is a vision transformer on square patches.
func vit(patch, layers, heads, d, classes int) []nn.Layer {
	w := nn.Normal(0.02)
	list := []nn.Layer{
		nn.Conv{Size: patch, Channels: d, Stride: patch, Padding: nn.Valid, Weights: w},
		nn.Positions{Weights: w},
	}
	for range layers {
		projection := nn.Normal(0.02 / math.Sqrt(2*float64(layers)))
		list = append(list, transformerBlock(heads, d, false, projection)...)
	}
	return append(list, nn.LayerNorm{}, nn.AveragePool{}, nn.Dense{Units: classes, Weights: w},
		nn.SoftmaxCrossEntropy{})
}
