package verify

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"noisebench/harness"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/protocol/platform"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
)

// Again selects the runs that are made again, and how they are made.
type Again struct {
	Selection
	Seed     uint64        // of the choice of runs
	Parallel int           // runs side by side, at least 1
	Alloc    harness.Alloc // nil: plain memory
	// Progress is told how many of so many things are done, such as "runs made again". It may be
	// called concurrently; nil: nobody is told.
	Progress func(what string, done, of int)
}

// tell calls Progress.
func (a *Again) tell(what string, done, of int) {
	if a.Progress != nil {
		a.Progress(what, done, of)
	}
}

// Rerun makes runs of a bundle again with the definitions that are here, compares them with the
// records, and adds the findings and the counts of outcomes to the report. x.Decisions must not be
// nil. It returns the runs that did not differ. A run that cannot be made at all, as when ctx ends,
// is an error; one that fails, or ends otherwise than recorded, is a finding.
func Rerun(
	ctx context.Context, x *check.Checked, here *check.Found, again Again,
) ([]bundle.Check, error) {
	plan := &x.Decisions.Plan
	shut := map[string]bool{} // problems that cannot be opened
	var reasons []string
	for key, def := range here.Problems {
		for _, s := range x.Bundle.Definitions.Problems[key].Specs {
			if err := def.TryOpen(s.At, s.Spec.DType); err != nil && !shut[key] {
				shut[key] = true
				reasons = append(reasons, fmt.Sprintf("problem %s: %v", def.Name, err))
			}
		}
	}
	runnable := func(c *results.Cell) bool {
		p, o := c.Entries(plan)
		_, haveProblem := here.Problems[p.Problem]
		_, haveOptimizer := here.Optimizers[o.Optimizer]
		return haveProblem && haveOptimizer && !shut[p.Problem]
	}
	left := 0
	for i := range x.Decisions.Cells {
		if !runnable(&x.Decisions.Cells[i]) {
			left++
		}
	}
	if left > 0 {
		slices.Sort(reasons)
		x.Note(check.Again, "left out",
			fmt.Sprintf("%s cannot be run here", text.Count(left, "optimizer-problem pair")), reasons...)
	}
	x.Seed = again.Seed
	picked, of := again.pick(x.Decisions, again.Seed, runnable)
	x.Rerun.Runs = of
	if len(picked) == 0 {
		x.Note(check.Again, "sample", "no run could be made again")
		return nil, nil
	}
	jobs := make([]harness.Job, len(picked))
	for i, c := range picked {
		p, o := c.cell.Entries(plan)
		jobs[i] = harness.Job{
			Problem: here.Problems[p.Problem], Optimizer: here.Optimizers[o.Optimizer], Run: c.record.Run,
		}
	}
	outcomes, errs := make([]outcome, len(picked)), make([]error, len(picked))
	var made atomic.Int64
	again.tell("runs made again", 0, len(picked))
	harness.Repeat(ctx, jobs, again.Parallel, again.Alloc,
		func(i int, record *results.Record, err error) {
			again.tell("runs made again", int(made.Add(1)), len(picked))
			if record == nil {
				errs[i] = err
				return
			}
			c := &picked[i]
			_, o := c.cell.Entries(plan)
			exact := c.record.Host.Platform == platform.Name() &&
				c.record.Host.GoVersion == runtime.Version() ||
				sameBits(plan, &jobs[i], c.record)
			outcomes[i] = compare(x, c, record, exact,
				x.Bundle.Definitions.Optimizers[o.Optimizer].ChoosesBatchSize)
		})
	var checks []bundle.Check
	var differ, near []string
	var loose []compared
	pairs := map[*results.Cell]*check.PairReruns{}
	for i := range picked {
		if errs[i] != nil {
			return nil, errs[i]
		}
		c, how := &picked[i], &outcomes[i]
		what := fmt.Sprintf("%s of %s on %s, seed %d, run %.12s",
			c.purpose, c.cell.Optimizer, c.cell.Problem, c.record.Run.Seed, c.id)
		pair := pairs[c.cell]
		if pair == nil {
			pair = &check.PairReruns{Optimizer: c.cell.Optimizer, Problem: c.cell.Problem}
			pairs[c.cell] = pair
		}
		pair.Made++
		switch {
		case how.bits:
			checks = append(checks, checkOf(c.id, true))
			pair.Bits++
		case how.near:
			checks = append(checks, checkOf(c.id, false))
			near = append(near, what+": "+how.text)
			pair.Near++
			loose = append(loose, compared{c.cell.Optimizer, c.cell.Problem, seedless(c), how.deviations})
		default:
			differ = append(differ, what+": "+how.text)
			pair.Differ++
		}
	}
	x.Pairs = nil
	for i := range x.Decisions.Cells {
		if pair := pairs[&x.Decisions.Cells[i]]; pair != nil {
			x.Pairs = append(x.Pairs, *pair)
		}
	}
	x.Rerun = check.Reruns{
		Runs: of, Made: len(picked), Bits: len(checks) - len(near), Near: len(near), Differ: len(differ),
	}
	slices.Sort(differ)
	slices.Sort(near)
	sampled := fmt.Sprintf("%d of %s made again (seed %d)", len(picked), text.Count(of, "run"), x.Seed)
	good := fmt.Sprintf("%s: all have the same bits", sampled)
	if len(near) > 0 {
		good = fmt.Sprintf("%s: %d with the same bits, %d within the tolerances for another "+
			"platform or Go version",
			sampled, x.Rerun.Bits, len(near))
	}
	x.Add(check.Again, "sample", good, fmt.Sprintf("%s: %d differ", sampled, len(differ)), differ)
	if len(near) > 0 {
		x.Note(check.Again, "tolerance",
			"records of another platform or Go version, so that bits may differ", near...)
		sides := oneSided(loose)
		x.Rerun.OneSided = len(sides)
		good := fmt.Sprintf("%s compared within tolerances: no systematic deviation",
			text.CountIs(len(near), "run"))
		if len(near) < fewestOneSided {
			good += fmt.Sprintf("; fewer than %d cannot exclude one, make more again by --rerun",
				fewestOneSided)
		}
		x.Add(check.Again, "direction", good,
			"runs compared within tolerances deviate to one side more often or more evenly than "+
				"rounding explains", sides)
	}
	slices.SortFunc(checks, func(a, b bundle.Check) int { return cmp.Compare(a.Run, b.Run) })
	return checks, nil
}

// seedless identifies runs that are equal under any seed, since every batch has all training
// examples and they start from the same point: together they are one observation. It is empty for
// other runs.
func seedless(c *chosen) string {
	if !c.record.FullBatches() {
		return ""
	}
	run := c.record.Run
	run.Seed = 0
	return run.ID() + fmt.Sprint(c.record.Points[0].Train)
}

// sameBits reports whether the fingerprints in a record, which its digest and ID cover, are those
// of the definitions here. Then the run must give the same bits here, whatever platform the last
// line of the record names.
func sameBits(plan *protocol.Plan, job *harness.Job, record *results.Record) bool {
	p, o, run := &job.Problem, &job.Optimizer, &record.Run
	if p.Fingerprint == nil || o.Fingerprint == nil || run.Problem.Fingerprint == "" ||
		run.Optimizer.Fingerprint == "" {
		return false
	}
	problem, err := p.Fingerprint(run.Problem.Parameters, plan.Measured(&record.Spec, o))
	if err != nil || problem != run.Problem.Fingerprint {
		return false
	}
	optimizer, err := o.Fingerprint()
	return err == nil && optimizer == run.Optimizer.Fingerprint
}

// checkOf describes a run that was made again and did not differ, for the results folder.
func checkOf(id string, bits bool) bundle.Check {
	return bundle.Check{
		Run: id, Bits: bits, Platform: platform.Name(), When: time.Now().UTC().Format(time.RFC3339),
	}
}
