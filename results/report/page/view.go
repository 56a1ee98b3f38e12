package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results/columns"
	"noisebench/results/measures"
	"noisebench/results/notation"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
)

// view is the input of page.html.
type view struct {
	Title, Description string
	Intro              []string // paragraphs
	Complete           bool
	Finished, Planned  int
	Percent            float64 // of Planned
	Answers            []answer
	Picture            *picture
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

	tables []columns.Table // that are laid out

	Policy       string
	CSS, PlotCSS template.CSS
	JS, PlotJS   template.JS
	Data         *data
	Packed       template.HTML // Data, as page.js reads them: letters, digits, +, / and = alone
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
	case Loosely:
		return "loosely"
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
	Maps         []heatMap
	Runs         []runs
	File         string // of the exports, without its ending
}

// besideView is a further table, folded away unless it is about other optimizers.
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
	Descending  bool // the order of a first click
}

type row struct {
	Entry entryView
	Best  bool
	Cells []cell
	Notes []string
}

// cell is a cell of a table. Cells are sorted by Value, and by Text where no row of the column has
// a value.
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
	cells := p.Reduced
	if cells == nil {
		cells = NewCells(p.Plan)
		for _, c := range p.Cells {
			cells.Add(c)
		}
	}
	v := &view{
		Title: notation.Clean(p.Title), Description: notation.Clean(r.Description),
		Complete: r.Complete(),
		Finished: r.Finished, Planned: r.Planned,
		Percent: 100 * float64(r.Finished) / float64(max(1, r.Planned)),
		Source:  p.Source, Deviations: p.Plan.Deviations(), Plan: p.Plan,
		Provenance: cells.from.complete(),
		Commands:   p.Commands, Live: p.Live,
		Policy: policy(p.Live), CSS: template.CSS(pageCSS), PlotCSS: template.CSS(plotCSS),
		JS: template.JS(pageJS), PlotJS: template.JS(plotJS),
		Data: &data{Exports: map[string]string{}},
	}
	if v.Title == "" {
		v.Title = notation.Clean(r.Plan)
	}
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(p.Intro, "\r\n", "\n"), "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			v.Intro = append(v.Intro, paragraph)
		}
	}
	for _, note := range r.Notes {
		v.Notes = append(v.Notes, note.String())
	}
	v.Cost = fmt.Sprintf("It took %s, %s examples and %s of computing.",
		count(v.Provenance.Runs, "run"),
		notation.Amount(v.Provenance.Examples), duration(v.Provenance.Seconds))
	v.addLegend(p)
	charts := &charter{plan: p.Plan, report: r, cells: cells, index: map[string]int{}}
	byName := map[string]entryView{}
	for _, e := range v.Legend {
		charts.index[e.Name] = e.Index
		byName[e.Name] = e
		byName[notation.Clean(e.Name)] = e
	}
	for i := range r.Problems {
		v.addProblem(p, &r.Problems[i], i, byName, charts)
	}
	for _, ch := range charts.summary(p.Report) {
		v.Summary = append(v.Summary, chartView{len(v.Data.Charts), ch.Title, ch.About})
		v.Data.Charts = append(v.Data.Charts, ch)
	}
	if r.Overall != nil {
		v.Answers, v.Picture = answers(r), pictureOf(r, byName)
		v.OverallTable = v.overallTable(r, byName)
		detail := v.beside(columns.OverallSecond(r), "detail-overall", byName)
		detail.Fold = true
		v.OverallDetail = &detail
	}
	v.Explained = columns.Legend(v.tables...)
	if err := v.addFiles(p); err != nil {
		return nil, err
	}
	packed, err := v.Data.pack()
	v.Packed = template.HTML(packed)
	return v, err
}

// addLegend lists the optimizers in the order of the overall table, else by name.
func (v *view) addLegend(p *Page) {
	var names []string
	for _, o := range p.Plan.Optimizers {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	styles := figure.PlanStyles(names, p.Report)
	if p.Live != "" { // colours must not change while runs go on
		styles = figure.Styles(names)
	}
	for i, name := range names {
		light, dark, dash := lineOf(styles[name])
		e := entryView{
			Index: i, Name: name, Light: light, Dark: dark,
			Dash: strings.Trim(fmt.Sprint(dash), "[]"),
		}
		e.Entry, e.Given = p.Entries[name]
		v.Legend = append(v.Legend, e)
		v.Data.Optimizers = append(v.Data.Optimizers, optimizer{name, light, dark, dash})
		if e.Given {
			v.Entries = append(v.Entries, e)
		}
	}
}

func (v *view) addProblem(p *Page, problem *measures.Problem, i int, entries map[string]entryView,
	charts *charter,
) {
	one := problemView{
		Name: problem.Name, Anchor: fmt.Sprintf("problem-%d", i+1), Facts: columns.Facts(problem),
		Verdict: verdict(problem, p.Report.Complete()), Table: v.problemTable(p.Report, problem, i,
			entries),
		File: fmt.Sprintf("problem-%d", i+1),
	}
	for _, note := range problem.Notes {
		one.Notes = append(one.Notes, note.String())
	}
	if problem.Spec != nil {
		detail := v.beside(columns.Second(p.Report, problem), fmt.Sprintf("detail-%d", i+1),
			entries)
		detail.Fold = true
		one.Besides = append(one.Besides, detail)
	}
	if len(problem.Unranked) > 0 {
		one.Besides = append(one.Besides, v.beside(columns.Unranked(p.Report, problem),
			fmt.Sprintf("beside-%d", i+1), entries))
	}
	for _, ch := range charts.problem(problem) {
		one.Charts = append(one.Charts, chartView{len(v.Data.Charts), ch.Title, ch.About})
		v.Data.Charts = append(v.Data.Charts, ch)
	}
	one.Maps = heatMaps(charts.cells, problem, entries)
	for _, row := range problem.Rows {
		if d := charts.cells.drawn[[2]string{problem.Name, row.Optimizer}]; d != nil {
			one.Runs = append(one.Runs, d.runs)
		}
	}
	v.ProblemNames = append(v.ProblemNames, problem.Name)
	v.Problems = append(v.Problems, one)
	v.Verdicts = append(v.Verdicts, verdictView{problem.Name, one.Anchor, one.Verdict})
}

// table lays out a table.
func (v *view) table(id, caption string, t columns.Table, entries map[string]entryView) *table {
	v.tables = append(v.tables, t)
	laid := &table{ID: id, Caption: caption}
	for _, h := range t.Heads {
		laid.Columns = append(laid.Columns, column{h.Text, h.Meaning, !h.Words, h.Higher})
	}
	for _, line := range t.Lines {
		entry, ok := entries[line.Optimizer]
		if !ok { // imported, and not an entry of the plan
			entry = entryView{Index: -1, Name: line.Optimizer}
		}
		one := row{Entry: entry, Best: line.Best}
		for k, c := range line.Cells {
			one.Cells = append(one.Cells, cell{
				Text: c.Text, Value: value(c.Value),
				Entry: t.Heads[k].Name == "optimizer",
			})
		}
		laid.Rows = append(laid.Rows, one)
	}
	return laid
}

// problemTable lays out the ranking of a problem.
func (v *view) problemTable(r *measures.Report, p *measures.Problem, i int,
	entries map[string]entryView,
) *table {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range p.Rows {
		// else the interval is too wide to compare with others
		if protocol.Finite(r.Score.Low) && r.Score.Diverged == 0 {
			least := r.Score.Low
			if least <= 0 && r.Score.Mean > 0 {
				least = r.Score.Mean / 10 // on a logarithmic scale there is no 0
			}
			low, high = min(low, least), max(high, r.Score.High)
		}
	}
	ranking := columns.Ranking(r, p, columns.Page)
	t := v.table(fmt.Sprintf("table-%d", i+1), "Ranking on "+notation.Clean(p.Name), ranking,
		entries)
	interval := ranking.Column("score_low")
	for k, r := range p.Rows {
		t.Rows[k].Cells[interval].Span = spanOf(r.Score.Low, r.Score.High, r.Score.Mean, low, high)
		for _, note := range r.Notes {
			t.Rows[k].Notes = append(t.Rows[k].Notes, note.Text)
		}
	}
	return t
}

// beside lays out a table that stands below a ranking.
func (v *view) beside(t columns.Table, id string, entries map[string]entryView) besideView {
	return besideView{
		Title: t.Title, Facts: t.Facts, Notes: t.Notes,
		Table: v.table(id, t.Title, t, entries),
	}
}

// overallTable lays out the ranking over all problems.
func (v *view) overallTable(r *measures.Report, entries map[string]entryView) *table {
	overall := columns.OverallRanking(r, columns.Page)
	first := overall.Column("rank_1")
	for i := range r.Problems {
		overall.Heads[first+i].Text = notation.Clean(r.Problems[i].Name) // there is room for it
	}
	t := v.table("table-overall", "Ranking over all problems", overall, entries)
	interval := overall.Column("low")
	for k, o := range r.Overall {
		t.Rows[k].Cells[interval].Span = spanOf(o.Low, o.High, o.MeanRank, 1,
			float64(len(r.Overall)))
		for i, rank := range o.Ranks {
			if rank > 0 {
				t.Rows[k].Cells[first+i].Heat = max(0, 5-5*(rank-1)/max(1, len(r.Overall)-1))
			}
		}
	}
	return t
}

// addFiles writes the files to be downloaded or copied: of the whole, and of single problems.
func (v *view) addFiles(p *Page) error {
	parts := map[string]*measures.Report{"report": p.Report}
	for i := range p.Report.Problems {
		one := *p.Report
		one.Problems, one.Overall = p.Report.Problems[i:i+1], nil
		parts[v.Problems[i].File] = &one
	}
	for ending, write := range p.Files {
		for name, part := range parts {
			if ending == "json" && part != p.Report {
				continue // the largest of all, and the whole has all of it
			}
			var b bytes.Buffer
			if err := write(part, &b); err != nil {
				return fmt.Errorf("cannot write %s.%s of the page: %w", name, ending, err)
			}
			if ending == "json" {
				spaced := b
				b = bytes.Buffer{}
				if err := json.Compact(&b, spaced.Bytes()); err != nil {
					return fmt.Errorf("cannot write %s.%s of the page: %w", name, ending, err)
				}
			}
			v.Data.Exports[name+"."+ending] = b.String()
		}
	}
	return nil
}

// value is a value that a column is sorted by; empty, and sorted last, if it is missing or
// infinite.
func value(v any) string {
	switch v := v.(type) {
	case int64:
		return fmt.Sprint(v)
	case float64:
		if protocol.Finite(v) {
			return fmt.Sprint(v)
		}
	}
	return ""
}

// spanOf puts an interval on the scale from least to most, logarithmic if these are far apart; nil
// if there is none.
func spanOf(low, high, at, least, most float64) *span {
	if !protocol.Finite(low) || !protocol.Finite(high) || !protocol.Finite(at) || !(least < most) {
		return nil
	}
	if least > 0 && most > 30*least { // far apart: a logarithmic scale
		low, high, at, least, most = math.Log(max(low, least)), math.Log(high), math.Log(at),
			math.Log(least), math.Log(most)
	}
	on := func(v float64) float64 {
		return math.Round(1000*min(1,
			max(0, (v-least)/(most-least)))) / 10
	}
	return &span{on(low), on(high), on(at)}
}

// alpha is the level of the tests, for the page's explanations.
func (*view) Alpha() float64 { return stats.Alpha }

// lineOf is how the lines of an optimizer look: as in static figures, their colour on white and on
// the page's dark paper, and their dashes in pixels.
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
