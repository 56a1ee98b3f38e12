package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
)

// TestRandomShapes holds small images with odd layers against the reference.
func TestRandomShapes(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	for i := range 30 {
		input := Image(1+random.IntN(6), 1+random.IntN(6), 1+random.IntN(3))
		var list []Layer
		for range 1 + random.IntN(3) {
			size, stride, channels := 1+random.IntN(4), 1+random.IntN(3), 1+random.IntN(20)
			switch random.IntN(5) {
			case 0:
				list = append(list, MaxPool{Size: size, Stride: stride})
			case 1:
				list = append(list, AveragePool{Size: size, Stride: stride})
			case 2:
				list = append(list, Deconv{Size: 3, Channels: min(channels, 3), Stride: stride})
			default:
				list = append(list, Conv{Size: size, Channels: channels, Stride: stride}, Sigmoid{})
			}
		}
		list = append(list, Dense{Units: 2}, SoftmaxCrossEntropy{})
		if probe := New(input, list...); probe.Dim() > 800 {
			continue // slow, and no other
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Logf("%v %+v", input, list)
			testReference(t, newFixture(input, 2, list))
		})
	}
}

// TestPortable runs the comparison with the reference on the portable kernels.
func TestPortable(t *testing.T) {
	const mark = "NN_TEST_PORTABLE"
	if os.Getenv(mark) != "" {
		t.Skip("this is the portable run")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestReference$", "-test.v")
	cmd.Env = append(os.Environ(), "GODEBUG=cpu.avx2=off", mark+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "portable") {
		t.Errorf("the run did not use portable kernels:\n%s", out)
	}
}

func classifier() []Layer {
	return []Layer{
		Conv{Size: 3, Channels: 5},
		ReLU{},
		MaxPool{Size: 2},
		Dropout{0.4},
		Dense{Units: 7},
		Sigmoid{},
		Dense{Units: 3},
		SoftmaxCrossEntropy{},
	}
}

// TestIdenticalExamples: where all examples are the same, the variance is a rounding error.
func TestIdenticalExamples(t *testing.T) {
	list := slices.DeleteFunc(classifier(), func(l Layer) bool { _, ok := l.(Dropout); return ok })
	f := newFixture(Image(6, 5, 2), 9, list)
	for i := range f.inputs {
		f.inputs[i], f.targets[i] = f.inputs[0], f.targets[0]
	}
	m := f.measure(f.net.Measures())
	for j, s := range m.Variance {
		if g := float64(m.Gradient[j]); s < 0 || float64(s) > 32*ε*g*g+1e-30 {
			t.Errorf("variance is %v at %d where the gradient is %v, want 0 up to rounding", s, j, g)
		}
	}
}

// TestL2: the regulariser adds λ/2 ‖w‖² to the loss and λ w to the gradient, and nothing to biases
// and variance.
func TestL2(t *testing.T) {
	const λ = 0.25
	f := newFixture(Image(6, 5, 2), 3, classifier())
	without := f.measure(f.net.Measures())
	f.net.L2(λ)
	with := f.measure(f.net.Measures())
	sum := 0.0
	for _, b := range f.net.Blocks() {
		for j := b.Offset; j < b.Offset+b.Len; j++ {
			want := float64(without.Gradient[j])
			if strings.HasSuffix(b.Name, "/weights") {
				want += λ * float64(f.x[j])
				sum += float64(f.x[j]) * float64(f.x[j])
			}
			if math.Abs(float64(with.Gradient[j])-want) > 4*ε*(math.Abs(want)+math.Abs(float64(f.x[j]))) {
				t.Errorf("%s: gradient is %v at %d, want %v", b.Name, with.Gradient[j], j, want)
			}
		}
	}
	if want := without.Loss + λ/2*sum; math.Abs(with.Loss-want) > 16*ε*want {
		t.Errorf("loss is %v, want %v", with.Loss, want)
	}
	if !slices.Equal(with.Variance, without.Variance) || with.VarianceNorm != without.VarianceNorm {
		t.Error("the variance changed")
	}
	e := f.net.Evaluate(f.x, 3, f.load)
	f.net.L2(0)
	if diff := e.Loss - f.net.Evaluate(f.x, 3, f.load).Loss; math.Abs(diff-λ/2*sum) > 16*ε*e.Loss {
		t.Errorf("the evaluated loss changed by %v, want %v", diff, λ/2*sum)
	}
}

// TestEvaluate: an evaluation is the mean over all examples, without dropout, however many slices
// they fill.
func TestEvaluate(t *testing.T) {
	const n = slice + 3
	f := newFixture(Image(4, 4, 1), n, classifier())
	list := slices.DeleteFunc(classifier(), func(l Layer) bool { _, ok := l.(Dropout); return ok })
	ref := layers(list...)
	got := f.net.Evaluate(f.x, n, f.load)
	if want := refLoss(ref, wide(f.x), f.data()); math.Abs(got.Loss-want) > 16*ε {
		t.Errorf("loss is %v, want %v", got.Loss, want)
	}
	right := 0
	for i := range n {
		// The class with the least loss is the one with the greatest output.
		d := f.data().example(i)
		best, class := math.Inf(1), 0.0
		for c := range 3 {
			d.targets = [][]float64{{float64(c)}}
			if loss := refLoss(ref, wide(f.x), d); loss < best {
				best, class = loss, float64(c)
			}
		}
		if class == float64(f.targets[i][0]) {
			right++
		}
	}
	if want := float64(right) / n; math.Abs(got.Metric-want) > 1e-12 {
		t.Errorf("accuracy is %v, want %v", got.Metric, want)
	}
	if f.net.Evaluate(f.x, n, f.load) != got {
		t.Error("a second evaluation gives other bits")
	}
}

// TestCalibrate: evaluations normalise by the means of the batches' statistics, and not by the
// examples evaluated.
func TestCalibrate(t *testing.T) {
	list := []Layer{BatchNorm{Epsilon: 1e-3}, Dense{Units: 1}, SquaredLoss{}}
	f := newFixture(Image(2, 1, 1), 7, list)
	const batch = 3
	mean, variance := 0.0, 0.0
	for b := range 7 / batch {
		μ, v := 0.0, 0.0
		for _, in := range f.inputs[b*batch:][:batch] {
			μ += float64(in[0]+in[1]) / (2 * batch)
		}
		for _, in := range f.inputs[b*batch:][:batch] {
			for _, x := range in {
				v += (float64(x) - μ) * (float64(x) - μ) / (2 * batch)
			}
		}
		mean, variance = mean+μ/2, variance+v/2
	}
	loss := 0.0
	x := wide(f.x)
	for i, in := range f.inputs {
		y := x[4]
		for p := range 2 {
			y += x[2+p] * (x[0]*(float64(in[p])-mean)/math.Sqrt(variance+1e-3) + x[1])
		}
		loss += (y - float64(f.targets[i][0])) * (y - float64(f.targets[i][0])) / 14
	}
	f.net.Calibrate(f.x, 7, batch, f.load)
	if got := f.net.Evaluate(f.x, 7, f.load); math.Abs(got.Loss-loss) > 16*ε*loss {
		t.Errorf("loss is %v, want %v", got.Loss, loss)
	}
	f.measure(protocol.Gradient)
	if got := f.net.Evaluate(f.x, 7, f.load); math.Abs(got.Loss-loss) > 16*ε*loss {
		t.Errorf("loss is %v after a measurement, want %v", got.Loss, loss)
	}
}

// TestDropout: a second measurement of the same examples gives the same bits, other positions or
// seeds do not.
func TestDropout(t *testing.T) {
	f := newFixture(Image(6, 5, 2), 4, classifier())
	loss := func(seed uint64, position int64) float64 {
		var m protocol.Measurement[float32]
		f.net.Measure(f.x, protocol.Batch{Examples: make([]int, 4), Seed: seed, Position: position}, 0, f.load, &m)
		return m.Loss
	}
	first := loss(1, 100)
	if again := loss(1, 100); again != first {
		t.Errorf("loss is %v at the second look, want %v", again, first)
	}
	if loss(2, 100) == first || loss(1, 101) == first {
		t.Error("dropout does not depend on seed and position")
	}
}

// TestAllocations: a step allocates nothing but what the first one did.
func TestAllocations(t *testing.T) {
	list := slices.DeleteFunc(classifier(), func(l Layer) bool { _, ok := l.(Dropout); return ok })
	f := newFixture(Image(6, 5, 2), 4, list)
	f.net.SetThreads(1)
	m := &protocol.Measurement[float32]{Gradient: make([]float32, len(f.x)), Variance: make([]float32, len(f.x))}
	batch, load := protocol.Batch{Examples: make([]int, 4)}, Loader(f.load)
	want := f.net.Measures() &^ protocol.SampledGradient // which draws random numbers, as dropout does
	if n := testing.AllocsPerRun(10, func() { f.net.Measure(f.x, batch, want, load, m) }); n != 0 {
		t.Errorf("%v allocations a step, want none", n)
	}
}

// TestDiverged: a point that is not finite gives a loss that is not finite, and no panic.
func TestDiverged(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		f := newFixture(Image(6, 5, 2), 4, classifier())
		for i := range f.x {
			f.x[i] = float32(bad)
		}
		m := f.measure(f.net.Measures())
		if protocol.Finite(m.Loss) || protocol.Finite(m.VarianceNorm) {
			t.Errorf("at %v, loss is %v and the variance's norm %v, want neither finite", bad, m.Loss, m.VarianceNorm)
		}
		if e := f.net.Evaluate(f.x, 4, f.load); protocol.Finite(e.Loss) || e.Metric != 0 {
			t.Errorf("at %v, loss is %v and accuracy %v, want a loss that is not finite and 0", bad, e.Loss, e.Metric)
		}
	}
}

// TestWrong: where the loss is NaN, an example is wrong even if its class has the greatest output.
func TestWrong(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	net := New(Sequence(4, 2), SoftmaxCrossEntropy{})
	for _, c := range []struct {
		input []float32 // two classes at four positions, of class 0
		want  float64
	}{
		{[]float32{1, 0, 1, 0, 1, 0, 0, 1}, 0.75},
		{[]float32{nan, nan, 1, nan, nan, 0, 1, 0}, 0.25},
		{[]float32{inf, 0, inf, inf, -inf, -inf, 0, -inf}, 0.25},
	} {
		e := net.Evaluate(nil, 1, func(_ int, input, target []float32) {
			copy(input, c.input)
			clear(target)
		})
		if e.Metric != c.want {
			t.Errorf("%v: accuracy is %v, want %v", c.input, e.Metric, c.want)
		}
	}
}

// TestLossIsMetric: where points are ranked by their loss, all of it counts. An evaluation draws ε
// as a run with seed 0 does at its start.
func TestLossIsMetric(t *testing.T) {
	const n = slice + 3
	list := []Layer{Dense{Units: 6}, Latent{}, Dense{Units: 4}, SquaredLoss{}}
	f := newFixture(Vector(4), n, list)
	f.net.L2(0.25)
	e := f.net.Evaluate(f.x, n, f.load)
	var m protocol.Measurement[float32]
	f.net.Measure(f.x, protocol.Batch{Examples: make([]int, n)}, 0, f.load, &m)
	if e.Loss != m.Loss || e.Metric != e.Loss {
		t.Errorf("loss is %v and the metric %v, want %v", e.Loss, e.Metric, m.Loss)
	}
	if again := f.net.Evaluate(f.x, n, f.load); again != e {
		t.Errorf("a second evaluation is %v, want %v", again, e)
	}
}

func TestInitializers(t *testing.T) {
	const fanIn, fanOut = 30, 20
	glorot := math.Sqrt(2.0 / (fanIn + fanOut))
	for _, c := range []struct {
		name         string
		init         Initializer
		mean, σ, max float64
	}{
		{"constant", Constant(0.05), 0.05, 0, 0.05},
		{"truncated normal", TruncatedNormal(0.1), 0, 0.1 * 0.879626, 0.2},
		{"Glorot normal", GlorotNormal(), 0, glorot, 2 * glorot / 0.879626},
		{"He normal", HeNormal(), 0, math.Sqrt(2.0 / fanIn), math.Inf(1)},
		{"Glorot uniform", GlorotUniform(), 0, glorot, math.Sqrt(3) * glorot},
	} {
		w := make([]float32, 1<<18)
		c.init(rand.New(rand.NewPCG(1, 2)), w, fanIn, fanOut)
		mean, square, largest := 0.0, 0.0, 0.0
		for _, v := range w {
			mean += float64(v) / float64(len(w))
			square += float64(v) * float64(v) / float64(len(w))
			largest = math.Max(largest, math.Abs(float64(v)))
		}
		// Five standard errors; the variance of the squares is below 2σ⁴.
		n := math.Sqrt(float64(len(w)))
		σ := math.Sqrt(max(square-mean*mean, 0))
		if math.Abs(mean-c.mean) > 5*c.σ/n+1e-7 || math.Abs(σ-c.σ) > 4*c.σ/n+1e-5 {
			t.Errorf("%s: mean %v and standard deviation %v, want %v and %v", c.name, mean, σ, c.mean, c.σ)
		}
		if largest > c.max*(1+ε) {
			t.Errorf("%s: largest is %v, want at most %v", c.name, largest, c.max)
		}
	}
}

func TestInit(t *testing.T) {
	f := newFixture(Image(6, 5, 2), 1, classifier())
	a, b := make([]float32, f.net.Dim()), make([]float32, f.net.Dim())
	for i := range b {
		b[i] = 7
	}
	f.net.Init(a, 1)
	f.net.Init(b, 1)
	if !slices.Equal(a, b) {
		t.Error("equal seeds start at different points")
	}
	f.net.Init(b, 2)
	if slices.Equal(a, b) {
		t.Error("different seeds start at the same point")
	}
	end := 0
	var names []string
	for _, block := range f.net.Blocks() {
		if block.Offset != end {
			t.Errorf("block %s starts at %d, want %d", block.Name, block.Offset, end)
		}
		end += block.Len
		names = append(names, block.Name)
	}
	want := "conv1/weights conv1/bias dense1/weights dense1/bias dense2/weights dense2/bias"
	if got := strings.Join(names, " "); got != want || end != f.net.Dim() {
		t.Errorf("blocks are %s and end at %d, want %s and %d", got, end, want, f.net.Dim())
	}
}

// TestNew: invalid networks panic with a text that gives the reason.
func TestNew(t *testing.T) {
	for _, c := range []struct {
		want   string
		layers []Layer
	}{
		{"not a loss", []Layer{Dense{Units: 1}}},
		{"follows the loss", []Layer{SquaredLoss{}, ReLU{}}},
		{"larger than the image", []Layer{Conv{Size: 4, Channels: 1, Padding: Valid}, SquaredLoss{}}},
		{"to 3×3×1, want the same size", []Layer{Reshape{3, 3, 1}, SquaredLoss{}}},
		{"even number of features", []Layer{Dense{Units: 3}, Latent{}, SquaredLoss{}}},
		{"one channel", []Layer{Embedding{Words: 3, Units: 2}, SquaredLoss{}}},
		{"a divisor of a third", []Layer{Attention{Heads: 1}, SquaredLoss{}}},
		{"4 groups for 2 channels", []Layer{GroupNorm{Groups: 4}, SquaredLoss{}}},
		{"lead to 3×3×1", []Layer{Residual{Layers: []Layer{Conv{Size: 1, Channels: 1}}}, SquaredLoss{}}},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, c.want) {
					t.Errorf("%+v: panic is %q, want %q in it", c.layers, got, c.want)
				}
			}()
			New(Image(3, 3, 2), c.layers...)
		}()
	}
}
