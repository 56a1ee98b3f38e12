package nn

import "noisebench/plugins/internal/simd"

// phase is a part of a convolution's input on which the same taps of the window meet elements of
// the output: with stride s, every s-th row and column. On the backward pass these taps make a
// convolution of their own with stride 1, in which no zeros between elements take part.
type phase struct {
	y, x    axis
	panels  []float32 // weights of these taps
	patches []int     // where the window of each position starts in the padded out delta
}

// axis is a phase's rows or columns.
type axis struct {
	first, count int // positions; they are a stride apart
	tap, taps    int // the same of the window
	at           int // where the first position's window starts
}

// axis returns the part of n positions, with some padding before the first, whose taps are p, p +
// stride, …
func (k *conv) axis(p, n, padding, before int) axis {
	s := k.stride
	a := axis{first: ((p-padding)%s + s) % s, tap: p, taps: max(0, (k.size-p+s-1)/s)}
	a.count = max(0, (n-a.first+s-1)/s)
	a.at = (a.first+padding)/s - a.taps + 1 + before
	return a
}

// growAround plans the border of the out delta in the backward pass.
func (k *conv) growAround() {
	in, out := k.in.shape, k.out.shape
	most := (k.size + k.stride - 1) / k.stride // taps
	edges := func(n, out, padding int) (before, after int) {
		return max(0, most-1-padding/k.stride), max(0, (n-1+padding)/k.stride-(out-1))
	}
	k.around.top, k.around.bottom = edges(in.Height, out.Height, k.top)
	k.around.left, k.around.right = edges(in.Width, out.Width, k.left)
}

// growPhases plans the backward pass.
func (k *conv) growPhases() {
	k.growAround()
	in, width := k.in.shape, k.out.shape.Width+k.around.left+k.around.right
	k.phases = nil
	for py := range k.stride {
		for px := range k.stride {
			f := phase{
				y: k.axis(py, in.Height, k.top, k.around.top), x: k.axis(px, in.Width, k.left, k.around.left),
			}
			if f.y.taps*f.x.taps*f.y.count*f.x.count == 0 {
				continue
			}
			f.panels = make([]float32, panels(k.c)*simd.Columns*f.y.taps*f.x.taps*k.n)
			f.patches = table(f.y.count*f.x.count, func(p int) int {
				return ((f.y.at+p/f.x.count)*width + f.x.at + p%f.x.count) * k.n
			})
			k.phases = append(k.phases, f)
		}
	}
}

// preparePhases packs the weights, mirrored and transposed.
func (k *conv) preparePhases() {
	w := k.w.at(k.net.x)
	for _, f := range k.phases {
		depth := f.y.taps * f.x.taps * k.n
		for e := range f.y.taps * f.x.taps {
			y, x := f.y.tap+(f.y.taps-1-e/f.x.taps)*k.stride, f.x.tap+(f.x.taps-1-e%f.x.taps)*k.stride
			tap := w[(y*k.size+x)*k.c*k.n:]
			simd.PackTransposed(f.panels[e*k.n*simd.Columns:], depth*simd.Columns, tap, k.c, k.n, k.n)
		}
	}
}

// backPhases computes the in delta of an example.
func (k *conv) backPhases(t *thread, dst, delta []float32) {
	if k.around != (border{}) {
		t.delta = room(t.delta, k.around.size(k.out.shape))
		k.around.pad(t.delta, delta, k.out.shape)
		delta = t.delta
	}
	width := k.out.shape.Width + k.around.left + k.around.right
	if k.backwards != nil {
		k.backwards.convolve(t, dst, nil, delta, k.out.shape.Height+k.around.top+k.around.bottom, width)
		return
	}
	if k.stride > k.size {
		clear(dst) // some elements meet no tap
	}
	for i := range k.phases {
		f := &k.phases[i]
		p := product{
			walk: simd.Walk{
				Segments: f.y.taps, Length: f.x.taps * k.n, Step: 1, Skip: (width - f.x.taps) * k.n,
			},
			a: delta,
		}
		if k.stride == 1 {
			t.multiply(dst, f.y.count*f.x.count, k.c, nil, f.patches, f.panels, &p)
			continue
		}
		t.part = room(t.part, f.y.count*f.x.count*k.c)
		t.multiply(t.part, f.y.count*f.x.count, k.c, nil, f.patches, f.panels, &p)
		for j, src := 0, t.part; len(src) > 0; j, src = j+1, src[k.c:] {
			y, x := f.y.first+j/f.x.count*k.stride, f.x.first+j%f.x.count*k.stride
			copy(dst[(y*k.in.shape.Width+x)*k.c:], src[:k.c])
		}
	}
}
