package harness

import (
	"context"

	"noisebench/protocol"
	"noisebench/results"
)

// Job is a run with the definitions that make it.
type Job struct {
	Problem   protocol.ProblemDef
	Optimizer protocol.OptimizerDef
	Run       results.Run
}

// Repeat makes runs outside of a campaign, at most parallel of them at a time, and returns when all
// have ended. It calls done with the index of each in jobs and with the results of [Run], from
// several goroutines. Nothing is stored.
func Repeat(
	ctx context.Context, jobs []Job, parallel int, alloc Alloc,
	done func(i int, record *results.Record, err error),
) {
	sideBySide(len(jobs), parallel, func(i int) {
		record, err := Run(ctx, jobs[i].Problem, jobs[i].Optimizer, jobs[i].Run, alloc)
		done(i, record, err)
	})
}
