package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"noisebench/results"
)

// pythonHere returns an environment in which python3 has the package noisebench and what it needs,
// or skips the test.
func pythonHere(t *testing.T) (env []string) {
	t.Helper()
	source, err := filepath.Abs("../../plugins/python")
	if err != nil {
		t.Fatal(err)
	}
	const need = "import grpc, google.protobuf, numpy, torch, pandas"
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(python)
		if err != nil || exec.Command(path, "-c", need).Run() != nil {
			continue
		}
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "python3"), []byte("#!/bin/sh\nexec "+path+" \"$@\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "PYTHONPATH="+source, "VIRTUAL_ENV=")
	}
	t.Skip("no python3 for " + need + "; with Debian: apt-get install python3-grpcio python3-protobuf python3-torch python3-pandas")
	return nil
}

// What bench new writes passes its own test and bench check as it is, and its plan ranks it.
func TestNew(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds modules and starts Python")
	}
	bench, err := exec.LookPath("bench") // the test binary, as TestMain set it up
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ kind, lang string }{{"optimizer", "python"}, {"problem", "python"}, {"optimizer", "go"}, {"problem", "go"}} {
		t.Run(c.kind+"/"+c.lang, func(t *testing.T) {
			env := os.Environ()
			if c.lang == "python" {
				env = pythonHere(t)
			}
			dir := t.TempDir()
			run := func(name string, args ...string) string {
				t.Helper()
				cmd := exec.Command(name, args...)
				cmd.Dir, cmd.Env = dir, env
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
				}
				return string(out)
			}
			run(bench, "new", c.kind, "my-thing", "--lang", c.lang, "--source", source)
			dir = filepath.Join(dir, "my-thing")
			if c.lang == "go" {
				run("go", "vet", ".")
				run("go", "test", ".")
				run("go", "build", "-o", "noisebench-my-thing", ".")
			} else {
				run("sh", "-c", "python3 -m unittest")
			}
			if out := run(bench, "check", "./noisebench-my-thing"); strings.Contains(out, "FAILED") || !strings.Contains(out, c.kind+" my-thing") {
				t.Errorf("bench check:\n%s", out)
			}
			plan, err := os.ReadFile(filepath.Join(dir, "plan.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			quick := strings.ReplaceAll(string(plan), "replicates: 5", "replicates: 2\nevaluations: 3")
			quick = regexp.MustCompile(`budget: \d+`).ReplaceAllString(quick, "budget: 960")
			if err := os.WriteFile(filepath.Join(dir, "plan.yaml"), []byte(quick), 0o644); err != nil {
				t.Fatal(err)
			}
			out := run(bench, "run", "plan.yaml", "--format", "csv")
			if !strings.Contains(out, "my-thing") || strings.Contains(out, "failed") {
				t.Errorf("the plan does not rank it:\n%s", out)
			}
		})
	}
}

// Optimizers of Python modules by their names, one next to ours; the same bits with one and with
// four runs at a time; and their records read by the package.
func TestPythonEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("TestOutsideOptimizer runs a plugin side by side, too, and starts no Python")
	}
	bench, err := exec.LookPath("bench")
	if err != nil {
		t.Fatal(err)
	}
	env, dir := pythonHere(t), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	write("own.py", `
def plain(x, g, state, step_size=0.1):
    """SGD on numpy arrays."""
    x -= x.dtype.type(step_size) * g


import noisebench
import numpy

A = numpy.random.default_rng(1).standard_normal((400, 5))


class Squares(noisebench.Problem):
    """Half of the mean of (a_i x - 1)^2: least squares on numpy arrays, with noise that is keyed by the place in the stream."""

    def init(self, x, seed):
        x[:] = noisebench.derive(seed, "init") % 7

    def measure(self, x, examples, seed, position, want, out):
        a = A[examples] + [0.1 * (noisebench.derive(seed, "noise", position + i) % 2) for i in range(len(examples))][0]
        out.loss, out.gradient[:] = ((a @ x - 1) ** 2).mean() / 2, a.T @ (a @ x - 1) / len(a)

    def evaluate(self, x, part):
        a = A[:300] if part == "train" else A[300:350] if part == "validation" else A[350:]
        return (((a @ x - 1) ** 2).mean() / 2,) * 2


SPEC = noisebench.Spec(dim=5, dtype="float64", train=300, validation=50, test=50, batch_size=10, budget=600)
squares = noisebench.ProblemDef("squares", lambda _: SPEC, lambda _: Squares(), dtypes=["float64"], doc=Squares.__doc__, source="a test")
`)
	write("plan.yaml", `
name: mixed
problems: [{problem: digits-softmax, budget: 1077}, "python:own:squares"]
optimizers: [adam, "python:torch.optim:Adam", {optimizer: "python:own:plain", name: plain}, sgd]
tuning: {runs: 2, tie_seeds: -1}
replicates: 2
evaluations: 2
one_shot: false
`)
	run(bench, "run", "plan.yaml", "-j", "1", "-o", "one")
	run(bench, "run", "plan.yaml", "-j", "4", "-o", "four")
	records := func(folder string) map[string]string {
		found := map[string]string{}
		files, _ := filepath.Glob(filepath.Join(dir, folder, "runs", "*", "*.jsonl.zst"))
		for _, file := range files {
			text, err := results.ReadRecord(file)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.Base(file)] = string(text[:strings.LastIndex(string(text), "{\"host\"")])
		}
		return found
	}
	one, four := records("one"), records("four")
	if len(one) < 20 || len(one) != len(four) {
		t.Errorf("%d and %d records, want as many, and some", len(one), len(four))
	}
	for name, text := range one {
		if four[name] != text {
			t.Errorf("record %s differs between one run at a time and four", name)
		}
	}
	write("load.py", `
import noisebench
t = noisebench.load("one", "mixed")
best = t.runs[(t.runs.purpose == "replicate") & (t.runs.problem == "digits-softmax")].groupby("optimizer").score.mean()
print("equal", abs(best["adam"] - best["torch-adam"]) < 1e-12, abs(best["sgd"] - best["plain"]) < 1e-12)
print("counts", len(t.runs) == t.runs.run.nunique(), t.points.run.nunique() == len(t.runs), len(t.traces) > 0)
r = noisebench.rank("plan.yaml", "one", bench="`+bench+`")
print("ranked", sorted(r.optimizer.unique()) == sorted(t.runs.optimizer.unique()), len(noisebench.load("one").runs) == len(t.runs))
`)
	if out := run("sh", "-c", "python3 load.py"); strings.Contains(out, "False") || strings.Count(out, "True") != 7 {
		t.Errorf("reading the records:\n%s", out)
	}
	for reference, want := range map[string]string{
		"python:torch.optim:Nothing": "module torch.optim has no Nothing",
		"python:nowhere:X":           "No module named 'nowhere'",
	} {
		cmd := exec.Command(bench, "check", reference)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("bench check %s: %v, %s, want %q", reference, err, out, want)
		}
	}
}

// Whatever optimizers in Python do, each failure is named beside its entry, and what others
// finished is kept.
func TestHostilePython(t *testing.T) {
	bench, err := exec.LookPath("bench")
	if err != nil {
		t.Fatal(err)
	}
	testdata, err := filepath.Abs("../../plugins/python/testdata")
	if err != nil {
		t.Fatal(err)
	}
	env, dir := pythonHere(t), t.TempDir()
	failures := []struct{ name, want string }{
		{"constructor", "RuntimeError: no run can begin"},
		{"raises", "KeyError: 'nothing is here'"},
		{"sys-exit", "SystemExit: 3"},
		{"os-exit", "the process ended: exit status 3"},
		{"killed", "the process ended: signal: killed"},
		{"wrong-length", "could not broadcast input array"},
	}
	optimizers := "sgd, ./hostile.py:threads, ./hostile.py:prints, ./hostile.py:nan"
	for _, f := range failures {
		optimizers += ", ./hostile.py:" + f.name
	}
	for name, text := range map[string]string{
		"hostile.py": "#!/usr/bin/env python3\nimport sys\nsys.path.insert(0, " + strconv.Quote(testdata) + ")\n" +
			"import plugin\nplugin.noisebench.serve(*map(plugin.broken, plugin.BREAKS))\n",
		"plan.yaml": "name: hostile\nproblems: [{problem: digits-softmax, budget: 320}]\noptimizers: [" + optimizers + "]\n" +
			"tuning: {runs: 1, tie_seeds: -1}\nreplicates: 1\nevaluations: 1\none_shot: false\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(bench, "run", "plan.yaml", "-o", "results", "-j", "2")
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("bench run: %v, want exit status 1", err)
	}
	for _, f := range failures {
		if !regexp.MustCompile(`note: ` + f.name + `: 1 run failed: .*` + regexp.QuoteMeta(f.want)).Match(out) {
			t.Errorf("there is no note that %s failed with %q", f.name, f.want)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "results", "runs", "*", "*.jsonl.zst"))
	if want := 2 * 4; err != nil || len(files) != want { // a tuning run and a replicate of each that does not fail
		t.Errorf("%d records are left, %v, want %d", len(files), err, want)
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
