package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A results folder that vanishes in the middle of a plan is an error at its end, however few runs
// were in it.
func TestLostResults(t *testing.T) {
	if testing.Short() {
		t.Skip("it launches processes")
	}
	bench, err := exec.LookPath("bench")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plan, results := filepath.Join(dir, "lost.yaml"), filepath.Join(dir, "results")
	text := "name: lost\nproblems: [{problem: noisy-quadratic, with: {dim: 10}, budget: 12800}]\noptimizers: [m-sgd, cabs]\n"
	if err := os.WriteFile(plan, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bench, "run", plan, "--results", results)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		runs, _ := filepath.Glob(filepath.Join(results, "runs", "*", "*.jsonl.zst"))
		if len(runs) > 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no run was saved")
		}
	}
	if err := os.Rename(results, filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	// A run that is being saved at that moment may notice first.
	if err := <-ended; err == nil ||
		!strings.Contains(said.String(), "no longer in "+results) && !strings.Contains(said.String(), "cannot save run") {
		t.Errorf("bench ended with %v and said:\n%s", err, &said)
	}
}
