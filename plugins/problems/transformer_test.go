package problems

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
)

// Loss, gradient and variance of the transformer are those that PyTorch computes in float64 from the same weights and batch
// (testdata/transformer.py).
func TestTransformer(t *testing.T) {
	text, err := os.ReadFile("testdata/transformer.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Loss   float64
		Blocks []struct {
			Norm, Dot, First, Last, Variance float64
			VarianceDot                      float64 `json:"variance_dot"`
		}
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	net := nn.New(nn.Sequence(64, 1), gpt(91, 2, 4, 64)...)
	x := make([]float32, net.Dim())
	blocks := net.Blocks()
	if len(blocks) != len(want.Blocks) {
		t.Fatalf("there are %d blocks, want %d", len(blocks), len(want.Blocks))
	}
	for _, b := range blocks {
		for i := b.Offset; i < b.Offset+b.Len; i++ {
			v := 0.1 * math.Sin(0.7*float64(i)+0.001*float64((i%977)*(i%977)))
			if b.Role == protocol.Scale {
				v++
			}
			x[i] = float32(v)
		}
	}
	token := func(t int) float32 { return float32((7*t*t + 3*t + t/5) % 91) }
	m := &protocol.Measurement[float32]{Gradient: make([]float32, len(x)), Variance: make([]float32, len(x))}
	net.Measure(x, protocol.Batch{Examples: make([]int, 3)}, everything, func(i int, input, target []float32) {
		for p := range input {
			input[p], target[p] = token(i*65+p), token(i*65+p+1)
		}
	}, m)
	near(t, "loss", m.Loss, want.Loss, 1e-6*want.Loss)
	total := 0.0
	for k, b := range blocks {
		g, s, w := m.Gradient[b.Offset:][:b.Len], m.Variance[b.Offset:][:b.Len], want.Blocks[k]
		square, dot, variance, varianceDot := 0.0, 0.0, 0.0, 0.0
		for i, v := range g {
			c := math.Cos(float64(b.Offset + i))
			square += float64(v) * float64(v)
			dot += float64(v) * c
			variance += float64(s[i])
			varianceDot += float64(s[i]) * c
		}
		near(t, b.Name+" norm", math.Sqrt(square), w.Norm, 1e-5*w.Norm)
		near(t, b.Name+" projection", dot, w.Dot, 1e-5*w.Norm)
		near(t, b.Name+" first", float64(g[0]), w.First, 1e-5*w.Norm)
		near(t, b.Name+" last", float64(g[b.Len-1]), w.Last, 1e-5*w.Norm)
		near(t, b.Name+" variance", variance, w.Variance, 1e-5*w.Variance)
		near(t, b.Name+" variance, projected", varianceDot, w.VarianceDot, 1e-5*w.Variance)
		total += w.Variance
	}
	near(t, "norm of the variance", m.VarianceNorm, total, 1e-5*total)
}
