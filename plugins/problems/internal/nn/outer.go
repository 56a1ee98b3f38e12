package nn

import "noisebench/plugins/internal/simd"

// outer computes the gradient of weights that an example uses at several positions: ∇fᵢ = Aᵢᵀ Δᵢ,
// where Aᵢ has a row of inputs and Δᵢ a row of deltas for each position. The products are computed
// example by example, so that their squares, summed on the way, are the exact second moment. Tasks
// take some of the weights through all examples of the slice, or of a chunk, in their order, so
// that no sum depends on how the work is shared.
type outer struct {
	net     *Network
	w, b    *block // rows × columns; columns, or nil: there the inputs are 1
	rows    int
	columns int
	inputs
	deltas  *strip // Δ in panels; or as it is, its rows walk.Down apart
	length  int    // positions of Δ
	skipped int    // of Δ at the start, for which A has no rows
	perTask int    // tiles
	slot    int
}

// inputs are the matrices A of the examples.
type inputs struct {
	a     func(i int) []float32
	table []int     // where the columns of a matrix start, by tile
	walk  simd.Walk // along a column
}

// most is the greatest number of tasks that share the weights of a layer.
const most = 8

// reserve completes an outer that is otherwise set.
func (o *outer) reserve() {
	o.perTask = (tiles(o.rows) + most - 1) / most
	o.slot = o.net.slot(o.tasks())
}

// passDeltas adds room for Δ in the stage added last.
func (o *outer) passDeltas() {
	o.deltas = o.net.pass(o.length * panels(o.columns) * simd.Columns)
	o.deltas.use(len(o.net.stages) - 1)
}

func (o *outer) weightTasks() int { return (tiles(o.rows) + o.perTask - 1) / o.perTask }

// tasks counts one more for the bias.
func (o *outer) tasks() int {
	if o.b == nil {
		return o.weightTasks()
	}
	return o.weightTasks() + 1
}

func (o *outer) gradient(t *thread, task int) {
	if task == o.weightTasks() {
		ones := inputs{
			a: func(int) []float32 { return one }, table: oneRow,
			walk: simd.Walk{Segments: 1, Length: o.length - o.skipped, Down: o.walk.Down},
		}
		o.sum(t, o.slot+task, o.b, 0, 1, &ones)
		return
	}
	from := task * o.perTask * simd.Rows
	o.sum(t, o.slot+task, o.w, from, min(from+o.perTask*simd.Rows, o.rows), &o.inputs)
}

// sum computes rows from … to−1 of the gradient and its second moment.
func (o *outer) sum(t *thread, slot int, block *block, from, to int, in *inputs) {
	net, n := o.net, o.columns
	g := block.rows(net.g, from, to, n)
	var s []float32
	if net.s != nil {
		s = block.rows(net.s, from, to, n)
	}
	if net.first() {
		clear(g)
		clear(s)
	}
	p := product{walk: in.walk, panel: o.length * simd.Columns}
	only := net.norm && net.s == nil
	if only {
		t.products = room(t.products, len(g))
	}
	for i := net.from; i < net.to; i++ {
		p.a, p.b = in.a(i), o.deltas.of(i)[o.skipped*simd.Columns:]
		for r := from; r < to; r += simd.Rows {
			p.rows = tileRows(in.table, r/simd.Rows)
			at, rows := (r-from)*n, min(simd.Rows, to-r)
			switch {
			case only:
				t.set(t.products[at:], n, rows, n, nil, &p)
			case s != nil:
				t.add(g[at:], n, s[at:], n, rows, n, &p)
			default:
				t.add(g[at:], n, nil, 0, rows, n, &p)
			}
		}
		if only {
			simd.Add(g, g, t.products)
			net.addNorm(slot, simd.Dot(t.products, t.products))
		}
	}
	net.conclude(slot, g, s)
}
