package verify

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// oneSidedLevel is the probability of a false finding among all tests of one verification.
const oneSidedLevel = 0.001

// deviation is by how much a record differs from the same run made again, in one respect.
type deviation struct {
	what string
	// relative to the larger of the two; above 0 where the record has the larger value, and 0 where
	// rounding explains the difference
	by float64
	// continuous values can be compared by a test that assumes a normal distribution; a share of
	// examples cannot
	continuous bool
}

// deviations compares a record with the same run made again: on each part the loss at the end, the
// mean loss over the run, and the score, if the metric is not the loss. Values that are not finite
// do not count.
func deviations(recorded, again *results.Record, plan *protocol.Plan) (all []deviation) {
	relative := results.Rounding(again.Spec.DType)
	// Where terms cancel, the error is that of the terms and not of their sum.
	terms := math.Abs(again.Spec.Constants["optimum"])
	if len(again.Points) > 0 {
		terms = max(terms, math.Abs(float64(again.Points[0].Train.Loss)))
	}
	differ := func(a, b float64) float64 {
		size := max(math.Abs(a), math.Abs(b))
		if d := a - b; math.Abs(d) > relative*size+relative/1000*terms {
			return d / size
		}
		return 0
	}
	marks := map[int64]*results.Point{}
	for i := range again.Points {
		marks[again.Points[i].Mark] = &again.Points[i]
	}
	for _, part := range []protocol.Part{
		protocol.TrainPart, protocol.ValidationPart, protocol.TestPart,
	} {
		var sum, last float64
		n, own := 0, false
		for i := range recorded.Points {
			p := &recorded.Points[i]
			q := marks[p.Mark]
			if i == 0 || q == nil {
				continue
			}
			a, haveA := p.At(part)
			b, haveB := q.At(part)
			if !haveA || !haveB || !protocol.Finite(float64(a.Loss)) || !protocol.Finite(float64(b.Loss)) {
				continue
			}
			last = differ(float64(a.Loss), float64(b.Loss))
			sum += last
			n++
			own = own || a.Metric != a.Loss
		}
		if n == 0 {
			continue
		}
		all = append(all, deviation{fmt.Sprintf("%s loss at the end", part), last, true})
		if n > 1 {
			all = append(all, deviation{fmt.Sprintf("mean %s loss", part), sum / float64(n), true})
		}
		a, b := recorded.Score(plan.Report, plan.Selection, part),
			again.Score(plan.Report, plan.Selection, part)
		if own && protocol.Finite(a) && protocol.Finite(b) {
			all = append(all, deviation{
				fmt.Sprintf("%s %s", part, again.Spec.Metric.Name), differ(a, b),
				again.Spec.Metric.Name != results.Accuracy,
			})
		}
	}
	return all
}

// compared is a run that was compared within tolerances.
type compared struct {
	optimizer, problem string // entries of the plan
	// same is equal for runs that have to be equal under any seed, and so count once; empty for
	// runs that depend on the seed
	same       string
	deviations []deviation
}

// oneSided lists the systematic deviations of runs that were compared within tolerances: of the
// runs of an optimizer, of an optimizer on a problem, or of all. See the package comment for the
// tests.
func oneSided(runs []compared) (texts []string) {
	type group struct {
		who, what  string
		by         []float64
		continuous bool
	}
	groups := map[string]*group{}
	counted := map[string]bool{}
	optimizers, problems := map[string]bool{}, map[string]bool{}
	for _, r := range runs {
		optimizers[r.optimizer], problems[r.problem] = true, true
	}
	for _, r := range runs {
		if r.same != "" && counted[r.same] {
			continue
		}
		counted[r.same] = true
		var who []string
		if len(optimizers) > 1 {
			who = append(who, "all optimizers")
		}
		who = append(who, r.optimizer)
		if len(problems) > 1 {
			who = append(who, r.optimizer+" on "+r.problem)
		}
		for _, w := range who {
			for _, d := range r.deviations {
				key := w + "\x00" + d.what
				g := groups[key]
				if g == nil {
					g = &group{who: w, what: d.what, continuous: true}
					groups[key] = g
				}
				g.by = append(g.by, d.by)
				g.continuous = g.continuous && d.continuous
			}
		}
	}
	var tested []*group
	var p []float64
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key]
		tested, p = append(tested, g), append(p, signTest(g.by))
		if g.continuous {
			tested, p = append(tested, g), append(p, stats.PairedT(g.by))
		}
	}
	found := map[*group]bool{}
	for i, rejected := range stats.Holm(p, oneSidedLevel) {
		g := tested[i]
		if !rejected || found[g] {
			continue
		}
		found[g] = true
		mean, higher, lower := 0.0, 0, 0
		for _, d := range g.by {
			mean += d / float64(len(g.by))
			switch cmp.Compare(d, 0) {
			case 1:
				higher++
			case -1:
				lower++
			}
		}
		texts = append(texts,
			fmt.Sprintf("%s: the recorded %s is lower in %d and higher in %d of %s than when made again, "+
				"by %+.2g %% on average", g.who, g.what, lower, higher, text.Count(len(g.by), "run"), 100*mean))
	}
	return texts
}

// signTest returns the two-sided p-value of the exact sign test: the probability that of as many
// fair coins at least as many show the same side. Differences of 0 do not count.
func signTest(d []float64) float64 {
	n, above := 0, 0
	for _, v := range d {
		if v != 0 {
			n++
		}
		if v > 0 {
			above++
		}
	}
	k := min(above, n-above) // of the rarer side
	p := 0.0
	choose, _ := math.Lgamma(float64(n + 1))
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		p += math.Exp(choose - a - b - float64(n)*math.Ln2)
	}
	return min(1, 2*p)
}

// fewestOneSided is the least number of runs of which the tests find that all deviate to one side
// by amounts of any size: with fewer, the sign test of one group cannot reach the level.
var fewestOneSided = int(math.Ceil(1 - math.Log2(oneSidedLevel)))
