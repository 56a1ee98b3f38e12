package nn

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"noisebench/protocol"
)

// residual is a small wide residual network.
func residual() []Layer {
	norm := BatchNorm{Epsilon: 1e-5}
	return []Layer{
		Conv{Size: 3, Channels: 16, NoBias: true},
		norm,
		ReLU{},
		Residual{
			Layers:   []Layer{Conv{Size: 3, Channels: 32, Stride: 2}, norm, ReLU{}, Conv{Size: 3, Channels: 32}},
			Shortcut: []Layer{Conv{Size: 1, Channels: 32, Stride: 2}},
		},
		Residual{Layers: []Layer{norm, ReLU{}, Conv{Size: 3, Channels: 32}}},
		norm,
		AveragePool{},
		Dense{Units: 3},
		SoftmaxCrossEntropy{},
	}
}

// What Memory counts is what the first measurement allocates, but for weights and each thread's
// own.
func TestMemory(t *testing.T) {
	for _, c := range []struct {
		name   string
		input  Shape
		layers []Layer
		batch  int
		// Most elements of an example, by hand: what is kept, and passed between stages.
		whole int
	}{
		{
			// What convolutions, normalizations and the end read is kept, sums in the place of a
			// convolution's output; the shortcut is not. Normalizations have two sums a channel,
			// Dense its deltas once more. There are at most four deltas at a time: of a
			// normalization's input and output, and of the input's two uses.
			"residual", Image(16, 16, 3), residual(), 200,
			256*3 + 2*256*16 + 6*64*32 + 32 + 3 + 2*(16+3*32) + 3 + 4*64*32,
		},
		{
			"convolutions", Image(12, 12, 2),
			[]Layer{
				Conv{Size: 3, Channels: 16},
				ReLU{},
				Conv{Size: 3, Channels: 16},
				ReLU{},
				MaxPool{Size: 2},
				AveragePool{},
				SoftmaxCrossEntropy{},
			},
			200,
			144*2 + 2*144*16 + 2*36*16 + 16 + 16, // taps of the pool; the loss' delta
		},
	} {
		net := New(c.input, c.layers...)
		net.SetThreads(1)
		if got := net.Cost().Bytes; got > 4*c.whole {
			t.Errorf("%s: an example takes %d bytes, want at most %d", c.name, got, 4*c.whole)
		}
		x, m := make([]float32, net.Dim()), new(protocol.Measurement[float32])
		net.Init(x, 1)
		m.Gradient = make([]float32, net.Dim())
		batch := protocol.Batch{Examples: make([]int, c.batch)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		net.Measure(x, batch, protocol.Gradient, func(_ int, input, target []float32) { clear(target) }, m)
		runtime.ReadMemStats(&after)
		got, want := int(after.TotalAlloc-before.TotalAlloc), net.Memory(c.batch)
		if other := 16*net.Dim() + 1<<18; got < want || got > want+other {
			t.Errorf("%s: a batch of %d takes %d bytes, want %d and at most %d more", c.name, c.batch, got, want, other)
		}
	}
}

// Strips of an arena that are in use at the same time do not overlap, and those that never are
// share a place.
func TestArena(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var a arena
		for range 1 + random.IntN(12) {
			start := random.IntN(8)
			a.strips = append(a.strips, &strip{size: 1 + random.IntN(5), start: start, end: start + random.IntN(4)})
		}
		a.plan()
		a.grow(3)
		for i, s := range a.strips {
			for _, o := range a.strips[:i] {
				apart := s.offset+s.size <= o.offset || o.offset+o.size <= s.offset
				if s.start <= o.end && o.start <= s.end && !apart {
					t.Fatalf("strips %+v and %+v overlap", *s, *o)
				}
			}
			if len(s.data) != 3*s.size || len(s.of(2)) != s.size {
				t.Fatalf("a strip of %d elements has %d for 3 examples", s.size, len(s.data))
			}
		}
	}
	a := arena{strips: []*strip{{size: 3, start: 0, end: 1}, {size: 2, start: 2, end: 3}, {size: 3, start: 1, end: 2}}}
	if a.plan(); a.size != 6 {
		t.Errorf("strips of 3, 2 and 3, of which the first and the last two are in use at a time, take %d, want 6", a.size)
	}
}
