package python

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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

// launch launches testdata/plugin.py.
func launch(tb testing.TB, options plugins.Options, serve string) *plugins.Plugin {
	tb.Helper()
	p, _ := launchOn(tb, options, serve)
	return p
}

// launchOn is launch, and the host.
func launchOn(tb testing.TB, options plugins.Options, serve string) (*plugins.Plugin, *plugins.Host) {
	tb.Helper()
	var modules []string
	if serve == "torch" || serve == "problems" {
		modules = []string{"torch"}
	}
	python := interpreter(tb, modules...)
	host, err := plugins.NewHost(options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { host.Close() })
	script, err := filepath.Abs("testdata/plugin.py")
	if err != nil {
		tb.Fatal(err)
	}
	p, err := host.Launch(context.Background(), serve, python, script, serve)
	if err != nil {
		tb.Fatal(err)
	}
	return p, host
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

var transports = []plugins.Transport{plugins.Doorbell, plugins.Memory, plugins.Messages}

func TestOptimizersKeepTheContract(t *testing.T) {
	for i, transport := range transports {
		for _, serve := range []string{"numpy", "torch"} {
			p := launch(t, plugins.Options{Transport: transport}, serve)
			if p.Transport() != transport {
				t.Errorf("%s is reached by %s, want %s", serve, p.Transport(), transport)
			}
			for j, name := range map[string][]string{
				"numpy": {"momentum", "full-steps", "with-noise"},
				"torch": {"torch-adam", "torch-lbfgs", "averaged", "muon", "sam", "spoiler-of-copies"},
			}[serve] {
				if (i+j)%len(transports) == 0 { // each by one, since what they differ in is not how they are reached
					d := optimizerOf(t, p.Optimizers, name)
					t.Run(fmt.Sprintf("%s/%s", name, transport), func(t *testing.T) { report(t, protocoltest.OptimizerChecks(*d)) })
				}
			}
		}
	}
}

func TestProblemsKeepTheContract(t *testing.T) {
	for i, transport := range transports {
		p := launch(t, plugins.Options{Transport: transport}, "problems")
		for j, d := range p.Problems {
			if (i+j)%len(transports) == 0 {
				t.Run(fmt.Sprintf("%s/%s", d.Name, transport), func(t *testing.T) {
					report(t, protocoltest.ProblemChecks(d, protocol.Setting{}))
				})
			}
		}
	}
}

func report(t *testing.T, checks []protocoltest.Check) {
	t.Helper()
	for _, c := range checks {
		if c.Err != nil {
			t.Errorf("%s (%s): %v", c.Name, c.Rule, c.Err)
		}
	}
}

// A model that takes statistics over the batch measures no variance, and says so in its spec; others do.
func TestProblemsSayWhatTheyMeasure(t *testing.T) {
	p := launch(t, plugins.Options{}, "problems")
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

// PyTorch's optimizers through the package, and ours in this process, go the same way on the same problem, schedule included.
func TestPyTorchsOptimizersAreOurs(t *testing.T) {
	p := launch(t, plugins.Options{}, "torch")
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

// Muon as published, with PyTorch's axes, and ours on blocks that have outputs last go the same way.
func TestMuonIsOurs(t *testing.T) {
	p := launch(t, plugins.Options{}, "torch")
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
	ours := steps(t, optimizerOf(t, optimizers.All(), "muon"), protocol.Setting{"step_size": 0.02, "adam_step_size": 0.0003}, blocks,
		start(), 40, false, quadratic)
	theirs := steps(t, optimizerOf(t, p.Optimizers, "muon"), protocol.Setting{"step_size": 0.02, "adam_factor": 0.015}, blocks, start(), 40,
		false, quadratic)
	closeTo(t, theirs, ours, 1e-9)
}

// A step size of groups may differ by a factor.
func TestGroupsByRole(t *testing.T) {
	p := launch(t, plugins.Options{}, "torch")
	blocks := []protocol.Block{{Name: "w", Len: 2, Role: protocol.Weight}, {Name: "b", Offset: 2, Len: 2, Role: protocol.Bias}}
	x := steps(t, optimizerOf(t, p.Optimizers, "slow-biases"), protocol.Setting{"step_size": 1}, blocks, []float64{0, 0, 0, 0}, 2, false,
		func(_ []float64, m *protocol.Measurement[float64]) { copy(m.Gradient, []float64{1, 2, 1, 2}) })
	want := []float64{-1, -2, -0.5, -1, -1.25, -2.5, -0.625, -1.25}
	if fmt.Sprint(x) != fmt.Sprint(want) {
		t.Errorf("points are %v, want %v", x, want)
	}
}

// A class that calls its closure twice is charged for the second look; one that changes gradients is told what to do.
func TestClosuresAndGradients(t *testing.T) {
	p := launch(t, plugins.Options{}, "torch")
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

// What breaks in Python is a fault that says what and where, and the next run finds a new process.
func TestFaults(t *testing.T) {
	for _, transport := range transports {
		p := launch(t, plugins.Options{Transport: transport}, "broken")
		for _, c := range []struct {
			name string
			want []string // in the fault's text; nil: no fault
		}{
			{"raises", []string{"Step", "KeyError: 'nothing is here'", "plugin.py:", "in deeper", "in step"}},
			{"exits", []string{"Step", "exit status 3", "the last words"}},
			{"nan", nil},
			{"prints", nil},
		} {
			t.Run(fmt.Sprintf("%s/%s", c.name, transport), func(t *testing.T) {
				x, err := run(t, optimizerOf(t, p.Optimizers, c.name), 6, nil)
				if c.want == nil && err != nil {
					t.Errorf("the fault is %v, want none", err)
				}
				if c.name == "nan" && !math.IsNaN(x[0]) {
					t.Errorf("x is %v, want NaN at first", x)
				}
				faulty(t, err, c.want...)
			})
		}
		t.Run(fmt.Sprintf("hangs/%s", transport), func(t *testing.T) {
			t.Parallel() // it waits; and only here are calls limited to few seconds, which a busy machine needs for others
			p := launch(t, plugins.Options{Transport: transport, CallTimeout: 5 * time.Second}, "broken")
			_, err := run(t, optimizerOf(t, p.Optimizers, "hangs"), 6, nil)
			faulty(t, err, "Step", "did not answer within 5s")
		})
	}
}

// faulty wants an error to be a fault with these parts in its text; none: anything.
func faulty(t *testing.T, err error, parts ...string) {
	t.Helper()
	if fault := (*protocol.Fault)(nil); len(parts) > 0 && !errors.As(err, &fault) {
		t.Fatalf("the error is %v, want a fault", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the fault is %q, want %q in it", err, part)
		}
	}
}

// A process that is killed in the middle of a run costs that run.
func TestKilled(t *testing.T) {
	p := launch(t, plugins.Options{}, "numpy")
	def := optimizerOf(t, p.Optimizers, "momentum")
	want, err := run(t, def, 6, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = run(t, def, 6, func(i int) {
		if i == 3 {
			out, err := exec.Command("pgrep", "-f", processes(t)).Output()
			if err != nil {
				t.Fatal(err)
			}
			var pid int
			if _, err := fmt.Sscan(string(out), &pid); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	})
	if err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("the error is %v, want that the process was killed", err)
	}
	if got, err := run(t, def, 6, nil); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("afterwards a run ends at %v, %v, want %v", got, err, want)
	}
}

// processes matches the command lines of the processes that serve "numpy" from this folder.
func processes(t *testing.T) string {
	t.Helper()
	script, err := filepath.Abs("testdata/plugin.py")
	if err != nil {
		t.Fatal(err)
	}
	return "^[^ ]*python[^ ]* " + regexp.QuoteMeta(script) + " numpy"
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
	}
	return x, nil
}

// As many processes as there are runs at a time, each with its device, and the same bits.
func TestOneRunAProcess(t *testing.T) {
	p := launch(t, plugins.Options{Devices: []string{"4", "7"}}, "numpy")
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
	out, err := exec.Command("sh", "-c", `for p in $(pgrep -f "$1"); do tr '\0' '\n' </proc/$p/environ | grep NOISEBENCH_DEVICE; done | sort`, "sh", processes(t)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "NOISEBENCH_DEVICE=4\nNOISEBENCH_DEVICE=4\nNOISEBENCH_DEVICE=7\n"; string(out) != want {
		t.Errorf("the processes have\n%s\nwant\n%s", out, want)
	}
}
