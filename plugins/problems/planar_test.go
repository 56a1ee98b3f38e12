package problems

import (
	"math"
	"testing"

	"noisebench/protocol"
)

func TestPlanarMinima(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     func(u, v float64) (value, du, dv float64)
		u, v  float64
		value float64
	}{
		{"rosenbrock", rosenbrock, 1, 1, 0},
		{"beale", beale, 3, 0.5, 0},
		{"branin", branin, -math.Pi, 12.275, 0.39788735772973816},
		{"branin", branin, math.Pi, 2.275, 0.39788735772973816},
		{"branin", branin, 3 * math.Pi, 2.475, 0.39788735772973816},
	} {
		value, du, dv := c.f(c.u, c.v)
		near(t, c.name+" at its minimum", value, c.value, 1e-14)
		near(t, c.name+"'s derivative by u at its minimum", du, 0, 1e-13)
		near(t, c.name+"'s derivative by v at its minimum", dv, 0, 1e-13)
	}
}

// Values at the starting points: as fractions (1.5² + 100·1.25² for rosenbrock), branin's with 40
// decimal digits.
func TestPlanarStart(t *testing.T) {
	for _, c := range []struct {
		def   protocol.ProblemDef
		value float64
	}{
		{rosenbrockDef(), 158.5},
		{bealeDef(), 43438293. / 256},
		{braninDef(), 95.84466836509730416976},
	} {
		p, spec := open(t, c.def, nil)
		x := make([]float64, spec.Dim)
		if err := p.Init(x, 1); err != nil {
			t.Fatal(err)
		}
		e := evaluate(t, p, x, protocol.TestPart)
		near(t, c.def.Name+"'s loss at the start", e.Loss, c.value, 1e-13*c.value)
		near(t, c.def.Name+"'s metric at the start", e.Metric, c.value-spec.Constants["optimum"], 1e-13*c.value)
	}
}

// The noise is DeepOBS': the first of the aᵢ is RandomState(42)'s first Gaussian in float32. Mean
// and covariance are those of 10,000 standard Gaussian pairs within 4 standard errors.
func TestPlanarNoise(t *testing.T) {
	noise := planarNoise()
	near(t, "a₀", noise.a[0], float64(float32(0.4967141530112327)), 0)
	near(t, "ā", noise.meanA, 0, 4/math.Sqrt(planarSize))
	near(t, "b̄", noise.meanB, 0, 4/math.Sqrt(planarSize))
	near(t, "tr Cov", noise.variance, 2, 4*math.Sqrt(2.*2/planarSize))

	p, spec := open(t, bealeDef(), nil)
	batch := protocol.Batch{}
	for n := range spec.Train {
		batch.Examples = append(batch.Examples, n)
	}
	m := measure(t, p, spec, []float64{-4.5, 4.5}, batch, protocol.VarianceNorm)
	size := float64(spec.Train)
	near(t, "‖s‖₁ of all examples", m.VarianceNorm, spec.Constants["gradient_variance"]*size/(size-1), 1e-12)
}
