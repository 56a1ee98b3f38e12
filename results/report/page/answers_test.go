package page

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/stats"
)

// The answers name the leaders of every scope, and their numbers are those of the report.
func TestAnswers(t *testing.T) {
	row := func(name string, rank, runs int, toTarget float64) measures.Row {
		return measures.Row{
			Optimizer: name, Rank: rank, Score: measures.Summary{N: 10, Mean: 0.5, Std: 0.01},
			Tuning:   measures.Cost{Runs: runs, Examples: int64(runs) * 1000},
			Measures: measures.Measures{ToTarget: measures.Times{N: 10, Median: toTarget}},
		}
	}
	r := &measures.Report{
		Anchor: "a", Finished: 1, Planned: 1,
		Problems: []measures.Problem{
			{Name: "p", Budget: 1000, Target: 0.4, Rows: []measures.Row{row("a", 1, 6, 500), row("b", 1, 8, 250), row("c", 3, 10, math.Inf(1))}},
			{Name: "q", Budget: 2000, Target: 0.4, Rows: []measures.Row{row("b", 1, 12, 600), row("a", 2, 6, 800), row("c", 2, 10, 2000)}},
		},
	}
	r.Problems[1].Pairs = []measures.Pair{{A: "b", B: "a", Difference: stats.Difference{
		Mean: -0.25, Low: -0.375, High: -0.125,
	}}}
	r.Friedman.P = math.NaN()
	for i, name := range []string{"b", "a", "c"} {
		o := measures.Overall{Optimizer: name}
		o.Place.Place, o.MeanRank, o.Low, o.High = min(2, i+1), 1+0.5*float64(i), 1, 2
		o.Anchored.Value = []float64{1.25, 1, 0.5}[i]
		o.Default.Value = []float64{0.75, 0.9, -1}[i]
		o.Profile = []float64{1, 0.5, 0.25}[i]
		r.Overall = append(r.Overall, o)
	}
	group := measures.Group{Name: "small", Report: *r}
	group.Problems = r.Problems[1:]
	r.Groups = []measures.Group{group}

	got := map[string]string{}
	for _, a := range answers(r) {
		for _, s := range a.Sentences {
			got[a.Question] += s.Scope + ": " + s.Text + "\n"
		}
	}
	for question, want := range map[string][]string{
		"Who wins?": {
			"all problems: b leads over both problems, alone", "small: b leads on q alone",
			"from the next, a (mean difference -0.25, 95 % interval [-0.375, -0.125])",
		},
		"How sure is that?": {
			"Of 3 entries, from 1 (q) to 2 (p) are in the first place, 1.5 at the median",
			"1.00, has the 95 % interval [1.00, 2.00]",
		},
		// the examples of tuning over the budget: 6, 8, 10 on p and 6, 3, 5 on q
		"What did tuning cost?": {"9 runs at the median", "(6 to 12,", "together 6.0 times"},
		"What do untuned defaults get?": {
			"The best default is that of a: 0.90 on the scale from the start, 0, to a as tuned, 1",
			"The best tuned entry, b, gets 1.25", "worth most to c (-1.00 to 0.50) and least to a (0.90 to 1.00)",
		},
		"Who needs the fewest examples?": {
			"95 % of the way from the start to the mean of a", "b is there first, or among the first, on 2 of 2 problems",
			"b has the best performance profile, with these shares of the budgets: 25 %, 30 %",
		},
	} {
		for _, w := range want {
			if !strings.Contains(strings.ReplaceAll(got[question], "−", "-"), w) {
				t.Errorf("the answer to %q is\n%swant %q in it", question, got[question], w)
			}
		}
	}
	if n := len(got); n != 5 {
		t.Errorf("there are answers to %d questions, want 5: %q", n, slices.Sorted(maps.Keys(got)))
	}

	pic := pictureOf(r, map[string]entryView{"a": {Name: "a"}, "b": {Name: "b"}, "c": {Name: "c"}})
	if len(pic.Scopes) != 2 || pic.Scopes[1] != "small" || len(pic.Rows) != 3 {
		t.Fatalf("the picture has %d rows and the scopes %q, want 3 and two scopes", len(pic.Rows), pic.Scopes)
	}
	first := pic.Rows[0]
	if s := first.Spans[0]; first.Entry.Name != "b" || !s.First || s.Span.Low != 0 || s.Span.High != 50 || s.Text != "place 1, mean rank 1.00 [1.00, 2.00]" {
		t.Errorf("the first row is %+v, %+v", first, s.Span)
	}
	if pic.Rows[1].Spans[0].First {
		t.Error("the second row has the colour of the first place")
	}
}

// Before there are runs, the answers say that nobody leads, and nothing else.
func TestAnswersBeforeRuns(t *testing.T) {
	p := made()
	r := measures.Build(p.Plan, nil)
	all := answers(r)
	if len(all) != 1 || !strings.Contains(all[0].Sentences[0].Text, "Nobody leads") {
		t.Errorf("the answers are %+v, want one, that nobody leads", all)
	}
}

// A map has the tuning runs under the seed of the sweep, the best of them darkest.
func TestHeatMaps(t *testing.T) {
	plan := protocol.Plan{Tuning: protocol.Tuning{}}.WithDefaults()
	c := results.Cell{
		Problem: "digits", Optimizer: "adamw", Tuned: []string{protocol.StepSize, "weight_decay"},
	}
	for i := range 10 {
		r := run("digits", "adamw", plan.Tuning.SweepSeed(), math.Pow10(i%5-4), 0.01*float64(1+i))
		r.Run.Optimizer.Setting["weight_decay"] = 0.1 * float64(1+i/5)
		c.Tuning = append(c.Tuning, r)
	}
	c.Tuning = append(c.Tuning, run("digits", "adamw", plan.Tuning.SweepSeed()+1, 1, 0.5)) // a tie step's
	c.Setting = c.Tuning[0].Run.Optimizer.Setting
	alone := c
	alone.Optimizer, alone.Tuned = "adam", []string{protocol.StepSize}
	problem := &measures.Problem{
		Name: "digits", Spec: &c.Tuning[0].Spec,
		Rows: []measures.Row{{Optimizer: "adamw"}, {Optimizer: "adam"}, {Optimizer: "gone"}},
	}
	cells := NewCells(&plan)
	cells.Add(alone)
	cells.Add(c)
	all := heatMaps(cells, problem, map[string]entryView{"adamw": {Name: "adamw"}})
	if len(all) != 1 || all[0].Entry.Name != "adamw" || len(all[0].Points) != 10 {
		t.Fatalf("the maps are %+v, want one of adamw with 10 points", all)
	}
	best := all[0].Points[9]
	if best.Heat != 5 || !best.Chosen || best.X != 0 || best.Y != 100 || !strings.Contains(best.Text, "0.0001") {
		t.Errorf("the best point is %+v, want the darkest, chosen, at the lower left", best)
	}
	if worst := all[0].Points[0]; worst.Heat != 1 || worst.Chosen || worst.X != 100 || worst.Y != 0 {
		t.Errorf("the worst point is %+v, want the lightest, at the upper right", worst)
	}
	if all[0].Left != "0.0001" || all[0].Top != "0.2" {
		t.Errorf("the axes end at %s and %s, want 0.0001 and 0.2", all[0].Left, all[0].Top)
	}
}
