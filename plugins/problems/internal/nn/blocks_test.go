package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"noisebench/protocol"
)

// outputs runs the examples forward and returns what the loss sees of them, or what take returns.
func (f *fixture) outputs(take func() []float32) []float32 {
	f.measure(0)
	if take == nil {
		return slices.Clone(f.net.loss.in.value.data[:len(f.inputs)*f.net.loss.in.shape.Size()])
	}
	return slices.Clone(take())
}

// A block's output axis is that of the layer's outputs in memory: moving the slice of one output
// moves the channel of that number, and nothing else.
func TestOutputAxis(t *testing.T) {
	for _, c := range []struct {
		name  string
		input Shape
		layer Layer
	}{
		{"dense", Vector(7), Dense{Units: 5}},
		{"dense on an image", Image(2, 3, 2), Dense{Units: 5}},
		{"conv", Image(5, 4, 3), Conv{Size: 3, Channels: 4}},
		{"conv with stride", Image(6, 5, 2), Conv{Size: 2, Channels: 3, Stride: 2, Padding: Valid}},
		{"deconv", Image(3, 2, 3), Deconv{Size: 4, Channels: 5, Stride: 2}},
		{"embedding", Sequence(9, 1), Embedding{Words: 4, Units: 6}},
		{"batch norm", Image(3, 2, 4), BatchNorm{Epsilon: 1e-3}},
		{"layer norm", Sequence(5, 4), LayerNorm{}},
		{"group norm", Image(3, 2, 4), GroupNorm{Groups: 2}},
		{"positions", Sequence(3, 4), Positions{}},
		{"lstm", Sequence(3, 4), LSTM{Units: 5, ForgetBias: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(c.input, 3, []Layer{c.layer, SquaredLoss{}})
			channels := f.net.loss.in.shape.Channels
			var take func() []float32
			if l, ok := c.layer.(LSTM); ok { // its gates at the first step, before they mix
				channels = 4 * l.Units
				k := f.net.stages[1].all.(*lstm)
				take = func() (gates []float32) {
					for i := range f.inputs {
						gates = append(gates, k.at(k.gates, i, 0, channels)...)
					}
					return gates
				}
			}
			before := f.outputs(take)
			for _, b := range f.net.Blocks() {
				if b.Output != len(b.Shape)-1 || b.Shape[b.Output] != channels {
					t.Fatalf("%s has shape %v and output axis %d, want the %d channels last", b.Name, b.Shape, b.Output, channels)
				}
				for o := range channels {
					x := slices.Clone(f.x)
					for i := o; i < b.Len; i += channels {
						f.x[b.Offset+i] += 0.25 + 0.01*float32(i)
					}
					after := f.outputs(take)
					f.x = x
					moved := false
					for i := range after {
						if after[i] == before[i] {
							continue
						}
						moved = true
						if i%channels != o {
							t.Fatalf("%s: output %d moves channel %d", b.Name, o, i%channels)
						}
					}
					if !moved {
						t.Errorf("%s: output %d moves nothing", b.Name, o)
					}
				}
			}
		})
	}
}

// The other axes are in the order that Shape says, too: layers computed from the elements at [i, j,
// …] of it.
func TestShapes(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	near := func(t *testing.T, got float32, want float64, where string, at ...int) {
		t.Helper()
		if !(math.Abs(float64(got)-want) <= 1e-5) {
			t.Fatalf("%s %v is %v, want %v", where, at, got, want)
		}
	}
	// element is the weight at an index of its block's shape.
	element := func(f *fixture, block string, index ...int) float64 {
		for _, b := range f.net.Blocks() {
			if b.Name != block {
				continue
			}
			at := 0
			for axis, n := range b.Shape {
				if index[axis] >= n {
					t.Fatalf("%s has shape %v, want one with an element %v", block, b.Shape, index)
				}
				at = at*n + index[axis]
			}
			return float64(f.x[b.Offset+at])
		}
		t.Fatalf("there is no block %s", block)
		return 0
	}
	t.Run("conv", func(t *testing.T) {
		f := newFixture(Image(4, 5, 3), 1, []Layer{Conv{Size: 2, Channels: 7, Padding: Valid, NoBias: true}, SquaredLoss{}})
		out := f.outputs(nil)
		for range 20 {
			y, x, o := random.IntN(3), random.IntN(4), random.IntN(7)
			want := 0.0
			for ky := range 2 {
				for kx := range 2 {
					for c := range 3 {
						want += float64(f.inputs[0][((y+ky)*5+x+kx)*3+c]) * element(f, "conv1/weights", ky, kx, c, o)
					}
				}
			}
			near(t, out[(y*4+x)*7+o], want, "conv", y, x, o)
		}
	})
	t.Run("deconv", func(t *testing.T) { // with the window turned by 180°
		f := newFixture(Image(2, 3, 3), 1, []Layer{Deconv{Size: 2, Channels: 4, Stride: 2, Padding: Valid}, SquaredLoss{}})
		out := f.outputs(nil)
		for y := range 4 {
			for x := range 6 {
				for o := range 4 {
					want := element(f, "conv1/bias", o)
					for c := range 3 {
						want += float64(f.inputs[0][(y/2*3+x/2)*3+c]) * element(f, "conv1/weights", 1-y%2, 1-x%2, c, o)
					}
					near(t, out[(y*6+x)*4+o], want, "deconv", y, x, o)
				}
			}
		}
	})
	t.Run("dense", func(t *testing.T) {
		f := newFixture(Vector(3), 1, []Layer{Dense{Units: 5}, SquaredLoss{}})
		for o, got := range f.outputs(nil) {
			want := element(f, "dense1/bias", o)
			for c, v := range f.inputs[0] {
				want += float64(v) * element(f, "dense1/weights", c, o)
			}
			near(t, got, want, "dense", o)
		}
	})
	t.Run("embedding", func(t *testing.T) {
		f := newFixture(Sequence(6, 1), 1, []Layer{Embedding{Words: 4, Units: 5}, SquaredLoss{}})
		for i, got := range f.outputs(nil) {
			near(t, got, element(f, "embedding1/weights", int(f.inputs[0][i/5]), i%5), "embedding", i)
		}
	})
	t.Run("positions", func(t *testing.T) {
		f := newFixture(Sequence(4, 3), 1, []Layer{Positions{}, SquaredLoss{}})
		for i, got := range f.outputs(nil) {
			near(t, got, float64(f.inputs[0][i])+element(f, "positions1/weights", i/3, i%3), "positions", i)
		}
	})
	t.Run("lstm", func(t *testing.T) {
		const c, h = 3, 2
		f := newFixture(Sequence(2, c), 1, []Layer{LSTM{Units: h, ForgetBias: 1}, SquaredLoss{}})
		out := f.outputs(nil)
		hidden, cell := make([]float64, h), make([]float64, h)
		for step := range 2 {
			var z [4][h]float64
			for gate := range z {
				for u := range h {
					z[gate][u] = element(f, "lstm1/bias", gate*h+u)
					for i := range c {
						z[gate][u] += float64(f.inputs[0][step*c+i]) * element(f, "lstm1/weights", i, gate*h+u)
					}
					for i := range h {
						z[gate][u] += hidden[i] * element(f, "lstm1/weights", c+i, gate*h+u)
					}
				}
			}
			for u := range h {
				cell[u] = refSigmoid(z[2][u]+1)*cell[u] + refSigmoid(z[0][u])*math.Tanh(z[1][u])
				hidden[u] = refSigmoid(z[3][u]) * math.Tanh(cell[u])
				near(t, out[step*h+u], hidden[u], "lstm", step, u)
			}
		}
	})
}

// Roles, on networks of every kind of layer: the last weights are the output layer's.
func TestRoles(t *testing.T) {
	net := New(Sequence(6, 1), Embedding{Words: 5, Units: 4}, LSTM{Units: 3}, BatchNorm{Epsilon: 1e-3}, Conv{Size: 1, Channels: 4},
		Sigmoid{}, Dense{Units: 2}, SoftmaxCrossEntropy{})
	var got []string
	end := 0
	for _, b := range net.Blocks() {
		got = append(got, fmt.Sprintf("%s %v %d %s", b.Name, b.Shape, b.Output, b.Role))
		end += b.Len
	}
	want := []string{
		"embedding1/weights [5 4] 1 embedding", "lstm1/weights [7 12] 1 weight", "lstm1/bias [12] 0 bias", "norm1/scale [3] 0 scale",
		"norm1/bias [3] 0 bias", "conv1/weights [1 1 3 4] 3 weight", "conv1/bias [4] 0 bias", "dense1/weights [24 2] 1 output", "dense1/bias [2] 0 bias",
	}
	if !slices.Equal(got, want) {
		t.Errorf("blocks are\n%q, want\n%q", got, want)
	}
	if end != net.Dim() {
		t.Errorf("blocks have %d elements, want %d", end, net.Dim())
	}
	// What Blocks returns is the caller's.
	net.Blocks()[0].Shape[0] = 99
	if net.Blocks()[0].Shape[0] != 5 {
		t.Error("Blocks returns its own shapes")
	}
	spec := protocol.ProblemSpec{
		Dim: net.Dim(), DType: protocol.Float32, Measures: net.Measures(), Metric: protocol.Metric{Name: "accuracy"}, BatchSize: 1,
		Budget: 1, Blocks: net.Blocks(),
	}
	if err := spec.Check(); err != nil {
		t.Error(err)
	}
}
