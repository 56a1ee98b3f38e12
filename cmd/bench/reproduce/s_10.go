package reproduce

import (
	"fmt"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// The quadratic of claim S-10: f(x) = ½‖x‖² in ten dimensions, with gradient noise of standard deviation 1 in each.
const (
	dim10    = 10
	budget10 = 64_000
	marks10  = 32
)

// s10 is no figure: it is what Thm. 3.1, Sec. 4.2 and Thm. 5.1 say about plateaus (Balles 2021).
var s10 = Item{
	Name:    "s-10",
	Title:   "plateaus of SGD on a noisy quadratic, and what removes them",
	Time:    map[Size]string{Full: "1 min"},
	Departs: map[Size][]string{Full: {"the quadratic, its noise, step sizes and batch sizes are ours: the thesis has theorems, no experiment"}},
	Plans: func(Size) []protocol.Plan {
		no := false
		sgd := func(α float64, m int) protocol.OptimizerEntry {
			return protocol.OptimizerEntry{Optimizer: "sgd", Name: name10(α, m), BatchSize: m, Set: protocol.Setting{protocol.StepSize: α}}
		}
		return []protocol.Plan{{
			Name: "s-10", Description: "plateaus of SGD on a noisy quadratic",
			Problems: []protocol.ProblemEntry{{
				Problem: "noisy-quadratic", Budget: budget10,
				With: protocol.Setting{"dim": dim10, "condition": 1, "noise": 1, "distance": 3},
			}},
			Optimizers: []protocol.OptimizerEntry{
				sgd(0.1, 16), sgd(0.2, 16), sgd(0.1, 32),
				{Optimizer: "cabs", Name: cabs, Set: protocol.Setting{protocol.StepSize: 0.1}},
				{Optimizer: "ideal-svag", Name: "idealised SVAG", BatchSize: 16, Set: protocol.Setting{protocol.StepSize: 1}},
			},
			Replicates: 40, Evaluations: marks10, OneShot: &no,
		}}
	},
	Draw: func(in *Input) (*Output, error) { return drawKinds(in, "loss", "batch-size") },
	Claims: func(in *Input) []Finding {
		cell := func(name string) *results.Cell { return in.Done[0].Cell("noisy-quadratic", name) }
		level := func(name string) (levels []float64) { // mean over the second half of each run
			for _, r := range cell(name).Runs {
				var late []float64
				for _, p := range r.Points[len(r.Points)/2:] {
					late = append(late, float64(p.Train.Loss))
				}
				levels = append(levels, stats.Mean(late))
			}
			return levels
		}
		var findings []Finding
		for _, c := range []struct {
			α float64
			m int
		}{{0.1, 16}, {0.2, 16}, {0.1, 32}} {
			// The fixed point of E[f] ← (1−α)² E[f] + ½ α² C₀/m with C₀ = tr Σ (Thm. 3.1).
			want := c.α * dim10 / (2 * float64(c.m) * (2 - c.α))
			levels := level(name10(c.α, c.m))
			expected := make([]float64, len(levels))
			for i := range expected {
				expected[i] = want
			}
			findings = append(findings, same("S-10", "SGD settles at αC₀/(2m(2−αh)), in proportion to α/m", fmt.Sprintf("%s, mean loss over the second half, less %.4g",
				name10(c.α, c.m), want), levels, expected, 0.1*want))
		}
		a, b := paired(cell(name10(0.1, 16)), cell(cabs), trainLoss)
		findings = append(findings, better("S-10", "CABS does not stay on the plateau of a constant batch size", "α = 0.1, loss at the end", b, a, false))
		findings = append(findings, batchGrows(in)...)
		// O(1/t): over the last three quarters of the steps the loss falls to a quarter, and t·E[f] does not grow.
		var early, late []float64
		for _, r := range cell("idealised SVAG").Runs {
			early, late = append(early, float64(r.Points[marks10/4].Train.Loss)), append(late, float64(r.Points[marks10].Train.Loss))
		}
		ratio := stats.Mean(late) / stats.Mean(early)
		return append(findings, holds("S-10", "idealised SVAG converges like 1/t", "mean loss over the seeds at the end and at a quarter of the steps", ratio < 1.5/4,
			fmt.Sprintf("%.3g and %.3g, a quotient of %.2f; 1/t gives 0.25", stats.Mean(late), stats.Mean(early), ratio)))
	},
}

func name10(α float64, m int) string { return fmt.Sprintf("α = %g, m = %d", α, m) }
