package nn

import "noisebench/plugins/internal/simd"

// bilinear computes a convolution of stride 1 by [simd.Bilinear]: some places of 2 × 2 elements at
// a time, so that their maps stay in the cache, in one product of matrices for each point.
type bilinear struct {
	*simd.Bilinear
	c, n   int       // channels of image and result
	block  int       // places at a time
	rows   []int     // where each place's channels start in the map of the image
	panels []float32 // map of the window: of each point a matrix c × n
	zeros  []float32 // in place of a bias
}

// fewest is the least product of input and output channels for which a bilinear pays: with fewer,
// the maps take more time than they save. A variable for tests.
var fewest = 32 * 64

// faster reports whether a bilinear computes a convolution.
func (k *conv) faster() bool {
	return simd.Bilinears[k.size] != nil && k.stride == 1 && max(k.top, k.left) < k.size &&
		k.c*k.n >= fewest && 64*min(k.c, k.n) >= fewest && k.positions >= 16
}

// growBilinear makes room for the weights' maps.
func (k *conv) growBilinear() {
	k.plane = make([]float32, k.c*k.n)
	k.forwards = newBilinear(k.size, k.c, k.n)
	if k.in.needed() {
		k.growAround()
		k.backwards = newBilinear(k.size, k.n, k.c)
	}
}

func newBilinear(size, c, n int) *bilinear {
	b := &bilinear{Bilinear: simd.Bilinears[size], c: c, n: n}
	const cache = 9 << 14 // numbers
	b.block = min(max(cache/(b.points()*(c+n))/simd.Rows, 1), 8) * simd.Rows
	b.rows = table(b.block, func(r int) int { return r * c })
	b.panels = make([]float32, b.points()*b.matrix())
	b.zeros = make([]float32, n)
	return b
}

func (b *bilinear) points() int { return b.Points * b.Points }

// matrix is the number of elements of a point's matrix in panels.
func (b *bilinear) matrix() int { return b.c * panels(b.n) * simd.Columns }

// prepareBilinear maps the weights; those of the backward pass are mirrored and transposed.
func (k *conv) prepareBilinear() {
	w, size := k.w.at(k.net.x), k.c*k.n
	plane := k.plane[:size]
	weigh := func(point, first, step int) {
		clear(plane)
		for tap := range k.size * k.size {
			if f := k.forwards.Window(point, tap); f != 0 {
				simd.Axpy(plane, f, w[(first+step*tap)*size:])
			}
		}
	}
	for p := range k.forwards.points() {
		weigh(p, 0, 1)
		simd.Pack(k.forwards.panels[p*k.forwards.matrix():], plane, k.c, k.n, k.n)
		if k.backwards != nil {
			weigh(p, k.size*k.size-1, -1)
			simd.PackTransposed(k.backwards.panels[p*k.backwards.matrix():], k.n*simd.Columns, plane, k.c,
				k.n, k.n)
		}
	}
}

// convolve writes the convolution of an image of this height and width, whose border is part of it,
// to dst. A nil bias stands for zeros.
func (b *bilinear) convolve(t *thread, dst []float32, bias, image []float32, height, width int) {
	if bias == nil {
		bias = b.zeros
	}
	side := b.Taps + 1
	oh, ow := height-b.Taps+1, width-b.Taps+1
	across := (ow + 1) / 2
	places := (oh + 1) / 2 * across
	t.maps, t.mapped = room(t.maps, b.points()*b.block*b.c), room(t.mapped, b.points()*b.block*b.n)
	t.patch = room(t.patch, max(side*side*b.c, 4*b.n))
	p := product{walk: simd.Walk{Segments: 1, Length: b.c, Step: 1}}
	for first := 0; first < places; first += b.block {
		count := min(b.block, places-first)
		for i := range count {
			y, x := (first+i)/across*2, (first+i)%across*2
			src, dy := t.square(image, y, x, side, height, width, b.c)
			b.Image(t.maps[i*b.c:], b.block*b.c, src, dy, b.c, b.c)
		}
		for point := range b.points() {
			p.a = t.maps[point*b.block*b.c:]
			t.multiply(t.mapped[point*b.block*b.n:], count, b.n, nil, b.rows, b.panels[point*b.matrix():],
				&p)
		}
		for i := range count {
			y, x := (first+i)/across*2, (first+i)%across*2
			to, src := dst[(y*ow+x)*b.n:], t.mapped[i*b.n:]
			if y+1 < oh && x+1 < ow {
				b.Out(to, ow*b.n, b.n, bias, src, b.block*b.n, b.n)
				continue
			}
			b.Out(t.patch, 2*b.n, b.n, bias, src, b.block*b.n, b.n)
			for r := range min(2, oh-y) {
				copy(to[r*ow*b.n:][:min(2, ow-x)*b.n], t.patch[r*2*b.n:])
			}
		}
	}
}

// square returns the square of an image from (y, x) on and the distance of its rows, with zeros for
// what is beyond the image, for which t.patch has room.
func (t *thread) square(image []float32, y, x, side, height, width, c int) (src []float32, dy int) {
	src, dy = image[(y*width+x)*c:], width*c
	if y+side <= height && x+side <= width {
		return src, dy
	}
	clear(t.patch[:side*side*c])
	for r := range min(side, height-y) {
		copy(t.patch[r*side*c:][:min(side, width-x)*c], src[r*dy:])
	}
	return t.patch, side * c
}
