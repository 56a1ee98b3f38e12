package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/report"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
)

// view is what page.html lays out.
type view struct {
	Title, Description string
	Intro              []string // paragraphs
	Complete           bool
	Finished, Planned  int
	Percent            float64 // of Planned
	Overall            string  // verdict
	Verdicts           []verdictView
	Cost               string
	Notes              []string
	Legend             []entryView
	OverallTable       *table
	OverallDetail      *besideView
	Explained          []string
	ProblemNames       []string
	Problems           []problemView
	Summary            []chartView // on all problems
	Entries            []entryView
	Source             string
	Deviations         []string
	Plan               *protocol.Plan
	Provenance         provenance
	Commands           []Command
	Live               string

	Policy       string
	CSS, PlotCSS template.CSS
	JS, PlotJS   template.JS
	Data         *data
}

type verdictView struct{ Problem, Anchor, Text string }

// entryView is an optimizer in the legend and in the list of entries.
type entryView struct {
	Entry
	Index       int
	Name        string
	Light, Dark string // colours
	Dash        string // for SVG
	Given       bool   // there is an Entry
}

// State is the class of the entry's verification in page.css.
func (e entryView) State() string {
	switch e.Verified {
	case Verified:
		return "verified"
	case Refuted:
		return "refuted"
	}
	return "unverified"
}

// Checked is the verification in words.
func (e entryView) Checked() Verification { return cmp.Or(e.Verified, Unverified) }

type problemView struct {
	Name, Anchor string
	Facts        []string
	Verdict      string
	Table        *table
	Notes        []string
	Besides      []besideView // tables below that of the ranking
	Charts       []chartView
	Runs         []runs
	File         string // of the exports, without its ending
}

// besideView is a table that says more, folded away if it is not about other optimizers.
type besideView struct {
	Title string
	Facts []string
	Notes []string
	Table *table
	Fold  bool
}

type chartView struct {
	Index        int // in data.Charts
	Title, About string
}

// table is a table whose columns can be sorted.
type table struct {
	ID, Caption string
	Columns     []column
	Rows        []row
}

type column struct {
	Name, About string
	Number      bool // aligned as numbers are
	Descending  bool // what a first click sorts by
}

type row struct {
	Entry entryView
	Best  bool
	Cells []cell
	Notes []string
}

// cell is a cell of a table. Cells are sorted by Value, and by Text where no row of the column has a value.
type cell struct {
	Text  string
	Value string // a number; empty: none, which is sorted last
	Heat  int    // 0 to 5, how strongly the cell is tinted
	Span  *span  // an interval to be drawn beside the text
	Entry bool   // the cell is the row's optimizer
}

// span is an interval on a scale of 0 to 100.
type span struct{ Low, High, At float64 }

func newView(p *Page) (*view, error) {
	r := p.Report
	ranked := slices.DeleteFunc(slices.Clone(p.Cells), func(c results.Cell) bool { return c.Unranked != "" })
	v := &view{
		Title: report.Clean(p.Title), Description: report.Clean(r.Description), Complete: r.Complete(),
		Finished: r.Finished, Planned: r.Planned, Percent: 100 * float64(r.Finished) / float64(max(1, r.Planned)),
		Source: p.Source, Deviations: p.Plan.Deviations(), Plan: p.Plan, Provenance: provenanceOf(ranked),
		Commands: p.Commands, Live: p.Live,
		Policy: policy(p.Live), CSS: template.CSS(pageCSS), PlotCSS: template.CSS(plotCSS),
		JS: template.JS(pageJS), PlotJS: template.JS(plotJS), Data: &data{Exports: map[string]string{}},
	}
	if v.Title == "" {
		v.Title = report.Clean(r.Plan)
	}
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(p.Intro, "\r\n", "\n"), "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			v.Intro = append(v.Intro, paragraph)
		}
	}
	for _, note := range r.Notes {
		v.Notes = append(v.Notes, note.String())
	}
	v.Cost = fmt.Sprintf("It took %s, %s examples and %s of computing.", count(v.Provenance.Runs, "run"),
		report.Amount(v.Provenance.Examples), duration(v.Provenance.Seconds))
	v.addLegend(p)
	v.Explained = r.Legend()
	charts := &charter{plan: p.Plan, cells: ranked, index: map[string]int{}}
	byName := map[string]entryView{}
	for _, e := range v.Legend {
		charts.index[e.Name] = e.Index
		byName[e.Name] = e
		byName[report.Clean(e.Name)] = e
	}
	for i := range r.Problems {
		v.addProblem(p, &r.Problems[i], i, byName, charts)
	}
	for _, ch := range charts.summary(p.Report) {
		v.Summary = append(v.Summary, chartView{len(v.Data.Charts), ch.Title, ch.About})
		v.Data.Charts = append(v.Data.Charts, ch)
	}
	if r.Overall != nil {
		v.Overall = overallVerdict(r)
		v.OverallTable = overallTable(r, byName)
		detail := newBeside(r.OverallDetail(), "detail-overall", byName)
		detail.Fold = true
		v.OverallDetail = &detail
	}
	return v, v.addExports(r)
}

// addLegend lists the optimizers in the order of the overall table, else by name.
func (v *view) addLegend(p *Page) {
	var names []string
	for _, o := range p.Plan.Optimizers {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	styles := figure.Styles(names)
	for i, name := range names {
		light, dark, dash := lineOf(styles[name])
		e := entryView{Index: i, Name: name, Light: light, Dark: dark, Dash: strings.Trim(fmt.Sprint(dash), "[]")}
		e.Entry, e.Given = p.Entries[name]
		v.Legend = append(v.Legend, e)
		v.Data.Optimizers = append(v.Data.Optimizers, optimizer{name, light, dark, dash})
		if e.Given {
			v.Entries = append(v.Entries, e)
		}
	}
}

func (v *view) addProblem(p *Page, problem *report.Problem, i int, entries map[string]entryView, charts *charter) {
	one := problemView{
		Name: problem.Name, Anchor: fmt.Sprintf("problem-%d", i+1), Facts: problem.Facts(),
		Verdict: verdict(problem, p.Report.Complete()), Table: problemTable(problem, i, entries),
		File: fmt.Sprintf("problem-%d", i+1),
	}
	for _, note := range problem.Notes {
		one.Notes = append(one.Notes, note.String())
	}
	if problem.Spec != nil {
		detail := newBeside(problem.Detail(p.Report), fmt.Sprintf("detail-%d", i+1), entries)
		detail.Fold = true
		one.Besides = append(one.Besides, detail)
	}
	if len(problem.Unranked) > 0 {
		beside := newBeside(problem.Beside(), fmt.Sprintf("beside-%d", i+1), entries)
		for _, row := range problem.Unranked {
			for _, note := range row.Notes {
				beside.Notes = append(beside.Notes, note.String())
			}
		}
		one.Besides = append(one.Besides, beside)
	}
	for _, ch := range charts.problem(problem) {
		one.Charts = append(one.Charts, chartView{len(v.Data.Charts), ch.Title, ch.About})
		v.Data.Charts = append(v.Data.Charts, ch)
	}
	for _, row := range problem.Rows {
		if k := slices.IndexFunc(charts.cells, func(c results.Cell) bool {
			return c.Problem == problem.Name && c.Optimizer == row.Optimizer
		}); k >= 0 {
			one.Runs = append(one.Runs, runsOf(&charts.cells[k]))
		}
	}
	v.ProblemNames = append(v.ProblemNames, problem.Name)
	v.Problems = append(v.Problems, one)
	v.Verdicts = append(v.Verdicts, verdictView{problem.Name, one.Anchor, one.Verdict})
}

// problemTable lays out the ranking of a problem.
func problemTable(p *report.Problem, i int, entries map[string]entryView) *table {
	t := &table{ID: fmt.Sprintf("table-%d", i+1), Caption: "Ranking on " + report.Clean(p.Name)}
	higher := p.Spec != nil && p.Spec.Metric.HigherBetter
	oneShot := slices.ContainsFunc(p.Rows, func(r report.Row) bool { return r.OneShot.N > 0 })
	add := func(name, about string, number, descending bool) {
		t.Columns = append(t.Columns, column{name, about, number, descending})
	}
	add("rank", "1 is best. Entries that share a rank (1=) are not told apart by a paired test, or differ too little to matter", true, false)
	add("optimizer", "Its name in the plan", false, false)
	add(p.MetricName(), "Mean ± standard deviation over the seeds, "+p.Point, true, higher)
	add("95 % interval", "Of the mean, by Student's t", true, higher)
	add("setting", "What tuning chose", false, false)
	add("ok", "Runs that did not diverge, of those planned", true, true)
	if oneShot {
		add("default", "The same for the optimizer's declared default setting: untuned", true, higher)
	}
	if p.ShowFinal {
		add("final", "Mean at the last point of the runs", true, higher)
	}
	add("time", "Of problem and optimizer per example, relative to the fastest", true, false)
	add("tuning", "Runs that tuning took (examples in brackets)", true, false)

	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range p.Rows {
		if protocol.Finite(r.Score.Low) && r.Score.Diverged == 0 { // else the interval says little, and hides the others
			least := r.Score.Low
			if least <= 0 && r.Score.Mean > 0 {
				least = r.Score.Mean / 10 // on a logarithmic scale there is no 0
			}
			low, high = min(low, least), max(high, r.Score.High)
		}
	}
	for _, r := range p.Rows {
		one := row{Entry: entries[r.Optimizer], Best: r.Rank == 1}
		setting := "–"
		if r.Setting != nil {
			setting = r.Setting.String()
		}
		one.Cells = []cell{
			{Text: rank(r.Rank, r.Shared), Value: rankValue(r.Rank)},
			{Text: flagged(r.Optimizer, r.Oracle), Entry: true},
			{Text: r.Score.String(), Value: value(r.Score.Mean)},
			{Text: r.Score.Interval(), Value: value(r.Score.Mean), Span: spanOf(r.Score.Low, r.Score.High, r.Score.Mean, low, high)},
			{Text: setting},
			{Text: r.Regular(p.Seeds), Value: fmt.Sprint(r.Score.N - r.Score.Diverged)},
		}
		if oneShot {
			one.Cells = append(one.Cells, cell{Text: r.OneShot.String(), Value: value(r.OneShot.Mean)})
		}
		if p.ShowFinal {
			one.Cells = append(one.Cells, cell{Text: report.Number(r.Final.Mean), Value: value(r.Final.Mean)})
		}
		slowdown := "–"
		if protocol.Finite(r.Slowdown) {
			slowdown = fmt.Sprintf("%.1f×", r.Slowdown)
		}
		one.Cells = append(one.Cells, cell{Text: slowdown, Value: value(r.Slowdown)},
			cell{Text: r.Tuning.String(), Value: fmt.Sprint(r.Tuning.Runs)})
		for _, note := range r.Notes {
			one.Notes = append(one.Notes, note.Text)
		}
		t.Rows = append(t.Rows, one)
	}
	return t
}

// newBeside lays out a table that is there as texts.
func newBeside(g report.Grid, id string, entries map[string]entryView) besideView {
	t := &table{ID: id, Caption: g.Title}
	for i, name := range g.Header {
		number := i != g.Name && slices.ContainsFunc(g.Rows, func(texts []string) bool { return leading(texts[i]) != "" })
		t.Columns = append(t.Columns, column{Name: name, Number: number})
	}
	for _, texts := range g.Rows {
		name := strings.TrimSuffix(texts[g.Name], " ‡")
		entry, ok := entries[name]
		if !ok {
			entry = entryView{Index: -1, Name: name}
		}
		one := row{Entry: entry}
		for i, text := range texts {
			one.Cells = append(one.Cells, cell{Text: text, Value: leading(text), Entry: i == g.Name})
		}
		t.Rows = append(t.Rows, one)
	}
	return besideView{Title: g.Title, Facts: g.Facts, Table: t}
}

var leadingNumber = regexp.MustCompile(`^[^0-9a-zA-Z–-]*(-?[0-9][0-9.]*(?:e-?[0-9]+)?)([kMGT]?)(?:[^0-9a-zA-Z][^)]*(?:\)(e-?[0-9]+)(?:[^0-9].*)?|.*))?$`)

// leading is the number at the beginning of a text such as "0.5 [0.4, 0.6]", "5.5k (7/10)" or "(3.5 ± 0.1)e-7"; empty if it does
// not begin with one.
func leading(text string) string {
	match := leadingNumber.FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	v, err := strconv.ParseFloat(match[1]+match[3], 64)
	if err != nil {
		return ""
	}
	return value(v * map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[match[2]])
}

// overallTable lays out the ranking over all problems.
func overallTable(r *report.Report, entries map[string]entryView) *table {
	t := &table{ID: "table-overall", Caption: "Ranking over all problems"}
	t.Columns = []column{
		{"place", "1 is best. Entries that share a place (1=) are not behind the leader in more than 97.5 % of the bootstrap's draws", true, false},
		{"optimizer", "Its name in the plan", false, false},
		{"mean rank", "Of the ranks on all problems, with a 95 % interval by a bootstrap over seeds", true, false},
	}
	for i := range r.Problems {
		t.Columns = append(t.Columns, column{report.Clean(r.Problems[i].Name), "Rank on this problem", true, false})
	}
	t.Columns = append(t.Columns,
		column{"diverged", "Runs that diverged, of all replicates", true, false},
		column{"tuning", "Runs that tuning took (examples in brackets)", true, false})
	places := map[int]int{}
	for _, o := range r.Overall {
		places[o.Place.Place]++
	}
	for _, o := range r.Overall {
		mean := cell{Text: "–"}
		if o.Place.Place > 0 {
			mean.Text = fmt.Sprintf("%.2f [%.2f, %.2f]", o.MeanRank, o.Low, o.High)
			mean.Value = value(o.MeanRank)
			mean.Span = spanOf(o.Low, o.High, o.MeanRank, 1, float64(len(r.Overall)))
		}
		one := row{Entry: entries[o.Optimizer], Best: o.Place.Place == 1, Cells: []cell{
			{Text: rank(o.Place.Place, places[o.Place.Place] > 1), Value: rankValue(o.Place.Place)},
			{Text: flagged(o.Optimizer, o.Oracle), Entry: true},
			mean,
		}}
		for _, k := range o.Ranks {
			heat := 0
			if k > 0 {
				heat = max(0, 5-5*(k-1)/max(1, len(r.Overall)-1))
			}
			one.Cells = append(one.Cells, cell{Text: rank(k, false), Value: rankValue(k), Heat: heat})
		}
		one.Cells = append(one.Cells,
			cell{Text: fmt.Sprintf("%d/%d", o.Diverged, o.N), Value: fmt.Sprint(o.Diverged)},
			cell{Text: o.Tuning.String(), Value: fmt.Sprint(o.Tuning.Runs)})
		t.Rows = append(t.Rows, one)
	}
	return t
}

// addExports writes the tables as files to be downloaded or copied.
func (v *view) addExports(r *report.Report) error {
	write := func(name string, r *report.Report, write func(*report.Report, *bytes.Buffer) error) error {
		var b bytes.Buffer
		if err := write(r, &b); err != nil {
			return err
		}
		v.Data.Exports[name] = b.String()
		return nil
	}
	markdown := func(r *report.Report, b *bytes.Buffer) error { return r.WriteMarkdown(b) }
	compactJSON := func(r *report.Report, b *bytes.Buffer) error {
		var spaced bytes.Buffer
		if err := r.WriteJSON(&spaced); err != nil {
			return err
		}
		return json.Compact(b, spaced.Bytes())
	}
	latex := func(r *report.Report, b *bytes.Buffer) error { return r.WriteLaTeX(b) }
	csv := func(r *report.Report, b *bytes.Buffer) error { return r.WriteCSV(b) }
	if err := write("report.json", r, compactJSON); err != nil {
		return err
	}
	parts := map[string]*report.Report{"report": r}
	for i := range r.Problems {
		one := *r
		one.Problems, one.Overall = r.Problems[i:i+1], nil
		parts[v.Problems[i].File] = &one
	}
	for name, part := range parts {
		if err := write(name+".md", part, markdown); err != nil {
			return err
		}
		if err := write(name+".tex", part, latex); err != nil {
			return err
		}
		if err := write(name+".csv", part, csv); err != nil {
			return err
		}
	}
	return nil
}

// flagged marks oracles.
func flagged(name string, oracle bool) string {
	if oracle {
		return report.Clean(name) + " ‡"
	}
	return report.Clean(name)
}

func rank(rank int, shared bool) string {
	switch {
	case rank == 0:
		return "–"
	case shared:
		return fmt.Sprintf("%d=", rank)
	}
	return fmt.Sprint(rank)
}

func rankValue(rank int) string {
	if rank == 0 {
		return ""
	}
	return fmt.Sprint(rank)
}

func value(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return fmt.Sprint(v)
}

// spanOf puts an interval on the scale from least to most, logarithmic if these are far apart; nil if there is none.
func spanOf(low, high, at, least, most float64) *span {
	if !protocol.Finite(low) || !protocol.Finite(high) || !protocol.Finite(at) || !(least < most) {
		return nil
	}
	if least > 0 && most > 30*least { // far apart: a logarithmic scale
		low, high, at, least, most = math.Log(max(low, least)), math.Log(high), math.Log(at), math.Log(least), math.Log(most)
	}
	on := func(v float64) float64 { return math.Round(1000*min(1, max(0, (v-least)/(most-least)))) / 10 }
	return &span{on(low), on(high), on(at)}
}

// alpha is the level of the tests, for the page's explanations.
func (*view) Alpha() float64 { return stats.Alpha }

// lineOf is how the lines of an optimizer look: as in static figures, their colour on white and on the page's dark paper, and
// their dashes in pixels.
func lineOf(s figure.Style) (light, dark string, dashes []float64) {
	r, g, b, _ := s.Color.RGBA()
	light = fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
	dark = light
	if d, ok := onDark[light]; ok {
		dark = d
	}
	for _, length := range s.Dashes {
		dashes = append(dashes, 2*length.Points()) // lines are twice as wide as those on paper
	}
	return light, dark, dashes
}

// onDark replaces colours that would be lost on dark paper: black and wine.
var onDark = map[string]string{"#000000": "#f2f2f2", "#882255": "#b8336f"}
