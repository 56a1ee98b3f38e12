package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"noisebench/plugins"
	"noisebench/protocol"
)

// rude is text that acts on a terminal: it colours, sets the title, clears, reverses and rings.
const rude = "\x1b[31mRUDE\x1b]0;title\a\x1b[2J\u202e\u2066\r\x00\u009b5n\xff"

// ruffian is an optimizer whose every text is rude, and that fails rudely on the problem beale.
func ruffian() protocol.OptimizerDef {
	d := demoOptimizer("ruffian")
	clean := strings.ToValidUTF8(rude, "") // as messages demand
	d.Version, d.Doc, d.Source = "1"+clean, clean+"\n\n"+clean, clean
	d.Hyperparameters[0].Doc = clean
	d.Reports = []string{clean}
	d.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		fmt.Println(rude)
		fmt.Fprintln(os.Stderr, rude)
		return reporting{stepFunc(func(x []float64, m *protocol.Measurement[float64]) error {
			if s.Dim == 2 {
				return errors.New(rude)
			}
			for i, g := range m.Gradient {
				x[i] -= s.Setting[protocol.StepSize] * m.StepScale * g
			}
			return nil
		})}, protocol.Request{}, nil
	}
	return d
}

type reporting struct{ stepFunc }

func (reporting) Report(values []float64) { values[0] = 1 }

// rudeExit prints rudely in place of a handshake.
func rudeExit() {
	fmt.Println(rude)
	fmt.Fprintln(os.Stderr, rude)
	os.Exit(3)
}

// No command passes on what a stranger's text would do to a terminal, whatever way it comes: from a
// plugin, its output and its errors, from records, or from a bundle.
func TestRudeStrangers(t *testing.T) {
	if testing.Short() {
		t.Skip("a dozen commands")
	}
	dir := t.TempDir()
	plan := `
name: rude
problems: [{problem: noisy-quadratic, budget: 200}, {problem: beale, budget: 200}]
optimizers: [{optimizer: ruffian, sweep: {step_size: [0.01]}}, {optimizer: sgd, set: {step_size: 0.01}}]
replicates: 2
evaluations: 2
trace: 10
plugins: [ruffian]
`
	if err := os.WriteFile(filepath.Join(dir, "rude.yaml"), []byte(plan), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ruffian", "rude-exit"} {
		path, err := exec.LookPath(name) // the test binary, as TestMain set it up
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	all := ""
	for _, line := range []string{
		"list optimizers --plugin ./ruffian", "list problems --plugin ./rude-exit", "show ./ruffian:ruffian", "check ./rude-exit",
		"run rude.yaml -v", "table rude.yaml", "table rude.yaml --format csv", "show RUN", "export rude.yaml --to csv --out tables",
		"publish rude.yaml --incomplete --out rude.noisebench.tar.zst --title Rude --author A --licence CC0-1.0",
		"verify rude.noisebench.tar.zst --rerun 0", "import rude.noisebench.tar.zst -o other", "run rude.yaml --plugin ./rude-exit",
	} {
		args := strings.Fields(line)
		if args[len(args)-1] == "RUN" {
			runs, err := filepath.Glob(filepath.Join(dir, "noisebench-results", "runs", "*", "*.jsonl.zst"))
			if err != nil || len(runs) == 0 {
				t.Fatalf("there is no run (%v):\n%s", err, all)
			}
			args[len(args)-1] = filepath.Base(runs[0])[:12]
		}
		cmd := exec.Command("bench", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if len(out) == 0 {
			t.Errorf("bench %s says nothing (%v)", line, err)
		}
		for _, r := range string(out) {
			if r != '\n' && r != '\t' && r != '\u00a0' && r != '\u202f' && !strconv.IsPrint(r) || r == '\ufffd' {
				t.Errorf("bench %s prints %U:\n%q", line, r, out)
				break
			}
		}
		all += string(out)
		for _, jargon := range []string{"rpc error", "desc =", "code ="} {
			if strings.Contains(string(out), jargon) && !strings.Contains(line, "-v") { // which shows the logs of libraries
				t.Errorf("bench %s speaks of %q:\n%s", line, jargon, out)
			}
		}
	}
	if n := strings.Count(all, "RUDE"); n < 10 {
		t.Errorf("rude texts came only %d times; want them to be shown, cleaned:\n%s", n, all)
	}
}

func serveRuffian() { plugins.Serve(ruffian()) }
