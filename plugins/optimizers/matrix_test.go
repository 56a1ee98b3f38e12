package optimizers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"noisebench/plugins/internal/linalg"
	"noisebench/protocol"
)

// matrixMethods names the optimizers that treat matrices in another way than vectors.
var matrixMethods = []string{"muon", "soap", "shampoo", "adamh", "muonh"}

// networkDim is the number of elements of blocksOfNetwork.
const networkDim = 55

// blocksOfNetwork are a hidden layer of 5 outputs and 6 inputs, its biases, and an output layer of
// 4 outputs, stored with the output axis first or last. Sides differ by 1: a single gradient leaves
// no choice of eigenvectors then.
func blocksOfNetwork(first bool) []protocol.Block {
	blocks := []protocol.Block{
		{Name: "hidden", Len: 30, Shape: []int{5, 6}, Role: protocol.Weight},
		{Name: "bias", Offset: 30, Len: 5, Role: protocol.Bias},
		{Name: "outputs", Offset: 35, Len: 20, Shape: []int{4, 5}, Role: protocol.OutputLayer},
	}
	if !first {
		blocks[0].Shape, blocks[0].Output = []int{6, 5}, 1
		blocks[2].Shape, blocks[2].Output = []int{5, 4}, 1
	}
	return blocks
}

// outputsLast stores the matrices of a vector for blocksOfNetwork(true) as those for
// blocksOfNetwork(false).
func outputsLast[T protocol.Float](v []T) []T {
	out := slices.Clone(v)
	for _, b := range blocksOfNetwork(true) {
		if rows, cols, _, ok := b.Matrix(); ok {
			m := linalg.Matrix[T]{Rows: rows, Cols: cols, Data: v[b.Offset : b.Offset+b.Len]}
			linalg.Copy(linalg.Matrix[T]{Rows: cols, Cols: rows, Data: out[b.Offset : b.Offset+b.Len]}, m.T())
		}
	}
	return out
}

func TestMatrixMethods(t *testing.T) {
	for _, name := range matrixMethods {
		t.Run(name+"/float64", func(t *testing.T) { testMatrixMethod[float64](t, name, 1e-9) })
		t.Run(name+"/float32", func(t *testing.T) { testMatrixMethod[float32](t, name, 1e-3) })
	}
}

func testMatrixMethod[T protocol.Float](t *testing.T, name string, tolerance float64) {
	t.Run("storage", func(t *testing.T) { storage[T](t, name, tolerance) })
	t.Run("not finite", func(t *testing.T) { matrixNotFinite[T](t, name) })
	t.Run("nothing to do", func(t *testing.T) { matrixNothingToDo[T](t, name) })
	if name == "adamh" || name == "muonh" {
		t.Run("norms", func(t *testing.T) { keepsNorms[T](t, name) })
	} else {
		t.Run("quadratic", func(t *testing.T) { matrixQuadratic[T](t, name) })
	}
}

// storage checks that it does not matter which axis of a matrix is the outputs', as long as the
// blocks say so.
func storage[T protocol.Float](t *testing.T, name string, tolerance float64) {
	a, _ := open[T](t, name, nil, networkDim, blocksOfNetwork(true)...)
	b, _ := open[T](t, name, nil, networkDim, blocksOfNetwork(false)...)
	x := measurements[T](networkDim, 1)[0].Gradient
	y := outputsLast(x)
	start := slices.Clone(x)
	for _, m := range measurements[T](networkDim, 25)[1:] {
		step(t, a, x, m)
		m.Gradient = outputsLast(m.Gradient)
		step(t, b, y, m)
	}
	want := make([]float64, len(x))
	for i, v := range outputsLast(x) {
		want[i] = float64(v)
	}
	near(t, "x", y, want, tolerance)
	for i := range x {
		if x[i] == start[i] {
			t.Errorf("element %d never moved", i)
		}
	}
}

// matrixNotFinite checks that what is not finite in a matrix' gradient reaches x there, at once and
// to stay.
func matrixNotFinite[T protocol.Float](t *testing.T, name string) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		for _, at := range []int{0, 1, 12} {
			o, _ := open[T](t, name, nil, networkDim, blocksOfNetwork(false)...)
			x := ones[T](networkDim)
			for i, m := range measurements[T](networkDim, 24) {
				if i == at {
					m.Gradient[17] = T(bad)
				}
				step(t, o, x, m)
				if (i >= at) == protocol.Finite(float64(x[17])) {
					t.Fatalf("%v at step %d leads to %v after step %d", bad, at, x[17], i)
				}
			}
		}
	}
}

// matrixNothingToDo checks that x stays where it is while no gradient has come, and that blocks do
// not move each other.
func matrixNothingToDo[T protocol.Float](t *testing.T, name string) {
	setting := protocol.Setting{}
	if declares(t, name, "weight_decay") {
		setting["weight_decay"] = 0
	}
	o, _ := open[T](t, name, setting, networkDim, blocksOfNetwork(false)...)
	x := ones[T](networkDim)
	for _, m := range measurements[T](networkDim, 24) {
		clear(m.Gradient[:35])
		step(t, o, x, m)
	}
	if !slices.Equal(x[:35], ones[T](35)) || slices.Contains(x[35:], 1) {
		t.Errorf("x is %v, want only the last block to move from 1", x)
	}
}

// matrixQuadratic checks that f(x) = ½ ‖x − c‖², whose minimum has matrices in it, comes near it.
func matrixQuadratic[T protocol.Float](t *testing.T, name string) {
	c := measurements[T](networkDim, 1)[0].Gradient
	setting := protocol.Setting{protocol.StepSize: 0.1}
	for _, at := range []string{"adam_step_size"} {
		if declares(t, name, at) {
			setting[at] = 0.1
		}
	}
	if declares(t, name, "weight_decay") {
		setting["weight_decay"] = 0
	}
	o, _ := open[T](t, name, setting, networkDim, blocksOfNetwork(false)...)
	x := make([]T, networkDim)
	m := &protocol.Measurement[T]{Gradient: make([]T, networkDim)}
	f := func() (f float64) {
		for i := range x {
			m.Gradient[i] = x[i] - c[i]
		}
		return squares(m.Gradient) / 2
	}
	start := f()
	for i := range 1000 {
		m.Step, m.StepScale = i, math.Exp2(-float64(i)/60)
		step(t, o, x, m)
		f()
	}
	if end := f(); !(end <= 1e-4*start) {
		t.Errorf("f falls from %g to %g only", start, end)
	}
}

// keepsNorms checks that hidden matrices keep the norm that they have at first, and nothing else
// does.
func keepsNorms[T protocol.Float](t *testing.T, name string) {
	o, _ := open[T](t, name, protocol.Setting{protocol.StepSize: 0.25}, networkDim, blocksOfNetwork(false)...)
	x := measurements[T](networkDim, 1)[0].Gradient
	hidden, rest := euclidean(x[:30]), euclidean(x[30:])
	before := slices.Clone(x)
	for _, m := range measurements[T](networkDim, 25)[1:] {
		step(t, o, x, m)
	}
	if now := euclidean(x[:30]); !(math.Abs(now-hidden) <= 1e-6*hidden) {
		t.Errorf("the norm of the hidden matrix goes from %v to %v", hidden, now)
	}
	if now := euclidean(x[30:]); now == rest || slices.Equal(x[:30], before[:30]) {
		t.Errorf("x goes from %v to %v", before, x)
	}
	clear(x[:30])
	for _, m := range measurements[T](networkDim, 3) {
		step(t, o, x, m)
	}
	if euclidean(x[:30]) != 0 {
		t.Errorf("a matrix of zeros moves to %v", x[:30])
	}
}

func declares(t *testing.T, name, hyperparameter string) bool {
	t.Helper()
	for _, def := range All() {
		if def.Name == name {
			return slices.ContainsFunc(def.Hyperparameters, func(h protocol.Hyperparameter) bool { return h.Name == hyperparameter })
		}
	}
	t.Fatalf("there is no optimizer %q", name)
	return false
}

// A step of Newton–Schulz maps a singular value σ to p(σ) = 3.4445 σ − 4.775 σ³ + 2.0315 σ⁵, whose
// greatest value below 1.2 is p(0.5545) = 1.2024, and which maps [0.68, 1.2024] into itself, since
// p(1.0501) = 0.6818 is the least there. Five steps bring all singular values there that are not
// tiny, and keep the singular vectors.
func TestNewtonSchulzOrthogonalizes(t *testing.T) {
	if testing.Short() {
		t.Skip("numerics, one after the other")
	}
	t.Run("float64", func(t *testing.T) { testNewtonSchulzOrthogonalizes[float64](t, 1e-9) })
	t.Run("float32", func(t *testing.T) { testNewtonSchulzOrthogonalizes[float32](t, 1e-3) })
}

func testNewtonSchulzOrthogonalizes[T protocol.Float](t *testing.T, tolerance float64) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][2]int{{1, 1}, {1, 9}, {9, 1}, {8, 20}, {20, 8}, {64, 30}, {40, 100}, {33, 300}} {
		rows, cols := shape[0], shape[1]
		ns := newNewtonSchulz[T]([]matrix{{Block: protocol.Block{Len: rows * cols}, rows: rows, cols: cols}})
		u := linalg.New[T](rows, cols)
		before, after := mat.NewDense(rows, cols, nil), mat.NewDense(rows, cols, nil)
		for i := range u.Data {
			u.Data[i] = T(random.NormFloat64())
			before.RawMatrix().Data[i] = float64(u.Data[i])
		}
		ns.orthogonalize(u)
		for i, v := range u.Data {
			after.RawMatrix().Data[i] = float64(v)
		}
		var svd mat.SVD
		if !svd.Factorize(after, mat.SVDNone) {
			t.Fatal("the singular value decomposition fails")
		}
		values := svd.Values(nil)
		if least, most := slices.Min(values), slices.Max(values); least < 0.68 || most > 1.2025 {
			t.Errorf("%v: singular values go from %v to %v, want them in [0.68, 1.2025]", shape, least, most)
		}
		// A product UᵀO with the same singular vectors is symmetric.
		var symmetric mat.Dense
		symmetric.Mul(before.T(), after)
		for i := range cols {
			for j := range i {
				if d := math.Abs(symmetric.At(i, j) - symmetric.At(j, i)); !(d <= tolerance*mat.Norm(before, 2)) {
					t.Fatalf("%v: UᵀO is not symmetric at (%d, %d), by %v", shape, i, j, d)
				}
			}
		}
	}
}

// On a block of one dimension muon is its AdamW part, to the bit, whatever else there is.
func TestMuonOnVectorsIsAdamW(t *testing.T) {
	blocks := []protocol.Block{
		{Name: "hidden", Len: 6, Shape: []int{2, 3}, Role: protocol.Weight},
		{Name: "vector", Offset: 6, Len: 5},
	}
	setting := protocol.Setting{"adam_step_size": 0.01, "weight_decay": 0.5}
	o, _ := open[float32](t, "muon", setting, 11, blocks...)
	alone, _ := open[float32](t, "muon", protocol.Setting{protocol.StepSize: 0.01, "weight_decay": 0.5}, 5)
	x, y := ones[float32](11), ones[float32](5)
	for _, m := range measurements[float32](11, 20) {
		step(t, o, x, m)
		m.Gradient = m.Gradient[6:]
		step(t, alone, y, m)
	}
	if !slices.Equal(x[6:], y) {
		t.Errorf("the vector is %v, want %v", x[6:], y)
	}
}

// Steps on matrices allocate nothing, either.
func TestMatrixMethodsAllocateNothing(t *testing.T) {
	for _, name := range matrixMethods {
		o, _ := open[float32](t, name, nil, networkDim, blocksOfNetwork(false)...)
		m, x := measurements[float32](networkDim, 1)[0], ones[float32](networkDim)
		if n := testing.AllocsPerRun(25, func() { step(t, o, x, m) }); n != 0 {
			t.Errorf("a step of %s allocates %v times, want 0", name, n)
		}
	}
}

// BenchmarkMatrices times steps on the blocks of DeepOBS' fmnist_2c2d, 3.27 million float32 on one
// thread.
func BenchmarkMatrices(b *testing.B) {
	blocks, dim := blocksOf2c2d()
	for _, name := range append([]string{"adamw"}, matrixMethods...) {
		b.Run(name, func(b *testing.B) {
			o, _ := open[float32](b, name, nil, dim, blocks...)
			steps := measurements[float32](dim, 2)
			x := ones[float32](dim)
			step(b, o, x, steps[1])
			for i := 0; b.Loop(); i++ {
				step(b, o, x, steps[i%2])
			}
		})
	}
}

// blocksOf2c2d are two convolutions of 5 × 5, a hidden and an output layer, with biases, stored
// with outputs last.
func blocksOf2c2d() (blocks []protocol.Block, dim int) {
	for i, shape := range [][]int{{5, 5, 1, 32}, {32}, {5, 5, 32, 64}, {64}, {3136, 1024}, {1024}, {1024, 10}, {10}} {
		b := protocol.Block{Name: fmt.Sprint(i), Offset: dim, Len: 1, Shape: shape, Output: len(shape) - 1}
		for _, n := range shape {
			b.Len *= n
		}
		switch {
		case len(shape) == 1:
			b.Role = protocol.Bias
		case i == 6:
			b.Role = protocol.OutputLayer
		default:
			b.Role = protocol.Weight
		}
		blocks, dim = append(blocks, b), dim+b.Len
	}
	return blocks, dim
}

// A 1 × 1 matrix has no direction but its sign, so Shampoo with Adam's length is AdamW, whenever
// roots are taken.
func TestShampooOf1x1IsAdamW(t *testing.T) {
	setting := protocol.Setting{protocol.StepSize: 0.01, "weight_decay": 0.5, "every": 3}
	blocks := []protocol.Block{{Name: "a", Len: 1, Shape: []int{1, 1}}, {Name: "b", Offset: 1, Len: 1, Shape: []int{1, 1}}}
	o, _ := open[float64](t, "shampoo", setting, 2, blocks...)
	plain, _ := open[float64](t, "shampoo", setting, 2)
	x, y := ones[float64](2), ones[float64](2)
	for _, m := range measurements[float64](2, 20) {
		step(t, o, x, m)
		step(t, plain, y, m)
		near(t, "x", x, y, 1e-14)
	}
}

// Without the ratio, as for biases, LAMB is Adam to the bit.
func TestLAMBWithoutRatioIsAdam(t *testing.T) {
	blocks := []protocol.Block{{Name: "bias", Len: 5, Role: protocol.Bias}}
	o, _ := open[float32](t, "lamb", protocol.Setting{protocol.StepSize: 0.01}, 5, blocks...)
	adam, _ := open[float32](t, "adam", protocol.Setting{protocol.StepSize: 0.01, "epsilon": 1e-6}, 5)
	x, y := ones[float32](5), ones[float32](5)
	for _, m := range measurements[float32](5, 20) {
		step(t, o, x, m)
		step(t, adam, y, m)
	}
	if !slices.Equal(x, y) {
		t.Errorf("x is %v, want %v", x, y)
	}
}

// A step of LAMB is α ‖x_B‖ long in every block whose step has a ratio.
func TestLAMBStepLengths(t *testing.T) {
	o, _ := open[float64](t, "lamb", protocol.Setting{protocol.StepSize: 0.01}, networkDim, blocksOfNetwork(true)...)
	x := measurements[float64](networkDim, 1)[0].Gradient
	for _, m := range measurements[float64](networkDim, 8)[1:] {
		before := slices.Clone(x)
		step(t, o, x, m)
		for _, b := range blocksOfNetwork(true) {
			if b.Role == protocol.Bias {
				continue
			}
			d := make([]float64, b.Len)
			for i := range d {
				d[i] = x[b.Offset+i] - before[b.Offset+i]
			}
			want := 0.01 * m.StepScale * euclidean(before[b.Offset:b.Offset+b.Len])
			near(t, "length of the step in "+b.Name, []float64{euclidean(d)}, []float64{want}, 1e-12)
		}
	}
}
