package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"noisebench/protocol"
)

// table61 lists norms, their duals and the directions of steepest descent (Balles 2021, Table 6.1
// and App. C.1).
var table61 = Item{
	Name:   "table-6.1",
	Title:  "norms, dual norms and directions of steepest descent",
	Time:   map[Size]string{Full: "at once"},
	Draw:   drawTable61,
	Claims: claimsTable61,
}

// norms61 are the norms, each with its dual, and the step ‖g‖⋆ d, where d maximizes gᵀd of all d
// with ‖d‖ = 1.
var norms61 = []struct {
	name, dual, step, optimizer string
	norm, dualNorm              func([]float64) float64
}{
	{"‖·‖₂", "‖·‖₂", "g", "sgd", euclid, euclid},
	{"‖·‖∞", "‖·‖₁", "‖g‖₁ sign(g)", "norm-scaled-sign-sgd", maxNorm, sumNorm},
	{"‖·‖₁", "‖·‖∞", "gⱼeⱼ, j = argmax |gⱼ|", "coordinate-sgd", sumNorm, maxNorm},
	{
		"max over blocks of ‖·‖₂", "sum over blocks of ‖·‖₂", "‖g‖⋆ g_B/‖g_B‖₂ in each block B",
		"block-normalized-sgd", blockMax, blockSum,
	},
}

const block61 = 3 // length of the blocks of the numerical check

func euclid(v []float64) float64  { return floats.Norm(v, 2) }
func sumNorm(v []float64) float64 { return floats.Norm(v, 1) }
func maxNorm(v []float64) float64 { return floats.Norm(v, math.Inf(1)) }

func blockMax(v []float64) float64 {
	most := 0.0
	for i := 0; i < len(v); i += block61 {
		most = max(most, euclid(v[i:i+block61]))
	}
	return most
}

func blockSum(v []float64) float64 {
	sum := 0.0
	for i := 0; i < len(v); i += block61 {
		sum += euclid(v[i : i+block61])
	}
	return sum
}

func drawTable61(*Input) (*Output, error) {
	t := Table{Title: "x ← x − α · step", Header: []string{
		"norm", "dual norm", "step",
		"optimizer",
	}}
	for _, n := range norms61 {
		t.Rows = append(t.Rows, []string{n.name, n.dual, n.step, n.optimizer})
	}
	return &Output{Tables: []Table{t}, Caption: "Steepest descent in a norm: the step is ‖g‖⋆ d, " +
		"where d maximizes gᵀd of all d with ‖d‖ = 1."}, nil
}

func claimsTable61(*Input) []Finding {
	const trials, dim = 2000, 4 * block61
	random := protocol.Stream(0, protocol.PurposeNoise)
	draw := func() []float64 {
		v := make([]float64, dim)
		for j := range v {
			v[j] = random.NormFloat64()
		}
		return v
	}
	var blocks []protocol.Block
	for i := 0; i < dim; i += block61 {
		blocks = append(blocks, protocol.Block{Name: fmt.Sprint(i), Offset: i, Len: block61})
	}
	var findings []Finding
	for _, n := range norms61 {
		worst, bound := 0.0, true
		for range trials {
			g, d := draw(), draw()
			dual := n.dualNorm(g)
			step, err := stepOf(n.optimizer, protocol.Setting{protocol.StepSize: 1}, blocks, dim,
				&protocol.Measurement[float64]{Gradient: g})
			if err != nil {
				return append(findings, measured("", "the optimizer makes a step", n.optimizer,
					false, err.Error()))
			}
			// −gᵀ step = ‖g‖⋆² and ‖step‖ = ‖g‖⋆: the direction attains the dual norm. No other
			// direction exceeds it.
			worst = max(worst, math.Abs(floats.Dot(g, step)/(dual*dual)+1),
				math.Abs(n.norm(step)/dual-1))
			bound = bound && math.Abs(floats.Dot(g, d)) <= dual*n.norm(d)*(1+1e-12)
		}
		findings = append(findings,
			exactly("", "the step of "+n.optimizer+" attains the dual norm, and none exceeds it",
				n.name, worst < 1e-12 && bound,
				fmt.Sprintf("%d random gradients and directions, greatest departure %.1e", trials,
					worst)))
	}
	return findings
}
