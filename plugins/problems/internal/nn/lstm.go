package nn

import (
	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// LSTM is a layer of long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000) over
// a sequence, from zero at the start of each: with z = b + [xₜ, hₜ₋₁] w cut into i, g, f, o,
//
//	cₜ = σ(f + ForgetBias) cₜ₋₁ + σ(i) tanh g
//	hₜ = σ(o) tanh cₜ
//
// Its weights are stored as (input channels + units) × 4 units in this order, as in TensorFlow's
// BasicLSTMCell. The output is h at all steps.
type LSTM struct {
	Units      int
	ForgetBias float32
	Weights    Initializer // nil means GlorotUniform
	Bias       Initializer // nil means 0
}

// lstm takes as many examples as a tile has rows through time together. All steps' inputs meet
// their weights in one product, and so do the deltas in the backward pass.
type lstm struct {
	net        *Network
	in, out    *tensor
	w, b       *block
	c, h       int // input channels, units
	steps      int
	forgetBias float32

	bias       []float32
	x, hidden  []float32 // panels of the weights on inputs and on h
	xBack      []float32 // and transposed
	hiddenBack []float32
	inRows     []int // offset of each step's input
	gateRows   []int // and of each step's gates

	gates   *strip    // σ(i), tanh g, σ(f), σ(o); in the backward pass ∂loss/∂z
	cells   *strip    // c
	tanhs   *strip    // tanh c
	start   []float32 // c before the first step: 0
	scratch [][]float32
	wx, wh  outer // gradients of the weights on inputs, with the bias, and on h
}

func (l LSTM) build(net *Network, in *tensor) *tensor {
	name := net.name("lstm")
	c, h, steps := in.shape.Channels, l.Units, in.shape.Positions()
	if steps < 2 {
		panic("nn: the input of an LSTM is " + in.shape.String() + ", want at least 2 steps")
	}
	n := 4 * h
	k := &lstm{net: net, in: in, c: c, h: h, steps: steps, forgetBias: l.ForgetBias}
	k.w = net.weights(name, l.Weights, protocol.Weight, c+h, n, c+h, n)
	k.b = net.bias(name, l.Bias, n)
	k.out = net.tensor(Shape{in.shape.Height, in.shape.Width, h})
	k.out.shared = true // h is needed in the backward pass
	net.multiplies(in, steps*(c+h)*n)
	k.inRows = table(steps, func(t int) int { return t * c })
	k.gateRows = table(steps, func(t int) int { return t * n })
	wx, wh := *k.w, *k.w
	wx.Len = c * n
	wh.Offset, wh.Len = k.w.Offset+c*n, h*n
	row := func(r int) int { return r }
	k.wx = outer{
		net: net, w: &wx, b: k.b, rows: c, columns: n, length: steps,
		inputs: inputs{
			a: in.values, table: table(c, row), walk: simd.Walk{Segments: 1, Length: steps, Step: c},
		},
	}
	k.wh = outer{
		net: net, w: &wh, rows: h, columns: n, length: steps, skipped: 1, // h before the first step is 0
		inputs: inputs{
			a: k.out.values, table: table(h, row), walk: simd.Walk{Segments: 1, Length: steps - 1, Step: h},
		},
	}
	k.wx.reserve()
	k.wh.reserve()
	k.gates, k.cells, k.tanhs = net.keep(steps*n), net.keep(steps*h), net.keep(steps*h)
	net.addWhole(k, in, k.out)
	k.wx.passDeltas()
	k.wh.deltas = k.wx.deltas
	return k.out
}

func (k *lstm) grow(_, threads int) {
	n := 4 * k.h
	k.start = room(k.start, k.h)
	k.bias = room(k.bias, panels(n)*simd.Columns)
	k.x, k.hidden = room(k.x, panels(n)*simd.Columns*k.c), room(k.hidden, panels(n)*simd.Columns*k.h)
	k.xBack, k.hiddenBack = room(k.xBack, panels(k.c)*simd.Columns*n),
		room(k.hiddenBack, panels(k.h)*simd.Columns*n)
	k.scratch = make([][]float32, threads)
	for i := range k.scratch {
		k.scratch[i] = make([]float32, 2*simd.Rows*k.h)
	}
}

func (k *lstm) prepare() {
	w, n := k.w.at(k.net.x), 4*k.h
	simd.Pack(k.x, w, k.c, n, n)
	simd.Pack(k.hidden, w[k.c*n:], k.h, n, n)
	simd.PackTransposed(k.xBack, n*simd.Columns, w, k.c, n, n)
	simd.PackTransposed(k.hiddenBack, n*simd.Columns, w[k.c*n:], k.h, n, n)
	copy(k.bias, k.b.at(k.net.x))
}

type (
	lstmForward  struct{ *lstm }
	lstmBack     struct{ *lstm }
	lstmGradient struct{ *lstm }
)

func (k *lstm) forwardAll() { k.net.do(tiles(k.net.n), lstmForward{k}) }

func (k *lstm) backwardAll() {
	k.net.do(tiles(k.net.n), lstmBack{k})
	k.net.do(k.wx.tasks()+k.wh.tasks(), lstmGradient{k})
}

// at is the part of a slice's buffer with n elements for each step that belongs to one step of an
// example.
func (k *lstm) at(buf *strip, example, step, n int) []float32 {
	return buf.of(example)[step*n:][:n]
}

func (k lstmForward) task(t *thread, group int) {
	first, n := group*simd.Rows, 4*k.h
	count := min(simd.Rows, k.net.n-first)
	p := product{walk: simd.Walk{Segments: 1, Length: k.c, Step: 1}}
	for e := first; e < first+count; e++ {
		p.a = k.in.values(e)
		t.multiply(k.gates.of(e), k.steps, n, k.bias, k.inRows, k.x, &p)
	}
	rows := k.rows(count, k.h)
	p = product{
		walk: simd.Walk{Segments: 1, Length: k.h, Step: 1}, rows: &rows, b: k.hidden,
		panel: k.h * simd.Columns,
	}
	for step := range k.steps {
		if step > 0 {
			p.a = k.out.value.data[(first*k.steps+step-1)*k.h:]
			t.add(k.gates.data[(first*k.steps+step)*n:], k.steps*n, nil, 0, count, n, &p)
		}
		for e := first; e < first+count; e++ {
			k.cell(e, step)
		}
	}
}

// rows are the offsets of the same step of several examples in a buffer with n elements for each.
func (k *lstm) rows(count, n int) (rows [simd.Rows]int) {
	for r := range rows {
		rows[r] = min(r, count-1) * k.steps * n
	}
	return rows
}

// split cuts a row of gates into i, g, f, o.
func (k *lstm) split(z []float32) (i, g, f, o []float32) {
	return z[:k.h], z[k.h : 2*k.h], z[2*k.h : 3*k.h], z[3*k.h:]
}

func (k *lstm) cell(e, step int) {
	i, g, f, o := k.split(k.at(k.gates, e, step, 4*k.h))
	logistic(i, i)
	simd.Tanh(g, g)
	simd.Shift(f, k.forgetBias, f)
	logistic(f, f)
	logistic(o, o)
	c, tc, h := k.at(k.cells, e, step, k.h), k.at(k.tanhs, e, step, k.h),
		k.at(k.out.value, e, step, k.h)
	simd.Mul(c, i, g)
	if step > 0 {
		simd.Mul(h, f, k.at(k.cells, e, step-1, k.h))
		simd.Add(c, c, h)
	}
	simd.Tanh(tc, c)
	simd.Mul(h, o, tc)
}

func (k lstmBack) task(t *thread, group int) {
	first, n := group*simd.Rows, 4*k.h
	count := min(simd.Rows, k.net.n-first)
	scratch := k.scratch[t.number]
	clear(scratch)
	δh, δc := scratch[:simd.Rows*k.h], scratch[simd.Rows*k.h:] // from the step after
	rows := k.rows(count, n)
	p := product{
		walk: simd.Walk{Segments: 1, Length: n, Step: 1}, rows: &rows, b: k.hiddenBack,
		panel: n * simd.Columns,
	}
	for step := k.steps - 1; step >= 0; step-- {
		for r := range count {
			δ := δh[r*k.h:][:k.h]
			simd.Add(δ, δ, k.at(k.out.delta, first+r, step, k.h))
			k.cellBack(first+r, step, δ, δc[r*k.h:][:k.h])
		}
		p.a = k.gates.data[(first*k.steps+step)*n:]
		if step > 0 {
			t.set(δh, k.h, count, k.h, nil, &p)
		}
	}
	for e := first; e < first+count; e++ {
		gates := k.gates.of(e)
		simd.Pack(k.wx.deltas.of(e), gates, k.steps, n, n)
		if k.in.needed() {
			p := product{walk: simd.Walk{Segments: 1, Length: n, Step: 1}, a: gates}
			t.multiply(k.in.deltas(e), k.steps, k.c, nil, k.gateRows, k.xBack, &p)
		}
	}
}

// cellBack turns the gates of one step into ∂loss/∂z, given δh, and moves δc on to the step before.
func (k *lstm) cellBack(e, step int, δh, δc []float32) {
	i, g, f, o := k.split(k.at(k.gates, e, step, 4*k.h))
	before := k.start
	if step > 0 {
		before = k.at(k.cells, e, step-1, k.h)
	}
	simd.CellBack(i, g, f, o, k.at(k.tanhs, e, step, k.h), before, δh, δc)
}

func (k lstmGradient) task(t *thread, i int) {
	if n := k.wx.tasks(); i >= n {
		k.wh.gradient(t, i-n)
		return
	}
	k.wx.gradient(t, i)
}
