package problems

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
)

// golden is what PyTorch computes in float64 of a network at a point and a batch: the loss, and
// numbers about each block's gradient and variance.
type golden struct {
	Loss   float64
	Blocks []struct {
		Norm, Dot, First, Last, Variance float64
		VarianceDot                      float64 `json:"variance_dot"`
	}
}

func readGolden(t *testing.T, file string, want any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, want); err != nil {
		t.Fatal(err)
	}
}

// compare wants loss, gradient and variance of three examples to agree.
func (want golden) compare(t *testing.T, net *nn.Network, load nn.Loader) {
	t.Helper()
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
	m := &protocol.Measurement[float32]{Gradient: make([]float32, len(x)), Variance: make([]float32, len(x))}
	net.Measure(x, protocol.Batch{Examples: make([]int, 3)}, everything, load, m)
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

// The transformer agrees with PyTorch (testdata/transformer.py).
func TestTransformer(t *testing.T) {
	var want golden
	readGolden(t, "testdata/transformer.json", &want)
	token := func(t int) float32 { return float32((7*t*t + 3*t + t/5) % 91) }
	want.compare(t, nn.New(nn.Sequence(64, 1), gpt(91, 2, 4, 64)...), func(i int, input, target []float32) {
		for p := range input {
			input[p], target[p] = token(i*65+p), token(i*65+p+1)
		}
	})
}

// So do the small networks (testdata/networks_golden.py).
func TestSmallNetworks(t *testing.T) {
	var want map[string]golden
	readGolden(t, "testdata/networks.json", &want)
	for _, n := range []network{digitsMLP(), fashionLeNet5(), fashionResNet8(), mnistAutoencoder(), fashionViT()} {
		t.Run(n.name, func(t *testing.T) {
			want[n.name].compare(t, n.build(), func(i int, input, target []float32) {
				for k := range input {
					j := i*len(input) + k
					input[k] = float32(0.5 + 0.5*math.Sin(0.37*float64(j)+0.0003*float64((j%613)*(j%613))))
				}
				if n.classifies() {
					target[0] = float32((3*i + 1) % 10)
				} else {
					copy(target, input)
				}
			})
		})
	}
}
