//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals interrupts bench while a step takes long: the first signal stops it after the step, a
// second one at once, and each says what is safe.
func TestSignals(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for slow steps")
	}
	plugin, err := exec.LookPath("sluggish")
	if err != nil {
		t.Fatal(err)
	}
	// Under nohup, hang-ups are ignored, and children would ignore them too unless this process
	// listens.
	listens := make(chan os.Signal, 1)
	signal.Notify(listens, syscall.SIGHUP)
	defer signal.Stop(listens)
	const stopping = "bench: interrupted; stopping after the running steps; finished runs are safe"
	for _, c := range []struct {
		name    string
		dim     int // by which steps take a second, or do not end
		signals []syscall.Signal
		last    string
	}{
		{"Ctrl-C", 17, []syscall.Signal{syscall.SIGINT}, "bench: interrupted: 0 finished runs are safe in "},
		{"hang-up", 17, []syscall.Signal{syscall.SIGHUP}, "bench: interrupted: 0 finished runs are safe in "},
		{"Ctrl-C twice", 18, []syscall.Signal{syscall.SIGINT, syscall.SIGINT}, "bench: ended at once; finished runs are safe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			plan := filepath.Join(dir, "slow.yaml")
			text := fmt.Sprintf("{name: slow, problems: [{problem: noisy-quadratic, with: {dim: %d}, budget: 800}], "+
				"optimizers: [sluggish], replicates: 2}", c.dim)
			if err := os.WriteFile(plan, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			said, err := os.Create(filepath.Join(dir, "stderr"))
			if err != nil {
				t.Fatal(err)
			}
			defer said.Close()
			read := func() string {
				text, err := os.ReadFile(said.Name())
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
			waitFor := func(text string) {
				t.Helper()
				eventually(t, "bench does not say "+text, func() string {
					if now := read(); !strings.Contains(now, text) {
						return "it says:\n" + now
					}
					return ""
				})
			}
			cmd := exec.Command("bench", "run", plan, "--plugin", plugin, "-o", filepath.Join(dir, "results"))
			cmd.Stderr = said
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer time.AfterFunc(5*time.Minute, func() { _ = cmd.Process.Kill() }).Stop() // so that a failure ends
			waitFor(" to go\n")
			time.Sleep(200 * time.Millisecond) // a step has begun
			for i, s := range c.signals {
				if i > 0 {
					waitFor(stopping)
				}
				if err := syscall.Kill(-cmd.Process.Pid, s); err != nil {
					t.Fatal(err)
				}
			}
			err = cmd.Wait()
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitInterrupted {
				t.Errorf("bench ends with %v, want status %d", err, exitInterrupted)
			}
			if last := lastLine(read()); !strings.HasPrefix(last, c.last) {
				t.Errorf("bench ends with the message %q, want %q", last, c.last)
			}
			if !strings.Contains(read(), stopping) {
				t.Errorf("bench does not say that it is stopping:\n%s", read())
			}
		})
	}
}
