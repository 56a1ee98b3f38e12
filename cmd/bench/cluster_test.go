//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"noisebench/harness/slurm/slurmtest"
	"noisebench/results/claim"
)

// sharedPlan has 60 runs of some tenths of a second.
const sharedPlan = `
name: shared
problems:
  - {problem: beale, budget: 50000}
  - {problem: rosenbrock, budget: 50000}
optimizers:
  - {optimizer: adam, set: {step_size: 0.01}}
  - {optimizer: sgd, set: {step_size: 0.001}}
  - {optimizer: heavy-ball, set: {step_size: 0.0001}}
replicates: 10
`

// place is a folder with a plan, in which bench is called.
type place struct {
	t     *testing.T
	bench string
	dir   string
}

func newPlace(t *testing.T, plan string) *place {
	t.Helper()
	bench, err := exec.LookPath("bench")
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t, bench, t.TempDir()}
	if err := os.WriteFile(filepath.Join(p.dir, "plan.yaml"), []byte(plan), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

// call calls bench and returns its exit status and what it printed.
func (p *place) call(args ...string) (status int, stdout, stderr string) {
	p.t.Helper()
	cmd := exec.Command(p.bench, args...)
	var out, errOut strings.Builder
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &out, &errOut
	if err := cmd.Run(); cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

// must calls bench, which has to succeed, and returns what it printed.
func (p *place) must(args ...string) string {
	p.t.Helper()
	status, stdout, stderr := p.call(args...)
	if status != 0 {
		p.t.Fatalf("bench %s exits with %d:\n%s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

func (p *place) outcomes(results string) map[string][]byte {
	return outcomes(p.t, filepath.Join(p.dir, results))
}

// count is how many records a results folder has, if it is there.
func (p *place) count(results string) int {
	files, err := filepath.Glob(filepath.Join(p.dir, results, "runs", "*", "*"))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(files)
}

// nothingLeft fails the test if claims or checkpoints are left in a results folder.
func (p *place) nothingLeft(results string) {
	p.t.Helper()
	for _, name := range []string{"claims", "checkpoints"} {
		if files, err := filepath.Glob(filepath.Join(p.dir, results, name, "*")); err != nil || len(files) > 0 {
			p.t.Errorf("left behind: %v, %v", files, err)
		}
	}
}

// Two Slurm nodes make what one machine makes, a node that dies loses nothing, and status and
// cancel tell and do what they should.
func TestSlurm(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	cluster := slurmtest.Start(t)
	p := newPlace(t, sharedPlan)
	p.must("run", "plan.yaml", "-o", "one")
	want := p.outcomes("one")

	text := p.must("submit", "plan.yaml", "--nodes", "2", "--time", "10:00", "-o", "two", "--", "--cpus-per-task=2")
	if !strings.HasPrefix(text, "submitted job ") {
		t.Fatalf("submit says:\n%s", text)
	}
	eventually(t, "no run was made by a job", func() string { return unless(p.count("two") > 0, "nothing is there") })
	status := p.must("status", "plan.yaml", "-o", "two")
	for _, part := range []string{"adam", "beale", "of 1 task", "job "} {
		if !strings.Contains(status, part) {
			t.Errorf("status says nothing of %q:\n%s", part, status)
		}
	}
	p.wait("two")
	if err := same(want, p.outcomes("two")); err != nil {
		t.Errorf("a Slurm node made other records: %v", err)
	}
	p.nothingLeft("two")
	if _, _, stderr := p.call("cancel", "plan.yaml", "-o", "two"); !strings.Contains(stderr, "is waiting or running") {
		t.Errorf("cancel says %q, want that no job is left", stderr)
	}

	// Two tasks that need a whole node each; one node dies. By its forecast the plan needs one.
	p.must("submit", "plan.yaml", "--time", "10:00", "-o", "three", "--", "--cpus-per-task=2", "--array=0-1")
	eventually(t, "no two tasks work", func() string {
		claims, err := claim.List(filepath.Join(p.dir, "three"))
		jobs := map[string]bool{}
		for _, c := range claims {
			jobs[c.Owner.Job] = true
		}
		return unless(err == nil && len(jobs) == 2, "fewer than two tasks have claims")
	})
	cluster.KillNode("n2")
	before := p.count("three")
	p.wait("three")
	if err := same(want, p.outcomes("three")); err != nil {
		t.Errorf("a node died, and the records differ: %v", err)
	}
	if before == len(want) {
		t.Log("all runs were made before the node died")
	}
	if again := p.must("run", "plan.yaml", "-o", "three"); again == "" {
		t.Error("no table")
	}
	p.nothingLeft("three")

	// A job that is cancelled saves what it is doing.
	p.must("submit", "plan.yaml", "--time", "10:00", "-o", "four")
	eventually(t, "no task works", func() string {
		claims, err := claim.List(filepath.Join(p.dir, "four"))
		return unless(err == nil && len(claims) > 0, "there are no claims")
	})
	if text := p.must("cancel", "plan.yaml", "-o", "four"); !strings.HasPrefix(text, "cancelled job ") {
		t.Errorf("cancel says %q", text)
	}
	p.wait("four")
	p.must("run", "plan.yaml", "-o", "four") // resumes
	if err := same(want, p.outcomes("four")); err != nil {
		t.Errorf("a job was cancelled, and the records differ: %v", err)
	}
	p.nothingLeft("four")

	// Workers by srun, without a shared folder.
	p.must("run", "plan.yaml", "-o", "five", "--launch", "srun --exact -n1 -c1", "--launch", "sh -c")
	if err := same(want, p.outcomes("five")); err != nil {
		t.Errorf("workers made other records: %v", err)
	}
	if status, _, stderr := p.call("submit", "plan.yaml", "--", "--partition=none"); status != 1 || !strings.Contains(stderr, "partition") {
		t.Errorf("submit to an unknown partition exits with %d and says %q", status, stderr)
	}
}

// wait waits until no job of the plan is in the queue.
func (p *place) wait(results string) {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		status := p.must("status", "plan.yaml", "-o", results)
		if !strings.Contains(status, "running") && !strings.Contains(status, "pending") {
			return // a job on a dead node is completing until the node is back
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the jobs do not end:\n%s", status)
		}
	}
}

func unless(ok bool, text string) string {
	if ok {
		return ""
	}
	return text
}

// Several bench on one folder make each run once.
func TestTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("it launches many processes")
	}
	p := newPlace(t, sharedPlan)
	p.must("run", "plan.yaml", "-o", "one")
	made := make(chan string)
	for range 3 {
		go func() {
			_, _, stderr := p.call("run", "plan.yaml", "-o", "many", "-j", "1")
			made <- stderr
		}()
	}
	sum, parts := 0, []int{}
	for range 3 {
		var n, found int
		text := lastLine(<-made)
		number, rest, _ := strings.Cut(text, " run")
		if _, err := fmt.Sscan(number, &n); err != nil {
			t.Fatalf("bench says %q, want how many runs it made", text)
		}
		if _, err := fmt.Sscan(rest[strings.LastIndex(rest, ", ")+2:], &found); err != nil || n+found != 60 {
			t.Errorf("bench says %q, want 60 runs", text)
		}
		sum += n
		parts = append(parts, n)
	}
	if sum != 60 {
		t.Errorf("%v runs were made, want 60 together", parts)
	}
	if slices.Min(parts) < 5 {
		t.Errorf("%v runs were made, want a share for each", parts)
	}
	if err := same(p.outcomes("one"), p.outcomes("many")); err != nil {
		t.Error(err)
	}
	p.nothingLeft("many")
}

// A long run that is stopped resumes where it was.
func TestStopAfter(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a long run")
	}
	p := newPlace(t, `
name: long
problems: [{problem: noisy-quadratic, with: {dim: 1000}, budget: 150000}]
optimizers: [{optimizer: adam, batch_size: 64, set: {step_size: 0.01}}]
replicates: 1
`)
	started := time.Now()
	p.must("run", "plan.yaml", "-o", "whole")
	after := (time.Since(started) / 3).Round(10 * time.Millisecond)
	stops, resumed := 0, false
	for ; ; after += (after / 4).Round(10 * time.Millisecond) { // if the machine becomes slower, it still gets on
		status, _, stderr := p.call("run", "plan.yaml", "-o", "parts", "--stop-after", after.String())
		if status == 0 {
			break
		}
		want := fmt.Sprintf("bench: stopped after %v: 0 finished runs are safe in parts; the same command goes on", after)
		if status != exitInterrupted || !strings.HasPrefix(lastLine(stderr), want) {
			t.Fatalf("bench exits with %d and says:\n%s\nwant %s", status, stderr, want)
		}
		files, err := filepath.Glob(filepath.Join(p.dir, "parts", "checkpoints", "*"))
		if err != nil {
			t.Fatal(err)
		}
		resumed = resumed || len(files) == 1
		if stops++; stops > 100 {
			t.Fatal("the run makes no progress")
		}
	}
	if err := same(p.outcomes("whole"), p.outcomes("parts")); err != nil {
		t.Error(err)
	}
	p.nothingLeft("parts")
	if !resumed {
		t.Skip("the run was too short on this machine to be stopped")
	}
}

// A worker launches plugins with the flags of the bench that started it.
func TestWorkerHasPluginFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("it launches processes")
	}
	plugin, err := exec.LookPath("sluggish")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t, "{name: slow, problems: [{problem: noisy-quadratic, with: {dim: 17}, budget: 800}], "+
		"optimizers: [{optimizer: sluggish, set: {step_size: 0.1}}], replicates: 1}")
	status, _, stderr := p.call("run", "plan.yaml", "--launch", "sh -c", "--plugin", plugin, "--call-timeout", "250ms")
	if status != exitError || !strings.Contains(stderr, "250ms") {
		t.Errorf("bench exits with %d, want that a worker killed the plugin after 250ms:\n%s", status, stderr)
	}
}
