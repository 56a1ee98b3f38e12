//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"noisebench/internal/text"
)

const killedPlan = `
name: killed
problems:
  - {problem: noisy-quadratic, with: {dim: 10}, budget: 1600}
  - {problem: beale, budget: 12800}
optimizers: [m-sgd, cabs]
tuning: {runs: 6}
replicates: 5
evaluations: 4
`

// TestKilled interrupts a plan over and over, at random moments, and wants the same records in the
// end as without an interruption, none of them made twice, and nothing left behind (R8).
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it launches many processes")
	}
	bench, err := exec.LookPath("bench")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plan := filepath.Join(dir, "killed.yaml")
	if err := os.WriteFile(plan, []byte(killedPlan), 0o644); err != nil {
		t.Fatal(err)
	}
	command := func(results string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command(bench, "run", plan, "--isolate", "--results", results)
		said := new(bytes.Buffer)
		cmd.Stderr = said
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C in a terminal goes to the whole group
		return cmd, said
	}
	undisturbed := filepath.Join(dir, "undisturbed")
	if cmd, said := command(undisturbed); cmd.Run() != nil {
		t.Fatalf("the undisturbed run failed: %s", said)
	}
	want := outcomes(t, undisturbed)

	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)
			results := filepath.Join(t.TempDir(), "results")
			made := map[string]os.FileInfo{}
			interruptions := 0
			for len(made) < len(want) {
				cmd, said := command(results)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				exited := make(chan error, 1)
				go func() { exited <- cmd.Wait() }()
				// A moment some runs and some fraction of a run from here.
				goal := len(made) + rand.IntN(12)
				var err error
				for done := false; !done && len(files(t, results)) < goal; {
					select {
					case err = <-exited:
						exited <- err
						done = true
					case <-time.After(time.Millisecond):
					}
				}
				time.Sleep(rand.N(30 * time.Millisecond))
				target := cmd.Process.Pid
				if signal == syscall.SIGINT {
					target = -target
				}
				_ = syscall.Kill(target, signal) // it may have ended by itself
				if err = <-exited; err != nil {
					interruptions++
					if state := err.(*exec.ExitError); signal == syscall.SIGINT {
						output := said.String()
						early := state.Sys().(syscall.WaitStatus).Signaled() // before bench could listen
						want := "bench: interrupted"
						if strings.Contains(output, "to go\n") { // runs had begun
							want += fmt.Sprintf(": %s safe in %s; the same command goes on", text.CountIs(len(files(t, results)), "finished run"), results)
						}
						if !early && (state.ExitCode() != exitInterrupted || !strings.HasPrefix(lastLine(output), want)) {
							t.Fatalf("interrupted bench exits with %v and says:\n%s", state, output)
						}
					}
				}
				now := files(t, results)
				for name, before := range made {
					if after, ok := now[name]; !ok || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
						t.Fatalf("run %s was there before, and was made again", name)
					}
				}
				made = now
				eventually(t, "processes are left behind", func() string { return benchProcesses(t, bench) })
				eventually(t, "files are left behind", func() string {
					left, err := filepath.Glob(filepath.Join(tmp, "*"))
					if err != nil {
						t.Fatal(err)
					}
					return strings.Join(left, " ")
				})
			}
			if interruptions == 0 {
				t.Fatal("the plan was never interrupted")
			}
			if cmd, said := command(results); cmd.Run() != nil {
				t.Fatalf("the last run failed: %s", said)
			}
			if err := same(want, outcomes(t, results)); err != nil {
				t.Error(err)
			}
			t.Logf("%d runs, interrupted %d times", len(made), interruptions)
		})
	}
}

func lastLine(text string) string {
	text = strings.TrimSuffix(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// files lists the finished runs in a results folder by name.
func files(t *testing.T, results string) map[string]os.FileInfo {
	paths, err := filepath.Glob(filepath.Join(results, "runs", "*", "*.jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]os.FileInfo{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = info
	}
	return all
}

// benchProcesses lists the processes of an executable, on Linux.
func benchProcesses(t *testing.T, executable string) string {
	if runtime.GOOS != "linux" {
		return ""
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range commands {
		line, _ := os.ReadFile(path) // it may have ended meanwhile
		if bytes.HasPrefix(line, []byte(executable+"\x00")) {
			found = append(found, path+": "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return strings.Join(found, "\n")
}

// eventually waits for what is left to become nothing; the death of a parent takes a moment to
// reach its children, and a batch system acts when it comes to it. On a busy machine that may take
// long.
func eventually(t *testing.T, what string, left func() string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		text := left()
		if text == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s", what, text)
		}
	}
}
