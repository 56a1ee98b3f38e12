package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"noisebench/results/columns"
	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
)

// Every output shows each column that says it is shown there, with the text or the value of each
// row. Pages and exported tables are walked in the same way in their packages.
func TestEveryColumnIsShown(t *testing.T) {
	plan, cells := synthetic.Full()
	r := measures.Build(plan, cells)
	texts := map[columns.Output][]string{
		columns.Terminal: {render(t, r, "txt")},
		columns.Markdown: {render(t, r, "md")},
		columns.LaTeX:    {render(t, r, "tex")},
		columns.Appendix: {render(t, r, "paper.tex")},
		columns.Beside:   {render(t, r, "txt"), render(t, r, "md"), render(t, r, "tex")},
		columns.Details:  {render(t, r, "all.txt"), render(t, r, "md"), render(t, r, "paper.tex")},
	}
	for i := range r.Problems {
		p := &r.Problems[i]
		all := columns.RowsOf(r, p)
		var ranked, beside []columns.Row
		for _, row := range all {
			if row.Unranked == nil {
				ranked = append(ranked, row)
			} else {
				beside = append(beside, row)
			}
		}
		for output, written := range texts {
			title, rows := fmt.Sprintf("%d. %s", i+1, p.Name), ranked
			switch output {
			case columns.Beside:
				if title, rows = title+", not ranked", beside; beside == nil {
					continue
				}
			case columns.Details:
				title += ": how sure, how fast, how tuned"
			case columns.Appendix:
				title += ": defaults"
			}
			for _, text := range written {
				walk(t, section(t, text, title), columns.In(columns.Rows(r, p), output), rows)
			}
		}
	}
	overalls := columns.OverallsOf(r)
	for _, output := range []columns.Output{columns.Terminal, columns.Markdown, columns.LaTeX} {
		walk(t, section(t, texts[output][0], "overall"), columns.In(columns.Overalls(r), output),
			overalls)
	}
	for _, text := range texts[columns.Details] {
		walk(t, section(t, text, "overall: how sure, how fast, how tuned"),
			columns.In(columns.Overalls(r), columns.Details), overalls)
	}
	for i := range r.Problems {
		p := &r.Problems[i]
		for _, format := range []string{"pairs.txt", "pairs.md", "pairs.tex"} {
			walk(t, section(t, render(t, r, format), fmt.Sprintf("%d. %s", i+1, p.Name)),
				columns.In(columns.Pairs(), columns.Terminal), columns.PairsOf(r, p))
		}
	}
}

// section returns the table of a title: of LaTeX without what makes numbers of texts.
func section(t *testing.T, text, title string) string {
	t.Helper()
	var found string
	switch {
	case strings.HasPrefix(text, "% "):
		_, after, ok := strings.Cut(text, "\\label{tab:"+latexLabel("synthetic", title)+"}")
		if !ok {
			break
		}
		found, _, _ = strings.Cut(after, "\\end{table}")
	case strings.HasPrefix(text, "# "):
		_, after, _ := strings.Cut(text, "\n## "+title+"\n")
		found, _, _ = strings.Cut(after, "\n## ")
	default:
		_, after, _ := strings.Cut(text, "\n"+title+"\n")
		found, _, _ = strings.Cut(after, "\n\n")
	}
	if found == "" {
		t.Fatalf("there is no table %q in\n%s", title, text)
	}
	return plain.Replace(found)
}

// plain takes what formats add to the texts of cells.
var plain = strings.NewReplacer(`\textbf{`, "", "}", "", `\multicolumn{1}{c}{`, "",
	`\multicolumn{2}{c}{`, "", `$\cdot10^{`, "e", "$", "", `\`, "",
	"textgreater{", ">", "textbar{", "|", "times", "×", "pm", "±", "ddagger", "‡", "dagger", "†",
	"geq", "≥", " & ", "  ", "**", "", "--", "–")

// walk wants the head of each column in a table, and the texts of all rows.
func walk[R any](t *testing.T, table string, list []columns.Column[R], rows []R) {
	t.Helper()
	if len(list) == 0 || len(rows) == 0 {
		t.Fatal("there is nothing to look for")
	}
	shown := columns.Fill(list, rows)
	if len(shown.Heads) < len(list)-1 { // on the problem without parts, the last point is the score
		t.Errorf("of %d columns, only %d are there: the test needs cells that have them all",
			len(list), len(shown.Heads))
	}
	for k, head := range shown.Heads {
		alone := `(?m)(^|  |\||strut ) *` + regexp.QuoteMeta(plain.Replace(head.Text)) +
			` *($|  |\||strut)`
		if !regexp.MustCompile(alone).MatchString(table) {
			t.Errorf("column %s is not there, %q in\n%s", head.Name, head.Text, table)
		}
		for _, line := range shown.Lines {
			for _, part := range strings.Split(plain.Replace(line.Cells[k].Text), " ± ") {
				if !strings.Contains(table, part) {
					t.Errorf("column %s of %s is not there, %q in\n%s", head.Name, line.Optimizer,
						part, table)
				}
			}
		}
	}
}

// The data formats have every column, and the very value of each row.
func TestEveryValueIsThere(t *testing.T) {
	plan, cells := synthetic.Full()
	r := measures.Build(plan, cells)
	var rows []columns.Row
	var pairs []columns.Pair
	for i := range r.Problems {
		rows = append(rows, columns.RowsOf(r, &r.Problems[i])...)
		pairs = append(pairs, columns.PairsOf(r, &r.Problems[i])...)
	}
	inCSV(t, render(t, r, "csv"), columns.Rows(r, nil), rows)
	inCSV(t, render(t, r, "pairs.csv"), columns.Pairs(), pairs)

	var whole map[string]any
	if err := json.Unmarshal([]byte(render(t, r, "json")), &whole); err != nil {
		t.Fatal(err)
	}
	inJSON(t, []any{whole}, columns.Reports(), []*measures.Report{r})
	inJSON(t, whole["overall"], columns.Overalls(r), columns.OverallsOf(r))
	for i, problem := range whole["problems"].([]any) {
		p := &r.Problems[i]
		inJSON(t, []any{problem}, columns.Problems(), []*measures.Problem{p})
		fields := problem.(map[string]any)
		inJSON(t, append(fields["rows"].([]any), fields["unranked"].([]any)...),
			columns.Rows(r, nil), columns.RowsOf(r, p))
		inJSON(t, fields["pairs"], columns.Pairs(), columns.PairsOf(r, p))
	}
}

func inCSV[R any](t *testing.T, text string, list []columns.Column[R], rows []R) {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	list = columns.In(list, columns.CSV)
	if len(lines) != len(rows)+1 || len(lines[0]) != len(list) {
		t.Fatalf("%d lines and %d columns, want %d and %d", len(lines), len(lines[0]), len(rows)+1,
			len(list))
	}
	for k, c := range list {
		if lines[0][k] != c.Name {
			t.Errorf("column %d is %s, want %s", k, lines[0][k], c.Name)
		}
		for i, row := range rows {
			if got, want := lines[i+1][k], field(c.Value(row)); got != want {
				t.Errorf("row %d has %s = %q, want %q", i, c.Name, got, want)
			}
		}
	}
}

func inJSON[R any](t *testing.T, objects any, list []columns.Column[R], rows []R) {
	t.Helper()
	all := objects.([]any)
	if len(all) != len(rows) || len(all) == 0 {
		t.Fatalf("%d objects, want %d", len(all), len(rows))
	}
	for _, c := range columns.In(list, columns.JSON) {
		for i, row := range rows {
			at, there := all[i], true
			for _, name := range c.Path {
				if at, there = at.(map[string]any)[name]; !there {
					break
				}
			}
			value := c.Value(row)
			if there != (value != nil) {
				t.Errorf("row %d has field %s: %t; its value is %v", i, strings.Join(c.Path, "."),
					there, value)
				continue
			}
			var one object
			one.set(value, "v")
			var text bytes.Buffer
			if err := writeJSON(&text, &one); err != nil {
				t.Fatal(err)
			}
			var want map[string]any
			if err := json.Unmarshal(text.Bytes(), &want); err != nil {
				t.Fatal(err)
			}
			if value != nil && !reflect.DeepEqual(at, want["v"]) {
				t.Errorf("row %d has %s = %v, want %v", i, strings.Join(c.Path, "."), at, want["v"])
			}
		}
	}
}
