//go:build linux

package main

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"noisebench/harness/slurm/slurmtest"
)

var (
	killsHere  = flag.Int("kills", 1, "how many processes TestKills kills on this machine")
	killsNodes = flag.Int("kills-nodes", 0, "how many processes, and nodes, TestKills kills on two Slurm nodes")
)

// killsPlan has runs of milliseconds and some of about a second, which are saved when bench is told
// to stop.
const killsPlan = `
name: kills
problems:
  - {problem: beale, budget: 6400}
  - {problem: noisy-quadratic, with: {dim: 300}, budget: 200000}
optimizers:
  - {optimizer: adam, batch_size: 32, set: {step_size: 0.01}}
  - {optimizer: cabs}
tuning: {runs: 4}
replicates: 5
`

// TestKills ends processes of bench at random moments: harnesses, workers, plugins and their
// supervisors, by SIGKILL and SIGTERM, and whole nodes. In the end the records are those of an
// undisturbed run, bit by bit; none was lost, none that was finished was made again, and nothing is
// left behind (R8). Many kills take long:
//
//	go test ./cmd/bench -run TestKills -v -timeout 10h -kills 1000 -kills-nodes 1000
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("it launches many processes")
	}
	p := newPlace(t, killsPlan)
	began := time.Now()
	p.must("run", "plan.yaml", "-o", "undisturbed")
	k := &killer{place: p, most: time.Since(began), want: p.outcomes("undisturbed")}
	k.until(*killsHere, "here", func(results string) {
		ways := [][][]string{
			{{"-j", "2"}},
			{{"-j", "2", "--isolate"}},
			{{"-j", "1"}, {"-j", "2"}}, // two harnesses on one folder
			{{"--launch", "sh -c", "--launch", "sh -c"}},
		}
		var running []*exec.Cmd
		for _, args := range ways[rand.IntN(len(ways))] {
			cmd := exec.Command(p.bench, append([]string{"run", "plan.yaml", "-o", results}, args...)...)
			cmd.Dir = p.dir
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running = append(running, cmd)
		}
		k.strikeUntil(func() { _ = running[0].Wait() })
		for _, cmd := range running[1:] {
			k.strikeUntil(func() { _ = cmd.Wait() })
		}
	})
	if *killsNodes == 0 {
		return
	}
	cluster := slurmtest.Start(t)
	k.until(*killsNodes, "nodes", func(results string) {
		p.must("submit", "plan.yaml", "--time", "10:00", "-o", results, "--", "--cpus-per-task=2", "--array=0-1")
		if rand.IntN(4) == 0 {
			node := []string{"n1", "n2"}[rand.IntN(2)]
			time.Sleep(rand.N(k.most))
			cluster.KillNode(node)
			k.kills++
			defer cluster.StartNode(node)
		}
		k.strikeUntil(func() { p.wait(results) })
	})
}

// killer kills processes of bench.
type killer struct {
	*place
	most  time.Duration // that an undisturbed run takes
	want  map[string][]byte
	kills int
}

// until has results folders filled by start, which is called until a plan is done, until so many
// processes were killed.
func (k *killer) until(kills int, where string, start func(results string)) {
	k.t.Helper()
	plans := 0
	for k.kills = 0; k.kills < kills; plans++ {
		results := fmt.Sprintf("%s-%d", where, plans)
		made := map[string]os.FileInfo{}
		for len(made) < len(k.want) {
			start(results)
			now := files(k.t, filepath.Join(k.dir, results))
			for name, before := range made {
				if after := now[name]; after == nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
					k.t.Fatalf("run %s was there before, and was lost or made again", name)
				}
			}
			made = now
			eventually(k.t, "processes are left behind", func() string { return benchProcesses(k.t, k.bench) })
		}
		k.must("run", "plan.yaml", "-o", results) // to remove what is left, such as claims of the dead
		if err := same(k.want, k.outcomes(results)); err != nil {
			k.t.Fatalf("after %d kills: %v", k.kills, err)
		}
		if now := files(k.t, filepath.Join(k.dir, results)); len(now) != len(k.want) {
			k.t.Fatalf("%d runs were made, want %d", len(now), len(k.want))
		}
		k.nothingLeft(results)
		if left, err := filepath.Glob(filepath.Join(k.dir, results, "tmp", "*")); err != nil || len(left) > 0 {
			k.t.Fatalf("left behind: %v, %v", left, err)
		}
		k.t.Logf("%s: %d kills over %d plans of %d runs", where, k.kills, plans+1, len(k.want))
	}
}

// strikeUntil kills processes until wait returns.
func (k *killer) strikeUntil(wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait()
	}()
	for {
		select {
		case <-done:
			return
		case <-time.After(rand.N(k.most / 4)):
			if k.strike() {
				k.kills++
			}
		}
	}
}

// strike ends a random process of bench, and reports whether there was one.
func (k *killer) strike() bool {
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		k.t.Fatal(err)
	}
	commands = slices.DeleteFunc(commands, func(path string) bool {
		line, _ := os.ReadFile(path) // supervisors have bench among their arguments
		return !bytes.Contains(line, []byte(k.bench+"\x00")) || bytes.Contains(line, []byte("\x00status\x00"))
	})
	if len(commands) == 0 {
		return false
	}
	pid, err := strconv.Atoi(strings.Split(commands[rand.IntN(len(commands))], "/")[2])
	if err != nil {
		k.t.Fatal(err)
	}
	signal := syscall.SIGKILL
	if rand.IntN(4) == 0 {
		signal = syscall.SIGTERM
	}
	return syscall.Kill(pid, signal) == nil
}
