package nn

import (
	"fmt"
	"math"

	"noisebench/plugins/internal/simd"
)

// Attention is scaled dot-product attention in several heads (Vaswani et al. 2017, Sec. 3.2),
// without the linear maps around it. Its input has at each position queries, keys and values, one
// after the other, of d features each; head h takes d/Heads neighbouring features of each of the
// three, from h d/Heads on. With Q, K, V their matrices, a row for each position, the head's output
// is
//
//	softmax(Q Kᵀ/√(d/Heads)) V
//
// where the softmax is over each row; with Causal, over the row's position and those before it.
type Attention struct {
	Heads  int
	Causal bool
}

type attention struct {
	net     *Network
	in, out *tensor
	heads   int
	causal  bool
	n       int // positions
	c       int // features of a head
	scale   float32
	qkvRows []int // where positions start in the input, in the output, and in P and its transpose
	outRows []int
	ownRows []int
	columns []int
	scratch []attentionScratch
}

// attentionScratch is one thread's work space for one head of one example: matrices of positions ×
// positions are not kept longer.
type attentionScratch struct {
	p, δ   []float32 // P = softmax(…); Δ, the derivative by P and then by Q Kᵀ: rows of whole panels
	panels []float32 // the right factor of a product: c × n, or n × c
}

func (l Attention) build(net *Network, in *tensor) *tensor {
	if l.Heads < 1 || in.shape.Channels%(3*l.Heads) != 0 {
		panic(fmt.Sprintf("nn: an Attention has %d heads for %d channels, want a divisor of "+
			"a third of them", l.Heads, in.shape.Channels))
	}
	d := in.shape.Channels / 3
	a := &attention{
		net: net, in: in, out: net.tensor(Shape{in.shape.Height, in.shape.Width, d}),
		heads: l.Heads, causal: l.Causal, n: in.shape.Positions(), c: d / l.Heads,
	}
	a.scale = float32(1 / math.Sqrt(float64(a.c)))
	a.qkvRows = table(a.n, func(t int) int { return t * 3 * d })
	a.outRows = table(a.n, func(t int) int { return t * d })
	a.ownRows = table(a.n, func(t int) int { return t * a.n })
	a.columns = table(a.n, func(t int) int { return t })
	// Q Kᵀ and P V: one product each, and two and one of the first again in the backward pass
	net.flops += 7 * 2 * a.n * a.n * d
	net.addLocal(a, in, a.out)
	return a.out
}

func (a *attention) grow(_, threads int) {
	a.scratch = make([]attentionScratch, threads)
	for i := range a.scratch {
		a.scratch[i] = attentionScratch{
			p: make([]float32, a.n*a.n), δ: make([]float32, a.n*a.n),
			panels: make([]float32, max(panels(a.n)*a.c, panels(a.c)*a.n)*simd.Columns),
		}
	}
}

// seen is the number of positions that the mask leaves to the tile of rows from r on: those up to
// its last row.
func (a *attention) seen(r int) int {
	if a.causal {
		return min(r+simd.Rows, a.n)
	}
	return a.n
}

// part returns where head h's queries (0), keys (1) or values (2) start in an example's input, or
// what belongs to them.
func (a *attention) part(qkv []float32, which, h int) []float32 {
	return qkv[which*a.heads*a.c+h*a.c:]
}

// packTransposed packs the transpose of n × c elements whose rows start stride apart.
func (a *attention) packTransposed(dst, src []float32, stride int) {
	simd.PackTransposed(dst, a.c*simd.Columns, src, a.n, stride, a.c)
}

// square writes A Bᵀ to the rows of dst, as far as the mask leaves them, for an A of n × c, whose
// rows start at rows, and B's transpose in panels.
func (a *attention) square(t *thread, dst, left []float32, rows []int, right []float32) {
	p := product{
		walk: simd.Walk{Segments: 1, Length: a.c, Step: 1}, a: left, b: right, panel: a.c * simd.Columns,
	}
	for r := 0; r < a.n; r += simd.Rows {
		p.rows = tileRows(rows, r/simd.Rows)
		t.set(dst[r*a.n:], a.n, min(simd.Rows, a.n-r), a.seen(r), nil, &p)
	}
}

// mix writes A B to n rows of c elements of dst, which start stride apart, for an A of n × n, of
// which the masked part does not count, and an n × c matrix B, whose rows start bStride apart.
func (a *attention) mix(
	t *thread, scratch *attentionScratch, dst []float32, stride int, left, right []float32,
	bStride int,
) {
	simd.Pack(scratch.panels, right, a.n, bStride, a.c)
	p := product{a: left, b: scratch.panels, panel: a.n * simd.Columns}
	for r := 0; r < a.n; r += simd.Rows {
		p.rows = tileRows(a.ownRows, r/simd.Rows)
		p.walk = simd.Walk{Segments: 1, Length: a.seen(r), Step: 1}
		t.set(dst[r*stride:], stride, min(simd.Rows, a.n-r), a.c, nil, &p)
	}
}

// mixTransposed is mix with Aᵀ.
func (a *attention) mixTransposed(
	t *thread, scratch *attentionScratch, dst []float32, stride int, left, right []float32,
	bStride int,
) {
	simd.Pack(scratch.panels, right, a.n, bStride, a.c)
	p := product{panel: a.n * simd.Columns}
	for r := 0; r < a.n; r += simd.Rows {
		from := 0
		if a.causal { // positions before r do not attend to it
			from = r
		}
		p.rows = tileRows(a.columns, r/simd.Rows)
		p.a, p.b = left[from*a.n:], scratch.panels[from*simd.Columns:]
		p.panel = a.n * simd.Columns
		p.walk = simd.Walk{Segments: 1, Length: a.n - from, Step: a.n}
		t.set(dst[r*stride:], stride, min(simd.Rows, a.n-r), a.c, nil, &p)
	}
}

// attend computes P of one head, with zeros where the mask is and a tile reaches.
func (a *attention) attend(t *thread, scratch *attentionScratch, qkv []float32, h int) {
	a.packTransposed(scratch.panels, a.part(qkv, 1, h), 3*a.heads*a.c)
	a.square(t, scratch.p, a.part(qkv, 0, h), a.qkvRows, scratch.panels)
	for r := range a.n {
		row := a.visible(scratch.p, r)
		top := row[0]
		for _, v := range row {
			top = max(top, v)
		}
		// Whole vectors: what is beyond the row is cleared afterwards, and zeros add nothing to the
		// sum.
		whole := scratch.p[r*a.n:][:min((len(row)+31)&^31, a.n)]
		vectors := whole[:min((len(row)+7)&^7, a.n)]
		simd.Shift(vectors, -top, vectors)
		simd.Scale(vectors, a.scale, vectors)
		simd.Exp(vectors, vectors)
		clear(whole[len(row):])
		simd.Scale(row, 1/simd.Sum(whole), row)
	}
}

// visible returns the part of a matrix that position r attends to, and clears the rest of its tile.
func (a *attention) visible(matrix []float32, r int) []float32 {
	row := matrix[r*a.n:][:a.seen(r/simd.Rows*simd.Rows)]
	if a.causal {
		clear(row[r+1:])
		return row[:r+1]
	}
	return row
}

func (a *attention) forward(t *thread, i int) {
	scratch, qkv, y := &a.scratch[t.number], a.in.values(i), a.out.values(i)
	d := a.heads * a.c
	for h := range a.heads {
		a.attend(t, scratch, qkv, h)
		a.mix(t, scratch, y[h*a.c:], d, scratch.p, a.part(qkv, 2, h), 3*d)
	}
}

// backward computes P again. With D the out delta: by V, Pᵀ D; by P, Δ = D Vᵀ; by the scores, Δ′ =
// P (Δ − Σ P Δ) element by element, the sum over each row; by Q, Δ′ K, and by K, Δ′ᵀ Q, both over
// √c.
func (a *attention) backward(t *thread, i int) {
	if !a.in.needed() {
		return
	}
	scratch, qkv, dst, δy := &a.scratch[t.number], a.in.values(i), a.in.deltas(i), a.out.deltas(i)
	d := a.heads * a.c
	for h := range a.heads {
		a.attend(t, scratch, qkv, h)
		a.mixTransposed(t, scratch, a.part(dst, 2, h), 3*d, scratch.p, δy[h*a.c:], d)
		a.packTransposed(scratch.panels, a.part(qkv, 2, h), 3*d)
		a.square(t, scratch.δ, δy[h*a.c:], a.outRows, scratch.panels)
		for r := range a.n {
			p, δ := a.visible(scratch.p, r), a.visible(scratch.δ, r)
			simd.Shift(δ, -float32(simd.Dot(p, δ)), δ)
			simd.Mul(δ, δ, p)
			simd.Scale(δ, a.scale, δ)
		}
		a.mix(t, scratch, a.part(dst, 0, h), 3*d, scratch.δ, a.part(qkv, 1, h), 3*d)
		a.mixTransposed(t, scratch, a.part(dst, 1, h), 3*d, scratch.δ, a.part(qkv, 0, h), 3*d)
	}
}
