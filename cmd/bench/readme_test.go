package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"noisebench/plugins/skeleton"
)

// The manual shows programs whole. They are the files that other tests build, check and run. The
// commands of the manual are run by .ci/run.
func TestManualCode(t *testing.T) {
	qhm, err := os.ReadFile("../../examples/qhm/main.go")
	if err != nil {
		t.Fatal(err)
	}
	written := func(kind, lang, name, file string) string {
		s := skeleton.Skeleton{Kind: kind, Lang: lang, Name: name, Source: "../.."}
		dir := filepath.Join(t.TempDir(), name)
		if err := s.Write(dir); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for page, want := range map[string][]string{
		"README.md":        nil,
		"docs/protocol.md": nil,
		"docs/records.md":  nil,
		"docs/optimizers.md": {
			string(qhm),
			written("optimizer", "python", "my-adam", "my_adam.py"),
			written("optimizer", "python", "my-adam", "noisebench-my-adam"),
		},
		"docs/problems.md": {
			written("problem", "go", "bowl", "main.go"),
			written("problem", "python", "spirals", "spirals.py"),
			written("problem", "python", "spirals", "noisebench-spirals"),
		},
	} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?ms)^```(?:go|python)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
		if len(blocks) != len(want) {
			t.Errorf("%s has %d blocks of Go and Python, want %d", page, len(blocks), len(want))
			continue
		}
		for i, b := range blocks {
			if b[1] != want[i] {
				t.Errorf("block %d of %s is not the file that it shows; copy the file, which is:\n%s", i+1, page, want[i])
			}
		}
	}
}

// The standings that the README shows are those of published tables.
func TestReadmeStandings(t *testing.T) {
	rows := func(path string) (rows []string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			// place, optimizer, mean rank, its interval
			if cells := strings.Split(line, "|"); len(cells) > 5 && strings.HasPrefix(strings.TrimSpace(cells[4]), "[") {
				for i := range cells {
					cells[i] = strings.TrimSpace(cells[i])
				}
				rows = append(rows, strings.Join(cells[1:5], " | "))
			}
		}
		return rows
	}
	tables, err := filepath.Glob("../../results/published/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var published []string
	for _, path := range tables {
		published = append(published, rows(path)...)
	}
	shown := rows("../../README.md")
	if len(shown) == 0 {
		t.Error("the README shows no standings")
	}
	for _, row := range shown {
		if !slices.Contains(published, row) {
			t.Errorf("no table of results/published has the README's row %s", row)
		}
	}
}

// Estimates with intervals in the findings, and the numbers of runs there and in the README, are
// those of the published tables and pages.
func TestFindings(t *testing.T) {
	const published = "../../results/published/"
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(text)), " ")
	}
	pages, err := filepath.Glob(published + "*.html")
	if err != nil || len(pages) == 0 {
		t.Fatalf("pages: %v, %v", pages, err)
	}
	tables := ""
	for _, page := range pages {
		tables += read(strings.TrimSuffix(page, ".html") + ".md")
		runs := regexp.MustCompile(`[\d,]+ runs`).FindString(read(page))
		for _, path := range []string{published + "FINDINGS.md", "../../README.md"} {
			if !strings.Contains(read(path), " "+runs) {
				t.Errorf("%s lacks the number of runs of %s, %s", path, page, runs)
			}
		}
	}
	estimates := regexp.MustCompile(`\d+\.\d\d \[\d+\.\d\d, \d+\.\d\d\]`).FindAllString(read(published+"FINDINGS.md"), -1)
	if len(estimates) < 10 {
		t.Errorf("the findings have %d estimates with intervals, want many", len(estimates))
	}
	for _, e := range estimates {
		if !strings.Contains(tables, e) && !strings.Contains(tables, strings.Replace(e, " [", " | [", 1)) {
			t.Errorf("no table has the findings' %s", e)
		}
	}
}
