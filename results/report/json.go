package report

import (
	"encoding/json"
	"io"
	"math"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/stats"
)

// WriteJSON writes the whole report as one JSON object. The names of fields are stable: some may be added, none changes its
// meaning. A number that is unknown or infinite is null; all others are in full precision.
//
//	plan, description   of the plan
//	complete            whether no run failed or is missing; finished and planned count runs
//	protocol            version of the protocol
//	baselines, anchor   names of entries, see below
//	problems            one object each, in the order of the plan:
//	  name, dim, train, validation, test, budget, batch_size, seeds
//	  schedule                              that the plan gives, as plans write it; null: the problem's own
//	  metric, higher_better, part, point    what is reported, and at which point of a run
//	  initial, anchor_mean, target          values of the metric
//	  agree_final, agree_default            Kendall's τ of the order with that by "final" and by "default"
//	  rows                                  by rank:
//	    optimizer, oracle, rank (0: none), shared, setting
//	    impossible                          why it cannot run on the problem; empty: it can
//	    ranges, schedule, clip              what its entry has of its own: ranges of tuning, schedule (null), greatest norm (0)
//	    score, final, default               summaries: n, diverged, mean, std, low, high, median, q25, q75, bimodal
//	    steps, seconds_per_example, slowdown, tuning_examples
//	    tuning_runs, tuning_tie_runs        the latter are those of the former that are of the tie step
//	    anchored                            estimate: value, low, high (95 % interval)
//	    better                              estimates by baseline: probability of improvement
//	    target_runs, target_reached, target_examples (median)
//	    auc, best_of (by number of tuning runs), tunability, width, width_open, loss_spread, seed_bias
//	    failure                             estimate: share of runs that diverged
//	    notes                               warnings: kind, who, text
//	  unranked                              rows with source, leader and distance (mean, low, high, p) in addition
//	  pairs                                 optimizer, versus, n, difference (mean, low, high, p), p_adjusted
//	  notes
//	overall             null if there are fewer than two problems; else by place:
//	  optimizer, oracle, place (0: none), mean_rank, low, high, ranks, n, diverged, tuning_runs, tuning_examples
//	  anchored, better, failure, profile, profile_anchor, slowdown, width, seed_bias
//	friedman            f, chi_square, p, critical_difference
//	notes
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r.json())
}

// jsonNumber is null if it is not finite.
type jsonNumber float64

// MarshalJSON implements json.Marshaler.
func (n jsonNumber) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

type reportJSON struct {
	Plan        string        `json:"plan"`
	Description string        `json:"description"`
	Complete    bool          `json:"complete"`
	Finished    int           `json:"finished"`
	Planned     int           `json:"planned"`
	Protocol    int           `json:"protocol"`
	Baselines   []string      `json:"baselines"`
	Anchor      string        `json:"anchor"`
	Problems    []problemJSON `json:"problems"`
	Overall     []overallJSON `json:"overall"`
	Friedman    friedmanJSON  `json:"friedman"`
	Notes       []Warning     `json:"notes"`
}

type problemJSON struct {
	Name         string             `json:"name"`
	Dim          int                `json:"dim"`
	Train        int                `json:"train"`
	Validation   int                `json:"validation"`
	Test         int                `json:"test"`
	Budget       int64              `json:"budget"`
	BatchSize    int                `json:"batch_size"`
	Seeds        int                `json:"seeds"`
	Schedule     *protocol.Schedule `json:"schedule"`
	Metric       string             `json:"metric"`
	HigherBetter bool               `json:"higher_better"`
	Part         protocol.Part      `json:"part"`
	Point        string             `json:"point"`
	Initial      jsonNumber         `json:"initial"`
	AnchorMean   jsonNumber         `json:"anchor_mean"`
	Target       jsonNumber         `json:"target"`
	AgreeFinal   jsonNumber         `json:"agree_final"`
	AgreeDefault jsonNumber         `json:"agree_default"`
	Rows         []rowJSON          `json:"rows"`
	Unranked     []unrankedJSON     `json:"unranked"`
	Pairs        []pairJSON         `json:"pairs"`
	Notes        []Warning          `json:"notes"`
}

type rowJSON struct {
	Optimizer      string                  `json:"optimizer"`
	Oracle         bool                    `json:"oracle"`
	Rank           int                     `json:"rank"`
	Shared         bool                    `json:"shared"`
	Setting        protocol.Setting        `json:"setting"`
	Impossible     string                  `json:"impossible"`
	Ranges         map[string][]float64    `json:"ranges"`
	Schedule       *protocol.Schedule      `json:"schedule"`
	Clip           float64                 `json:"clip"`
	Score          summaryJSON             `json:"score"`
	Final          summaryJSON             `json:"final"`
	Default        summaryJSON             `json:"default"`
	Steps          jsonNumber              `json:"steps"`
	Seconds        jsonNumber              `json:"seconds_per_example"`
	Slowdown       jsonNumber              `json:"slowdown"`
	TuningRuns     int                     `json:"tuning_runs"`
	TuningTies     int                     `json:"tuning_tie_runs"`
	TuningExamples int64                   `json:"tuning_examples"`
	Elsewhere      int                     `json:"runs_made_elsewhere"`
	Anchored       estimateJSON            `json:"anchored"`
	Better         map[string]estimateJSON `json:"better"`
	TargetRuns     int                     `json:"target_runs"`
	TargetReached  int                     `json:"target_reached"`
	TargetExamples jsonNumber              `json:"target_examples"`
	AUC            jsonNumber              `json:"auc"`
	BestOf         map[int]jsonNumber      `json:"best_of"`
	Tunability     jsonNumber              `json:"tunability"`
	Width          jsonNumber              `json:"width"`
	WidthOpen      bool                    `json:"width_open"`
	LossSpread     jsonNumber              `json:"loss_spread"`
	SeedBias       jsonNumber              `json:"seed_bias"`
	Failure        estimateJSON            `json:"failure"`
	Notes          []Warning               `json:"notes"`
}

type unrankedJSON struct {
	rowJSON
	Source   string         `json:"source"`
	Leader   string         `json:"leader"`
	Distance differenceJSON `json:"distance"`
}

type summaryJSON struct {
	N        int        `json:"n"`
	Diverged int        `json:"diverged"`
	Mean     jsonNumber `json:"mean"`
	Std      jsonNumber `json:"std"`
	Low      jsonNumber `json:"low"`
	High     jsonNumber `json:"high"`
	Median   jsonNumber `json:"median"`
	Q25      jsonNumber `json:"q25"`
	Q75      jsonNumber `json:"q75"`
	Bimodal  bool       `json:"bimodal"`
}

type estimateJSON struct {
	Value jsonNumber `json:"value"`
	Low   jsonNumber `json:"low"`
	High  jsonNumber `json:"high"`
}

type differenceJSON struct {
	Mean jsonNumber `json:"mean"`
	Low  jsonNumber `json:"low"`
	High jsonNumber `json:"high"`
	P    jsonNumber `json:"p"`
}

type pairJSON struct {
	Optimizer  string         `json:"optimizer"`
	Versus     string         `json:"versus"`
	N          int            `json:"n"`
	Difference differenceJSON `json:"difference"`
	Adjusted   jsonNumber     `json:"p_adjusted"`
}

// problemPairJSON is a pair that says of which problem it is.
type problemPairJSON struct {
	Problem string `json:"problem"`
	pairJSON
}

type overallJSON struct {
	Optimizer      string                  `json:"optimizer"`
	Oracle         bool                    `json:"oracle"`
	Place          int                     `json:"place"`
	MeanRank       jsonNumber              `json:"mean_rank"`
	Low            jsonNumber              `json:"low"`
	High           jsonNumber              `json:"high"`
	Ranks          []int                   `json:"ranks"`
	N              int                     `json:"n"`
	Diverged       int                     `json:"diverged"`
	TuningRuns     int                     `json:"tuning_runs"`
	TuningExamples int64                   `json:"tuning_examples"`
	Anchored       estimateJSON            `json:"anchored"`
	Better         map[string]estimateJSON `json:"better"`
	Failure        estimateJSON            `json:"failure"`
	Profile        jsonNumber              `json:"profile"`
	ProfileAnchor  jsonNumber              `json:"profile_anchor"`
	Slowdown       jsonNumber              `json:"slowdown"`
	Width          jsonNumber              `json:"width"`
	SeedBias       jsonNumber              `json:"seed_bias"`
}

type friedmanJSON struct {
	F                  jsonNumber `json:"f"`
	ChiSquare          jsonNumber `json:"chi_square"`
	P                  jsonNumber `json:"p"`
	CriticalDifference jsonNumber `json:"critical_difference"`
}

func (r *Report) json() reportJSON {
	out := reportJSON{
		Plan: r.Plan, Description: r.Description, Complete: r.Complete(), Finished: r.Finished, Planned: r.Planned,
		Protocol: r.Protocol, Baselines: list(r.Baselines), Anchor: r.Anchor, Notes: list(r.Notes),
		Friedman: friedmanJSON{
			jsonNumber(r.Friedman.F), jsonNumber(r.Friedman.ChiSquare), jsonNumber(r.Friedman.P), jsonNumber(r.CriticalDifference),
		},
	}
	for i := range r.Problems {
		out.Problems = append(out.Problems, r.Problems[i].json(r))
	}
	for _, o := range r.Overall {
		out.Overall = append(out.Overall, overallJSON{
			Optimizer: o.Optimizer, Oracle: o.Oracle, Place: o.Place.Place,
			MeanRank: jsonNumber(o.MeanRank), Low: jsonNumber(o.Low), High: jsonNumber(o.High),
			Ranks: o.Ranks, N: o.N, Diverged: o.Diverged, TuningRuns: o.Tuning.Runs, TuningExamples: o.Tuning.Examples,
			Anchored: o.Anchored.json(), Better: r.betterJSON(o.Better), Failure: o.Failure.json(),
			Profile: jsonNumber(o.Profile), ProfileAnchor: jsonNumber(o.ProfileAnchor), Slowdown: jsonNumber(o.Slowdown),
			Width: jsonNumber(o.Width), SeedBias: jsonNumber(o.Bias),
		})
	}
	return out
}

// list is never null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func (p *Problem) json(r *Report) problemJSON {
	spec := p.Spec
	if spec == nil {
		spec = new(protocol.ProblemSpec)
	}
	out := problemJSON{
		Name: p.Name, Dim: spec.Dim, Train: spec.Train, Validation: spec.Validation, Test: spec.Test,
		Budget: p.Budget, BatchSize: p.BatchSize, Seeds: p.Seeds, Schedule: p.Schedule,
		Metric: spec.Metric.Name, HigherBetter: spec.Metric.HigherBetter, Part: p.Part, Point: p.Point,
		Initial: jsonNumber(p.Initial), AnchorMean: jsonNumber(p.AnchorMean), Target: jsonNumber(p.Target),
		AgreeFinal: jsonNumber(p.AgreeFinal), AgreeDefault: jsonNumber(p.AgreeDefault),
		Rows: []rowJSON{}, Unranked: []unrankedJSON{}, Pairs: p.pairsJSON(), Notes: list(p.Notes),
	}
	for i := range p.Rows {
		out.Rows = append(out.Rows, p.Rows[i].json(r))
	}
	for _, u := range p.Unranked {
		out.Unranked = append(out.Unranked, unrankedJSON{u.Row.json(r), u.Source, u.Leader, newDifferenceJSON(u.Distance)})
	}
	return out
}

func (p *Problem) pairsJSON() []pairJSON {
	all := []pairJSON{}
	for _, pair := range p.Pairs {
		all = append(all, pairJSON{pair.A, pair.B, pair.N, newDifferenceJSON(pair.Difference), jsonNumber(pair.Adjusted)})
	}
	return all
}

func (row *Row) json(r *Report) rowJSON {
	out := rowJSON{
		Optimizer: row.Optimizer, Oracle: row.Oracle, Rank: row.Rank, Shared: row.Shared, Setting: row.Setting,
		Impossible: row.Impossible, Ranges: row.Ranges, Schedule: row.Schedule, Clip: row.Clip,
		Score: row.Score.json(), Final: row.Final.json(), Default: row.OneShot.json(),
		Steps: jsonNumber(row.Steps), Seconds: jsonNumber(row.Seconds), Slowdown: jsonNumber(row.Slowdown),
		TuningRuns: row.Tuning.Runs, TuningTies: row.Tuning.Ties, TuningExamples: row.Tuning.Examples, Elsewhere: elsewhere(row.Taken),
		Anchored: row.Anchored.json(), Better: r.betterJSON(row.Better),
		TargetRuns: row.ToTarget.N, TargetReached: row.ToTarget.Reached, TargetExamples: jsonNumber(row.ToTarget.Median),
		AUC: jsonNumber(row.AUC), BestOf: map[int]jsonNumber{}, Tunability: jsonNumber(row.Tunability),
		Width: jsonNumber(row.Width), WidthOpen: row.WidthOpen, LossSpread: jsonNumber(row.LossSpread),
		SeedBias: jsonNumber(row.SeedBias), Failure: row.Failure.json(), Notes: list(row.Notes),
	}
	for i, k := range BestOfRuns {
		out.BestOf[k] = jsonNumber(row.BestOf[i])
	}
	return out
}

func (r *Report) betterJSON(better []Estimate) map[string]estimateJSON {
	all := map[string]estimateJSON{}
	for b, e := range better { // of a row beside the ranking there are none
		all[r.Baselines[b]] = e.json()
	}
	return all
}

func (s *Summary) json() summaryJSON {
	return summaryJSON{
		s.N, s.Diverged, jsonNumber(s.Mean), jsonNumber(s.Std), jsonNumber(s.Low), jsonNumber(s.High),
		jsonNumber(s.Median), jsonNumber(s.Q25), jsonNumber(s.Q75), s.Bimodal,
	}
}

func (e Estimate) json() estimateJSON {
	return estimateJSON{jsonNumber(e.Value), jsonNumber(e.Low), jsonNumber(e.High)}
}

func newDifferenceJSON(d stats.Difference) differenceJSON {
	return differenceJSON{jsonNumber(d.Mean), jsonNumber(d.Low), jsonNumber(d.High), jsonNumber(d.P)}
}

// elsewhere counts the runs that came in bundles.
func elsewhere(taken []results.Taken) (n int) {
	for _, t := range taken {
		n += t.Runs
	}
	return n
}
