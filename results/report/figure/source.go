package figure

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/notation"
)

// Source is the input of figures.
type Source struct {
	Plan  *protocol.Plan // defaults filled in
	Cells []results.Cell
	Width vg.Length // of figures; see Column

	report *measures.Report
	styles map[string]Style
	only   []string // optimizers to draw; nil: all
}

// NewSource prepares a source. only names the optimizers to be drawn; nil stands for all. The
// others still count: in ranks, in targets, and in who has which style.
func NewSource(plan *protocol.Plan, cells []results.Cell, only []string) *Source {
	names := make([]string, len(plan.Optimizers))
	for i, e := range plan.Optimizers {
		names[i] = e.Name
	}
	report := measures.Build(plan, cells)
	return &Source{
		Plan: plan, Cells: cells, Width: Column,
		report: report, styles: PlanStyles(names, report), only: only,
	}
}

// CheckNames returns an error if one of the names is not that of a problem or an optimizer of a
// plan.
func CheckNames(plan *protocol.Plan, problems, optimizers []string) error {
	var known [2][]string
	for _, e := range plan.Problems {
		known[0] = append(known[0], e.Name)
	}
	for _, e := range plan.Optimizers {
		known[1] = append(known[1], e.Name)
	}
	for i, names := range [2][]string{problems, optimizers} {
		kind := [2]string{"problem", "optimizer"}[i]
		for _, name := range names {
			if !slices.Contains(known[i], name) {
				return protocol.Unknown(kind+" of the plan", name, known[i])
			}
		}
	}
	return nil
}

// Kind is a kind of figure.
type Kind struct {
	Name    string
	Doc     string
	Traced  bool // it is drawn from the traces of runs
	problem func(s *Source, p *measures.Problem) (f *Figure, missing string)
	overall func(s *Source) (f *Figure, missing string)
}

// Kinds are all kinds of figures.
var Kinds = []Kind{
	{
		Name: "loss", Doc: "training loss over examples seen", problem: drawLoss,
		overall: drawLosses,
	},
	{Name: "metric", Doc: "the reported metric over examples seen", problem: drawMetric},
	{
		Name: "batch-size", Doc: "batch sizes that optimizers chose, over examples seen", Traced: true,
		problem: drawBatchSize,
	},
	{Name: "sensitivity", Doc: "what tuning runs scored by step size", problem: drawSensitivity},
	{
		Name: "noise", Doc: "noise-to-signal ratio of gradients over examples seen", Traced: true,
		problem: drawNoise,
	},
	{
		Name: "ranks", Doc: "scores with intervals on each problem; mean ranks over all problems",
		problem: drawScores, overall: drawRanks,
	},
	{
		Name: "profile", Doc: "share of problems solved within a multiple of the fastest's examples",
		overall: drawProfile,
	},
}

// FindKinds returns the kinds of the given names, in this order, or all kinds if there are none.
func FindKinds(names ...string) ([]Kind, error) {
	if len(names) == 0 {
		return Kinds, nil
	}
	var kinds []Kind
	for _, name := range names {
		i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
		if i < 0 {
			return nil, protocol.Unknown("kind", name, KindNames())
		}
		kinds = append(kinds, Kinds[i])
	}
	return kinds, nil
}

// KindNames returns the names of all kinds.
func KindNames() []string {
	var names []string
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}

// Missing is the reason why there are no figures of a kind for some problems.
type Missing struct {
	Reason   string
	Problems []string // none: the figure over all problems is missing
}

// DrawEach draws the figures of problems of the plan. Without problems it draws all of the kind: of
// each problem, and over all of them. If problems are given, the figure over all of them is drawn
// only of kinds that have no other. It calls save with each, the problem being empty for the figure
// over all problems, until save returns an error.
func (k *Kind) DrawEach(
	s *Source, problems []string, save func(problem string, f *Figure) error,
) (missing []Missing, err error) {
	var targets []string
	switch {
	case !k.ByProblem():
	case len(problems) > 0:
		targets = slices.Clone(problems)
	default:
		for _, e := range s.Plan.Problems {
			targets = append(targets, e.Name)
		}
	}
	if k.Overall() && (len(problems) == 0 || !k.ByProblem()) {
		targets = append(targets, "")
	}
	for _, problem := range targets {
		f, reason := k.Draw(s, problem)
		if f != nil {
			if err := save(problem, f); err != nil {
				return missing, err
			}
			continue
		}
		i := slices.IndexFunc(missing, func(m Missing) bool { return m.Reason == reason })
		if i < 0 {
			i, missing = len(missing), append(missing, Missing{Reason: reason})
		}
		if problem != "" {
			missing[i].Problems = append(missing[i].Problems, problem)
		}
	}
	return missing, nil
}

// SaveEach draws the figures that [Kind.DrawEach] draws and saves each, with its caption, as
// PLAN--PROBLEM--KIND.FORMAT in the folder dir, or PLAN--KIND.FORMAT for that over all problems.
// format is one of [Formats]. It calls saved with the path of each.
func (k *Kind) SaveEach(
	s *Source, problems []string, dir, format string, saved func(path string),
) (missing []Missing, err error) {
	return k.DrawEach(s, problems, func(problem string, f *Figure) error {
		parts := []string{s.Plan.Name, problem, k.Name}
		if problem == "" {
			parts = []string{s.Plan.Name, k.Name}
		}
		path := filepath.Join(dir, results.FileName(parts...)+"."+format)
		if err := f.Save(path); err != nil {
			return fmt.Errorf("cannot write figure: %w", err)
		}
		saved(path)
		return nil
	})
}

// Draw draws the figure of a problem of the plan, or over all of them if problem is empty. If there
// is nothing to draw, missing is the reason, and f is nil.
func (k *Kind) Draw(s *Source, problem string) (f *Figure, missing string) {
	if problem == "" {
		if k.overall == nil {
			return nil, "it is drawn for single problems"
		}
		f, missing = k.overall(s)
	} else {
		if k.problem == nil {
			return nil, "it is drawn over all problems"
		}
		i := slices.IndexFunc(s.report.Problems,
			func(p measures.Problem) bool { return p.Name == problem })
		if s.report.Problems[i].Spec == nil {
			return nil, "no run has finished"
		}
		f, missing = k.problem(s, &s.report.Problems[i])
	}
	if f != nil {
		if note := s.fixedNote(problem); note != "" {
			f.Notes = append(f.Notes, note)
		}
	}
	if f != nil && !s.report.Complete() {
		f.Notes = append(f.Notes, fmt.Sprintf("The plan is incomplete: %d of %d runs.",
			s.report.Finished, s.report.Planned))
	}
	return f, missing
}

// fixedNote lists hyperparameters that the plan sets to other values than declared, on a problem,
// or on all if it is empty.
func (s *Source) fixedNote(problem string) string {
	var set []string
	told := map[string]bool{}
	for _, p := range s.report.Problems {
		for _, row := range p.Rows {
			if (problem == "" || p.Name == problem) && s.drawn(row.Optimizer) &&
				len(row.Fixed) > 0 && !told[row.Optimizer] {
				told[row.Optimizer] = true
				set = append(set, notation.Clean(row.Optimizer)+" with "+notation.Clean(
					row.Fixed.String()))
			}
		}
	}
	if set == nil {
		return ""
	}
	slices.Sort(set)
	return "Set by the plan, otherwise than declared: " + strings.Join(set, "; ") + "."
}

// Overall reports whether the kind is drawn over all problems.
func (k *Kind) Overall() bool { return k.overall != nil }

// ByProblem reports whether the kind is drawn for each problem.
func (k *Kind) ByProblem() bool { return k.problem != nil }

// drawn reports whether an optimizer is to be drawn.
func (s *Source) drawn(optimizer string) bool {
	return s.only == nil || slices.Contains(s.only, optimizer)
}

// most is the number of lines that are distinguishable where they cross.
const most = 8

// leading splits optimizers into those that are drawn in their styles, by name, and those that only
// give context: if there are more than most, the best are drawn, by their ranks on a problem, or
// overall if it is nil.
func (s *Source) leading(p *measures.Problem, names []string) (front, rest []string) {
	place := map[string]int{}
	if p != nil {
		for i, row := range p.Rows {
			place[row.Optimizer] = i
		}
	} else {
		for i, o := range s.report.Overall {
			place[o.Optimizer] = i
		}
	}
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(place[a], place[b]) })
	n := min(most, len(names))
	front, rest = names[:n], names[n:]
	slices.Sort(front)
	slices.Sort(rest)
	return front, rest
}

// isLog reports whether positive values that span from low to high belong on a logarithmic axis.
func isLog(low, high float64) bool { return low > 0 && high/low > 20 }

// logRange returns round ends of a logarithmic axis for positive values from low to high.
func logRange(low, high float64) (float64, float64) {
	if !(low < high) {
		return low / 2, high * 2
	}
	room := math.Pow(high/low, 0.04)
	return low / room, high * room
}

// linearRange returns ends of a linear axis that leave some room.
func linearRange(low, high float64) (float64, float64) {
	if !(low < high) {
		d := max(math.Abs(low)*0.05, 1e-12)
		return low - d, high + d
	}
	return low - 0.04*(high-low), high + 0.04*(high-low)
}

// list writes "a", "a and b", "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// seeds writes "10 seeds", or "7 to 10 seeds".
func seeds(counts []int) string {
	low, high := slices.Min(counts), slices.Max(counts)
	switch {
	case low == high && low == 1:
		return "1 seed"
	case low == high:
		return fmt.Sprintf("%d seeds", low)
	}
	return fmt.Sprintf("%d to %d seeds", low, high)
}
