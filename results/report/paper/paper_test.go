package paper_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/internal/synthetic"
	"noisebench/results/measures"
	"noisebench/results/report/paper"
)

// write writes a paper and returns its folder and the names of its files.
func write(t *testing.T, p *paper.Paper) (dir string, names []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "new", "paper")
	paths, err := p.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	slices.Sort(names)
	return dir, names
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// compile compiles the document twice, and wants all to fit and every file and reference to be
// found.
func compile(t *testing.T, dir string) {
	t.Helper()
	latex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Log("not compiled: pdflatex is not installed; get it by: apt-get install " +
			"texlive-latex-base texlive-latex-recommended")
		return
	}
	var out []byte
	for range 2 {
		cmd := exec.Command(latex, "-interaction=nonstopmode", "-halt-on-error", "main.tex")
		cmd.Dir = dir
		if out, err = cmd.CombinedOutput(); err != nil {
			t.Fatalf("pdflatex: %v\n%s", err, out[max(0, len(out)-3000):])
		}
	}
	for line := range strings.Lines(string(out)) {
		for _, bad := range []string{"Overfull", "too large", "undefined", "multiply defined"} {
			if strings.Contains(line, bad) {
				t.Errorf("pdflatex: %s", line)
			}
		}
	}
}

func TestWrite(t *testing.T) {
	plan, cells := synthetic.Full()
	cells[0].Runs[0].Host = results.Host{
		Harness: "v0.1", GoVersion: "go1.26", Platform: "linux/arm64",
		Clocks: results.Clocks{Started: "2026-11-02T10:00:00Z", ProblemTime: 1},
	}
	cells[1].Runs[0].Host.Started = "2026-10-30T10:00:00Z"
	axes := measures.Axes
	if testing.Short() {
		axes = axes[:1]
	}
	for _, axis := range axes {
		p := &paper.Paper{
			Plan: plan, Cells: cells, Axis: axis, Version: "v0.2",
			Command: "bench paper my_plan --axis " + string(axis),
		}
		dir, names := write(t, p)
		want := []string{
			"README.md", "appendix.tex", "curves-column.pdf", "curves-page.pdf", "main.tex",
			"overview.tex",
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: files are %q, want %q", axis, names, want)
		}
		readme := read(t, dir, "README.md")
		for _, text := range []string{
			"# Plan synthetic", "10 replicates of each",
			fmt.Sprintf("protocol version %d.", protocol.Version),
			"Started from 2026-10-30 to 2026-11-02.",
			"1 run by noisebench v0.1, go1.26, linux/arm64.", " runs by noisebench, linux/amd64/v3.",
			"written by noisebench v0.2: bench paper my_plan --axis " + string(axis) + ".",
		} {
			if !strings.Contains(readme, text) {
				t.Errorf("%s: README.md lacks %q:\n%s", axis, text, readme)
			}
		}
		main := read(t, dir, "main.tex")
		for _, text := range []string{
			`\includegraphics{curves-page.pdf}`, `\includegraphics{curves-column.pdf}`,
			`\input{overview}`, `\input{appendix}`, `my\_plan -{}-axis `,
		} {
			if n := strings.Count(main, text); n != 1 {
				t.Errorf("%s: main.tex has %q %d times, want once", axis, text, n)
			}
		}
		if overview := read(t, dir, "overview.tex"); strings.Count(overview, `\caption{`) != 1 {
			t.Errorf("%s: overview.tex is not one table:\n%s", axis, overview)
		}
		for _, title := range []string{"Search spaces", "Ranking of the optimizers"} {
			if !strings.Contains(read(t, dir, "appendix.tex"), title) {
				t.Errorf("%s: appendix.tex lacks %q", axis, title)
			}
		}
		again, _ := write(t, p)
		for _, name := range names {
			if read(t, dir, name) != read(t, again, name) {
				t.Errorf("%s: %s differs when it is written again", axis, name)
			}
		}
		compile(t, dir)
	}
}

// The document compiles, and all fits, whatever the number and names of problems and optimizers.
func TestManyFit(t *testing.T) {
	plan := protocol.Plan{Name: "a_plan-of-a-very-long-name & what TeX takes for commands: 100 % \\ #"}
	var cells []results.Cell
	for k := range 23 {
		problem := []string{"digits", "valley"}[k%2]
		name := fmt.Sprintf("%s_%d-of-the-problems-of-this-plan", problem, k)
		plan.Problems = append(plan.Problems, protocol.ProblemEntry{Problem: problem, Name: name})
		for i := range 45 {
			optimizer := fmt.Sprintf("optimizer_%d-%s", i, strings.Repeat("w", i))
			c := synthetic.Cell(problem, optimizer, 5, 0.01, 0.9+float64(i)/1000, 0.01)
			c.Problem = name
			if i%11 == 0 {
				synthetic.Diverge(c.Runs[0])
			}
			cells = append(cells, c)
			if k == 0 {
				plan.Optimizers = append(plan.Optimizers,
					protocol.OptimizerEntry{Optimizer: "sgd", Name: optimizer})
			}
		}
	}
	plan = plan.WithDefaults()
	dir, names := write(t, &paper.Paper{Plan: &plan, Cells: cells, Axis: measures.Time})
	for _, name := range []string{"curves-page-2.pdf", "curves-column-3.pdf"} {
		if !slices.Contains(names, name) {
			t.Errorf("there is no %s among %q", name, names)
		}
	}
	if testing.Short() {
		return
	}
	compile(t, dir)
}

// Without a finished replicate nothing is written.
func TestNothing(t *testing.T) {
	plan, _ := synthetic.Plan()
	dir := filepath.Join(t.TempDir(), "paper")
	_, err := (&paper.Paper{Plan: plan, Axis: measures.Examples}).Write(dir)
	if err == nil || !strings.Contains(err.Error(), "no replicates have finished") {
		t.Errorf("error is %v, want one that says that no replicates have finished", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}

// What is missing of an incomplete plan is said in the figures, the tables and the README.
func TestIncomplete(t *testing.T) {
	plan, cells := synthetic.Plan()
	cells[0].Runs = cells[0].Runs[:3]
	cells[0].Missing = 7
	dir, _ := write(t, &paper.Paper{Plan: plan, Cells: cells, Axis: measures.Examples})
	for name, text := range map[string]string{
		"README.md": "INCOMPLETE: ", "overview.tex": "INCOMPLETE", "main.tex": "The plan is incomplete: ",
	} {
		if !strings.Contains(read(t, dir, name), text) {
			t.Errorf("%s lacks %q", name, text)
		}
	}
}
