package check

import (
	"fmt"
	"math"
	"strconv"

	"noisebench/internal/jsondiff"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
)

// copies lists records whose trajectory is that of another seed: it was copied, and perhaps changed
// in places. doubtful lists those whose evaluations are equal but whose batch losses are not:
// optimizers that use nothing but signs of gradients make such runs where the noise is too small to
// turn a sign.
//
// Runs of one optimizer at one setting on one problem are compared value by value: the losses of
// batches in the trace, and the losses of evaluations after the start. Values are equal if they
// agree to nine digits; those of the start, from which a run may not have moved, do not count. A
// run is a copy if at least half of its values are equal to those of one other run at the same
// places, and they are at least three different ones (two, of fewer than six values). Runs that
// have all examples in each batch and start from the same point are equal for good reason.
func copies(records []*results.Record, losses map[string][]float64) (copied, doubtful []string) {
	groups := map[string][]*results.Record{}
	var order []string
	for _, r := range records {
		run := r.Run
		run.Seed = 0
		key := run.ID()
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], r)
	}
	for _, key := range order {
		group := groups[key]
		if len(group) < 2 {
			continue
		}
		traces := map[*results.Record][]float64{}
		for _, r := range group {
			traces[r] = losses[r.Run.ID()]
		}
		alike, like := 0, ""
		byTrace := models(group, maxPlaces(group, func(r *results.Record) int { return len(traces[r]) }),
			func(r *results.Record, place int) float64 { return batchLoss(traces[r], place) })
		points := func(r *results.Record) int { return len(r.Points) }
		byCurve := models(group, parts*maxPlaces(group, points), evaluated)
		for i, r := range group {
			m, what := byTrace[i], "batch losses"
			if m.equal == 0 {
				m, what = byCurve[i], "losses of evaluations"
			}
			if m.equal == 0 {
				continue
			}
			other := group[m.of]
			if r.FullBatches() && other.FullBatches() &&
				jsondiff.Text(r.Points[0]) == jsondiff.Text(other.Points[0]) {
				continue
			}
			line := fmt.Sprintf("run %.12s of %s on %s, seed %d: %d of %d %s are those of seed %d",
				r.Run.ID(), r.Run.Optimizer.Name, r.Run.Problem.Name, r.Run.Seed, m.equal, m.values, what,
				other.Run.Seed)
			if byTrace[i].equal == 0 && byTrace[i].values > 0 || r.End.Oracle {
				alike++
				if alike == 1 {
					like = line
				}
			} else {
				copied = append(copied, line)
			}
		}
		if alike > 0 {
			doubtful = append(doubtful,
				fmt.Sprintf("%s of one setting, such as %s", text.Count(alike, "run"), like))
		}
	}
	return copied, doubtful
}

// maxPlaces returns the greatest number of places of some runs.
func maxPlaces(group []*results.Record, places func(*results.Record) int) int {
	most := 0
	for _, r := range group {
		most = max(most, places(r))
	}
	return most
}

func batchLoss(losses []float64, place int) float64 {
	if place >= len(losses) {
		return math.NaN()
	}
	return losses[place]
}

// parts is the number of parts on which points are evaluated.
const parts = 3

// evaluated returns the loss at a place: of a point on a part. NaN: there is none, or it is that of
// the start.
func evaluated(r *results.Record, place int) float64 {
	i := place / parts
	if i == 0 || i >= len(r.Points) {
		return math.NaN()
	}
	all := [parts]protocol.Part{protocol.TrainPart, protocol.ValidationPart, protocol.TestPart}
	part := all[place%parts]
	v, have := r.Points[i].At(part)
	start, _ := r.Points[0].At(part)
	if !have || v.Loss == start.Loss {
		return math.NaN()
	}
	return float64(v.Loss)
}

// model is the earlier run of which another one is a copy.
type model struct {
	of            int // place of the earlier run
	equal, values int // equal values, of all; equal is 0 if it is no copy
}

// models finds for each run the earlier one of which it is a copy. It takes time in proportion to
// the number of values, and memory in proportion to the number of runs.
func models(
	group []*results.Record, places int, value func(r *results.Record, place int) float64,
) []model {
	digits := func(r *results.Record, place int) float64 {
		v, err := strconv.ParseFloat(strconv.FormatFloat(value(r, place), 'e', 8, 64), 64)
		if err != nil || math.IsInf(v, 0) {
			return math.NaN()
		}
		return v
	}
	// Of the runs that share values with a run, those are kept that share more than a third of the
	// values, and perhaps others (Misra and Gries 1982).
	type counter struct{ of, count int }
	counters := make([][2]counter, len(group))
	found := make([]model, len(group))
	for place := range places {
		first := map[float64]int{} // run that has a value, the first of them
		for i, r := range group {
			v := digits(r, place)
			if math.IsNaN(v) {
				continue
			}
			found[i].values++
			of, known := first[v]
			if !known {
				first[v] = i
				continue
			}
			c := &counters[i]
			switch {
			case c[0].count > 0 && c[0].of == of:
				c[0].count++
			case c[1].count > 0 && c[1].of == of:
				c[1].count++
			case c[0].count == 0:
				c[0] = counter{of, 1}
			case c[1].count == 0:
				c[1] = counter{of, 1}
			default:
				c[0].count--
				c[1].count--
			}
		}
	}
	for i, r := range group {
		want := 3
		if found[i].values < 6 {
			want = 2
		}
		for _, c := range counters[i] {
			if c.count == 0 {
				continue
			}
			equal, different := 0, map[float64]bool{}
			for place := range places {
				if v := digits(r, place); v == digits(group[c.of], place) {
					equal++
					if len(different) < want {
						different[v] = true
					}
				}
			}
			if 2*equal >= found[i].values && len(different) >= want && equal > found[i].equal {
				found[i].of, found[i].equal = c.of, equal
			}
		}
	}
	return found
}
