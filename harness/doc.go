// Package harness runs a plan. It is handed definitions of problems and optimizers and cannot tell a built-in one from
// one behind a third party's process.
//
//	order.go     which examples come next
//	run.go       one run: measure, step, charge, evaluate
//	search.go    which setting a sweep tries next
//	tune.go      which settings fill the ranges that a plan tunes over
//	cell.go      one optimizer on one problem: sweep, tie step, replicates, default row
//	estimate.go  how long a run may take
//	campaign.go  all cells of a plan, side by side, on top of what the store already holds
//
// Everything that decides what is run next is a pure function of the plan and the finished records. So an interrupted
// plan goes on where it stopped, and the table command recomputes every decision without running anything.
package harness
