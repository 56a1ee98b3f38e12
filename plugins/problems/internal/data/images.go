package data

// Images is a data set of images. It is shared and must not be modified.
type Images struct{ Train, Test ImageSet }

// ImageSet is a list of labelled images.
type ImageSet struct {
	Height, Width, Channels int // of every image

	// Pixels holds the images one after the other, in row-major order with the channels last:
	// channel c of position (y, x) of image n is Pixels[((n·Height + y)·Width + x)·Channels + c].
	Pixels []uint8
	Labels []uint8 // the class of each image, from 0
}

// Len returns the number of images.
func (s *ImageSet) Len() int { return len(s.Labels) }

// Size returns the number of elements of one image.
func (s *ImageSet) Size() int { return s.Height * s.Width * s.Channels }

// Image returns the part of Pixels that holds image n.
func (s *ImageSet) Image(n int) []uint8 {
	return s.Pixels[n*s.Size():][:s.Size():s.Size()]
}
