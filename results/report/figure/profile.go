package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"

	"noisebench/results/measures"
)

func drawProfile(s *Source) (*Figure, string) {
	profiles := measures.Profiles(measures.Races(s.report))
	profiles = slices.DeleteFunc(profiles,
		func(p measures.Profile) bool { return !s.drawn(p.Optimizer) })
	if len(profiles) == 0 || profiles[0].Problems == 0 {
		if s.report.Anchor == "" {
			return nil, "there are no targets, since none of " +
				strings.Join(measures.DefaultBaselines, ", ") + " is in the plan"
		}
		return nil, "there is no problem on which two optimizers have replicates and one met the " +
			"target"
	}
	if profiles[0].Problems < 2 {
		return nil, "a profile needs at least two problems"
	}
	var names []string
	end := 4.0
	for _, p := range profiles {
		names = append(names, p.Optimizer)
		for _, r := range p.Ratios {
			end = max(end, r)
		}
	}
	end = min(end, 100) * 1.05
	front, rest := s.leading(nil, names)
	panel := NewPanel("", "examples, as a multiple of the fastest's", "share of problems")
	LogX(panel)
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = 1, end, 0, 1
	var pale, lines []plot.Plotter
	var legend []Entry
	for _, p := range profiles {
		x, y := steps(p, end)
		if slices.Contains(rest, p.Optimizer) {
			pale = append(pale, &Line{X: x, Y: y, Style: PaleStyle, Width: 0.7})
			continue
		}
		style := s.styles[p.Optimizer]
		lines = append(lines, &Line{X: x, Y: y, Style: style, Marked: true})
		legend = append(legend, Entry{Label: p.Optimizer, Style: style})
	}
	if len(rest) > 0 {
		legend = append(legend, Entry{Label: fmt.Sprintf("%d others", len(rest)), Style: PaleStyle})
	}
	panel.Add(slices.Concat(pale, lines)...)
	panel.X.Min, panel.X.Max, panel.Y.Min, panel.Y.Max = 1, end, 0, 1.02
	f := s.page([][]*Panel{{panel}}, legend)
	f.Caption = fmt.Sprintf("Performance profiles (Dolan and Moré 2002) of plan %s: share of the "+
		"%d problems on which the median "+
		"over seeds of the examples seen until the target is at most a multiple of the fastest "+
		"optimizer's. The target is 95 %% "+
		"of the way from the start to the mean of %s.", s.Plan.Name, profiles[0].Problems,
		s.report.Anchor)
	if len(rest) > 0 {
		f.Caption += fmt.Sprintf(" In colour the %d of best mean rank; in grey %s.", len(front),
			list(rest))
	}
	if !s.report.Complete() {
		f.Notes = append(f.Notes, "An optimizer without runs on a problem counts as one that "+
			"does not solve it.")
	}
	f.Notes = append(f.Notes, "Ratios depend on which optimizers the plan compares.")
	return f, ""
}

// steps returns the profile as the corners of a staircase from 1 to end.
func steps(p measures.Profile, end float64) (x, y []float64) {
	x, y = []float64{1}, []float64{p.Share(1)}
	for _, r := range p.Ratios {
		if r > 1 && r <= end {
			x = append(x, r, r)
			y = append(y, y[len(y)-1], p.Share(r))
		}
	}
	x = append(x, end)
	y = append(y, y[len(y)-1])
	return densify(x, y)
}

// densify adds points on the stairs, so that markers have places to be at.
func densify(x, y []float64) (dx, dy []float64) {
	for i := range x {
		if i > 0 && y[i] == y[i-1] {
			for k := 1.0; k < 4; k++ {
				dx = append(dx, x[i-1]*math.Pow(x[i]/x[i-1], k/4))
				dy = append(dy, y[i])
			}
		}
		dx, dy = append(dx, x[i]), append(dy, y[i])
	}
	return dx, dy
}
