package report

import (
	"fmt"
	"slices"
	"strings"

	"noisebench/results/columns"
	"noisebench/results/measures"
	"noisebench/results/notation"
)

// own tells, in a sentence for each entry whose runs were made here, how it stands among those that
// were taken from bundles, and whether that is more than noise.
func own(r *measures.Report) []string {
	var all []string
	for _, name := range r.Own() {
		standing := ""
		if len(r.Problems) == 1 {
			standing = onProblem(&r.Problems[0], name)
		} else {
			standing = overAll(r, name)
		}
		all = append(all, notation.Clean(name)+" (made here): "+standing)
	}
	return all
}

// overAll is the standing of an entry over all problems.
func overAll(r *measures.Report, name string) string {
	placed := slices.DeleteFunc(slices.Clone(r.Overall),
		func(o measures.Overall) bool { return o.Place.Place == 0 })
	k := slices.IndexFunc(placed, func(o measures.Overall) bool { return o.Optimizer == name })
	if k < 0 {
		return "no place, since it has no rank on some of the problems"
	}
	o := placed[k]
	shared := slices.ContainsFunc(placed, func(other measures.Overall) bool {
		return other.Place.Place == o.Place.Place && other.Optimizer != name
	})
	beside := func(side string, sure bool, other measures.Overall) string {
		return fmt.Sprintf("%s %s %s (%.2f)", reliably(sure), side,
			notation.Clean(other.Optimizer), other.MeanRank)
	}
	text := fmt.Sprintf("place %s of %d over all problems, mean rank %.2f [%.2f, %.2f]",
		notation.Rank(o.Place.Place, shared), len(placed), o.MeanRank, o.Low, o.High)
	var neighbours []string
	if k > 0 {
		neighbours = append(neighbours, beside("behind", o.Behind, placed[k-1]))
	}
	if k+1 < len(placed) {
		neighbours = append(neighbours, beside("ahead of", placed[k+1].Behind, placed[k+1]))
	}
	return joined(text, neighbours)
}

// onProblem is the standing of an entry on one problem.
func onProblem(p *measures.Problem, name string) string {
	ranked := slices.DeleteFunc(slices.Clone(p.Rows),
		func(row measures.Row) bool { return row.Rank == 0 })
	k := slices.IndexFunc(ranked, func(row measures.Row) bool { return row.Optimizer == name })
	if k < 0 {
		return "no rank on " + notation.Clean(p.Name)
	}
	row := &ranked[k]
	beside := func(side string, a, b int, other *measures.Row) string {
		i := slices.IndexFunc(p.Pairs, func(pair measures.Pair) bool {
			return pair.A == ranked[a].Optimizer && pair.B == ranked[b].Optimizer
		})
		pair := &p.Pairs[i]
		how := reliably(pair.Apart()) + " " + side
		if other.Rank == row.Rank { // whatever p is: it is adjusted, or the difference too small
			how = "of equal rank with"
		}
		return fmt.Sprintf("%s %s (mean difference %s, p = %s)", how,
			notation.Clean(other.Optimizer), notation.Number(pair.Difference.Mean),
			notation.Probability(pair.Difference.P))
	}
	text := fmt.Sprintf("rank %s of %d on %s, %s %s", notation.Rank(row.Rank, row.Shared),
		len(ranked), notation.Clean(p.Name), p.MetricName(), columns.MeanStd(&row.Score))
	var neighbours []string
	if k > 0 {
		neighbours = append(neighbours, beside("behind", k-1, k, &ranked[k-1]))
	}
	if k+1 < len(ranked) {
		neighbours = append(neighbours, beside("ahead of", k, k+1, &ranked[k+1]))
	}
	return joined(text, neighbours)
}

func reliably(sure bool) string {
	if sure {
		return "reliably"
	}
	return "not reliably"
}

func joined(text string, neighbours []string) string {
	if len(neighbours) == 0 {
		return text
	}
	return text + "; " + strings.Join(neighbours, ", ")
}
