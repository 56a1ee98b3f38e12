package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"noisebench/plugins"
	"noisebench/plugins/conformance"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

// Under the name "served", the test binary is a plugin that serves branin and careless, an
// optimizer whose bits depend on the number of threads.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "served" {
		plugins.Serve(careless(), branin())
		return
	}
	os.Exit(m.Run())
}

func sgd() protocol.OptimizerDef {
	all := optimizers.All()
	return all[slices.IndexFunc(all, func(d protocol.OptimizerDef) bool { return d.Name == "sgd" })]
}

func branin() protocol.ProblemDef {
	all := problems.All()
	return all[slices.IndexFunc(all, func(d protocol.ProblemDef) bool { return d.Name == "branin" })]
}

func careless() protocol.OptimizerDef {
	d := sgd()
	d.Name, d.Saves, d.New32 = "careless", false, nil
	d.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		threads, err := strconv.Atoi(os.Getenv(plugins.ThreadsVariable))
		if err != nil {
			threads = 1
		}
		return biased(s.Setting[protocol.StepSize] + 1e-9*float64(threads)), protocol.Request{}, nil
	}
	return d
}

type biased float64

func (α biased) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	for i, g := range m.Gradient {
		x[i] -= float64(α) * m.StepScale * g
	}
	return protocol.Request{}, nil
}

// run runs a suite on the plugin, and returns a line for each definition that was checked, with the
// number of failed checks.
func run(ctx context.Context, t *testing.T, s conformance.Suite) (lines []string, launched, failed int, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "served")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	s.Plugin = path
	s.Launched = func(*plugins.Plugin) { launched++ }
	s.Checked = func(d conformance.Definition, checks []protocoltest.Check) {
		n := 0
		for _, c := range checks {
			if c.Err != nil {
				n++
				t.Logf("%s %s: %s: %v", d.Kind, d.Name, c.Name, c.Err)
			}
		}
		how := string(d.Transport)
		if how == "" {
			how = "threads"
		}
		lines = append(lines, fmt.Sprintf("%s %s, %s: %d", d.Kind, d.Name, how, n))
	}
	failed, err = s.Run(ctx)
	return lines, launched, failed, err
}

// All that a plugin serves is checked over both transports and with several numbers of threads,
// which finds an optimizer whose bits depend on them.
func TestRun(t *testing.T) {
	lines, launched, failed, err := run(t.Context(), t, conformance.Suite{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, how := range []string{string(plugins.Doorbell), string(plugins.Messages)} {
		want = append(want, "optimizer careless, "+how+": 0", "problem branin, "+how+": 0")
	}
	want = append(want, "optimizer careless, threads: 1", "problem branin, threads: 0")
	if !slices.Equal(lines, want) || launched != 2 || failed != 1 {
		t.Errorf("%d launches, %d failed checks:\n%s\nwant 2, 1 and\n%s", launched, failed,
			strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestRunFails(t *testing.T) {
	if _, _, _, err := run(t.Context(), t, conformance.Suite{Name: "brann"}); err == nil || !strings.Contains(err.Error(), "branin") {
		t.Errorf("error %v, want that brann is unknown and branin is near", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := run(ctx, t, conformance.Suite{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

// One definition of a plugin is checked over both transports, and with several numbers of threads.
func ExampleSuite_Run() {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	plugin := filepath.Join(dir, "served") // by which TestMain knows that it is the plugin
	if err := os.Symlink(self, plugin); err != nil {
		panic(err)
	}
	suite := conformance.Suite{
		Plugin: plugin, Name: "branin",
		Checked: func(d conformance.Definition, checks []protocoltest.Check) {
			fmt.Println(d.Kind, d.Name, d.Transport, len(checks) > 0)
		},
	}
	failed, err := suite.Run(context.Background())
	fmt.Println(failed, err)
	// Output:
	// problem branin doorbell true
	// problem branin messages true
	// problem branin  true
	// 0 <nil>
}
