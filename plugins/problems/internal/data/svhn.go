package data

import (
	"fmt"
	"slices"
)

var svhn Kept[Images]

// ReadSVHN returns the cropped digits of SVHN, 32 × 32 × 3 in red, green and blue: 73,257 training
// images and 26,032 test images, in the order of the files. Labels are the digits.
func ReadSVHN() (*Images, error) {
	return svhn.Get(func() (*Images, error) { return readSVHN(SVHN) })
}

func readSVHN(s *Set) (*Images, error) {
	images := &Images{}
	for i, part := range []*ImageSet{&images.Train, &images.Test} {
		b, err := s.Read(s.Files[i].Name)
		if err != nil {
			return nil, err
		}
		if *part, err = parseSVHN(b); err != nil {
			return nil, fmt.Errorf("data set %s: %s: %w", s.Name, s.Files[i].Name, err)
		}
	}
	return images, nil
}

// parseSVHN reads a file with two arrays (Netzer et al.): the pixels X, of size 32 × 32 × 3 × N for
// height, width, channel and image, and the labels y, of size N × 1, where 10 represents the digit
// 0.
func parseSVHN(b []byte) (ImageSet, error) {
	const side = 32
	arrays, err := parseMAT(b)
	if err != nil {
		return ImageSet{}, err
	}
	x, y := arrays["X"], arrays["y"]
	if len(x.size) != 4 || !slices.Equal(x.size[:3], []int{side, side, 3}) {
		return ImageSet{}, fmt.Errorf("array X has size %v, want [32 32 3 N]", x.size)
	}
	if want := []int{x.size[3], 1}; !slices.Equal(y.size, want) {
		return ImageSet{}, fmt.Errorf("array y has size %v, want %v", y.size, want)
	}
	for n, label := range y.elements {
		switch {
		case label < 1 || label > 10:
			return ImageSet{}, fmt.Errorf("image %d has label %d, want one of 1 to 10", n, label)
		case label == 10:
			y.elements[n] = 0
		}
	}
	set := ImageSet{Height: side, Width: side, Channels: 3, Pixels: x.elements, Labels: y.elements}
	var columns [3 * side * side]uint8 // an image of the file, by channel, column and row
	for n := range set.Len() {
		image := set.Image(n)
		copy(columns[:], image)
		for row := range side {
			for column := range side {
				for c := range 3 {
					image[3*(side*row+column)+c] = columns[side*(side*c+column)+row]
				}
			}
		}
	}
	return set, nil
}
