package problems

import (
	"math/rand/v2"

	"noisebench/plugins/problems/internal/nn"
)

func mnistVAE() network {
	return vae(network{
		name:   "mnist-vae",
		doc:    "variational autoencoder on MNIST (data: bench data fetch mnist)",
		source: "DeepOBS mnist_vae (Schneider et al. 2019)",
	}, mnist, 50)
}

func fashionVAE() network {
	return vae(network{
		name:   "fmnist-vae",
		doc:    "variational autoencoder on Fashion-MNIST (data: bench data fetch fashion-mnist)",
		source: "DeepOBS fmnist_vae (Schneider et al. 2019)",
	}, fashionMNIST, 100)
}

func vae(n network, images album, epochs int64) network {
	n.doc += `
The encoder has three convolutions of 4 × 4 with 64 channels and strides 2, 2 and 1, each with leaky ReLU of slope 0.3
and dropout of 0.2, and a dense layer for mean and logarithm of the variance of 8 latent features. The decoder has dense
layers of 24 and 49 units with leaky ReLU, three transposed convolutions of 4 × 4 with 64 channels and strides 2, 1 and
1, each with ReLU and the first two with dropout of 0.2, and a dense layer of 784 units with sigmoid. Loss and metric
are the squared distance from the image, summed over its pixels, and the divergence of the latent features from N(0, 1).
Pixels are divided by 255. No regulariser, no augmentation.
Ours: evaluations draw the latent features too, but each example always with the same noise, where DeepOBS draws anew.`
	n.examples = portraits{pictures{album: images}}
	n.layers = append(encoder(8), decoder(images.size.Size())...)
	n.batch = 64
	n.budget = passes(epochs, n.examples)
	return n
}

func encoder(latent int) []nn.Layer {
	var layers []nn.Layer
	for _, stride := range []int{2, 2, 1} {
		layers = append(layers, nn.Conv{Size: 4, Channels: 64, Stride: stride}, nn.LeakyReLU{Slope: 0.3},
			nn.Dropout{Rate: 0.2})
	}
	// Mean and variance are a layer each in the source, by which the starting values of the weights
	// are scaled.
	halves := func(random *rand.Rand, w []float32, fanIn, fanOut int) {
		nn.GlorotUniform()(random, w, fanIn, fanOut/2)
	}
	return append(layers, nn.Dense{Units: 2 * latent, Weights: halves}, nn.Latent{})
}

func decoder(pixels int) []nn.Layer {
	return []nn.Layer{
		nn.Dense{Units: 24},
		nn.LeakyReLU{Slope: 0.3},
		nn.Dense{Units: 49},
		nn.LeakyReLU{Slope: 0.3},
		nn.Reshape{Height: 7, Width: 7, Channels: 1},
		nn.Deconv{Size: 4, Channels: 64, Stride: 2},
		nn.ReLU{},
		nn.Dropout{Rate: 0.2},
		nn.Deconv{Size: 4, Channels: 64},
		nn.ReLU{},
		nn.Dropout{Rate: 0.2},
		nn.Deconv{Size: 4, Channels: 64},
		nn.ReLU{},
		nn.Dense{Units: pixels},
		nn.Sigmoid{},
		nn.SquaredLoss{Factor: 1},
	}
}

// portraits are pictures that a network is asked to draw.
type portraits struct{ pictures }

func (p portraits) open() (reader, error) {
	r, err := p.pictures.open()
	if err != nil {
		return nil, err
	}
	return openPortraits{r}, nil
}

type openPortraits struct{ reader }

// read writes what the network sees of an image to target as well.
func (o openPortraits) read(test bool, n int, random *rand.Rand, input, target []float32) {
	o.reader.read(test, n, random, input, target)
	copy(target, input)
}
