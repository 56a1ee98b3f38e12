package problems

import (
	"cmp"
	"math"
	"math/rand/v2"

	"noisebench/plugins/internal/simd"
	"noisebench/plugins/problems/internal/data"
	"noisebench/plugins/problems/internal/nn"
)

// view describes how images are presented to a network. The zero view is the whole image, its grey
// levels divided by 255.
//
// Training sees a part of the image at random, and distorts it in the order of the fields below.
// Evaluation sees the middle, undistorted.
type view struct {
	side       int  // of the square part of the image; 0: all of it
	pad        int  // rows and columns of zeros around the image, into which the part may reach
	mirror     bool // half of the examples are mirrored
	brightness float64
	saturation factor
	contrast   factor
	// standardise shifts and scales each image to mean 0 and variance 1, in evaluations too,
	// instead of dividing its grey levels.
	standardise bool
	white       float32 // by which grey levels are divided; 0: 255
}

// mirrored is v with half of the examples mirrored.
func (v view) mirrored() view {
	v.mirror = true
	return v
}

// factor is an interval from which a factor is drawn uniformly. The zero factor is 1.
type factor struct{ least, greatest float64 }

func (f factor) draw(random *rand.Rand) float32 {
	return float32(f.least + (f.greatest-f.least)*random.Float64())
}

// show writes what a network sees of an image. Nothing is drawn from random if it is nil.
func (v *view) show(list *data.ImageSet, n int, shape nn.Shape, random *rand.Rand, dst []float32) {
	top, left, mirrored := (list.Height-shape.Height)/2, (list.Width-shape.Width)/2, false
	if random != nil {
		if v.side > 0 {
			top = random.IntN(list.Height+2*v.pad-v.side+1) - v.pad
			left = random.IntN(list.Width+2*v.pad-v.side+1) - v.pad
		}
		mirrored = v.mirror && random.IntN(2) == 1
	}
	cut(dst, shape, list, n, top, left, mirrored)
	if random != nil {
		v.distort(dst, shape.Channels, random)
	}
	if v.standardise {
		standardiseImage(dst)
		return
	}
	simd.Divide(dst, cmp.Or(v.white, 255), dst)
}

// draws reports whether training sees anything at random.
func (v *view) draws() bool {
	return v.side > 0 || v.mirror || v.brightness > 0 || v.saturation != (factor{}) ||
		v.contrast != (factor{})
}

// cut copies a part of an image, with zeros where it has no pixels.
func cut(dst []float32, shape nn.Shape, list *data.ImageSet, n, top, left int, mirrored bool) {
	src, c := list.Image(n), shape.Channels
	if !mirrored && top >= 0 && left >= 0 && top+shape.Height <= list.Height &&
		left+shape.Width <= list.Width {
		line := shape.Width * c
		for y := range shape.Height {
			out := dst[y*line:][:line]
			for i, level := range src[((top+y)*list.Width+left)*c:][:line] {
				out[i] = float32(level)
			}
		}
		return
	}
	for y := range shape.Height {
		for x := range shape.Width {
			out := dst[(y*shape.Width+x)*c:][:c]
			row, column := top+y, left+x
			if mirrored {
				column = left + shape.Width - 1 - x
			}
			if row < 0 || row >= list.Height || column < 0 || column >= list.Width {
				clear(out)
				continue
			}
			for i, level := range src[(row*list.Width+column)*c:][:c] {
				out[i] = float32(level)
			}
		}
	}
}

// distort changes the colours of an image with values from 0 to 255. Values may leave that range.
func (v *view) distort(image []float32, channels int, random *rand.Rand) {
	if v.brightness > 0 {
		shift := float32(v.brightness * (2*random.Float64() - 1))
		for i := range image {
			image[i] += shift
		}
	}
	if v.saturation != (factor{}) {
		saturate(image, v.saturation.draw(random))
	}
	if v.contrast != (factor{}) {
		f := v.contrast.draw(random)
		for c := range channels {
			mean := 0.0
			for i := c; i < len(image); i += channels {
				mean += float64(image[i])
			}
			middle := float32(mean / float64(len(image)/channels))
			for i := c; i < len(image); i += channels {
				image[i] = (image[i]-middle)*f + middle
			}
		}
	}
}

// saturate multiplies the saturation (max − min)/max of each pixel of three channels by f, up to 1,
// and keeps hue and max: the distance of each channel from the greatest grows by the same factor.
// Where max is not above 0, saturation is taken as 0.
func saturate(image []float32, f float32) {
	for ; len(image) > 0; image = image[3:] {
		high := max(image[0], image[1], image[2])
		low := min(image[0], image[1], image[2])
		k := float32(0)
		if high > 0 {
			k = f
			if f*(high-low) > high {
				k = high / (high - low)
			}
		}
		for c := range 3 {
			image[c] = high - (high-image[c])*k
		}
	}
}

// standardiseImage subtracts the mean of all values and divides by their standard deviation, which
// is taken to be at least 1/√n for n values, so that an image of one colour is no division by 0.
func standardiseImage(image []float32) {
	n := float64(len(image))
	mean, square := 0.0, 0.0
	for _, v := range image {
		mean += float64(v)
	}
	mean /= n
	for _, v := range image {
		square += (float64(v) - mean) * (float64(v) - mean)
	}
	scale := 1 / max(math.Sqrt(square/n), 1/math.Sqrt(n))
	for i, v := range image {
		image[i] = float32((float64(v) - mean) * scale)
	}
}
