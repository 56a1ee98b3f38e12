package problems

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"noisebench/plugins/problems/internal/data"
	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
)

// numbered is a list of images whose pixels tell where they are: the first channel is the row, the
// second the column, both from 1, and the third the number of the image.
func numbered(side, images int) *data.ImageSet {
	list := &data.ImageSet{Height: side, Width: side, Channels: 3}
	for n := range images {
		list.Labels = append(list.Labels, uint8(n))
		for y := range side {
			for x := range side {
				list.Pixels = append(list.Pixels, uint8(y+1), uint8(x+1), uint8(n))
			}
		}
	}
	return list
}

func TestViewWithoutDistortion(t *testing.T) {
	list := numbered(8, 3)
	for _, c := range []struct {
		view
		side, first int // of the part that is seen, and its first row and column
	}{
		{view{}, 8, 0},
		{view{side: 8, pad: 2, mirror: true, brightness: 9, contrast: factor{2, 3}, saturation: factor{2, 3}}, 8, 0},
		{view{side: 4, mirror: true}, 4, 2},
	} {
		shape := nn.Image(c.side, c.side, 3)
		dst := make([]float32, shape.Size())
		c.show(list, 2, shape, nil, dst)
		for y := range c.side {
			for x := range c.side {
				got := [3]float32(dst[(y*c.side+x)*3:])
				want := [3]float32{float32(c.first+y+1) / 255, float32(c.first+x+1) / 255, 2. / 255}
				if got != want {
					t.Fatalf("%+v shows %v at (%d, %d), want %v", c.view, got, y, x, want)
				}
			}
		}
	}
}

// A view that shows the same under every stream, and only such a view, says that it draws nothing.
func TestViewDraws(t *testing.T) {
	list := numbered(8, 1)
	for _, v := range []view{
		{},
		{white: 16},
		{standardise: true},
		{side: 6},
		{mirror: true},
		{brightness: 1},
		{saturation: factor{0.5, 2}},
		{contrast: factor{0.5, 2}},
	} {
		side := cmp.Or(v.side, 8)
		shape := nn.Image(side, side, 3)
		fixed, dst := make([]float32, shape.Size()), make([]float32, shape.Size())
		v.show(list, 0, shape, nil, fixed)
		differs := false
		for i := range uint64(8) {
			v.show(list, 0, shape, protocol.Stream(1, "test", i), dst)
			differs = differs || !slices.Equal(dst, fixed)
		}
		if v.draws() != differs {
			t.Errorf("%+v shows other things under other streams: %v, want %v", v, differs, v.draws())
		}
	}
}

// Every part of the image is seen, mirrored and not, equally often, with zeros beyond the border.
func TestViewParts(t *testing.T) {
	list := numbered(8, 1)
	for _, c := range []struct {
		view
		positions int
	}{
		{view{side: 8, pad: 2, mirror: true}, 5},
		{view{side: 6}, 3},
	} {
		shape := nn.Image(c.side, c.side, 3)
		dst := make([]float32, shape.Size())
		seen := map[string]int{}
		const draws = 10_000
		for i := range uint64(draws) {
			c.show(list, 0, shape, protocol.Stream(1, "test", i), dst)
			middle := [3]float32(dst[(c.side/2*c.side+c.side/2)*3:])
			first := [3]float32(dst[(c.side/2*c.side+c.side/2-1)*3:])
			mirrored := first[1] > middle[1]
			row := int(math.Round(float64(middle[0]*255))) - 1 - c.side/2
			column := int(math.Round(float64(middle[1]*255))) - 1 - c.side/2
			if mirrored {
				column++ // the middle's mirror image is its left neighbour
			}
			seen[fmt.Sprint(row, column, mirrored)]++
			for y := range c.side {
				for x := range c.side {
					from := column + x
					if mirrored {
						from = column + c.side - 1 - x
					}
					want := [2]float32{float32(row+y+1) / 255, float32(from+1) / 255}
					if row+y < 0 || row+y >= 8 || from < 0 || from >= 8 {
						want = [2]float32{}
					}
					if got := [2]float32(dst[(y*c.side+x)*3:]); got != want {
						t.Fatalf("pixel (%d, %d) is %v, want %v", y, x, got, want)
					}
				}
			}
		}
		kinds := c.positions * c.positions
		if c.mirror {
			kinds *= 2
		}
		if len(seen) != kinds {
			t.Errorf("%+v shows %d different parts, want %d", c.view, len(seen), kinds)
		}
		for part, n := range seen {
			p := 1 / float64(kinds)
			near(t, "share of "+part, float64(n)/draws, p, 5*math.Sqrt(p*(1-p)/draws))
		}
	}
}

// saturateByHue does the same by the definition of hue, saturation and value (Smith 1978).
func saturateByHue(rgb [3]float64, f float64) [3]float64 {
	high, low := max(rgb[0], rgb[1], rgb[2]), min(rgb[0], rgb[1], rgb[2])
	hue, s := 0.0, 0.0
	if high > low {
		switch high {
		case rgb[0]:
			hue = math.Mod((rgb[1]-rgb[2])/(high-low)+6, 6)
		case rgb[1]:
			hue = (rgb[2]-rgb[0])/(high-low) + 2
		default:
			hue = (rgb[0]-rgb[1])/(high-low) + 4
		}
	}
	if high > 0 {
		s = (high - low) / high
	}
	s = min(max(s*f, 0), 1)
	var out [3]float64
	for c, n := range [3]float64{5, 3, 1} {
		k := math.Mod(n+hue, 6)
		out[c] = high - high*s*max(0, min(k, 4-k, 1))
	}
	return out
}

func TestSaturate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var rgb [3]float64
		image := make([]float32, 3)
		for c := range rgb {
			image[c] = float32(random.IntN(256)) - 0.2
			rgb[c] = float64(image[c])
		}
		f := 0.5 + 1.5*random.Float64()
		want := saturateByHue(rgb, f)
		saturate(image, float32(f))
		for c := range want {
			near(t, fmt.Sprintf("channel %d of %v times %g", c, rgb, f), float64(image[c]), want[c], 1e-4)
		}
	}
}

func TestDistort(t *testing.T) {
	base := make([]float32, 5*3)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range base {
		base[i] = float32(random.IntN(256))
	}
	least, greatest := math.Inf(1), math.Inf(-1)
	for i := range uint64(1000) {
		image := slices.Clone(base)
		(&view{brightness: 63}).distort(image, 3, protocol.Stream(2, "test", i))
		shift := float64(image[0] - base[0])
		for j := range image {
			near(t, "shift", float64(image[j]-base[j]), shift, 1e-4)
		}
		least, greatest = min(least, shift), max(greatest, shift)

		copy(image, base)
		(&view{contrast: factor{0.2, 1.8}}).distort(image, 3, protocol.Stream(2, "test", i))
		f := 0.2 + 1.6*protocol.Stream(2, "test", i).Float64()
		for c := range 3 {
			mean := 0.0
			for j := c; j < len(base); j += 3 {
				mean += float64(base[j]) / 5
			}
			for j := c; j < len(base); j += 3 {
				near(t, "contrast", float64(image[j]), mean+f*(float64(base[j])-mean), 1e-4)
			}
		}
	}
	if !(least >= -63 && least < -62 && greatest <= 63 && greatest > 62) {
		t.Errorf("brightness is shifted by %g to %g, want -63 to 63", least, greatest)
	}
}

func TestStandardiseImage(t *testing.T) {
	image := make([]float32, 300)
	for i := range image {
		image[i] = 100 + float32(i%7)
	}
	standardiseImage(image)
	mean, square := 0.0, 0.0
	for _, v := range image {
		mean += float64(v) / 300
		square += float64(v) * float64(v) / 300
	}
	near(t, "mean", mean, 0, 1e-6)
	near(t, "variance", square, 1, 1e-6)
	flat := slices.Repeat([]float32{200}, 300)
	standardiseImage(flat)
	if flat[0] != 0 || flat[299] != 0 {
		t.Errorf("an image of one colour becomes %g, want 0", flat[0])
	}
}
