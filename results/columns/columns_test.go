package columns

import (
	"fmt"
	"strings"
	"testing"

	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
)

// Example prints the ranking of a problem by the list of columns.
func Example() {
	plan, cells := synthetic.Plan()
	r := measures.Build(plan, cells)
	ranking := Ranking(r, &r.Problems[0], Terminal)
	score := ranking.Column("score_mean")
	for _, line := range ranking.Lines {
		fmt.Println(line.Cells[0].Text, line.Optimizer, line.Cells[score].Text)
	}
	// Output:
	// 1= adam 0.95812 ± 0.00098
	// 1= cabs 0.9572 ± 0.0015
	// 3 sgd 0.9312 ± 0.0019
	// 4 sgd|32_&% 0.9013 ± 0.0093
}

// checkList checks what holds of every list: names are unique in each output, every column has a
// meaning, those for readers a head and no other, and values are of the column's kind.
func checkList[R any](t *testing.T, list []Column[R], rows []R) {
	t.Helper()
	if len(rows) == 0 {
		t.Fatal("there is nothing to take values from")
	}
	const readers = Rankings | Appendix | Beside | Details
	for _, output := range []Output{
		Terminal, Markdown, LaTeX, Page, Appendix, Beside, Details, CSV,
		JSON, Export,
	} {
		seen := map[string]bool{}
		for _, c := range In(list, output) {
			name := c.Name
			if output == JSON {
				name = strings.Join(c.Path, "\x00")
			}
			if seen[name] {
				t.Errorf("column %q comes twice in output %b", name, output)
			}
			seen[name] = true
		}
	}
	for _, c := range list {
		if c.Name == "" || c.Meaning == "" {
			t.Errorf("column %q has the meaning %q", c.Name, c.Meaning)
		}
		if (c.In&readers != 0) != (c.Head != "") {
			t.Errorf("column %s has the head %q, and is shown in %b", c.Name, c.Head, c.In)
		}
		if c.In&(CSV|Export) != 0 && c.Kind == Object {
			t.Errorf("column %s is an object, which only JSON can show", c.Name)
		}
		for _, row := range rows {
			ok := true
			switch value := c.Value(row).(type) {
			case nil:
			case string:
				ok = c.Kind == Text
			case int64:
				ok = c.Kind == Integer
			case float64:
				ok = c.Kind == Number
			case bool:
				ok = c.Kind == Flag
			default:
				ok = c.Kind == Object
				_ = value
			}
			if !ok {
				t.Errorf("column %s has the value %v, which is not of its kind", c.Name,
					c.Value(row))
			}
		}
	}
}

func TestLists(t *testing.T) {
	plan, cells := synthetic.Full()
	r := measures.Build(plan, cells)
	checkList(t, Reports(), []*measures.Report{r})
	var problems []*measures.Problem
	var pairs []Pair
	for i := range r.Problems {
		p := &r.Problems[i]
		problems = append(problems, p)
		pairs = append(pairs, PairsOf(r, p)...)
		checkList(t, Rows(r, p), RowsOf(r, p))
	}
	checkList(t, Problems(), problems)
	checkList(t, Pairs(), pairs)
	checkList(t, Overalls(r), OverallsOf(r))
}

// Columns of which no row has anything are left out of tables for readers, if they are optional.
func TestOptional(t *testing.T) {
	plan, cells := synthetic.Plan()
	for i := range cells {
		cells[i].OneShot = nil
	}
	r := measures.Build(plan, cells)
	digits, valley := Ranking(r, &r.Problems[0], Page), Ranking(r, &r.Problems[1], Page)
	for _, c := range []struct {
		table Table
		name  string
		want  bool
	}{
		{digits, "default_mean", false},
		{digits, "final_mean", true},
		{valley, "final_mean", false},
		{valley, "setting", true},
		{Second(r, &r.Problems[0]), "score_median", false},
	} {
		if got := c.table.Column(c.name) >= 0; got != c.want {
			t.Errorf("column %s of table %q is there: %t, want %t", c.name, c.table.Title, got,
				c.want)
		}
	}
}

func TestLegend(t *testing.T) {
	plan, cells := synthetic.Plan()
	r := measures.Build(plan, cells)
	lines := Legend(Second(r, &r.Problems[0]), Second(r, &r.Problems[1]), OverallSecond(r))
	told := map[string]int{}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ": ")
		told[name]++
	}
	for _, name := range []string{
		"anchored", "> …", "to target", "best of k", "width", "spread",
		"diverged", "profile",
	} {
		if told[name] != 1 {
			t.Errorf("the legend explains %s %d times, want once:\n%s", name, told[name],
				strings.Join(lines, "\n"))
		}
	}
	if told["median"] > 0 {
		t.Errorf("the legend explains a column that is not there:\n%s", strings.Join(lines, "\n"))
	}
}

func TestTuningRuns(t *testing.T) {
	for _, c := range []struct {
		cost measures.Cost
		want string
	}{
		{measures.Cost{}, "–"},
		{measures.Cost{Runs: 12, Examples: 55_000}, "12 (55k)"},
		{measures.Cost{Runs: 15, Ties: 9, Examples: 55_000}, "6+9 (55k)"},
	} {
		if got := cost(c.cost); got != c.want {
			t.Errorf("%+v is written %q, want %q", c.cost, got, c.want)
		}
	}
}
