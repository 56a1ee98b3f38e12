package bridge

import (
	"math"
	"path"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// The columns that benchopt's own readers and plots use: read_results
// (benchopt/results/__init__.py) takes data_name for dataset_name; merge_results sorts by run_date;
// the plots (benchopt/plotting/default_plots.py) group by objective_name, dataset_name and
// solver_name, take the median over idx_rep at each stop_val, and offer all numeric columns
// objective_*.
func TestBenchopt(t *testing.T) {
	table := Benchopt(source())
	for _, name := range []string{"run_date", "sampling_strategy", "platform", "platform-architecture", "platform-release", "system-cpus"} {
		column(t, table, name)
	}
	if got, want := len(table.Rows), 3*4+3*2; got != want {
		t.Fatalf("there are %d rows, want %d: an evaluation of a replicate each", got, want)
	}
	first := func(name string) any { return column(t, table, name)[1] }
	last := func(name string) any { return column(t, table, name)[len(table.Rows)-1] }
	for _, c := range []struct {
		name        string
		first, last any
	}{
		{"objective_name", "tiny", "tiny"},
		{"solver_name", "sgd[step_size=0.1]", "adam[step_size=0.01]"},
		{"data_name", "flat[dim=2]", "net[dim=2]"},
		{"idx_rep", int64(0), int64(1)},
		{"stop_val", int64(50), int64(100)},
		{"time", 2., 4.}, // half of the examples in half of 3 s + 1 s
		{"objective_value", -.5, .25},
		{"objective_train_loss", -.5, .25},
		{"objective_test_accuracy", nil, .75},
		{"p_solver_beta", .9, .9},
		{"p_dataset_dim", 2., 2.},
		{"platform", "linux", "linux"},
		{"platform-architecture", "amd64", "amd64"},
	} {
		if first(c.name) != c.first || last(c.name) != c.last {
			t.Errorf("%s is %v and %v, want %v and %v", c.name, first(c.name), last(c.name), c.first, c.last)
		}
	}
}

// memory keeps files by path.
type memory map[string]string

func (m memory) write(path, text string) error {
	m[path] = text
	return nil
}

// The bytes are those of IOHexperimenter 0.3.18, as in iohinspector's aux/test_data/algorithm_A
// (two of its runs, with values to the digits of its .dat file), except for names of files, the
// suite, the algorithm's info and the location x of the optimum, which records do not contain.
func TestIOH(t *testing.T) {
	sphere := func(rows ...float64) *results.Record {
		r := record("Sphere", "algorithm_A", 1, 0.5, 0, 0)
		r.Run.Optimizer.Setting = protocol.Setting{"step_size": 0.5}
		r.Points = nil
		for i := 0; i < len(rows); i += 2 {
			r.Points = append(r.Points, results.Point{Seen: int64(rows[i]), Train: results.Value{Metric: protocol.Number(rows[i+1])}})
		}
		return r
	}
	p := plan()
	p.Name, p.Problems[0].Name = "unknown_suite", "Sphere"
	files := memory{}
	err := WriteIOH(Source{Plan: p, Cells: []results.Cell{{
		Problem: "Sphere", Optimizer: "algorithm_A",
		Runs: []*results.Record{
			sphere(0, 4.6705811572, 5, 2.0741274259, 8, 1.4186758054, 32, 1.3890992609, 100, 13.7076614579),
			sphere(0, 0.0999932311, 82, 0.0100686651, 100, 4.8617888738),
		},
	}}}, files.write)
	if err != nil {
		t.Fatal(err)
	}
	// where theirs has the names as they are
	algorithm, problem := results.FileName("algorithm_A"), results.FileName("Sphere")
	want := map[string]string{
		algorithm + "/IOHprofiler_f1_" + problem + ".json": "{\n\t\"version\": \"0.3.18\", \n\t\"suite\": \"unknown_suite\", \n" +
			"\t\"function_id\": 1, \n\t\"function_name\": \"Sphere\", \n\t\"maximization\": false, \n" +
			"\t\"algorithm\": {\"name\": \"algorithm_A\", \"info\": \"step_size=0.5\"},\n" +
			"\t\"attributes\": [\"evaluations\", \"raw_y\"],\n\t\"scenarios\": [\n\t\t{\"dimension\": 2,\n" +
			"\t\t\"path\": \"data_f1_" + problem + "/IOHprofiler_f1_DIM2.dat\",\n\t\t\"runs\": [\n" +
			"\t\t\t{\"instance\": 1, \"evals\": 100, \"best\": {\"evals\": 32, \"y\": 1.3890992609, \"x\": []}},\n" +
			"\t\t\t{\"instance\": 1, \"evals\": 100, \"best\": {\"evals\": 82, \"y\": 0.0100686651, \"x\": []}}\n" +
			"\t\t]}\n\t]\n}\n",
		algorithm + "/data_f1_" + problem + "/IOHprofiler_f1_DIM2.dat": "evaluations raw_y\n1 4.6705811572\n5 2.0741274259\n" +
			"8 1.4186758054\n32 1.3890992609\n100 13.7076614579\nevaluations raw_y\n1 0.0999932311\n82 0.0100686651\n" +
			"100 4.8617888738\n",
	}
	for path, text := range want {
		if files[path] == "" {
			t.Errorf("there is no file %s", path)
		} else if got := files[path]; got != text {
			t.Errorf("%s is\n%s\nwant\n%s", path, got, text)
		}
	}
	if len(files) != len(want) {
		t.Errorf("there are %d files, want %d", len(files), len(want))
	}
}

// iohinspector takes every line at evaluation 1 as the start of a run, and both readers drop values
// that are not numbers.
func TestIOHRows(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		what   string
		higher bool
		seen   []int64
		y      []float64
		want   []iohRow
	}{
		{"a batch of one example", false, []int64{0, 1, 2}, []float64{9, 8, 7}, []iohRow{{1, 8}, {2, 7}}},
		{"diverged above its start", false, []int64{0, 5, 9}, []float64{3, 4, nan}, []iohRow{{1, 3}, {5, 4}, {9, 4}}},
		{"diverged below its start", false, []int64{0, 5, 9}, []float64{3, 1, inf}, []iohRow{{1, 3}, {5, 1}, {9, 3}}},
		{"higher is better", true, []int64{0, 5, 9}, []float64{.1, .9, nan}, []iohRow{{1, .1}, {5, .9}, {9, .1}}},
	} {
		r := record("flat", "sgd", 0, 1, 0, 0)
		r.Spec.Metric.HigherBetter = c.higher
		r.Points = nil
		for i, seen := range c.seen {
			r.Points = append(r.Points, results.Point{Seen: seen, Train: results.Value{Metric: protocol.Number(c.y[i])}})
		}
		if got := iohRows(r); !slices.Equal(got, c.want) {
			t.Errorf("%s: rows are %v, want %v", c.what, got, c.want)
		}
	}
}

func TestIOHFiles(t *testing.T) {
	s := source()
	s.Cells[1].Optimizer = "../a d/am"
	files := memory{}
	if err := WriteIOH(s, files.write); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sgd/IOHprofiler_f1_flat.json", "=2E.=2Fa=20d=2Fam/IOHprofiler_f2_net.json"} {
		if files[want] == "" {
			t.Errorf("there is no file %s", want)
		}
	}
	for name := range files {
		if !path.IsAbs(name) && path.Clean(name) == name && !strings.HasPrefix(name, "..") {
			continue
		}
		t.Errorf("%s leads out of the folder", name)
	}
	if text := files["=2E.=2Fa=20d=2Fam/IOHprofiler_f2_net.json"]; !strings.Contains(text, "\"maximization\": true") {
		t.Errorf("accuracy is not maximized:\n%s", text)
	}
	s.Cells[0].Optimizer, s.Cells[1].Optimizer = "a/b", "a b"
	s.Cells[1].Problem = "flat"
	apart := memory{}
	if err := WriteIOH(s, apart.write); err != nil || len(apart) != 4 {
		t.Errorf("two optimizers have %d files, %v; want 4", len(apart), err)
	}
	s.Cells[1].Optimizer = "a/b"
	if err := WriteIOH(s, memory{}.write); err == nil {
		t.Error("two results of an optimizer share a file without an error")
	}
}
