package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An optimizer that bench lacks, from a module of its own: built, found by its name, checked, tuned
// and ranked next to the built-in ones.
func TestOutsideOptimizer(t *testing.T) {
	bench, err := exec.LookPath("bench") // the test binary, as TestMain set it up
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(in, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = in
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	place := filepath.Join(dir, ".noisebench", "plugins")
	if err := os.MkdirAll(place, 0o755); err != nil {
		t.Fatal(err)
	}
	example, err := filepath.Abs("../../examples/qhm")
	if err != nil {
		t.Fatal(err)
	}
	run(example, "go", "build", "-o", filepath.Join(place, "noisebench-qhm"), ".")

	if out := run(dir, bench, "check", filepath.Join(place, "noisebench-qhm")); strings.Contains(out, "FAILED") {
		t.Errorf("bench check:\n%s", out)
	}
	if out := run(dir, bench, "list", "plugins"); !strings.Contains(out, "noisebench-qhm") {
		t.Errorf("bench list plugins does not find it:\n%s", out)
	}
	plan := `
name: qhm
problems: [{problem: digits-softmax, budget: 2154}]
optimizers: [qhm, cabs, m-svag]
replicates: 3
evaluations: 4
`
	if err := os.WriteFile(filepath.Join(dir, "qhm.yaml"), []byte(plan), 0o644); err != nil {
		t.Fatal(err)
	}
	out := run(dir, bench, "run", "qhm.yaml", "--format", "csv")
	for _, optimizer := range []string{"qhm", "cabs", "m-svag"} {
		// … rank, optimizer, setting …
		if !regexp.MustCompile(`(?m)^qhm,true,2,digits-softmax,.*,[123],` + optimizer + `,step_size=`).MatchString(out) {
			t.Errorf("the table does not rank %s with a tuned step size:\n%s", optimizer, out)
		}
	}
	if out := run(dir, bench, "run", "qhm.yaml"); !strings.Contains(out, "0 runs made") {
		t.Errorf("the second run makes runs again:\n%s", out)
	}
}
