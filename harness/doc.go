// Package harness runs plans. It works on definitions of problems and optimizers alone, so it
// treats built-in ones and those served by third-party processes alike.
//
//	order.go       which examples come next
//	run.go         one run: measure, step, charge, evaluate
//	search.go      which setting a sweep tries next
//	tune.go        which settings fill the ranges that a plan tunes over
//	cell.go        one optimizer on one problem: sweep, tie step, replicates, default row
//	purity.go      whether outside plugins compute the same twice and leave the point unchanged
//	checkpoint.go  saves unfinished runs and resumes them
//	estimate.go    how long a run may take
//	campaign.go    all cells of a plan, concurrently, except for runs in the store
//
// Every decision about the next run is a pure function of the plan and the finished records. Hence
// an interrupted plan continues where it stopped, and tables recompute every decision without
// running anything.
package harness
