package nn

import (
	"fmt"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// Padding is the treatment of windows of a convolution or a pooling at an image's border.
type Padding int

// The paddings, as TensorFlow has them. Same gives ⌈n/stride⌉ positions; of an odd number of
// missing rows or columns, the extra one is added at the end. Valid keeps windows inside the image.
const (
	Same Padding = iota
	Valid
)

// span returns the number of windows along a line of n, and how many elements are missing before
// and after it.
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

// Conv is a convolution: y[p, o] = b[o] + Σ over window and channels of x[stride p + k, c] w[k, c,
// o]. Its weights are stored as height × width × input channels × output channels.
type Conv struct {
	Size     int // of the square window
	Channels int // of the output
	Stride   int // 0 means 1
	Padding  Padding
	Weights  Initializer // nil means GlorotUniform
	Bias     Initializer // nil means 0
	NoBias   bool
}

// conv works on a padded copy of each image, whose patches are the rows of matrix A in three
// products:
//
//	output    patches × weights
//	in delta  patches of the padded out delta × weights mirrored and transposed, for each phase
//	gradient  patchesᵀ × out delta, example by example; its squares give the second moment
//
// Of the first two, a [bilinear] takes the place where it is faster. For the gradient it is not:
// the out delta's map is several times as large as the out delta, and its products are short.
type conv struct {
	net             *Network
	in, out         *tensor
	size, stride    int
	border                // around the input
	height, width   int   // of the padded image
	patches         []int // offset of each output position's patch in the padded image
	bias            []float32
	panels          []float32 // weights
	phases          []phase
	around          border // the out delta
	positions, n, c int    // of the output; channels

	forwards, backwards *bilinear // nil where products of all taps are faster
	plane               []float32 // a point's map of the weights
	images              *strip    // padded, in the backward pass; nil where images need no padding
	outer                         // its matrices A are the padded images
}

func (l Conv) build(net *Network, in *tensor) *tensor {
	stride := max(l.Stride, 1)
	_, top, bottom := l.Padding.span(in.shape.Height, l.Size, stride)
	_, left, right := l.Padding.span(in.shape.Width, l.Size, stride)
	k := l.convolve(net, in, border{top, bottom, left, right})
	net.multiplies(in, k.positions*k.rows*k.n)
	return k.out
}

// border is how many rows and columns of zeros are added around an image.
type border struct{ top, bottom, left, right int }

// size is the number of elements of an image with its border.
func (b border) size(s Shape) int {
	return (s.Height + b.top + b.bottom) * (s.Width + b.left + b.right) * s.Channels
}

// pad writes an image with its border to dst.
func (b border) pad(dst, image []float32, s Shape) {
	line, left, right := s.Width*s.Channels, b.left*s.Channels, b.right*s.Channels
	top := b.top * (left + line + right)
	clear(dst[:top])
	for dst = dst[top:]; len(image) > 0; image = image[line:] {
		clear(dst[:left])
		copy(dst[left:], image[:line])
		clear(dst[left+line:][:right])
		dst = dst[left+line+right:]
	}
	clear(dst)
}

func (l Conv) convolve(net *Network, in *tensor, b border) *conv {
	name := net.name("conv")
	stride := max(l.Stride, 1)
	area, c, n := l.Size*l.Size, in.shape.Channels, l.Channels
	k := &conv{
		net: net, in: in, size: l.Size, stride: stride, border: b,
		height: in.shape.Height + b.top + b.bottom, width: in.shape.Width + b.left + b.right,
		n: n, c: c,
	}
	oh, ow := (k.height-l.Size)/stride+1, (k.width-l.Size)/stride+1
	k.positions = oh * ow
	k.w = net.weights(name, l.Weights, protocol.Weight, area*c, area*n, l.Size, l.Size, c, n)
	if !l.NoBias {
		k.b = net.bias(name, l.Bias, n)
	}
	k.out = net.tensor(Shape{oh, ow, n})
	k.outer = outer{
		net: net, w: k.w, b: k.b, columns: n,
		rows: area * c, length: k.positions,
		inputs: inputs{
			a:    in.values,
			walk: simd.Walk{Segments: oh, Length: ow, Step: stride * c, Skip: (k.width - ow) * stride * c},
		},
	}
	k.reserve()
	net.addLocal(k, in, k.out)
	if panels(n) == 1 { // it need not be packed
		k.deltas, k.walk.Down = k.out.delta, n
	} else {
		k.passDeltas()
	}
	if b != (border{}) {
		k.images = net.pass(b.size(in.shape))
		k.images.use(len(net.stages) - 1)
		k.a = k.images.of
	}
	return k
}

func (k *conv) grow(int, int) {
	area, ow := k.size*k.size, k.out.shape.Width
	line := k.size * k.c
	k.table = table(k.rows, func(e int) int { return e/line*k.width*k.c + e%line })
	k.patches = table(k.positions, func(p int) int { return (p/ow*k.width + p%ow) * k.stride * k.c })
	k.bias = room(k.bias, panels(k.n)*simd.Columns)
	if k.faster() {
		if k.forwards == nil {
			k.growBilinear()
		}
		return
	}
	k.panels = room(k.panels, panels(k.n)*simd.Columns*area*k.c)
	if k.in.needed() {
		k.growPhases()
	}
}

func (k *conv) prepare() {
	if k.b != nil {
		copy(k.bias, k.b.at(k.net.x))
	}
	if k.forwards != nil {
		k.prepareBilinear()
		return
	}
	w := k.w.at(k.net.x)
	area := k.size * k.size
	simd.Pack(k.panels, w, area*k.c, k.n, k.n)
	if !k.in.needed() {
		return
	}
	k.preparePhases()
}

func (k *conv) forward(t *thread, i int) {
	image := k.in.values(i)
	if k.images != nil {
		t.image = room(t.image, k.images.size)
		image = t.image
		k.border.pad(image, k.in.values(i), k.in.shape)
	}
	if k.forwards != nil {
		k.forwards.convolve(t, k.out.values(i), k.bias, image, k.height, k.width)
		return
	}
	p := product{
		walk: simd.Walk{Segments: k.size, Length: k.size * k.c, Step: 1, Skip: (k.width - k.size) * k.c},
		a:    image,
	}
	t.multiply(k.out.values(i), k.positions, k.n, k.bias, k.patches, k.panels, &p)
}

func (k *conv) backward(t *thread, i int) {
	delta := k.out.deltas(i)
	if k.images != nil {
		k.border.pad(k.images.of(i), k.in.values(i), k.in.shape)
	}
	if k.deltas != k.out.delta {
		simd.Pack(k.deltas.of(i), delta, k.positions, k.n, k.n)
	}
	if !k.in.needed() {
		return
	}
	k.backPhases(t, k.in.deltas(i), delta)
}
