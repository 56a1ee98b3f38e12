package reproduce

import (
	"fmt"
	"math"
	"strings"

	"noisebench/results/stats"
)

// Verdict is what is known about a claim.
type Verdict string

// The verdicts. A claim is proved where it is an identity or a theorem that was checked to
// rounding, and confirmed where it was measured. A claim about whole runs is not judged by shorter
// ones, since curves may cross.
const (
	Proved       Verdict = "proved"
	Confirmed    Verdict = "confirmed"
	Contradicted Verdict = "contradicted"
	Inconclusive Verdict = "inconclusive"
	NotJudged    Verdict = "not judged at this length"
)

// Basis is what a verdict rests on.
type Basis string

// The bases, which are counted separately: neither randomness nor measurement; runs as in the
// thesis; fewer or shorter runs.
const (
	Exact   Basis = "exact"
	InFull  Basis = "measured in full"
	Smaller Basis = "measured reduced"
)

// Finding is a claim with its verdict. A claim about a difference has Delta, what is claimed to be
// positive (or small, where equality is claimed), with its interval; other claims have neither.
type Finding struct {
	Claim     string // its number, such as "S-06"; empty for one that only the figure makes
	Text      string // what is claimed
	On        string // problem, part, point
	Verdict   Verdict
	Basis     Basis   // [Item.Judge] fills it in where it is empty
	Delta     float64 // NaN: there is none
	Low, High float64 // of Delta, not corrected for the number of tests; NaN if n < 2
	Level     float64 // of the interval: 0.95, or 0.90 where equivalence is claimed
	N         int     // pairs of runs, or runs
	P         float64 // of the test that decided, corrected; NaN: no test
	Note      string  // remark for the reader

	// One-sided p-values of the tests that the claim is true and that it is false. NaN: it is not
	// tested.
	pFor, pAgainst float64
}

// Judge judges the item's claims. The tests of one item are one family: the p-values for its claims
// are corrected by Holm's method, and so are those against them, so that the chance of one false
// confirmation among all claims of a figure is 0.05 at most, and that of one false contradiction.
func (i *Item) Judge(in *Input) []Finding {
	if i.Claims == nil {
		return nil
	}
	findings := i.Claims(in)
	correct(findings)
	for k := range findings {
		f := &findings[k]
		if f.Basis == "" {
			f.Basis = InFull
			if in.Size == Reduced {
				f.Basis = Smaller
			}
		}
		switch {
		case f.Basis == Exact:
		case in.Size == Reduced && i.Shortened:
			f.Verdict, f.P = NotJudged, math.NaN()
		case f.Verdict != "": // not tested
		case f.pFor <= stats.Alpha:
			f.Verdict, f.P = Confirmed, f.pFor
		case f.pAgainst <= stats.Alpha:
			f.Verdict, f.P = Contradicted, f.pAgainst
		default:
			f.Verdict, f.P = Inconclusive, f.pFor
		}
	}
	return findings
}

// correct corrects the p-values of a family of tests; findings that are not tested do not belong to
// it.
func correct(findings []Finding) {
	var tested []*Finding
	var yes, no []float64
	for k := range findings {
		if f := &findings[k]; !math.IsNaN(f.pFor) {
			tested, yes, no = append(tested, f), append(yes, f.pFor), append(no, f.pAgainst)
		}
	}
	yes, no = stats.HolmAdjusted(yes), stats.HolmAdjusted(no)
	for k, f := range tested {
		f.pFor, f.pAgainst = yes[k], no[k]
	}
}

// Count counts the claims of each verdict, in one line for each basis.
func Count(findings []Finding) []string {
	var lines []string
	for _, b := range []Basis{Exact, InFull, Smaller} {
		var parts []string
		all := 0
		verdicts := []Verdict{Proved, Confirmed, Contradicted, Inconclusive, NotJudged}
		for _, v := range verdicts {
			n := 0
			for _, f := range findings {
				if f.Basis == b && f.Verdict == v {
					n++
				}
			}
			if all += n; n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, v))
			}
		}
		if parts == nil {
			parts = []string{"none"}
		}
		lines = append(lines, fmt.Sprintf("%s: %d (%s)", b, all, strings.Join(parts, ", ")))
	}
	return lines
}
