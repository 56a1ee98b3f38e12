package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/rogpeppe/go-internal/testscript"

	"noisebench/plugins"
	"noisebench/protocol"
	"noisebench/results"
)

func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // else each bench of a race-detecting test ends a second late
	testscript.Main(m, map[string]func(){
		"bench": main,
		// Plugins of third parties. Scripts find the first on $PATH; the others they link to where
		// they want them.
		"noisebench-demo": func() { plugins.Serve(demoOptimizer("demo")) },
		"twins":           func() { plugins.Serve(demoOptimizer("twin-a"), demoOptimizer("twin-b")) },
		"imitator":        func() { plugins.Serve(demoOptimizer("sgd")) },
		"forgetful":       func() { plugins.Serve(forgetful()) },
		"sluggish":        func() { plugins.Serve(sluggish()) },
		"modest":          func() { plugins.Serve(modest()) },
		"crasher":         func() { plugins.Serve(crasher()) },
		"ruffian":         serveRuffian,
		"rude-exit":       rudeExit,
		"importer":        func() { plugins.Serve(importer("imported"), importer("neighbour")) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"records": records,
			"damage":  damage,
			"forge":   forge,
			"unpack":  unpack,
			"narrow":  narrow,
		},
	})
}

// exits runs a command and wants this exit status: exits STATUS COMMAND ARGS…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARGS...")
	}
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	if exit, ok := err.(*exec.ExitError); ok {
		status = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || status != want {
		ts.Fatalf("exit status is %d, want %s", status, args[0])
	}
}

// records wants a results folder to hold a number of runs, or two folders to hold the same runs
// with the same bytes, the last line of each file aside: records DIR NUMBER, records DIR DIR.
func records(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: records DIR NUMBER|DIR")
	}
	a := outcomes(ts, ts.MkAbs(args[0]))
	if n, err := strconv.Atoi(args[1]); err == nil {
		if len(a) != n {
			ts.Fatalf("%s holds %d runs, want %d", args[0], len(a), n)
		}
		return
	}
	if err := same(a, outcomes(ts, ts.MkAbs(args[1]))); err != nil {
		ts.Fatalf("%v", err)
	}
}

// narrow wants no line of a file to have more than this number of characters: narrow COLUMNS FILE
func narrow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: narrow COLUMNS FILE")
	}
	columns, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("%v", err)
	}
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		line = strings.TrimRight(line, "\r\n")
		if n := twwidth.Width(line); n > columns {
			ts.Fatalf("%d characters, want at most %d: %s", n, columns, line)
		}
	}
}

// damage cuts the last hundred bytes off one of the replicates in a results folder: damage DIR
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage DIR")
	}
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "runs", "*", "*.jsonl.zst"))
	if err != nil || len(files) == 0 {
		ts.Fatalf("%s holds no runs", args[0])
	}
	for _, file := range files {
		text, err := results.ReadRecord(file)
		ts.Check(err)
		if bytes.Contains(text, []byte(`"seed":0,`)) {
			packed, err := os.ReadFile(file)
			ts.Check(err)
			ts.Check(os.WriteFile(file, packed[:len(packed)-100], 0o644))
			return
		}
	}
	ts.Fatalf("%s holds no replicate", args[0])
}

// outcomes reads the records in a folder without their last lines, by file name.
func outcomes(t interface{ Fatalf(string, ...any) }, dir string) map[string][]byte {
	all := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(dir, "runs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".jsonl.zst") {
			return err
		}
		text, err := results.ReadRecord(path)
		if err != nil {
			return err
		}
		text = bytes.TrimSuffix(text, []byte("\n"))
		all[filepath.Base(path)] = text[:bytes.LastIndexByte(text, '\n')+1]
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return all
}

// same returns an error that names the first difference between two sets of outcomes.
func same(a, b map[string][]byte) error {
	if len(a) != len(b) || len(a) == 0 {
		return fmt.Errorf("there are %d and %d runs, want the same number, above 0", len(a), len(b))
	}
	for name, text := range a {
		if other, ok := b[name]; !ok {
			return fmt.Errorf("run %s is in the first folder alone", name)
		} else if !bytes.Equal(text, other) {
			return fmt.Errorf("run %s differs:\n%s\n%s", name, text, other)
		}
	}
	return nil
}

// demoOptimizer is gradient descent under another name.
func demoOptimizer(name string) protocol.OptimizerDef {
	return protocol.OptimizerDef{
		Name: name, Version: "1", Doc: "gradient descent, for tests", Source: "Robbins & Monro 1951",
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		Needs:           protocol.Gradient,
		New32:           newDemo[float32], New64: newDemo[float64],
	}
}

type demo[T protocol.Float] struct{ α T }

func newDemo[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return &demo[T]{T(s.Setting[protocol.StepSize])}, protocol.Request{}, nil
}

func (o *demo[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		x[i] -= o.α * T(m.StepScale) * g
	}
	return protocol.Request{}, nil
}

// sluggish is an optimizer whose steps take a second in 17 dimensions, and do not end in 18.
func sluggish() protocol.OptimizerDef {
	d := demoOptimizer("sluggish")
	d.New32 = nil
	d.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		return stepFunc(func([]float64, *protocol.Measurement[float64]) error {
			switch s.Dim {
			case 17:
				time.Sleep(time.Second)
			case 18:
				time.Sleep(time.Hour)
			}
			return nil
		}), protocol.Request{}, nil
	}
	return d
}

// forgetful is an optimizer that breaks R2: runs share their state.
func forgetful() protocol.OptimizerDef {
	d := demoOptimizer("forgetful")
	d.New32 = nil
	steps := 0.0
	d.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		return stepFunc(func(x []float64, m *protocol.Measurement[float64]) error {
			steps++
			for i, g := range m.Gradient {
				x[i] -= s.Setting[protocol.StepSize] / math.Sqrt(steps) * g
			}
			return nil
		}), protocol.Request{}, nil
	}
	return d
}

// crasher is an optimizer whose process ends in the middle of a run.
func crasher() protocol.OptimizerDef {
	d := demoOptimizer("crasher")
	d.New32 = nil
	d.New64 = func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		return stepFunc(func(_ []float64, m *protocol.Measurement[float64]) error {
			if m.Step == 3 {
				os.Exit(7)
			}
			return nil
		}), protocol.Request{}, nil
	}
	return d
}

type stepFunc func(x []float64, m *protocol.Measurement[float64]) error

func (f stepFunc) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	return protocol.Request{}, f(x, m)
}

// modest is a problem that measures no variance.
func modest() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name: "modest", Version: "1", Doc: "a parabola, for tests", Source: "none",
		Spec: func(protocol.Setting) (protocol.ProblemSpec, error) {
			return protocol.ProblemSpec{
				Dim: 1, DType: protocol.Float64, Train: 4, Measures: protocol.Gradient,
				Metric: protocol.Metric{Name: "loss"}, BatchSize: 2, Budget: 100,
			}, nil
		},
		New64: func(protocol.Setting) (protocol.Problem[float64], error) { return parabola{}, nil },
	}
}

type parabola struct{}

func (parabola) Init(x []float64, _ uint64) error {
	x[0] = 1
	return nil
}

func (parabola) Measure(x []float64, b protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	m.Loss, m.Gradient[0], m.Have, m.BatchSize = x[0]*x[0], 2*x[0], want, len(b.Examples)
	return nil
}

func (parabola) Evaluate(x []float64, _ protocol.Part) (protocol.Evaluation, error) {
	return protocol.Evaluation{Loss: x[0] * x[0], Metric: x[0] * x[0]}, nil
}

// importer is an optimizer that behaves like one in a script language: what it computes is in files
// that it reads from $NOISEBENCH_TEST_MODULE. sign is the sign of its step, digest-NAME its digest,
// library a version in its environment; if threads is there, its bits depend on the number of
// threads.
func importer(name string) protocol.OptimizerDef {
	read := func(file string) string {
		text, _ := os.ReadFile(filepath.Join(os.Getenv("NOISEBENCH_TEST_MODULE"), file)) // absent: empty
		return strings.TrimSpace(string(text))
	}
	def := demoOptimizer(name)
	def.Digest = read("digest-" + name)
	if library := read("library"); library != "" {
		def.Environment = map[string]string{"library": library}
	}
	factor := -1.0
	if read("sign") == "-" {
		factor = 1
	}
	if read("threads") != "" {
		n, _ := strconv.Atoi(os.Getenv(plugins.ThreadsVariable))
		factor -= 1e-9 * float64(n)
	}
	def.New32 = nil
	def.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		return stepper(factor * s.Setting[protocol.StepSize]), protocol.Request{}, nil
	}
	return def
}

type stepper float64

func (α stepper) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		x[i] += float64(α) * m.StepScale * g
	}
	return protocol.Request{}, nil
}
