package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"noisebench/results/columns"
	"noisebench/results/measures"
	"noisebench/results/notation"
)

// WriteLaTeX writes the tables for a paper: first an overview of all optimizers and problems, then
// one table for each problem. They are LaTeX table environments that need the package booktabs. All
// of them fit the text width of the class article, and of every class whose text is at least as
// wide: what is too wide or too long is continued in a further table.
func (r Ranking) WriteLaTeX(w io.Writer) error {
	return r.writeLaTeX(w, r.latexOverview, r.latexTables)
}

// WriteLaTeXOverview writes the overview alone, the table for the body of a paper.
func (r Ranking) WriteLaTeXOverview(w io.Writer) error { return r.writeLaTeX(w, r.latexOverview) }

// WriteLaTeXAppendix writes all tables but the overview, those for the appendix of a paper.
func (r Ranking) WriteLaTeXAppendix(w io.Writer) error { return r.writeLaTeX(w, r.latexTables) }

// writeLaTeX writes parts after the head, which says what they need.
func (r Ranking) writeLaTeX(w io.Writer, parts ...func(*strings.Builder)) error {
	b := new(strings.Builder)
	newDocument(r.Report, 0, nil).latexHead(b, r.Landscape)
	for _, part := range parts {
		part(b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Ranking) latexOverview(b *strings.Builder) {
	overview := overviewOf(r.Report)
	overview.turned = r.Landscape
	overview.notes = append(overview.notes, fixed(r.Report)...)
	newDocument(r.Report, 0, nil).latexTable(b, overview)
}

// latexTables writes the tables of the problems and, if all are wanted, those of the appendix; last
// what their columns are.
func (r Ranking) latexTables(b *strings.Builder) {
	main := r.tables(columns.LaTeX, false)
	var appendix []columns.Table
	if r.All {
		appendix = r.appendix()
	}
	d := newDocument(r.Report, 0, slices.Concat(main, appendix))
	for _, t := range latexTables(main) {
		d.latexTable(b, t)
	}
	if r.All {
		fmt.Fprint(b, "\n% appendix\n\\clearpage\n")
		tables := []latexTable{searchSpaces(r.Report), chosenSettings(r.Report)}
		for _, t := range append(tables, latexTables(appendix)...) {
			d.latexTable(b, t)
			fmt.Fprintln(b, `\clearpage`) // TeX holds back a hundred floats at most
		}
	}
	d.latexFoot(b)
}

// appendix has the tables of the appendix that are made of columns.
func (r Ranking) appendix() []columns.Table {
	var defaults, second []columns.Table
	for i := range r.Problems {
		p := &r.Problems[i]
		if p.Spec == nil {
			continue
		}
		if t := columns.Defaults(r.Report, p); len(t.Lines) > 0 {
			defaults = append(defaults, numbered(r.Report, i, t))
		}
		second = append(second, numbered(r.Report, i, columns.Second(r.Report, p)))
	}
	if r.Overall != nil {
		second = append(second, columns.OverallSecond(r.Report))
	}
	return append(defaults, second...)
}

// fixed is a note on hyperparameters that the plan sets to other values than declared; none if
// there are none.
func fixed(r *measures.Report) []string {
	var entries []string
	for _, optimizer := range r.Optimizers() {
		for _, p := range r.Problems {
			i := slices.IndexFunc(p.Rows, func(row measures.Row) bool { return row.Optimizer == optimizer })
			if i >= 0 && len(p.Rows[i].Fixed) > 0 {
				entries = append(entries, fmt.Sprintf("%s %s", notation.Clean(optimizer),
					p.Rows[i].Fixed))
				break // the plan sets the same on all problems
			}
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return []string{"set by the plan, not as declared: " + strings.Join(entries, "; ")}
}

// latex writes the tables one by one.
func (d document) latex(w io.Writer) error {
	b := new(strings.Builder)
	d.latexHead(b, false)
	for _, t := range latexTables(d.tables) {
		d.latexTable(b, t)
	}
	d.latexFoot(b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (d document) latexHead(b *strings.Builder, turned bool) {
	fmt.Fprintf(b, "%% %s\n%% needs \\usepackage{booktabs}", d.headline)
	if turned {
		fmt.Fprint(b, " and \\usepackage{rotating}")
	}
	fmt.Fprintln(b)
}

// latexFoot explains the columns in a paragraph of its own, which may go where the tables are
// described.
func (d document) latexFoot(b *strings.Builder) {
	fmt.Fprintln(b, "\n\\begingroup\\footnotesize\\raggedright\\setlength{\\emergencystretch}{3em}")
	for _, note := range slices.Concat(d.notes, d.legend) {
		fmt.Fprintf(b, "\\noindent %s.\\par\n", latexText(note))
	}
	fmt.Fprintln(b, `\endgroup`)
}

// Sizes of the class article with its defaults, in pt.
const (
	latexPortraitWidth   = 345.0
	latexPortraitHeight  = 520.0 // of 550, for the caption's distance
	latexLandscapeWidth  = 550.0
	latexLandscapeHeight = 315.0 // of 345
	latexLine            = 9.7   // a line of a table
	latexNoteLine        = 8.3   // a line of the notes, \scriptsize
	latexNoteChars       = 4.4   // width of a character of the notes, on average; generous
	latexColumnGap       = 7.0   // between columns: twice \tabcolsep
	latexTextWidth       = 105.0 // a wider text is broken into lines
)

// latexTable is a table for a paper.
type latexTable struct {
	caption string // one sentence without its full stop
	label   string
	columns []latexColumn
	keep    int // that many columns on the left are repeated where a table is continued
	notes   []string
	turned  bool
}

// latexColumn is a column of a table, or a group of a mean, its standard deviation and a rank.
type latexColumn struct {
	head  string
	text  bool     // words, not numbers
	cells []string // numbers may be written as "mean ± std", aligned at the sign
	ranks []string // in parentheses behind the cells; nil: notation.None
	bold  []bool   // cells that are emphasized; nil: notation.None

	pair           bool
	left, right    float64 // widths of mean and standard deviation
	rank           float64
	natural, width float64
}

// latexTables makes tables for a paper of tables. The columns up to the optimizer's name are
// repeated where a table is continued.
func latexTables(tables []columns.Table) []latexTable {
	var all []latexTable
	for _, t := range tables {
		paper := latexTable{
			caption: t.Caption, notes: slices.Concat(t.Facts, t.Notes),
			label: t.Title,
		}
		name := t.Column("optimizer")
		for k, head := range t.Heads {
			c := latexColumn{head: head.Text, text: head.Words}
			for _, line := range t.Lines {
				c.cells = append(c.cells, line.Cells[k].Text)
				c.bold = append(c.bold, line.Best && k == name)
			}
			paper.columns = append(paper.columns, c)
		}
		paper.keep = name + 1
		all = append(all, paper)
	}
	return all
}

// overviewOf is the table of all optimizers and problems.
func overviewOf(r *measures.Report) latexTable {
	t := latexTable{
		label: "overview",
		caption: fmt.Sprintf("Mean ± standard deviation of each optimizer on the %s of plan %s, "+
			"with ranks in parentheses",
			notation.Count(len(r.Problems), "problem"), notation.Clean(r.Plan)),
		notes: []string{"bold: the leaders of a problem, which share the first rank: no test " +
			"tells them apart, or they differ too little to matter"},
		keep: 1,
	}
	var names []string
	mean := latexColumn{head: "mean rank"}
	name := latexColumn{head: "optimizer", text: true}
	if r.Overall != nil {
		t.keep = 2
		t.notes = append(t.notes, "mean rank: over the problems; bold optimizers share the first "+
			"place over all of them")
		for _, o := range r.Overall {
			names = append(names, o.Optimizer)
			name.bold = append(name.bold, o.Place.Place == 1)
			text := notation.None
			if o.Place.Place > 0 {
				text = fmt.Sprintf("%.2f", o.MeanRank)
			}
			mean.cells = append(mean.cells, text)
		}
	} else if len(r.Problems) > 0 {
		for _, row := range r.Problems[0].Rows {
			names = append(names, row.Optimizer)
		}
	}
	for _, optimizer := range names {
		oracle := slices.ContainsFunc(r.Problems, func(p measures.Problem) bool {
			return slices.ContainsFunc(p.Rows,
				func(row measures.Row) bool { return row.Optimizer == optimizer && row.Oracle })
		})
		name.cells = append(name.cells, columns.Flagged(optimizer, oracle))
	}
	t.columns = append(t.columns, name)
	if r.Overall != nil {
		t.columns = append(t.columns, mean)
	}
	diverged := false
	for i := range r.Problems {
		p := &r.Problems[i]
		c := latexColumn{head: notation.Clean(p.Name)}
		for _, optimizer := range names {
			row := &p.Rows[slices.IndexFunc(p.Rows,
				func(row measures.Row) bool { return row.Optimizer == optimizer })]
			c.cells = append(c.cells, columns.ShortMeanStd(&row.Score))
			c.ranks = append(c.ranks, notation.Rank(row.Rank, false))
			c.bold = append(c.bold, row.Rank == 1)
			diverged = diverged || row.Score.Diverged > 0
		}
		t.columns = append(t.columns, c)
		t.notes = append(t.notes, fmt.Sprintf("%s: %s, %s is better, %s", notation.Clean(p.Name),
			p.MetricName(),
			columns.Better(p), notation.Count(p.Seeds, "seed")))
	}
	if diverged {
		t.notes = append(t.notes, "†: some runs diverged; each counts as the worse of its first "+
			"and its last finite value")
	}
	return t
}

// searchSpaces lists the hyperparameters that were searched or fixed, for each optimizer.
func searchSpaces(r *measures.Report) latexTable {
	name := latexColumn{head: "optimizer", text: true}
	parameter := latexColumn{head: "hyperparameter", text: true}
	values := latexColumn{head: "values", text: true}
	for _, optimizer := range r.Optimizers() {
		tried, fixed := map[string]map[float64]bool{}, map[string]map[float64]bool{}
		ranges := map[string][]float64{}
		add := func(to map[string]map[float64]bool, key string, value float64) {
			if to[key] == nil {
				to[key] = map[float64]bool{}
			}
			to[key][value] = true
		}
		for _, p := range r.Problems {
			for _, row := range p.Rows {
				if row.Optimizer != optimizer {
					continue
				}
				for key, all := range row.Tried {
					for _, v := range all {
						add(tried, key, v)
					}
				}
				for key, v := range row.Untuned {
					add(fixed, key, v)
				}
				for key, ends := range row.Ranges {
					ranges[key] = ends
				}
			}
		}
		line := func(key, text string) {
			name.cells = append(name.cells, notation.Clean(optimizer))
			parameter.cells = append(parameter.cells, notation.Clean(key))
			values.cells = append(values.cells, text)
		}
		for _, key := range sortedKeys(tried) {
			all := sortedKeys(tried[key])
			switch ends, ok := ranges[key]; {
			case ok:
				line(key, fmt.Sprintf("range [%g, %g], %s", ends[0], ends[1],
					notation.Count(len(all), "value")))
			case len(all) > 6:
				line(key, fmt.Sprintf("%s from %s to %s", notation.Count(len(all), "value"),
					notation.Number(all[0]), notation.Number(all[len(all)-1])))
			default:
				line(key, notation.Numbers(all))
			}
		}
		for _, key := range sortedKeys(fixed) {
			if tried[key] == nil {
				line(key, "fixed: "+notation.Numbers(sortedKeys(fixed[key])))
			}
		}
	}
	return latexTable{
		label: "search spaces", keep: 2, columns: []latexColumn{name, parameter, values},
		caption: fmt.Sprintf("Search spaces of the optimizers of plan %s", notation.Clean(r.Plan)),
		notes: []string{"values: those that tuning tried, over all problems; fixed ones are " +
			"not tuned"},
	}
}

// chosenSettings lists the setting that tuning chose on each problem.
func chosenSettings(r *measures.Report) latexTable {
	t := latexTable{
		label: "chosen settings", keep: 2,
		caption: fmt.Sprintf("Settings that tuning chose on the problems of plan %s",
			notation.Clean(r.Plan)),
		notes: []string{notation.None + ": not tuned on this problem"},
	}
	name := latexColumn{head: "optimizer", text: true}
	parameter := latexColumn{head: "hyperparameter", text: true}
	problems := make([]latexColumn, len(r.Problems))
	for i := range r.Problems {
		problems[i].head = notation.Clean(r.Problems[i].Name)
	}
	for _, optimizer := range r.Optimizers() {
		settings := make([]map[string]float64, len(r.Problems))
		keys := map[string]bool{}
		for i, p := range r.Problems {
			for _, row := range p.Rows {
				if row.Optimizer == optimizer {
					settings[i] = row.Setting
				}
			}
			for key := range settings[i] {
				keys[key] = true
			}
		}
		for _, key := range sortedKeys(keys) {
			name.cells = append(name.cells, notation.Clean(optimizer))
			parameter.cells = append(parameter.cells, notation.Clean(key))
			for i := range problems {
				text := notation.None
				if v, ok := settings[i][key]; ok {
					text = notation.Number(v)
				}
				problems[i].cells = append(problems[i].cells, text)
			}
		}
	}
	t.columns = append([]latexColumn{name, parameter}, problems...)
	return t
}

// measure computes the widths of a column.
func (c *latexColumn) measure() {
	for i, cell := range c.cells {
		bold := c.bold != nil && c.bold[i]
		left, right, pair := cut(cell)
		if pair && !c.text {
			c.pair = true
			c.left = math.Max(c.left, latexWidth(left, bold))
			c.right = math.Max(c.right, latexWidth(right, bold))
		} else {
			c.natural = math.Max(c.natural, latexWidth(cell, bold))
		}
		if c.ranks != nil {
			c.rank = math.Max(c.rank, 3+latexWidth("("+c.ranks[i]+")", false))
		}
	}
	if c.pair {
		c.natural = math.Max(c.natural, c.left+c.right+10) // 10 pt: ± and its spaces
	}
	if c.text {
		c.natural = math.Min(c.natural, latexTextWidth)
	}
	c.width = c.natural + c.rank
	if head := latexWidth(c.head, false); head > c.width {
		c.width = math.Max(c.width, math.Min(head, 60))
	}
	c.width += latexColumnGap
}

func cut(cell string) (mean, std string, ok bool) {
	mean, std, ok = strings.Cut(cell, " ± ")
	return mean, std, ok
}

// box sets text in lines of a width, unless it fits one.
func box(text, place string, width, natural float64) string {
	if natural <= width+0.01 {
		return latexText(text)
	}
	return fmt.Sprintf(`\parbox[%s]{%.0fpt}{\raggedright\strut %s\strut}`, place, width,
		latexText(text))
}

// write writes the cell of a row. A column takes one, two or three columns of LaTeX.
func (c *latexColumn) write(i int) string {
	cell := c.cells[i]
	emphasize := func(s string) string {
		if c.bold != nil && c.bold[i] && s != "" {
			return `\textbf{` + s + `}`
		}
		return s
	}
	if c.text {
		bold := c.bold != nil && c.bold[i]
		return emphasize(box(cell, "t", latexTextWidth, latexWidth(cell, bold)))
	}
	text := ""
	switch mean, std, ok := cut(cell); {
	case !c.pair:
		text = emphasize(latexNumber(cell))
	case ok:
		text = emphasize(latexNumber(mean)) + " & " + emphasize(latexNumber(std))
	default:
		text = `\multicolumn{2}{c}{` + emphasize(latexNumber(cell)) + `}`
	}
	if c.ranks != nil {
		text += " & (" + latexEscape(c.ranks[i]) + ")"
	}
	return text
}

// span is how many columns of LaTeX the column takes.
func (c *latexColumn) span() int {
	n := 1
	if c.pair {
		n++
	}
	if c.ranks != nil {
		n++
	}
	return n
}

// spec is how these are declared.
func (c *latexColumn) spec() string {
	spec := "l"
	switch {
	case c.pair:
		spec = `r@{\,$\pm$\,}l`
	case !c.text:
		spec = "r"
	}
	if c.ranks != nil {
		spec += `@{\ }r`
	}
	return spec
}

func (c *latexColumn) heading() string {
	width := c.width - latexColumnGap
	text := box(c.head, "b", width, latexWidth(c.head, false))
	if n := c.span(); n > 1 || !c.text && !strings.Contains(text, "parbox") {
		return fmt.Sprintf(`\multicolumn{%d}{c}{%s}`, n, text)
	}
	return text
}

// height bounds that of a row, in lines.
func (t *latexTable) height(i int) float64 {
	lines := 1.0
	for _, c := range t.columns {
		if c.text {
			bold := c.bold != nil && c.bold[i]
			if w := latexWidth(c.cells[i], bold); w > latexTextWidth {
				lines = math.Max(lines, 1+math.Ceil(1.3*w/latexTextWidth))
			}
		}
	}
	return lines
}

// latexTable writes a table, in several parts if it is too wide or too long for one.
func (d document) latexTable(b *strings.Builder, t latexTable) {
	caption := t.caption
	if !d.complete {
		caption += "; " + strings.TrimPrefix(d.headline, "plan ")
	}
	width, height, environment := latexPortraitWidth, latexPortraitHeight, "table"
	if t.turned {
		width, height, environment = latexLandscapeWidth, latexLandscapeHeight, "sidewaystable"
	}
	kept := 0.0
	for k := range t.columns {
		t.columns[k].measure()
		if k < t.keep {
			kept += t.columns[k].width
		}
	}
	notes := latexNotes(t.notes)
	notesHeight := 6.0
	for _, note := range notes {
		notesHeight += latexNoteLine * math.Ceil(latexNoteChars*float64(len([]rune(note)))/width)
	}
	captionHeight := 24 + 12*math.Ceil(6*float64(len([]rune(caption)))/width)
	below := notesHeight <= height/3 // else they follow the table, where pages can break
	if below {
		height -= notesHeight
	}
	height -= captionHeight

	part, left := 0, 0.0
	finish := func() {
		if below {
			writeLaTeXNotes(b, notes)
		}
		fmt.Fprintf(b, "\\end{%s}\n", environment)
	}
	for _, columns := range t.chunks(width - kept) {
		for from, to := 0, 0; ; from = to {
			used := 12 + latexLine*t.headLines()
			for to = from; to < t.rows(); to++ {
				next := used + latexLine*t.height(to)
				if next > height && to > from {
					break
				}
				used = next
			}
			if left -= used; part > 0 && left >= 0 {
				fmt.Fprintln(b, `\par\bigskip`)
			} else {
				if part > 0 {
					finish()
				}
				d.latexBegin(b, &t, environment, caption, part)
				left = height - used
				part++
			}
			t.write(b, columns, from, to)
			if to >= t.rows() {
				break
			}
		}
	}
	finish()
	if !below {
		fmt.Fprintf(b, "\n\\begingroup\\footnotesize\\raggedright\n\\noindent Notes on "+
			"Table~\\ref{tab:%s}:\\par\n",
			latexLabel(d.plan, t.label))
		for _, note := range notes {
			fmt.Fprintf(b, "\\noindent %s.\\par\n", latexText(note))
		}
		fmt.Fprintln(b, `\endgroup`)
	}
}

// latexBegin begins a float.
func (d document) latexBegin(b *strings.Builder, t *latexTable, environment, caption string,
	part int,
) {
	text, label := latexText(caption), ""
	if part > 0 {
		text += " (continued)"
	} else {
		label = fmt.Sprintf("\\label{tab:%s}", latexLabel(d.plan, t.label))
	}
	fmt.Fprintf(b, "\n\\begin{%s}\n\\centering\n\\caption{%s.}%s\\medskip\n", environment, text,
		label)
	fmt.Fprintln(b, `\footnotesize\setlength{\tabcolsep}{3.5pt}`)
}

func (t *latexTable) rows() int {
	if len(t.columns) == 0 {
		return 0
	}
	return len(t.columns[0].cells)
}

func (t *latexTable) headLines() float64 {
	lines := 1.0
	for _, c := range t.columns {
		if w := latexWidth(c.head, false); w > c.width-latexColumnGap {
			lines = math.Max(lines, 1+math.Ceil(1.3*w/(c.width-latexColumnGap)))
		}
	}
	return lines
}

// chunks divides the columns that are not repeated into parts that fit a width: as few as possible,
// and about as many columns in each.
func (t *latexTable) chunks(width float64) [][]int {
	fill := func(width float64) [][]int {
		var all [][]int
		used := math.Inf(1)
		for k := t.keep; k < len(t.columns); k++ {
			if used+t.columns[k].width > width {
				all, used = append(all, nil), 0
			}
			used += t.columns[k].width
			all[len(all)-1] = append(all[len(all)-1], k)
		}
		return all
	}
	all := fill(width)
	if len(all) == 0 {
		return [][]int{nil}
	}
	for even := width - 5; even > 0; even -= 5 {
		if next := fill(even); len(next) == len(all) {
			all = next
		} else {
			break
		}
	}
	return all
}

// write writes some columns of some rows.
func (t *latexTable) write(b *strings.Builder, columns []int, from, to int) {
	var which []int
	for k := range t.keep {
		which = append(which, k)
	}
	which = append(which, columns...)
	var specs, heads []string
	for _, k := range which {
		c := &t.columns[k]
		specs = append(specs, c.spec())
		heads = append(heads, c.heading())
	}
	fmt.Fprintf(b, "\\begin{tabular}{@{}%s@{}}\n\\toprule\n%s \\\\\n\\midrule\n",
		strings.Join(specs, ""), strings.Join(heads, " & "))
	for i := from; i < to; i++ {
		var cells []string
		for _, k := range which {
			cells = append(cells, t.columns[k].write(i))
		}
		fmt.Fprintf(b, "%s \\\\\n", strings.Join(cells, " & "))
	}
	fmt.Fprint(b, "\\bottomrule\n\\end{tabular}\n")
}

// latexNotes joins notes that differ in nothing but the optimizer that they concern.
func latexNotes(notes []string) []string {
	var order []string
	who := map[string][]string{}
	for _, note := range notes {
		name, text, ok := strings.Cut(note, ": ")
		if !ok {
			name, text = "", note
		}
		if who[text] == nil {
			order = append(order, text)
		}
		who[text] = append(who[text], name)
	}
	var joined []string
	for _, text := range order {
		names := strings.Join(who[text], ", ")
		if names == "" {
			joined = append(joined, text)
		} else {
			joined = append(joined, names+": "+text)
		}
	}
	return joined
}

func writeLaTeXNotes(b *strings.Builder, notes []string) {
	if len(notes) == 0 {
		return
	}
	fmt.Fprintln(b, "\\par\\smallskip\n\\begin{minipage}{\\linewidth}\\scriptsize\\raggedright")
	for _, note := range notes {
		fmt.Fprintf(b, "%s.\\par\n", latexText(note))
	}
	fmt.Fprintln(b, `\end{minipage}`)
}

// latexLabel makes a label of names.
func latexLabel(names ...string) string {
	text := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return unicode.ToLower(r)
		}
		return '-'
	}, strings.Join(names, "-"))
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '-' }), "-")
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
