package slurm

import (
	"testing"
	"time"
)

// The number of submissions follows from the time that a task works, which is less than its limit.
func TestRounds(t *testing.T) {
	for _, c := range []struct {
		total           time.Duration
		parallel, tasks int
		want            int
	}{
		{time.Minute, 1, 1, 1},
		{227 * time.Minute, 1, 1, 1},
		{228 * time.Minute, 1, 1, 2}, // StopAfter(4 h)
		{20 * time.Hour, 1, 1, 6},
		{20 * time.Hour, 2, 3, 1},
	} {
		if got := Rounds(c.total, 4*time.Hour, c.parallel, c.tasks); got != c.want {
			t.Errorf("%+v takes %d rounds", c, got)
		}
	}
}

func TestThisTask(t *testing.T) {
	for _, c := range []struct{ job, array, index, want string }{
		{"", "", "", ""}, {"7", "", "", "7"}, {"9", "7", "2", "7_2"},
	} {
		t.Setenv("SLURM_JOB_ID", c.job)
		t.Setenv("SLURM_ARRAY_JOB_ID", c.array)
		t.Setenv("SLURM_ARRAY_TASK_ID", c.index)
		if got := ThisTask(); got != c.want {
			t.Errorf("task %+v is called %q", c, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	j := Job{Number: "7", Tasks: 3, Log: "/r/jobs/%A_%a.log"}
	queue := []Task{
		{Job: "7", Index: "0", State: "RUNNING", Node: "n2", Left: 90 * time.Second},
		{Job: "7", Index: "1", State: "RUNNING", Node: "n1", Left: time.Hour},
		{Job: "7", Index: "2", State: "PENDING", Reason: "Resources"},
		{Job: "8", Index: "0", State: "RUNNING", Node: "n9", Left: time.Second},
	}
	want := "job 7: 1 pending, 2 running of 3 tasks on n1, n2, the first ends in 1 min 30 s; waiting for Resources"
	if got := j.Describe(queue); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	want = "job 7 has ended; its output is in /r/jobs/7_*.log"
	if got := j.Describe(queue[3:]); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	jobs := []Job{j}
	for task, want := range map[string]bool{"7_0": false, "7_5": true, "8_5": false, "": false} {
		if got := Ended(task, jobs, queue); got != want {
			t.Errorf("task %q has ended: %t, want %t", task, got, want)
		}
	}
}
