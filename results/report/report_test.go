package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"noisebench/protocol"
	"noisebench/results"
)

var update = flag.Bool("update", false, "write the files in testdata")

// digits is a classification problem with all three parts; valley an objective without any.
var specs = map[string]protocol.ProblemSpec{
	"digits": {
		Dim: 650, DType: protocol.Float64, Train: 1000, Validation: 300, Test: 497, Measures: protocol.Gradient,
		Metric: protocol.Metric{Name: results.Accuracy, HigherBetter: true}, BatchSize: 32, Budget: 20000,
	},
	"valley": {
		Dim: 2, DType: protocol.Float64, Measures: protocol.Gradient,
		Metric: protocol.Metric{Name: results.Suboptimality}, BatchSize: 16, Budget: 5000,
	},
}

// run makes a record whose metric goes from start to end. On problems with parts, the best point is the one before the
// last.
func run(problem, optimizer string, seed uint64, step, start, end float64) *results.Record {
	spec := specs[problem]
	r := &results.Record{
		Run: results.Run{
			Protocol: protocol.Version, Problem: results.ProblemID{Name: problem},
			Optimizer: results.OptimizerID{Name: optimizer, Setting: protocol.Setting{"step_size": step}},
			Seed:      seed, Budget: spec.Budget, BatchSize: spec.BatchSize,
		},
		Spec: spec,
		End:  results.End{Status: results.OK, Steps: int(spec.Budget) / spec.BatchSize, Seen: spec.Budget},
		Host: results.Host{
			Platform: "linux/amd64/v3",
			Clocks:   results.Clocks{ProblemTime: 0.2, OptimizerTime: 0.01 * float64(len(optimizer))},
		},
	}
	value := func(v float64) results.Value {
		return results.Value{Loss: protocol.Number(v), Metric: protocol.Number(v)}
	}
	for i, metric := range []float64{start, end, end - 0.01*math.Abs(end)} {
		seen := int64(i) * spec.Budget / 2
		p := results.Point{Mark: seen, Seen: seen, Step: i, Train: value(metric)}
		if spec.Validation > 0 {
			v := value(metric)
			p.Validation, p.Test = &v, &v
		}
		r.Points = append(r.Points, p)
	}
	return r
}

// diverge turns r into a run that diverged.
func diverge(r *results.Record) {
	r.End.Status = results.Diverged
	last := &r.Points[len(r.Points)-1]
	last.Train.Metric = protocol.Number(math.NaN())
	if last.Test != nil {
		last.Validation, last.Test = &last.Train, &last.Train
	}
}

// cell makes a complete cell whose replicates score about level.
func cell(problem, optimizer string, seeds int, step, level, spread float64) results.Cell {
	start := map[string]float64{"digits": 0.1, "valley": 24.2}[problem]
	c := results.Cell{
		Problem: problem, Optimizer: optimizer,
		Setting:        protocol.Setting{"step_size": step, "beta": 0.9},
		Tuned:          []string{"step_size"},
		OneShotSetting: protocol.Setting{"step_size": 0.1, "beta": 0.9},
	}
	for seed := range uint64(seeds) {
		wobble := spread * math.Sin(3*float64(seed)+level)
		c.Runs = append(c.Runs, run(problem, optimizer, seed, step, start, level+wobble))
		c.OneShot = append(c.OneShot, run(problem, optimizer, seed, 0.1, start, (start+level)/2+wobble))
	}
	for i := range 6 {
		c.Tuning = append(c.Tuning, run(problem, optimizer, 1000, math.Pow10(-i), start, level))
	}
	return c
}

func synthetic() (*protocol.Plan, []results.Cell) {
	plan := protocol.Plan{
		Name:        "synthetic",
		Description: "Made-up runs.",
		Problems:    []protocol.ProblemEntry{{Problem: "digits"}, {Problem: "valley"}},
		Optimizers: []protocol.OptimizerEntry{
			{Optimizer: "sgd"}, {Optimizer: "adam"}, {Optimizer: "cabs"}, {Optimizer: "sgd|32_&%"},
		},
		Order: protocol.Frozen,
	}.WithDefaults()
	cells := []results.Cell{
		cell("digits", "sgd", 10, 0.3, 0.931, 0.004),
		cell("digits", "adam", 10, 0.001, 0.958, 0.002),
		cell("digits", "cabs", 10, 0.1, 0.957, 0.003),
		cell("digits", "sgd|32_&%", 10, 1, 0.9, 0.02),
		cell("valley", "sgd", 10, 0.003, 2e-5, 4e-6),
		cell("valley", "adam", 10, 0.03, 0.4, 0.03),
		cell("valley", "cabs", 10, 0.01, 3e-9, 1e-9),
		cell("valley", "sgd|32_&%", 10, 0.01, 0.9, 0),
	}
	cells[3].BatchSize = 32
	cells[7].BatchSize = 32
	cells[3].Edges = []results.Edge{{Name: protocol.StepSize, Above: true}}
	cells[1].Capped = true
	for _, i := range []int{0, 4, 7} {
		diverge(cells[7].Runs[i])
	}
	diverge(cells[0].OneShot[0])
	return &plan, cells
}

var formats = map[string]func(*Report, io.Writer) error{
	"txt": (*Report).WriteText, "md": (*Report).WriteMarkdown, "csv": (*Report).WriteCSV, "tex": (*Report).WriteLaTeX,
	"paper.tex": func(r *Report, w io.Writer) error {
		return LaTeX{Report: r, Landscape: true, Appendix: true}.WriteLaTeX(w)
	},
	"json": (*Report).WriteJSON, "all.txt": func(r *Report, w io.Writer) error { return Text{Report: r, All: true}.Write(w) },
	"pairs.txt": pairwise(Pairwise.WriteText), "pairs.md": pairwise(Pairwise.WriteMarkdown),
	"pairs.csv": pairwise(Pairwise.WriteCSV), "pairs.tex": pairwise(Pairwise.WriteLaTeX), "pairs.json": pairwise(Pairwise.WriteJSON),
}

func pairwise(write func(Pairwise, io.Writer) error) func(*Report, io.Writer) error {
	return func(r *Report, w io.Writer) error { return write(Pairwise{Report: r}, w) }
}

func render(t *testing.T, r *Report, format string) string {
	t.Helper()
	b := new(bytes.Buffer)
	if err := formats[format](r, b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var longNumber = regexp.MustCompile(`[0-9]\.[0-9]{9,}(e[-+][0-9]+)?`)

// roundNumbers rounds numbers in full precision, whose last digits depend on the platform, to eight decimals.
func roundNumbers(s string) string {
	return longNumber.ReplaceAllStringFunc(s, func(number string) string {
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			panic(err)
		}
		return strconv.FormatFloat(v, 'e', 8, 64)
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(roundNumbers(string(want)), roundNumbers(got)); d != "" {
		t.Errorf("%s differs (-want +got); if that is intended, run go test -update:\n%s", path, d)
	}
}

func TestGolden(t *testing.T) {
	plan, cells := synthetic()
	for format := range formats {
		golden(t, "complete."+format, render(t, Build(plan, cells), format))
	}
}

// Whatever is missing or doubtful shows.
func TestGoldenIncomplete(t *testing.T) {
	plan, cells := synthetic()
	cells[0].Runs = cells[0].Runs[:7]
	cells[0].Missing = 3
	cells[1].Runs = cells[1].Runs[:9]
	cells[1].Failed = []string{"plugin adam: Step:\n\x1b[31mpanic"}
	cells[2].Runs[0].Run.Protocol = protocol.Version + 1
	cells[2].Runs[1].Host.Platform = "darwin/arm64"
	cells[3] = results.Cell{Problem: "digits", Optimizer: "sgd|32_&%", Failed: []string{"broken", "broken"}, Missing: 8}
	for i := range cells[4:] {
		cells[4+i].Runs = cells[4+i].Runs[:3]
		cells[4+i].Missing = 7
	}
	for format := range formats {
		if strings.HasPrefix(format, "pairs.") {
			continue // nothing else than in the complete ones
		}
		golden(t, "incomplete."+format, render(t, Build(plan, cells), format))
	}
}

func TestNothingYet(t *testing.T) {
	plan, _ := synthetic()
	r := Build(plan, nil)
	if r.Complete() || r.Planned != 80 || r.Finished != 0 {
		t.Errorf("complete is %t, %d of %d runs; want 0 of 80", r.Complete(), r.Finished, r.Planned)
	}
	for format := range formats {
		data := strings.HasSuffix(format, "csv") || strings.HasSuffix(format, "json")
		if got := render(t, r, format); !data && !strings.Contains(got, "INCOMPLETE, 0 of 80 runs") ||
			strings.Contains(got, "NaN") {
			t.Errorf("%s of a plan without runs:\n%s", format, got)
		}
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	plan, cells := synthetic()
	want := Build(plan, cells)
	slices.Reverse(cells)
	slices.Reverse(plan.Optimizers)
	got := Build(plan, cells)
	for format := range formats {
		if d := cmp.Diff(render(t, want, format), render(t, got, format)); d != "" {
			t.Errorf("%s depends on the order of optimizers or cells (-want +got):\n%s", format, d)
		}
	}
	slices.Reverse(plan.Problems)
	for i, o := range Build(plan, cells).Overall {
		if o.Optimizer != want.Overall[i].Optimizer || o.Place != want.Overall[i].Place {
			t.Errorf("place %d depends on the order of problems: %v, want %v", i, o, want.Overall[i])
		}
	}
}

// A run that serves two purposes counts once.
func TestCountsEachRunOnce(t *testing.T) {
	plan, cells := synthetic()
	r := Build(plan, cells)
	// Per cell 10 replicates, 10 of the default and 6 of tuning; two tuning runs per problem...
	before := r.Finished
	cells[0].OneShot = cells[0].Runs
	if got, want := Build(plan, cells).Finished, before-10; got != want {
		t.Errorf("%d runs after ten were shared, want %d", got, want)
	}
}

func TestRankingOfReport(t *testing.T) {
	plan, cells := synthetic()
	r := Build(plan, cells)
	var digits []string
	for _, row := range r.Problems[0].Rows {
		digits = append(digits, fmt.Sprintf("%s %d %t", row.Optimizer, row.Rank, row.Shared))
	}
	want := []string{"adam 1 true", "cabs 1 true", "sgd 3 false", "sgd|32_&% 4 false"}
	if d := cmp.Diff(want, digits); d != "" {
		t.Errorf("ranks on digits (-want +got):\n%s", d)
	}
	last := r.Problems[1].Rows[3]
	if last.Optimizer != "sgd|32_&%" || last.Score.Diverged != 3 || last.Score.Mean != (7*0.891+3*24.2)/10 {
		t.Errorf("three of ten diverged: %+v, want last place and the start's value for these", last)
	}
}

// A row whose rank is later than that of one it is not told from says so, in every format that has notes.
func TestUntoldIsNoted(t *testing.T) {
	plan, cells := synthetic()
	for k := range cells[:4] {
		for s, r := range cells[k].Runs {
			level := map[string]float64{"adam": .95, "cabs": .94, "sgd": .93, "sgd|32_&%": .8}[cells[k].Optimizer] + 1e-4*math.Sin(float64(s*k))
			if cells[k].Optimizer == "sgd" {
				level = .93 + .04*float64(1-s%2*2) + 1e-4*math.Sin(float64(s))
			}
			for i := range r.Points[1:] {
				p := &r.Points[1+i]
				p.Validation, p.Test = &results.Value{Metric: protocol.Number(level)}, &results.Value{Metric: protocol.Number(level)}
			}
		}
	}
	r := Build(plan, cells)
	var found []Located
	for _, w := range r.Warnings() {
		if w.Kind == Untold {
			found = append(found, w)
		}
	}
	want := []Located{{"digits", Warning{Untold, "sgd", "no test tells it from adam, of rank 1; its rank is a later one because its mean is not " +
		"better than that of cabs, which a test does tell apart"}}}
	if d := cmp.Diff(want, found); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	for _, format := range []string{"txt", "md", "tex", "json"} {
		if text := strings.Join(strings.Fields(render(t, r, format)), " "); !strings.Contains(text, "no test tells it from adam") {
			t.Errorf("%s does not say that sgd is not told from adam", format)
		}
	}
}

// An entry that used an oracle is flagged in every table in which it stands, in every format.
func TestOracleIsFlagged(t *testing.T) {
	plan, cells := synthetic()
	name := cells[1].Optimizer
	cells[1].Runs[3].End.Oracle = true
	r := Build(plan, cells)
	for format, flag := range map[string]string{"txt": name + " ‡", "md": name + " ‡", "tex": name + ` $\ddagger$`} {
		text := render(t, r, format)
		want := 2 // the table of the problem and the one over all problems
		if format != "txt" {
			want = 4 // and the second ones
		}
		if format == "tex" {
			want = 3 // and the overview
		}
		if n := strings.Count(text, flag); n != want {
			t.Errorf("%s: %q comes %d times, want %d:\n%s", format, flag, n, want, text)
		}
	}
	for _, format := range []string{"txt", "md", "tex", "csv"} {
		if text := render(t, r, format); !strings.Contains(text, "free of charge") {
			t.Errorf("%s: no note says what the oracle was told:\n%s", format, text)
		}
	}
}

// Every table of a Markdown report has the same number of unescaped bars in all of its lines.
func TestMarkdownColumns(t *testing.T) {
	plan, cells := synthetic()
	bars := 0
	for line := range strings.Lines(render(t, Build(plan, cells), "md")) {
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if bars != 0 && n != 0 && n != bars {
			t.Errorf("%d bars after a line with %d: %s", n, bars, line)
		}
		bars = n
	}
}

func TestTextWidth(t *testing.T) {
	plan, cells := synthetic()
	for line := range strings.Lines(render(t, Build(plan, cells), "txt")) {
		if n := len([]rune(line)); n > 121 && !strings.Contains(line, ": ") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestLaTeXCompiles(t *testing.T) {
	latex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("pdflatex is not installed; get it by: apt-get install texlive-latex-base texlive-latex-recommended")
	}
	plan, cells := synthetic()
	nasty := "a_b & c|d #1 {x} $5% ~^ \\end Ünïcödé łódź ∇f‖α₁² 中文 😀 'quoted' \"double\" `tick` --- <=> e\u0301"
	for i := range plan.Optimizers {
		if plan.Optimizers[i].Name == "cabs" {
			plan.Optimizers[i].Name = nasty
		}
	}
	for i := range cells {
		if cells[i].Optimizer == "cabs" {
			cells[i].Optimizer = nasty
		}
		if cells[i].Problem == "digits" {
			cells[i].Problem = nasty
		}
	}
	for i := range plan.Problems {
		if plan.Problems[i].Name == "digits" {
			plan.Problems[i].Name = nasty
		}
	}
	imported := cell("digits", "adam", 10, 0.01, 0.9, 0.004)
	imported.Problem, imported.Unranked = nasty, "from "+nasty
	cells[0].Failed = []string{`every special character: \ { } ~ ^ " < > $ # % & _ | ± – …`}
	r := Build(plan, append(cells, imported), nasty)
	for _, preamble := range []string{"", "\\usepackage[T1]{fontenc}\n"} {
		pdflatex(t, latex, preamble, render(t, r, "tex")+render(t, r, "paper.tex")+render(t, r, "pairs.tex"))
		if testing.Short() {
			break
		}
	}
}

// Tables of many problems and optimizers fit the page, whatever their names and numbers.
func TestLaTeXFits(t *testing.T) {
	latex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("pdflatex is not installed; get it by: apt-get install texlive-latex-base texlive-latex-recommended")
	}
	plan := protocol.Plan{Name: "a-plan-of-a-very-long-name-indeed"}
	var cells []results.Cell
	for k := range 7 {
		problem := []string{"digits", "valley"}[k%2]
		name := fmt.Sprintf("%s-number-%d-of-the-problems-of-this-plan", problem, k)
		plan.Problems = append(plan.Problems, protocol.ProblemEntry{Problem: problem, Name: name})
		for i := range 45 {
			optimizer := fmt.Sprintf("optimizer-%d-%s", i, strings.Repeat("w", 2*i))
			level := []float64{0.9, 1e-9, 123456.7, 3e-300, 8e12}[(i+k)%5]
			if problem == "digits" {
				level = 0.9 + float64(i)/1000
			}
			c := cell(problem, optimizer, 5, 0.01, level, level*math.Pow10(-(i%8)))
			c.Problem, c.Capped = name, i%3 == 0
			c.Edges = []results.Edge{{Name: protocol.StepSize, Above: i%2 == 0}}
			if i%11 == 0 {
				diverge(c.Runs[0])
			}
			cells = append(cells, c)
			if k == 0 {
				plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{Optimizer: "sgd", Name: optimizer})
			}
		}
	}
	plan = plan.WithDefaults()
	r := Build(&plan, cells)
	pdflatex(t, latex, "", render(t, r, "tex"))
	pdflatex(t, latex, "", render(t, r, "paper.tex"))
}

// pdflatex compiles tables, and wants them to fit.
func pdflatex(t *testing.T, latex, preamble, tables string) {
	t.Helper()
	dir := t.TempDir()
	if keep := os.Getenv("KEEP_LATEX"); keep != "" {
		dir = keep
	}
	document := "\\documentclass{article}\n" + preamble + "\\usepackage{booktabs,rotating}\n" +
		"\\extrafloats{200}\n\\begin{document}\n" + tables + "\\end{document}\n"
	if err := os.WriteFile(filepath.Join(dir, "report.tex"), []byte(document), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(latex, "-interaction=nonstopmode", "-halt-on-error", "report.tex")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("pdflatex: %v\n%s", err, out[max(0, len(out)-3000):])
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Overfull") || strings.Contains(line, "Float too large") {
			t.Errorf("%s", line)
		}
	}
}
