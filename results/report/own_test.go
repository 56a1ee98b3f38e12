package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/columns"
	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
)

// What an entry has of its own, and why it cannot run, stands in every format: in text, Markdown,
// CSV, LaTeX captions and JSON.
func TestRowsSayWhatIsTheirOwn(t *testing.T) {
	plan, cells := synthetic.Plan()
	plan.Schedule = &protocol.Schedule{Warmup: 0.05}
	plan.Problems[1].Schedule = &protocol.Schedule{Decay: protocol.Linear}
	own := &protocol.Schedule{Warmup: 0.1, Decay: protocol.Cosine, Final: 0.1}
	cells[0].Schedule, cells[0].Clip = own, 0.25
	cells[1].Tuned, cells[1].Ranges = []string{"beta", "step_size"},
		map[string][]float64{"step_size": {1e-4, 1}, "beta": {0.5, 0.9}}
	cells[1].Edges = []results.Edge{{Name: "beta", Above: true}, {Name: "step_size"}}
	cells[2] = results.Cell{
		Problem: "digits", Optimizer: "cabs",
		Impossible: "optimizer cabs needs variance",
	}
	r := measures.Build(plan, cells)
	texts := []string{
		"has a step-size schedule of its own: warm-up over 10 % of the budget, then cosine decay " +
			"to 0.1",
		"gradients are clipped to norm 0.25 before it sees them",
		"tuned over beta in [0.5, 0.9], step_size in [0.0001, 1]",
		"the best beta, 0.9, is at the upper edge of the search",
		"the best step size, 0.001, is at the lower edge of the search",
		"cannot run here, and is not ranked: optimizer cabs needs variance",
	}
	facts := []string{
		"step-size schedule: warm-up over 5 % of the budget, then constant",
		"step-size schedule: linear decay to 0",
	}
	for _, format := range []string{"txt", "all.txt", "md", "tex", "csv", "json"} {
		var b strings.Builder
		if err := formats[format](r, &b); err != nil {
			t.Fatal(err)
		}
		want := texts
		if format != "csv" && format != "json" {
			want = slices.Concat(texts, facts)
		}
		for _, text := range want {
			if format == "tex" {
				text = latexEscape(text)
			}
			if !strings.Contains(b.String(), text) {
				t.Errorf("%s does not say: %s", format, text)
			}
		}
	}
	var b strings.Builder
	if err := (Ranking{Report: r}).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Problems []struct {
			Schedule *protocol.Schedule
			Rows     []struct {
				Optimizer, Impossible string
				Rank                  int
				Schedule              *protocol.Schedule
				Clip                  float64
				Ranges                map[string][]float64
			}
		}
		Overall []struct {
			Optimizer string
			Place     int
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &read); err != nil {
		t.Fatal(err)
	}
	if s := read.Problems[1].Schedule; s == nil || !s.Equal(*plan.Problems[1].Schedule) {
		t.Errorf("the problem's schedule is %v, want that of its entry", s)
	}
	for _, row := range read.Problems[0].Rows {
		switch row.Optimizer {
		case "sgd":
			if row.Schedule == nil || !row.Schedule.Equal(*own) || row.Clip != 0.25 {
				t.Errorf("sgd has schedule %v and clip %g", row.Schedule, row.Clip)
			}
		case "adam":
			if row.Schedule != nil || row.Ranges["beta"][1] != 0.9 {
				t.Errorf("adam has schedule %v and ranges %v", row.Schedule, row.Ranges)
			}
		case "cabs":
			if row.Rank != 0 || row.Impossible == "" {
				t.Errorf("cabs cannot run, but has rank %d, impossible: %q", row.Rank,
					row.Impossible)
			}
		}
	}
	for _, o := range read.Overall {
		if (o.Place == 0) != (o.Optimizer == "cabs") {
			t.Errorf("%s has place %d; want one for all but cabs, which has no rank on digits",
				o.Optimizer, o.Place)
		}
	}
	if r.Finished != r.Planned {
		t.Errorf("%d of %d runs: what cannot run is not missing", r.Finished, r.Planned)
	}
	ranking := columns.Ranking(r, &r.Problems[0], columns.Terminal)
	last := ranking.Lines[3]
	if ok := last.Cells[ranking.Column("ok")].Text; last.Optimizer != "cabs" || ok != "–" {
		t.Errorf("the last row is %s, %s; want cabs, –", last.Optimizer, ok)
	}
}

// Tables show what was tuned and what the plan sets otherwise than declared, and no more.
func TestSettingsThatAreFixed(t *testing.T) {
	plan, cells := synthetic.Plan()
	c := &cells[0]
	c.Setting = protocol.Setting{"step_size": 0.125, "beta1": 0.75, "beta2": 0.999, "odd": 7}
	c.Tuned, c.BatchSize = []string{"step_size"}, 48
	for _, test := range []struct {
		defaults protocol.Setting
		want     string
	}{
		{
			protocol.Setting{"step_size": 0.125, "beta1": 0.9, "beta2": 0.999, "odd": 7},
			"batch_size=48 beta1=0.75 step_size=0.125",
		},
		{
			protocol.Setting{"step_size": 1, "beta1": 0.75, "beta2": 0.999},
			"batch_size=48 odd=7 step_size=0.125",
		},
		{nil, "batch_size=48 step_size=0.125"}, // unknown
	} {
		c.Defaults = test.defaults
		r := measures.Build(plan, cells)
		i := slices.IndexFunc(r.Problems[0].Rows,
			func(row measures.Row) bool { return row.Optimizer == c.Optimizer })
		if got := r.Problems[0].Rows[i].Setting.String(); got != test.want {
			t.Errorf("declared %s: the setting is %q, want %q", test.defaults, got, test.want)
		}
		for _, format := range []string{"txt", "md", "tex", "csv"} {
			text, want := render(t, r, format), test.want
			if format == "tex" { // where what was tuned stands in the appendix
				want = latexEscape(c.Optimizer + " " + r.Problems[0].Rows[i].Fixed.String())
			}
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", format, want)
			}
		}
	}
	c.Setting = nil // tuning is unfinished
	if got := c.Fixed(); len(got) > 0 {
		t.Errorf("while tuning is unfinished, %s is fixed", got)
	}
}

// Where runs of the others were taken from a bundle, the text ends with the standing of an entry
// whose runs were made here, over all problems or on the only one. No other format has it.
func TestOwnStanding(t *testing.T) {
	plan, cells := synthetic.Plan()
	end := func(cells []results.Cell, plan *protocol.Plan, format string) string {
		text := render(t, measures.Build(plan, cells), format)
		return text[strings.LastIndex(text, "\n\n")+2:]
	}
	if text := end(cells, plan, "txt"); strings.Contains(text, "made here") {
		t.Errorf("nothing was taken, and the text ends with: %s", text)
	}
	for i := range cells {
		of := len(cells[i].Records())
		if cells[i].Optimizer != "adam" {
			cells[i].Taken = []results.Taken{{Runs: of, Of: of, Root: "r", Title: "p"}}
		}
	}
	for format := range formats {
		has := strings.Contains(render(t, measures.Build(plan, cells), format), "(made here)")
		if want := format == "txt" || format == "all.txt"; has != want {
			t.Errorf("%s has a line on what was made here: %t, want %t", format, has, want)
		}
	}
	if text := render(t, measures.Build(plan, cells), "md"); !strings.Contains(text, "): all but adam; ") {
		t.Error("Markdown does not say that all entries but adam were made elsewhere")
	}
	cells[0].Taken[0].Runs-- // one run of sgd on digits was made here
	text := end(cells, plan, "txt")
	for _, want := range []string{
		"sgd (made here): place ", "adam (made here): place 2 of 4 over all problems, mean rank 2.00 [2.00, 2.00]",
		"; reliably behind cabs (1.00), reliably ahead of sgd (2.50)\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text ends with\n%swant %q in it", text, want)
		}
	}
	if strings.Contains(text, "cabs (made here)") {
		t.Errorf("the text ends with\n%swant no line on cabs", text)
	}
	cells[0].Taken = nil
	plan.Problems = plan.Problems[:1]
	text = end(cells[:4], plan, "txt")
	for _, want := range []string{
		"adam (made here): rank 1= of 4 on digits, test accuracy 0.95", "; of equal rank with cabs (mean difference ",
		"sgd (made here): rank 3 of 4", "; reliably behind cabs (mean difference 0.02594, p = 0.002)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text ends with\n%swant %q in it", text, want)
		}
	}
	cells[1].Runs = nil
	text = end(cells[:4], plan, "txt")
	if want := "adam (made here): no rank on digits"; !strings.Contains(text, want) {
		t.Errorf("the text ends with\n%swant %q in it", text, want)
	}
}

// What the draws of the bootstrap do not support is not called reliable, and places may be shared.
func TestOwnStandingInDoubt(t *testing.T) {
	r := &measures.Report{Problems: make([]measures.Problem, 2)}
	for i, name := range []string{"a", "b", "c", "d"} {
		o := measures.Overall{Optimizer: name}
		o.Place.Place = []int{1, 2, 2, 0}[i]
		o.MeanRank, o.Low, o.High, o.Behind = 1+float64(i)/2, 1, 2.25, i == 1
		r.Overall = append(r.Overall, o)
	}
	for name, want := range map[string]string{
		"a": "place 1 of 3 over all problems, mean rank 1.00 [1.00, 2.25]; reliably ahead of b (1.50)",
		"b": "place 2= of 3 over all problems, mean rank 1.50 [1.00, 2.25]; reliably behind a (1.00), " +
			"not reliably ahead of c (2.00)",
		"c": "place 2= of 3 over all problems, mean rank 2.00 [1.00, 2.25]; not reliably behind b (1.50)",
		"d": "no place, since it has no rank on some of the problems",
	} {
		if got := overAll(r, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
