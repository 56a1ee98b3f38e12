package python

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"noisebench/plugins"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

// interpreters keeps what find found, by modules.
var interpreters sync.Map

// interpreter returns a Python that has what the tests need, or skips the test.
func interpreter(tb testing.TB, modules ...string) string {
	tb.Helper()
	need := strings.Join(append([]string{"grpc", "google.protobuf", "numpy"}, modules...), ", ")
	find := sync.OnceValue(func() string {
		for _, python := range []string{"python3", "/usr/bin/python3"} {
			if exec.Command(python, "-c", "import "+need).Run() == nil {
				return python
			}
		}
		return ""
	})
	known, _ := interpreters.LoadOrStore(need, find)
	python := known.(func() string)()
	if python == "" {
		tb.Skipf("no python3 with %s; with Debian: apt-get install python3-grpcio python3-protobuf python3-numpy python3-torch python3-pandas", need)
	}
	return python
}

var transports = []plugins.Transport{plugins.Doorbell, plugins.Memory, plugins.Messages}

// hosts are shared by the tests: PyTorch takes seconds to be imported.
var hosts = map[plugins.Transport]*plugins.Host{}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, host := range hosts {
		host.Close()
	}
	os.Exit(code)
}

// launch launches testdata/plugin.py on a host that all tests share.
func launch(tb testing.TB, transport plugins.Transport, serve string) *plugins.Plugin {
	tb.Helper()
	argv := command(tb, serve) // which skips the test where there is no Python
	host := hosts[transport]
	if host == nil {
		var err error
		if host, err = plugins.NewHost(plugins.Options{Transport: transport, StartTimeout: 5 * time.Minute}); err != nil {
			tb.Fatal(err)
		}
		hosts[transport] = host
	}
	p, err := host.Launch(context.Background(), serve, argv...)
	if err != nil {
		tb.Fatal(err)
	}
	if p.Transport() != transport {
		tb.Errorf("%s is reached by %s, want %s", serve, p.Transport(), transport)
	}
	return p
}

// launchAlone launches testdata/plugin.py on a host of its own, with more arguments, which the
// plugin ignores.
func launchAlone(tb testing.TB, options plugins.Options, serve string, more ...string) (*plugins.Plugin, *plugins.Host) {
	tb.Helper()
	argv := append(command(tb, serve), more...)
	host, err := plugins.NewHost(options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { host.Close() })
	p, err := host.Launch(context.Background(), serve, argv...)
	if err != nil {
		tb.Fatal(err)
	}
	return p, host
}

// command is the command line of testdata/plugin.py.
func command(tb testing.TB, serve string) []string {
	tb.Helper()
	var modules []string
	if serve == "torch" || serve == "problems" || serve == "examples" {
		modules = []string{"torch"}
	}
	python := interpreter(tb, modules...)
	script, err := filepath.Abs("testdata/plugin.py")
	if err != nil {
		tb.Fatal(err)
	}
	return []string{python, script, serve}
}

func optimizerOf(tb testing.TB, defs []protocol.OptimizerDef, name string) *protocol.OptimizerDef {
	tb.Helper()
	for i := range defs {
		if defs[i].Name == name {
			return &defs[i]
		}
	}
	tb.Fatalf("there is no optimizer %s", name)
	return nil
}

func problemOf(tb testing.TB, defs []protocol.ProblemDef, name string) *protocol.ProblemDef {
	tb.Helper()
	for i := range defs {
		if defs[i].Name == name {
			return &defs[i]
		}
	}
	tb.Fatalf("there is no problem %s", name)
	return nil
}

// All checks by the fastest transport; TestTransports compares the bits by the others with those.
func TestOptimizersKeepTheContract(t *testing.T) {
	for serve, names := range map[string][]string{
		"numpy": {"momentum", "full-steps", "with-noise"},
		"torch": {"torch-adam", "torch-lbfgs", "averaged", "muon", "sam", "spoiler-of-copies"},
		"optax": {"masked-lion"},
	} {
		p := launch(t, plugins.Doorbell, serve)
		for _, name := range names {
			d := optimizerOf(t, p.Optimizers, name)
			t.Run(name, func(t *testing.T) { report(t, protocoltest.OptimizerChecks(*d)) })
		}
	}
}

// All checks of all problems but cnn-double, which is cnn, and of the examples, which have many
// blocks and take half a minute by bench check; TestTransports has them.
func TestProblemsKeepTheContract(t *testing.T) {
	for _, d := range launch(t, plugins.Doorbell, "problems").Problems {
		if d.Name == "cnn-double" {
			continue
		}
		t.Run(d.Name, func(t *testing.T) { report(t, protocoltest.ProblemChecks(d, protocol.Setting{})) })
	}
}

// Every definition computes the same bits by all transports.
func TestTransports(t *testing.T) {
	for _, serve := range []string{"numpy", "torch", "optax", "problems", "examples"} {
		t.Run(serve, func(t *testing.T) {
			var want map[string]string
			for _, transport := range transports {
				p, got := launch(t, transport, serve), map[string]string{}
				for i := range p.Optimizers {
					if name := p.Optimizers[i].Name; name != "spoiler" { // which is refused
						got[name] = playOptimizer(t, &p.Optimizers[i])
					}
				}
				for i := range p.Problems {
					got[p.Problems[i].Name] = playProblem(t, &p.Problems[i])
				}
				if want == nil {
					want = got
				}
				for name := range want {
					if got[name] != want[name] {
						t.Errorf("%s by %s:\n%s\nby %s:\n%s", name, transport, got[name], transports[0], want[name])
					}
				}
			}
		})
	}
}

// playOptimizer makes some steps, from the middle of which on a second run continues from the saved
// state, and returns all that came out.
func playOptimizer(t *testing.T, def *protocol.OptimizerDef) string {
	t.Helper()
	setting, err := protocol.Resolve(def.Hyperparameters, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	open := func() protocol.Optimizer[float32] {
		o, request, err := def.New32(protocol.Start{
			Setting: setting, Dim: 6, DType: protocol.Float32, BatchSize: 4, Budget: 100, Seed: 3,
			Blocks: []protocol.Block{
				{Name: "w", Len: 4, Shape: []int{2, 2}, Output: 1, Role: protocol.Weight}, {Name: "b", Offset: 4, Len: 2, Role: protocol.Bias},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, request)
		return o
	}
	step := func(o protocol.Optimizer[float32], x []float32, i int) {
		m := &protocol.Measurement[float32]{
			Have: protocol.Gradient | def.Needs, BatchSize: 4, Loss: float64(x[0]), Step: i, Seen: int64(4*i + 4), StepScale: 1 / float64(i+1),
		}
		for j := range x {
			m.Gradient = append(m.Gradient, x[j]*float32(j+1)+float32(math.Sin(float64(7*i+j))))
		}
		if def.Needs.Has(protocol.Variance) {
			m.Variance = []float32{1, 2, 3, 4, 5, 6}
		}
		request, err := o.Step(x, m)
		if err != nil {
			t.Fatal(def.Name, err)
		}
		fmt.Fprintln(&out, request, x)
		if a, ok := o.(protocol.Averager[float32]); ok && def.Averages {
			estimate := make([]float32, len(x))
			a.Estimate(x, estimate)
			fmt.Fprintln(&out, estimate)
		}
	}
	x, o := []float32{1, -2, 3, -4, 5, -6}, open()
	defer o.(io.Closer).Close()
	for i := range 4 {
		step(o, x, i)
	}
	if !def.Saves {
		return out.String()
	}
	state, err := protocol.SaveState(o)
	if err != nil {
		t.Fatal(def.Name, err)
	}
	if err := o.(io.Closer).Close(); err != nil {
		t.Fatal(def.Name, err)
	}
	o = open()
	defer o.(io.Closer).Close() // or the next run gets a process of its own
	if err := protocol.RestoreState(o, state); err != nil {
		t.Fatal(def.Name, err)
	}
	step(o, x, 4)
	return out.String()
}

// playProblem returns what a problem measures and evaluates at a point.
func playProblem(t *testing.T, def *protocol.ProblemDef) string {
	t.Helper()
	spec, err := def.Spec(nil)
	if err != nil {
		t.Fatal(err)
	}
	if spec.DType == protocol.Float64 {
		p, err := def.New64(nil)
		if err != nil {
			t.Fatal(err)
		}
		return play(t, p, spec)
	}
	p, err := def.New32(nil)
	if err != nil {
		t.Fatal(err)
	}
	return play(t, p, spec)
}

func play[T protocol.Float](t *testing.T, p protocol.Problem[T], spec protocol.ProblemSpec) string {
	t.Helper()
	defer p.(io.Closer).Close()
	x, m := make([]T, spec.Dim), &protocol.Measurement[T]{Gradient: make([]T, spec.Dim)}
	want := spec.Measures & (protocol.Gradient | protocol.Variance | protocol.VarianceNorm | protocol.SampledGradient)
	if want.Has(protocol.Variance) {
		m.Variance = make([]T, spec.Dim)
	}
	if want.Has(protocol.SampledGradient) {
		m.SampledGradient = make([]T, spec.Dim)
	}
	if err := p.Init(x, 1); err != nil {
		t.Fatal(err)
	}
	if err := p.Measure(x, protocol.Batch{Examples: []int{3, 0, 5}, Seed: 2, Position: 9}, want, m); err != nil {
		t.Fatal(err)
	}
	e, err := p.Evaluate(x, protocol.ValidationPart)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintln(sha256.Sum256(fmt.Append(nil, x, m.Gradient, m.Variance, m.SampledGradient)), m.Loss, m.VarianceNorm, e)
}

func report(t *testing.T, checks []protocoltest.Check) {
	t.Helper()
	for _, c := range checks {
		if c.Err != nil {
			t.Errorf("%s (%s): %v", c.Name, c.Rule, c.Err)
		}
	}
}

// Vectors that are too large for one message travel in chunks, to the same bits.
func TestLargeVectors(t *testing.T) {
	const dim = 400_001 // 3.2 MB
	run := func(transport plugins.Transport) (seen [][]float64) {
		p, host := launchAlone(t, plugins.Options{Transport: transport}, "wide")
		setting := protocol.Setting{"dim": dim}
		problem, err := p.Problems[0].New64(setting)
		if err != nil {
			t.Fatal(err)
		}
		optimizer, _, err := p.Optimizers[0].New64(protocol.Start{Dim: dim, DType: protocol.Float64, Setting: protocol.Setting{"step_size": 0.1}})
		if err != nil {
			t.Fatal(err)
		}
		mem, free := host.Alloc(4 * dim * 8)
		defer free()
		all := unsafe.Slice((*float64)(unsafe.Pointer(&mem[0])), 4*dim)
		x, out := all[:dim], all[dim:2*dim]
		m := protocol.Measurement[float64]{StepScale: 1, Gradient: all[2*dim : 3*dim], Variance: all[3*dim:]}
		if err := problem.Init(x, 7); err != nil {
			t.Fatal(err)
		}
		batch := protocol.Batch{Examples: make([]int, 200_000)} // 1.6 MB
		for i := range batch.Examples {
			batch.Examples[i] = i
		}
		for range 2 {
			if err := problem.Measure(x, batch, p.Optimizers[0].Needs, &m); err != nil {
				t.Fatal(err)
			}
			if _, err := optimizer.Step(x, &m); err != nil {
				t.Fatal(err)
			}
			optimizer.(protocol.Averager[float64]).Estimate(x, out)
			e, err := problem.Evaluate(x, protocol.TestPart)
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, slices.Clone(x), slices.Clone(out), slices.Clone(m.Gradient), slices.Clone(m.Variance), []float64{e.Loss, e.Metric})
		}
		batch.Seed = 13
		if err := problem.Measure(x, batch, p.Optimizers[0].Needs, &m); err == nil || !strings.Contains(err.Error(), "thirteen is out of stock") {
			t.Errorf("%s: error %v, want that of the problem", transport, err)
		}
		return seen
	}
	if got, want := run(plugins.Messages), run(plugins.Memory); !slices.EqualFunc(got, want, slices.Equal) {
		t.Error("what comes in chunks differs from what lies in memory")
	}
}

// A model that takes statistics over the batch measures no variance, and says so in its spec;
// others do.
func TestProblemsSayWhatTheyMeasure(t *testing.T) {
	p := launch(t, plugins.Doorbell, "problems")
	for name, want := range map[string]protocol.Quantity{
		"cnn":   protocol.Gradient | protocol.Variance | protocol.VarianceNorm | protocol.SampledGradient,
		"norms": protocol.Gradient | protocol.SampledGradient,
		"bare":  protocol.Gradient | protocol.Variance | protocol.VarianceNorm | protocol.SampledGradient,
	} {
		spec, err := problemOf(t, p.Problems, name).Spec(nil)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Measures != want {
			t.Errorf("%s measures %v, want %v", name, spec.Measures, want)
		}
		if name != "cnn" {
			continue
		}
		var roles []protocol.Role
		for _, b := range spec.Blocks {
			roles = append(roles, b.Role)
		}
		wanted := []protocol.Role{
			protocol.Weight, protocol.Bias, protocol.Scale, protocol.Bias, protocol.Scale, protocol.Bias, protocol.OutputLayer, protocol.Bias,
		}
		if fmt.Sprint(roles) != fmt.Sprint(wanted) || fmt.Sprint(spec.Blocks[0].Shape) != "[5 3 3 3]" || len(spec.Data) != 3 {
			t.Errorf("cnn has roles %v, first shape %v and %d data, want %v, [5 3 3 3] and 3", roles, spec.Blocks[0].Shape, len(spec.Data), wanted)
		}
	}
}

// PyTorch's optimizers through the package, and ours in this process, go the same way on the same
// problem, schedule included.
func TestPyTorchsOptimizersAreOurs(t *testing.T) {
	p := launch(t, plugins.Doorbell, "torch")
	adam := protocol.Setting{"step_size": 0.01, "beta1": 0.8, "beta2": 0.95}
	with := func(base protocol.Setting, more protocol.Setting) protocol.Setting {
		s := protocol.Setting{}
		for _, m := range []protocol.Setting{base, more} {
			for k, v := range m {
				s[k] = v
			}
		}
		return s
	}
	for _, c := range []struct {
		ours, theirs  string
		set, theirSet protocol.Setting
		constant      bool // of step size: theirs has it outside of the momentum
	}{
		{"adam", "torch-adam", with(adam, protocol.Setting{"epsilon": 1e-6}), with(adam, protocol.Setting{"eps": 1e-6}), false},
		{"radam", "torch-radam", with(adam, protocol.Setting{"epsilon": 1e-6}), with(adam, protocol.Setting{"eps": 1e-6}), false},
		{"nadam", "torch-nadam", with(adam, protocol.Setting{"epsilon": 1e-6}), with(adam, protocol.Setting{"eps": 1e-6}), false},
		{"adamax", "torch-adamax", with(adam, protocol.Setting{"epsilon": 1e-6}), with(adam, protocol.Setting{"eps": 1e-6}), false},
		{
			"adamw", "torch-adamw", with(adam, protocol.Setting{"epsilon": 1e-6, "weight_decay": 0.001, "decay_all": 1}),
			with(adam, protocol.Setting{"eps": 1e-6, "weight_decay": 0.1}), false,
		},
		{"sgd", "torch-sgd", protocol.Setting{"step_size": 0.3}, protocol.Setting{"step_size": 0.3}, false},
		{
			"heavy-ball", "torch-sgd",
			protocol.Setting{"step_size": 0.3, "beta": 0.8},
			protocol.Setting{"step_size": 0.3, "momentum": 0.8},
			true,
		},
		{
			"nesterov", "torch-sgd",
			protocol.Setting{"step_size": 0.3, "beta": 0.8},
			protocol.Setting{"step_size": 0.3, "momentum": 0.8, "nesterov": 1},
			true,
		},
		{"adagrad", "torch-adagrad", protocol.Setting{"step_size": 0.1, "epsilon": 1e-300}, protocol.Setting{"step_size": 0.1, "eps": 1e-150}, false},
		{
			"rmsprop", "torch-rmsprop",
			protocol.Setting{"step_size": 0.01, "beta": 0.8, "epsilon": 1e-6},
			protocol.Setting{"step_size": 0.01, "alpha": 0.8, "eps": 1e-6},
			false,
		},
		{
			"adadelta", "torch-adadelta",
			protocol.Setting{"step_size": 0.5, "rho": 0.8, "epsilon": 1e-4},
			protocol.Setting{"step_size": 0.5, "rho": 0.8, "eps": 1e-4},
			false,
		},
	} {
		t.Run(c.theirs+"/"+c.ours, func(t *testing.T) {
			ours := follow(t, optimizerOf(t, optimizers.All(), c.ours), c.set, c.constant)
			theirs := follow(t, optimizerOf(t, p.Optimizers, c.theirs), c.theirSet, c.constant)
			closeTo(t, theirs, ours, 1e-11)
		})
	}
}

// follow makes steps on digits-softmax in float64, and returns all points behind each other.
func follow(t *testing.T, def *protocol.OptimizerDef, set protocol.Setting, constant bool) []float64 {
	t.Helper()
	d := problemOf(t, problems.All(), "digits-softmax")
	at, err := protocol.Resolve(d.Parameters, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := d.Spec(at)
	if err != nil {
		t.Fatal(err)
	}
	problem, err := d.New64(at)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, spec.Dim)
	if err := problem.Init(x, 3); err != nil {
		t.Fatal(err)
	}
	next := 0
	return steps(t, def, set, spec.Blocks, x, 40, constant, func(x []float64, m *protocol.Measurement[float64]) {
		examples := make([]int, 8)
		for i := range examples {
			examples[i] = (next + i) % spec.Train
		}
		next += len(examples)
		if err := problem.Measure(x, protocol.Batch{Examples: examples}, protocol.Gradient, m); err != nil {
			t.Fatal(err)
		}
	})
}

// steps makes n steps from x with what measure measures, and returns all points behind each other.
func steps(t *testing.T, def *protocol.OptimizerDef, set protocol.Setting, blocks []protocol.Block, x []float64, n int, constant bool,
	measure func(x []float64, m *protocol.Measurement[float64]),
) (points []float64) {
	t.Helper()
	setting, err := protocol.Resolve(def.Hyperparameters, set)
	if err != nil {
		t.Fatal(err)
	}
	o, request, err := def.New64(protocol.Start{
		Setting: setting, Dim: len(x), DType: protocol.Float64, Blocks: blocks, BatchSize: 8, Train: 1077, Budget: int64(8 * n), Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := o.(io.Closer); ok {
		defer c.Close()
	}
	for i := range n {
		m := &protocol.Measurement[float64]{Gradient: make([]float64, len(x))}
		measure(x, m)
		m.Have, m.BatchSize, m.Step, m.Seen, m.StepScale = protocol.Gradient, 8, i, int64(8*i+8), 1
		if !constant && i >= n/2 {
			m.StepScale = 0.25
		}
		if request, err = o.Step(x, m); err != nil {
			t.Fatal(err)
		}
		if request.Draw == protocol.Again {
			t.Fatalf("step %d asks for a second look", i)
		}
		points = append(points, x...)
	}
	return points
}

func closeTo(t *testing.T, got, want []float64, tolerance float64) {
	t.Helper()
	moved := 0.0
	for i := range want {
		moved = max(moved, math.Abs(want[i]-want[i%(len(want)/40)]))
	}
	if moved == 0 {
		t.Fatal("nothing moved")
	}
	for i := range want {
		if d := math.Abs(got[i] - want[i]); !(d <= tolerance*moved) {
			t.Fatalf("number %d is %.17g, want %.17g: off by %g of the greatest move", i, got[i], want[i], d/moved)
		}
	}
}

// Muon as published, with PyTorch's axes, and ours on blocks that have outputs last go the same
// way.
func TestMuonIsOurs(t *testing.T) {
	p := launch(t, plugins.Doorbell, "torch")
	blocks := []protocol.Block{
		{Name: "embedding", Len: 15, Shape: []int{5, 3}, Output: 1, Role: protocol.Embedding},
		{Name: "wide", Offset: 15, Len: 24, Shape: []int{3, 8}, Output: 1, Role: protocol.Weight},
		{Name: "bias", Offset: 39, Len: 8, Shape: []int{8}, Role: protocol.Bias},
		{Name: "kernel", Offset: 47, Len: 80, Shape: []int{2, 2, 4, 5}, Output: 3, Role: protocol.Weight},
		{Name: "first", Offset: 127, Len: 12, Shape: []int{6, 2}, Role: protocol.Weight},
		{Name: "output", Offset: 139, Len: 10, Shape: []int{5, 2}, Output: 1, Role: protocol.OutputLayer},
	}
	const d = 149
	quadratic := func(x []float64, m *protocol.Measurement[float64]) {
		for j := range x {
			m.Gradient[j] = (1+math.Sin(float64(j)))*x[j] + 0.3*math.Cos(float64(7*j)+float64(3*len(x))*x[j])
		}
	}
	start := func() []float64 {
		x := make([]float64, d)
		for j := range x {
			x[j] = math.Sin(float64(3*j + 1))
		}
		return x
	}
	ours := steps(t, optimizerOf(t, optimizers.All(), "muon"), protocol.Setting{"step_size": 0.02, "adam_step_size": 0.0003, "weight_decay": 0.5},
		blocks, start(), 40, false, quadratic)
	theirs := steps(t, optimizerOf(t, p.Optimizers, "muon"), protocol.Setting{"step_size": 0.02, "adam_factor": 0.015, "weight_decay": 0.5}, blocks,
		start(), 40, false, quadratic)
	closeTo(t, theirs, ours, 1e-9)
}

// A step size of groups may differ by a factor.
func TestGroupsByRole(t *testing.T) {
	p := launch(t, plugins.Doorbell, "torch")
	blocks := []protocol.Block{{Name: "w", Len: 2, Role: protocol.Weight}, {Name: "b", Offset: 2, Len: 2, Role: protocol.Bias}}
	x := steps(t, optimizerOf(t, p.Optimizers, "slow-biases"), protocol.Setting{"step_size": 1}, blocks, []float64{0, 0, 0, 0}, 2, false,
		func(_ []float64, m *protocol.Measurement[float64]) { copy(m.Gradient, []float64{1, 2, 1, 2}) })
	want := []float64{-1, -2, -0.5, -1, -1.25, -2.5, -0.625, -1.25}
	if fmt.Sprint(x) != fmt.Sprint(want) {
		t.Errorf("points are %v, want %v", x, want)
	}
}

// A class that calls its closure twice is charged for the second look; one that changes gradients
// is told what to do.
func TestClosuresAndGradients(t *testing.T) {
	p := launch(t, plugins.Doorbell, "torch")
	o, request, err := optimizerOf(t, p.Optimizers, "sam").New64(protocol.Start{
		Setting: protocol.Setting{"step_size": 0.5, "rho": 1}, Dim: 2, DType: protocol.Float64, BatchSize: 1, Budget: 100,
	})
	if err != nil || request != (protocol.Request{}) {
		t.Fatal(request, err)
	}
	x := []float64{1, 1}
	tell := func(g ...float64) protocol.Request {
		r, err := o.Step(x, &protocol.Measurement[float64]{Have: protocol.Gradient, BatchSize: 1, Gradient: g, StepScale: 1})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := tell(3, 4); r != (protocol.Request{Draw: protocol.Again, Trial: true}) || math.Abs(x[0]-1.6) > 1e-9 || math.Abs(x[1]-1.8) > 1e-9 {
		t.Errorf("after the first look the request is %+v at %v, want a second look at a trial point [1.6 1.8]", r, x)
	}
	if r := tell(1, 2); r != (protocol.Request{}) || math.Abs(x[0]-0.5) > 1e-9 || math.Abs(x[1]) > 1e-9 {
		t.Errorf("after the second look the request is %+v at %v, want a new batch at [0.5 0]", r, x)
	}
	tell(3, 4) // and close it in the middle of a step
	if err := o.(io.Closer).Close(); err != nil {
		t.Error(err)
	}

	spoiler, _, err := optimizerOf(t, p.Optimizers, "spoiler").New64(protocol.Start{
		Setting: protocol.Setting{"step_size": 0.5}, Dim: 2, DType: protocol.Float64, BatchSize: 1, Budget: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer spoiler.(io.Closer).Close()
	_, err = spoiler.Step(x, &protocol.Measurement[float64]{Have: protocol.Gradient, BatchSize: 1, Gradient: []float64{1, 1}, StepScale: 1})
	if err == nil || !strings.Contains(err.Error(), "copies=True") {
		t.Errorf("an optimizer that changes gradients: %v, want an error that says copies=True", err)
	}
}

// What breaks in Python is a fault that says what and where, and the next run is as if nothing had
// happened.
func TestFaults(t *testing.T) {
	for _, transport := range transports {
		mark := fmt.Sprintf("test-%d-%s", os.Getpid(), transport)
		p, host := launchAlone(t, plugins.Options{Transport: transport}, "broken", mark)
		for _, c := range []struct {
			name string
			want []string // in the fault's text; nil: no fault
		}{
			{"constructor", []string{"RuntimeError: no run can begin", "plugin.py:", "in __init__"}},
			{"constructor-exits", []string{"SystemExit: no run can begin", "plugin.py:"}},
			{"raises", []string{"Step", "KeyError: 'nothing is here'", "plugin.py:", "in deeper", "in step"}},
			{"sys-exit", []string{"Step", "SystemExit: 3", "plugin.py:", "in step"}},
			{"os-exit", []string{"Step", "exit status 3", "the last words"}},
			{"killed", []string{"Step", "signal: killed"}},
			{"wrong-length", []string{"Step", "shape (4,) into shape (3,)", "in step"}},
			{"wrong-batch-size", []string{"Step", "-1"}},
			{"wrong-answer", []string{"Step", "'as many as before'", "want a Request"}},
			{"wrong-reports", []string{"Step", "2 reports came back, want 1"}},
			{"wrong-estimate", []string{"Estimate", "shape (4,) into shape (3,)", "in estimate"}},
			{"wrong-state", []string{"TypeError"}},
			{"nan", nil},
			{"prints", nil},
			{"threads", nil},
		} {
			t.Run(fmt.Sprintf("%s/%s", c.name, transport), func(t *testing.T) {
				x, err := run(t, optimizerOf(t, p.Optimizers, c.name), 6, nil)
				switch {
				case c.want == nil && err != nil:
					t.Errorf("the error is %v, want none", err)
				case c.want != nil && err == nil:
					t.Error("there is no error")
				case c.name == "nan" && !math.IsNaN(x[0]):
					t.Errorf("x is %v, want NaN at first", x)
				}
				for _, want := range c.want {
					if err != nil && !strings.Contains(err.Error(), want) {
						t.Errorf("the error is %q, want %q in it", err, want)
					}
				}
			})
		}
		host.Close()
		if out, err := exec.Command("pgrep", "-f", mark).Output(); err == nil {
			t.Errorf("processes are left: %s", out)
		}
	}
}

// A run that hangs is ended, and named.
func TestHangs(t *testing.T) {
	for _, transport := range transports {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			p, _ := launchAlone(t, plugins.Options{Transport: transport, CallTimeout: 2 * time.Second}, "broken")
			_, err := run(t, optimizerOf(t, p.Optimizers, "hangs"), 6, nil)
			var fault *protocol.Fault
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), "did not answer within 2s") {
				t.Errorf("the error is %v, want a fault that says that it did not answer", err)
			}
		})
	}
}

// run makes n steps on a small quadratic.
func run(t *testing.T, def *protocol.OptimizerDef, n int, before func(int)) (x []float64, err error) {
	t.Helper()
	setting, err := protocol.Resolve(def.Hyperparameters, nil)
	if err != nil {
		t.Fatal(err)
	}
	x = []float64{1, -2, 3}
	o, _, err := def.New64(protocol.Start{Setting: setting, Dim: 3, DType: protocol.Float64, BatchSize: 1, Budget: 100})
	if err != nil {
		return x, err
	}
	defer o.(io.Closer).Close()
	for i := range n {
		if before != nil {
			before(i)
		}
		m := &protocol.Measurement[float64]{
			Have: protocol.Gradient | def.Needs, BatchSize: 1, Gradient: append([]float64(nil), x...), Step: i, StepScale: 1,
		}
		if def.Needs.Has(protocol.Variance) {
			m.Variance = []float64{1, 1, 1}
		}
		if _, err := o.Step(x, m); err != nil {
			return x, err
		}
		if a, ok := o.(protocol.Averager[float64]); ok && def.Averages {
			a.Estimate(x, make([]float64, len(x))) // whose error comes with the next step
		}
	}
	if def.Saves {
		_, err = protocol.SaveState(o)
	}
	return x, err
}

// As many processes as there are runs at a time, each with its device, and the same bits.
func TestOneRunAProcess(t *testing.T) {
	mark := fmt.Sprintf("test-%d-devices", os.Getpid())
	p, _ := launchAlone(t, plugins.Options{Devices: []string{"4", "7"}}, "numpy", mark)
	def := optimizerOf(t, p.Optimizers, "momentum")
	alone, err := run(t, def, 50, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var together sync.WaitGroup
	together.Add(3)
	for range 3 {
		all.Go(func() {
			x, err := run(t, def, 50, func(i int) {
				if i == 0 {
					together.Done()
					together.Wait() // all three are open now
				}
			})
			if err != nil || fmt.Sprint(x) != fmt.Sprint(alone) {
				t.Errorf("beside others a run ends at %v, %v, want %v", x, err, alone)
			}
		})
	}
	all.Wait()
	out, err := exec.Command("sh", "-c", `for p in $(pgrep -f "^[^ ]*python[^ ]* [^ ]*plugin.py numpy `+mark+`"); do tr '\0' '\n' </proc/$p/environ | grep NOISEBENCH_DEVICE; done | sort`).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "NOISEBENCH_DEVICE=4\nNOISEBENCH_DEVICE=4\nNOISEBENCH_DEVICE=7\n"; string(out) != want {
		t.Errorf("the processes have\n%s\nwant\n%s", out, want)
	}
}
