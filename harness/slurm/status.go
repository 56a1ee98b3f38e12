package slurm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"noisebench/internal/text"
)

// Numbers returns the numbers of jobs.
func Numbers(jobs []Job) []string {
	var numbers []string
	for _, j := range jobs {
		numbers = append(numbers, j.Number)
	}
	return numbers
}

// Ended reports whether the task of an ID belongs to one of the jobs and is no longer in the queue.
func Ended(task string, jobs []Job, queue []Task) bool {
	number, _, _ := strings.Cut(task, "_")
	return slices.ContainsFunc(jobs, func(j Job) bool { return j.Number == number }) &&
		!slices.ContainsFunc(queue, func(t Task) bool { return t.ID() == task })
}

// Describe describes the state of a job in one line, by the queue that [Queue] returned.
func (j *Job) Describe(queue []Task) string {
	states, nodes, reasons := map[string]int{}, map[string]bool{}, map[string]bool{}
	var least time.Duration = -1
	for _, t := range queue {
		if t.Job != j.Number {
			continue
		}
		states[strings.ToLower(t.State)]++
		if t.Node != "" {
			nodes[t.Node] = true
			if t.State == "RUNNING" && t.Left >= 0 && (least < 0 || t.Left < least) {
				least = t.Left
			}
		} else if t.Reason != "None" {
			reasons[t.Reason] = true
		}
	}
	if len(states) == 0 {
		log := strings.NewReplacer("%A", j.Number, "%a", "*").Replace(j.Log)
		return fmt.Sprintf("job %s has ended; its output is in %s", j.Number, log)
	}
	var parts []string
	for _, s := range slices.Sorted(maps.Keys(states)) {
		parts = append(parts, fmt.Sprintf("%d %s", states[s], s))
	}
	line := fmt.Sprintf("job %s: %s of %s", j.Number, strings.Join(parts, ", "),
		text.Count(j.Tasks, "task"))
	if len(nodes) > 0 {
		line += " on " + strings.Join(slices.Sorted(maps.Keys(nodes)), ", ")
	}
	if least >= 0 {
		line += fmt.Sprintf(", the first ends in %s", text.Duration(least))
	}
	if len(reasons) > 0 {
		line += "; waiting for " + strings.Join(slices.Sorted(maps.Keys(reasons)), ", ")
	}
	return line
}
