package problems

import (
	"math"

	"noisebench/plugins/problems/internal/nn"
)

// gpt is a causal transformer as GPT-2 starts it (Radford et al. 2019, Sec. 2.3; read in nanoGPT):
// weights from N(0, 0.02²), those that lead back to the residual stream, two for each of the
// layers, from N(0, 0.02²/(2 layers)), biases 0. Unlike there, the output layer has weights of its
// own.
func gpt(words, layers, heads, d int) []nn.Layer {
	w := nn.Normal(0.02)
	list := []nn.Layer{nn.Embedding{Words: words, Units: d, Weights: w}, nn.Positions{Weights: w}}
	for range layers {
		list = append(list,
			transformerBlock(heads, d, true, nn.Normal(0.02/math.Sqrt(2*float64(layers))))...)
	}
	return append(list, nn.LayerNorm{}, nn.Conv{Size: 1, Channels: words, Weights: w, NoBias: true},
		nn.SoftmaxCrossEntropy{})
}

// transformerBlock is attention and a perceptron of 4 d units with GELU, each with a normalization
// before it and a connection around it.
func transformerBlock(heads, d int, causal bool, projection nn.Initializer) []nn.Layer {
	linear := func(units int, weights nn.Initializer) nn.Layer {
		return nn.Conv{Size: 1, Channels: units, Weights: weights}
	}
	w := nn.Normal(0.02)
	return []nn.Layer{
		nn.Residual{Layers: []nn.Layer{
			nn.LayerNorm{},
			linear(3*d, w),
			nn.Attention{Heads: heads, Causal: causal},
			linear(d, projection),
		}},
		nn.Residual{Layers: []nn.Layer{nn.LayerNorm{}, linear(4*d, w), nn.GELU{}, linear(d, projection)}},
	}
}
