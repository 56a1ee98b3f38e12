package problems

import (
	"math"

	"noisebench/protocol"
)

func linearToyDef() protocol.ProblemDef {
	return toyDef(protocol.ProblemDef{
		Name: "linear-toy",
		Doc: `linear regression in the plane with a model that is right, or wrong in its noise or its form
½ (x₁ a + x₂ − y)² with a ∼ N(0, 1) and y = a + q a² + ε, ε ∼ N(0, v). x is slope and bias. The source has three cases:
v = 1 and q = 0, where the model is right; v = 2 and q = 0; and v = 1 and q = ½. The Fisher matrix tends to the identity in
all of them, the empirical one at the optimum to v I for q = 0, and to diag(3.5, 1.5) in the third.`,
		Source: "Balles 2021, Fig. 7.2 and App. D.2; the code has the noise 2ε where the text has the " +
			"variance 2, as here",
		Parameters: []protocol.Hyperparameter{
			protocol.NonNegative("noise_variance", "variance v of the noise", 1),
			protocol.NonNegative("quadratic", "factor q of the square that the model lacks", 0),
			examplesParameter(),
		},
	}, gaussian, func(s protocol.Setting) [][]float64 {
		random := newNumpyRandom(0)
		rows := make([][]float64, int(s["examples"]))
		for i := range rows {
			rows[i] = []float64{random.normal(), 1, 0}
		}
		for _, row := range rows {
			row[2] = row[0] + s["quadratic"]*row[0]*row[0] + math.Sqrt(s["noise_variance"])*random.normal()
		}
		return rows
	}, false, atZero)
}
