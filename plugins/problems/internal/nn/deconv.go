package nn

// Deconv is a transposed convolution, by which each element spreads over a window of the output:
// with padding Same the output is Stride times as large as the input, with Valid it has (n−1)
// Stride + Size rows. Its weights are stored as height × width × input channels × output channels,
// with the window turned by 180°. It is computed as a convolution of the image with Stride−1 zeros
// between its elements, which costs Stride² times the least number of operations.
type Deconv struct {
	Size     int // of the square window
	Channels int // of the output
	Stride   int // 0 means 1
	Padding  Padding
	Weights  Initializer // nil means GlorotUniform
	Bias     Initializer // nil means 0
}

func (l Deconv) build(net *Network, in *tensor) *tensor {
	stride := max(l.Stride, 1)
	positions := in.shape.Positions()
	var b border
	b.top, b.bottom = l.missing(in.shape.Height, stride)
	b.left, b.right = l.missing(in.shape.Width, stride)
	if stride > 1 {
		shape := Shape{(in.shape.Height-1)*stride + 1, (in.shape.Width-1)*stride + 1, in.shape.Channels}
		s := &spread{in: in, out: net.tensor(shape), stride: stride}
		net.addLocal(s, in, s.out)
		in = s.out
	}
	conv := Conv{Size: l.Size, Channels: l.Channels, Weights: l.Weights, Bias: l.Bias}
	k := conv.convolve(net, in, b)
	net.multiplies(in, positions*k.rows*k.n)
	return k.out
}

// missing is how many zeros surround a line of n elements that is spread.
func (l Deconv) missing(n, stride int) (before, after int) {
	if l.Padding == Valid {
		return l.Size - 1, l.Size - 1
	}
	// what the convolution that goes the other way adds
	_, cut, _ := l.Padding.span(n*stride, l.Size, stride)
	return l.Size - 1 - cut, stride - 1 + cut
}

// spread puts zeros between the elements of an image.
type spread struct {
	in, out *tensor
	stride  int
}

func (s *spread) grow(int, int) {}

// at is where the p-th element goes.
func (s *spread) at(p int) int {
	w := s.in.shape.Width
	return (p/w*s.out.shape.Width + p%w) * s.stride * s.in.shape.Channels
}

func (s *spread) forward(_ *thread, i int) {
	src, dst, c := s.in.values(i), s.out.values(i), s.in.shape.Channels
	clear(dst)
	for p := range s.in.shape.Positions() {
		copy(dst[s.at(p):][:c], src[p*c:])
	}
}

func (s *spread) backward(_ *thread, i int) {
	if !s.in.needed() {
		return
	}
	δ, src, c := s.in.deltas(i), s.out.deltas(i), s.in.shape.Channels
	for p := range s.in.shape.Positions() {
		copy(δ[p*c:][:c], src[s.at(p):])
	}
}
