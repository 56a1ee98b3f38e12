package optimizers

import (
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// law holds the theoretical properties of one optimizer.
type law struct {
	name string
	fit  float64 // step size that suits quadratic
	// degree d of the step in the gradient: c g (and c² s) gives c^d times the step. It holds with
	// the setting scaling.
	degree  int
	scaling protocol.Setting
	// equals: with the setting special it is this optimizer, bit by bit.
	equals  string
	special protocol.Setting
	// couples: coordinates depend on each other, by a norm of the gradient, say. A gradient that is
	// not finite reaches its own coordinate and may reach the others.
	couples bool
	// mixes: the coordinates mix, by a matrix: one without gradient moves, too.
	mixes bool
	// looks: it looks at a batch again, and what it makes of a gradient shows after the last look.
	looks bool
	// factor is the name of the hyperparameter that replaces the step size.
	factor string
	// uneven: there is no such degree.
	uneven bool
	// tunes lists the tuned hyperparameters; nil means the step size.
	tunes []string
}

// laws lists all optimizers.
var laws = []law{
	{name: "sgd", fit: 0.1, degree: 1},
	{name: "heavy-ball", fit: 0.03, degree: 1, equals: "sgd", special: protocol.Setting{"beta": 0}},
	{name: "nesterov", fit: 0.03, degree: 1, equals: "sgd", special: protocol.Setting{"beta": 0}},
	{name: "m-sgd", fit: 0.1, degree: 1, equals: "sgd", special: protocol.Setting{"beta": 0}},
	{name: "sign-sgd", fit: 0.1, degree: 0},
	{name: "m-sign-sgd", fit: 0.1, degree: 0, equals: "sign-sgd", special: protocol.Setting{"beta": 0}},
	{
		name: "normalized-sgd", fit: 0.1, degree: 0, couples: true,
		equals: "sgd", special: protocol.Setting{"normalization": 0},
	},
	{
		name: "norm-scaled-sign-sgd", fit: 0.02, degree: 1, couples: true,
		equals: "sign-sgd", special: protocol.Setting{"normalization": 1},
	},
	{name: "coordinate-sgd", fit: 0.1, degree: 1, couples: true},
	// x is one block
	{name: "block-normalized-sgd", fit: 0.1, degree: 1, couples: true, equals: "sgd"},
	{name: "adagrad", fit: 1, degree: 0, scaling: protocol.Setting{"epsilon": 0}},
	{
		name: "rmsprop", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "sign-sgd", special: protocol.Setting{"beta": 0, "epsilon": 0},
	},
	{
		name: "adam", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "sign-sgd", special: protocol.Setting{"beta1": 0, "beta2": 0, "epsilon": 0},
	},
	{
		name: "adamw", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "adam", special: protocol.Setting{"weight_decay": 0},
	},
	{
		name: "nadam", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "sign-sgd", special: protocol.Setting{"beta1": 0, "beta2": 0, "epsilon": 0},
	},
	{
		// ρ∞ = 3: never rectified
		name: "radam", fit: 0.1, degree: 1, scaling: protocol.Setting{"beta2": 0.5},
		equals: "m-sgd", special: protocol.Setting{"beta2": 0.5},
	},
	{name: "amsgrad", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0}},
	{
		name: "adamax", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "sign-sgd", special: protocol.Setting{"beta1": 0, "beta2": 0, "epsilon": 0},
	},
	// nothing beside v, but not nothing
	{name: "adadelta", fit: 10, degree: 0, scaling: protocol.Setting{"epsilon": 1e-30}},
	{name: "adabelief", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0}},
	{
		name: "adan", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "adam", special: protocol.Setting{"beta1": 0.9, "beta2": 0, "beta3": 0.999},
	},
	{name: "adopt", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0}},
	{
		name: "ademamix", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "adam", special: protocol.Setting{"slow": 0},
	},
	{
		name: "mars", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0, "clip": 0}, couples: true,
		equals: "adam", special: protocol.Setting{"beta1": 0.9, "beta2": 0.999, "gamma": 0, "clip": 0},
	},
	{name: "svag", fit: 0.1, degree: 1, equals: "sgd", special: protocol.Setting{"beta": 0}},
	{name: "m-svag", fit: 0.1, degree: 1, equals: "sgd", special: protocol.Setting{"beta": 0}},
	{name: "m-svag-mb", fit: 0.1, degree: 1},
	{name: "svag-mb", fit: 0.1, degree: 1},
	{
		name: "matrix-svag", fit: 0.1, degree: 1, scaling: protocol.Setting{"damping": 0},
		couples: true, mixes: true,
	},
	{name: "adam-star", fit: 0.1, degree: 0, equals: "sign-sgd", special: protocol.Setting{"beta": 0}},
	{name: "adam-star-mb", fit: 0.1, degree: 0},
	{name: "adam-star-erf", fit: 0.1, degree: 0, equals: "sign-sgd", special: protocol.Setting{"beta": 0}},
	{name: "growing-batch-sgd", fit: 0.1, degree: 1},
	{name: "cabs", fit: 0.1, degree: 1},
	{name: "competitor", fit: 0.1, degree: 1},
	{name: "noise-scale", fit: 0.1, degree: 1},
	{name: "adascale", fit: 0.1, degree: 1, couples: true},
	{name: "asgd", fit: 0.1, degree: 1},
	{name: "line-search-sgd", fit: 1, degree: 1, couples: true, looks: true},
	{name: "sam", fit: 0.1, degree: 1, couples: true, looks: true},
	{name: "gd", fit: 0.1, degree: 1, equals: "sgd"},
	{name: "rprop", fit: 0.1, degree: 0},
	{name: "l-bfgs", fit: 1, degree: 0, couples: true, looks: true},
	{name: "ngd", fit: 0.1, degree: 1, couples: true, mixes: true},
	{name: "efgd", fit: 0.1, degree: 1, couples: true, mixes: true},
	{name: "stochastic-efgd", fit: 0.1, degree: 1, couples: true, mixes: true, equals: "efgd"},
	{name: "mc-fisher-ngd", fit: 0.1, degree: 1, couples: true, mixes: true},
	{name: "newton", fit: 0.1, degree: 1, couples: true, mixes: true},
	{
		// The sampled gradient keeps its scale.
		name: "sophia-g", fit: 0.1, degree: 1, scaling: protocol.Setting{"rho": 1e6, "weight_decay": 0},
		equals: "m-sign-sgd", special: protocol.Setting{"beta1": 0.9, "rho": 0, "weight_decay": 0},
	},
	{name: "ideal-svag", fit: 0.1, degree: 1},
	{name: "oracle-step-sgd", fit: 0.1, degree: 1, couples: true},
	{name: "oracle-batch-sgd", fit: 0.1, degree: 1},
	{
		name: "lion", fit: 0.1, degree: 0,
		equals: "sign-sgd", special: protocol.Setting{"beta1": 0},
	},
	{
		name: "muon", fit: 0.1, degree: 0, scaling: protocol.Setting{"adam_epsilon": 0},
		// x is no matrix
		equals: "adam", special: protocol.Setting{"adam_beta2": 0.999, "adam_epsilon": 1e-8},
		tunes: []string{protocol.StepSize, "adam_step_size"},
	},
	{name: "schedule-free-sgd", fit: 0.1, degree: 1, equals: "sgd", special: protocol.Setting{"beta": 0}},
	{
		name: "schedule-free-adamw", fit: 0.2, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "sign-sgd", special: protocol.Setting{"beta": 0, "beta2": 0, "epsilon": 0},
	},
	{
		name: "soap", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		// x is no matrix
		equals: "adam", special: protocol.Setting{"beta1": 0.9, "beta2": 0.999, "weight_decay": 0},
	},
	{
		name: "shampoo", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "adam", // x is no matrix
	},
	{name: "prodigy", fit: 1, degree: 0, scaling: protocol.Setting{"epsilon": 0}, couples: true, factor: "factor", tunes: []string{}},
	{name: "dog", fit: 4, degree: 0, scaling: protocol.Setting{"epsilon": 0}, couples: true, factor: "factor", tunes: []string{}},
	{
		name: "sps-max", fit: 1, degree: -1, couples: true, factor: "bound", tunes: []string{},
		equals: "sgd", special: protocol.Setting{"growth": 0, "f_star": -1e9},
	},
	{name: "lars", fit: 10, couples: true, uneven: true},
	{name: "lamb", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0}, couples: true},
	{
		name: "adamh", fit: 0.1, degree: 0, scaling: protocol.Setting{"epsilon": 0},
		equals: "adam", special: protocol.Setting{"beta2": 0.999}, // x is no matrix
		tunes: []string{protocol.StepSize, "adam_step_size"},
	},
	{
		name: "muonh", fit: 0.1, degree: 0, scaling: protocol.Setting{"adam_epsilon": 0},
		// x is no matrix
		equals: "adam", special: protocol.Setting{"adam_beta2": 0.999, "adam_epsilon": 1e-8},
		tunes: []string{protocol.StepSize, "adam_step_size"},
	},
}

// stepSize is the name of the hyperparameter that is the step size, or the factor on the one that
// it finds.
func (l *law) stepSize() string {
	if l.factor != "" {
		return l.factor
	}
	return protocol.StepSize
}

// lawOf finds the law of an optimizer.
func lawOf(t *testing.T, name string) law {
	t.Helper()
	i := slices.IndexFunc(laws, func(l law) bool { return l.name == name })
	if i < 0 {
		t.Fatalf("there is no law for %s", name)
	}
	return laws[i]
}

func TestAllHaveLaws(t *testing.T) {
	var got, want []string
	for _, def := range All() {
		got = append(got, def.Name)
	}
	for _, l := range laws {
		want = append(want, l.name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("All() names\n%v, want\n%v", got, want)
	}
}

func TestDeclarations(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	snake := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	for _, def := range All() {
		if !kebab.MatchString(def.Name) {
			t.Errorf("%s: the name is not in kebab-case", def.Name)
		}
		summary, formula, _ := strings.Cut(def.Doc, "\n")
		if summary == "" || len(summary) > 80 || strings.HasSuffix(summary, ".") ||
			!strings.Contains(formula, "x ← x") {
			t.Errorf("%s: Doc is %q, want a one-line summary and the update of x", def.Name, def.Doc)
		}
		if !regexp.MustCompile(`(19|20)\d\d`).MatchString(def.Source) || !strings.HasSuffix(def.Source, ".") {
			t.Errorf("%s: Source is %q, want sentences with a year", def.Name, def.Source)
		}
		if def.Version == "" || def.New32 == nil || def.New64 == nil {
			t.Errorf("%s lacks Version, New32 or New64", def.Name)
		}
		if !def.Needs.Valid() || !def.Needs.Has(protocol.Gradient) {
			t.Errorf("%s needs %v, want the gradient", def.Name, def.Needs)
		}
		var names, tuned []string
		for _, h := range def.Hyperparameters {
			names = append(names, h.Name)
			if !snake.MatchString(h.Name) || h.Doc == "" || strings.Contains(h.Doc, "\n") {
				t.Errorf("%s: hyperparameter %q with Doc %q, want a name in snake_case and one line",
					def.Name, h.Name, h.Doc)
			}
			for _, v := range append([]float64{h.Default}, h.Grid...) {
				if err := h.Check(v); err != nil {
					t.Errorf("%s: default or grid: %v", def.Name, err)
				}
			}
			if h.Tuned {
				tuned = append(tuned, h.Name)
			}
			if h.Tuned && h.Name != protocol.StepSize && !slices.Contains(h.Grid, h.Default) {
				t.Errorf("%s: the grid of %s lacks its default", def.Name, h.Name)
			}
		}
		if len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
			t.Errorf("%s declares a hyperparameter twice: %v", def.Name, names)
		}
		want := []string{protocol.StepSize}
		switch {
		case lawOf(t, def.Name).tunes != nil:
			want = lawOf(t, def.Name).tunes
		case def.Name == "competitor":
			want = append(want, "theta")
		case def.Needs&protocol.Matrices != 0:
			want = append(want, "damping")
		}
		if !slices.Equal(tuned, want) {
			t.Errorf("%s tunes %v, want %v", def.Name, tuned, want)
		}
	}
}

func TestProperties(t *testing.T) {
	t.Run("float64", testProperties[float64])
	t.Run("float32", testProperties[float32])
}

func testProperties[T protocol.Float](t *testing.T) {
	for _, def := range All() {
		l := lawOf(t, def.Name)
		t.Run(def.Name, func(t *testing.T) {
			t.Run("declared", func(t *testing.T) { declared[T](t, def) })
			t.Run("deterministic", func(t *testing.T) { deterministic[T](t, def.Name) })
			t.Run("permutation", func(t *testing.T) { permutation[T](t, l) })
			if !l.couples {
				t.Run("pieces", func(t *testing.T) { pieces[T](t, def) })
			}
			t.Run("scaling", func(t *testing.T) { scaling[T](t, l) })
			t.Run("special case", func(t *testing.T) { specialCase[T](t, l) })
			t.Run("nothing to do", func(t *testing.T) { nothingToDo[T](t, l) })
			t.Run("non-finite", func(t *testing.T) { nonFinite[T](t, l) })
			t.Run("quadratic", func(t *testing.T) { quadratic[T](t, l) })
			if def.Saves {
				t.Run("restored", func(t *testing.T) { restored[T](t, def.Name) })
			}
		})
	}
}

// declared checks that an optimizer agrees with its definition, writes only x, and allocates
// nothing.
func declared[T protocol.Float](t *testing.T, def protocol.OptimizerDef) {
	o, first := open[T](t, def.Name, nil, 4)
	m := measurements[T](4, 1)[0]
	before := clone(m)
	x := make([]T, 4)
	next, err := o.Step(x, m)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, before) {
		t.Errorf("Step changed the measurement to %+v, want %+v", m, before)
	}
	for _, r := range []protocol.Request{first, next} {
		again := protocol.Request{Draw: protocol.Again, Trial: true}
		all := protocol.Request{Draw: protocol.All}
		allTrial := protocol.Request{Draw: protocol.All, Trial: true}
		full := slices.Contains([]string{"gd", "rprop", "l-bfgs"}, def.Name) || def.Needs&protocol.Matrices != 0
		if r.Want != 0 && !def.Needs.Has(r.Want) {
			t.Errorf("request is %+v, but the optimizer declares %v", r, def.Needs)
		}
		r.Want = 0
		if (r.BatchSize > 0) != def.ChoosesBatchSize || r != (protocol.Request{BatchSize: r.BatchSize}) &&
			!(def.Trials && r == again) && !(full && r == all) && !(full && def.Trials && r == allTrial) {
			t.Errorf("request is %+v with ChoosesBatchSize %v", r, def.ChoosesBatchSize)
		}
	}
	if _, ok := o.(protocol.Averager[T]); ok != def.Averages {
		t.Errorf("is an Averager: %v, want %v", ok, def.Averages)
	}
	reporter, ok := o.(protocol.Reporter)
	if ok != (len(def.Reports) > 0) {
		t.Errorf("is a Reporter: %v, but reports %v", ok, def.Reports)
	}
	values := slices.Repeat([]float64{math.NaN()}, len(def.Reports))
	allocations := testing.AllocsPerRun(10, func() {
		_, err = o.Step(x, m)
		if ok {
			reporter.Report(values)
		}
	})
	if err != nil || allocations != 0 {
		t.Errorf("a step allocates %v times (error %v), want 0", allocations, err)
	}
	for i, v := range values {
		if !protocol.Finite(v) {
			t.Errorf("report %s is %v", def.Reports[i], v)
		}
	}
}

// deterministic checks that runs side by side and one after the other give the same bits.
func deterministic[T protocol.Float](t *testing.T, name string) {
	steps := measurements[T](5, 20)
	a, _ := open[T](t, name, nil, 5)
	b, _ := open[T](t, name, nil, 5)
	x, y := ones[T](5), ones[T](5)
	for _, m := range steps {
		step(t, a, x, m)
		step(t, b, y, m)
	}
	c, _ := open[T](t, name, nil, 5)
	z := ones[T](5)
	for _, m := range steps {
		step(t, c, z, m)
	}
	if !slices.Equal(x, y) || !slices.Equal(x, z) {
		t.Errorf("the same run ends at %v, %v and %v", x, y, z)
	}
	if slices.Equal(x, ones[T](5)) {
		t.Error("x never moved")
	}
}

// permutation checks that the names of the coordinates do not matter, but for the rounding of sums
// over them.
func permutation[T protocol.Float](t *testing.T, l law) {
	order := []int{3, 0, 4, 1, 2}
	permute := func(v []T) []T {
		out := make([]T, len(v))
		for i, j := range order {
			out[i] = v[j]
		}
		return out
	}
	a, _ := open[T](t, l.name, nil, 5)
	b, _ := open[T](t, l.name, nil, 5)
	x := []T{1, 2, 3, 4, 5}
	y := permute(x)
	for _, m := range measurements[T](5, 20) {
		step(t, a, x, m)
		for _, s := range m.Slices() {
			if s.Of&protocol.Matrices == 0 {
				*s.At = permute(*s.At)
				continue
			}
			old := *s.At
			*s.At = make([]T, len(old))
			for i, from := range order {
				for j, column := range order {
					(*s.At)[i*5+j] = old[from*5+column]
				}
			}
		}
		step(t, b, y, m)
	}
	rounding := 0.0
	if l.couples {
		rounding = 20 * float64(math.Nextafter32(1, 2)-1) // steps × ε
		if protocol.DTypeOf[T]() == protocol.Float64 {
			rounding = 20 * (math.Nextafter(1, 2) - 1)
		}
	}
	want := make([]float64, len(x))
	for i, v := range permute(x) {
		want[i] = float64(v)
	}
	near(t, "x", y, want, rounding)
}

// pieces checks that coordinates go their own ways, however many there are: pieces of x go the way
// of the whole, bit by bit, and the mean of their factors γ is that of the whole.
func pieces[T protocol.Float](t *testing.T, def protocol.OptimizerDef) {
	cuts := []int{0, 1, 8, 15, simd.Block - 1, simd.Block, 2*simd.Block + 13, 3*simd.Block + 7}
	dim := cuts[len(cuts)-1]
	steps := measurements[T](dim, 10)
	whole, _ := open[T](t, def.Name, nil, dim)
	x := ones[T](dim)
	for _, m := range steps {
		step(t, whole, x, m)
	}
	γ := 0.0
	for k, from := range cuts[:len(cuts)-1] {
		to := cuts[k+1]
		piece, _ := open[T](t, def.Name, nil, to-from)
		y := ones[T](to - from)
		for _, m := range steps {
			m := *m
			m.Gradient, m.Variance = m.Gradient[from:to], m.Variance[from:to]
			m.TrueGradient, m.TrueVariance = m.TrueGradient[from:to], m.TrueVariance[from:to]
			m.SampledGradient = m.SampledGradient[from:to]
			step(t, piece, y, &m)
		}
		if !slices.Equal(x[from:to], y) {
			t.Errorf("elements %d to %d go another way alone", from, to)
		}
		if slices.Equal(def.Reports, []string{"mean_gamma"}) {
			γ += report(piece, 1)[0] * float64(to-from) / float64(dim)
		}
	}
	if γ > 0 {
		near(t, "mean γ", report(whole, 1), []float64{γ}, 1e-6)
	}
}

// scaling checks the degree of the step in the gradient, exactly: the factor is a power of 2, and x
// starts at 0.
func scaling[T protocol.Float](t *testing.T, l law) {
	if l.uneven {
		t.Skip("the step has no degree")
	}
	const c = 8
	a, _ := open[T](t, l.name, l.scaling, 5)
	b, _ := open[T](t, l.name, l.scaling, 5)
	x, y := make([]T, 5), make([]T, 5)
	for _, m := range measurements[T](5, 20) {
		step(t, a, x, m)
		m = clone(m)
		for i := range m.Gradient {
			m.Gradient[i] *= c
			m.Variance[i] *= c * c
			m.TrueGradient[i] *= c
			m.TrueVariance[i] *= c * c
		}
		m.VarianceNorm *= c * c
		for i := range m.Covariance {
			m.Covariance[i] *= c * c
		}
		if l.looks {
			// as the decrease that a step in that proportion predicts
			m.Loss *= math.Pow(c, float64(l.degree)+1)
		}
		step(t, b, y, m)
	}
	for i := range x {
		if want := x[i] * T(math.Pow(c, float64(l.degree))); y[i] != want {
			t.Errorf("element %d is %v, want %v", i, y[i], want)
		}
	}
}

// specialCase checks that the optimizer contains another one. The step size is a power of 2, so
// that it does not matter whether the compiler fuses a product into a sum.
func specialCase[T protocol.Float](t *testing.T, l law) {
	if l.equals == "" {
		t.Skip("none is known")
	}
	special := protocol.Setting{l.stepSize(): 0.125}
	for name, v := range l.special {
		special[name] = v
	}
	a, _ := open[T](t, l.name, special, 5)
	b, _ := open[T](t, l.equals, protocol.Setting{protocol.StepSize: 0.125}, 5)
	x, y := ones[T](5), ones[T](5)
	for i, m := range measurements[T](5, 20) {
		step(t, a, x, m)
		step(t, b, y, m)
		if !slices.Equal(x, y) {
			t.Fatalf("step %d leads to %v, want %v as %s", i, x, y, l.equals)
		}
	}
}

// nothingToDo checks that a coordinate whose gradient is 0 never moves, with noise in it or
// without, whatever ε is.
func nothingToDo[T protocol.Float](t *testing.T, l law) {
	if l.mixes {
		t.Skip("a matrix mixes the coordinates")
	}
	setting := protocol.Setting{}
	for name, v := range l.scaling {
		setting[name] = v
	}
	for _, def := range All() {
		if def.Name == l.name && slices.ContainsFunc(def.Hyperparameters, func(h protocol.Hyperparameter) bool {
			return h.Name == "weight_decay"
		}) {
			setting["weight_decay"] = 0
		}
	}
	o, _ := open[T](t, l.name, setting, 3)
	x := make([]T, 3) // where no step is too short to be seen
	for _, m := range measurements[T](3, 20) {
		m.Gradient[1], m.Gradient[2], m.Variance[1] = 0, 0, 0
		m.TrueGradient[1], m.TrueGradient[2], m.TrueVariance[1] = 0, 0, 0
		step(t, o, x, m)
	}
	if x[0] == 0 || x[1] != 0 || x[2] != 0 {
		t.Errorf("x is %v, want only the first element to move from 0", x)
	}
}

// nonFinite checks that a gradient that is not a number or infinite reaches x in its coordinate, at
// once, to stay there, and no other. An optimizer that looks at a batch again finds bad gradients
// at both looks, and may need both.
func nonFinite[T protocol.Float](t *testing.T, l law) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, at := range []int{0, 1, 7} {
			o, _ := open[T](t, l.name, nil, 3)
			x := ones[T](3)
			for i, m := range measurements[T](3, 12) {
				if i == at || l.looks && i > at {
					m.Gradient[1], m.TrueGradient[1] = T(bad), T(bad)
				}
				if l.looks {
					m.Loss = -1e3 * float64(i) // falls enough at every look
				}
				step(t, o, x, m)
				if l.looks && i == at {
					continue
				}
				if !l.couples && (!protocol.Finite(float64(x[0])) || !protocol.Finite(float64(x[2]))) {
					t.Fatalf("%v at step %d in element 1 leads to %v after step %d", bad, at, x, i)
				}
				if (i >= at) == protocol.Finite(float64(x[1])) {
					t.Fatalf("%v at step %d in element 1 leads to %v after step %d", bad, at, x, i)
				}
				if i >= at && math.IsNaN(bad) && x[1] == x[1] {
					t.Fatalf("NaN at step %d in element 1 leads to %v after step %d", at, x, i)
				}
			}
		}
	}
}

// quadratic checks convergence on f(x) = ½ Σ hᵢ (xᵢ − cᵢ)² without noise, under a step size that
// falls to 0.
func quadratic[T protocol.Float](t *testing.T, l law) {
	h, c := []T{1, 3, 10}, []T{1, -2, 0.5}
	f := func(x []T) (f float64) {
		for i := range x {
			f += 0.5 * float64(h[i]*(x[i]-c[i])*(x[i]-c[i]))
		}
		return f
	}
	o, _ := open[T](t, l.name, protocol.Setting{l.stepSize(): l.fit}, 3)
	x, g := make([]T, 3), make([]T, 3)
	start := f(x)
	for i := range 2000 {
		for j := range g {
			g[j] = h[j] * (x[j] - c[j])
		}
		curvature := []T{h[0], 0, 0, 0, h[1], 0, 0, 0, h[2]}
		sampled := make([]T, len(h)) // 32 times its square is the curvature
		for j := range h {
			sampled[j] = T(math.Sqrt(float64(h[j]) / 32))
		}
		step(t, o, x, &protocol.Measurement[T]{
			BatchSize: 32, Loss: f(x), Gradient: g, Variance: make([]T, 3), Covariance: make([]T, 9),
			TrueGradient: g, TrueVariance: make([]T, 3),
			Fisher: curvature, EmpiricalFisher: curvature, SampledFisher: curvature, Hessian: curvature,
			SampledGradient: sampled,
			Step:            i, StepScale: math.Exp2(-float64(i) / 100),
		})
	}
	if a, ok := o.(protocol.Averager[T]); ok {
		a.Estimate(x, x)
	}
	if end := f(x); !(end <= 1e-4*start) {
		t.Errorf("f falls from %g to %g at %v only", start, end, x)
	}
}

// restored checks that a run goes on to the same bits in a new optimizer that has been given the
// state of the old one.
func restored[T protocol.Float](t *testing.T, name string) {
	dim, blocks := networkDim, blocksOfNetwork(false)
	if i := slices.IndexFunc(All(), func(d protocol.OptimizerDef) bool { return d.Name == name }); All()[i].Needs&protocol.Matrices != 0 {
		dim, blocks = 10, nil // the most at which measurements have matrices
	}
	for _, at := range []int{0, 1, 13} {
		a, _ := open[T](t, name, nil, dim, blocks...)
		b, _ := open[T](t, name, nil, dim, blocks...)
		x := ones[T](dim)
		var y []T
		for i, m := range measurements[T](dim, 26) {
			if i == at {
				y = slices.Clone(x)
				copyState(t, b.(protocol.Stateful), a.(protocol.Stateful))
			}
			step(t, a, x, m)
			if i >= at {
				step(t, b, y, m)
			}
		}
		if !slices.Equal(x, y) {
			t.Errorf("restored before step %d it ends at %v, want %v", at, y, x)
		}
	}
}

// copyState copies what two optimizers of the same kind list as their state.
func copyState(t *testing.T, to, from protocol.Stateful) {
	t.Helper()
	dst, src := to.State(), from.State()
	if len(dst) != len(src) {
		t.Fatalf("the state has %d parts, and %d in another", len(src), len(dst))
	}
	for i := range dst {
		if nested, ok := src[i].(protocol.Stateful); ok {
			copyState(t, dst[i].(protocol.Stateful), nested)
			continue
		}
		d, s := reflect.ValueOf(dst[i]).Elem(), reflect.ValueOf(src[i]).Elem()
		if s.Kind() != reflect.Slice {
			d.Set(s)
		} else if d.Len() != s.Len() {
			t.Fatalf("part %d of the state has length %d, and %d in another", i, s.Len(), d.Len())
		} else {
			reflect.Copy(d, s)
		}
	}
}

func TestMeasurementsAreNotConstant(t *testing.T) {
	m := measurements[float64](2, 2)
	if m[0].Gradient[0] == m[1].Gradient[0] || m[0].Gradient[0] == m[0].Gradient[1] {
		t.Errorf("measurements repeat themselves: %+v, %+v", m[0], m[1])
	}
}

// measurements returns random measurements of dimension dim, always the same.
func measurements[T protocol.Float](dim, steps int) []*protocol.Measurement[T] {
	random, sampled := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))
	all := make([]*protocol.Measurement[T], steps)
	for t := range all {
		m := &protocol.Measurement[T]{
			Have:      protocol.Gradient | protocol.VarianceNorm | protocol.Variance,
			BatchSize: 16 + random.IntN(16), Loss: random.Float64(), Step: t, StepScale: 1 - 0.25*float64(t/8),
		}
		for range dim {
			s := T(random.ExpFloat64())
			m.Gradient = append(m.Gradient, T(random.NormFloat64()+0.25))
			m.Variance = append(m.Variance, s)
			m.VarianceNorm += float64(s)
			m.TrueGradient = append(m.TrueGradient, T(random.NormFloat64()))
			m.TrueVariance = append(m.TrueVariance, T(random.ExpFloat64()))
			m.SampledGradient = append(m.SampledGradient, T(sampled.NormFloat64()))
		}
		if dim <= 10 {
			for _, s := range m.Slices() {
				if s.Of&protocol.Matrices != 0 {
					*s.At = positive[T](dim, random)
				}
			}
		}
		all[t] = m
	}
	return all
}

func clone[T protocol.Float](m *protocol.Measurement[T]) *protocol.Measurement[T] {
	c := *m
	for _, s := range c.Slices() {
		*s.At = slices.Clone(*s.At)
	}
	return &c
}

// positive returns a random positive definite matrix: BBᵀ + I.
func positive[T protocol.Float](dim int, random *rand.Rand) []T {
	b, a := make([]float64, dim*dim), make([]T, dim*dim)
	for k := range b {
		b[k] = random.NormFloat64()
	}
	for i := range dim {
		for j := range dim {
			sum := 0.0
			for k := range dim {
				sum += b[i*dim+k] * b[j*dim+k]
			}
			a[i*dim+j] = T(sum)
		}
		a[i*dim+i]++
	}
	return a
}

func ones[T protocol.Float](dim int) []T { return slices.Repeat([]T{1}, dim) }

func step[T protocol.Float](t testing.TB, o protocol.Optimizer[T], x []T, m *protocol.Measurement[T]) protocol.Request {
	t.Helper()
	request, err := o.Step(x, m)
	if err != nil {
		t.Fatal(err)
	}
	return request
}
