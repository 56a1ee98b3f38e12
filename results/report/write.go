package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"noisebench/protocol"
	"noisebench/results/stats"
)

// section is one table with what stands above and below it, ready to be laid out.
type section struct {
	title   string
	caption string // of the table in a paper: one sentence without its full stop
	facts   []string
	header  []string
	rows    [][]string
	best    []bool // rows to be emphasized
	name    int    // column that is printed bold in these rows
	notes   []string
}

// headline is the title of the whole.
func (r *Report) headline() string {
	if r.Complete() {
		return fmt.Sprintf("plan %s: %s", r.Plan, count(r.Finished, "run"))
	}
	return fmt.Sprintf("plan %s: INCOMPLETE, %d of %d runs", r.Plan, r.Finished, r.Planned)
}

// sections lays out the tables. Intervals are wide: the terminal does without, and without the
// second tables unless asked.
func (r *Report) sections(intervals, details bool) []section {
	var all []section
	for i := range r.Problems {
		p := &r.Problems[i]
		all = append(all, r.numbered(i, p.section(intervals)))
		if details && p.Spec != nil {
			all = append(all, r.numbered(i, p.detailSection(r)))
		}
		if len(p.Unranked) > 0 {
			all = append(all, r.numbered(i, p.unrankedSection()))
		}
	}
	if r.Overall != nil {
		all = append(all, r.overallSection())
		if details {
			all = append(all, r.overallDetail())
		}
	}
	return all
}

// details lays out the second tables alone.
func (r *Report) details() []section {
	var all []section
	for i := range r.Problems {
		if p := &r.Problems[i]; p.Spec != nil {
			all = append(all, r.numbered(i, p.detailSection(r)))
		}
	}
	if r.Overall != nil {
		all = append(all, r.overallDetail())
	}
	return all
}

// numbered says in a section's title and caption to which problem it belongs.
func (r *Report) numbered(i int, s section) section {
	s.title = fmt.Sprintf("%d. %s", i+1, s.title)
	s.caption = fmt.Sprintf("%s on %s, plan %s", s.caption, clean(r.Problems[i].Name), clean(r.Plan))
	return s
}

func (p *Problem) section(intervals bool) section {
	s := section{title: clean(p.Name), caption: "Ranking of the optimizers by " + p.metric(), facts: p.facts()}
	columns := []tableColumn{
		{"rank", func(r Row) string { return rankText(r.Rank, r.Shared) }},
		{"optimizer", func(r Row) string { return flagged(r.Optimizer, r.Oracle) }},
		{"setting", func(r Row) string { return settingText(r.Setting) }},
		{p.metric(), func(r Row) string { return r.Score.meanStd() }},
	}
	if intervals {
		columns = append(columns, tableColumn{"95 % interval", func(r Row) string { return r.Score.interval() }})
	}
	columns = append(columns,
		tableColumn{"ok", func(r Row) string { return r.Regular(p.Seeds) }})
	if p.showDefault() {
		columns = append(columns, tableColumn{"default", func(r Row) string { return r.OneShot.meanStd() }})
	}
	if p.ShowFinal {
		columns = append(columns, tableColumn{"final", func(r Row) string { return number(r.Final.Mean) }})
	}
	columns = append(columns,
		tableColumn{"time", func(r Row) string { return times(r.Slowdown) }},
		tableColumn{"tuning", func(r Row) string { return r.Tuning.String() }})
	s.fill(columns, p.Rows)
	for _, row := range p.Rows {
		s.notes = append(s.notes, texts(row.Notes)...)
	}
	s.notes = append(s.notes, texts(p.Notes)...)
	return s
}

func settingText(s protocol.Setting) string {
	if s == nil {
		return none
	}
	return s.String()
}

// unrankedSection lays out what stands beside the ranking.
func (p *Problem) unrankedSection() section {
	s := section{
		title:   clean(p.Name) + ", not ranked",
		caption: "Results that are not ranked",
		facts:   []string{"beside the ranking; distance: of the mean from the leader's, with the 95 % interval and p of Welch's test"},
		header:  []string{"optimizer", "setting", p.metric(), "n", "distance", "95 % interval", "p", "source"},
	}
	for _, row := range p.Unranked {
		s.rows = append(s.rows, []string{
			flagged(row.Optimizer, row.Oracle), settingText(row.Setting), row.Score.meanStd(), strconv.Itoa(row.Score.N),
			number(row.Distance.Mean), span(row.Distance.Low, row.Distance.High), probability(row.Distance.P), row.Source,
		})
		s.best = append(s.best, false)
		s.notes = append(s.notes, texts(row.Notes)...)
	}
	return s
}

// metric names what is reported, such as "test accuracy".
func (p *Problem) metric() string {
	if p.Spec == nil {
		return "score"
	}
	if p.Spec.Validation == 0 && p.Spec.Test == 0 {
		return clean(p.Spec.Metric.Name)
	}
	return fmt.Sprintf("%s %s", p.Part, clean(p.Spec.Metric.Name))
}

// facts says what all rows have in common.
func (p *Problem) facts() []string {
	if p.Spec == nil {
		return []string{"no run has finished"}
	}
	data := "endless data"
	if p.Spec.Train > 0 {
		data = fmt.Sprintf("N = %d", p.Spec.Train)
	}
	for _, part := range []struct {
		name string
		n    int
	}{{"validation", p.Spec.Validation}, {"test", p.Spec.Test}} {
		if part.n > 0 {
			data += fmt.Sprintf(" + %d %s", part.n, part.name)
		}
	}
	better := "lower"
	if p.Spec.Metric.HigherBetter {
		better = "higher"
	}
	facts := []string{
		fmt.Sprintf("d = %d, %s, budget %d examples, batch size %d", p.Spec.Dim, data, p.Budget, p.BatchSize),
		fmt.Sprintf("%s (%s is better) %s, %s at the start, %s",
			p.metric(), better, p.Point, number(p.Initial), count(p.Seeds, "seed")),
	}
	if p.Schedule != nil {
		facts = append(facts, "step-size schedule: "+p.Schedule.String())
	}
	return facts
}

func (r *Report) overallSection() section {
	s := section{
		title:   "overall",
		caption: "Mean ranks over the problems of plan " + clean(r.Plan),
		facts:   []string{"mean rank over the problems; intervals by a bootstrap over seeds"},
		name:    1,
		header:  []string{"place", "optimizer", "mean rank", "95 % interval"},
	}
	for i := range r.Problems {
		s.header = append(s.header, fmt.Sprintf("#%d", i+1))
	}
	s.header = append(s.header, "diverged", "tuning")
	for _, o := range r.Overall {
		interval := none
		if o.Place.Place > 0 {
			interval = fmt.Sprintf("[%.2f, %.2f]", o.Low, o.High)
		}
		meanRank := none
		if o.Place.Place > 0 {
			meanRank = fmt.Sprintf("%.2f", o.MeanRank)
		}
		shared := 0
		for _, other := range r.Overall {
			if other.Place.Place == o.Place.Place {
				shared++
			}
		}
		cells := []string{rankText(o.Place.Place, shared > 1), flagged(o.Optimizer, o.Oracle), meanRank, interval}
		for _, rank := range o.Ranks {
			cells = append(cells, rankText(rank, false))
		}
		s.rows = append(s.rows, append(cells, fmt.Sprintf("%d/%d", o.Diverged, o.N), o.Tuning.String()))
		s.best = append(s.best, o.Place.Place == 1)
	}
	return s
}

// flagged writes the name of an optimizer, with a double dagger if it is an oracle.
func flagged(name string, oracle bool) string {
	if oracle {
		return clean(name) + " ‡"
	}
	return clean(name)
}

func rankText(rank int, shared bool) string {
	switch {
	case rank == 0:
		return none
	case shared:
		return fmt.Sprintf("%d=", rank)
	}
	return strconv.Itoa(rank)
}

func times(v float64) string {
	if math.IsNaN(v) {
		return none
	}
	return fmt.Sprintf("%.1f×", v)
}

// String writes runs and examples: "12 (55k)", or "6+9 (55k)" where 9 of 15 runs are of the tie
// step.
func (c Cost) String() string {
	if c.Runs == 0 {
		return none
	}
	runs := strconv.Itoa(c.Runs)
	if c.Ties > 0 {
		runs = fmt.Sprintf("%d+%d", c.Runs-c.Ties, c.Ties)
	}
	return fmt.Sprintf("%s (%s)", runs, amount(c.Examples))
}

// legend explains the columns.
func (r *Report) legend() []string {
	lines := []string{
		"rank: entries that share a rank (1=) do not differ by the sign-flip test with Holm's correction at level 0.05, " +
			"or too little to matter",
		"setting: what was tuned, and what the plan sets otherwise than the optimizer declares",
		"ok: runs that did not diverge, of those planned",
	}
	if slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.showDefault() }) {
		lines = append(lines, "default: the same for the declared defaults in place of what was tuned")
	}
	lines = append(lines,
		"time: of problem and optimizer per example, relative to the fastest; plugins in other processes included",
		"tuning: runs of the search + runs that repeat tied settings under further seeds (examples of both); a limit on tuning runs "+
			"is one on the search")
	if len(r.Problems) > 1 {
		lines = append(lines, "place: shared (1=) by entries that are not behind the leader's mean rank in more than 97.5 % of the bootstrap's draws")
	}
	return lines
}

// showDefault reports whether there are runs of declared defaults.
func (p *Problem) showDefault() bool {
	return slices.ContainsFunc(p.Rows, func(r Row) bool { return r.OneShot.N > 0 })
}

// document is what the writers of text, Markdown and LaTeX lay out.
type document struct {
	plan                  string
	headline, description string
	complete              bool
	width                 int // of the terminal in characters; 0: no limit
	sections              []section
	notes, legend         []string
}

func (r *Report) document(intervals, details bool) document {
	legend := r.legend()
	if details {
		legend = append(legend, r.detailLegend()...)
	}
	return document{r.Plan, r.headline(), r.Description, r.Complete(), 0, r.sections(intervals, details), texts(r.Notes), legend}
}

// WriteText writes the tables in plain text of about 120 columns: the ranking, its uncertainty and
// its cost.
func (r *Report) WriteText(w io.Writer) error { return Text{Report: r}.Write(w) }

// Text is a report for a terminal.
type Text struct {
	*Report
	All   bool // with the second tables
	Width int  // of the terminal in characters; 0: no limit
}

// Write writes the tables.
func (t Text) Write(w io.Writer) error {
	d := t.document(false, t.All)
	d.width = t.Width
	return d.text(w)
}

// WriteMarkdown writes all tables as Markdown.
func (r *Report) WriteMarkdown(w io.Writer) error { return r.document(true, true).markdown(w) }

func (d document) text(w io.Writer) error {
	b := new(strings.Builder)
	wrapped := func(indent, text string) {
		for _, line := range Wrap(text, max(0, d.width-len(indent))) {
			fmt.Fprintf(b, "%s%s\n", indent, line)
		}
	}
	wrapped("", d.headline)
	if d.description != "" {
		wrapped("", clean(d.description))
	}
	for _, s := range d.sections {
		fmt.Fprintln(b)
		wrapped("", s.title)
		for _, fact := range s.facts {
			wrapped("   ", fact)
		}
		table := new(strings.Builder)
		const margins = 4 // of the table: two characters that are printed before it, two that tablewriter adds
		rows, dropped := Fit(append([][]string{s.header}, s.rows...), max(0, d.width-margins), dropFirst...)
		s.header, s.rows = rows[0], rows[1:]
		if err := s.table(table, renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.Lines{ShowHeaderLine: tw.On}},
		})); err != nil {
			return err
		}
		for line := range strings.Lines(table.String()) {
			fmt.Fprintln(b, strings.TrimRight("  "+line, " \n"))
		}
		if len(dropped) > 0 {
			wrapped("   ", NotShown(dropped))
		}
		for _, note := range s.notes {
			wrapped("   ", "note: "+note)
		}
	}
	fmt.Fprintln(b)
	for _, note := range d.notes {
		wrapped("", "note: "+note)
	}
	for _, line := range d.legend {
		wrapped("", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// dropFirst are the columns that a narrow terminal does without, in this order.
var dropFirst = []string{
	"time", "final", "default", "setting", "tuning", "ok", "diverged", "95 % interval", "spread", "source", "n",
	"mean difference", "p",
}

// NotShown says which columns a narrow terminal does without.
func NotShown(dropped []string) string {
	return "(not shown at this width: " + strings.Join(dropped, ", ") + ")"
}

// table hands the section to tablewriter.
func (s *section) table(w io.Writer, how tw.Renderer) error {
	table := tablewriter.NewTable(w,
		tablewriter.WithRenderer(how),
		tablewriter.WithHeaderAutoFormat(tw.Off), // which would write TEST ACCURACY
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
	)
	table.Header(s.header)
	if err := table.Bulk(s.rows); err != nil {
		return fmt.Errorf("cannot lay out table %s: %w", s.title, err)
	}
	if err := table.Render(); err != nil {
		return fmt.Errorf("cannot lay out table %s: %w", s.title, err)
	}
	return nil
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, `|`, `\|`, `*`, `\*`, "`", "\\`", `<`, `\<`)

func (d document) markdown(w io.Writer) error {
	b := new(strings.Builder)
	list := func(items []string) {
		if len(items) > 0 {
			fmt.Fprintln(b)
		}
		for _, item := range items {
			fmt.Fprintf(b, "- %s\n", markdownEscapes.Replace(item))
		}
	}
	fmt.Fprintf(b, "# %s\n", markdownEscapes.Replace(d.headline))
	if d.description != "" {
		fmt.Fprintf(b, "\n%s\n", markdownEscapes.Replace(clean(d.description)))
	}
	for _, s := range d.sections {
		fmt.Fprintf(b, "\n## %s\n\n", markdownEscapes.Replace(s.title))
		fmt.Fprintf(b, "%s\n\n", markdownEscapes.Replace(strings.Join(s.facts, "; ")))
		for k := range s.header {
			s.header[k] = markdownEscapes.Replace(s.header[k])
		}
		for i, cells := range s.rows {
			for k := range cells {
				cells[k] = markdownEscapes.Replace(cells[k])
			}
			if s.best[i] {
				cells[s.name] = "**" + cells[s.name] + "**"
			}
		}
		if err := s.table(b, renderer.NewMarkdown()); err != nil {
			return err
		}
		list(s.notes)
	}
	fmt.Fprint(b, "\n## notes\n")
	list(slices.Concat(d.notes, d.legend))
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteCSV writes one line per problem and optimizer, in full precision; rows that are not ranked
// say so under unranked. What is not there, or infinite, is empty.
func (r *Report) WriteCSV(w io.Writer) error {
	header := []string{
		"plan", "complete", "protocol", "problem", "metric", "higher_better", "part", "budget", "initial",
		"planned_runs", "rank", "optimizer", "setting",
	}
	for _, name := range []string{"score", "final", "default"} {
		header = append(header, name+"_n", name+"_diverged", name+"_mean", name+"_std", name+"_low", name+"_high")
	}
	header = append(header,
		"steps", "seconds_per_example", "slowdown", "tuning_runs", "tuning_examples",
		"overall_place", "overall_mean_rank", "overall_low", "overall_high", "notes",
		"score_median", "score_q25", "score_q75", "bimodal", "anchor", "anchor_mean", "anchored", "anchored_low", "anchored_high",
		"target", "target_reached", "target_examples", "auc")
	for _, k := range BestOfRuns {
		header = append(header, fmt.Sprintf("best_of_%d", k))
	}
	header = append(header,
		"tunability", "width", "width_open", "loss_spread", "seed_bias", "diverged_share", "diverged_low", "diverged_high",
		"overall_anchored", "overall_anchored_low", "overall_anchored_high", "overall_profile", "overall_profile_anchor",
		"overall_slowdown", "unranked", "unranked_difference", "unranked_difference_low", "unranked_difference_high", "unranked_p",
		"tuning_tie_runs")
	for _, name := range r.Baselines {
		header = append(header, "better_than_"+name, "better_than_"+name+"_low", "better_than_"+name+"_high")
	}
	lines := [][]string{header}
	for _, p := range r.Problems {
		for _, row := range p.Rows {
			lines = append(lines, r.csvLine(&p, &row, nil))
		}
		for _, u := range p.Unranked {
			lines = append(lines, r.csvLine(&p, &u.Row, &u))
		}
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// csvLine writes a row of a problem. u is nil if it is ranked.
func (r *Report) csvLine(p *Problem, row *Row, u *Unranked) []string {
	spec := p.Spec
	if spec == nil {
		spec = new(protocol.ProblemSpec)
	}
	line := []string{
		r.Plan, strconv.FormatBool(r.Complete()), strconv.Itoa(r.Protocol), p.Name, spec.Metric.Name,
		strconv.FormatBool(spec.Metric.HigherBetter), string(p.Part), strconv.FormatInt(p.Budget, 10),
		exact(p.Initial), strconv.Itoa(p.Seeds), rankField(row.Rank), row.Optimizer, row.Setting.String(),
	}
	add := func(values ...float64) {
		for _, v := range values {
			line = append(line, exact(v))
		}
	}
	for _, s := range []Summary{row.Score, row.Final, row.OneShot} {
		line = append(line, strconv.Itoa(s.N), strconv.Itoa(s.Diverged))
		add(s.Mean, s.Std, s.Low, s.High)
	}
	add(row.Steps, row.Seconds, row.Slowdown)
	line = append(line, strconv.Itoa(row.Tuning.Runs), strconv.FormatInt(row.Tuning.Examples, 10))
	nan := math.NaN()
	o := Overall{
		Place:           stats.Place{MeanRank: nan, Low: nan, High: nan},
		OverallMeasures: OverallMeasures{Anchored: unknown, Profile: nan, ProfileAnchor: nan, Slowdown: nan},
	}
	source, distance := "", stats.Difference{Mean: nan, Low: nan, High: nan, P: nan}
	if u != nil {
		source, distance = u.Source, u.Distance
	} else if i := slices.IndexFunc(r.Overall, func(o Overall) bool { return o.Optimizer == row.Optimizer }); i >= 0 {
		o = r.Overall[i]
	}
	line = append(line, rankField(o.Place.Place))
	add(o.MeanRank, o.Low, o.High)
	line = append(line, joinTexts(row.Notes, p.Notes, r.Notes))
	add(row.Score.Median, row.Score.Q25, row.Score.Q75)
	line = append(line, strconv.FormatBool(row.Score.Bimodal), r.Anchor)
	add(p.AnchorMean, row.Anchored.Value, row.Anchored.Low, row.Anchored.High, p.Target)
	line = append(line, strconv.Itoa(row.ToTarget.Reached))
	add(row.ToTarget.Median, row.AUC)
	add(row.BestOf...)
	add(row.Tunability, row.Width)
	line = append(line, strconv.FormatBool(row.WidthOpen))
	add(row.LossSpread, row.SeedBias, row.Failure.Value, row.Failure.Low, row.Failure.High,
		o.Anchored.Value, o.Anchored.Low, o.Anchored.High, o.Profile, o.ProfileAnchor, o.OverallMeasures.Slowdown)
	line = append(line, source)
	add(distance.Mean, distance.Low, distance.High, distance.P)
	line = append(line, strconv.Itoa(row.Tuning.Ties))
	for b := range r.Baselines {
		e := unknown
		if b < len(row.Better) {
			e = row.Better[b]
		}
		add(e.Value, e.Low, e.High)
	}
	return line
}

// exact writes v so that it reads back the same.
func exact(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func rankField(rank int) string {
	if rank == 0 {
		return ""
	}
	return strconv.Itoa(rank)
}

// joinTexts writes what there is to know about one row into one field.
func joinTexts(warnings ...[]Warning) string {
	var all []string
	for _, w := range slices.Concat(warnings...) {
		all = append(all, w.Text)
	}
	return strings.Join(all, "; ")
}
