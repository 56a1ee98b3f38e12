package columns

import (
	"fmt"
	"strings"

	"noisebench/results/measures"
	"noisebench/results/notation"
)

// Row is one optimizer on one problem, with the report and the problem that it belongs to.
type Row struct {
	Report   *measures.Report
	Problem  *measures.Problem
	Unranked *measures.Unranked // of which this is the row; nil if it is ranked
	// of the optimizer; nil if there is none, as for rows that are not ranked
	Overall *measures.Overall
	*measures.Row
}

// RowsOf returns the rows of a problem: those of the ranking in their order, then those that are
// not ranked.
func RowsOf(r *measures.Report, p *measures.Problem) []Row {
	overall := map[string]*measures.Overall{}
	for i := range r.Overall {
		overall[r.Overall[i].Optimizer] = &r.Overall[i]
	}
	var all []Row
	for i := range p.Rows {
		row := &p.Rows[i]
		all = append(all, Row{Report: r, Problem: p, Overall: overall[row.Optimizer], Row: row})
	}
	for i := range p.Unranked {
		u := &p.Unranked[i]
		all = append(all, Row{Report: r, Problem: p, Unranked: u, Row: &u.Row})
	}
	return all
}

// Rows is the list of the columns that describe an optimizer on a problem of a report. p is the
// problem whose tables are made; nil stands for all, in data. CSV and exported tables also have the
// columns of the plan, the problem and the optimizer over all problems in each row.
func Rows(r *measures.Report, p *measures.Problem) []Column[Row] {
	if p == nil {
		p = &measures.Problem{}
	}
	all := within(Reports(), "", func(row Row) (*measures.Report, bool) { return row.Report, true })
	all = append(all, within(Problems(), "",
		func(row Row) (*measures.Problem, bool) { return row.Problem, true })...)
	all = append(all, rankingColumns(p)...)
	all = append(all, detailColumns(r)...)
	all = append(all, provenanceColumns()...)
	return append(all, within(Overalls(r), "overall_", func(row Row) (Overall, bool) {
		return Overall{row.Report, row.Overall}, row.Overall != nil
	})...)
}

type rowColumn = Column[Row]

// number is a column of data. The path in JSON is name unless it is given.
func number(name, meaning string, value func(Row) float64, path ...string) rowColumn {
	return rowColumn{
		Name: name, Path: path, Kind: Number, In: Data, Meaning: meaning,
		Value: func(r Row) any { return value(r) },
	}
}

func integer(name, meaning string, value func(Row) int64, path ...string) rowColumn {
	return rowColumn{
		Name: name, Path: path, Kind: Integer, In: Data, Meaning: meaning,
		Value: func(r Row) any { return value(r) },
	}
}

func flag(name, meaning string, value func(Row) bool, path ...string) rowColumn {
	return rowColumn{
		Name: name, Path: path, Kind: Flag, In: Data, Meaning: meaning,
		Value: func(r Row) any { return value(r) },
	}
}

// shown puts a column of data into tables for readers.
func (c Column[R]) shown(in Output, head string, text func(R) string) Column[R] {
	c.In |= in
	c.Head, c.Text = head, text
	return c
}

func (c Column[R]) drop(order int) Column[R]      { c.Drop = order; return c }
func (c Column[R]) optional() Column[R]           { c.Optional = true; return c }
func (c Column[R]) higher(yes bool) Column[R]     { c.Higher = yes; return c }
func (c Column[R]) legend(name string) Column[R]  { c.Legend = name; return c }
func (c Column[R]) mean(meaning string) Column[R] { c.Meaning = meaning; return c }

// rankingColumns are the columns of rankings, with the data behind them.
func rankingColumns(p *measures.Problem) []rowColumn {
	higher := p.HigherBetter()
	score := scoreColumns()
	final := summary("final", "metric at the last point",
		func(r Row) *measures.Summary { return &r.Final })
	oneShot := summary("default", "score of the declared defaults",
		func(r Row) *measures.Summary { return &r.OneShot })

	return []rowColumn{
		{
			Name: "rank", Kind: Integer, In: Rankings | CSV | Export, Head: "rank", Legend: "rank",
			Meaning: "1 is best; entries that share a rank (1=) do not differ by the sign-flip " +
				"test with Holm's correction at level 0.05, or too little to matter",
			Value: func(r Row) any { return ranked(r.Rank) },
			Text:  func(r Row) string { return notation.Rank(r.Rank, r.Shared) },
		},
		{
			Name: "rank", Kind: Integer, In: JSON, Meaning: "1 is best; 0: no rank",
			Value: func(r Row) any { return int64(r.Rank) },
		},
		{
			Name: "optimizer", Kind: Text, In: Rankings | Appendix | Beside | Details | Data,
			Head: "optimizer", Words: true,
			Meaning: "name of the entry in the plan; ‡: an oracle",
			Value:   func(r Row) any { return r.Optimizer },
			Text:    func(r Row) string { return Flagged(r.Optimizer, r.Oracle) },
		},
		{
			Name: "setting", Kind: Text, In: Terminal | Markdown | Page | Beside | CSV | Export,
			Head: "setting", Legend: "setting", Words: true, Drop: 4,
			Meaning: "what was tuned, and what the plan sets otherwise than the optimizer declares",
			Value: func(r Row) any {
				if r.Setting == nil {
					return nil
				}
				return r.Setting.String()
			},
		},
		{
			Name: "setting", Kind: Object, In: JSON,
			Meaning: "what was tuned, and what the plan sets otherwise than the optimizer " +
				"declares, by name",
			Value: func(r Row) any { return r.Setting },
		},
		flag("shared", "other entries have the same rank", func(r Row) bool { return r.Shared }),
		flag("oracle", "it was told what no real optimizer can know",
			func(r Row) bool { return r.Oracle }),

		score.mean.shown(Rankings|Appendix|Beside, p.MetricName(),
			func(r Row) string { return MeanStd(&r.Score) }).
			higher(higher),
		score.n.shown(Beside, "n", nil).drop(11), score.diverged, score.std,
		score.low.shown(Markdown|LaTeX|Page, "95 % interval",
			func(r Row) string { return interval(&r.Score) }).
			higher(higher).drop(8),
		score.high,
		score.q25, score.q75, score.bimodal,

		{
			Name: "ok", Kind: Integer, In: Rankings, Head: "ok", Legend: "ok", Higher: true,
			Drop:    6,
			Meaning: "runs that did not diverge, of those planned",
			Value:   func(r Row) any { return int64(r.Score.N - r.Score.Diverged) },
			Text: func(r Row) string {
				if r.Impossible != "" {
					return notation.None
				}
				return fmt.Sprintf("%d/%d", r.Score.N-r.Score.Diverged, r.Problem.Seeds)
			},
		},

		oneShot.n, oneShot.diverged,
		oneShot.mean.shown(Terminal|Markdown|Page|Appendix, "default",
			func(r Row) string { return MeanStd(&r.OneShot) }).
			legend("default").mean("the same for the declared defaults in place of what was tuned; –: " +
			"nothing is tuned").
			higher(higher).optional().drop(3),
		oneShot.std, oneShot.low, oneShot.high, oneShot.median, oneShot.q25, oneShot.q75,
		oneShot.bimodal,

		final.n, final.diverged,
		final.mean.shown(Terminal|Markdown|Page|Appendix, "final", func(r Row) string {
			if !r.Problem.ShowFinal {
				return notation.None
			}
			return notation.Number(r.Final.Mean)
		}).legend("final").mean("mean at the last points of the runs").higher(higher).optional().
			drop(2),
		final.std, final.low, final.high, final.median, final.q25, final.q75, final.bimodal,

		number("steps", "mean number of steps", func(r Row) float64 { return r.Steps }),
		number("seconds_per_example", "time of problem and optimizer per example, of the "+
			"fastest replicate",
			func(r Row) float64 { return r.Seconds }),
		number("slowdown", "of problem and optimizer per example in the fastest replicate, relative "+
			"to the fastest entry; without the way to other processes and back where these say "+
			"what their own code took",
			func(r Row) float64 { return r.Slowdown }).
			shown(Rankings, "time", func(r Row) string { return notation.Factor(r.Slowdown) }).
			legend("time").drop(1),
		integer("tuning_runs", "runs of the search + runs that repeat tied settings under "+
			"further seeds (examples of both); a "+
			"limit on tuning runs is one on the search; –: nothing is tuned",
			func(r Row) int64 { return int64(r.Tuning.Runs) }).
			shown(Rankings, "tuning", func(r Row) string { return cost(r.Tuning) }).
			legend("tuning").drop(5),
		integer("tuning_tie_runs", "of tuning_runs, those that repeat tied settings under "+
			"further seeds",
			func(r Row) int64 { return int64(r.Tuning.Ties) }),
		integer("tuning_examples", "examples that tuning used",
			func(r Row) int64 { return r.Tuning.Examples }),

		{
			Name: "unranked_leader", Path: []string{"leader"}, Kind: Text, In: Data,
			Meaning: "the first of the ranking, which a row that is not ranked is compared with",
			Value: func(r Row) any {
				if r.Unranked == nil {
					return nil
				}
				return r.Unranked.Leader
			},
		},
		distance("unranked_difference", "mean", "mean less the leader's",
			func(u *measures.Unranked) float64 { return u.Distance.Mean }).
			shown(Beside, "distance", nil),
		distance("unranked_difference_low", "low", "lower end of its 95 % interval by Welch's test",
			func(u *measures.Unranked) float64 { return u.Distance.Low }).
			shown(Beside, "95 % interval", ofUnranked(func(u *measures.Unranked) string {
				return notation.Span(u.Distance.Low, u.Distance.High)
			})).drop(8),
		distance("unranked_difference_high", "high", "upper end of that interval",
			func(u *measures.Unranked) float64 { return u.Distance.High }),
		distance("unranked_p", "p", "p of Welch's test",
			func(u *measures.Unranked) float64 { return u.Distance.P }).
			shown(Beside, "p", ofUnranked(
				func(u *measures.Unranked) string { return notation.Probability(u.Distance.P) })).
			drop(13),
		{
			Name: "unranked", Path: []string{"source"}, Kind: Text, In: Beside | Data,
			Head: "source", Words: true, Drop: 10,
			Meaning: "why the row is not ranked, or where it comes from",
			Value: func(r Row) any {
				if r.Unranked == nil {
					return nil
				}
				return r.Unranked.Source
			},
		},
	}
}

// detailColumns are the columns of second tables: certainty, speed and tuning.
func detailColumns(r *measures.Report) []rowColumn {
	all := []rowColumn{
		{
			Name: "anchor", Kind: Text, In: CSV | Export,
			Meaning: "baseline whose mean is 1 on the anchored scale; empty: none",
			Value:   func(r Row) any { return r.Report.Anchor },
		},
		number("anchored", "mean on the scale from the start, 0, to the mean of the anchor, 1, "+
			"with the 95 % interval",
			func(r Row) float64 { return r.Anchored.Value }, "anchored", "value").
			shown(Details, "anchored", func(r Row) string { return estimate(r.Anchored) }).
			legend("anchored").higher(true).optional(),
		number("anchored_low", "lower end of its 95 % interval",
			func(r Row) float64 { return r.Anchored.Low }, "anchored", "low"),
		number("anchored_high", "upper end of its 95 % interval",
			func(r Row) float64 { return r.Anchored.High }, "anchored", "high"),
		number("default_anchored", "the same of the declared default",
			func(r Row) float64 { return r.Default.Value }, "default_anchored", "value"),
		number("default_anchored_low", "lower end of its 95 % interval",
			func(r Row) float64 { return r.Default.Low }, "default_anchored", "low"),
		number("default_anchored_high", "upper end of its 95 % interval",
			func(r Row) float64 { return r.Default.High }, "default_anchored", "high"),
	}
	for b, name := range r.Baselines {
		better := func(row Row) measures.Estimate {
			if b < len(row.Better) {
				return row.Better[b]
			}
			return measures.Unknown // of a row that is not ranked
		}
		all = append(all,
			number("better_than_"+name, "share of seeds at which it beats that entry; above 0.75 "+
				"is worth having",
				func(r Row) float64 { return better(r).Value }, "better", name, "value").
				shown(Details, "> "+notation.Clean(name),
					func(r Row) string { return notation.Fixed(better(r).Value, 2) }).
				legend("> …").higher(true),
			number("better_than_"+name+"_low",
				"lower end of its 95 % interval by Clopper and Pearson",
				func(r Row) float64 { return better(r).Low }, "better", name, "low"),
			number("better_than_"+name+"_high", "upper end of that interval",
				func(r Row) float64 { return better(r).High }, "better", name, "high"))
	}
	all = append(all,
		integer("target_runs", "runs that were to reach the target",
			func(r Row) int64 { return int64(r.ToTarget.N) }),
		integer("target_reached", "of target_runs, those that reached it",
			func(r Row) int64 { return int64(r.ToTarget.Reached) }),
		number("target_examples", "median examples until the target is first met (runs that met "+
			"it, if not all)",
			func(r Row) float64 { return r.ToTarget.Median }).
			shown(Details, "to target", func(r Row) string { return toTarget(r.ToTarget) }).
			legend("to target").optional(),
		number("auc", "of the metric over the budget, for distances to an optimum the geometric mean",
			func(r Row) float64 { return r.AUC }).shown(Details, "mean", nil).legend("mean"))
	for i, k := range measures.BestOfRuns {
		all = append(all, number(fmt.Sprintf("best_of_%d", k),
			"expected best of k tuning runs in random order, on the part used for selection",
			func(r Row) float64 { return r.BestOf[i] }, "best_of", fmt.Sprint(k)).
			shown(Details, fmt.Sprintf("best of %d", k), nil).legend("best of k").optional())
	}
	return append(all,
		number("tunability", "mean of that over k, weighted",
			func(r Row) float64 { return r.Tunability }),
		number("width", "decades of step size that lose less than a tenth of the way from the "+
			"start to the best (≥: to the "+
			"end of what was tried)", func(r Row) float64 { return r.Width }).
			shown(Details, "width", func(r Row) string { return width(r.Width, r.WidthOpen) }).
			legend("width").higher(true).optional(),
		flag("width_open", "the width reaches an end of what was tried",
			func(r Row) bool { return r.WidthOpen }),
		number("loss_spread", "standard deviation of log₁₀ of the final loss over the runs of width",
			func(r Row) float64 { return r.LossSpread }).
			shown(Details, "spread", func(r Row) string { return notation.Fixed(r.LossSpread, 2) }).
			legend("spread").optional().drop(9),
		number("seed_bias", "standard deviations by which the chosen setting was better under "+
			"the tuning seed",
			func(r Row) float64 { return r.SeedBias }),
		number("diverged_share", "share of runs, with the exact 95 % interval",
			func(r Row) float64 { return r.Failure.Value }, "failure", "value").
			shown(Details, "diverged", func(r Row) string { return percent(r.Failure) }).
			legend("diverged").drop(7),
		number("diverged_low", "lower end of that interval",
			func(r Row) float64 { return r.Failure.Low }, "failure", "low"),
		number("diverged_high", "upper end of that interval",
			func(r Row) float64 { return r.Failure.High }, "failure", "high"),
		scoreColumns().median.shown(Details, "median [middle half]", func(r Row) string {
			if !r.Score.Bimodal {
				return notation.None
			}
			return notation.Number(r.Score.Median) + " " + notation.Span(r.Score.Q25, r.Score.Q75)
		}).optional().legend("median").
			mean("of scores that fall into two groups, with the middle half of them"),
	)
}

// provenanceColumns are the peculiarities of an entry, and the warnings about it.
func provenanceColumns() []rowColumn {
	return []rowColumn{
		{
			Name: "impossible", Kind: Text, In: Data,
			Meaning: "why it cannot run on the problem; empty: it can",
			Value:   func(r Row) any { return r.Impossible },
		},
		{
			Name: "ranges", Kind: Object, In: JSON,
			Meaning: "bounds of hyperparameters tuned over a range, by name",
			Value:   func(r Row) any { return r.Ranges },
		},
		{
			Name: "own_schedule", Kind: Text, In: CSV | Export,
			Meaning: "step-size schedule of the entry alone; empty: none",
			Value:   func(r Row) any { return scheduleText(r.Schedule) },
		},
		{
			Name: "schedule", Kind: Object, In: JSON,
			Meaning: "step-size schedule of the entry alone; null: none",
			Value:   func(r Row) any { return r.Schedule },
		},
		number("clip", "greatest norm of its gradients; 0: none",
			func(r Row) float64 { return r.Clip }),
		integer("runs_made_elsewhere", "runs that came in bundles", func(r Row) (n int64) {
			for _, t := range r.Taken {
				n += int64(t.Runs)
			}
			return n
		}),
		{
			Name: "notes", Kind: Text, In: CSV | Export,
			Meaning: "warnings about the row, its problem and its plan",
			Value: func(r Row) any {
				var all []string
				for _, notes := range [][]measures.Warning{
					r.Notes, r.Problem.Notes,
					r.Report.Notes,
				} {
					for _, w := range notes {
						all = append(all, w.Text)
					}
				}
				return strings.Join(all, "; ")
			},
		},
		{
			Name: "notes", Kind: Object, In: JSON,
			Meaning: "warnings about the row: kind, who, text",
			Value:   func(r Row) any { return list(r.Notes) },
		},
	}
}

// summaryColumns are the fields of a summary.
type summaryColumns struct {
	n, diverged, mean, std, low, high, median, q25, q75, bimodal rowColumn
}

// summary makes them, as data.
func summary(name, what string, of func(Row) *measures.Summary) summaryColumns {
	bimodal := name + "_bimodal"
	if name == "score" {
		bimodal = "bimodal"
	}
	one := func(field, meaning string, value func(s *measures.Summary) float64) rowColumn {
		return number(name+"_"+field, meaning, func(r Row) float64 { return value(of(r)) }, name,
			field)
	}
	return summaryColumns{
		n: integer(name+"_n", what+": finished runs",
			func(r Row) int64 { return int64(of(r).N) }, name, "n"),
		diverged: integer(name+"_diverged", what+": runs that diverged",
			func(r Row) int64 { return int64(of(r).Diverged) }, name, "diverged"),
		mean: one("mean", what+": mean ± standard deviation",
			func(s *measures.Summary) float64 { return s.Mean }),
		std: one("std", what+": sample standard deviation",
			func(s *measures.Summary) float64 { return s.Std }),
		low: one("low", what+": 95 % interval of the mean by Student's t, lower end",
			func(s *measures.Summary) float64 { return s.Low }),
		high: one("high", what+": upper end of that interval",
			func(s *measures.Summary) float64 { return s.High }),
		median: one("median", what+": median",
			func(s *measures.Summary) float64 { return s.Median }),
		q25: one("q25", what+": first quartile",
			func(s *measures.Summary) float64 { return s.Q25 }),
		q75: one("q75", what+": third quartile",
			func(s *measures.Summary) float64 { return s.Q75 }),
		bimodal: flag(bimodal, what+": runs that did not diverge fall into two groups",
			func(r Row) bool { return of(r).Bimodal }, name, "bimodal"),
	}
}

func scoreColumns() summaryColumns {
	return summary("score", "score over the seeds",
		func(r Row) *measures.Summary { return &r.Score })
}

// distance is a column of rows that are not ranked: their distance from the leader.
func distance(name, field, meaning string, value func(*measures.Unranked) float64) rowColumn {
	return rowColumn{
		Name: name, Path: []string{"distance", field}, Kind: Number, In: Data, Meaning: meaning,
		Value: func(r Row) any {
			if r.Unranked == nil {
				return nil
			}
			return value(r.Unranked)
		},
	}
}

// ofUnranked is the text of rows that are not ranked.
func ofUnranked(text func(*measures.Unranked) string) func(Row) string {
	return func(r Row) string {
		if r.Unranked == nil {
			return notation.None
		}
		return text(r.Unranked)
	}
}

// ranked is a rank; nil for 0, which is none.
func ranked(rank int) any {
	if rank == 0 {
		return nil
	}
	return int64(rank)
}

// MeanStd writes the mean and the standard deviation of a summary; a dagger marks diverged runs.
func MeanStd(s *measures.Summary) string { return daggered(s, notation.MeanStd(s.Mean, s.Std)) }

// ShortMeanStd is MeanStd with fewer digits, for tables of all problems.
func ShortMeanStd(s *measures.Summary) string {
	return daggered(s, notation.ShortMeanStd(s.Mean, s.Std))
}

func daggered(s *measures.Summary, text string) string {
	if s.N > 0 && s.Diverged > 0 {
		return text + " †"
	}
	return text
}

func interval(s *measures.Summary) string { return notation.Interval(s.Mean, s.Std, s.Low, s.High) }

// Flagged writes the name of an optimizer, with a double dagger if it is an oracle.
func Flagged(name string, oracle bool) string {
	if oracle {
		return notation.Clean(name) + " ‡"
	}
	return notation.Clean(name)
}

// cost writes runs and examples: "12 (55k)", or "6+9 (55k)" where 9 of 15 runs repeat tied
// settings.
func cost(c measures.Cost) string {
	if c.Runs == 0 {
		return notation.None
	}
	return fmt.Sprintf("%s (%s)", TuningRuns(c.Runs, c.Ties), notation.Amount(c.Examples))
}

// TuningRuns writes the number of tuning runs, those that repeat tied settings apart: "6+9".
func TuningRuns(runs, ties int) string {
	if ties > 0 {
		return fmt.Sprintf("%d+%d", runs-ties, ties)
	}
	return fmt.Sprint(runs)
}

func estimate(e measures.Estimate) string { return notation.Estimate(e.Value, e.Low, e.High, 2) }

func percent(e measures.Estimate) string { return notation.Percent(e.Value, e.Low, e.High) }

func width(decades float64, open bool) string {
	text := notation.Fixed(decades, 2)
	if open && text != notation.None {
		return "≥ " + text
	}
	return text
}

// toTarget writes "5.5k", "5.5k (7/10)", "never", or "– (4/10)" where too few runs met the target
// for a median.
func toTarget(t measures.Times) string {
	median := notation.None
	switch {
	case t.Median != t.Median:
		return notation.None
	case t.Reached == 0:
		return "never"
	case t.Median <= 1e18: // not infinite
		median = notation.Amount(int64(t.Median))
	}
	if t.Reached < t.N {
		return fmt.Sprintf("%s (%d/%d)", median, t.Reached, t.N)
	}
	return median
}
