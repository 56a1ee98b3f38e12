package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
)

// drawOverview draws the overview of a plan in figures of a width.
func drawOverview(t *testing.T, s *Source, axis measures.Axis) []*Figure {
	t.Helper()
	figures, missing := s.Overview(axis)
	if missing != "" {
		t.Fatalf("over %s nothing is drawn: %s", axis, missing)
	}
	for _, f := range figures {
		for _, format := range Formats {
			var b bytes.Buffer
			if err := f.Write(&b, format); err != nil || b.Len() == 0 {
				t.Errorf("over %s: %v, %d bytes of %s", axis, err, b.Len(), format)
			}
		}
	}
	return figures
}

// clocked gives the runs of a plan steps and times: those of an optimizer take 8 examples in each
// step but cabs' take 2, and as many seconds in all as there are examples, times a slowness.
func clocked(cells []results.Cell, slowness map[string]float64) {
	for _, c := range cells {
		batch := 8
		if c.Optimizer == "cabs" {
			batch = 2
		}
		for _, r := range c.Runs {
			for i := range r.Points {
				r.Points[i].Step = int(r.Points[i].Seen) / batch
			}
			r.Host.OptimizerTime = float64(r.End.Seen) * slowness[c.Optimizer]
		}
	}
}

func TestOverview(t *testing.T) {
	plan, cells := synthetic(3) // adam, sgd and cabs, of which some runs diverge
	clocked(cells, map[string]float64{"adam": 1, "sgd": 2, "cabs": 11})
	s := NewSource(plan, cells, nil)
	for _, test := range []struct {
		axis   measures.Axis
		xLabel string
		ends   []float64 // of the x axes of digits and valley
		log    bool
		says   string // caption or notes
	}{
		{measures.Examples, "examples seen", []float64{20000, 5000}, false, "over examples seen. Lines are means of 10 seeds"},
		{measures.Steps, "steps", []float64{10000, 2500}, false, "curves end where these are used up"},
		{measures.Time, "computing time in seconds", []float64{220000, 55000}, true, "without evaluations"},
	} {
		figures := drawOverview(t, s, test.axis)
		if len(figures) != 1 {
			t.Fatalf("over %s: %d figures, want 1", test.axis, len(figures))
		}
		f := figures[0]
		if f.XLabel != test.xLabel || f.YLabel != "" {
			t.Errorf("over %s: labels %q and %q, want %q and none", test.axis, f.XLabel, f.YLabel, test.xLabel)
		}
		if len(f.panels) != 1 || len(f.panels[0]) != 2 {
			t.Fatalf("over %s: panels are %v, want two in a row", test.axis, f.panels)
		}
		for i, title := range []string{"digits", "valley"} {
			p := f.panels[0][i]
			if p.Title.Text != title || p.X.Max != test.ends[i] {
				t.Errorf("over %s: panel %q ends at %g, want %q at %g", test.axis, p.Title.Text,
					p.X.Max, title, test.ends[i])
			}
			if _, isLog := p.X.Scale.(LogScale); isLog != test.log || isLog && p.X.Min <= 0 {
				t.Errorf("over %s: the x axis of %s from %g is logarithmic: %t, want %t", test.axis, title,
					p.X.Min, isLog, test.log)
			}
		}
		if f.panels[0][0].Y.Label.Text != "test accuracy" || f.panels[0][1].Y.Label.Text != "suboptimality" {
			t.Errorf("over %s: y labels are %q and %q", test.axis, f.panels[0][0].Y.Label.Text,
				f.panels[0][1].Y.Label.Text)
		}
		var legend []string
		for _, e := range f.legend {
			legend = append(legend, e.Label)
		}
		if got := strings.Join(legend, " "); got != "adam cabs † sgd" {
			t.Errorf("over %s: the legend has %q", test.axis, got)
		}
		text := f.Caption + " " + strings.Join(f.Notes, " ")
		for _, want := range []string{
			test.says, "where the vertical axis is logarithmic, medians, bands the middle half",
			"† 3 of 10 runs of cabs on digits and 3 of 10 runs of cabs on valley diverged",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("over %s the text lacks %q: %s", test.axis, want, text)
			}
		}
	}
}

// An optimizer whose times are unknown is left out, by name; if all are unknown there is no figure.
func TestOverviewWithoutTimes(t *testing.T) {
	plan, cells := synthetic(3)
	clocked(cells, map[string]float64{"adam": 1, "sgd": 2})
	f := drawOverview(t, NewSource(plan, cells, nil), measures.Time)[0]
	if text := strings.Join(f.Notes, " "); !strings.Contains(text,
		"Left out, since their time is not known: cabs on digits and cabs on valley.") {
		t.Errorf("notes are %q", text)
	}
	if len(f.legend) != 2 {
		t.Errorf("the legend has %d entries, want 2", len(f.legend))
	}
	clocked(cells, nil)
	figures, missing := NewSource(plan, cells, nil).Overview(measures.Time)
	if figures != nil || !strings.Contains(missing, "nothing is known of their time") {
		t.Errorf("without times there are %d figures, and missing is %q", len(figures), missing)
	}
}

// Many problems are laid out in rows, and go on in further figures; many optimizers are in grey.
func TestOverviewOfMany(t *testing.T) {
	plan, cells := synthetic(10)
	var few []results.Cell
	for _, c := range cells {
		if c.Problem == "digits" {
			few = append(few, c)
		}
	}
	cells, plan.Problems = nil, nil
	for k := range 22 {
		name := fmt.Sprintf("digits-%d", k)
		plan.Problems = append(plan.Problems, protocol.ProblemEntry{Problem: "digits", Name: name})
		for _, c := range few {
			c.Problem = name
			cells = append(cells, c)
		}
	}
	plan.Problems = append(plan.Problems, protocol.ProblemEntry{Problem: "digits", Name: "not-run"})
	s := NewSource(plan, cells, nil)
	for _, test := range []struct {
		name  string
		width vg.Length
		want  string // panels in each row
	}{
		{"page", Page, "4 4 4; 4 4 2"},
		{"column", Column, "2 2 2 2; 2 2 2 2; 2 2 2"},
	} {
		s.Width = test.width
		figures := drawOverview(t, s, measures.Examples)
		var got []string
		for _, f := range figures {
			var rows []string
			for _, row := range f.panels {
				rows = append(rows, fmt.Sprint(len(row)))
			}
			got = append(got, strings.Join(rows, " "))
			if f.Width != s.Width || f.Height > 7.8*72 {
				t.Errorf("%s: a figure of %g × %g inches does not fit a page with its caption",
					test.name, f.Width/72, f.Height/72)
			}
			if f.YLabel != "test accuracy" || f.panels[0][0].Y.Label.Text != "" {
				t.Errorf("%s: panels that share a metric are labelled %q and %q", test.name, f.YLabel,
					f.panels[0][0].Y.Label.Text)
			}
			if n := len(f.legend); n != 9 || f.legend[8].Label != "2 others" {
				t.Errorf("%s: the legend has %d entries, want 8 and 2 others", test.name, n)
			}
		}
		if text := strings.Join(got, "; "); text != test.want {
			t.Errorf("%s: rows have %q panels, want %q", test.name, text, test.want)
		}
		last := strings.Join(figures[len(figures)-1].Notes, " ")
		if !strings.Contains(last, "Without data: not-run.") {
			t.Errorf("%s: the last figure does not say that a problem has no data: %s", test.name, last)
		}
	}
}

// A diverged run is marked on its curve where it ended, whatever the axis.
func TestDivergencesOnAxes(t *testing.T) {
	c := measures.Curve{Optimizer: "sgd", Diverged: []int64{45, 500}}
	for _, seen := range []int64{0, 50, 100} {
		c.Points = append(c.Points, measures.CurvePoint{Seen: seen})
	}
	m := divergences(c, []float64{0, 6, math.Pi}, []float64{1, 2, 3}, Style{})
	if fmt.Sprint(m.X, m.Y) != fmt.Sprint([]float64{6, math.Pi}, []float64{2, 3}) {
		t.Errorf("marks are at %v, %v", m.X, m.Y)
	}
}

// The eight leaders, which alone are in colour where there are many, have different colours.
func TestLeadersHaveColoursOfTheirOwn(t *testing.T) {
	plan, cells := synthetic(24)
	f, missing := drawLosses(NewSource(plan, cells, nil))
	if f == nil {
		t.Fatal(missing)
	}
	colours := map[color.Color]string{}
	for _, e := range f.legend {
		if other := colours[e.Style.Color]; other != "" {
			t.Errorf("%s has the colour of %s", e.Label, other)
		}
		colours[e.Style.Color] = e.Label
	}
	if len(f.legend) != 9 || f.legend[8].Label != "16 others" {
		t.Errorf("the legend is %v, want eight optimizers and 16 others", f.legend)
	}
	if want := "Training loss on the problems of plan"; !strings.HasPrefix(f.Caption, want) {
		t.Errorf("the caption is %q, want it to begin %q", f.Caption, want)
	}
	if f.YLabel != "training loss" || len(f.panels[0]) != 2 {
		t.Errorf("label %q over %d panels, want the training loss of both problems", f.YLabel,
			len(f.panels[0]))
	}
}
