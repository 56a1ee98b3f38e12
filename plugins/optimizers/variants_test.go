package optimizers

import (
	"math"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
)

// gradient returns a measurement of a gradient alone.
func gradient[T protocol.Float](g ...T) *protocol.Measurement[T] {
	return &protocol.Measurement[T]{Have: protocol.Gradient, BatchSize: 32, Gradient: g, StepScale: 1}
}

// Where the average of g² grows its maximum is the average.
func TestAMSGradIsAdamWhereVGrows(t *testing.T) {
	t.Run("float64", testAMSGradIsAdam[float64])
	t.Run("float32", testAMSGradIsAdam[float32])
}

func testAMSGradIsAdam[T protocol.Float](t *testing.T) {
	a, _ := open[T](t, "amsgrad", nil, 2)
	b, _ := open[T](t, "adam", nil, 2)
	x, y := ones[T](2), ones[T](2)
	for n := range 20 {
		m := gradient(T(n+1), T(-math.Pow(1.5, float64(n))))
		step(t, a, x, m)
		step(t, b, y, m)
		if !slices.Equal(x, y) {
			t.Fatalf("step %d leads to %v, want %v as adam", n, x, y)
		}
	}
	step(t, a, x, gradient[T](0, 0))
	step(t, b, y, gradient[T](0, 0))
	if x[0] == y[0] {
		t.Error("where v falls amsgrad is adam, too")
	}
}

// With ψ → ∞ μ is β1, and the first step of α is one of α (1 + β1/(1+β1)); after many steps with
// the same gradient each is one of α.
func TestNAdamLimits(t *testing.T) {
	const α, β1 = 0.5, 0.75
	o, _ := open[float64](t, "nadam", protocol.Setting{
		protocol.StepSize: α, "beta1": β1, "epsilon": 0, "momentum_decay": 1e5,
	}, 1)
	x := []float64{0}
	step(t, o, x, gradient(-3.0))
	near(t, "first step", x, []float64{α * (1 + β1/(1+β1))}, 1e-15)
	for range 200 {
		step(t, o, x, gradient(-3.0))
	}
	before := x[0]
	step(t, o, x, gradient(-3.0))
	near(t, "late step", []float64{x[0] - before}, []float64{α}, 1e-12)
}

// With β2 = 0.999 five steps are those of momentum. In the end the rectification is 1 and what is
// left is adam.
func TestRAdamLimits(t *testing.T) {
	r, _ := open[float64](t, "radam", protocol.Setting{protocol.StepSize: 0.125}, 5)
	m, _ := open[float64](t, "m-sgd", protocol.Setting{protocol.StepSize: 0.125}, 5)
	x, y := ones[float64](5), ones[float64](5)
	for n, at := range measurements[float64](5, 6) {
		step(t, r, x, at)
		step(t, m, y, at)
		if slices.Equal(x, y) != (n < 5) {
			t.Errorf("step %d leads to %v, and to %v as m-sgd", n, x, y)
		}
	}

	set := protocol.Setting{protocol.StepSize: 0.125, "beta2": 0.9, "epsilon": 0}
	r, _ = open[float64](t, "radam", set, 5)
	a, _ := open[float64](t, "adam", set, 5)
	for n, at := range measurements[float64](5, 400) {
		x, y = ones[float64](5), ones[float64](5)
		step(t, r, x, at)
		step(t, a, y, at)
		if n > 390 {
			near(t, "late step", x, y, 1e-13)
		}
	}
}

// The step of adamax with a constant gradient is α g/(|g| + ε) at once and always.
func TestAdamaxConstantGradient(t *testing.T) {
	o, _ := open[float64](t, "adamax", protocol.Setting{protocol.StepSize: 1, "epsilon": 1}, 2)
	x := []float64{0, 0}
	for n := range 50 {
		step(t, o, x, gradient(3.0, -0.25))
		near(t, "x", x, []float64{-0.75 * float64(n+1), 0.2 * float64(n+1)}, 1e-14)
	}
}

// Where all gradients are the same there is no variance about their average: after many steps s is
// ε/(1−β2).
func TestAdaBeliefConstantGradient(t *testing.T) {
	o, _ := open[float64](t, "adabelief", protocol.Setting{protocol.StepSize: 1, "beta1": 0.5, "beta2": 0.75, "epsilon": 1}, 1)
	x := []float64{0}
	for range 200 {
		step(t, o, x, gradient(8.0))
	}
	before := x[0]
	step(t, o, x, gradient(8.0))
	near(t, "late step", []float64{x[0] - before}, []float64{-8. / (2 + 1)}, 1e-12)
}

// Rprop's step grows by κ as long as the sign stays, does not move x where it changes, and then
// begins anew.
func TestRpropSteps(t *testing.T) {
	o, first := open[float64](t, "rprop", protocol.Setting{
		protocol.StepSize: 1, "growth": 2, "shrink": 0.25, "min_step": 0.5, "max_step": 8,
	}, 1)
	if first.Draw != protocol.All {
		t.Errorf("the first request is %+v, want all examples", first)
	}
	x := []float64{0}
	for n, row := range []struct{ g, want float64 }{
		{-3, 1},
		{-1e-9, 3},
		{-5, 7},
		{-5, 15},
		{-5, 23}, // Δ = 1, 2, 4, 8, 8
		// Δ = 2, 2 after a change, 2, 2 after nothing, 4
		{2, 23},
		{2, 21},
		{0, 21},
		{2, 19},
		{2, 15},
		{-2, 15},
		{2, 14},
		{-2, 14},
		{2, 13.5}, // Δ = 1, 1 after a change, 1/4 which is 1/2
	} {
		step(t, o, x, gradient(row.g))
		if x[0] != row.want {
			t.Fatalf("step %d leads to %v, want %v", n, x[0], row.want)
		}
	}
	for _, c := range []struct {
		setting protocol.Setting
		train   int
		want    string
	}{
		{protocol.Setting{"min_step": 2, "max_step": 1}, 10, "max_step is 1, want at least min_step (2)"},
		{nil, 0, "endless"},
	} {
		_, _, err := tryOpen[float64](t, "rprop", c.setting, protocol.Start{Dim: 1, Train: c.train})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error is %v, want one with %q", err, c.want)
		}
	}
}

// Without differences of gradients there is nothing that adan adds to adam.
func TestAdanConstantGradient(t *testing.T) {
	a, _ := open[float64](t, "adan", protocol.Setting{protocol.StepSize: 0.125, "beta1": 0.9, "beta3": 0.999}, 2)
	b, _ := open[float64](t, "adam", protocol.Setting{protocol.StepSize: 0.125}, 2)
	x, y := ones[float64](2), ones[float64](2)
	for range 20 {
		step(t, a, x, gradient(3, -0.1))
		step(t, b, y, gradient(3, -0.1))
		if !slices.Equal(x, y) {
			t.Fatalf("x is %v, want %v as with adam", x, y)
		}
	}
}

// The first step of adopt moves nothing, the second one is clipped to 1, and later ones to t^¼:
// where v has seen no gradient the quotient is as great as 1/ε.
func TestADOPTClips(t *testing.T) {
	o, _ := open[float64](t, "adopt", protocol.Setting{protocol.StepSize: 1, "beta1": 0, "beta2": 0.5}, 3)
	x := []float64{0, 0, 0}
	step(t, o, x, gradient(2.0, 0, 0))
	if !slices.Equal(x, []float64{0, 0, 0}) {
		t.Errorf("the first step leads to %v", x)
	}
	step(t, o, x, gradient(1.0, -3, 0)) // 1/2, −3/ε
	near(t, "second step", x, []float64{-0.5, 1, 0}, 1e-15)
	for range 14 {
		step(t, o, x, gradient(0.0, 0, 0))
	}
	near(t, "x without gradients", x, []float64{-0.5, 1, 0}, 1e-15)
	step(t, o, x, gradient(0, 0, 5.0)) // t = 16
	near(t, "x", x, []float64{-0.5, 1, -2}, 1e-15)
}

// With β3 = β1 both averages are one, the slow one without bias correction.
func TestAdEMAMixOfEqualAverages(t *testing.T) {
	const a, β1 = 3, 0.9
	set := protocol.Setting{protocol.StepSize: 0.125, "beta3": β1, "slow": a}
	mix, _ := openFor[float64](t, 1000, "ademamix", set, 5)
	adam, _ := open[float64](t, "adam", protocol.Setting{protocol.StepSize: 0.125}, 5)
	for n, m := range measurements[float64](5, 20) {
		m.Seen = int64(100 * n)
		x, y := make([]float64, 5), make([]float64, 5)
		step(t, mix, x, m)
		step(t, adam, y, m)
		for i := range y {
			y[i] *= 1 + a*min(float64(n)/10, 1)*(1-math.Pow(β1, float64(n+1)))
		}
		near(t, "step", x, y, 1e-14)
	}
}

// mars without correction and clipping is adamw, whose λ is not multiplied by α.
func TestMARSWithoutCorrectionIsAdamW(t *testing.T) {
	const α, λ = 0.125, 0.5
	mars, _ := open[float64](t, "mars", protocol.Setting{
		protocol.StepSize: α, "beta1": 0.9, "beta2": 0.999, "gamma": 0, "clip": 0, "weight_decay": λ,
	}, 5)
	adamW, _ := open[float64](t, "adamw", protocol.Setting{protocol.StepSize: α, "weight_decay": α * λ}, 5)
	x, y := ones[float64](5), ones[float64](5)
	for n, m := range measurements[float64](5, 20) {
		step(t, mars, x, m)
		step(t, adamW, y, m)
		if !slices.Equal(x, y) {
			t.Fatalf("step %d leads to %v, want %v as adamw", n, x, y)
		}
	}
}

// Long gradients count by their direction alone, in each block.
func TestMARSClipsBlocks(t *testing.T) {
	blocks := []protocol.Block{{Name: "a", Len: 2}, {Name: "b", Offset: 2, Len: 3}}
	set := protocol.Setting{"gamma": 0, "epsilon": 0.125}
	a, _ := open[float64](t, "mars", set, 5, blocks...)
	b, _ := open[float64](t, "mars", set, 5, blocks...)
	x, y := ones[float64](5), ones[float64](5)
	for _, m := range measurements[float64](5, 20) {
		short := clone(m)
		unit := short.Gradient
		for _, block := range blocks {
			v := unit[block.Offset : block.Offset+block.Len]
			norm := euclidean(v)
			for i := range v {
				m.Gradient[block.Offset+i] *= 1e3 * float64(1+block.Offset)
				v[i] /= norm
			}
		}
		step(t, a, x, m)
		step(t, b, y, short)
		near(t, "x", x, y, 1e-13)
	}
}

// At constant gradient and variance the batch size is tr Σ/‖∇f‖², whatever it was when they were
// measured.
func TestNoiseScaleConstant(t *testing.T) {
	o, first := open[float64](t, "noise-scale", protocol.Setting{"min_batch_size": 2}, 2)
	const trace, square = 96.0, 2.0
	size := first.BatchSize
	x := ones[float64](2)
	for range 50 {
		// A batch of m has a gradient with the expected square ‖∇f‖² + tr Σ/m.
		g := math.Sqrt((square + trace/float64(size)) / 2)
		m := gradient(g, -g)
		m.BatchSize, m.VarianceNorm = size, trace
		size = step(t, o, x, m).BatchSize
		if size != trace/square {
			t.Fatalf("the batch size is %d, want %v", size, trace/square)
		}
	}
	got := report(o, 4)
	near(t, "reports", got, []float64{48, 96, 2, 0}, 1e-14)
}

func TestNoiseScaleEdges(t *testing.T) {
	for _, row := range []struct {
		norm, g float64
		want    int
		invalid float64
	}{
		{64, 4, 16, 0},           // 64 / (32 − 64/32) = 2.13
		{32, 0.5, 512, 0},        // ‖g‖² = 0.5 is less than noise alone makes it
		{0, 0, 512, 0},           // nothing
		{0, 1, 16, 0},            // no noise
		{math.NaN(), 1, 21, 1},   // the size stays
		{64, math.Inf(1), 21, 1}, // so it does
	} {
		o, _ := open[float64](t, "noise-scale", protocol.Setting{"mu": 0, "max_batch_size": 512}, 2)
		m := gradient(2.0, -2)
		m.VarianceNorm = 100
		// 100 / (8 − 100/32) = 20.5
		if got := step(t, o, ones[float64](2), m).BatchSize; got != 21 {
			t.Fatalf("batch size is %d, want 21", got)
		}
		m = gradient(row.g, -row.g)
		m.VarianceNorm = row.norm
		if got := step(t, o, ones[float64](2), m).BatchSize; got != row.want || report(o, 4)[3] != row.invalid {
			t.Errorf("‖s‖₁ = %v, g = %v: batch size is %d, reports %v, want %d", row.norm, row.g, got, report(o, 4), row.want)
		}
	}
}

// The gain of adascale is 1 without noise, S where there is nothing else, and 1 in a batch of the
// base size.
func TestAdaScaleGain(t *testing.T) {
	for _, row := range []struct {
		base, norm, g float64
		want          float64
	}{
		{8, 0, 1, 1},
		{8, 1e6, 1, 4}, // μ² is estimated below 0
		{8, 0, 0, 1},   // neither
		{32, 64, 4, 1},
		{64, 64, 4, 31. / 32}, // S = 1/2, σ² = 1, μ² = 30
		{8, 64, 4, 38. / 32},  // σ² = 8
		{1, 64, 4, 94. / 32},  // σ² = 64
	} {
		o, _ := open[float64](t, "adascale", protocol.Setting{protocol.StepSize: 0.5, "base_batch_size": row.base}, 2)
		x := []float64{0, 0}
		for n := range 3 {
			m := gradient(row.g, -row.g)
			m.VarianceNorm = row.norm
			step(t, o, x, m)
			near(t, "gain", report(o, 1), []float64{row.want}, 1e-14)
			moved := 0.5 * row.want * row.g * float64(n+1)
			near(t, "x", x, []float64{-moved, moved}, 1e-14)
		}
	}
}

// sophia-g asks for the sampled gradient in every k-th step and does without in the others.
func TestSophiaAsksSometimes(t *testing.T) {
	o, request := open[float64](t, "sophia-g", protocol.Setting{"interval": 3}, 2)
	x := ones[float64](2)
	for n := range 10 {
		want := protocol.Gradient
		m := gradient(1.0, -1)
		if n%3 == 0 {
			want |= protocol.SampledGradient
			m.SampledGradient = []float64{1, 0}
		}
		if request.Want != want {
			t.Errorf("for step %d it wants %v, want %v", n, request.Want, want)
		}
		request = step(t, o, x, m)
	}
}

// In every optimizer with weight decay and a step size, weights of all kinds decay, and biases and
// scales with decay_all.
func TestWhatDecays(t *testing.T) {
	blocks := []protocol.Block{
		{Name: "weights", Len: 1, Role: protocol.Weight},
		{Name: "bias", Offset: 1, Len: 1, Role: protocol.Bias},
		{Name: "scale", Offset: 2, Len: 1, Role: protocol.Scale},
	}
	tested := 0
	for _, def := range All() {
		var names []string
		for _, h := range def.Hyperparameters {
			names = append(names, h.Name)
		}
		if !slices.Contains(names, "weight_decay") || !slices.Contains(names, protocol.StepSize) {
			continue
		}
		if !slices.ContainsFunc(def.Hyperparameters, func(h protocol.Hyperparameter) bool { return h.Name == protocol.StepSize }) {
			continue // prodigy: nothing moves where there was no gradient yet
		}
		tested++
		for _, all := range []float64{0, 1} {
			o, _ := open[float64](t, def.Name, protocol.Setting{
				protocol.StepSize: 0.125, "weight_decay": 0.5, "decay_all": all,
			}, 3, blocks...)
			x := ones[float64](3)
			for range 2 { // the first step of some does nothing
				m := gradient(0.0, 0, 0)
				m.SampledGradient = []float64{0, 0, 0}
				step(t, o, x, m)
			}
			if !(x[0] > 0 && x[0] < 1) || (x[1] < 1) != (all == 1) || x[2] != x[1] {
				t.Errorf("%s with decay_all = %v leads from 1 to %v", def.Name, all, x)
			}
		}
	}
	if tested < 10 {
		t.Errorf("%d optimizers were tested, want 10 or more", tested)
	}
}

// Exactly the optimizers with FullBatch cannot be opened on endless data.
func TestFullBatch(t *testing.T) {
	for _, def := range All() {
		setting, err := protocol.Resolve(def.Hyperparameters, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, request, err := def.New64(protocol.Start{
			Setting: setting, Dim: 3, DType: protocol.Float64, BatchSize: 4, Budget: 400, Constants: map[string]float64{"smoothness": 1},
		})
		if (err != nil) != def.FullBatch {
			t.Errorf("%s: FullBatch is %t, and opening it on endless data gives %v", def.Name, def.FullBatch, err)
		}
		if err == nil && request.Draw == protocol.All {
			t.Errorf("%s draws all of endless data", def.Name)
		}
	}
}
