package data

import "fmt"

const cifarPixels = 32 * 32

var cifar10, cifar100 Kept[Images]

// ReadCIFAR10 returns CIFAR-10, 32 × 32 × 3 in red, green and blue: 50,000 training images, in the
// order of the five files, and 10,000 test images.
func ReadCIFAR10() (*Images, error) {
	return cifar10.Get(func() (*Images, error) { return readCIFAR(CIFAR10, 1, 10) })
}

// ReadCIFAR100 returns CIFAR-100, 32 × 32 × 3 in red, green and blue: 50,000 training images and
// 10,000 test images, with the fine labels.
func ReadCIFAR100() (*Images, error) {
	return cifar100.Get(func() (*Images, error) { return readCIFAR(CIFAR100, 2, 100) })
}

// readCIFAR reads a set whose files have the given number of label bytes per image. The last file
// is the test part.
func readCIFAR(s *Set, labels, classes int) (*Images, error) {
	last := len(s.Files) - 1
	train, err := readCIFARFiles(s, s.Files[:last], labels, classes)
	if err != nil {
		return nil, err
	}
	test, err := readCIFARFiles(s, s.Files[last:], labels, classes)
	if err != nil {
		return nil, err
	}
	return &Images{train, test}, nil
}

func readCIFARFiles(s *Set, files []File, labels, classes int) (ImageSet, error) {
	part := ImageSet{Height: 32, Width: 32, Channels: 3}
	size := int64(0)
	for _, f := range files {
		size += f.Size
	}
	part.Pixels = make([]uint8, 0, size) // slightly more than the images need
	for _, f := range files {
		b, err := s.Read(f.Name)
		if err != nil {
			return ImageSet{}, err
		}
		if err := parseCIFAR(b, labels, classes, &part); err != nil {
			return ImageSet{}, fmt.Errorf("data set %s: %s: %w", s.Name, f.Name, err)
		}
	}
	return part, nil
}

// parseCIFAR appends the images of a file to part. A file is a list of records: the label bytes, of
// which the last is used, and three planes of 32 × 32 pixels, red, green and blue, row by row
// (Krizhevsky's description of the binary version).
func parseCIFAR(b []byte, labels, classes int, part *ImageSet) error {
	record := labels + 3*cifarPixels
	if len(b)%record != 0 {
		return fmt.Errorf("file has %d bytes, want a multiple of %d", len(b), record)
	}
	for ; len(b) > 0; b = b[record:] {
		label := b[labels-1]
		if int(label) >= classes {
			return fmt.Errorf("image %d has label %d, want less than %d", len(part.Labels), label,
				classes)
		}
		part.Labels = append(part.Labels, label)
		image := b[labels:record]
		red, green, blue := image[:cifarPixels], image[cifarPixels:][:cifarPixels], image[2*cifarPixels:]
		for at := range cifarPixels {
			part.Pixels = append(part.Pixels, red[at], green[at], blue[at])
		}
	}
	return nil
}
