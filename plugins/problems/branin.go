package problems

import (
	"math"

	"noisebench/protocol"
)

func braninDef() protocol.ProblemDef {
	return planarDef(protocol.ProblemDef{
		Name:   "branin",
		Doc:    "Branin's function in the plane, three global minima, with linear noise",
		Source: "Branin 1972; stochastic as DeepOBS two_d_branin (Schneider et al. 2019), in float64",
	}, planar{f: branin, u0: 2.5, v0: 12.5, optimum: 5 / (4 * math.Pi)})
}

// branin is f(u, v) = (v − 5.1/(4π²) u² + 5/π u − 6)² + 10 (1 − 1/(8π)) cos u + 10. Its minimum is
// 5/(4π), at (−π, 12.275), (π, 2.275) and (3π, 2.475).
func branin(u, v float64) (value, du, dv float64) {
	const (
		b = 5.1 / (4 * math.Pi * math.Pi)
		c = 5 / math.Pi
		s = 10 * (1 - 1/(8*math.Pi))
	)
	sin, cos := math.Sincos(u)
	a := v - b*u*u + c*u - 6
	return a*a + s*cos + 10, 2*a*(c-2*b*u) - s*sin, 2 * a
}
