package nn

import (
	"fmt"

	"noisebench/plugins/internal/simd"
)

// Padding says how windows of a convolution or a pooling meet an image's border.
type Padding int

// The paddings, as TensorFlow has them. Same gives ⌈n/stride⌉ positions; of an odd number of missing rows or columns, the
// extra one is added at the end. Valid keeps windows inside the image.
const (
	Same Padding = iota
	Valid
)

// span returns the number of windows along a line of n, and how many elements are missing before and after it.
func (p Padding) span(n, size, stride int) (out, before, after int) {
	if p == Valid {
		if n < size {
			panic(fmt.Sprintf("nn: window of %d is larger than the image of %d", size, n))
		}
		return (n-size)/stride + 1, 0, 0
	}
	out = (n + stride - 1) / stride
	missing := max((out-1)*stride+size-n, 0)
	return out, missing / 2, missing - missing/2
}

// Conv is a convolution: y[p, o] = b[o] + Σ over window and channels of x[stride p + k, c] w[k, c, o].
// Its weights are stored as height × width × input channels × output channels.
type Conv struct {
	Size     int // of the square window
	Channels int // of the output
	Stride   int // 0 means 1
	Padding  Padding
	Weights  Initializer // nil means GlorotUniform
	Bias     Initializer // nil means 0
	NoBias   bool
}

// conv works on a padded copy of each image, whose patches are the rows of matrix A in three products:
//
//	output    patches × weights
//	in delta  patches of the padded (and for stride > 1 spread) out delta × weights mirrored and transposed
//	gradient  patchesᵀ × out delta, example by example; its squares give the second moment
type conv struct {
	net             *Network
	in, out         *tensor
	size, stride    int
	top, left       int   // padding
	height, width   int   // of the padded image
	w, b            *block
	patches         []int // offset of each output position's patch in the padded image
	elements        []int // offset of each of the patch's elements
	bias            []float32
	panels          []float32 // weights
	mirrored        []float32 // weights for the way back
	backPatches     []int
	backWidth       int
	padded          []float32   // images of the slice
	deltas          []float32   // of the slice: panels of each example's out delta
	spread          [][]float32 // for each thread, a padded out delta
	perTask, slots  int
	pixels          int // padded image, elements
	positions, n, c int // of the output; channels
}

func (l Conv) build(net *Network, in *tensor) *tensor {
	name := net.name("conv")
	stride := max(l.Stride, 1)
	oh, top, bottom := l.Padding.span(in.shape.Height, l.Size, stride)
	ow, left, right := l.Padding.span(in.shape.Width, l.Size, stride)
	area, c, n := l.Size*l.Size, in.shape.Channels, l.Channels
	k := &conv{
		net: net, in: in, size: l.Size, stride: stride, top: top, left: left,
		height: in.shape.Height + top + bottom, width: in.shape.Width + left + right,
		positions: oh * ow, n: n, c: c,
	}
	k.w = net.weights(name, l.Weights, area*c*n, area*c, area*n)
	if !l.NoBias {
		k.b = net.bias(name, l.Bias, n)
	}
	k.out = net.tensor(Shape{oh, ow, n})
	k.pixels = k.height * k.width * c
	k.patches = table(k.positions, func(p int) int { return (p/ow*k.width + p%ow) * stride * c })
	k.elements = table(area*c, func(e int) int { return e/(l.Size*c)*k.width*c + e%(l.Size*c) })
	k.bias = make([]float32, panels(n)*simd.Columns)
	k.panels = make([]float32, panels(n)*simd.Columns*area*c)
	if in.needed {
		k.mirrored = make([]float32, panels(c)*simd.Columns*area*n)
		k.backWidth = in.shape.Width + l.Size - 1
		k.backPatches = table(in.shape.Positions(), func(p int) int {
			return (p/in.shape.Width*k.backWidth + p%in.shape.Width) * n
		})
	}
	k.perTask = (tiles(area*c) + 7) / 8
	k.slots = net.slot(k.tasks())
	net.addLocal(k)
	return k.out
}

func (k *conv) grow(n, threads int) {
	k.padded = room(k.padded, n*k.pixels)
	k.deltas = room(k.deltas, n*k.positions*panels(k.n)*simd.Columns)
	k.spread = make([][]float32, threads)
	for i := range k.spread {
		if k.in.needed {
			k.spread[i] = make([]float32, (k.in.shape.Height+k.size-1)*k.backWidth*k.n)
		}
	}
}

func (k *conv) prepare() {
	w := k.w.at(k.net.x)
	area := k.size * k.size
	pack(k.panels, w, area*k.c, k.n)
	if k.b != nil {
		copy(k.bias, k.b.at(k.net.x))
	}
	if !k.in.needed {
		return
	}
	for e := range area {
		for c := range k.c {
			row := w[((area-1-e)*k.c+c)*k.n:][:k.n]
			panel := k.mirrored[c/simd.Columns*simd.Columns*area*k.n+e*k.n*simd.Columns+c%simd.Columns:]
			for o, v := range row {
				panel[o*simd.Columns] = v
			}
		}
	}
}

func (k *conv) forward(t *thread, i int) {
	image := k.padded[i*k.pixels:][:k.pixels]
	src, line := k.in.values(i), k.in.shape.Width*k.c
	for y := range k.in.shape.Height {
		copy(image[((y+k.top)*k.width+k.left)*k.c:][:line], src[y*line:])
	}
	p := product{walk: simd.Walk{Segments: k.size, Length: k.size * k.c, Step: 1, Skip: (k.width - k.size) * k.c}, a: image}
	t.multiply(k.out.values(i), k.positions, k.n, k.bias, k.patches, k.panels, &p)
}

// multiply writes bias + A·B to the rows × columns of dst, for a B in panels.
func (t *thread) multiply(dst []float32, rows, columns int, bias []float32, table []int, panels []float32, p *product) {
	depth := p.walk.Len()
	for c := 0; c < columns; c += simd.Columns {
		p.b = panels[c*depth:][:simd.Columns*depth]
		for r := 0; r < rows; r += simd.Rows {
			p.rows = tileRows(table, r/simd.Rows)
			t.set(dst[r*columns+c:], columns, min(simd.Rows, rows-r), min(simd.Columns, columns-c), bias[c:], p)
		}
	}
}

func (k *conv) backward(t *thread, i int) {
	delta := k.out.deltas(i)
	size := k.positions * panels(k.n) * simd.Columns
	pack(k.deltas[i*size:][:size], delta, k.positions, k.n)
	if !k.in.needed {
		return
	}
	spread, ow := k.spread[t.number], k.out.shape.Width
	for y := range k.out.shape.Height {
		for x := range ow {
			at := (y*k.stride+k.size-1-k.top)*k.backWidth + x*k.stride + k.size - 1 - k.left
			copy(spread[at*k.n:][:k.n], delta[(y*ow+x)*k.n:])
		}
	}
	p := product{
		walk: simd.Walk{Segments: k.size, Length: k.size * k.n, Step: 1, Skip: (k.backWidth - k.size) * k.n},
		a:    spread,
	}
	t.multiply(k.in.deltas(i), k.in.shape.Positions(), k.c, noBias(k.c), k.backPatches, k.mirrored, &p)
}

func (k *conv) tasks() int {
	n := (len(k.elements)/simd.Rows + k.perTask - 1) / k.perTask
	if k.b != nil {
		n++
	}
	return n
}

// gradient computes some rows of the weights' gradient, or in the last task that of the bias.
func (k *conv) gradient(t *thread, task int) {
	net := k.net
	count := k.size * k.size * k.c
	from := task * k.perTask * simd.Rows
	to := min(from+k.perTask*simd.Rows, count)
	block, ow := k.w, k.out.shape.Width
	p := product{walk: simd.Walk{
		Segments: k.out.shape.Height, Length: ow,
		Step: k.stride * k.c, Skip: (k.width - ow) * k.stride * k.c,
	}}
	if from >= count { // the bias: patches are 1
		from, to, block = 0, 1, k.b
		p = product{walk: simd.Walk{Segments: 1, Length: k.positions}, a: one[:], rows: new([simd.Rows]int)}
	}
	g := block.rows(net.g, from, to, k.n)
	if net.first() {
		clear(g)
	}
	var s []float32
	stride := k.n
	switch {
	case net.s != nil:
		s = block.rows(net.s, from, to, k.n)
		if net.first() {
			clear(s)
		}
	case net.norm:
		s, stride = t.squares[:], 0
		clear(s)
	}
	depth := k.positions * simd.Columns
	for i := range net.n {
		for c := 0; c < k.n; c += simd.Columns {
			p.b = k.deltas[(i*panels(k.n)+c/simd.Columns)*depth:][:depth]
			for r := from; r < to; r += simd.Rows {
				if block == k.w {
					p.a, p.rows = k.padded[i*k.pixels:][:k.pixels], tileRows(k.elements, r/simd.Rows)
				}
				at := (r-from)*k.n + c
				squares := s
				if net.s != nil {
					squares = s[at:]
				}
				t.add(g[at:], k.n, squares, stride, min(simd.Rows, to-r), min(simd.Columns, k.n-c), &p)
			}
		}
		if net.s == nil && net.norm {
			net.slots[k.slots+task] += t.takeSquares()
		}
	}
	net.conclude(k.slots+task, g, s)
}
