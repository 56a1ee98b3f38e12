package nn

import "noisebench/plugins/internal/simd"

// MaxPool takes the greatest element in each window, channel by channel; the gradient goes to the
// first of equal ones. Missing elements beyond the border take no part.
type MaxPool struct {
	Size    int // of the square window
	Stride  int // 0 means Size
	Padding Padding
}

type maxPool struct {
	in, out *tensor
	windows
	taps []int32
}

// windows places a pooling's windows on an image.
type windows struct{ size, stride, top, left int }

func place(in Shape, size, stride int, padding Padding) (windows, Shape) {
	if stride == 0 {
		stride = size
	}
	oh, top, _ := padding.span(in.Height, size, stride)
	ow, left, _ := padding.span(in.Width, size, stride)
	return windows{size, stride, top, left}, Shape{oh, ow, in.Channels}
}

// at returns the window of an output position, cut at the image's border, and the offset of its
// first element.
func (w windows) at(in Shape, y, x int) (offset int, window simd.Window) {
	y0, y1 := w.line(y, w.top, in.Height)
	x0, x1 := w.line(x, w.left, in.Width)
	return (y0*in.Width + x0) * in.Channels,
		simd.Window{NY: y1 - y0, NX: x1 - x0, DY: in.Width * in.Channels, DX: in.Channels}
}

func (w windows) line(i, before, n int) (from, to int) {
	from = i*w.stride - before
	return max(from, 0), min(from+w.size, n)
}

func (l MaxPool) build(net *Network, in *tensor) *tensor {
	w, shape := place(in.shape, l.Size, l.Stride, l.Padding)
	p := &maxPool{in: in, out: net.tensor(shape), windows: w}
	net.other += 4 * shape.Size() // taps
	net.addLocal(p, in, p.out)
	return p.out
}

func (p *maxPool) grow(n, _ int) { p.taps = room(p.taps, n*p.out.shape.Size()) }

func (p *maxPool) tapsOf(i int) []int32 {
	size := p.out.shape.Size()
	return p.taps[i*size:][:size]
}

func (p *maxPool) forward(_ *thread, i int) {
	src, dst, taps := p.in.values(i), p.out.values(i), p.tapsOf(i)
	c := p.in.shape.Channels
	for y := range p.out.shape.Height {
		for x := range p.out.shape.Width {
			offset, w := p.at(p.in.shape, y, x)
			simd.MaxPool(dst, taps, src[offset:], c, w)
			dst, taps = dst[c:], taps[c:]
		}
	}
}

func (p *maxPool) backward(_ *thread, i int) {
	if !p.in.needed() {
		return
	}
	dst, δ, taps := p.in.deltas(i), p.out.deltas(i), p.tapsOf(i)
	clear(dst)
	c := p.in.shape.Channels
	for y := range p.out.shape.Height {
		for x := range p.out.shape.Width {
			offset, w := p.at(p.in.shape, y, x)
			simd.MaxPoolBack(dst[offset:], taps, δ, c, w)
			δ, taps = δ[c:], taps[c:]
		}
	}
}
