package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"noisebench/harness"
	"noisebench/plugins/optimizers"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/results"
)

// builtIn are bench's own definitions.
type builtIn struct{}

func (builtIn) Problem(name string) (protocol.ProblemDef, error) {
	all := problems.All()
	return all[slices.IndexFunc(all, func(d protocol.ProblemDef) bool { return d.Name == name })], nil
}

func (builtIn) Optimizer(name string) (protocol.OptimizerDef, error) {
	all := optimizers.All()
	d := all[slices.IndexFunc(all, func(d protocol.OptimizerDef) bool { return d.Name == name })]
	if os.Getenv(otherVariable) != "" {
		d.Version = "0" // as an older bench had it
	}
	return d, nil
}

// The test binary is the worker if this variable names its behaviour.
const (
	workerVariable = "NOISEBENCH_TEST_WORKER"
	otherVariable  = "NOISEBENCH_TEST_OTHER"
)

func TestMain(m *testing.M) {
	behaviour := os.Getenv(workerVariable)
	switch behaviour {
	case "":
		os.Exit(m.Run())
	case "silent":
		os.Exit(3)
	case "greets":
		fmt.Println("Welcome to node 7!")
	}
	err := Serve(context.Background(), os.Stdin, os.Stdout, func(_ context.Context, o Opening) (*Workplace, error) {
		if behaviour == "refuses" {
			return nil, errors.New("no such plugin: my-plugin")
		}
		c, err := harness.NewCampaign(o.Plan, builtIn{})
		if err != nil {
			return nil, err
		}
		if behaviour == "crashes" {
			go func() {
				time.Sleep(30 * time.Millisecond)
				fmt.Fprintln(os.Stderr, "out of luck")
				os.Exit(4)
			}()
		}
		return &Workplace{Campaign: c, Host: results.Host{Machine: "elsewhere"}, Every: time.Millisecond, Close: func() {}}, nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func plan() protocol.Plan {
	return protocol.Plan{
		Name:       "test",
		Problems:   []protocol.ProblemEntry{{Problem: "rosenbrock", Budget: 20000}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "adam"}, {Optimizer: "heavy-ball"}},
	}.WithDefaults()
}

// prefix starts this test binary as a worker; what follows it in the command is a comment.
func prefix(behaviour string) string {
	return fmt.Sprintf("env %s=%s '%s' #", workerVariable, behaviour, os.Args[0])
}

// execute executes the plan by workers with these behaviours, and returns what it said.
func execute(t *testing.T, store harness.Store, prefixes ...string) ([]results.Cell, []string, error) {
	t.Helper()
	c, err := harness.NewCampaign(plan(), builtIn{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var notes []string
	note := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		notes = append(notes, text)
	}
	pool := NewPool(prefixes, nil, Opening{Protocol: protocol.Version, Plan: plan()}, note)
	defer pool.Close()
	cells, err := c.Execute(t.Context(), harness.Options{Store: store, Parallel: pool.Size(), Maker: pool, Note: note})
	return cells, notes, err
}

func open(t *testing.T) *results.Store {
	t.Helper()
	store, err := results.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestWorkersMakeTheSameRecords(t *testing.T) {
	c, err := harness.NewCampaign(plan(), builtIn{})
	if err != nil {
		t.Fatal(err)
	}
	here := open(t)
	if _, err := c.Execute(t.Context(), harness.Options{Store: here, Parallel: 1}); err != nil {
		t.Fatal(err)
	}
	for name, prefixes := range map[string][]string{
		"two":            {prefix("works"), prefix("greets")},
		"one crashes":    {prefix("works"), prefix("crashes")},
		"one is silent":  {prefix("works"), prefix("silent")},
		"one refuses":    {prefix("works"), prefix("refuses")},
		"no such shell":  {prefix("works"), "/nowhere/bench #"},
		"one is another": {prefix("works"), "env " + otherVariable + "=1 " + prefix("works")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there := open(t)
			_, notes, err := execute(t, there, prefixes...)
			if err != nil {
				t.Fatal(err)
			}
			if got := contents(t, there); !cmp.Equal(got, contents(t, here)) {
				t.Error("the records differ from those made here")
			}
			want := map[string]string{
				"two": "", "one crashes": "out of luck", "one is silent": "it is given up", "one refuses": "no such plugin: my-plugin",
				"no such shell": "not found", "one is another": "version of the optimizer is 0 here",
			}[name]
			if text := strings.Join(notes, "\n"); !strings.Contains(text, want) || want == "" && text != "" {
				t.Errorf("notes are %q, want %q", text, want)
			}
		})
	}
}

// contents are the deterministic lines of all records, by ID.
func contents(t *testing.T, s *results.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for r, err := range s.Records() {
		if err != nil {
			t.Fatal(err)
		}
		data, err := results.ReadRecord(s.Path(r.Run.ID()))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(data), "\n")
		if !strings.Contains(lines[len(lines)-2], `"host"`) {
			t.Fatalf("the last line of a record is %q, want the host", lines[len(lines)-2])
		}
		all[r.Run.ID()] = strings.Join(lines[:len(lines)-2], "")
	}
	return all
}

func TestNoWorkerIsLeft(t *testing.T) {
	_, notes, err := execute(t, open(t), prefix("silent"), prefix("refuses"))
	if err == nil || !strings.Contains(err.Error(), "no worker is left") {
		t.Errorf("error %v, want that no worker is left", err)
	}
	if len(notes) < 2 {
		t.Errorf("notes are %q, want one for each worker", notes)
	}
}

// A plan that is interrupted resumes the runs of its workers to the same bits.
func TestInterruptedWorkersResume(t *testing.T) {
	long := plan()
	long.Problems[0].Budget = 300_000
	long.Optimizers = []protocol.OptimizerEntry{{Optimizer: "adam", Set: protocol.Setting{"step_size": 0.01}}}
	c, err := harness.NewCampaign(long, builtIn{})
	if err != nil {
		t.Fatal(err)
	}
	here, there := open(t), open(t)
	if _, err := c.Execute(t.Context(), harness.Options{Store: here, Parallel: 1}); err != nil {
		t.Fatal(err)
	}
	kept := &counting{Store: there}
	interruptions := 0
	for err := context.Canceled; err != nil; {
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if interruptions++; interruptions <= 3 { // however slow the machine is, each time it got somewhere
			kept.after, kept.enough = 20, cancel
		}
		pool := NewPool([]string{prefix("works")}, nil, Opening{Protocol: protocol.Version, Plan: long}, func(text string) { t.Error(text) })
		_, err = c.Execute(ctx, harness.Options{
			Store: there, Parallel: 1, Maker: pool, Checkpoints: kept, Note: func(text string) { t.Error(text) },
		})
		cancel()
		pool.Close()
	}
	if !cmp.Equal(contents(t, there), contents(t, here)) {
		t.Error("the records differ from those of a plan that was not interrupted")
	}
	if kept.resumed == 0 {
		t.Error("no run was resumed: the test shows nothing")
	}
	if files, _ := filepath.Glob(filepath.Join(there.Dir(), "checkpoints", "*")); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// counting counts the checkpoints that are loaded, and calls enough when so many are saved.
type counting struct {
	*results.Store
	resumed int
	after   int
	enough  func()
}

func (c *counting) SaveCheckpoint(id string, data []byte) error {
	if c.after--; c.after == 0 {
		c.enough()
	}
	return c.Store.SaveCheckpoint(id, data)
}

func (c *counting) LoadCheckpoint(id string) ([]byte, error) {
	data, err := c.Store.LoadCheckpoint(id)
	if data != nil {
		c.resumed++
	}
	return data, err
}

func TestServeRefuses(t *testing.T) {
	for input, want := range map[string]string{
		"":                                "",
		"hello\n":                         "want a message",
		`{"run":{}}` + "\n":               "opens no plan",
		`{"open":{"protocol":99}}` + "\n": "version 99 of the contract",
	} {
		var out strings.Builder
		err := Serve(t.Context(), strings.NewReader(input), &out, func(context.Context, Opening) (*Workplace, error) {
			return nil, errors.New("nothing should be opened")
		})
		if input == "" {
			if err != nil {
				t.Errorf("error %v at the end of the input, want none", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", input, err, want)
		}
	}
}
