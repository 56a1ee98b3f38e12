package columns

import (
	"fmt"

	"noisebench/results/measures"
	"noisebench/results/notation"
)

// Overall is one optimizer over all problems of a report.
type Overall struct {
	Report *measures.Report
	*measures.Overall
}

// OverallsOf returns the optimizers of a report, by place.
func OverallsOf(r *measures.Report) []Overall {
	var all []Overall
	for i := range r.Overall {
		all = append(all, Overall{r, &r.Overall[i]})
	}
	return all
}

// Overalls is the list of the columns that describe an optimizer over all problems.
func Overalls(r *measures.Report) []Column[Overall] {
	type column = Column[Overall]
	number := func(name, meaning string, value func(Overall) float64, path ...string) column {
		return column{
			Name: name, Path: path, Kind: Number, In: Data, Meaning: meaning,
			Value: func(o Overall) any { return value(o) },
		}
	}
	integer := func(name, meaning string, value func(Overall) int64) column {
		return column{
			Name: name, Kind: Integer, In: Data, Meaning: meaning,
			Value: func(o Overall) any { return value(o) },
		}
	}
	placed := func(text func(Overall) string) func(Overall) string {
		return func(o Overall) string {
			if o.Place.Place == 0 {
				return notation.None
			}
			return text(o)
		}
	}
	all := []column{
		{
			Name: "place", Kind: Integer, In: Rankings | CSV | Export, Head: "place",
			Legend: "place",
			Meaning: "1 is best; shared (1=) by entries that are not behind the leader's mean " +
				"rank in more than 97.5 % of the bootstrap's draws",
			Value: func(o Overall) any { return ranked(o.Place.Place) },
			Text: func(o Overall) string {
				same := 0
				for _, other := range o.Report.Overall {
					if other.Place.Place == o.Place.Place {
						same++
					}
				}
				return notation.Rank(o.Place.Place, same > 1)
			},
		},
		{
			Name: "place", Kind: Integer, In: JSON, Meaning: "1 is best; 0: none",
			Value: func(o Overall) any { return int64(o.Place.Place) },
		},
		{
			Name: "optimizer", Kind: Text, In: Rankings | Details | JSON, Head: "optimizer",
			Words:   true,
			Meaning: "name of the entry in the plan; ‡: an oracle",
			Value:   func(o Overall) any { return o.Optimizer },
			Text:    func(o Overall) string { return Flagged(o.Optimizer, o.Oracle) },
		},
		{
			Name: "oracle", Kind: Flag, In: JSON,
			Meaning: "it was told what no real optimizer can know",
			Value:   func(o Overall) any { return o.Oracle },
		},
		number("mean_rank", "mean of the ranks on all problems",
			func(o Overall) float64 { return o.MeanRank }).
			shown(Rankings, "mean rank", placed(
				func(o Overall) string { return notation.Fixed(o.MeanRank, 2) })),
		number("low", "of the mean rank, by a bootstrap over seeds: lower end",
			func(o Overall) float64 { return o.Low }).
			shown(Rankings, "95 % interval",
				placed(func(o Overall) string {
					return fmt.Sprintf("[%.2f, %.2f]", o.Low,
						o.High)
				})).
			drop(8),
		number("high", "upper end of that interval", func(o Overall) float64 { return o.High }),
		{
			Name: "ranks", Kind: Object, In: JSON,
			Meaning: "ranks on the problems, in their order; 0: none",
			Value:   func(o Overall) any { return list(o.Ranks) },
		},
	}
	for i := range r.Problems {
		all = append(all, column{
			Name: fmt.Sprintf("rank_%d", i+1), Kind: Integer, In: Rankings,
			Head:    fmt.Sprintf("#%d", i+1),
			Meaning: "rank on " + notation.Clean(r.Problems[i].Name),
			Value:   func(o Overall) any { return ranked(o.Ranks[i]) },
			Text:    func(o Overall) string { return notation.Rank(o.Ranks[i], false) },
		})
	}
	all = append(all,
		integer("n", "replicates on all problems", func(o Overall) int64 { return int64(o.N) }),
		integer("diverged", "replicates that diverged, of all",
			func(o Overall) int64 { return int64(o.Diverged) }).
			shown(Rankings, "diverged", func(o Overall) string {
				return fmt.Sprintf("%d/%d",
					o.Diverged, o.N)
			}).drop(7),
		integer("tuning_runs", "runs that tuning used on all problems (examples)",
			func(o Overall) int64 { return int64(o.Tuning.Runs) }).
			shown(Rankings, "tuning", func(o Overall) string { return cost(o.Tuning) }).drop(5),
		integer("tuning_tie_runs", "of tuning_runs, those that repeat tied settings under "+
			"further seeds",
			func(o Overall) int64 { return int64(o.Tuning.Ties) }),
		integer("tuning_examples", "examples that tuning used on all problems",
			func(o Overall) int64 { return o.Tuning.Examples }),
		number("anchored", "interquartile mean: mean of the middle half of all problems' "+
			"anchored scores, interval by the bootstrap",
			func(o Overall) float64 { return o.Anchored.Value }, "anchored", "value").
			shown(Details, "anchored IQM", func(o Overall) string { return estimate(o.Anchored) }).
			legend("anchored IQM").higher(true).optional(),
		number("anchored_low", "lower end of its 95 % interval",
			func(o Overall) float64 { return o.Anchored.Low }, "anchored", "low"),
		number("anchored_high", "upper end of its 95 % interval",
			func(o Overall) float64 { return o.Anchored.High }, "anchored", "high"),
		number("default_anchored", "anchored IQM of the declared defaults",
			func(o Overall) float64 { return o.Default.Value }, "default_anchored", "value").
			shown(Details, "default IQM", func(o Overall) string { return estimate(o.Default) }).
			legend("default IQM").higher(true).optional(),
		number("default_anchored_low", "lower end of its 95 % interval",
			func(o Overall) float64 { return o.Default.Low }, "default_anchored", "low"),
		number("default_anchored_high", "upper end of its 95 % interval",
			func(o Overall) float64 { return o.Default.High }, "default_anchored", "high"),
	)
	for b, name := range r.Baselines {
		all = append(all,
			number("better_than_"+name, "share of seeds at which it beats that entry, mean over "+
				"the problems",
				func(o Overall) float64 { return o.Better[b].Value }, "better", name, "value").
				shown(Details, "> "+notation.Clean(name),
					func(o Overall) string { return estimate(o.Better[b]) }).higher(true),
			number("better_than_"+name+"_low", "lower end of its 95 % interval by the bootstrap",
				func(o Overall) float64 { return o.Better[b].Low }, "better", name, "low"),
			number("better_than_"+name+"_high", "upper end of that interval",
				func(o Overall) float64 { return o.Better[b].High }, "better", name, "high"))
	}
	return append(all,
		number("profile", "share of the area under the performance profile between 1 and 4 times "+
			"the least examples to target; "+
			"1 is best", func(o Overall) float64 { return o.Profile }).
			shown(Details, "profile", func(o Overall) string {
				return notation.Fixed(o.Profile,
					2)
			}).
			legend("profile").higher(true).optional(),
		number("profile_anchor", "the same between 1 and 4 times that entry's examples",
			func(o Overall) float64 { return o.ProfileAnchor }).
			shown(Details, "by "+notation.Clean(r.Anchor),
				func(o Overall) string { return notation.Fixed(o.ProfileAnchor, 2) }).
			legend("by …").higher(true).optional(),
		number("width", "median over the problems of the width",
			func(o Overall) float64 { return o.Width }).
			shown(Details, "width", func(o Overall) string { return notation.Fixed(o.Width, 2) }).
			higher(true).optional(),
		number("slowdown", "geometric mean over the problems of the time per example relative to "+
			"the anchor's",
			func(o Overall) float64 { return o.OverallMeasures.Slowdown }).
			shown(Details, "time", func(o Overall) string {
				return notation.Factor(
					o.OverallMeasures.Slowdown)
			}).
			optional().drop(1),
		number("seed_bias", "mean over the problems of the seed bias",
			func(o Overall) float64 { return o.Bias }),
		number("diverged_share", "share of all replicates that diverged, with the exact 95 % "+
			"interval",
			func(o Overall) float64 { return o.Failure.Value }, "failure", "value").
			shown(Details, "diverged", func(o Overall) string { return percent(o.Failure) }).
			drop(7),
		number("diverged_low", "lower end of that interval",
			func(o Overall) float64 { return o.Failure.Low }, "failure", "low"),
		number("diverged_high", "upper end of that interval",
			func(o Overall) float64 { return o.Failure.High }, "failure", "high"),
	)
}
