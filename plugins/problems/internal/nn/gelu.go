package nn

import (
	"math"

	"noisebench/plugins/internal/simd"
)

// GELU is y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), the approximation that GPT-2 uses of x Φ(x)
// (Hendrycks & Gimpel 2016).
type GELU struct{}

type gelu struct {
	net     *Network
	in, out *tensor
	slopes  *strip // dy/dx, in place of x where nobody else reads that
}

func (GELU) build(net *Network, in *tensor) *tensor {
	l := &gelu{net: net, in: in, out: net.tensor(in.shape), slopes: in.value}
	if in.shared {
		l.slopes = net.keep(in.shape.Size())
	}
	net.addLocal(l, in, l.out)
	return l.out
}

func (l *gelu) grow(int, int) {}

func (l *gelu) forward(_ *thread, i int) {
	size := l.in.shape.Size()
	x, y, slopes := l.in.values(i), l.out.values(i), l.slopes.of(i)
	var tanh, square [simd.Block]float32
	for from := 0; from < size; from += simd.Block {
		n := min(simd.Block, size-from)
		gaussian(y[from:][:n], slopes[from:], x[from:], tanh[:n], square[:n])
	}
}

// gaussian writes y and its derivative
//
//	½ (1 + t) + ½ x (1 − t²) u′, t = tanh u, u = a (x + b x³), u′ = a (1 + 3 b x²)
//
// to slope, as the sum of ½ (1 + t) and y (1 − t) u′. The place of slope may be that of x.
func gaussian(y, slope, x, t, square []float32) {
	a := float32(math.Sqrt(2 / math.Pi))
	const b = 0.044715
	slope = slope[:len(y)]
	simd.Mul(square, x, x)
	simd.Scale(t, a*b, square)
	simd.Shift(t, a, t)
	simd.Mul(t, t, x)
	simd.Tanh(t, t)
	simd.Scale(square, 3*a*b, square)
	simd.Shift(square, a, square) // u′
	simd.Scale(y, -1, t)
	simd.Shift(y, 1, y)
	simd.Mul(square, y, square) // (1 − t) u′
	simd.Shift(t, 1, t)
	simd.Scale(t, 0.5, t)
	simd.Mul(y, x, t)
	simd.Mul(slope, square, y)
	simd.Add(slope, slope, t)
}

func (l *gelu) backward(_ *thread, i int) {
	if l.in.needed() {
		simd.Mul(l.in.deltas(i), l.out.deltas(i), l.slopes.of(i))
	}
}
