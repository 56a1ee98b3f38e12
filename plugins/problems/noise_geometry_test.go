package problems

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"noisebench/protocol"
)

// The covariance of single examples' gradients is σ²C + c²∇f∇fᵀ with tr C = d, C in proportion to a
// power of H, and the oracle has its diagonal; tails are those of Student's t.
func TestNoiseGeometry(t *testing.T) {
	const n, d = 40_000, 3
	for _, c := range []struct {
		name string
		set  protocol.Setting
		tail float64 // probability of more than 3 standard deviations; 0: not looked at
	}{
		{"isotropic", protocol.Setting{}, 2 * distuv.UnitNormal.Survival(3)},
		{"isotropic, turned", protocol.Setting{"phi": 1}, 0},
		{"in proportion to H", protocol.Setting{"power": 1}, 0},
		{"in proportion to H, turned", protocol.Setting{"power": 1, "phi": 1}, 0},
		{"in proportion to H², turned by half", protocol.Setting{"power": 2, "phi": 0.5}, 0},
		{"with the gradient", protocol.Setting{"relative": 0.7, "phi": 1}, 0},
		{
			"heavy tails",
			protocol.Setting{"freedom": 9},
			2 * distuv.StudentsT{Sigma: math.Sqrt(7. / 9), Nu: 9}.Survival(3),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.set["dim"], c.set["condition"], c.set["noise"], c.set["distance"] = d, 10, 0.5, 2
			set, err := protocol.Resolve(noiseGeometryDef().Parameters, c.set)
			if err != nil {
				t.Fatal(err)
			}
			f, err := newNoiseGeometry(set)
			if err != nil {
				t.Fatal(err)
			}
			x := []float64{1, -0.5, 0.25}
			gradient, variance := make([]float64, d), make([]float64, d)
			f.oracle(x, gradient, variance)
			rows := mat.NewDense(n, d, nil)
			batch := protocol.Batch{Seed: 5, Examples: ascending(n)}
			for i := range n {
				f.example(x, batch, i, rows.RawRowView(i))
			}
			var sample, want mat.SymDense
			stat.CovarianceMatrix(&sample, rows, nil)
			want = *mat.NewSymDense(d, nil)
			power := func(p float64) *mat.Dense { // H^p
				diagonal := mat.NewDiagDense(d, nil)
				for j, λ := range f.λ {
					diagonal.SetDiag(j, math.Pow(λ, p))
				}
				var h mat.Dense
				h.Product(f.q, diagonal, f.q.T())
				return &h
			}
			shape := power(set["power"])
			hx := mat.NewVecDense(d, nil)
			hx.MulVec(power(1), mat.NewVecDense(d, x))
			for i := range d {
				near(t, "the gradient", gradient[i], hx.AtVec(i), 1e-12)
				for j := i; j < d; j++ {
					v := 0.25*d/mat.Trace(shape)*shape.At(i, j) + set["relative"]*set["relative"]*hx.AtVec(i)*hx.AtVec(j)
					want.SetSym(i, j, v)
				}
				near(t, "the oracle's variance", variance[i], want.At(i, i), 1e-12)
			}
			for i := range d {
				for j := i; j < d; j++ { // the standard error of a normal's covariance, times 5 for tails
					tolerance := 5 * math.Sqrt((want.At(i, i)*want.At(j, j)+want.At(i, j)*want.At(i, j))/n)
					near(t, "a covariance", sample.At(i, j), want.At(i, j), tolerance)
				}
			}
			if c.tail > 0 {
				share := 0.0
				for i := range n {
					if math.Abs(rows.At(i, 0)) > 3*0.5 {
						share += 1. / n
					}
				}
				near(t, "the share beyond 3 standard deviations", share, c.tail, 4*math.Sqrt(c.tail/n))
			}
		})
	}
}
