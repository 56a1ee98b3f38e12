package python

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"noisebench/plugins"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/protocol/planfile"
)

// The example of a GPT in PyTorch is the built-in problem: loss, gradient, variance and evaluation
// at the same point, up to rounding. Where ours has outputs last, PyTorch has them first.
func TestOpticksGPTIsOurs(t *testing.T) {
	python := interpreter(t, "torch")
	source, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	host, err := plugins.NewHost(plugins.Options{Env: []string{
		"PYTHONPATH=" + source,
		"NOISEBENCH_READ=" + filepath.Join(source, "..", "problems", "internal", "data", "files"), // the text that it learns
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	p, err := host.Launch(context.Background(), "example", python, filepath.Join(source, "examples", "opticks_gpt.py"))
	if err != nil {
		t.Fatal(err)
	}
	ours := problemOf(t, problems.All(), "opticks-nanogpt")
	theirs := problemOf(t, p.Problems, "opticks-gpt")
	want, err := ours.Spec(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := theirs.Spec(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Dim != want.Dim || got.Train != want.Train || got.Validation != want.Validation || got.Test != want.Test ||
		got.BatchSize != want.BatchSize || got.Budget != want.Budget || len(got.Blocks) != len(want.Blocks) {
		t.Fatalf("the spec has d = %d, parts %d, %d, %d, batch %d, budget %d and %d blocks, want %d, %d, %d, %d, %d, %d and %d", got.Dim, got.Train,
			got.Validation, got.Test, got.BatchSize, got.Budget, len(got.Blocks), want.Dim, want.Train, want.Validation, want.Test,
			want.BatchSize, want.Budget, len(want.Blocks))
	}
	for i, b := range want.Blocks {
		if got.Blocks[i].Role != b.Role || got.Blocks[i].Len != b.Len {
			t.Errorf("block %s has role %q and %d elements, want %q and %d", got.Blocks[i].Name, got.Blocks[i].Role, got.Blocks[i].Len, b.Role, b.Len)
		}
	}
	a, err := ours.New32(nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := theirs.New32(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.(io.Closer).Close()
	x := make([]float32, want.Dim)
	if err := a.Init(x, 1); err != nil {
		t.Fatal(err)
	}
	for j := range x {
		x[j] += 0.02 * float32(math.Sin(float64(j))) // where nothing is special
	}
	y := transposed(x, want.Blocks)
	batch := protocol.Batch{Examples: []int{5, 8762, 100, 100}}
	const all = protocol.Gradient | protocol.Variance | protocol.VarianceNorm
	measure := func(p protocol.Problem[float32], x []float32) *protocol.Measurement[float32] {
		m := &protocol.Measurement[float32]{Gradient: make([]float32, len(x)), Variance: make([]float32, len(x))}
		if err := p.Measure(x, batch, all, m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	m, n := measure(a, x), measure(b, y)
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
			t.Errorf("%s is %.9g, want %.9g", what, got, want)
		}
	}
	near("the loss", n.Loss, m.Loss, 1e-6)
	near("‖s‖₁", n.VarianceNorm, m.VarianceNorm, 1e-4)
	for _, c := range []struct {
		what      string
		got, want []float32
	}{
		{"gradient", n.Gradient, transposed(m.Gradient, want.Blocks)},
		{"variance", n.Variance, transposed(m.Variance, want.Blocks)},
	} {
		for _, block := range want.Blocks {
			var off, size float64
			for j := block.Offset; j < block.Offset+block.Len; j++ {
				off += math.Pow(float64(c.got[j]-c.want[j]), 2)
				size += math.Pow(float64(c.want[j]), 2)
			}
			if !(math.Sqrt(off) <= 1e-4*math.Sqrt(size)) {
				t.Errorf("the %s of %s is off by %g of its norm", c.what, block.Name, math.Sqrt(off/size))
			}
		}
	}
	for _, part := range []protocol.Part{protocol.ValidationPart, protocol.TestPart} {
		e, err := a.Evaluate(x, part)
		if err != nil {
			t.Fatal(err)
		}
		f, err := b.Evaluate(y, part)
		if err != nil {
			t.Fatal(err)
		}
		near("the loss on the part "+string(part), f.Loss, e.Loss, 1e-6)
	}
}

// transposed returns a point with the axes of PyTorch's layers: matrices whose outputs are last
// have them first.
func transposed(x []float32, blocks []protocol.Block) []float32 {
	y := append([]float32(nil), x...)
	for _, b := range blocks {
		rows, cols, outputsFirst, ok := b.Matrix()
		if !ok || outputsFirst || b.Role == protocol.Embedding {
			continue
		}
		for i := range rows {
			for j := range cols {
				y[b.Offset+j*rows+i] = x[b.Offset+i*cols+j]
			}
		}
	}
	return y
}

// The plan beside the example says what it means to.
func TestPlanOfNanoGPT(t *testing.T) {
	const file = "examples/nanogpt_small.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := planfile.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Plugins) != 1 || plan.Plugins[0] != "./nanogpt_small.py" || plan.Evaluations != 5625/125 {
		t.Errorf("the plan has plugins %v and %d evaluations, want the example and one every 125 steps", plan.Plugins, plan.Evaluations)
	}
}
