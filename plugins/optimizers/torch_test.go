package optimizers

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"noisebench/protocol"
)

// TestPyTorch follows PyTorch's own trajectories, which testdata/torch_trajectories.py has recorded with what differs.
func TestPyTorch(t *testing.T) {
	b, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
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
	}
	if err := json.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}
	if len(recorded.Cases) == 0 {
		t.Fatal("testdata/torch.json has no cases")
	}
	for i, c := range recorded.Cases {
		t.Run(fmt.Sprintf("%s/%d", c.Optimizer, i), func(t *testing.T) {
			o, _ := open[float64](t, c.Optimizer, c.Setting, len(recorded.Start))
			if c.Optimizer == "adamw" && c.Setting["weight_decay"] == 0 {
				t.Fatal("adamw without weight decay is adam")
			}
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
