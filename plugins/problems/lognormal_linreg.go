package problems

import (
	"math"

	"noisebench/protocol"
)

func lognormalDef() protocol.ProblemDef {
	starts := [][]float64{{2, 4.5}, {1, 0}, {4.5, 3}, {-0.5, 3}}
	return toyDef(protocol.ProblemDef{
		Name: "lognormal-linreg",
		Doc: `linear regression with skew inputs, in the plane: vector fields of natural gradients
½ (x₁ + x₂ a − y)² with log a ∼ N(0, 0.75²) and y = 2 + 2a + ε, ε ∼ N(0, 1). x is intercept and slope, about (2, 2) at the
optimum. Runs start at one of the four points of the source.`,
		Source: "Balles 2021, Fig. 7.1 and Eq. D.29, without the weak prior of the code",
		Parameters: []protocol.Hyperparameter{{
			Name: "start", Doc: "1: (2, 4.5), 2: (1, 0), 3: (4.5, 3), 4: (−0.5, 3)", Default: 1, Min: 1,
			Max: 4, Integer: true,
		}},
	}, gaussian, func(protocol.Setting) [][]float64 {
		random := newNumpyRandom(0)
		rows := make([][]float64, 1000)
		for i := range rows {
			rows[i] = []float64{1, math.Exp(0.75 * random.normal()), 0}
		}
		for _, row := range rows {
			row[2] = 2 + 2*row[1] + random.normal()
		}
		return rows
	}, false, func(s protocol.Setting) []float64 { return starts[int(s["start"])-1] })
}
