package problems

import (
	"math"

	"noisebench/protocol"
)

func logisticToyDef() protocol.ProblemDef {
	// Means (μ, μ) and (−μ, −μ), and the covariances [[a, b], [b, a]] of the two classes.
	cases := []struct{ μ, a0, b0, a1, b1 float64 }{
		{1, 2, 0, 2, 0},
		{1.5, 3, 0, 1, 0},
		{1, 1.5, -0.9, 1.5, 0.9},
	}
	return toyDef(protocol.ProblemDef{
		Name: "logistic-toy",
		Doc: `logistic regression in the plane with a model that is right, or wrong in two ways
log(1 + exp(∓z)) with z = xᵀa, without bias; half of the examples are of class 0, a ∼ N(μ, Σ₀), and half of class 1,
a ∼ N(−μ, Σ₁). The source has three cases: μ = (1, 1) and Σ₀ = Σ₁ = 2I, where the model is right; μ = (1.5, 1.5), Σ₀ = 3I
and Σ₁ = I; and μ = (1, 1), Σ₀ and Σ₁ = 1.5 [[1, ∓0.6], [∓0.6, 1]].`,
		Source: "Balles 2021, Fig. 7.2 and Table D.1; Kunstner et al. 2019, whose code multiplies by Σ " +
			"where a root of Σ is due",
		Parameters: []protocol.Hyperparameter{
			{Name: "case", Doc: "which of the three cases", Default: 1, Min: 1, Max: 3, Integer: true},
			{Name: "squared", Doc: "1: covariances Σ², as in the authors' code", Max: 1, Integer: true},
			examplesParameter(),
		},
	}, bernoulli, func(s protocol.Setting) [][]float64 {
		random := newNumpyRandom(0)
		c := cases[int(s["case"])-1]
		var rows [][]float64
		draw := func(n int, μ, a, b, y float64) {
			if s["squared"] == 0 { // the symmetric root
				u, v := math.Sqrt(a+b), math.Sqrt(a-b)
				a, b = (u+v)/2, (u-v)/2
			}
			for range n {
				p, q := random.normal(), random.normal()
				rows = append(rows, []float64{μ + a*p + b*q, μ + b*p + a*q, y})
			}
		}
		half := int(s["examples"]) / 2
		draw(half, c.μ, c.a0, c.b0, 0)
		draw(int(s["examples"])-half, -c.μ, c.a1, c.b1, 1)
		return rows
	}, false, atZero)
}
