package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits are what a cluster allows.
type Limits struct {
	MaxArraySize int           // an array has at most this many tasks
	KillWait     time.Duration // between the signal that ends a job and its end
}

// ReadLimits reads the limits from scontrol.
func ReadLimits(ctx context.Context) (Limits, error) {
	out, err := call(ctx, "", "scontrol", "show", "config")
	if err != nil {
		return Limits{}, err
	}
	value := func(key string) (int, error) {
		match := regexp.MustCompile(`(?m)^` + key + `\s*=\s*(\d+)`).FindStringSubmatch(out)
		if match == nil {
			return 0, fmt.Errorf("scontrol show config prints no %s", key)
		}
		return strconv.Atoi(match[1])
	}
	size, err := value("MaxArraySize")
	if err != nil {
		return Limits{}, err
	}
	wait, err := value("KillWait")
	if err != nil {
		return Limits{}, err
	}
	return Limits{MaxArraySize: size, KillWait: time.Duration(wait) * time.Second}, nil
}

// Array is an array of jobs that all run the same command.
type Array struct {
	Name    string   // of the job
	Command []string // words, passed unchanged
	Tasks   int      // how many
	CPUs    int      // for each task
	GPUs    int      // for each task; 0: none are asked for
	Time    time.Duration
	Dir     string   // where the command runs
	Log     string   // of each task: a path, in which %A is the job and %a the task
	Options []string // of sbatch, such as --partition=long; they override the fields above
}

// signalBefore is how long before its time limit a task is told to stop.
const signalBefore = 60 * time.Second

// StopAfter is how long a task of this time limit should work before it saves its runs and ends: 5
// % or two minutes less than the limit, whichever is more, but at least half of it.
func StopAfter(limit time.Duration) time.Duration {
	return max(limit/2, limit-max(limit/20, 2*time.Minute)).Truncate(time.Second)
}

// Script returns the batch script.
func (a *Array) Script() string {
	words := make([]string, len(a.Command))
	for i, w := range a.Command {
		words[i] = quote(w)
	}
	// exec: signals of the batch system reach the command itself.
	return "#!/bin/sh\nexec " + strings.Join(words, " ") + "\n"
}

// plain matches words that need no quotes in the shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Arguments returns those of sbatch.
func (a *Array) Arguments() []string {
	args := []string{
		"--parsable",
		"--job-name=" + a.Name,
		fmt.Sprintf("--array=0-%d", a.Tasks-1),
		"--ntasks=1",
		fmt.Sprintf("--cpus-per-task=%d", a.CPUs),
		"--time=" + FormatTime(a.Time),
		fmt.Sprintf("--signal=B:TERM@%d", int(signalBefore.Seconds())),
		"--chdir=" + a.Dir,
		"--output=" + a.Log,
	}
	if a.GPUs > 0 {
		args = append(args, fmt.Sprintf("--gpus-per-task=%d", a.GPUs))
	}
	return append(args, a.Options...)
}

// Submit submits the array and returns the number of the job.
func (a *Array) Submit(ctx context.Context) (job string, err error) {
	limits, err := ReadLimits(ctx)
	if err != nil {
		return "", err
	}
	if a.Tasks < 1 || a.Tasks > limits.MaxArraySize {
		return "", fmt.Errorf("cannot submit %d tasks, this cluster takes 1 to %d in one array; "+
			"submit fewer, each with more time or processors",
			a.Tasks, limits.MaxArraySize)
	}
	out, err := call(ctx, a.Script(), "sbatch", a.Arguments()...)
	if err != nil {
		return "", err
	}
	job, _, _ = strings.Cut(strings.TrimSpace(out), ";") // JOB;CLUSTER on some
	if _, err := strconv.Atoi(job); err != nil {
		return "", fmt.Errorf("sbatch printed %q, want the number of a job", strings.TrimSpace(out))
	}
	return job, nil
}

// Task is a task of an array that is waiting or running.
type Task struct {
	Job    string        // number of the array
	Index  string        // of the task in it
	State  string        // PENDING, RUNNING, COMPLETING, …
	Node   string        // where it runs; empty: it does not run yet
	Used   time.Duration // since it started
	Left   time.Duration // until its limit; negative: there is none
	Reason string        // why it waits
}

// ID is the task's name, as in the environment of the task: JOB_INDEX.
func (t *Task) ID() string { return t.Job + "_" + t.Index }

// Queue returns the tasks of jobs that have not ended. A job that the cluster no longer lists has
// none.
func Queue(ctx context.Context, jobs []string) ([]Task, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	// All jobs of the user, since squeue refuses a list with one that it no longer knows.
	out, err := call(ctx, "", "squeue", "--me", "--array", "--noheader",
		"--format=%F|%K|%T|%N|%M|%L|%r")
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, job := range jobs {
		wanted[job] = true
	}
	var tasks []Task
	for line := range strings.Lines(out) {
		field := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if len(field) != 7 {
			return nil, fmt.Errorf("squeue printed %q, want 7 fields", line)
		}
		if !wanted[field[0]] {
			continue
		}
		t := Task{Job: field[0], Index: field[1], State: field[2], Node: field[3], Reason: field[6]}
		if t.Used, err = ParseTime(field[4]); err != nil {
			return nil, fmt.Errorf("squeue printed %q: %w", line, err)
		}
		if t.Left, err = ParseTime(field[5]); err != nil {
			t.Left = -1 // UNLIMITED, NOT_SET
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}

// Cancel ends jobs: their tasks save their runs first.
func Cancel(ctx context.Context, jobs []string) error {
	if len(jobs) == 0 {
		return nil
	}
	// The batch step is bench itself; SIGTERM has it save its runs before KillWait is over.
	_, err := call(ctx, "", "scancel", append([]string{"--quiet"}, jobs...)...)
	return err
}

// FormatTime formats a time limit as Slurm reads it: D-HH:MM:SS, or HH:MM:SS below a day.
func FormatTime(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	clock := fmt.Sprintf("%02d:%02d:%02d", s/3600%24, s/60%60, s%60)
	if days := s / 86400; days > 0 {
		return fmt.Sprintf("%d-%s", days, clock)
	}
	return clock
}

// ParseTime reads a time as Slurm writes and accepts it: MM, MM:SS, HH:MM:SS, D-HH, D-HH:MM or
// D-HH:MM:SS. A Go duration, such as 3h55m, is accepted too.
func ParseTime(text string) (time.Duration, error) {
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	days, clock, hasDays := strings.Cut(text, "-")
	if !hasDays {
		days, clock = "0", text
	}
	parts := strings.Split(clock, ":")
	units := map[int][]time.Duration{
		1: {time.Minute}, 2: {time.Minute, time.Second}, 3: {time.Hour, time.Minute, time.Second},
	}[len(parts)]
	if hasDays {
		units = []time.Duration{time.Hour, time.Minute, time.Second}
	}
	bad := fmt.Errorf("time is %q, want HH:MM:SS, D-HH:MM:SS, minutes, or a duration such as "+
		"3h55m", text)
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil || len(parts) > len(units) {
		return 0, bad
	}
	total := time.Duration(n) * 24 * time.Hour
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 24)
		if err != nil {
			return 0, bad
		}
		total += time.Duration(v) * units[i]
	}
	return total, nil
}

// call runs a command of Slurm's and returns what it prints.
func call(ctx context.Context, input, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errOut
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("there is no %s on this machine; run on a machine where jobs are "+
			"submitted to Slurm, or see bench run --help for other ways to use many machines", name)
	case err != nil:
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(errOut.String()))
	}
	return out.String(), nil
}
