package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/columns"
	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
	"noisebench/results/report"
	"noisebench/results/report/figure"
)

// hostile is the name of an optimizer whose author means no good.
const hostile = `</script><script>document.title="broken"</script><img src=x onerror=alert(1)>"'&`

// run makes a record whose loss goes from 2 to end and whose accuracy from 0.1 to 1 − end.
func run(problem, optimizer string, seed uint64, step, end float64) *results.Record {
	spec := protocol.ProblemSpec{
		Dim: 650, DType: protocol.Float64, Train: 1000, Validation: 300, Test: 497,
		Measures: protocol.Gradient,
		Metric:   protocol.Metric{Name: results.Accuracy, HigherBetter: true}, BatchSize: 32,
		Budget: 20000,
	}
	r := &results.Record{
		Run: results.Run{
			Protocol: protocol.Version, Seed: seed, Budget: spec.Budget, BatchSize: spec.BatchSize,
			Order:       protocol.Reshuffled,
			Evaluations: 4, Trace: 5, Diagnostics: true,
			Problem: results.ProblemID{
				Name: problem, Plugin: protocol.Origin{
					Plugin: "built-in",
					SHA256: strings.Repeat("ab", 32),
				},
				Data: []protocol.DataFile{{
					Name:   problem + ".csv",
					SHA256: strings.Repeat("cd", 32),
				}},
			},
			Optimizer: results.OptimizerID{
				Name: optimizer, Plugin: protocol.Origin{
					Plugin: hostile,
					SHA256: strings.Repeat("ef", 32),
				},
				Setting: protocol.Setting{protocol.StepSize: step},
			},
		},
		Spec: spec,
		End: results.End{
			Status: results.OK, Steps: 625, Seen: spec.Budget, MinBatch: 32,
			MaxBatch: 64,
		},
		Host: results.Host{
			Platform: "linux/amd64/v3", GoVersion: "go1.26", CPU: hostile, Cores: 2, Parallel: 2,
			Machine: "secret-host",
			Clocks: results.Clocks{
				Started: fmt.Sprintf("2026-01-02T03:04:%02dZ", seed%60), ProblemTime: 0.2,
				OptimizerTime: 0.01,
			},
		},
		Trace: &results.Trace{Stride: 125},
	}
	noise := []protocol.Number{}
	for i := range 5 {
		at := float64(i) / 4
		loss := 2 * math.Pow(end/2, at)
		v := results.Value{Loss: protocol.Number(loss), Metric: protocol.Number(0.1 + (0.9-end)*at)}
		r.Points = append(r.Points, results.Point{
			Mark: int64(5000 * i), Seen: int64(5000 * i),
			Step: 125 * i, Train: v, Validation: &v, Test: &v,
		})
		r.Trace.Seen = append(r.Trace.Seen, int64(4000*i+32))
		r.Trace.Loss = append(r.Trace.Loss, protocol.Number(loss))
		r.Trace.BatchSize = append(r.Trace.BatchSize, 32+8*i)
		noise = append(noise, protocol.Number(10*float64(i+1)))
	}
	r.Trace.Diagnostics = map[string][]protocol.Number{"noise_to_signal": noise}
	return r
}

func made() Page {
	plan := protocol.Plan{
		Name: "synthetic", Description: "Made-up runs of " + hostile,
		Problems: []protocol.ProblemEntry{{Problem: "digits"}, {Problem: "letters"}},
		Groups:   map[string][]string{"latin " + hostile: {"letters"}},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "sgd"},
			{Optimizer: "adam"},
			{Optimizer: "cabs"},
			{Optimizer: hostile},
		},
		Order: protocol.Frozen,
	}.WithDefaults()
	var cells []results.Cell
	for p, problem := range []string{"digits", "letters"} {
		for o, e := range plan.Optimizers {
			level := 0.05 * float64(1+(o+p)%4)
			c := results.Cell{
				Problem: problem, Optimizer: e.Name,
				Setting: protocol.Setting{protocol.StepSize: 0.1},
				Tuned:   []string{protocol.StepSize},
			}
			for seed := range uint64(10) {
				wobble := 0.004 * math.Sin(float64(3*seed)+level)
				c.Runs = append(c.Runs, run(problem, e.Name, seed, 0.1, level+wobble))
				c.OneShot = append(c.OneShot, run(problem, e.Name, seed, 0.01, 2*level+wobble))
			}
			for i := range 6 {
				c.Tuning = append(c.Tuning, run(problem, e.Name, 1000, math.Pow10(i-4),
					level*(1+math.Abs(float64(i-3)))))
			}
			cells = append(cells, c)
		}
	}
	imported := cells[0]
	imported.Runs = []*results.Record{
		run("digits", "imported", 77, 0.1, 0.05),
		run("digits", "imported", 78, 0.1, 0.06),
	}
	imported.Optimizer, imported.Unranked = "imported", "published elsewhere "+hostile
	cells = append(cells, imported)
	cells[1].Edges = []results.Edge{{Name: protocol.StepSize, Above: true}}
	cells[2].Failed = []string{"plugin " + hostile + ": Step: panic"}
	return Page{
		Report: measures.Build(&plan, cells), Plan: &plan, Cells: cells,
		Source: "name: synthetic # " + hostile,
		Intro:  "First " + hostile + "\n\nSecond paragraph",
		Entries: map[string]Entry{
			"adam":  {From: "bundle A " + hostile, Verified: Verified},
			hostile: {From: "bundle B", Unranked: "tuned elsewhere", Note: hostile},
		},
		Files: report.Files, Commands: []Command{{
			Line: "bench run synthetic",
			What: "makes the runs",
		}},
	}
}

func write(t testing.TB, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements calls f for each element of a page.
func elements(t *testing.T, text string, f func(n *html.Node, attributes map[string]string)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			attributes := map[string]string{}
			for _, a := range n.Attr {
				attributes[a.Key] = a.Val
			}
			f(n, attributes)
		}
	}
}

func TestSelfContained(t *testing.T) {
	for _, live := range []string{"", "1"} {
		p := made()
		p.Live = live
		policy := ""
		elements(t, write(t, p), func(n *html.Node, attributes map[string]string) {
			for _, name := range []string{
				"src", "href", "srcset", "data", "action", "poster",
				"background", "xlink:href",
			} {
				if v, ok := attributes[name]; ok && !strings.HasPrefix(v, "#") && v != "data:," {
					t.Errorf("<%s %s=%q> leads out of the page", n.Data, name, v)
				}
			}
			for name := range attributes {
				if strings.HasPrefix(name, "on") {
					t.Errorf("<%s %s=%q> is a script", n.Data, name, attributes[name])
				}
			}
			switch n.Data {
			case "img", "iframe", "object", "embed", "base", "form":
				t.Errorf("the page has a <%s>", n.Data)
			case "style":
				if text := n.FirstChild.Data; strings.Contains(text, "url(") ||
					strings.Contains(text, "@import") {
					t.Errorf("styles load something")
				}
			case "meta":
				if attributes["http-equiv"] == "Content-Security-Policy" {
					policy = attributes["content"]
				}
			}
		})
		connect := map[string]string{"": "connect-src 'none'", "1": "connect-src 'self'"}[live]
		if !strings.HasPrefix(policy, "default-src 'none';") ||
			!strings.Contains(policy, connect) ||
			strings.Contains(policy, "script-src 'unsafe") {
			t.Errorf("the policy is %q, want default-src 'none' and %s", policy, connect)
		}
	}
}

// unpack is the inverse of data.pack.
func unpack(t *testing.T, text string) (d data) {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(r).Decode(&d); err != nil {
		t.Fatalf("the data are no JSON: %v", err)
	}
	return d
}

// Whatever a plugin calls itself, the page has our scripts and no others, and its data are what
// they were.
func TestEscaping(t *testing.T) {
	text := write(t, made())
	var scripts []string
	var names []string
	elements(t, text, func(n *html.Node, attributes map[string]string) {
		if n.Data == "script" {
			scripts = append(scripts, n.FirstChild.Data)
		}
		if n.Data == "input" && attributes["data-filter"] == "optimizer" {
			names = append(names, attributes["value"])
		}
	})
	if len(scripts) != 3 || scripts[1] != plotJS || scripts[2] != pageJS {
		t.Fatalf("the page has %d scripts, want the data, uPlot and page.js as they are",
			len(scripts))
	}
	if !slices.Contains(names, hostile) {
		t.Errorf("the legend has %q, want the hostile name among them", names)
	}
	d := unpack(t, scripts[0])
	if !slices.ContainsFunc(d.Optimizers, func(o optimizer) bool { return o.Name == hostile }) {
		t.Errorf("the data have optimizers %v, want the hostile name among them", d.Optimizers)
	}
	if strings.Contains(text, "secret-host") {
		t.Error("the page tells the name of the machine")
	}
}

// Scripts and styles are put into the page as they are, so they must not end their element.
func TestNoEndTagsInside(t *testing.T) {
	for name, text := range map[string]string{
		"page.js": pageJS, "page.css": pageCSS,
		"uPlot.js": plotJS, "uPlot.css": plotCSS,
	} {
		for _, tag := range []string{"</script", "<!--", "</style"} {
			if strings.Contains(strings.ToLower(text), tag) {
				t.Errorf("%s contains %s", name, tag)
			}
		}
	}
}

func TestSameBytes(t *testing.T) {
	want := write(t, made())
	for range 3 {
		p := made()
		slices.Reverse(p.Cells)
		p.Report = measures.Build(p.Plan, p.Cells)
		if got := write(t, p); got != want {
			t.Fatal("two pages of the same records differ")
		}
	}
}

func TestNothingYet(t *testing.T) {
	p := made()
	p.Cells = nil
	p.Report = measures.Build(p.Plan, nil)
	text := write(t, p)
	for _, want := range []string{
		"INCOMPLETE", "Nobody leads on digits yet",
		"no run has finished",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page of a plan without runs lacks %q", want)
		}
	}
	if before, _, _ := strings.Cut(text, plotJS); strings.Contains(before, "NaN") {
		t.Error("the page of a plan without runs has a NaN")
	}
}

// The page says what is to be known beside who leads.
func TestContents(t *testing.T) {
	text := write(t, made())
	visible := new(strings.Builder)
	elements(t, text, func(n *html.Node, _ map[string]string) {
		if n.FirstChild != nil && n.FirstChild.Type == html.TextNode && n.Data != "script" &&
			n.Data != "style" {
			fmt.Fprintln(visible, n.FirstChild.Data)
		}
	})
	for _, want := range []string{
		"INCOMPLETE", "sgd leads on digits alone (test accuracy 0.94", "10 seeds, α = 0.05",
		hostile + " leads on letters alone",
		"is at the upper edge of the search", "the data order is frozen", strings.Repeat("ab", 32),
		strings.Repeat("cd", 32),
		"linux/amd64/v3", "go1.26", "2026-01-02T03:04:00Z to 2026-01-02T03:04:40Z",
		"bench run synthetic", "Second paragraph",
		"digits, not ranked", "published elsewhere", "bundle B", "no: tuned elsewhere",
		"not verified", made().Cells[0].Runs[0].Run.ID()[:12],
		"208 runs, 4,160,000 examples charged",
	} {
		if !strings.Contains(visible.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestVerdict(t *testing.T) {
	row := func(name string, rank int) measures.Row {
		return measures.Row{Optimizer: name, Rank: rank, Score: measures.Summary{
			N: 10, Mean: 0.5,
			Std: 0.01,
		}}
	}
	gone := row("b", 2)
	gone.Notes = []measures.Warning{{Kind: measures.Unstable}}
	problem := func(rows ...measures.Row) *measures.Problem {
		return &measures.Problem{Name: "p", Seeds: 10, Rows: rows}
	}
	for _, c := range []struct {
		p    *measures.Problem
		want string
	}{
		{problem(row("a", 0)), "Nobody leads on p yet: no optimizer has finished its tuning."},
		{problem(row("a", 1)), "a is the only one with results on p (score 0.500 ± 0.010, 10 seeds)."},
		{problem(row("a", 1), row("b", 2)), "a leads on p alone (score 0.500 ± 0.010): "},
		{
			problem(row("a", 1), row("b", 1), row("c", 3)),
			"a and b share first place on p (best mean: score 0.500 ± 0.010): ",
		},
		{problem(row("a", 1), gone), "a leads on p alone (score 0.500 ± 0.010): too many runs of " +
			"all others diverged (10 seeds)."},
		{
			problem(row("a", 1), row("b", 1)),
			"nobody wins on p: no paired test tells any of the 2 optimizers from a, ",
		},
	} {
		if got := verdict(c.p, true); !strings.HasPrefix(got, c.want) {
			t.Errorf("verdict is %q, want %q", got, c.want)
		}
	}
	if got := verdict(problem(row("a", 1), row("b", 2)), false); !strings.HasPrefix(got,
		"So far, a leads") {
		t.Errorf("verdict of an incomplete plan is %q", got)
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[int]string{
		0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567",
		-1000: "-1,000", -100: "-100",
	} {
		if got := group(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
	for seconds, want := range map[float64]string{
		0.2: "less than a second", 59: "59 s", 61: "1 min 1 s", 3600: "1 h 0 min",
		200000: "2 days 7 h",
	} {
		if got := duration(seconds); got != want {
			t.Errorf("%g seconds are written %q, want %q", seconds, got, want)
		}
	}
	for _, c := range []struct {
		n    int
		want string
	}{{1, "a"}, {2, "a and b"}, {5, "a, b, c, d and e"}, {7, "a, b, c, d and 3 more"}} {
		if got := list(strings.Split("abcdefg", "")[:c.n]); got != c.want {
			t.Errorf("%d names are written %q, want %q", c.n, got, c.want)
		}
	}
}

// Every colour of a line stands out from the paper that it is drawn on in the dark theme, where
// figures have none to copy: by 3:1 at least (WCAG 2.2, 1.4.11).
func TestLineColors(t *testing.T) {
	luminance := func(hex string) float64 {
		var c [3]uint8
		if _, err := fmt.Sscanf(hex, "#%02x%02x%02x", &c[0], &c[1], &c[2]); err != nil {
			t.Fatalf("%q: %v", hex, err)
		}
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			v := float64(c[i]) / 255
			if v <= 0.04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += weight * v
		}
		return sum
	}
	var names []string
	for i := range figure.Palette {
		names = append(names, fmt.Sprint(i))
	}
	paper := luminance("#14181d")
	if !strings.Contains(pageCSS, "--paper: #14181d") {
		t.Fatal("the dark paper has another colour now; change this test")
	}
	for _, s := range figure.Styles(names) {
		_, dark, _ := lineOf(s)
		if ratio := (luminance(dark) + 0.05) / (paper + 0.05); ratio < 3 {
			t.Errorf("%s has a contrast of %.2f on dark paper, want 3", dark, ratio)
		}
	}
}

// shown is a table of a page: its heads with their titles, and the texts and values of its cells.
type shown struct {
	heads, titles []string
	texts, values [][]string
}

// tables are the tables of a page, by their IDs.
func tables(t *testing.T, text string) map[string]*shown {
	t.Helper()
	all := map[string]*shown{}
	var last *shown
	elements(t, text, func(n *html.Node, attributes map[string]string) {
		switch {
		case n.Data == "table" && attributes["id"] != "":
			last = &shown{}
			all[attributes["id"]] = last
		case n.Data == "th" && attributes["scope"] == "col" && last != nil:
			last.heads, last.titles = append(last.heads, n.FirstChild.Data),
				append(last.titles, attributes["title"])
		case n.Data == "tr" && attributes["data-optimizer"] != "" && last != nil:
			last.texts, last.values = append(last.texts, nil), append(last.values, nil)
		case (n.Data == "td" || n.Data == "th" && attributes["scope"] == "row") && last != nil &&
			len(last.texts) > 0:
			text := ""
			for d := range n.Descendants() {
				if d.Type == html.TextNode && (n.Data == "td" || d.Parent.Data == "span" &&
					len(d.Parent.Attr) > 0 && d.Parent.Attr[0].Val == "name") {
					text += d.Data
				}
			}
			i := len(last.texts) - 1
			last.texts[i], last.values[i] = append(last.texts[i], text),
				append(last.values[i], attributes["data-value"])
		}
	})
	return all
}

// The page shows each column that says it is shown there, with its meaning, and the text and the
// number of each row: tables are sorted by the numbers themselves.
func TestEveryColumnIsShown(t *testing.T) {
	plan, cells := synthetic.Full()
	r := measures.Build(plan, cells)
	all := tables(t, write(t, Page{Report: r, Plan: plan, Cells: cells}))
	check := func(id string, want columns.Table) {
		t.Helper()
		got := all[id]
		if got == nil || len(got.heads) != len(want.Heads) || len(got.texts) != len(want.Lines) ||
			len(want.Lines) == 0 {
			t.Fatalf("table %s is %+v, want %d columns and %d rows", id, got, len(want.Heads),
				len(want.Lines))
		}
		for k, head := range want.Heads {
			if i, ok := strings.CutPrefix(head.Text, "#"); ok {
				at, err := strconv.Atoi(i)
				if err != nil {
					t.Fatal(err)
				}
				head.Text = r.Problems[at-1].Name
			}
			if got.heads[k] != head.Text || got.titles[k] != head.Meaning {
				t.Errorf("table %s, column %d is %q (%s), want %q (%s)", id, k, got.heads[k],
					got.titles[k], head.Text, head.Meaning)
			}
			for i, line := range want.Lines {
				if got.texts[i][k] != line.Cells[k].Text {
					t.Errorf("table %s, column %s of %s is %q, want %q", id, head.Name,
						line.Optimizer, got.texts[i][k], line.Cells[k].Text)
				}
				number := ""
				switch v := line.Cells[k].Value.(type) {
				case int64:
					number = strconv.FormatInt(v, 10)
				case float64:
					if !math.IsNaN(v) && !math.IsInf(v, 0) {
						number = fmt.Sprint(v)
					}
				}
				if got.values[i][k] != number {
					t.Errorf("table %s, column %s of %s is sorted by %q, want %q", id, head.Name,
						line.Optimizer, got.values[i][k], number)
				}
			}
		}
	}
	for i := range r.Problems {
		p := &r.Problems[i]
		check(fmt.Sprintf("table-%d", i+1), columns.Ranking(r, p, columns.Page))
		check(fmt.Sprintf("detail-%d", i+1), columns.Second(r, p))
		if len(p.Unranked) > 0 {
			check(fmt.Sprintf("beside-%d", i+1), columns.Unranked(r, p))
		}
	}
	check("table-overall", columns.OverallRanking(r, columns.Page))
	check("detail-overall", columns.OverallSecond(r))
}

// What can be downloaded is what the writers write; LaTeX has the appendix. Without writers,
// nothing is offered.
func TestFiles(t *testing.T) {
	p := made()
	text := write(t, p)
	_, after, _ := strings.Cut(text, `id="data">`)
	packed, _, _ := strings.Cut(after, "<")
	latex := unpack(t, packed).Exports["report.tex"]
	for _, want := range []string{
		"% appendix", "Search spaces of the optimizers",
		"Settings that tuning chose",
	} {
		if !strings.Contains(latex, want) {
			t.Errorf("the LaTeX of the page lacks %q", want)
		}
	}
	if !strings.Contains(text, "copy as LaTeX") {
		t.Error("the page does not offer LaTeX")
	}
	p.Files = nil
	if text := write(t, p); strings.Contains(text, "copy as LaTeX") ||
		strings.Contains(text, "report.csv") {
		t.Error("the page offers files that it does not have")
	}
	p.Files = map[string]func(*measures.Report, io.Writer) error{
		"csv": func(*measures.Report, io.Writer) error { return errors.New("full disk") },
	}
	if err := Write(io.Discard, p); err == nil || !strings.Contains(err.Error(), "full disk") {
		t.Errorf("the error is %v, want that of the writer", err)
	}
}

// The files in uplot are those that its README names.
func TestVendored(t *testing.T) {
	readme, err := os.ReadFile("uplot/README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)`.*`([0-9a-f]{64})`").FindAllStringSubmatch(string(readme), -1)
	if len(rows) != 3 {
		t.Fatalf("the README names %d files, want 3", len(rows))
	}
	for _, row := range rows {
		contents, err := os.ReadFile(filepath.Join("uplot", row[1]))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(contents)); got != row[2] {
			t.Errorf("%s has sha256 %s, want %s", row[1], got, row[2])
		}
	}
}
