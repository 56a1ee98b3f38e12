package simd

// A Bilinear computes 2 × 2 neighbouring elements of a convolution of stride 1 from fewer products
// than taps: window and image are mapped to Points × Points sums each, which are multiplied element
// by element and summed over channels, and the products' sums are mapped to the result
// (Winograd 1980; for convolutions of several channels Lavin & Gray 2016, Sec. 4.1).
//
// Each map is the same one along columns and then along rows. In one dimension, with matrices that
// have a row for each point, y = outᵀ ((window g) ⊙ (image d)).
type Bilinear struct {
	Points int
	Taps   int         // of the window, in one dimension; the image has one more
	window [][]float32 // Points × Taps
	image  [][]int8    // Points × (Taps + 1), of 0, 1 and −1; the first of a row that is not 0 is 1
	out    [][]int8    // 2 × Points, the same
	in     func(dst *float32, plane int, src *float32, dy, dx, n int)
	result func(dst *float32, dy, dx int, bias, src *float32, plane, n int)
}

// Bilinears holds what there is for a window's size: for 3 taps 4 points in place of 6 products
// (Lavin & Gray, Eq. 5), for 5 taps these 4 and, for the last two taps, 3 in place of 4.
var Bilinears = map[int]*Bilinear{
	3: {
		Points: 4, Taps: 3,
		window: [][]float32{{1, 0, 0}, {0.5, 0.5, 0.5}, {-0.5, 0.5, -0.5}, {0, 0, 1}},
		image:  [][]int8{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, 1, -1, 0}, {0, 1, 0, -1}},
		out:    [][]int8{{1, 1, 1, 0}, {0, 1, -1, -1}},
		in:     bilinearImage3AVX2, result: bilinearOut3AVX2,
	},
	5: {
		Points: 7, Taps: 5,
		window: [][]float32{
			{1, 0, 0, 0, 0},
			{0.5, 0.5, 0.5, 0, 0},
			{-0.5, 0.5, -0.5, 0, 0},
			{0, 0, 1, 0, 0},
			{0, 0, 0, 1, 0},
			{0, 0, 0, 1, 1},
			{0, 0, 0, 0, 1},
		},
		image: [][]int8{
			{1, 0, -1, 0, 0, 0},
			{0, 1, 1, 0, 0, 0},
			{0, 1, -1, 0, 0, 0},
			{0, 1, 0, -1, 0, 0},
			{0, 0, 0, 1, -1, 0},
			{0, 0, 0, 0, 1, 0},
			{0, 0, 0, 0, 1, -1},
		},
		out: [][]int8{{1, 1, 1, 0, 1, 1, 0}, {0, 1, -1, -1, 0, 1, -1}},
		in:  bilinearImage5AVX2, result: bilinearOut5AVX2,
	},
}

// Window is the factor by which a tap counts in a point's sum; points and taps are numbered row by
// row.
func (b *Bilinear) Window(point, tap int) float32 {
	return b.window[point/b.Points][tap/b.Taps] * b.window[point%b.Points][tap%b.Taps]
}

// Image maps a part of an image, Taps + 1 elements each way, whose rows start dy and columns dx
// apart, channel by channel: point p's sum for channel c goes to dst[p*plane+c].
func (b *Bilinear) Image(dst []float32, plane int, src []float32, dy, dx, channels int) {
	_, _ = dst[(b.Points*b.Points-1)*plane+channels-1], src[b.Taps*(dy+dx)+channels-1]
	from := 0
	if assembly && channels >= 8 {
		from = vectors(channels)
		b.in(&dst[0], plane, &src[0], dy, dx, from)
	}
	var sums [8]float32
	for c := from; c < channels; c++ {
		for i, row := range b.image {
			for x := range row {
				sums[x] = signed(row, func(y int) float32 { return src[y*dy+x*dx+c] })
			}
			for j, column := range b.image {
				dst[(i*b.Points+j)*plane+c] = signed(column, func(x int) float32 { return sums[x] })
			}
		}
	}
}

// Out maps products' sums, which lie as [Bilinear.Image] writes them, to 2 × 2 elements of the
// convolution and adds the bias; rows of dst start dy and columns dx apart.
func (b *Bilinear) Out(dst []float32, dy, dx int, bias, src []float32, plane, channels int) {
	_, _, _ = dst[dy+dx+channels-1], bias[channels-1], src[(b.Points*b.Points-1)*plane+channels-1]
	from := 0
	if assembly && channels >= 8 {
		from = vectors(channels)
		b.result(&dst[0], dy, dx, &bias[0], &src[0], plane, from)
	}
	var sums [8]float32
	for c := from; c < channels; c++ {
		for y, row := range b.out {
			for j := range b.Points {
				sums[j] = signed(row, func(i int) float32 { return src[(i*b.Points+j)*plane+c] })
			}
			for x, column := range b.out {
				dst[y*dy+x*dx+c] = signed(column, func(j int) float32 { return sums[j] }) + bias[c]
			}
		}
	}
}

// signed adds the elements with their signs, one after the other.
func signed(signs []int8, element func(i int) float32) (sum float32) {
	first := true
	for i, s := range signs {
		switch {
		case s == 0:
		case first:
			sum, first = element(i), false
		case s > 0:
			sum += element(i)
		default:
			sum -= element(i)
		}
	}
	return sum
}
