package slurm

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"noisebench/harness/slurm/slurmtest"
)

func TestTimes(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5": 5 * time.Minute, "5:30": 5*time.Minute + 30*time.Second, "4:00:00": 4 * time.Hour,
		"1-2": 26 * time.Hour, "1-02:30": 26*time.Hour + 30*time.Minute, "2-00:00:01": 48*time.Hour + time.Second,
		"3h55m": 3*time.Hour + 55*time.Minute, "90s": 90 * time.Second, "0:00": 0,
	} {
		if got, err := ParseTime(text); got != want || err != nil {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "1:2:3:4", "-5", "1-", "UNLIMITED", "1:-2", "1-1-1", "-1h"} {
		if got, err := ParseTime(text); err == nil || !strings.Contains(err.Error(), "want HH:MM:SS") {
			t.Errorf("%q is %v, %v; want an error with the accepted formats", text, got, err)
		}
	}
	for d, want := range map[time.Duration]string{
		4 * time.Hour: "04:00:00", 90 * time.Second: "00:01:30", 50*time.Hour + time.Minute: "2-02:01:00",
	} {
		got := FormatTime(d)
		if back, err := ParseTime(got); got != want || back != d || err != nil {
			t.Errorf("%v is written %s and read as %v, %v; want %s", d, got, back, err, want)
		}
	}
}

func TestStopAfter(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{
		4 * time.Hour: 228 * time.Minute, 20 * time.Minute: 18 * time.Minute, 2 * time.Minute: time.Minute,
	} {
		if got := StopAfter(limit); got != want {
			t.Errorf("a task of %v works for %v, want %v", limit, got, want)
		}
	}
}

func TestScript(t *testing.T) {
	a := Array{Command: []string{"/bin/bench", "run", "my plan's.yaml", "--results", "a=b", ""}}
	want := "#!/bin/sh\nexec /bin/bench run 'my plan'\\''s.yaml' --results a=b ''\n"
	if got := a.Script(); got != want {
		t.Errorf("script is %q, want %q", got, want)
	}
}

func TestWithoutSlurm(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for name, call := range map[string]func() error{
		"submit": func() error { _, err := (&Array{Tasks: 1}).Submit(t.Context()); return err },
		"queue":  func() error { _, err := Queue(t.Context(), []string{"1"}); return err },
		"cancel": func() error { return Cancel(t.Context(), []string{"1"}) },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), "on this machine") {
			t.Errorf("%s: error %v, want that there is no Slurm", name, err)
		}
	}
}

func TestCluster(t *testing.T) {
	slurmtest.Start(t)
	ctx := context.Background()
	limits, err := ReadLimits(ctx)
	if err != nil || limits.MaxArraySize != 101 || limits.KillWait != 5*time.Second {
		t.Errorf("limits are %+v, %v; want those of the test's cluster", limits, err)
	}
	dir := t.TempDir()
	array := Array{
		Name: "test", Command: []string{"sh", "-c", "echo $SLURM_ARRAY_TASK_ID $SLURMD_NODENAME; touch $SLURM_ARRAY_TASK_ID; sleep 60"},
		Tasks: 3, CPUs: 2, Time: 5 * time.Minute, Dir: dir, Log: filepath.Join(dir, "%A_%a.log"),
	}
	job, err := array.Submit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	queue := func() []Task {
		t.Helper()
		tasks, err := Queue(ctx, []string{job, "999999"}) // the second of which is unknown
		if err != nil {
			t.Fatal(err)
		}
		return tasks
	}
	running := func(s Task) bool { return s.State == "RUNNING" }
	until(t, func() bool { // two nodes of two processors each: the third task waits
		n := 0
		for _, s := range queue() {
			if running(s) {
				n++
			}
		}
		return n == 2
	})
	tasks := queue()
	if len(tasks) != 3 {
		t.Fatalf("tasks are %v, want 3", tasks)
	}
	for _, s := range tasks {
		switch {
		case s.Job != job || s.ID() != job+"_"+s.Index:
			t.Errorf("task %+v is not one of job %s", s, job)
		case running(s) && (s.Node == "" || s.Left <= 0 || s.Left > 5*time.Minute):
			t.Errorf("running task %+v, want a node and some minutes left", s)
		case !running(s) && s.Reason == "":
			t.Errorf("waiting task %+v, want a reason", s)
		}
	}
	if i := slices.IndexFunc(tasks, running); tasks[i].Node == tasks[slices.IndexFunc(tasks[i+1:], running)+i+1].Node {
		t.Errorf("both running tasks are on %s", tasks[i].Node)
	}
	until(t, func() bool { _, err := os.Stat(filepath.Join(dir, "1")); return err == nil })
	if err := Cancel(ctx, []string{job}); err != nil {
		t.Error(err)
	}
	until(t, func() bool { return len(queue()) == 0 })

	array.Tasks = 102
	if _, err := array.Submit(ctx); err == nil || !strings.Contains(err.Error(), "takes 1 to 101 in one array") {
		t.Errorf("error %v, want the size of arrays", err)
	}
	array.Tasks, array.Options = 1, []string{"--partition=none"}
	if _, err := array.Submit(ctx); err == nil || !strings.Contains(err.Error(), "partition") {
		t.Errorf("error %v, want sbatch's error about the partition", err)
	}
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("timed out after a minute")
		}
	}
}
