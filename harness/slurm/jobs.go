package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"noisebench/results"
)

// Job is a job that was submitted for a plan. It is kept in the results folder, as
// jobs/NUMBER.json.
type Job struct {
	Number    string `json:"job"`
	Plan      string `json:"plan"` // name
	Tasks     int    `json:"tasks"`
	Time      string `json:"time"`      // limit of each task
	Submitted string `json:"submitted"` // RFC 3339, UTC
	Log       string `json:"log"`       // path, in which %A is the job and %a the task
}

// Save keeps a job in a results folder.
func (j *Job) Save(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "jobs"), 0o777); err != nil {
		return err
	}
	return results.WriteWhole(filepath.Join(dir, "jobs", j.Number+".json"),
		func(w io.Writer) error {
			return json.NewEncoder(w).Encode(j)
		})
}

// Jobs returns the jobs that were submitted for a plan, by the order of their numbers' text.
func Jobs(dir, plan string) ([]Job, error) {
	entries, err := os.ReadDir(filepath.Join(dir, "jobs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var jobs []Job
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") || !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, "jobs", e.Name())
		data, err := results.ReadRegular(path, 1<<20)
		if err != nil {
			return nil, fmt.Errorf("cannot read job: %w; remove it", err)
		}
		var j Job
		if err := json.Unmarshal(data, &j); err != nil {
			return nil, fmt.Errorf("%s is not a job: %w; remove it", path, err)
		}
		if j.Plan == plan {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}
