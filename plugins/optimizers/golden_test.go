package optimizers

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"noisebench/protocol"
)

// golden is testdata/golden.json, which testdata/golden.py derives from the published formulas
// without this package.
type golden struct {
	Problem struct {
		Start      []float64
		Gradients  [][]float64
		Variances  [][]float64
		StepScales []float64                `json:"step_scales"`
		BatchSizes []int                    `json:"batch_sizes"`
		Losses     map[string][]float64     // by name
		TrueMeans  [][]float64              `json:"true_gradients"`
		TrueSquare [][]float64              `json:"true_variances"`
		Sampled    [][]float64              `json:"sampled_gradients"`
		Matrices   map[string][][][]float64 // by quantity
	}
	Wide struct { // a problem with matrices
		Start     []float64
		Gradients [][]float64
	}
	Runs []struct {
		Optimizer  string
		Setting    protocol.Setting
		Blocks     []protocol.Block
		Budget     int64 // 0: much
		Wide       bool
		Losses     string      // name of the losses
		X          [][]float64 // after each step
		Estimates  [][]float64 // of an Averager, after each step
		BatchSizes []int       `json:"batch_sizes"` // the first request's, then after each step
		Reports    [][]float64
	}
	Rho []struct {
		Beta float64
		T    int
		Rho  float64
	}
}

func readGolden(t *testing.T) *golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return &g
}

func TestGolden(t *testing.T) {
	g := readGolden(t)
	t.Run("float64", func(t *testing.T) { testGolden[float64](t, g, 1e-14) })
	t.Run("float32", func(t *testing.T) { testGolden[float32](t, g, 2e-6) })
}

// testGolden follows every trajectory to the given tolerance, relative to the longest coordinate.
func testGolden[T protocol.Float](t *testing.T, g *golden, tolerance float64) {
	known := map[string]bool{}
	for i, run := range g.Runs {
		known[run.Optimizer] = true
		t.Run(fmt.Sprintf("%s/%d", run.Optimizer, i), func(t *testing.T) {
			start, gradients := g.Problem.Start, g.Problem.Gradients
			if run.Wide {
				start, gradients = g.Wide.Start, g.Wide.Gradients
			}
			o, first := openFor[T](t, run.Budget, run.Optimizer, run.Setting, len(start), run.Blocks...)
			x := convert[T](start)
			sizes, seen := []int{first.BatchSize}, int64(0)
			for step := range run.X {
				seen += int64(g.Problem.BatchSizes[step])
				s := convert[T](g.Problem.Variances[step])
				matrix := func(q protocol.Quantity) []T {
					return convert[T](slices.Concat(g.Problem.Matrices[q.String()][step]...))
				}
				request, err := o.Step(x, &protocol.Measurement[T]{
					Fisher:          matrix(protocol.Fisher),
					EmpiricalFisher: matrix(protocol.EmpiricalFisher),
					SampledFisher:   matrix(protocol.SampledFisher),
					Hessian:         matrix(protocol.Hessian),
					Covariance:      matrix(protocol.Covariance),
					TrueGradient:    convert[T](g.Problem.TrueMeans[step]),
					TrueVariance:    convert[T](g.Problem.TrueSquare[step]),
					SampledGradient: convert[T](g.Problem.Sampled[step]),
					Have:            protocol.Gradient | protocol.VarianceNorm | protocol.Variance,
					BatchSize:       g.Problem.BatchSizes[step],
					Loss:            g.Problem.Losses[run.Losses][step],
					Gradient:        convert[T](gradients[step]),
					Variance:        s, VarianceNorm: float64(sum(s)),
					Step: step, Seen: seen, StepScale: g.Problem.StepScales[step],
				})
				if err != nil {
					t.Fatal(err)
				}
				sizes = append(sizes, request.BatchSize)
				near(t, fmt.Sprintf("x after step %d", step), x, run.X[step], tolerance)
				if run.Estimates != nil {
					out := make([]T, len(x))
					o.(protocol.Averager[T]).Estimate(x, out)
					near(t, fmt.Sprintf("estimate after step %d", step), out, run.Estimates[step], tolerance)
				}
				if run.Reports != nil {
					got := make([]float64, len(run.Reports[step]))
					o.(protocol.Reporter).Report(got)
					for i, want := range run.Reports[step] {
						near(t, fmt.Sprintf("report %d of step %d", i, step), got[i:i+1], []float64{want}, tolerance)
					}
				}
			}
			if run.BatchSizes != nil && !slices.Equal(sizes, run.BatchSizes) {
				t.Errorf("batch sizes are %v, want %v", sizes, run.BatchSizes)
			}
		})
	}
	for _, def := range All() {
		if !known[def.Name] {
			t.Errorf("%s has no golden trajectory; add one to testdata/golden.py", def.Name)
		}
	}
}

func TestT01RhoGolden(t *testing.T) {
	for _, row := range readGolden(t).Rho {
		if got := rho(row.Beta, row.T); !(math.Abs(got-row.Rho) <= 1e-14*row.Rho) {
			t.Errorf("rho(%v, %d) = %.17g, want %.17g", row.Beta, row.T, got, row.Rho)
		}
	}
	// Values worked out by hand from Eq. 5.15.
	for _, row := range []struct {
		t    int
		want float64
	}{{0, 1}, {1, 1.81 / 3.61}, {2, 2.4661 / 7.3441}, {math.MaxInt32, 1. / 19}} {
		if got := rho(0.9, row.t); math.Abs(got-row.want) > 1e-15 {
			t.Errorf("rho(0.9, %d) = %.17g, want %.17g", row.t, got, row.want)
		}
	}
}

// TestGoldenIsCurrent runs the generator again.
func TestGoldenIsCurrent(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: testdata/golden.json is not compared to what testdata/golden.py writes")
	}
	dir := t.TempDir()
	script, err := os.ReadFile("testdata/golden.py")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "golden.py"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, filepath.Join(dir, "golden.py")).CombinedOutput(); err != nil {
		t.Fatalf("golden.py: %v\n%s", err, out)
	}
	got, err := os.ReadFile(filepath.Join(dir, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/golden.json is not what testdata/golden.py writes; run python3 testdata/golden.py")
	}
}

// open opens the named optimizer for a run in dim dimensions. What setting leaves out has its
// default.
func open[T protocol.Float](t testing.TB, name string, setting protocol.Setting, dim int, blocks ...protocol.Block) (
	protocol.Optimizer[T], protocol.Request,
) {
	t.Helper()
	return openFor[T](t, 0, name, setting, dim, blocks...)
}

// openFor opens the named optimizer as open does, for a run of budget examples; 0 are many.
func openFor[T protocol.Float](t testing.TB, budget int64, name string, setting protocol.Setting, dim int,
	blocks ...protocol.Block,
) (protocol.Optimizer[T], protocol.Request) {
	t.Helper()
	o, request, err := tryOpen[T](t, name, setting, protocol.Start{
		Dim: dim, Blocks: blocks, BatchSize: 32, Budget: cmp.Or(budget, 1<<20), Train: 1000,
		Constants: map[string]float64{"smoothness": 0.5},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o, request
}

// tryOpen opens the named optimizer as open does, for a run that starts as start says.
func tryOpen[T protocol.Float](t testing.TB, name string, setting protocol.Setting, start protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	t.Helper()
	i := slices.IndexFunc(All(), func(def protocol.OptimizerDef) bool { return def.Name == name })
	if i < 0 {
		t.Fatalf("there is no optimizer %q", name)
	}
	def := All()[i]
	full, err := protocol.Resolve(def.Hyperparameters, setting)
	if err != nil {
		t.Fatal(err)
	}
	start.Setting, start.DType = full, protocol.DTypeOf[T]()
	type constructor = func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error)
	var newT constructor
	switch start.DType {
	case protocol.Float32:
		newT = any(def.New32).(constructor)
	case protocol.Float64:
		newT = any(def.New64).(constructor)
	}
	return newT(start)
}

func convert[T protocol.Float](v []float64) []T {
	out := make([]T, len(v))
	for i := range v {
		out[i] = T(v[i])
	}
	return out
}

func sum[T protocol.Float](v []T) T {
	var total T
	for _, u := range v {
		total += u
	}
	return total
}

// near checks that got is want up to the tolerance times want's longest coordinate.
func near[T protocol.Float](t *testing.T, what string, got []T, want []float64, tolerance float64) {
	t.Helper()
	longest := 0.0
	for _, w := range want {
		longest = max(longest, math.Abs(w))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= tolerance*longest) {
			t.Errorf("%s: element %d is %.17g, want %.17g", what, i, got[i], w)
		}
	}
}
