package problems

import (
	"fmt"
	"math"
	"math/cmplx"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"noisebench/protocol"
)

// hessian returns the Hessian of a quadratic, column by column as differences of gradients on all
// training examples.
func hessian(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) *mat.Dense {
	t.Helper()
	all := protocol.Batch{}
	for i := range max(1, spec.Train) {
		all.Examples = append(all.Examples, i)
	}
	x := make([]float64, spec.Dim)
	origin := measure(t, p, spec, x, all, protocol.Gradient).Gradient
	h := mat.NewDense(spec.Dim, spec.Dim, nil)
	for j := range x {
		clear(x)
		x[j] = 1
		for i, g := range measure(t, p, spec, x, all, protocol.Gradient).Gradient {
			h.Set(i, j, g-origin[i])
		}
	}
	return h
}

// mostOverSigns returns the greatest sᵀHs of all vectors s of signs, by trying them all.
func mostOverSigns(h *mat.Dense) float64 {
	d, _ := h.Dims()
	most := math.Inf(-1)
	s := mat.NewVecDense(d, nil)
	for signs := range 1 << (d - 1) { // s and −s are the same
		for i := range d {
			s.SetVec(i, 1-2*float64(signs>>i&1))
		}
		most = max(most, mat.Inner(s, h, s))
	}
	return most
}

// The constants of every quadratic are those of its Hessian: eigenvalues, sign vectors, diagonal.
func TestT17QuadraticConstants(t *testing.T) {
	for _, c := range []struct {
		def     protocol.ProblemDef
		setting protocol.Setting
	}{
		{noisyQuadraticDef(), protocol.Setting{"dim": 7, "condition": 1, "smoothness": 3, "noise": 0}},
		{noisyQuadraticDef(), protocol.Setting{"dim": 7, "condition": 100, "noise": 0}},
		{quadratic2DDef(), protocol.Setting{"a": 1, "d": 8}},
		{quadratic2DDef(), protocol.Setting{"a": 3, "b": 1.5, "d": 1}},
		{quadratic2DDef(), protocol.Setting{"a": 3, "b": -1.5, "d": 1}},
		{quadratic2DDef(), protocol.Setting{"a": 4, "b": 2, "d": 1}}, // singular
		{rotatedQuadraticDef(), protocol.Setting{"dim": 10, "phi": 0}},
		{rotatedQuadraticDef(), protocol.Setting{"dim": 10, "phi": 0.3, "rotation": 5, "lambda_max": 91}},
		{rotatedQuadraticDef(), protocol.Setting{"dim": 9, "phi": 1, "rotation": 1}},
		{rotatedQuadraticDef(), protocol.Setting{"dim": 2, "phi": 0.5, "lambda_max": 1}},
		{rotatedQuadraticDef(), protocol.Setting{"dim": 1, "lambda_max": 3}},
		{wilsonDef(), protocol.Setting{"positive": 2, "negative": 1}},
		{wilsonDef(), protocol.Setting{"positive": 4, "negative": 1}},
		{wilsonDef(), protocol.Setting{"positive": 3, "negative": 2}},
	} {
		t.Run(fmt.Sprintf("%s %v", c.def.Name, c.setting), func(t *testing.T) {
			p, spec := open(t, c.def, c.setting)
			h := hessian(t, p, spec)
			sym := mat.NewSymDense(spec.Dim, nil)
			diagonal := 0.0
			for i := range spec.Dim {
				diagonal = max(diagonal, h.At(i, i))
				for j := range i + 1 {
					sym.SetSym(i, j, h.At(i, j))
				}
			}
			var eigen mat.EigenSym
			if !eigen.Factorize(sym, false) {
				t.Fatal("no eigenvalues")
			}
			values := eigen.Values(nil)
			rounding := 1e-13 * values[len(values)-1] * float64(spec.Dim)
			near(t, "smoothness", spec.Constants["smoothness"], values[len(values)-1], rounding)
			near(t, "strong convexity", spec.Constants["strong_convexity"], values[0], rounding)
			near(t, "smoothness_linf", spec.Constants["smoothness_linf"], mostOverSigns(h), rounding)
			near(t, "smoothness_l1", spec.Constants["smoothness_l1"], diagonal, rounding)
			if sep, ok := spec.Constants["smoothness_sep"]; ok && sep < spec.Constants["smoothness_linf"] {
				t.Errorf("L_sep is %g, below L∞ %g", sep, spec.Constants["smoothness_linf"])
			}
		})
	}
}

// R is a rotation, R^φ real and orthogonal, R^0 = I, R^1 = R, and powers multiply as powers do.
func TestT18RotationPower(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 10, 25} {
		for number := range uint64(20) {
			r := haarRotation(n, number)
			near(t, fmt.Sprintf("determinant of rotation %d of %d dimensions", number, n), mat.Det(r), 1, 1e-12)
			off := func(what string, got, want mat.Matrix) {
				t.Helper()
				var difference mat.Dense
				difference.Sub(got, want)
				near(t, fmt.Sprintf("%s for rotation %d of %d dimensions", what, number, n),
					mat.Norm(&difference, 2), 0, 1e-13*float64(n))
			}
			identity := mat.NewDiagDense(n, nil)
			for i := range n {
				identity.SetDiag(i, 1)
			}
			off("R¹ − R", rotationPower(r, 1), r)
			off("R⁰ − I", rotationPower(r, 0), identity)
			for _, φ := range []float64{0.1, 0.3, 0.5, 0.9} {
				a, b := rotationPower(r, φ), rotationPower(r, 1-φ)
				var product mat.Dense
				product.Mul(a, a.T())
				off("R^φ R^φᵀ − I", &product, identity)
				product.Mul(a, b)
				off("R^φ R^(1−φ) − R", &product, r)
			}
			// The principal branch turns every plane by less than half a turn: no eigenvalue e^{iω}
			// of √R has |ω| > π/2.
			var eigen mat.Eigen
			if !eigen.Factorize(rotationPower(r, 0.5), mat.EigenNone) {
				t.Fatal("no eigenvalues")
			}
			for _, value := range eigen.Values(nil) {
				if math.Abs(cmplx.Phase(value)) > math.Pi/2+1e-9 {
					t.Errorf("√R of rotation %d turns by %g", number, cmplx.Phase(value))
				}
			}
		}
	}
	if mat.Equal(haarRotation(5, 1), haarRotation(5, 2)) {
		t.Error("two rotations are the same")
	}
}

// Haar measure: an element of a random rotation of n dimensions has mean 0 and mean square 1/n, the
// trace mean square 1.
func TestRotationsAreUniform(t *testing.T) {
	const n, count = 4, 4000
	mean, square, trace := 0.0, 0.0, 0.0
	for number := range uint64(count) {
		r := haarRotation(n, number)
		mean += r.At(1, 2) / count
		square += r.At(n-1, n-1) * r.At(n-1, n-1) / count
		trace += mat.Trace(r) * mat.Trace(r) / count
	}
	near(t, "mean of an element", mean, 0, 5*math.Sqrt(1./n/count))
	near(t, "mean square of an element", square, 1./n, 5*math.Sqrt(2./(n*n)/count)) // var r² < 2/n²
	near(t, "mean square of the trace", trace, 1, 5*math.Sqrt(3./count))            // E tr⁴ ≤ 4
}

// The metric is the squared distance from the optimum, and for φ = 0 the large curvature is that of
// the last coordinate.
func TestRotatedQuadraticEvaluation(t *testing.T) {
	p, _ := open(t, rotatedQuadraticDef(), protocol.Setting{"dim": 3, "phi": 0, "lambda_max": 5})
	e := evaluate(t, p, []float64{1, 2, -3}, protocol.TrainPart)
	near(t, "loss", e.Loss, (1+4+5*9)/2., 1e-13)
	near(t, "metric", e.Metric, 14, 1e-13)
}

func TestQuadratic2DEvaluation(t *testing.T) {
	p, spec := open(t, quadratic2DDef(), protocol.Setting{"a": 3, "b": 1.5, "d": 1, "start_1": 2, "start_2": -1})
	x := make([]float64, 2)
	if err := p.Init(x, 1); err != nil {
		t.Fatal(err)
	}
	near(t, "loss at the start", evaluate(t, p, x, protocol.TrainPart).Loss, (12-6+1)/2., 1e-15)
	g := measure(t, p, spec, x, protocol.Batch{Examples: []int{0}}, protocol.Gradient).Gradient
	near(t, "first derivative", g[0], 4.5, 1e-15)
	near(t, "second derivative", g[1], 2, 1e-15)
}

// Without noise all examples are f, in either quadratic that may have some.
func TestNoNoise(t *testing.T) {
	for _, def := range []protocol.ProblemDef{noisyQuadraticDef(), quadratic2DDef()} {
		p, spec := open(t, def, protocol.Setting{"noise": 0})
		if spec.Train != 1 || spec.BatchSize != 1 {
			t.Errorf("%s has %d training examples and batch size %d, want 1 and 1", def.Name, spec.Train, spec.BatchSize)
		}
		x := randomPoint(p, spec, 1)
		m := measure(t, p, spec, x, protocol.Batch{Examples: []int{0, 0}}, everything)
		near(t, def.Name+"'s loss", m.Loss, evaluate(t, p, x, protocol.TrainPart).Loss, 0)
		near(t, def.Name+"'s variance", m.VarianceNorm, 0, 0)
		if _, spec := open(t, def, protocol.Setting{"noise": 0.5}); spec.Train != 0 {
			t.Errorf("%s with noise has %d training examples, want endless data", def.Name, spec.Train)
		}
	}
}

// Xᵀy begins with N, n₊−n₋, n₊−n₋, and X sign(Xᵀy) = 4y.
func TestT15WilsonData(t *testing.T) {
	for _, c := range []struct{ plus, minus int }{{6, 4}, {2, 1}, {30, 7}} {
		setting := protocol.Setting{"positive": float64(c.plus), "negative": float64(c.minus)}
		p, spec := open(t, wilsonDef(), setting)
		near(t, "dimension", float64(spec.Dim), float64(3+c.plus+5*c.minus), 0)
		x, y := newWilson(setting).train.x, newWilson(setting).train.y
		signs := make([]float64, spec.Dim)
		for j := range signs {
			xy := 0.0
			for i := range x {
				xy += x[i][j] * y[i]
			}
			signs[j] = math.Copysign(1, xy)
			if j < 3 {
				near(t, "Xᵀy", xy, []float64{float64(c.plus + c.minus), float64(c.plus - c.minus), float64(c.plus - c.minus)}[j], 0)
			}
		}
		for j := range signs {
			signs[j] /= 4
		}
		if e := evaluate(t, p, signs, protocol.TrainPart); e.Loss != 0 || e.Metric != 1 {
			t.Errorf("sign(Xᵀy)/4 is evaluated as %+v on the train part, want loss 0 and accuracy 1", e)
		}
		if e := evaluate(t, p, signs, protocol.TestPart); e.Metric != 0.5 {
			t.Errorf("sign(Xᵀy)/4 has accuracy %g on the test part, want 0.5", e.Metric)
		}
		near(t, "loss at 0", evaluate(t, p, make([]float64, spec.Dim), protocol.TrainPart).Loss, 0.5, 0)
	}
}

func TestQuadraticsRefuse(t *testing.T) {
	for _, c := range []struct {
		def     protocol.ProblemDef
		setting protocol.Setting
		want    string
	}{
		{quadratic2DDef(), protocol.Setting{"a": 1, "b": 3, "d": 4}, "b is 3, want at most √(ad) = 2"},
		{noiseGeometryDef(), protocol.Setting{"freedom": 2}, "want 0 or at least 3"},
		{wilsonDef(), protocol.Setting{"positive": 4, "negative": 4}, "want more positive examples"},
		{wilsonDef(), protocol.Setting{"positive": 400, "negative": 200}, "want 500 examples at most"},
	} {
		setting, err := protocol.Resolve(c.def.Parameters, c.setting)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.def.Spec(setting); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at %v: error is %v, want one with %q", c.def.Name, c.setting, err, c.want)
		}
		if _, err = c.def.New64(setting); err == nil {
			t.Errorf("%s at %v was opened", c.def.Name, c.setting)
		}
	}
}
