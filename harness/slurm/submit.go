package slurm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Rounds returns how often an array has to be submitted until work is done that takes the time
// total if one run is made after the other. The array has as many tasks, each with parallel runs
// side by side and a limit of each.
func Rounds(total, each time.Duration, parallel, tasks int) int {
	return int(1 + total/(StopAfter(each)*time.Duration(parallel*tasks)))
}

// SubmitPlan submits an array that makes the runs of a plan in the results folder dir, and keeps
// the job there. It sets the array's Log.
func SubmitPlan(ctx context.Context, dir, plan string, a *Array) (*Job, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	a.Log = filepath.Join(absolute, "jobs", "%A_%a.log")
	if err := os.MkdirAll(filepath.Dir(a.Log), 0o777); err != nil {
		return nil, err
	}
	number, err := a.Submit(ctx)
	if err != nil {
		return nil, err
	}
	job := &Job{
		Number: number, Plan: plan, Tasks: a.Tasks, Time: FormatTime(a.Time),
		Submitted: time.Now().UTC().Format(time.RFC3339), Log: a.Log,
	}
	if err := job.Save(dir); err != nil {
		return nil, fmt.Errorf("job %s is submitted, but cannot be stored: %w", number, err)
	}
	return job, nil
}

// ThisTask returns the ID of the task that this process is, as [Task.ID] writes it, or the number
// of its job if that is no array; empty outside of Slurm.
func ThisTask() string {
	if array := os.Getenv("SLURM_ARRAY_JOB_ID"); array != "" {
		return array + "_" + os.Getenv("SLURM_ARRAY_TASK_ID")
	}
	return os.Getenv("SLURM_JOB_ID")
}
