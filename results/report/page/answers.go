package page

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"noisebench/results/measures"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

// answer is a question that readers ask first, with its answer in sentences.
type answer struct {
	Question  string
	Sentences []sentence
}

// sentence is a part of an answer. Scope, if any, names what it is about.
type sentence struct{ Scope, Text string }

// answers answers who wins on all problems and on each group of them, how sure that is, what tuning
// cost, what untuned defaults get, and who needs the fewest examples.
func answers(r *measures.Report) []answer {
	var all []answer
	for _, a := range []answer{
		{"Who wins?", wins(r)},
		{"How sure is that?", sure(r)},
		{"What did tuning cost?", tuningCost(r)},
		{"What do untuned defaults get?", untuned(r)},
		{"Who needs the fewest examples?", fewestExamples(r)},
	} {
		if len(a.Sentences) > 0 {
			all = append(all, a)
		}
	}
	return all
}

// wins is about the leaders over all problems and over each group.
func wins(r *measures.Report) []sentence {
	all := []sentence{{"all problems", overallVerdict(r)}}
	for i := range r.Groups {
		g := &r.Groups[i]
		one := sentence{Scope: notation.Clean(g.Name)}
		if len(g.Problems) == 1 {
			one.Text = verdict(&g.Problems[0], r.Complete())
		} else {
			one.Text = overallVerdict(&g.Report)
		}
		all = append(all, one)
	}
	return all
}

// sure is about how many entries the tests do not tell from the leaders.
func sure(r *measures.Report) []sentence {
	var shared []float64
	narrow, wide := -1, -1
	entries := 0
	for i := range r.Problems {
		n, ranked := 0, 0
		for _, row := range r.Problems[i].Rows {
			if row.Rank == 1 {
				n++
			}
			if row.Rank > 0 {
				ranked++
			}
		}
		entries = max(entries, ranked)
		shared = append(shared, float64(n))
		if narrow < 0 || n < int(shared[narrow]) {
			narrow = i
		}
		if wide < 0 || n > int(shared[wide]) {
			wide = i
		}
	}
	if entries < 2 {
		return nil
	}
	name := func(i int) string { return notation.Clean(r.Problems[i].Name) }
	text := fmt.Sprintf("Of %d entries, from %.0f (%s) to %.0f (%s) are in the first place, %g at "+
		"the median over the problems.", entries, shared[narrow], name(narrow), shared[wide],
		name(wide), stats.Median(shared))
	if shared[narrow] == shared[wide] {
		text = fmt.Sprintf("Of %d entries, %.0f share the first place on every problem.", entries,
			shared[narrow])
		if shared[narrow] == 1 {
			text = fmt.Sprintf("Of %d entries, one leads alone on every problem.", entries)
		}
	}
	first := r.Overall[0]
	text += fmt.Sprintf(" The best mean rank, %.2f, has the 95 %% interval [%.2f, %.2f] by a "+
		"bootstrap over seeds.", first.MeanRank, first.Low, first.High)
	if p := r.Friedman.P; !math.IsNaN(p) {
		text += fmt.Sprintf(" Friedman's test that all entries are equal over these problems: "+
			"p = %s.", notation.Probability(p))
	}
	return []sentence{{Text: text}}
}

// tuningCost is about the runs and examples that tuning took.
func tuningCost(r *measures.Report) []sentence {
	var runs, budgets []float64
	for i := range r.Problems {
		p := &r.Problems[i]
		for _, row := range p.Rows {
			if row.Tuning.Runs > 0 {
				runs = append(runs, float64(row.Tuning.Runs))
				budgets = append(budgets, float64(row.Tuning.Examples)/float64(p.Budget))
			}
		}
	}
	if runs == nil {
		return nil
	}
	return []sentence{{Text: fmt.Sprintf("%g runs at the median for an entry and a problem (%.0f to "+
		"%.0f, with those that repeat ties), together %s times the examples of one run.",
		stats.Median(runs), slices.Min(runs), slices.Max(runs),
		notation.Fixed(stats.Median(budgets), 1))}}
}

// untuned compares the entries' declared defaults with their tuned settings, on the anchored scale.
func untuned(r *measures.Report) []sentence {
	scale := fmt.Sprintf("on the scale from the start, 0, to %s as tuned, 1 (interquartile mean)",
		notation.Clean(r.Anchor))
	best, tuned, most, least := -1, -1, -1, -1
	gain := func(k int) float64 { return r.Overall[k].Anchored.Value - r.Overall[k].Default.Value }
	for k, o := range r.Overall {
		if math.IsNaN(o.Default.Value) || math.IsNaN(o.Anchored.Value) {
			continue
		}
		if best < 0 || o.Default.Value > r.Overall[best].Default.Value {
			best = k
		}
		if tuned < 0 || o.Anchored.Value > r.Overall[tuned].Anchored.Value {
			tuned = k
		}
		if most < 0 || gain(k) > gain(most) {
			most = k
		}
		if least < 0 || gain(k) < gain(least) {
			least = k
		}
	}
	if best < 0 || most == least {
		return nil
	}
	name := func(k int) string { return notation.Clean(r.Overall[k].Optimizer) }
	change := func(k int) string {
		return fmt.Sprintf("%s (%s to %s)", name(k), notation.Fixed(r.Overall[k].Default.Value, 2),
			notation.Fixed(r.Overall[k].Anchored.Value, 2))
	}
	return []sentence{{Text: fmt.Sprintf("The best default is that of %s: %s %s. The best tuned "+
		"entry, %s, gets %s. Tuning is worth most to %s and least to %s.",
		name(best), notation.Fixed(r.Overall[best].Default.Value, 2), scale, name(tuned),
		notation.Fixed(r.Overall[tuned].Anchored.Value, 2), change(most), change(least))}}
}

// fewestExamples is about who is the first at the target on most problems.
func fewestExamples(r *measures.Report) []sentence {
	most, problems := 0, 0
	var winners []string
	for _, p := range measures.Profiles(measures.Races(r)) {
		firsts, _ := slices.BinarySearch(p.Ratios, math.Nextafter(1, 2)) // ratios of exactly 1
		problems = p.Problems
		switch {
		case firsts > most:
			most, winners = firsts, nil
			fallthrough
		case firsts == most && most > 0:
			winners = append(winners, notation.Clean(p.Optimizer))
		}
	}
	if problems == 0 {
		return nil
	}
	text := fmt.Sprintf("The target is %.0f %% of the way from the start to the mean of %s. %s "+
		"there first, or among the first, on %d of %s.", 100*measures.TargetShare,
		notation.Clean(r.Anchor), is(list(winners), len(winners)), most, count(problems, "problem"))
	best := -1
	for k, o := range r.Overall {
		if !math.IsNaN(o.Profile) && (best < 0 || o.Profile > r.Overall[best].Profile) {
			best = k
		}
	}
	if best >= 0 {
		var ratios []string
		for i := range r.Problems {
			p := &r.Problems[i]
			for _, row := range p.Rows {
				if row.Optimizer == r.Overall[best].Optimizer && !math.IsNaN(row.ToTarget.Median) {
					ratios = append(ratios, examples(row.ToTarget.Median, p.Budget))
				}
			}
		}
		text += fmt.Sprintf(" Over all of them %s has the best performance profile, with these "+
			"shares of the budgets: %s.", notation.Clean(r.Overall[best].Optimizer),
			strings.Join(ratios, ", "))
	}
	return []sentence{{Text: text}}
}

// examples writes when a target was met as a share of the budget.
func examples(n float64, budget int64) string {
	if math.IsInf(n, 1) {
		return "not met"
	}
	return fmt.Sprintf("%.0f %%", 100*n/float64(budget))
}

// is writes "a is" and "a and b are".
func is(names string, n int) string {
	if n == 1 {
		return names + " is"
	}
	return names + " are"
}

// picture is the mean ranks of all entries over all problems and over each group, by place.
type picture struct {
	Scopes []string
	Rows   []pictureRow
}

// pictureRow is one entry; a span is nil where it has no place.
type pictureRow struct {
	Entry entryView
	Spans []pictureSpan // in the order of the scopes
}

type pictureSpan struct {
	Span  *span
	First bool   // it shares the first place
	Text  string // place, mean rank and interval
}

// pictureOf returns the picture of a report with an overall ranking.
func pictureOf(r *measures.Report, entries map[string]entryView) *picture {
	pic := &picture{Scopes: []string{"all problems"}}
	scopes := []*measures.Report{r}
	for i := range r.Groups {
		if g := &r.Groups[i]; len(g.Problems) < len(r.Problems) {
			pic.Scopes = append(pic.Scopes, notation.Clean(g.Name))
			scopes = append(scopes, &g.Report)
		}
	}
	for _, o := range r.Overall {
		row := pictureRow{Entry: entries[o.Optimizer]}
		for _, scope := range scopes {
			k := slices.IndexFunc(scope.Overall,
				func(other measures.Overall) bool { return other.Optimizer == o.Optimizer })
			here := scope.Overall[k]
			one := pictureSpan{First: here.Place.Place == 1, Text: "no place"}
			if here.Place.Place > 0 {
				one.Span = spanOf(here.Low, here.High, here.MeanRank, 1,
					float64(len(scope.Overall)))
				one.Text = fmt.Sprintf("place %d, mean rank %.2f [%.2f, %.2f]", here.Place.Place,
					here.MeanRank, here.Low, here.High)
			}
			row.Spans = append(row.Spans, one)
		}
		pic.Rows = append(pic.Rows, row)
	}
	return pic
}
