package problems

import (
	"fmt"
	"math/rand/v2"

	"noisebench/plugins/problems/internal/data"
	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
)

// album is a published data set of images.
type album struct {
	set         *data.Set
	load        func() (*data.Images, error)
	train, test int // number of images
	size        nn.Shape
	// one of so many test images is used; 0: all. The number of test images counts those that are used
	every int
}

// sampled is the album with one of so many test images. As many are held out for validation and
// evaluated of the train part.
func (a album) sampled(every int) album {
	a.every, a.test = every, a.test/every
	return a
}

var (
	grey28   = nn.Image(28, 28, 1)
	colour32 = nn.Image(32, 32, 3)

	mnist        = album{data.MNIST, data.ReadMNIST, 60_000, 10_000, grey28, 0}
	fashionMNIST = album{data.FashionMNIST, data.ReadFashionMNIST, 60_000, 10_000, grey28, 0}
	cifar10      = album{data.CIFAR10, data.ReadCIFAR10, 50_000, 10_000, colour32, 0}
	cifar100     = album{data.CIFAR100, data.ReadCIFAR100, 50_000, 10_000, colour32, 0}
	svhn         = album{data.SVHN, data.ReadSVHN, 73_257, 26_032, colour32, 0}
	digits       = album{
		data.Digits, readDigits, digitsTrain + digitsValidation, digitsTest, nn.Image(8, 8, 1), 0,
	}
)

// readDigits cuts off the test images of digits-softmax.
func readDigits() (*data.Images, error) {
	images, err := data.ReadDigits()
	if err != nil {
		return nil, err
	}
	choose := func(numbers []int) data.ImageSet {
		set := data.ImageSet{Height: images.Height, Width: images.Width, Channels: images.Channels}
		for _, n := range numbers {
			set.Pixels = append(set.Pixels, images.Image(n)...)
			set.Labels = append(set.Labels, images.Labels[n])
		}
		return set
	}
	order := protocol.Stream(splitSeed, protocol.PurposeSplit).Perm(images.Len())
	return &data.Images{Train: choose(order[digitsTest:]), Test: choose(order[:digitsTest])}, nil
}

// sampledDoc says how small networks are evaluated: on all examples, it would take longer than the
// training.
func sampledDoc(every int) string {
	return fmt.Sprintf(`
To save time, points are evaluated on one in %d of the published test images, and as many are held
out for validation.`, every)
}

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
	return &openAlbum{images, p.view, p.shape(), max(1, p.every)}, nil
}

// openAlbum reads pictures.
type openAlbum struct {
	images *data.Images
	view
	shape nn.Shape
	every int // of the test images
}

func (o *openAlbum) read(test bool, n int, random *rand.Rand, input, target []float32) {
	list := &o.images.Train
	if test {
		list, n = &o.images.Test, n*o.every
	}
	o.show(list, n, o.shape, random, input)
	target[0] = float32(list.Labels[n])
}
