package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// packed is a file of a bundle.
type packed struct {
	name     string
	contents []byte
}

// forgeries are what someone may do to a bundle, by name. All but those marked so repair every checksum afterwards.
var forgeries = map[string]func(ts *testscript.TestScript, files []packed) []packed{
	// A better result in the last point of a replicate, with the record's own digest made anew.
	"tamper": func(ts *testscript.TestScript, files []packed) []packed {
		f := &files[findRecord(ts, files, "seed", "0")]
		points := regexp.MustCompile(`(?m)^\{"point":.*$`).FindAllIndex(f.contents, -1)
		last := points[len(points)-1]
		better := regexp.MustCompile(`"(loss|metric)":[^,}]+`).ReplaceAll(f.contents[last[0]:last[1]], []byte(`"$1":0.125`))
		f.contents = seal(slices.Concat(f.contents[:last[0]], better, f.contents[last[1]:]))
		return files
	},
	// One digit of a record.
	"damage": func(ts *testscript.TestScript, files []packed) []packed {
		f := &files[findRecord(ts, files, "seed", "0")]
		f.contents = bytes.Replace(f.contents, []byte(`"status":"ok"`), []byte(`"status":"Ok"`), 1)
		return files
	},
	"overcharge": func(ts *testscript.TestScript, files []packed) []packed {
		f := &files[findRecord(ts, files, "seed", "0")]
		f.contents = seal(regexp.MustCompile(`("end":.*"seen":)\d+`).ReplaceAll(f.contents, []byte("${1}12345")))
		return files
	},
	"drop-tuning": func(ts *testscript.TestScript, files []packed) []packed {
		i := findRecord(ts, files, "seed", "1000")
		return slices.Delete(files, i, i+1)
	},
	"drop-replicate": func(ts *testscript.TestScript, files []packed) []packed {
		i := findRecord(ts, files, "seed", "0")
		return slices.Delete(files, i, i+1)
	},
	// Fewer replicates, as if the others had never been asked for.
	"edit-plan": func(ts *testscript.TestScript, files []packed) []packed {
		return editPlan(ts, files, `"replicates": \d+`, `"replicates": 2`)
	},
	// A run of another tuning seed.
	"add": func(ts *testscript.TestScript, files []packed) []packed {
		f := files[findRecord(ts, files, "seed", "1000")]
		contents := seal(bytes.Replace(f.contents, []byte(`"seed":1000`), []byte(`"seed":2000`), 1))
		value := contents[len(`{"run":`) : bytes.IndexByte(contents, '\n')-1]
		id := fmt.Sprintf("%x", sha256.Sum256(value))
		return append(files, packed{"runs/" + id[:2] + "/" + id + ".jsonl", contents})
	},
	"duplicate": func(ts *testscript.TestScript, files []packed) []packed {
		return append(files, files[findRecord(ts, files, "seed", "0")])
	},
	// The default of a tuned hyperparameter, in the definitions.
	"redefine": func(ts *testscript.TestScript, files []packed) []packed {
		i := slices.IndexFunc(files, func(f packed) bool { return f.name == "definitions.json" })
		files[i].contents = bytes.Replace(files[i].contents, []byte(`"chooses_batch_size": true`), []byte(`"averages": true`), 1)
		return files
	},
	"nothing": func(_ *testscript.TestScript, files []packed) []packed { return files },
}

func editPlan(ts *testscript.TestScript, files []packed, pattern, by string) []packed {
	i := slices.IndexFunc(files, func(f packed) bool { return f.name == "plan.json" })
	edited := regexp.MustCompile(pattern).ReplaceAll(files[i].contents, []byte(by))
	if bytes.Equal(edited, files[i].contents) {
		ts.Fatalf("plan.json has no %s", pattern)
	}
	files[i].contents = edited
	return files
}

// findRecord finds the first record of a finished run with a field of its first line.
func findRecord(ts *testscript.TestScript, files []packed, field, value string) int {
	i := slices.IndexFunc(files, func(f packed) bool {
		first, _, _ := bytes.Cut(f.contents, []byte("\n"))
		return strings.HasPrefix(f.name, "runs/") && bytes.Contains(first, []byte(fmt.Sprintf("%q:%s,", field, value)))
	})
	if i < 0 {
		ts.Fatalf("there is no record with %s %s", field, value)
	}
	return i
}

// seal makes the digest at the end of a record fit.
func seal(record []byte) []byte {
	end := 1 + bytes.LastIndexByte(record[:len(record)-1], '\n')
	digest := fmt.Sprintf(`"digest":"%x"`, sha256.Sum256(record[:end]))
	return append(slices.Clone(record[:end]), regexp.MustCompile(`"digest":"[0-9a-f]*"`).ReplaceAll(record[end:], []byte(digest))...)
}

// forge changes a bundle: forge HOW FROM TO; with HOW ending in !, the list of checksums stays as it is.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: forge HOW FROM TO")
	}
	raw, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	to := ts.MkAbs(args[2])
	if args[0] == "truncate" {
		ts.Check(os.WriteFile(to, raw[:len(raw)*2/3], 0o644))
		return
	}
	z, err := zstd.NewReader(bytes.NewReader(raw))
	ts.Check(err)
	var files []packed
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		ts.Check(err)
		contents, err := io.ReadAll(r)
		ts.Check(err)
		files = append(files, packed{h.Name, contents})
	}
	how, stale := strings.CutSuffix(args[0], "!")
	if forgeries[how] == nil {
		ts.Fatalf("unknown forgery %s", how)
	}
	list := files[0]
	files = forgeries[how](ts, files[1:])
	if !stale {
		list.contents = nil
		listed := map[string]bool{}
		for _, f := range files {
			if !listed[f.name] {
				list.contents = fmt.Appendf(list.contents, "%x  %s\n", sha256.Sum256(f.contents), f.name)
			}
			listed[f.name] = true
		}
	}
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, f := range append([]packed{list}, files...) {
		ts.Check(w.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.contents))}))
		_, err := w.Write(f.contents)
		ts.Check(err)
	}
	ts.Check(w.Close())
	e, err := zstd.NewWriter(nil)
	ts.Check(err)
	ts.Check(os.WriteFile(to, e.EncodeAll(plain.Bytes(), nil), 0o644))
}

// unpack writes the files of a bundle to a folder: unpack FILE DIR
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack FILE DIR")
	}
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	z, err := zstd.NewReader(f)
	ts.Check(err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		ts.Check(err)
		contents, err := io.ReadAll(r)
		ts.Check(err)
		path := filepath.Join(ts.MkAbs(args[1]), h.Name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Check(os.WriteFile(path, contents, 0o644))
	}
}

func TestParseShare(t *testing.T) {
	for text, want := range map[string]int{"0": 0, "5": 5, "500": 200, "5%": 10, "0.1%": 1, "100%": 200, "all": 200} {
		s, err := parseShare(text)
		if err != nil || s.of(200) != want || s.none() != (want == 0) {
			t.Errorf("%s of 200 is %d (%v), want %d", text, s.of(200), err, want)
		}
	}
	for _, text := range []string{"", "-1", "x", "0%", "101%", "%", "1.5"} {
		if s, err := parseShare(text); err == nil {
			t.Errorf("%q is read as %v", text, s)
		}
	}
}

// What another platform may change, and what it may not.
func TestWithinTolerance(t *testing.T) {
	run := func(metric float64, change func(*results.Record)) *results.Record {
		n := protocol.Number(metric)
		r := &results.Record{
			Spec: protocol.ProblemSpec{
				DType: protocol.Float32, Train: 100, Validation: 100, Test: 400,
				Metric: protocol.Metric{Name: results.Accuracy, HigherBetter: true},
			},
			Points: []results.Point{
				{Train: results.Value{Loss: 2, Metric: 0.1}, Validation: &results.Value{Loss: 2, Metric: 0.1}, Test: &results.Value{Loss: 2, Metric: 0.1}},
				{
					Mark: 10, Train: results.Value{Loss: 1, Metric: n}, Validation: &results.Value{Loss: 1, Metric: n},
					Test: &results.Value{Loss: 1, Metric: n},
				},
			},
			End: results.End{Status: results.OK, Steps: 10},
		}
		if change != nil {
			change(r)
		}
		return r
	}
	plan := protocol.Plan{}.WithDefaults()
	// One standard error of an accuracy of 0.9 is 0.03 on 100 examples and 0.015 on 400.
	for _, c := range []struct {
		what    string
		again   *results.Record
		chooses bool
		says    string
	}{
		{"the same", run(0.9, nil), false, ""},
		{"drift", run(0.91, nil), false, ""},
		{"more than drift", run(0.92, nil), false, "test accuracy is 0.92 when made again, recorded as 0.9"},
		{"much more", run(0.8, nil), false, "validation accuracy is 0.8"},
		{"rounding at the start", run(0.9, func(r *results.Record) { r.Points[0].Train.Loss *= 1 + 1e-6 }), false, ""},
		{"another start", run(0.9, func(r *results.Record) { r.Points[0].Train.Loss *= 1.001 }), false, "starts at a train loss"},
		{"another end", run(0.9, func(r *results.Record) { r.End.Status = results.Diverged }), false, "recorded as ok, ended diverged"},
		{"more steps", run(0.9, func(r *results.Record) { r.End.Steps++ }), false, "recorded with 10 steps, made again with 11"},
		{"more steps by choice", run(0.9, func(r *results.Record) { r.End.Steps++ }), true, ""},
	} {
		if got := withinTolerance(run(0.9, nil), c.again, &plan, c.chooses); c.says == "" && got != "" || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", c.what, got, c.says)
		}
	}
	// A float64 problem with a known optimum: one percent of the way on a logarithmic scale.
	exact := func(loss float64) *results.Record {
		v := results.Value{Loss: protocol.Number(loss), Metric: protocol.Number(loss)}
		return &results.Record{
			Spec: protocol.ProblemSpec{DType: protocol.Float64, Metric: protocol.Metric{Name: results.Suboptimality}},
			Points: []results.Point{
				{Train: results.Value{Loss: 1, Metric: 1}}, {Mark: 10, Train: v},
			},
			End: results.End{Status: results.OK},
		}
	}
	// From 1 down to 1e-10 are ten decades: a tenth of one is a factor of 1.26.
	for factor, near := range map[float64]bool{1: true, 1.2: true, 1.3: false, 0.8: true, 0.7: false} {
		if got := withinTolerance(exact(factor*1e-10), exact(1e-10), &plan, false); (got == "") != near {
			t.Errorf("a factor of %g: %q", factor, got)
		}
	}
}

// Every record of a plan has a chance, the purposes take turns, and a seed repeats the choice.
func TestSample(t *testing.T) {
	x := &examined{}
	plan := protocol.Plan{Name: "p"}.WithDefaults()
	x.campaign = &harness.Campaign{Plan: plan}
	run := func(cell int, seed uint64) *results.Record {
		return &results.Record{Run: results.Run{Optimizer: results.OptimizerID{Name: strconv.Itoa(cell)}, Seed: seed}}
	}
	for i := range 4 {
		x.cells = append(x.cells, results.Cell{
			Runs:    []*results.Record{run(i, 0), run(i, 1), run(i, 2)},
			OneShot: []*results.Record{run(i, 0), run(i, 10)}, // the first is a replicate too
			Tuning:  []*results.Record{run(i, 1000), run(i, 1001)},
		})
	}
	everywhere := func(int) bool { return true }
	ids := func(picked []chosen) (ids []string) {
		for _, c := range picked {
			ids = append(ids, c.id)
		}
		return ids
	}
	all, of := x.sample(1, everywhere, share{percent: 100})
	if unique := slices.Compact(slices.Sorted(slices.Values(ids(all)))); of != 24 || len(unique) != 24 {
		t.Errorf("all are %d of %d runs, %d different, want 24", len(all), of, len(unique))
	}
	a, _ := x.sample(7, everywhere, share{number: 8})
	b, _ := x.sample(7, everywhere, share{number: 8})
	if !slices.Equal(ids(a), ids(b)) {
		t.Error("the same seed chooses other runs")
	}
	purposes, cells := map[string]int{}, map[int]bool{}
	for _, c := range a {
		purposes[string(c.purpose)]++
		cells[c.cell] = true
	}
	if len(purposes) != 4 || purposes["sweep"] != 2 || len(cells) < 2 {
		t.Errorf("8 runs are of the purposes %v and of %d cells", purposes, len(cells))
	}
	seen := map[string]bool{}
	for seed := range uint64(60) {
		picked, _ := x.sample(seed, func(cell int) bool { return cell != 2 }, share{number: 5})
		for _, c := range picked {
			seen[c.id] = true
			if c.cell == 2 {
				t.Fatal("a run was chosen that cannot be made")
			}
		}
	}
	if len(seen) != 18 {
		t.Errorf("60 seeds choose %d runs, want all 18", len(seen))
	}
}
