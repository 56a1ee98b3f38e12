package bridge

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// Imported runs are cells of the plans that have their problem, with the reasons why they are not
// ranked; what cannot be read is left out with a warning.
func TestImportedCells(t *testing.T) {
	from, dir := t.TempDir(), t.TempDir()
	momentum(0.1, 42, 88).write(t, from, "a")
	momentum(0.1, 43, 87).write(t, from, "a")
	records, _ := read(t, from)
	store, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var warnings []string
	cells := func(p protocol.Plan) []results.Cell {
		p = p.WithDefaults()
		return ImportedCells(store, &p, define, func(line string) { warnings = append(warnings, line) })
	}
	same := protocol.Plan{Problems: []protocol.ProblemEntry{
		{Problem: "quadratic-deep", Name: "deep", BatchSize: 8}, {Problem: "of a plugin"}, {Problem: "rosenbrock"},
	}}
	if got := cells(same); got != nil {
		t.Errorf("without imports the cells are %v", got)
	}
	for _, r := range records {
		if isNew, err := store.Import(r); err != nil || !isNew {
			t.Fatalf("the import is new: %t, %v", isNew, err)
		}
	}
	damaged := filepath.Join(dir, "imported", strings.Repeat("0", 64)+".jsonl")
	if err := os.WriteFile(damaged, []byte("?"), 0o666); err != nil {
		t.Fatal(err)
	}
	got := cells(same)
	if len(got) != 1 || got[0].Problem != "deep" || len(got[0].Runs) != 2 ||
		got[0].Unranked != "imported from DeepOBS, batch size 4" {
		t.Errorf("the cells are %+v, want two runs on deep with batch size 4", got)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "unreadable import: ") {
		t.Errorf("warnings are %q, want one", warnings)
	}
	same.Problems[0].BatchSize, same.Report, same.Selection = 0, protocol.Best, protocol.TestPart
	if got := cells(same); len(got) != 1 || got[0].Unranked != "imported from DeepOBS, judged at the last point" {
		t.Errorf("the cells are %+v, want one that is judged at the last point", got)
	}
}

// Every format writes files, all of which it names.
func TestExport(t *testing.T) {
	s := Source{Plan: plan(), Cells: []results.Cell{{
		Problem: "net", Optimizer: "sgd", Setting: protocol.Setting{"step_size": 0.1},
		Runs: []*results.Record{record("net", "sgd", 0, 0.1, 0.2, 0.9)},
	}}}
	for _, format := range Formats() {
		dir := filepath.Join(t.TempDir(), "out")
		wrote := map[string]int{}
		err := Export(s, format, dir, func(file string, rows int) { wrote[file] = rows })
		if err != nil || len(wrote) == 0 {
			t.Errorf("%s: %d files, error %v", format, len(wrote), err)
		}
		for _, file := range slices.Sorted(maps.Keys(wrote)) {
			info, err := os.Stat(file)
			if err != nil || info.Size() == 0 || !strings.HasPrefix(file, dir) || wrote[file] < -1 {
				t.Errorf("%s: %s with %d rows: %v", format, file, wrote[file], err)
			}
		}
	}
	if err := Export(s, "parquett", t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "parquet") {
		t.Errorf("error %v, want the near format", err)
	}
}
