package problems

import "noisebench/protocol"

func rosenbrockDef() protocol.ProblemDef {
	return planarDef(protocol.ProblemDef{
		Name: "rosenbrock",
		Doc:  "Rosenbrock's banana valley in the plane, with linear noise",
		Source: "Rosenbrock 1960; stochastic as DeepOBS two_d_rosenbrock (Schneider et al. " +
			"2019), in float64",
	}, planar{f: rosenbrock, u0: -0.5, v0: 1.5, optimum: 0})
}

// rosenbrock is f(u, v) = (1 − u)² + 100 (v − u²)², with its minimum 0 at (1, 1).
func rosenbrock(u, v float64) (value, du, dv float64) {
	a, b := 1-u, v-u*u
	return a*a + 100*b*b, -2*a - 400*u*b, 200 * b
}
