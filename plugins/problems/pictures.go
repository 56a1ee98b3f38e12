package problems

import (
	"math/rand/v2"

	"noisebench/plugins/problems/internal/data"
	"noisebench/plugins/problems/internal/nn"
)

// album is a published data set of images.
type album struct {
	set         *data.Set
	load        func() (*data.Images, error)
	train, test int // number of images
	size        nn.Shape
}

var (
	mnist        = album{data.MNIST, data.ReadMNIST, 60_000, 10_000, nn.Image(28, 28, 1)}
	fashionMNIST = album{data.FashionMNIST, data.ReadFashionMNIST, 60_000, 10_000, nn.Image(28, 28, 1)}
	cifar10      = album{data.CIFAR10, data.ReadCIFAR10, 50_000, 10_000, nn.Image(32, 32, 3)}
	cifar100     = album{data.CIFAR100, data.ReadCIFAR100, 50_000, 10_000, nn.Image(32, 32, 3)}
	svhn         = album{data.SVHN, data.ReadSVHN, 73_257, 26_032, nn.Image(32, 32, 3)}
)

// pictures is an album as a network sees it.
type pictures struct {
	album
	view
}

func (p pictures) files() *data.Set         { return p.set }
func (p pictures) count() (train, test int) { return p.train, p.test }

func (p pictures) shape() nn.Shape {
	if p.side == 0 {
		return p.size
	}
	return nn.Image(p.side, p.side, p.size.Channels)
}

func (p pictures) open() (reader, error) {
	images, err := p.load()
	if err != nil {
		return nil, err
	}
	return &openAlbum{images, p.view, p.shape()}, nil
}

// openAlbum reads pictures.
type openAlbum struct {
	images *data.Images
	view
	shape nn.Shape
}

func (o *openAlbum) read(test bool, n int, random *rand.Rand, input, target []float32) {
	list := &o.images.Train
	if test {
		list = &o.images.Test
	}
	o.show(list, n, o.shape, random, input)
	target[0] = float32(list.Labels[n])
}
