package nn

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// Dense is a fully connected layer, y[o] = b[o] + Σ x[c] w[c, o] over all elements x of an example.
// Its weights are stored as inputs × outputs.
type Dense struct {
	Units   int
	Weights Initializer // nil means GlorotUniform
	Bias    Initializer // nil means 0
	NoBias  bool
}

// dense computes products over all examples of a slice. With X the inputs and Δ the out deltas, one
// row for each example, they are X W, Δ Wᵀ and Xᵀ Δ; and since the gradient of one example is x δᵀ,
// the second moment is (X²)ᵀ Δ².
type dense struct {
	net     *Network
	in, out *tensor
	w, b    *block
	c, n    int // inputs, outputs
	slot    int
	tasks   int

	bias       []float32
	deltas     *strip    // Δ in panels
	deltas2    *strip    // Δ²
	transposed []float32 // Δᵀ in panels of examples
	scratch    []denseScratch
}

// denseScratch is one thread's work space.
type denseScratch struct {
	panels []float32 // some of the weights
	x      []float32 // some columns of X
	x2     []float32 // and their squares
}

const (
	denseRows    = 256            // of the weights that are packed at once
	densePanels  = 8              // the same, columns
	denseColumns = 16 * simd.Rows // of X in a task of the backward pass
	denseWide    = densePanels * simd.Columns
	// of Δ, or of Δ², that meet all of these before the next: they stay in the cache
	denseBeside = 4 * simd.Columns
)

func (l Dense) build(net *Network, in *tensor) *tensor {
	name := net.name("dense")
	d := &dense{net: net, in: in, c: in.shape.Size(), n: l.Units}
	d.w = net.weights(name, l.Weights, protocol.Weight, d.c, d.n, d.c, d.n)
	if !l.NoBias {
		d.b = net.bias(name, l.Bias, d.n)
	}
	d.out = net.tensor(Vector(d.n))
	net.multiplies(in, d.c*d.n)
	d.tasks = (d.c + denseColumns - 1) / denseColumns
	d.slot = net.slot(d.tasks + 1)
	d.deltas, d.deltas2 = net.pass(panels(d.n)*simd.Columns), net.pass(panels(d.n)*simd.Columns)
	net.other += 4 * d.n // transposed
	net.addWhole(d, in, d.out)
	d.deltas.use(len(net.stages) - 1)
	d.deltas2.use(len(net.stages) - 1)
	return d.out
}

func (d *dense) grow(n, threads int) {
	d.bias = room(d.bias, panels(d.n)*simd.Columns)
	d.transposed = room(d.transposed, d.n*panels(n)*simd.Columns)
	d.scratch = make([]denseScratch, threads)
	for i := range d.scratch {
		d.scratch[i] = denseScratch{
			panels: make([]float32, min(denseRows, d.c)*denseWide),
			x:      make([]float32, n*denseColumns),
			x2:     make([]float32, n*denseColumns),
		}
	}
}

func (d *dense) prepare() {
	if d.b != nil {
		copy(d.bias, d.b.at(d.net.x))
	}
}

type (
	denseForward struct{ *dense }
	denseDeltas  struct{ *dense }
	denseBack    struct{ *dense }
)

func (d *dense) forwardAll() { d.net.do((d.n+denseWide-1)/denseWide, denseForward{d}) }

// task computes some columns of the output, in stretches of the inputs that keep the packed weights
// in the cache.
func (d denseForward) task(t *thread, i int) {
	x, y, w := d.in.value.data, d.out.value.data, d.w.at(d.net.x)
	packed := d.scratch[t.number].panels
	rows := [simd.Rows]int{}
	p := product{rows: &rows, b: packed}
	from, to := i*denseWide, min((i+1)*denseWide, d.n)
	for k := 0; k < d.c; k += denseRows {
		depth := min(denseRows, d.c-k)
		p.walk, p.panel = simd.Walk{Segments: 1, Length: depth, Step: 1}, depth*simd.Columns
		simd.Pack(packed, w[k*d.n+from:], depth, d.n, to-from)
		for e := 0; e < d.net.n; e += simd.Rows {
			count := min(simd.Rows, d.net.n-e)
			for r := range rows {
				rows[r] = (e+min(r, count-1))*d.c + k
			}
			p.a = x
			if k == 0 {
				t.set(y[e*d.n+from:], d.n, count, to-from, d.bias[from:], &p)
			} else {
				t.add(y[e*d.n+from:], d.n, nil, 0, count, to-from, &p)
			}
		}
	}
}

func (d *dense) backwardAll() {
	d.net.do(panels(d.n), denseDeltas{d})
	if d.net.norm && d.net.s == nil {
		d.addNorms()
	}
	d.net.do(d.tasks, denseBack{d})
}

// task packs a panel of Δ in the forms that the products need, and sums the bias' gradient.
func (d denseDeltas) task(t *thread, i int) {
	net, m := d.net, d.net.n
	from, columns := i*simd.Columns, min(simd.Columns, d.n-i*simd.Columns)
	panel := d.deltas.data[i*m*simd.Columns:][:m*simd.Columns]
	simd.Pack(panel, d.out.delta.data[from:], m, d.n, columns)
	if d.in.needed() {
		simd.PackTransposed(d.transposed[from*simd.Columns:], d.n*simd.Columns, panel, m, simd.Columns,
			columns)
	}
	panel2 := d.deltas2.data[i*m*simd.Columns:][:m*simd.Columns]
	if net.s != nil {
		simd.Mul(panel2, panel, panel)
	}
	if d.b == nil {
		return
	}
	d.sumRows(t, d.b.at(net.g)[from:][:columns], panel)
	if net.s != nil {
		d.sumRows(t, d.b.at(net.s)[from:][:columns], panel2)
	}
}

// sumRows sets dst, or in a later slice adds to it, the sum of a panel's rows.
func (d *dense) sumRows(t *thread, dst, panel []float32) {
	if d.net.first() {
		clear(dst)
	}
	p := product{
		walk: simd.Walk{Segments: 1, Length: d.net.n}, a: one, rows: new([simd.Rows]int), b: panel,
	}
	t.add(dst, 0, nil, 0, 1, len(dst), &p)
}

// addNorms adds Σᵢ ‖ĝᵢ‖²: that of x δᵀ is ‖x‖² ‖δ‖², that of the bias ‖δ‖².
func (d *dense) addNorms() {
	for e := range d.net.n {
		δ, x := d.out.deltas(e), d.in.values(e)
		norm := simd.Dot(x, x)
		if d.b != nil {
			norm++
		}
		d.net.addNorm(d.slot+d.tasks, simd.Dot(δ, δ)*norm)
	}
}

// task computes some columns of the in delta, and the same rows of the weights' gradient and its
// second moment.
func (d denseBack) task(t *thread, i int) {
	net, n := d.net, d.net.n
	from, to := i*denseColumns, min((i+1)*denseColumns, d.c)
	scratch := &d.scratch[t.number]
	x, x2 := scratch.x[:n*denseColumns], scratch.x2[:n*denseColumns]
	for e := range n {
		copy(x[e*denseColumns:], d.in.value.data[e*d.c:][from:to])
	}
	if net.s != nil {
		simd.Mul(x2, x, x)
	}
	if d.in.needed() {
		d.back(t, from, to)
	}
	g := d.w.rows(net.g, from, to, d.n)
	var s []float32
	if net.s != nil {
		s = d.w.rows(net.s, from, to, d.n)
	}
	fused := net.s != nil && net.first() && net.last()
	factor, weight := net.spread()
	rows := [simd.Rows]int{}
	p := product{
		walk: simd.Walk{Segments: 1, Length: n, Step: denseColumns}, rows: &rows, panel: n * simd.Columns,
	}
	for c := 0; c < d.n; c += denseBeside {
		columns := min(denseBeside, d.n-c)
		p.b = d.deltas.data[c*n:]
		for r := 0; r < to-from; r += simd.Rows {
			count := p.columns(x, r, to-from)
			d.sum(t, g[r*d.n+c:], count, columns, &p)
		}
		if s == nil {
			continue
		}
		p.b = d.deltas2.data[c*n:]
		sum := 0.0
		for r := 0; r < to-from; r += simd.Rows {
			count, at := p.columns(x2, r, to-from), r*d.n+c
			if fused {
				sum += t.spread(s[at:], g[at:], d.n, count, columns, factor, weight, &p)
			} else {
				d.sum(t, s[at:], count, columns, &p)
			}
		}
		net.slots[d.slot+i] += sum + t.takeSums()
	}
	if !fused {
		net.conclude(d.slot+i, g, s)
	}
	if i == 0 && d.b != nil {
		var s []float32
		if net.s != nil {
			s = d.b.at(net.s)
		}
		net.conclude(d.slot+d.tasks, d.b.at(net.g), s)
	}
}

// back computes columns from … to−1 of the in delta, as rows of W times Δᵀ.
func (d *dense) back(t *thread, from, to int) {
	rows := [simd.Rows]int{}
	p := product{
		walk: simd.Walk{Segments: 1, Length: d.n, Step: 1}, rows: &rows, b: d.transposed,
		panel: d.n * simd.Columns,
	}
	const most = beside * simd.Columns
	for e := 0; e < d.net.n; e += most {
		n := min(most, d.net.n-e)
		for k := from; k < to; k += simd.Rows {
			count := min(simd.Rows, to-k)
			for r := range rows {
				rows[r] = min(r, count-1) * d.n
			}
			p.a = d.w.at(d.net.x)[k*d.n:]
			t.compute(e, n, nil, &p)
			for j := range n {
				dst := d.in.delta.data[(e+j)*d.c+k:][:count]
				for r := range dst {
					dst[r] = t.tile[r*most+j]
				}
			}
		}
	}
}

// columns makes A the transpose of up to a tile's columns of x, from r to end−1, and returns their
// number.
func (p *product) columns(x []float32, r, end int) int {
	count := min(simd.Rows, end-r)
	for i := range p.rows {
		p.rows[i] = min(i, count-1)
	}
	p.a = x[r:]
	return count
}

// sum sets tiles of dst, or in a later slice adds to them, the sum over examples that is p.
func (d *dense) sum(t *thread, dst []float32, rows, columns int, p *product) {
	if d.net.first() {
		t.set(dst, d.n, rows, columns, nil, p)
	} else {
		t.add(dst, d.n, nil, 0, rows, columns, p)
	}
}
