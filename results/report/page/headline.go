package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"noisebench/results/columns"
	"noisebench/results/measures"
	"noisebench/results/notation"
	"noisebench/results/stats"
)

// verdict is a sentence on the leaders of a problem and the evidence for that.
func verdict(p *measures.Problem, complete bool) string {
	var leaders []string
	ranked, seeds := 0, p.Seeds
	for i := range p.Rows {
		switch row := &p.Rows[i]; row.Rank {
		case 0:
			continue
		case 1:
			leaders = append(leaders, notation.Clean(row.Optimizer))
			seeds = min(seeds, row.Score.N)
		}
		ranked++
	}
	if ranked == 0 {
		return fmt.Sprintf("Nobody leads on %s yet: no optimizer has finished its tuning.",
			notation.Clean(p.Name))
	}
	so := ""
	if !complete {
		so = "So far, "
	}
	first := &p.Rows[0]
	score := fmt.Sprintf("%s %s", p.MetricName(), columns.MeanStd(&first.Score))
	how := fmt.Sprintf("%s, α = %g", count(seeds, "seed"), stats.Alpha)
	switch {
	case ranked == 1:
		return fmt.Sprintf("%s%s is the only one with results on %s (%s, %s).",
			so, leaders[0], notation.Clean(p.Name), score, count(seeds, "seed"))
	case len(leaders) == 1 && first.Score.N < 2:
		return fmt.Sprintf("%s%s is first on %s (%s), by one seed, which says nothing about luck.",
			so, leaders[0],
			notation.Clean(p.Name), score)
	case len(leaders) == 1 && unstable(&p.Rows[1]) && !unstable(first):
		return fmt.Sprintf("%s%s leads on %s alone (%s): too many runs of all others diverged (%s).",
			so, leaders[0], notation.Clean(p.Name), score, count(seeds, "seed"))
	case len(leaders) == 1:
		return fmt.Sprintf("%s%s leads on %s alone (%s): paired tests tell it from the next, %s, and "+
			"the difference matters (%s).",
			so, leaders[0], notation.Clean(p.Name), score, behind(p), how)
	case len(leaders) == ranked:
		return fmt.Sprintf("%snobody wins on %s: no paired test tells any of the %d optimizers "+
			"from %s, which has the best mean "+
			"(%s; %s), or the difference is too small to matter.", so, notation.Clean(p.Name),
			ranked, leaders[0], score, how)
	}
	return fmt.Sprintf("%s%s share first place on %s (best mean: %s): no paired test tells them "+
		"from the best, or the difference "+
		"is too small to matter (%s).", so, list(leaders), notation.Clean(p.Name), score, how)
}

// behind names the second of a problem and the leader's difference from it.
func behind(p *measures.Problem) string {
	second := notation.Clean(p.Rows[1].Optimizer)
	if len(p.Pairs) == 0 {
		return second
	}
	d := p.Pairs[0].Difference // of the first two
	return fmt.Sprintf("%s (mean difference %s, 95 %% interval %s)", second,
		notation.Number(d.Mean), notation.Span(d.Low, d.High))
}

// unstable reports whether a row stands behind others because its runs diverged, and not because a
// test says so.
func unstable(r *measures.Row) bool {
	return slices.ContainsFunc(r.Notes,
		func(w measures.Warning) bool { return w.Kind == measures.Unstable })
}

// overallVerdict is the same over all problems.
func overallVerdict(r *measures.Report) string {
	var leaders []string
	placed := 0
	for _, o := range r.Overall {
		if o.Place.Place == 1 {
			leaders = append(leaders, notation.Clean(o.Optimizer))
		}
		if o.Place.Place > 0 {
			placed++
		}
	}
	so := ""
	if !r.Complete() {
		so = "So far, "
	}
	problems := fmt.Sprintf("all %d problems", len(r.Problems))
	if len(r.Problems) == 2 {
		problems = "both problems"
	}
	switch {
	case placed == 0:
		return fmt.Sprintf("Nobody leads over %s yet: no optimizer has finished on each of them.",
			problems)
	case placed == 1:
		return fmt.Sprintf("%s%s is the only one with results on %s.", so, leaders[0], problems)
	case len(leaders) == 1:
		return fmt.Sprintf("%s%s leads over %s, alone: its mean rank, %.2f, is ahead of everyone "+
			"else's in more than 97.5 %% of the draws of a bootstrap over seeds.", so, leaders[0], problems,
			r.Overall[0].MeanRank)
	}
	return fmt.Sprintf("%s%s share first place over %s (best mean rank: %.2f): a bootstrap over "+
		"seeds puts none of them behind the "+
		"best in more than 97.5 %% of its draws.", so, list(leaders), problems,
		r.Overall[0].MeanRank)
}

// list writes names as "a", "a and b", "a, b and c", and many as "a, b, c and 5 more".
func list(names []string) string {
	const most = 5
	if len(names) > most {
		names = append(slices.Clone(names[:most-1]), fmt.Sprintf("%d more", len(names)-most+1))
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// count writes "1 run", "2 runs", "4,115 runs".
func count[N int | int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return group(n) + " " + noun
}

// group writes a whole number in groups of three digits.
func group[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// duration writes seconds of computing with the two largest units.
func duration(seconds float64) string {
	if math.IsNaN(seconds) || seconds < 1 {
		return "less than a second"
	}
	d := time.Duration(seconds * float64(time.Second))
	switch h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60; {
	case h >= 48:
		return fmt.Sprintf("%d days %d h", h/24, h%24)
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	default:
		return fmt.Sprintf("%d s", s)
	}
}
