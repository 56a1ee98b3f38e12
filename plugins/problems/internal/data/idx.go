package data

import (
	"encoding/binary"
	"fmt"
)

var mnist, fashionMNIST Kept[Images]

// ReadMNIST returns MNIST, 28 × 28 × 1: 60,000 training images and 10,000 test images.
func ReadMNIST() (*Images, error) {
	return mnist.Get(func() (*Images, error) { return readIDX(MNIST) })
}

// ReadFashionMNIST returns Fashion-MNIST, which has the sizes of MNIST.
func ReadFashionMNIST() (*Images, error) {
	return fashionMNIST.Get(func() (*Images, error) { return readIDX(FashionMNIST) })
}

func readIDX(s *Set) (*Images, error) {
	train, err := readIDXPair(s, "train-images-idx3-ubyte", "train-labels-idx1-ubyte")
	if err != nil {
		return nil, err
	}
	test, err := readIDXPair(s, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
	if err != nil {
		return nil, err
	}
	return &Images{train, test}, nil
}

func readIDXPair(s *Set, images, labels string) (ImageSet, error) {
	b, err := s.Read(images)
	if err != nil {
		return ImageSet{}, err
	}
	size, levels, err := parseIDX(b, 3)
	if err != nil {
		return ImageSet{}, fmt.Errorf("data set %s: %s: %w", s.Name, images, err)
	}
	if b, err = s.Read(labels); err != nil {
		return ImageSet{}, err
	}
	count, classes, err := parseIDX(b, 1)
	if err != nil {
		return ImageSet{}, fmt.Errorf("data set %s: %s: %w", s.Name, labels, err)
	}
	if size[0] != count[0] {
		return ImageSet{}, fmt.Errorf("data set %s: %s has %d labels, want one for each of %d "+
			"images",
			s.Name, labels, count[0], size[0])
	}
	return ImageSet{Height: size[1], Width: size[2], Channels: 1, Pixels: levels, Labels: classes},
		nil
}

// parseIDX reads an idx file of bytes with the given number of dimensions: the magic number 0x800 +
// dimensions and the sizes, all as big-endian 32-bit numbers, followed by the elements (LeCun's
// description of MNIST's files).
func parseIDX(b []byte, dimensions int) (sizes []int, elements []byte, err error) {
	header := 4 + 4*dimensions
	if len(b) < header {
		return nil, nil, fmt.Errorf("idx file has %d bytes, want a header of %d", len(b), header)
	}
	if got, want := binary.BigEndian.Uint32(b), uint32(0x800+dimensions); got != want {
		return nil, nil, fmt.Errorf("idx file starts with %#x, want %#x", got, want)
	}
	want := 1
	for i := range dimensions {
		size := binary.BigEndian.Uint32(b[4+4*i:])
		if size > 1<<24 {
			return nil, nil, fmt.Errorf("idx file states a size of %d, want at most %d", size,
				1<<24)
		}
		sizes = append(sizes, int(size))
		if want *= int(size); want > 1<<32 {
			return nil, nil, fmt.Errorf("idx file states sizes %v, want at most %d elements",
				sizes, 1<<32)
		}
	}
	if got := len(b) - header; got != want {
		return nil, nil, fmt.Errorf("idx file of %v has %d elements, want %d", sizes, got, want)
	}
	return sizes, b[header:], nil
}
