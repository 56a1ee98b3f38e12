package problems

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

// open opens a problem at a setting. It skips the test, with the command that fetches them, if the
// problem's data are missing.
func open(t testing.TB, def protocol.ProblemDef, given protocol.Setting) (
	protocol.Problem[float64], protocol.ProblemSpec,
) {
	t.Helper()
	setting, spec, err := def.At(given)
	if err != nil {
		t.Fatal(err)
	}
	p, err := def.New64(setting)
	if errors.Is(err, data.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p, spec
}

// exact lists the built-in problems that work in float64: all but networks.
func exact() []protocol.ProblemDef {
	return slices.DeleteFunc(All(), func(d protocol.ProblemDef) bool { return d.New64 == nil })
}

// forEach runs a test for every built-in problem in float64 at its defaults.
func forEach(t *testing.T, test func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec)) {
	for _, def := range exact() {
		t.Run(def.Name, func(t *testing.T) {
			p, spec := open(t, def, nil)
			test(t, p, spec)
		})
	}
}

// randomPoint is a point near the start at which nothing is 0 by accident. Each coordinate moves by
// about 0.1.
func randomPoint(p protocol.Problem[float64], spec protocol.ProblemSpec, seed uint64) []float64 {
	x := make([]float64, spec.Dim)
	if err := p.Init(x, seed); err != nil {
		panic(err)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for j := range x {
		x[j] += 0.1 * random.NormFloat64()
	}
	return x
}

// randomBatch draws m examples.
func randomBatch(spec protocol.ProblemSpec, m int, seed uint64) protocol.Batch {
	random := rand.New(rand.NewPCG(seed, 1))
	batch := protocol.Batch{Seed: seed}
	for range m {
		number := random.IntN(1 << 40)
		if spec.Train > 0 {
			number %= spec.Train
		}
		batch.Examples = append(batch.Examples, number)
	}
	return batch
}

func roomFor(spec protocol.ProblemSpec) *protocol.Measurement[float64] {
	return &protocol.Measurement[float64]{
		Gradient: make([]float64, spec.Dim), Variance: make([]float64, spec.Dim),
	}
}

func measure(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec, x []float64, batch protocol.Batch,
	want protocol.Quantity,
) *protocol.Measurement[float64] {
	t.Helper()
	m := roomFor(spec)
	if err := p.Measure(x, batch, want, m); err != nil {
		t.Fatal(err)
	}
	if m.Have != want || m.BatchSize != len(batch.Examples) {
		t.Fatalf("measured %v on %d examples, want %v on %d", m.Have, m.BatchSize, want, len(batch.Examples))
	}
	return m
}

func evaluate(t *testing.T, p protocol.Problem[float64], x []float64, part protocol.Part) protocol.Evaluation {
	t.Helper()
	e, err := p.Evaluate(x, part)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// near fails the test unless |got − want| ≤ tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.17g, want %.17g ± %.3g", what, got, want, tolerance)
	}
}

func TestSpecs(t *testing.T) {
	for _, def := range All() {
		_, spec, err := def.At(nil)
		if err != nil {
			t.Fatalf("%s: %v", def.Name, err)
		}
		if def.Source == "" || strings.Contains(strings.SplitN(def.Doc, "\n", 2)[0], ". ") {
			t.Errorf("%s: want a source and a summary in the first line of the doc", def.Name)
		}
		var users []string
		for _, set := range DataSets() {
			if slices.Contains(set.Problems, def.Name) {
				users = append(users, set.Name)
				if !slices.Equal(set.Files, spec.Data) {
					t.Errorf("%s reads %v, but data set %s has %v", def.Name, spec.Data, set.Name, set.Files)
				}
			}
		}
		if len(users) > 1 || (len(users) == 1) != (len(spec.Data) > 0) {
			t.Errorf("%s reads %v, and the catalogue lists that it uses %v", def.Name, spec.Data, users)
		}
	}
}

// The loss's directional derivative, by central differences with Richardson extrapolation (error
// O(h⁴)), equals gᵀv.
func TestGradientByFiniteDifferences(t *testing.T) {
	forEach(t, func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) {
		for seed := range uint64(3) {
			x, batch := randomPoint(p, spec, seed), randomBatch(spec, 7, seed)
			g := measure(t, p, spec, x, batch, protocol.Gradient).Gradient
			random := rand.New(rand.NewPCG(seed, 2))
			v, moved := make([]float64, spec.Dim), make([]float64, spec.Dim)
			want, length := 0.0, 0.0
			for j := range v {
				v[j] = g[j] / norm(g) * (1 + 0.1*random.NormFloat64()) // not orthogonal to g
				want += g[j] * v[j]
				length += v[j] * v[j]
			}
			along := func(h float64) float64 {
				for j := range x {
					moved[j] = x[j] + h*v[j]
				}
				return measure(t, p, spec, moved, batch, 0).Loss
			}
			slope := func(h float64) float64 { return (along(h) - along(-h)) / (2 * h) }
			const h = 1e-3
			got := (4*slope(h/2) - slope(h)) / 3
			near(t, fmt.Sprintf("slope at seed %d", seed), got, want, 1e-9*math.Abs(want))
		}
	})
}

func norm(v []float64) float64 {
	square := 0.0
	for _, e := range v {
		square += e * e
	}
	return math.Sqrt(square)
}

// Loss, gradient, s and ‖s‖₁ of a batch equal their definitions on the measurements of its single
// examples, at several batch sizes, with repeated examples among them.
func TestVarianceByDefinition(t *testing.T) {
	forEach(t, func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) {
		for _, size := range []int{2, 3, 8, 33} {
			seed := uint64(size)
			x, batch := randomPoint(p, spec, seed), randomBatch(spec, size, seed)
			if size > 2 {
				batch.Examples[size-1] = batch.Examples[0]
			}
			m := measure(t, p, spec, x, batch, everything)
			loss, mean := 0.0, make([]float64, spec.Dim)
			var singles [][]float64
			for _, n := range batch.Examples {
				one := batch
				one.Examples = []int{n}
				single := measure(t, p, spec, x, one, protocol.Gradient)
				singles = append(singles, single.Gradient)
				loss += single.Loss / float64(size)
				for j, g := range single.Gradient {
					mean[j] += g / float64(size)
				}
			}
			largest := 0.0
			for _, g := range singles {
				largest = max(largest, norm(g))
			}
			const rounding = 1e-13 // a few hundred roundings of 1.1e-16, relative to the largest term of a sum
			near(t, "loss", m.Loss, loss, rounding*max(1, math.Abs(loss)))
			total := 0.0
			for j := range mean {
				s := 0.0
				for _, g := range singles {
					s += (g[j] - mean[j]) * (g[j] - mean[j]) / float64(size-1)
				}
				total += s
				near(t, fmt.Sprintf("g[%d] of %d examples", j, size), m.Gradient[j], mean[j], rounding*largest)
				near(t, fmt.Sprintf("s[%d] of %d examples", j, size), m.Variance[j], s, rounding*largest*largest)
			}
			near(t, fmt.Sprintf("‖s‖₁ of %d examples", size), m.VarianceNorm, total, rounding*largest*largest)
			if (m.VarianceNorm == 0) != (spec.Train == 1) {
				t.Errorf("‖s‖₁ is %g with %d training examples", m.VarianceNorm, spec.Train)
			}
		}
	})
}

// Equal examples have no variance: exactly for problems given by their terms, to rounding for
// softmax regression.
func TestVarianceOfEqualExamples(t *testing.T) {
	forEach(t, func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) {
		for _, size := range []int{2, 7} {
			x, batch := randomPoint(p, spec, 1), randomBatch(spec, 1, 1)
			batch.Examples = slices.Repeat(batch.Examples, size)
			m := measure(t, p, spec, x, batch, everything)
			rounding, roundingNorm := 0.0, 0.0
			if strings.HasSuffix(t.Name(), "softmax") {
				g := norm(m.Gradient)
				rounding = 1e-30 * g * g // (ε g)²
				roundingNorm = 1e-14 * g * g
			}
			for j, s := range m.Variance {
				if !(s >= 0 && s <= rounding) {
					t.Errorf("s[%d] of %d equal examples is %g, want 0 ± %g", j, size, s, rounding)
				}
			}
			if !(m.VarianceNorm >= 0 && m.VarianceNorm <= roundingNorm) {
				t.Errorf("‖s‖₁ of %d equal examples is %g, want 0 ± %g", size, m.VarianceNorm, roundingNorm)
			}
		}
	})
}

// The same arguments give the same bits: after other calls, on another instance, with another
// number of threads, and whatever else is wanted. Point and batch stay as they are.
func TestPurity(t *testing.T) {
	def := All()
	forEach(t, func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) {
		x, batch := randomPoint(p, spec, 3), randomBatch(spec, 20, 3)
		kept, keptExamples := slices.Clone(x), slices.Clone(batch.Examples)
		before := measure(t, p, spec, x, batch, everything)
		evaluation := evaluate(t, p, x, protocol.TrainPart)

		measure(t, p, spec, randomPoint(p, spec, 4), randomBatch(spec, 50, 4), everything) // something else
		other := randomPoint(p, spec, 5)
		evaluate(t, p, other, protocol.TrainPart)

		i := slices.IndexFunc(def, func(d protocol.ProblemDef) bool { return strings.HasSuffix(t.Name(), "/"+d.Name) })
		second, _ := open(t, def[i], nil)
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
		for _, threads := range []int{1, 2} {
			runtime.GOMAXPROCS(threads)
			for _, instance := range []protocol.Problem[float64]{p, second} {
				after := measure(t, instance, spec, x, batch, everything)
				alone := measure(t, instance, spec, x, batch, protocol.Gradient)
				variance := measure(t, instance, spec, x, batch, protocol.Variance)
				sum := measure(t, instance, spec, x, batch, protocol.VarianceNorm)
				if !slices.Equal(after.Gradient, before.Gradient) || !slices.Equal(alone.Gradient, before.Gradient) ||
					!slices.Equal(after.Variance, before.Variance) ||
					!slices.Equal(variance.Variance, before.Variance) ||
					after.Loss != before.Loss || alone.Loss != before.Loss ||
					after.VarianceNorm != before.VarianceNorm || sum.VarianceNorm != before.VarianceNorm {
					t.Error("the same point and batch gave other numbers")
				}
				if again := evaluate(t, instance, x, protocol.TrainPart); again != evaluation {
					t.Errorf("the same point was evaluated as %v and as %v", evaluation, again)
				}
			}
		}
		if !slices.Equal(x, kept) || !slices.Equal(batch.Examples, keptExamples) {
			t.Error("the point or the batch was changed")
		}
	})
}

// The loss on the train part is the mean over the training examples that it covers.
func TestTrainPartIsMean(t *testing.T) {
	forEach(t, func(t *testing.T, p protocol.Problem[float64], spec protocol.ProblemSpec) {
		if spec.Train == 0 {
			t.Skip("endless data: the train part is f itself, see TestNoisyQuadraticMoments")
		}
		x := randomPoint(p, spec, 6)
		batch := protocol.Batch{}
		for n := range spec.Train {
			batch.Examples = append(batch.Examples, n)
		}
		if spec.Train == mnistTrain {
			batch.Examples = batch.Examples[:mnistTest]
		}
		loss := measure(t, p, spec, x, batch, 0).Loss
		near(t, "loss on the train part", evaluate(t, p, x, protocol.TrainPart).Loss, loss, 1e-12*math.Abs(loss))
	})
}

func TestInitialValues(t *testing.T) {
	initial := func(t *testing.T, name string, part protocol.Part) protocol.Evaluation {
		t.Helper()
		i := slices.IndexFunc(All(), func(d protocol.ProblemDef) bool { return d.Name == name })
		p, spec := open(t, All()[i], nil)
		x := make([]float64, spec.Dim)
		if err := p.Init(x, 1); err != nil {
			t.Fatal(err)
		}
		return evaluate(t, p, x, part)
	}
	for _, part := range []protocol.Part{protocol.TrainPart, protocol.ValidationPart, protocol.TestPart} {
		near(t, "breast-cancer-logreg", initial(t, "breast-cancer-logreg", part).Loss, math.Ln2, 1e-14)
		near(t, "digits-softmax", initial(t, "digits-softmax", part).Loss, math.Log(10), 1e-13)
	}
	// DeepOBS prints 353.44676, computed in float32, whose numbers are 2⁻¹⁵ apart at this size.
	near(t, "quadratic-deep", initial(t, "quadratic-deep", protocol.TestPart).Loss, 353.44676, math.Pow(2, -15))
	// Exact arithmetic on its float32 data and Hessian gives this.
	near(t, "quadratic-deep", initial(t, "quadratic-deep", protocol.TestPart).Loss, 353.4467704903, 1e-9)
	for _, name := range []string{"mnist-softmax", "fmnist-softmax"} {
		t.Run(name, func(t *testing.T) {
			for _, part := range []protocol.Part{protocol.TrainPart, protocol.ValidationPart, protocol.TestPart} {
				near(t, "loss", initial(t, name, part).Loss, math.Log(10), 1e-12)
			}
		})
	}
}

func TestMisuse(t *testing.T) {
	p, spec := open(t, digitsDef(), nil)
	x := make([]float64, spec.Dim)
	call := func(x []float64, want protocol.Quantity, examples ...int) error {
		return p.Measure(x, protocol.Batch{Examples: examples}, want, roomFor(spec))
	}
	short := p.Measure(x, protocol.Batch{Examples: []int{0, 1}}, protocol.Variance, &protocol.Measurement[float64]{})
	_, part := p.Evaluate(x, "holdout")
	for want, err := range map[string]error{
		"point has 3 elements, want 650":                                   call(x[:3], 0, 1),
		"batch has 0 examples, want at least 1 to measure loss":            call(x, 0),
		"batch has 1 examples, want at least 2 to measure variance":        call(x, protocol.Variance, 1),
		"batch has example number 1077, want numbers in [0, 1077)":         call(x, 0, 1077),
		"batch has example number -1, want numbers in [0, 1077)":           call(x, 0, -1),
		"room for the variance has 0 elements, want 650":                   short,
		"the problem has no \"holdout\" part":                              part,
		"point has 0 elements, want 650":                                   p.Init(nil, 0),
		"asked to measure unknown, want some of " + spec.Measures.String(): call(x, 1<<20, 1),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	endless, _ := open(t, noisyQuadraticDef(), nil)
	err := endless.Measure(make([]float64, 100), protocol.Batch{Examples: []int{-1}}, 0, roomFor(spec))
	if err == nil {
		t.Error("a negative number of an endless example was accepted")
	}
}
