package harness

import (
	"context"

	"noisebench/protocol"
	"noisebench/results"
)

// Job is a run with what makes it.
type Job struct {
	Problem   protocol.ProblemDef
	Optimizer protocol.OptimizerDef
	Run       results.Run
}

// Repeat makes runs by themselves, outside of a campaign, as many side by side as parallel says,
// and returns when all have ended. It calls done with the place of each in jobs and with what [Run]
// returned, from several goroutines. Nothing is stored.
func Repeat(
	ctx context.Context, jobs []Job, parallel int, alloc Alloc,
	done func(i int, record *results.Record, err error),
) {
	sideBySide(len(jobs), parallel, func(i int) {
		record, err := Run(ctx, jobs[i].Problem, jobs[i].Optimizer, jobs[i].Run, alloc)
		done(i, record, err)
	})
}
