package nn

// A layer of a built network is a local or a whole.
type node interface {
	// grow makes room for slices of n examples on a number of threads.
	grow(n, threads int)
}

// local is a layer that treats each example by itself. Locals that follow each other take an
// example through all of them before the next, so that it stays in the cache.
type local interface {
	node
	forward(t *thread, i int)  // out.values(i) from in.values(i)
	backward(t *thread, i int) // in.deltas(i), if needed, from out.deltas(i)
}

// whole is a layer that treats all examples of a slice together.
type whole interface {
	node
	forwardAll()
	backwardAll() // parameters' gradients included
}

// weighted is a local with parameters, whose gradients it computes after backward has seen all
// examples of a chunk: in tasks, each of which takes some of the parameters through these examples
// in their order.
type weighted interface {
	tasks() int
	gradient(t *thread, task int)
}

// preparer is a node that has something to compute from the point alone.
type preparer interface{ prepare() }

// stage is a sequence of locals, or a whole.
type stage struct {
	net     *Network
	locals  []local
	all     whole
	chunked bool // there is room for the deltas of a chunk only
	weights []weightedTask
}

type weightedTask struct {
	weighted
	task int
}

// addLocal adds a layer with the tensors that it reads and writes.
func (net *Network) addLocal(l local, tensors ...*tensor) {
	if n := len(net.stages); n > 0 && net.stages[n-1].all == nil {
		net.stages[n-1].locals = append(net.stages[n-1].locals, l)
	} else {
		net.stages = append(net.stages, &stage{net: net, locals: []local{l}})
	}
	net.use(len(net.stages)-1, tensors)
}

// addWhole is addLocal for a layer that treats all examples together.
func (net *Network) addWhole(w whole, tensors ...*tensor) {
	net.stages = append(net.stages, &stage{net: net, all: w})
	net.use(len(net.stages)-1, tensors)
}

// slot reserves n places for sums of variance and returns the first one's number.
func (net *Network) slot(n int) int {
	first := len(net.slots)
	net.slots = append(net.slots, make([]float64, n)...)
	return first
}

// finish lists the gradient tasks, the last layer's first.
func (s *stage) finish() {
	for i := len(s.locals) - 1; i >= 0; i-- {
		if w, ok := s.locals[i].(weighted); ok {
			for task := range w.tasks() {
				s.weights = append(s.weights, weightedTask{w, task})
			}
		}
	}
}

func (s *stage) nodes(visit func(node)) {
	if s.all != nil {
		visit(s.all)
	}
	for _, l := range s.locals {
		visit(l)
	}
}

func (s *stage) grow(n, threads int) { s.nodes(func(l node) { l.grow(n, threads) }) }

func (s *stage) forward() {
	if s.all != nil {
		s.all.forwardAll()
		return
	}
	s.net.do(s.net.n, forwardWork{s})
}

func (s *stage) backward() {
	net := s.net
	if s.all != nil {
		net.from, net.to = 0, net.n
		s.all.backwardAll()
		return
	}
	size := net.n
	if s.chunked {
		size = net.chunkSize()
	}
	for net.from = 0; net.from < net.n; net.from += size {
		net.to = min(net.from+size, net.n)
		net.do(net.to-net.from, backwardWork{s})
		if len(s.weights) > 0 {
			net.do(len(s.weights), gradientWork{s})
		}
	}
}

type (
	prepareWork  struct{ *Network }
	forwardWork  struct{ *stage }
	backwardWork struct{ *stage }
	gradientWork struct{ *stage }
)

func (w prepareWork) task(_ *thread, i int) {
	s := w.stages[i]
	if p, ok := s.all.(preparer); ok {
		p.prepare()
	}
	for _, l := range s.locals {
		if p, ok := l.(preparer); ok {
			p.prepare()
		}
	}
}

func (w forwardWork) task(t *thread, i int) {
	for _, l := range w.locals {
		l.forward(t, i)
	}
}

func (w backwardWork) task(t *thread, i int) {
	for k := len(w.locals) - 1; k >= 0; k-- {
		w.locals[k].backward(t, w.net.from+i)
	}
}

func (w gradientWork) task(t *thread, i int) { w.weights[i].gradient(t, w.weights[i].task) }

// source loads examples.
type source struct {
	net  *Network
	out  *tensor
	loss *lossNode
}

func (s *source) grow(int, int) {}

func (s *source) forward(_ *thread, i int) {
	s.net.load(s.net.start+i, s.out.values(i), s.loss.targets(i))
}

func (s *source) backward(*thread, int) {}
