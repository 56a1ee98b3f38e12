package nn

import "noisebench/plugins/internal/simd"

// Residual adds what its Layers and its Shortcut make of the same input; an empty Shortcut passes
// it on (He et al. 2016).
type Residual struct{ Layers, Shortcut []Layer }

func (l Residual) build(net *Network, in *tensor) *tensor {
	f := &fork{in: in, a: net.alias(in), b: net.alias(in)}
	net.addLocal(f, in, f.a, f.b)
	a, b := f.a, f.b
	for _, layer := range l.Layers {
		a = layer.build(net, a)
	}
	for _, layer := range l.Shortcut {
		b = layer.build(net, b)
	}
	if a.shape != b.shape {
		panic("nn: the layers of a Residual lead to " + a.shape.String() + ", its shortcut to " +
			b.shape.String())
	}
	j := &join{a: a, b: b, out: a}
	if a.shared || !a.needed() && net.dim > 0 {
		j.out = net.tensor(a.shape)
	}
	net.addLocal(j, a, b, j.out)
	b.value.forward = !b.shared
	return j.out
}

// alias adds a tensor with the same value as t and a delta of its own.
func (net *Network) alias(t *tensor) *tensor {
	a := &tensor{shape: t.shape, value: t.value, shared: true}
	if t.needed() {
		a.delta = net.pass(t.shape.Size())
	}
	return a
}

// fork lets two branches read one tensor.
type fork struct{ in, a, b *tensor }

func (f *fork) grow(int, int) {}

func (f *fork) forward(*thread, int) {}

func (f *fork) backward(_ *thread, i int) {
	if f.in.needed() {
		simd.Add(f.in.deltas(i), f.a.deltas(i), f.b.deltas(i))
	}
}

// join adds two tensors, in place where no other layer reads the first.
type join struct{ a, b, out *tensor }

func (j *join) grow(int, int) {}

func (j *join) forward(_ *thread, i int) { simd.Add(j.out.values(i), j.a.values(i), j.b.values(i)) }

func (j *join) backward(_ *thread, i int) {
	for _, t := range []*tensor{j.a, j.b} {
		if t != j.out && t.needed() {
			copy(t.deltas(i), j.out.deltas(i))
		}
	}
}
