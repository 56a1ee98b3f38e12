package measures

import (
	"cmp"
	"math"
	"slices"

	"noisebench/results/notation"
	"noisebench/results/stats"
)

// overall makes the overall table.
func overall(problems []Problem, places []stats.Place, optimizers []string) []Overall {
	table := make([]Overall, len(optimizers))
	for i, name := range optimizers {
		o := Overall{Optimizer: name, Place: places[i]}
		for _, p := range problems {
			row := p.Rows[slices.IndexFunc(p.Rows, func(r Row) bool { return r.Optimizer == name })]
			o.Ranks = append(o.Ranks, row.Rank)
			o.Oracle = o.Oracle || row.Oracle
			o.N += row.Score.N
			o.Diverged += row.Score.Diverged
			o.Tuning.Runs += row.Tuning.Runs
			o.Tuning.Ties += row.Tuning.Ties
			o.Tuning.Examples += row.Tuning.Examples
		}
		table[i] = o
	}
	slices.SortStableFunc(table, func(a, b Overall) int {
		return cmp.Or(compareRanks(a.Place.Place, b.Place.Place),
			cmp.Compare(a.MeanRank, b.MeanRank))
	})
	return table
}

// OverallMeasures describe an entry over all problems beyond its place. Unknown numbers are NaN.
type OverallMeasures struct {
	// interquartile mean of the anchored scores of all problems and seeds; interval by the
	// bootstrap
	Anchored Estimate
	Default  Estimate   // the same of the declared defaults
	Better   []Estimate // mean over the problems of Measures.Better; interval by the bootstrap
	// Profile is the integrated performance profile of the examples to target, relative to the
	// fastest on each problem, and ProfileAnchor relative to the anchor: see
	// stats.IntegratedProfile.
	Profile, ProfileAnchor float64
	Failure                Estimate // share of all replicates that diverged
	// geometric mean over the problems of Row.Seconds over that of the anchor
	Slowdown float64
	Width    float64 // median over the problems of Measures.Width
	Bias     float64 // mean over the problems of Measures.SeedBias
}

// compared is what the comparison of the entries on one problem rests on; entries are in the order
// of their names.
type compared struct {
	input stats.Problem
	// anchored scores by entry and seed, of the tuned setting and of the declared default, and
	// examples to target by entry; nil where there is no anchor
	anchored, defaults [][]float64
	times              []float64
}

// rankOverall ranks the entries over the problems of r, of which all has the comparisons in the
// order of the problems' names.
func (r *Report) rankOverall(all []compared, optimizers []string) {
	var inputs []stats.Problem
	for _, c := range all {
		inputs = append(inputs, c.input)
	}
	seeds := stats.Seeds(inputs)
	most := max(1, slices.Max(seeds))
	draws := stats.Resample(seeds, max(leastDraws, min(draws, draws*drawnSeeds/most)), 0)
	r.Overall = overall(r.Problems, stats.Overall(inputs, draws), optimizers)
	r.measureOverall(all, inputs, optimizers, draws)
}

// measureOverall fills in the measures over all problems.
func (r *Report) measureOverall(all []compared, inputs []stats.Problem, optimizers []string,
	draws stats.Resamples,
) {
	at := map[string]int{}
	for i, name := range optimizers {
		at[name] = i
	}
	var targets [][]float64 // examples to target, of problems with one
	var reference []float64
	for _, c := range all {
		if c.times != nil {
			targets = append(targets, c.times)
			reference = append(reference, c.times[at[r.Anchor]])
		}
	}
	profile, profileAnchor := stats.IntegratedProfile(targets, nil),
		stats.IntegratedProfile(targets, reference)
	// anchored scores of each entry, by problem and seed
	tuned, untuned := make([][][]float64, len(r.Overall)), make([][][]float64, len(r.Overall))
	var wins [][][]int8 // of the entries over the baselines, by problem and seed
	var better []*Estimate
	for k := range r.Overall {
		o := &r.Overall[k]
		i := at[o.Optimizer]
		o.OverallMeasures = OverallMeasures{
			Anchored: Unknown, Default: Unknown,
			Better:  slices.Repeat([]Estimate{Unknown}, len(r.Baselines)),
			Profile: math.NaN(), ProfileAnchor: math.NaN(), Failure: share(o.Diverged, o.N),
		}
		var slow, widths, biases []float64
		for _, p := range r.Problems {
			row := p.row(o.Optimizer)
			if base := p.row(r.Anchor); base != nil && !math.IsNaN(row.Seconds/base.Seconds) {
				slow = append(slow, math.Log(row.Seconds/base.Seconds))
			}
			if !math.IsNaN(row.Width) {
				widths = append(widths, row.Width)
			}
			if !math.IsNaN(row.SeedBias) {
				biases = append(biases, row.SeedBias)
			}
		}
		o.Slowdown, o.Width, o.Bias = math.Exp(stats.Mean(slow)), stats.Median(widths),
			stats.Mean(biases)
		// not on all problems: its means would be over other problems than those of the rest
		if o.Place.Place == 0 {
			continue
		}
		if targets != nil {
			o.Profile, o.ProfileAnchor = profile[i], profileAnchor[i]
		}
		tuned[k] = anchoredOf(all, func(c compared) [][]float64 { return c.anchored }, i)
		untuned[k] = anchoredOf(all, func(c compared) [][]float64 { return c.defaults }, i)
		o.Anchored.Value, o.Default.Value = pooledIQM(tuned[k]), pooledIQM(untuned[k])
		for b, name := range r.Baselines {
			if name != o.Optimizer {
				w, share := winsOver(inputs, i, at[name])
				o.Better[b].Value = share
				wins, better = append(wins, w), append(better, &o.Better[b])
			}
		}
	}
	for k, shares := range draws.Share(wins) {
		better[k].Low, better[k].High = stats.Percentiles(shares, level)
	}
	for k, means := range draws.IQM(slices.Concat(tuned, untuned)) {
		e := &r.Overall[k%len(r.Overall)].Anchored
		if k >= len(r.Overall) {
			e = &r.Overall[k-len(r.Overall)].Default
		}
		e.Low, e.High = stats.Percentiles(means, level) // NaN where nothing is anchored
	}
}

// anchoredOf returns the anchored scores of entry i by problem; nil for problems without an anchor.
func anchoredOf(all []compared, of func(compared) [][]float64, i int) [][]float64 {
	scores := make([][]float64, len(all))
	for p, c := range all {
		if of(c) != nil {
			scores[p] = of(c)[i]
		}
	}
	return scores
}

// pooledIQM is the interquartile mean of all scores that are known; NaN if there are none.
func pooledIQM(scores [][]float64) float64 {
	pool := slices.DeleteFunc(slices.Concat(scores...), math.IsNaN)
	if len(pool) == 0 {
		return math.NaN()
	}
	return stats.IQM(pool)
}

// winsOver compares entries i and j: by problem the [stats.HalfWins] of i, and the mean over
// problems of the share of seeds at which i beats j.
func winsOver(inputs []stats.Problem, i, j int) (wins [][]int8, share float64) {
	for _, input := range inputs {
		x, y := input.Scores[i], input.Scores[j]
		if !input.HigherBetter {
			x, y = y, x
		}
		wins = append(wins, stats.HalfWins(x, y))
		share += stats.PairedImprovement(x, y)
	}
	return wins, share / float64(len(inputs))
}

// diagnose tests whether entries differ over the problems at all, and whether tuning seeds were
// lucky.
func (r *Report) diagnose() {
	var costs [][]float64
	k := 0
	for _, p := range r.Problems {
		var row []float64
		for _, o := range r.Overall {
			if o.Place.Place == 0 {
				continue
			}
			mean := p.row(o.Optimizer).Score.Mean
			if p.Spec.Metric.HigherBetter {
				mean = -mean
			}
			row = append(row, mean)
		}
		costs = append(costs, row)
		k = len(row)
	}
	r.Friedman = stats.Friedman(costs)
	r.CriticalDifference = stats.Nemenyi(k, len(r.Problems), stats.Alpha)
	var biases []float64
	lucky := 0
	for _, p := range r.Problems {
		for _, row := range p.Rows {
			if b := row.SeedBias; !math.IsNaN(b) && b != 0 {
				biases = append(biases, b)
				if b > 0 {
					lucky++
				}
			}
		}
	}
	if p := stats.SignTest(lucky, len(biases)); p <= stats.Alpha && 2*lucky > len(biases) {
		r.warn(SeedBias, "chosen settings were %.2f standard deviations better under the tuning "+
			"seed than under the replicates' on "+
			"average, and better in %d of %d cells (sign test p = %s): results of tuning are too "+
			"good to report",
			stats.Mean(biases), lucky, len(biases), notation.Probability(p))
	}
}
