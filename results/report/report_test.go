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
	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
)

var update = flag.Bool("update", false, "write the files in testdata")

var formats = map[string]func(*measures.Report, io.Writer) error{
	"txt": ranking(Ranking{}, Ranking.WriteText), "all.txt": ranking(Ranking{All: true},
		Ranking.WriteText),
	"md": ranking(Ranking{}, Ranking.WriteMarkdown), "csv": ranking(Ranking{}, Ranking.WriteCSV),
	"json": ranking(Ranking{}, Ranking.WriteJSON), "tex": ranking(Ranking{}, Ranking.WriteLaTeX),
	"paper.tex": ranking(Ranking{All: true, Landscape: true}, Ranking.WriteLaTeX),
	"pairs.txt": pairwise(Pairwise.WriteText), "pairs.md": pairwise(Pairwise.WriteMarkdown),
	"pairs.csv": pairwise(Pairwise.WriteCSV), "pairs.tex": pairwise(Pairwise.WriteLaTeX),
	"pairs.json": pairwise(Pairwise.WriteJSON),
}

func ranking(options Ranking, write func(Ranking, io.Writer) error) func(*measures.Report,
	io.Writer) error {
	return func(r *measures.Report, w io.Writer) error {
		options.Report = r
		return write(options, w)
	}
}

func pairwise(write func(Pairwise, io.Writer) error) func(*measures.Report, io.Writer) error {
	return func(r *measures.Report, w io.Writer) error { return write(Pairwise{Report: r}, w) }
}

func render(t *testing.T, r *measures.Report, format string) string {
	t.Helper()
	b := new(bytes.Buffer)
	if err := formats[format](r, b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var longNumber = regexp.MustCompile(`[0-9]\.[0-9]{9,}(e[-+][0-9]+)?`)

// roundNumbers rounds numbers in full precision, whose last digits depend on the platform, to eight
// decimals.
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
	plan, cells := synthetic.Plan()
	for format := range formats {
		golden(t, "complete."+format, render(t, measures.Build(plan, cells), format))
	}
}

// Whatever is missing or doubtful shows.
func TestGoldenIncomplete(t *testing.T) {
	plan, cells := synthetic.Plan()
	cells[0].Runs = cells[0].Runs[:7]
	cells[0].Missing = 3
	cells[1].Runs = cells[1].Runs[:9]
	cells[1].Failed = []string{"plugin adam: Step:\n\x1b[31mpanic"}
	cells[2].Runs[0].Run.Protocol = protocol.Version + 1
	cells[2].Runs[1].Host.Platform = "darwin/arm64"
	cells[3] = results.Cell{
		Problem: "digits", Optimizer: "sgd|32_&%",
		Failed: []string{"broken", "broken"}, Missing: 8,
	}
	for i := range cells[4:] {
		cells[4+i].Runs = cells[4+i].Runs[:3]
		cells[4+i].Missing = 7
	}
	for format := range formats {
		if strings.HasPrefix(format, "pairs.") {
			continue // nothing else than in the complete ones
		}
		golden(t, "incomplete."+format, render(t, measures.Build(plan, cells), format))
	}
}

func TestNothingYet(t *testing.T) {
	plan, _ := synthetic.Plan()
	r := measures.Build(plan, nil)
	if r.Complete() || r.Planned != 80 || r.Finished != 0 {
		t.Errorf("complete is %t, %d of %d runs; want 0 of 80", r.Complete(), r.Finished, r.Planned)
	}
	for format := range formats {
		data := strings.HasSuffix(format, "csv") || strings.HasSuffix(format, "json")
		if got := render(t, r, format); !data && !strings.Contains(got,
			"INCOMPLETE, 0 of 80 runs") ||
			strings.Contains(got, "NaN") {
			t.Errorf("%s of a plan without runs:\n%s", format, got)
		}
	}
}

// Imported results alone are written in every format.
func TestUnrankedAlone(t *testing.T) {
	plan, _ := synthetic.Plan()
	imported := synthetic.Cell("digits", "adam", 10, 0.01, 0.9, 0.004)
	imported.Unranked = "DeepOBS baselines"
	r := measures.Build(plan, []results.Cell{imported})
	for format := range formats {
		got := render(t, r, format)
		if strings.Contains(got, "NaN") {
			t.Errorf("%s of unranked rows alone:\n%s", format, got)
		}
		if !strings.HasPrefix(format, "pairs.") && !strings.Contains(got, "DeepOBS baselines") {
			t.Errorf("%s lacks the row that is not ranked:\n%s", format, got)
		}
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	plan, cells := synthetic.Plan()
	want := measures.Build(plan, cells)
	slices.Reverse(cells)
	slices.Reverse(plan.Optimizers)
	got := measures.Build(plan, cells)
	for format := range formats {
		if d := cmp.Diff(render(t, want, format), render(t, got, format)); d != "" {
			t.Errorf("%s depends on the order of optimizers or cells (-want +got):\n%s", format, d)
		}
	}
	slices.Reverse(plan.Problems)
	for i, o := range measures.Build(plan, cells).Overall {
		if o.Optimizer != want.Overall[i].Optimizer || o.Place != want.Overall[i].Place {
			t.Errorf("place %d depends on the order of problems: %v, want %v", i, o,
				want.Overall[i])
		}
	}
}

// A row whose rank is later than that of one it is not told from says so, in every format that has
// notes.
func TestUntoldIsNoted(t *testing.T) {
	plan, cells := synthetic.Plan()
	for k := range cells[:4] {
		for s, r := range cells[k].Runs {
			level := map[string]float64{
				"adam": .95, "cabs": .94, "sgd": .93,
				"sgd|32_&%": .8,
			}[cells[k].Optimizer] + 1e-4*math.Sin(float64(s*k))
			if cells[k].Optimizer == "sgd" {
				level = .93 + .04*float64(1-s%2*2) + 1e-4*math.Sin(float64(s))
			}
			for i := range r.Points[1:] {
				p := &r.Points[1+i]
				p.Validation, p.Test = &results.Value{Metric: protocol.Number(level)},
					&results.Value{Metric: protocol.Number(level)}
			}
		}
	}
	r := measures.Build(plan, cells)
	var found []measures.Located
	for _, w := range r.Warnings() {
		if w.Kind == measures.Untold {
			found = append(found, w)
		}
	}
	want := []measures.Located{{Problem: "digits", Warning: measures.Warning{
		Kind: measures.Untold, Who: "sgd",
		Text: "no test tells it from adam, of rank 1; its rank is a later one because its " +
			"mean is not better than that of cabs, which a test does tell apart",
	}}}
	if d := cmp.Diff(want, found); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	for _, format := range []string{"txt", "md", "tex", "json"} {
		if text := strings.Join(strings.Fields(render(t, r, format)), " "); !strings.Contains(text,
			"no test tells it from adam") {
			t.Errorf("%s does not say that sgd is not told from adam", format)
		}
	}
}

// An entry that used an oracle is flagged in every table in which it stands, in every format.
func TestOracleIsFlagged(t *testing.T) {
	plan, cells := synthetic.Plan()
	name := cells[1].Optimizer
	cells[1].Runs[3].End.Oracle = true
	r := measures.Build(plan, cells)
	for format, flag := range map[string]string{"txt": name + " ‡", "md": name + " ‡", "tex": name +
		` $\ddagger$`} {
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
	plan, cells := synthetic.Plan()
	bars := 0
	for line := range strings.Lines(render(t, measures.Build(plan, cells), "md")) {
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if bars != 0 && n != 0 && n != bars {
			t.Errorf("%d bars after a line with %d: %s", n, bars, line)
		}
		bars = n
	}
}

func TestTextWidth(t *testing.T) {
	plan, cells := synthetic.Plan()
	for line := range strings.Lines(render(t, measures.Build(plan, cells), "txt")) {
		if n := len([]rune(line)); n > 121 && !strings.Contains(line, ": ") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestLaTeXCompiles(t *testing.T) {
	latex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("pdflatex is not installed; get it by: apt-get install texlive-latex-base " +
			"texlive-latex-recommended")
	}
	plan, cells := synthetic.Plan()
	nasty := "a_b & c|d #1 {x} $5% ~^ \\end Ünïcödé łódź ∇f‖α₁² 中文 😀 'quoted' \"double\" `tick` " +
		"--- <=> e\u0301"
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
	imported := synthetic.Cell("digits", "adam", 10, 0.01, 0.9, 0.004)
	imported.Problem, imported.Unranked = nasty, "from "+nasty
	cells[0].Failed = []string{`every special character: \ { } ~ ^ " < > $ # % & _ | ± – …`}
	r := measures.Build(plan, append(cells, imported), nasty)
	for _, preamble := range []string{"", "\\usepackage[T1]{fontenc}\n"} {
		pdflatex(t, latex, preamble, render(t, r, "tex")+render(t, r, "paper.tex")+render(t, r,
			"pairs.tex"))
		if testing.Short() {
			break
		}
	}
}

// Tables of many problems and optimizers fit the page, whatever their names and numbers.
func TestLaTeXFits(t *testing.T) {
	latex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("pdflatex is not installed; get it by: apt-get install texlive-latex-base " +
			"texlive-latex-recommended")
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
			c := synthetic.Cell(problem, optimizer, 5, 0.01, level, level*math.Pow10(-(i%8)))
			c.Problem, c.Capped = name, i%3 == 0
			c.Edges = []results.Edge{{Name: protocol.StepSize, Above: i%2 == 0}}
			if i%11 == 0 {
				synthetic.Diverge(c.Runs[0])
			}
			cells = append(cells, c)
			if k == 0 {
				plan.Optimizers = append(plan.Optimizers, protocol.OptimizerEntry{
					Optimizer: "sgd",
					Name:      optimizer,
				})
			}
		}
	}
	plan = plan.WithDefaults()
	r := measures.Build(&plan, cells)
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
