package nn

import "noisebench/plugins/internal/simd"

// AveragePool takes the mean of each window, channel by channel. Missing elements beyond the border
// do not count. The zero Size means one window over the whole image.
type AveragePool struct {
	Size    int // of the square window
	Stride  int // 0 means Size
	Padding Padding
}

type averagePool struct {
	in, out *tensor
	windows
}

func (l AveragePool) build(net *Network, in *tensor) *tensor {
	p := &averagePool{in: in}
	if l.Size == 0 {
		p.windows = windows{size: max(in.shape.Height, in.shape.Width), stride: 1}
		p.out = net.tensor(Vector(in.shape.Channels))
	} else {
		w, shape := place(in.shape, l.Size, l.Stride, l.Padding)
		p.windows, p.out = w, net.tensor(shape)
	}
	net.addLocal(p, in, p.out)
	return p.out
}

func (p *averagePool) grow(int, int) {}

// each visits each tap of each window: its offset in the image, that of the window's output, and
// the tap's share.
func (p *averagePool) each(visit func(src, dst int, share float32)) {
	to := 0
	for y := range p.out.shape.Height {
		for x := range p.out.shape.Width {
			offset, w := p.at(p.in.shape, y, x)
			for ky := range w.NY {
				for kx := range w.NX {
					visit(offset+ky*w.DY+kx*w.DX, to, 1/float32(w.NY*w.NX))
				}
			}
			to += p.in.shape.Channels
		}
	}
}

func (p *averagePool) forward(_ *thread, i int) {
	src, dst, c := p.in.values(i), p.out.values(i), p.in.shape.Channels
	clear(dst)
	p.each(func(from, to int, share float32) { simd.Axpy(dst[to:][:c], share, src[from:]) })
}

func (p *averagePool) backward(_ *thread, i int) {
	if !p.in.needed() {
		return
	}
	dst, δ, c := p.in.deltas(i), p.out.deltas(i), p.in.shape.Channels
	clear(dst)
	p.each(func(to, from int, share float32) { simd.Axpy(dst[to:][:c], share, δ[from:]) })
}
