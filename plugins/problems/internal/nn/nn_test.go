package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// layers pairs each layer with its definition; dropout layers are numbered in their order.
func layers(list ...Layer) (refs []refLayer) {
	dropouts := uint64(0)
	var ref func(l Layer) refLayer
	refsOf := func(list []Layer) (refs []refLayer) {
		for _, l := range list {
			refs = append(refs, ref(l))
		}
		return refs
	}
	ref = func(l Layer) refLayer {
		switch l := l.(type) {
		case Conv:
			return refConv(l)
		case Deconv:
			return refDeconv(l)
		case Dense:
			return refDense(l)
		case MaxPool:
			return refMaxPool(l)
		case AveragePool:
			return refAveragePool(l)
		case ReLU:
			return refMap(refReLU)
		case LeakyReLU:
			return refMap(refLeaky(float64(l.Slope)))
		case Sigmoid:
			return refMap(refSigmoid)
		case Dropout:
			dropouts++
			return refDropout(l, dropouts-1)
		case Residual:
			return refResidual(refsOf(l.Layers), refsOf(l.Shortcut))
		case BatchNorm:
			return refBatchNorm(l)
		case Embedding:
			return refEmbedding(l)
		case LSTM:
			return refLSTM(l)
		case LayerNorm:
			return refLayerNorm(l)
		case GroupNorm:
			return refGroupNorm(l)
		case GELU:
			return refMap(refGELU)
		case Positions:
			return refPositions
		case Attention:
			return refAttention(l)
		case SoftmaxCrossEntropy:
			return refSoftmaxCrossEntropy
		case SquaredLoss:
			return refSquaredLoss(l)
		case Latent:
			return refLatent
		case Reshape:
			return refReshape(l)
		}
		panic(fmt.Sprintf("no reference for %T", l))
	}
	return refsOf(list)
}

const (
	testSeed     = 3
	testPosition = 1000
)

var networks = []struct {
	name   string
	input  Shape
	m      int
	layers []Layer
}{
	{"logistic regression", Vector(7), 5, []Layer{Dense{Units: 3}, SoftmaxCrossEntropy{}}},
	{"least squares", Vector(1), 2, []Layer{Dense{Units: 1, NoBias: true}, SquaredLoss{}}},
	{"perceptron", Vector(31), 19, []Layer{
		Dense{Units: 17}, ReLU{}, Dense{Units: 21}, LeakyReLU{0.3}, Dense{Units: 5}, SquaredLoss{},
	}},
	{"long", Vector(270), 2, []Layer{Dense{Units: 2}, LeakyReLU{0.5}, Dense{Units: 2}, SquaredLoss{}}},
	{"wide", Vector(2), 3, []Layer{Dense{Units: 3}, Sigmoid{}, Dense{Units: 131}, SoftmaxCrossEntropy{}}},
	{"many examples", Vector(3), 2*slice + 5, []Layer{Dense{Units: 2}, Sigmoid{}, Dense{Units: 2}, SoftmaxCrossEntropy{}}},
	{"many images", Image(2, 2, 1), slice + 1, []Layer{
		Conv{Size: 3, Channels: 2}, Sigmoid{}, Conv{Size: 2, Channels: 2}, SquaredLoss{},
	}},
	{"1×1 image", Image(1, 1, 1), 2, []Layer{
		Conv{Size: 5, Channels: 1}, ReLU{}, Conv{Size: 3, Channels: 2}, SoftmaxCrossEntropy{},
	}},
	{"conv", Image(5, 4, 3), 3, []Layer{
		Conv{Size: 3, Channels: 5},
		ReLU{},
		Conv{Size: 2, Channels: 4},
		MaxPool{Size: 2},
		Dense{Units: 3},
		SoftmaxCrossEntropy{},
	}},
	{"wide conv", Image(2, 3, 17), 2, []Layer{
		Conv{Size: 1, Channels: 19}, ReLU{}, Conv{Size: 3, Channels: 2, NoBias: true}, SquaredLoss{},
	}},
	{"valid, strides", Image(8, 7, 2), 3, []Layer{
		Conv{Size: 3, Channels: 9, Padding: Valid},
		ReLU{},
		Conv{Size: 3, Channels: 4, Stride: 2},
		Sigmoid{},
		Conv{Size: 2, Channels: 3, Stride: 2, Padding: Valid},
		SoftmaxCrossEntropy{},
	}},
	{"stride beyond window", Image(7, 5, 2), 2, []Layer{
		Conv{Size: 1, Channels: 3, Stride: 2}, Sigmoid{}, Conv{Size: 1, Channels: 2, Stride: 3, Padding: Valid}, SquaredLoss{},
	}},
	{"pools", Image(11, 10, 1), 2, []Layer{
		Conv{Size: 3, Channels: 11},
		MaxPool{Size: 3, Stride: 2},
		Conv{Size: 3, Channels: 8, Stride: 3},
		MaxPool{Size: 2, Stride: 1, Padding: Valid},
		SquaredLoss{},
	}},
	{"averages", Image(7, 5, 2), 3, []Layer{
		Conv{Size: 3, Channels: 3},
		AveragePool{Size: 3, Stride: 2},
		Conv{Size: 2, Channels: 9},
		AveragePool{Size: 2, Padding: Valid},
		Conv{Size: 1, Channels: 5},
		AveragePool{},
		SoftmaxCrossEntropy{},
	}},
	{"dropout", Image(3, 3, 2), 4, []Layer{
		Dropout{0.2}, Conv{Size: 3, Channels: 5}, Sigmoid{}, Dropout{0.5}, Dense{Units: 3}, SoftmaxCrossEntropy{},
	}},
	{"residual", Image(4, 3, 2), 3, []Layer{
		Residual{Layers: []Layer{Conv{Size: 3, Channels: 2}, ReLU{}}},
		Conv{Size: 1, Channels: 3},
		Sigmoid{},
		Residual{
			Layers:   []Layer{Sigmoid{}, Conv{Size: 3, Channels: 4, Stride: 2}},
			Shortcut: []Layer{Conv{Size: 1, Channels: 4, Stride: 2}},
		},
		Residual{Layers: []Layer{Dropout{0.3}, Conv{Size: 3, Channels: 4}}, Shortcut: []Layer{Sigmoid{}}},
		SquaredLoss{},
	}},
	{"deconv", Image(2, 3, 3), 2, []Layer{
		Conv{Size: 1, Channels: 2},
		Deconv{Size: 4, Channels: 5, Stride: 2},
		LeakyReLU{0.3},
		Deconv{Size: 3, Channels: 2},
		Sigmoid{},
		Deconv{Size: 2, Channels: 1, Stride: 3, Padding: Valid},
		SquaredLoss{},
	}},
	{"words", Sequence(6, 1), 3, []Layer{
		Embedding{Words: 4, Units: 35}, Sigmoid{}, Conv{Size: 1, Channels: 4}, SoftmaxCrossEntropy{},
	}},
	{"LSTM", Sequence(5, 3), 8, []Layer{
		LSTM{Units: 5, ForgetBias: 1}, Dropout{0.2}, LSTM{Units: 3}, Conv{Size: 1, Channels: 4}, SoftmaxCrossEntropy{},
	}},
	{"words to LSTM", Sequence(7, 1), 2, []Layer{
		Embedding{Words: 5, Units: 4}, LSTM{Units: 17, ForgetBias: 1}, SquaredLoss{},
	}},
	{"layer norm", Sequence(3, 5), 4, []Layer{
		LayerNorm{},
		Conv{Size: 1, Channels: 7},
		GELU{},
		LayerNorm{Epsilon: 1e-2},
		Conv{Size: 1, Channels: 35},
		LayerNorm{},
		Dense{Units: 2},
		SoftmaxCrossEntropy{},
	}},
	{"many layer norms", Sequence(2, 3), slice + 2, []Layer{LayerNorm{}, Positions{}, Conv{Size: 1, Channels: 2}, SoftmaxCrossEntropy{}}},
	{"group norm", Image(3, 4, 6), 3, []Layer{
		GroupNorm{Groups: 3},
		ReLU{},
		Conv{Size: 1, Channels: 10},
		GroupNorm{Groups: 2, Epsilon: 1e-3},
		Sigmoid{},
		Residual{Layers: []Layer{GroupNorm{Groups: 1}, Conv{Size: 1, Channels: 10}}},
		GroupNorm{Groups: 10},
		AveragePool{},
		Dense{Units: 3},
		SoftmaxCrossEntropy{},
	}},
	{"GELU", Vector(520), 2, []Layer{GELU{}, Dense{Units: 2}, SoftmaxCrossEntropy{}}},
	{"positions", Sequence(5, 1), 3, []Layer{
		Embedding{Words: 3, Units: 7}, Positions{}, Sigmoid{}, Conv{Size: 1, Channels: 3}, SoftmaxCrossEntropy{},
	}},
	{"attention", Sequence(7, 6), 3, []Layer{
		Attention{Heads: 2},
		Conv{Size: 1, Channels: 15},
		Attention{Heads: 1, Causal: true},
		Conv{Size: 1, Channels: 9},
		Attention{Heads: 3},
		Conv{Size: 1, Channels: 2},
		SoftmaxCrossEntropy{},
	}},
	{"long attention", Sequence(37, 2), 2, []Layer{
		Conv{Size: 1, Channels: 12}, Attention{Heads: 2, Causal: true}, Conv{Size: 1, Channels: 6}, Attention{Heads: 1}, SquaredLoss{},
	}},
	{"wide attention", Sequence(6, 2), 2, []Layer{
		Conv{Size: 1, Channels: 51}, Attention{Heads: 1, Causal: true}, SquaredLoss{},
	}},
	{"attention to one position", Sequence(1, 2), 3, []Layer{
		Conv{Size: 1, Channels: 6}, Attention{Heads: 2, Causal: true}, Conv{Size: 1, Channels: 2}, SoftmaxCrossEntropy{},
	}},
	{"transformer", Sequence(8, 1), 3, []Layer{
		Embedding{Words: 4, Units: 6},
		Positions{},
		Residual{Layers: []Layer{
			LayerNorm{}, Conv{Size: 1, Channels: 18}, Attention{Heads: 2, Causal: true}, Conv{Size: 1, Channels: 6},
		}},
		Residual{Layers: []Layer{LayerNorm{}, Conv{Size: 1, Channels: 24}, GELU{}, Conv{Size: 1, Channels: 6}}},
		LayerNorm{},
		Conv{Size: 1, Channels: 4, NoBias: true},
		SoftmaxCrossEntropy{},
	}},
	{"vision transformer", Image(6, 4, 1), 3, []Layer{
		Conv{Size: 2, Channels: 4, Stride: 2, Padding: Valid}, // patches
		Positions{},
		Residual{Layers: []Layer{LayerNorm{}, Conv{Size: 1, Channels: 12}, Attention{Heads: 2}, Conv{Size: 1, Channels: 4}}},
		LayerNorm{},
		AveragePool{},
		Dense{Units: 3},
		SoftmaxCrossEntropy{},
	}},
	{"average of a sequence", Sequence(9, 2), 3, []Layer{
		Conv{Size: 1, Channels: 3}, Sigmoid{}, AveragePool{}, Dense{Units: 2}, SoftmaxCrossEntropy{},
	}},
	{"autoencoder", Image(3, 4, 1), 3, []Layer{
		Dense{Units: 6}, Latent{}, Dense{Units: 6}, Sigmoid{}, Dense{Units: 5}, Sigmoid{}, SquaredLoss{Factor: 1},
	}},
	{"convolutional autoencoder", Image(4, 3, 1), 3, []Layer{
		Conv{Size: 4, Channels: 2, Stride: 2},
		LeakyReLU{0.3},
		Dropout{0.2},
		Dense{Units: 4},
		Latent{},
		Dense{Units: 6},
		LeakyReLU{0.3},
		Reshape{3, 2, 1},
		Deconv{Size: 4, Channels: 3, Stride: 2},
		ReLU{},
		Dropout{0.2},
		Deconv{Size: 4, Channels: 2},
		ReLU{},
		Dense{Units: 12},
		Sigmoid{},
		SquaredLoss{Factor: 1},
	}},
	{"reshape", Image(2, 3, 2), 3, []Layer{
		Reshape{3, 4, 1}, // of the input
		Conv{Size: 2, Channels: 2},
		Reshape{4, 3, 2}, // the next layer works in place
		Sigmoid{},
		Reshape{6, 2, 2}, // the next layer must not
		Sigmoid{},
		Residual{Layers: []Layer{Reshape{3, 4, 2}, Conv{Size: 3, Channels: 2}, Reshape{6, 2, 2}}},
		SquaredLoss{},
	}},
	{"batch norm", Image(3, 2, 2), 5, []Layer{
		Conv{Size: 3, Channels: 9},
		BatchNorm{Epsilon: 1e-3},
		ReLU{},
		Residual{
			Layers:   []Layer{BatchNorm{Epsilon: 1e-3}, Sigmoid{}, Conv{Size: 3, Channels: 3, NoBias: true}},
			Shortcut: []Layer{Conv{Size: 1, Channels: 3}},
		},
		BatchNorm{Epsilon: 1e-2},
		AveragePool{},
		Dense{Units: 3},
		SoftmaxCrossEntropy{},
	}},
}

// fixture is a network with a point and data, in both precisions.
type fixture struct {
	net     *Network
	ref     []refLayer
	x       []float32
	inputs  [][]float32
	targets [][]float32
}

func newFixture(input Shape, m int, list []Layer) *fixture {
	random := rand.New(rand.NewPCG(1, 2))
	f := &fixture{net: New(input, list...), ref: layers(list...)}
	f.x = make([]float32, f.net.Dim())
	f.net.Init(f.x, testSeed)
	for i := range f.x { // so that biases are not 0
		f.x[i] += float32(random.NormFloat64() / 16)
	}
	for range m {
		in := make([]float32, input.Size())
		for i := range in {
			if e, ok := list[0].(Embedding); ok {
				in[i] = float32(random.IntN(e.Words))
			} else {
				in[i] = float32(random.NormFloat64())
			}
		}
		target := make([]float32, f.net.loss.size)
		for i := range target {
			if _, ok := list[len(list)-1].(SoftmaxCrossEntropy); ok {
				target[i] = float32(random.IntN(f.net.loss.in.shape.Channels))
			} else {
				target[i] = float32(random.NormFloat64())
			}
		}
		f.inputs, f.targets = append(f.inputs, in), append(f.targets, target)
	}
	return f
}

func wide(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, e := range v {
		w[i] = float64(e)
	}
	return w
}

func (f *fixture) load(i int, input, target []float32) {
	copy(input, f.inputs[i])
	copy(target, f.targets[i])
}

func (f *fixture) data() refData {
	var d refData
	for i := range f.inputs {
		s := f.net.input
		d.inputs = append(d.inputs, picture{s.Height, s.Width, s.Channels, wide(f.inputs[i])})
		d.targets = append(d.targets, wide(f.targets[i]))
	}
	return d
}

func (f *fixture) measure(want protocol.Quantity) *protocol.Measurement[float32] {
	return f.measureAt(want, testPosition)
}

func (f *fixture) measureAt(want protocol.Quantity, position int64) *protocol.Measurement[float32] {
	m := f.room()
	batch := protocol.Batch{Examples: make([]int, len(f.inputs)), Seed: testSeed, Position: position}
	f.net.Measure(f.x, batch, want, f.load, m)
	return m
}

func (f *fixture) room() *protocol.Measurement[float32] {
	return &protocol.Measurement[float32]{
		Gradient: make([]float32, len(f.x)), Variance: make([]float32, len(f.x)), SampledGradient: make([]float32, len(f.x)),
	}
}

// ε is the relative error of rounding to float32.
const ε = 1.0 / (1 << 24)

// check reports elements of got that are further from want than tolerance roundings of scale.
func check(t *testing.T, what string, got []float32, want []float64, scale, tolerance float64) {
	t.Helper()
	worst, at := 0.0, 0
	for i := range want {
		if e := math.Abs(float64(got[i])-want[i]) / (ε * scale); !(e <= worst) {
			worst, at = e, i
		}
	}
	t.Logf("%s: off by at most %.2g roundings", what, worst)
	if !(worst <= tolerance) {
		t.Errorf("%s is %v at %d, want %v: off by %.3g roundings, want at most %g",
			what, got[at], at, want[at], worst, tolerance)
	}
}

// TestReference holds loss, gradient, variance and its norm against the reference, on one thread
// and on several, whose results must have the same bits.
func TestReference(t *testing.T) {
	for _, n := range networks {
		t.Run(n.name, func(t *testing.T) { testReference(t, newFixture(n.input, n.m, n.layers)) })
	}
}

func testReference(t *testing.T, f *fixture) {
	t.Log("kernels: ", simd.Level())
	f.net.SetThreads(1)
	offers := f.net.Measures()
	got := f.measure(offers)
	data, x, m := f.data(), wide(f.x), float64(len(f.inputs))

	loss := refLoss(f.ref, x, data)
	if !(math.Abs(got.Loss-loss) <= 16*ε*(1+loss)) {
		t.Errorf("loss is %v, want %v", got.Loss, loss)
	}
	g, s, largest := make([]float64, len(x)), make([]float64, len(x)), 0.0
	sum, moment := 0.0, 0.0
	if !offers.Has(protocol.Variance) {
		g = refGradient(f.ref, x, data)
		for _, v := range g {
			largest = math.Max(largest, math.Abs(v))
		}
	} else {
		gs := make([][]float64, len(f.inputs))
		for i := range gs {
			gs[i] = refGradient(f.ref, x, data.example(i))
			for j, v := range gs[i] {
				g[j] += v / m
				moment += v * v / (m - 1)
				largest = math.Max(largest, math.Abs(v))
			}
		}
		for j := range s {
			for i := range gs {
				s[j] += (gs[i][j] - g[j]) * (gs[i][j] - g[j]) / (m - 1)
			}
			sum += s[j]
		}
	}
	check(t, "gradient", got.Gradient, g, largest, 16)
	if offers.Has(protocol.Variance) {
		check(t, "variance", got.Variance, s, largest*largest, 16)
		if !(math.Abs(got.VarianceNorm-sum) <= 8*ε*moment) {
			t.Errorf("norm of the variance is %v, want %v", got.VarianceNorm, sum)
		}
		only := f.measure(protocol.VarianceNorm).VarianceNorm
		if !(math.Abs(only-sum) <= 8*ε*moment) {
			t.Errorf("norm of the variance alone is %v, want %v", only, sum)
		}
	}

	if alone := f.measure(protocol.Gradient); alone.Loss != got.Loss || !slices.Equal(alone.Gradient, got.Gradient) {
		t.Error("loss or gradient have other bits where nothing else is wanted")
	}
	if alone := f.measure(0); alone.Loss != got.Loss {
		t.Errorf("loss is %v where nothing else is wanted, want %v", alone.Loss, got.Loss)
	}
	for _, threads := range []int{2, 3} {
		f.net.SetThreads(threads)
		other := f.measure(offers)
		if other.Loss != got.Loss || other.VarianceNorm != got.VarianceNorm ||
			!slices.Equal(other.Gradient, got.Gradient) || !slices.Equal(other.Variance, got.Variance) ||
			!slices.Equal(other.SampledGradient, got.SampledGradient) {
			t.Errorf("%d threads give other bits than 1", threads)
		}
	}
}

// fashion is the network P1 of Balles 2021, App. B.1 (pool 3), or fmnist_2c2d of Schneider et al.
// 2019 (pool 2).
func fashion(m, pool int) *fixture {
	w, b := TruncatedNormal(0.05), Constant(0.05)
	f := newFixture(Image(28, 28, 1), m, []Layer{
		Conv{Size: 5, Channels: 32, Weights: w, Bias: b},
		ReLU{},
		MaxPool{Size: pool, Stride: 2},
		Conv{Size: 5, Channels: 64, Weights: w, Bias: b},
		ReLU{},
		MaxPool{Size: pool, Stride: 2},
		Dense{Units: 1024, Weights: w, Bias: b},
		ReLU{},
		Dense{Units: 10, Weights: w, Bias: b},
		SoftmaxCrossEntropy{},
	})
	f.net.Init(f.x, 1)
	return f
}

func BenchmarkMeasure(b *testing.B) {
	for _, c := range []struct{ m, pool int }{{64, 3}, {128, 2}} {
		f := fashion(c.m, c.pool)
		m := f.room()
		for _, threads := range []int{1, 2} {
			for _, want := range []protocol.Quantity{
				0, protocol.Gradient, protocol.Gradient | protocol.VarianceNorm, f.net.Measures() &^ protocol.SampledGradient,
				protocol.SampledGradient, protocol.Gradient | protocol.SampledGradient,
			} {
				b.Run(fmt.Sprintf("m=%d/threads=%d/%v", c.m, threads, want), func(b *testing.B) {
					f.net.SetThreads(threads)
					batch := protocol.Batch{Examples: make([]int, c.m)}
					f.net.Measure(f.x, batch, want, f.load, m)
					b.ReportAllocs()
					for b.Loop() {
						f.net.Measure(f.x, batch, want, f.load, m)
					}
				})
			}
		}
	}
}
