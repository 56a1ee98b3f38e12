package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle/check"
)

// Share is a number of runs, or a share of all runs. The zero value selects none.
type Share struct {
	number  int
	percent float64 // if above 0, this counts
}

// None reports whether no run is selected.
func (s Share) None() bool { return s.number == 0 && s.percent == 0 }

// Of returns the number that is selected of n runs: a share that is not zero selects at least one.
func (s Share) Of(n int) int {
	if s.percent > 0 {
		return min(n, max(1, int(s.percent/100*float64(n)+0.5)))
	}
	return min(n, s.number)
}

// ParseShare reads a number such as "5", a share such as "5%", or "all".
func ParseShare(text string) (Share, error) {
	if text == "all" {
		return Share{percent: 100}, nil
	}
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		if v, err := strconv.ParseFloat(percent, 64); err == nil && v > 0 && v <= 100 {
			return Share{percent: v}, nil
		}
	} else if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return Share{number: n}, nil
	}
	return Share{}, fmt.Errorf("%q, want a number such as 5, a share such as 5%%, or all", text)
}

// Selection selects runs of a bundle that are made again.
type Selection struct {
	Share
	Among map[string]bool // IDs of the runs that may be chosen; nil: all
	// If Cheapest is not 0, it is the number of runs in place of Share: those that cost least of a
	// larger sample.
	Cheapest int
}

// pick chooses the runs of a selection. of is the number of runs that could be chosen.
func (s *Selection) pick(
	d *check.Decisions, seed uint64, runnable func(*results.Cell) bool,
) (picked []chosen, of int) {
	if s.Cheapest == 0 {
		return sample(d, seed, runnable, s.Share)
	}
	all, of := sample(d, seed, runnable, Share{percent: 100})
	all = slices.DeleteFunc(all, func(c chosen) bool { return s.Among != nil && !s.Among[c.id] })
	const pool = 10
	all = all[:min(len(all), pool*s.Cheapest)]
	// The times in a record would be a better measure of cost, but its digest does not cover them:
	// the author of fabricated runs could change them so that these runs are not chosen.
	cost := func(c chosen) float64 {
		run, spec := &c.record.Run, &c.record.Spec
		evaluated := float64(run.Evaluations+1) * float64(spec.Train+spec.Validation+spec.Test)
		return (float64(run.Budget) + evaluated) * float64(spec.Dim)
	}
	slices.SortStableFunc(all, func(a, b chosen) int { return cmp.Compare(cost(a), cost(b)) })
	return all[:min(len(all), s.Cheapest)], of
}

// chosen is a run to be made again.
type chosen struct {
	id      string
	record  *results.Record
	cell    *results.Cell
	purpose harness.Purpose
}

// sample chooses runs of a plan's cells at random: purposes in turn, within a purpose cells in
// random order, within a cell runs in random order. The choice depends on the seed and on what can
// be run, and on nothing else.
func sample(
	d *check.Decisions, seed uint64, runnable func(*results.Cell) bool, many Share,
) (picked []chosen, of int) {
	random := protocol.Stream(seed, "verify")
	purposes := []harness.Purpose{
		harness.ForReplicate, harness.ForSweep, harness.ForTie, harness.ForOneShot,
	}
	strata := map[harness.Purpose][][]chosen{}
	all := map[string]bool{}
	for i := range d.Cells {
		cell := &d.Cells[i]
		if !runnable(cell) {
			continue
		}
		mine := map[harness.Purpose][]chosen{}
		add := func(purpose harness.Purpose, records []*results.Record) {
			for _, r := range records {
				id := r.Run.ID()
				all[id] = true
				mine[purpose] = append(mine[purpose], chosen{id, r, cell, purpose})
			}
		}
		add(harness.ForReplicate, cell.Runs)
		add(harness.ForOneShot, cell.OneShot)
		for _, r := range cell.Tuning {
			if r.Run.Seed == d.Plan.Tuning.SweepSeed() {
				add(harness.ForSweep, []*results.Record{r})
			} else {
				add(harness.ForTie, []*results.Record{r})
			}
		}
		for _, p := range purposes {
			if len(mine[p]) > 0 {
				slices.SortFunc(mine[p], func(a, b chosen) int { return cmp.Compare(a.id, b.id) })
				random.Shuffle(len(mine[p]), func(a, b int) { mine[p][a], mine[p][b] = mine[p][b], mine[p][a] })
				strata[p] = append(strata[p], mine[p])
			}
		}
	}
	for _, p := range purposes {
		random.Shuffle(len(strata[p]), func(a, b int) {
			strata[p][a], strata[p][b] = strata[p][b], strata[p][a]
		})
	}
	taken := map[string]bool{}
	for n := many.Of(len(all)); len(picked) < n; {
		for _, p := range purposes {
			for len(strata[p]) > 0 {
				first := strata[p][0]
				strata[p] = strata[p][1:]
				if len(first) > 1 {
					strata[p] = append(strata[p], first[1:]) // its turn comes again
				}
				if c := first[0]; !taken[c.id] {
					taken[c.id] = true
					picked = append(picked, c)
					break
				}
			}
			if len(picked) == n {
				break
			}
		}
	}
	return picked, len(all)
}
