package optimizers

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"noisebench/protocol"
)

// fromPyTorch is testdata/torch.json, PyTorch's own trajectories, which
// testdata/torch_trajectories.py has recorded with what differs.
type fromPyTorch struct {
	Start     []float64
	Scales    []float64
	Gradients [][]float64
	Cases     []struct {
		Optimizer string
		Setting   protocol.Setting
		Scaled    bool // the schedule is followed
		X         [][]float64
		Estimates [][]float64
	}
	LBFGS struct {
		Pairs        int
		LR           float64
		X, Gradients [][]float64
	} `json:"l-bfgs"`
}

func readPyTorch(t *testing.T) (recorded fromPyTorch) {
	t.Helper()
	b, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded.Cases) == 0 || len(recorded.LBFGS.X) < 5 {
		t.Fatal("testdata/torch.json lacks cases or L-BFGS")
	}
	return recorded
}

func TestPyTorch(t *testing.T) {
	recorded := readPyTorch(t)
	for i, c := range recorded.Cases {
		t.Run(fmt.Sprintf("%s/%d", c.Optimizer, i), func(t *testing.T) {
			o, _ := open[float64](t, c.Optimizer, c.Setting, len(recorded.Start))
			x := append([]float64(nil), recorded.Start...)
			for n, want := range c.X {
				scale := 1.0
				if c.Scaled {
					scale = recorded.Scales[n]
				}
				step(t, o, x, &protocol.Measurement[float64]{
					Have: protocol.Gradient, BatchSize: 32, Gradient: recorded.Gradients[n], Step: n, StepScale: scale,
				})
				near(t, fmt.Sprintf("x after step %d", n), x, want, 1e-13)
				if c.Estimates != nil {
					out := make([]float64, len(x))
					o.(protocol.Averager[float64]).Estimate(x, out)
					near(t, fmt.Sprintf("estimate after step %d", n), out, c.Estimates[n], 1e-13)
				}
			}
		})
	}
}

// PyTorch's L-BFGS steps by lr times the direction.
func TestPyTorchLBFGS(t *testing.T) {
	l := readPyTorch(t).LBFGS
	h, d := newInverseHessian[float64](l.Pairs, len(l.X[0])), make([]float64, len(l.X[0]))
	for n := 1; n+1 < len(l.X); n++ {
		h.add(l.X[n], l.X[n-1], l.Gradients[n], l.Gradients[n-1])
		h.direction(d, l.Gradients[n])
		next := append([]float64(nil), l.X[n]...)
		add(next, l.LR, d)
		near(t, fmt.Sprintf("x after step %d", n), next, l.X[n+1], 1e-12)
	}
}
