package bridge

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
)

// iohVersion is the version of IOHexperimenter whose format the files have. Readers choose their
// parser by it.
const iohVersion = "0.3.18"

// WriteIOH writes the replicates of the settings that tuning chose to files for IOHanalyzer and
// iohinspector, in the format of IOHexperimenter's logger (include/ioh/logger/analyzer.hpp,
// namespace v2). Each optimizer has a folder, which holds a description and a data file for each
// problem:
//
//	OPTIMIZER/IOHprofiler_f1_PROBLEM.json
//	OPTIMIZER/data_f1_PROBLEM/IOHprofiler_f1_DIM100.dat
//
// write creates a file at such a path, in which names are encoded by [results.FileName]. The terms
// correspond as follows:
//
//	suite           the plan
//	function id     the position of the problem among those of the plan, from 1
//	function name   the name of the problem's entry
//	dimension       the dimension d of the problem
//	instance        the seed
//	evaluations     examples seen; 1 for the start, by which readers recognise the beginning of a run
//	raw_y           the metric on the part that tables report, mostly test
//	maximization    whether higher is better
//	algorithm       the optimizer's entry, and as its info the setting
//
// A value that is not finite is written as the worse of the first and the last finite one (R7),
// since readers would drop it.
func WriteIOH(s Source, write func(path, text string) error) error {
	taken := map[string]bool{}
	for i := range s.Cells {
		c := &s.Cells[i]
		id := 1 + slices.IndexFunc(s.Plan.Problems, func(e protocol.ProblemEntry) bool {
			return e.Name == c.Problem
		})
		if len(c.Runs) == 0 || id == 0 {
			continue
		}
		f := iohFile{plan: s.Plan, cell: c, id: id, name: results.FileName(c.Problem)}
		base := fmt.Sprintf("%s/IOHprofiler_f%d_%s.json", results.FileName(c.Optimizer), id, f.name)
		if taken[base] {
			return fmt.Errorf("there are two results of %s on %s; give one of them another name",
				c.Optimizer, c.Problem)
		}
		taken[base] = true
		if err := f.write(base, write); err != nil {
			return err
		}
	}
	return nil
}

// iohFile holds the runs of one optimizer on one problem.
type iohFile struct {
	plan *protocol.Plan
	cell *results.Cell
	id   int
	name string // of the problem, in file names
}

// dataPath returns the path of the data, relative to the description.
func (f *iohFile) dataPath() string {
	return fmt.Sprintf("data_f%d_%s/IOHprofiler_f%d_DIM%d.dat", f.id, f.name, f.id,
		f.cell.Runs[0].Spec.Dim)
}

func (f *iohFile) write(path string, write func(path, text string) error) error {
	folder, _, _ := strings.Cut(path, "/")
	var description, data strings.Builder
	if err := f.describe(&description, &data); err != nil {
		return err
	}
	for _, file := range []struct{ path, text string }{
		{path, description.String()},
		{folder + "/" + f.dataPath(), data.String()},
	} {
		if err := write(file.path, file.text); err != nil {
			return err
		}
	}
	return nil
}

// describe writes both files. The white space of the description is that of IOHexperimenter.
func (f *iohFile) describe(description, data *strings.Builder) error {
	first := f.cell.Runs[0]
	var failure error
	quoted := func(s string) string {
		text, err := json.Marshal(s)
		if err != nil {
			failure = err
		}
		return string(text)
	}
	fmt.Fprintf(description,
		"{\n\t\"version\": %q, \n\t\"suite\": %s, \n\t\"function_id\": %d, "+
			"\n\t\"function_name\": %s, \n\t\"maximization\": %t, "+
			"\n\t\"algorithm\": {\"name\": %s, \"info\": %s},"+
			"\n\t\"attributes\": [\"evaluations\", \"raw_y\"],"+
			"\n\t\"scenarios\": [\n\t\t{\"dimension\": %d,\n\t\t\"path\": %s,\n\t\t\"runs\": [\n",
		iohVersion, quoted(f.plan.Name), f.id, quoted(f.cell.Problem),
		first.Spec.Metric.HigherBetter, quoted(f.cell.Optimizer),
		quoted(first.Run.Optimizer.Setting.String()), first.Spec.Dim, quoted(f.dataPath()))
	for i, r := range f.cell.Runs {
		rows := iohRows(r)
		if math.IsNaN(rows[0].y) {
			return fmt.Errorf("run %.12s has no finite value, which IOHanalyzer cannot read", r.Run.ID())
		}
		data.WriteString("evaluations raw_y\n")
		best := rows[0]
		for _, row := range rows {
			fmt.Fprintf(data, "%d %s\n", row.evaluations, number(row.y))
			if results.Better(r.Spec.Metric, row.y, best.y) {
				best = row
			}
		}
		separator := ",\n"
		if i == len(f.cell.Runs)-1 {
			separator = "\n"
		}
		fmt.Fprintf(description,
			"\t\t\t{\"instance\": %d, \"evals\": %d, \"best\": {\"evals\": %d, \"y\": %s, \"x\": []}}%s",
			r.Run.Seed, rows[len(rows)-1].evaluations, best.evaluations, number(best.y), separator)
	}
	description.WriteString("\t\t]}\n\t]\n}\n")
	return failure
}

// iohRow is a row of a data file.
type iohRow struct {
	evaluations int64
	y           float64
}

// iohRows returns the evaluations of a run. Only the first is at 1.
func iohRows(r *results.Record) []iohRow {
	part := results.PartFor(&r.Spec, protocol.TestPart)
	worst, last := math.NaN(), math.NaN()
	for _, p := range r.Points {
		if v, _ := p.At(part); protocol.Finite(float64(v.Metric)) {
			last = float64(v.Metric)
			if math.IsNaN(worst) {
				worst = last
			}
		}
	}
	if results.Better(r.Spec.Metric, worst, last) {
		worst = last
	}
	var rows []iohRow
	for _, p := range r.Points {
		v, _ := p.At(part)
		row := iohRow{max(1, p.Seen), float64(v.Metric)}
		if !protocol.Finite(row.y) {
			row.y = worst
		}
		if len(rows) > 0 && rows[len(rows)-1].evaluations == row.evaluations {
			rows = rows[:len(rows)-1]
		}
		rows = append(rows, row)
	}
	return rows
}
