package problems

import "noisebench/protocol"

func bealeDef() protocol.ProblemDef {
	return planarDef(protocol.ProblemDef{
		Name: "beale",
		Doc: "Beale's function in the plane, steep at the start and flat around its minimum, " +
			"with linear noise",
		Source: "Beale 1958; stochastic as DeepOBS two_d_beale (Schneider et al. 2019), in float64",
	}, planar{f: beale, u0: -4.5, v0: 4.5, optimum: 0})
}

// beale is f(u, v) = (1.5 − u + uv)² + (2.25 − u + uv²)² + (2.625 − u + uv³)², with its minimum 0
// at (3, 0.5).
func beale(u, v float64) (value, du, dv float64) {
	v2, v3 := v*v, v*v*v
	a, b, c := 1.5-u+u*v, 2.25-u+u*v2, 2.625-u+u*v3
	return a*a + b*b + c*c, 2 * (a*(v-1) + b*(v2-1) + c*(v3-1)), 2 * u * (a + 2*b*v + 3*c*v2)
}
